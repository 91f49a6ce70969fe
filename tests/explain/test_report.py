import re
from datetime import date

import pytest

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.decide.recommend import recommend
from advisor.explain import report, sentences, what_would_change
from advisor.explain.firm import firm
from advisor.explain.other_plans import alternatives
from tests.asking import ask

TODAY = date(2026, 11, 24)


def test_the_text_of_an_answer(made_up, today, pinned):
    recommendation = recommend(made_up, Workload(languages=("fr",)), today)
    rejected, judged = len(recommendation.rejected), len(recommendation.judged)
    assert recommendation.answer == ("beta-multi",) and judged > rejected > 0
    assert f"({rejected} of {judged})" in report.as_text(recommendation)
    text = report.as_text(recommendation, plans=True)
    ruled_out = report.rejections(recommendation)
    assert ruled_out and all(f"- {sentence}\n" in text for sentence in ruled_out)
    assert not any(sentence in report.as_text(recommendation) for sentence in ruled_out)
    # a long passage in twenty is two parts: 36 million x 0.50 + 1.05 x 2.794 GiB x 4, and
    # (200 + 0.05 x 50 repeated + 1.05 x 2 special = 204.6) million x 0.50
    assert "$29.73 " in text and "$102 " in text
    assert f"\n\n{firm(recommendation).sentence}\n\n" in text
    assert text.replace(recommendation.catalog.version, "VERSION") == pinned


def test_the_markdown_says_how_firm_the_pick_is_where_one_model_alone_is_measured(catalog):
    alone = recommend(catalog, Workload(languages=("ko",)), TODAY)
    nothing = recommend(catalog, Workload(data_may_leave=False, placement="hosted"), TODAY)
    text = report.as_markdown(catalog, alone)
    assert len(alone.steps[0].evidence.scores) == 1
    assert f"\n\n{firm(alone).sentence}\n\n" in text
    assert "\n- \n" not in text and "\n- \n" not in report.as_markdown(catalog, nothing)


def test_the_markdown_has_what_rules_options_out_only_where_it_is_asked_for(made_up):
    recommendation = recommend(made_up, Workload(languages=("fr",)), TODAY)
    brief = report.as_markdown(made_up, recommendation)
    full = report.as_markdown(made_up, recommendation, plans=True)
    ruled_out = report.rejections(recommendation)
    assert ruled_out and all(f"\n- {sentence}\n" in full for sentence in ruled_out)
    assert not any(sentence in brief for sentence in ruled_out)
    assert full.startswith(brief.removesuffix(f"{report.REPLAY}\n"))
    assert full.endswith(f"\n{report.REPLAY}\n") and brief.endswith(f"\n{report.REPLAY}\n")


def test_a_total_that_leaves_out_the_index_says_so(made_up):
    # Multi at 0.50: 36 million tokens a month, 204.6 million once; Drawer's floor is 300
    found = ask(made_up, languages=["fr"], vector_store="drawer")
    missing = "vector storage and vector store queries"
    assert report.headline(found) == (
        f"Use {found.pick.named}: at least $318 per month (known: $315 to $318; not known: "
        f"{missing}), and at least $102 once to encode the corpus (not known: vector store writes)."
    )
    texts = (
        report.as_text(found),
        report.as_short_markdown(found),
        report.as_markdown(made_up, found),
    )
    others = alternatives(found, "embedder")
    assert others and all(report.headline(found) in text for text in texts)
    for other in others:
        lead = re.escape(other.judged.named)
        assert all(re.search(f"{lead}[,:] at least \\$", text) for text in texts)


def test_where_token_counts_are_estimated_every_text_says_so(catalog, made_up):
    published = ask(made_up)
    best = ask(catalog, priority="quality")
    assert best.pick.parts[0].variant_id == "bge-multilingual-gemma2"
    sentence = (
        "Token counts and costs of BGE Multilingual Gemma2 are partly estimated. "
        "Estimated, as not published: 2 special tokens in each text and 17 tokens for the "
        "instruction before each query, whose length is up to you."
    )
    for text, tokens in (
        (report.as_text(best), "about 70 million tokens"),
        (report.as_short_markdown(best), "about 70 million tokens"),
        (report.as_markdown(catalog, best), "About 70 M tokens"),
    ):
        assert sentence in text and tokens in text
    once = sentences.encoding_sentence(best, best.pick.parts[0])
    assert "Encoding the corpus once: about 204,600,000 tokens for " in once
    assert "about" not in sentences.encoding_sentence(published, published.pick.parts[0])
    assert "partly estimated" not in report.as_text(published)
    assert "partly estimated" not in report.as_short_markdown(published)


def test_a_total_of_which_nothing_is_known_is_no_zero(made_up_copy, edit):
    edit(made_up_copy / "stores.yaml", '  floor_usd_per_month: "300"\n', "")
    idle = {"queries_per_month": 0, "new_passages_per_month": 0, "placement": "hosted"}
    found = ask(catalogs.load(made_up_copy), vector_store="drawer", **idle)
    assert found.pick.monthly == 0
    assert "monthly cost not known (not known: vector storage)" in report.headline(found)
    answer = report.as_text(found).partition("What would change the answer")[0]
    zero = [line for line in answer.splitlines() if "$0 " in line]
    assert all(line.startswith("- Encoding costs $0 per month: 0 tokens") for line in zero)


@pytest.mark.parametrize("stated", [{}, {"languages": ["de"], "budget_usd_per_month": 40}])
def test_the_text_tells_how_firm_it_is_and_what_would_change_it(catalog, stated):
    recommendation = ask(catalog, **stated)
    text = report.as_text(recommendation)
    texts = [change.text for change in what_would_change.changes(catalog, recommendation)]
    assert texts and all(f"\n- {change}\n" in text for change in texts)
    assert firm(recommendation).sentence in text
    assert text.index("What would change the answer") < text.index("Assumptions:")


def test_the_text_says_so_where_nothing_that_was_tried_changes_the_answer(catalog, monkeypatch):
    monkeypatch.setattr(what_would_change, "changes", lambda catalog, recommendation: [])
    assert "What would change the answer, each alone:\n- Nothing that we tried" in report.as_text(
        ask(catalog)
    )
