"""Compare through AppTest: the verdict first, by what decides on Find a model, then the figures."""

import pytest
from streamlit.testing.v1 import AppTest

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog.load import today
from advisor.decide.recommend import recommend
from advisor.explain.bill import bill
from advisor.explain.sentences import usd_of
from pages.parts import session
from pages.parts.markdown import plain
from tests.visiting import ROOT, opened

PAIR = {"variants": ["bge-m3", "bge-large-en-v1.5"]}
IN_ENGLISH = "Choose Large EN v1.5 for English, M3 for other languages"
GERMAN = "does not support German"


def text_of(page) -> str:
    """Headings, sentences, figures and tables in the order of the page, without escapes."""
    parts = []
    for element in page.main:
        if element.type in ("arrow_table", "table", "dataframe", "arrow_data_frame"):
            parts += map(str, element.value.to_numpy().flatten())
        elif element.type == "metric":
            parts += [element.label, element.value, element.delta]
        elif isinstance(value := getattr(element, "value", None), str):
            parts.append(value)
    return "\n".join(parts).replace("\\", "")


def verdict_of(page) -> str:
    return page.header[0].value.replace("\\", "")


def facts(page) -> dict[str, list[str]]:
    rows = page.table[-1].value.to_numpy().astype(str).tolist()
    return {row[0].replace("\\", ""): [cell.replace("\\", "") for cell in row[1:]] for row in rows}


@pytest.mark.parametrize("params", [PAIR, {}])
def test_the_verdict_comes_first_and_says_when_to_choose_each(params):
    page = opened("compare", **params)
    assert verdict_of(page) == IN_ENGLISH
    text = text_of(page)
    order = [IN_ENGLISH, "BGE M3", "Choose it if", "BGE Large EN v1.5", "Choose it if"]
    order += ["leads in", "Facts:"]
    place = 0
    for words in order:
        place = text.index(words, place)
    assert "44.2" in text[: text.index("leads in")], "what all took is figures of the verdict"


def test_a_card_has_the_cost_at_the_visitors_workload(catalog):
    page = opened("compare", passages="20000000", **PAIR)
    answer = recommend(catalog, Workload(passages=20_000_000), today())
    best = {
        key: min(
            (j for j in answer.fitting("embedder") if j.variant_id == key),
            key=lambda j: answer.places[j.row],
        )
        for key in PAIR["variants"]
    }
    shown = [
        metric.value.replace("\\", "") for metric in page.metric if metric.label == "Per month"
    ]
    assert shown == [usd_of(bill(best[key]).month) for key in PAIR["variants"]]
    assert "Costs are for 20 million passages" in text_of(page)


def test_the_scores_as_a_table_say_which_decide_and_what_to_know(catalog):
    text = text_of(opened("compare", **PAIR))
    title = catalog.evidence_sets["mteb-eng-v1-retrieval"].name
    assert f"For English this decides: **{title}" in text
    assert "too few to rank by" in text or "5 of 15" in text
    assert catalog.evidence_sets["miracl-hard-negatives"].caveat in text


def test_the_languages_of_the_address_decide():
    page = opened("compare", languages=["de"], **PAIR)
    assert verdict_of(page).startswith("Choose M3") and GERMAN in text_of(page)
    page.multiselect(key="languages").set_value(["en"]).run()
    assert verdict_of(page) == IN_ENGLISH
    page.multiselect(key="languages").set_value([]).run()
    assert not page.exception and len(page.error) == 1
    page.button(key="mend-languages").click().run()
    assert page.multiselect(key="languages").value == ["en"] and verdict_of(page) == IN_ENGLISH


def test_a_language_by_name_is_taken_and_what_is_none_is_mended_where_it_stands():
    assert GERMAN in text_of(opened("compare", languages=["German"], **PAIR))
    page = opened("compare", languages=["Germn", "fr"], **PAIR)
    assert [error.value for error in page.error] == ["'Germn' is not a language code or name."]
    page.button(key="mend-languages").click().run()
    assert page.multiselect(key="languages").value == ["de", "fr"] and not page.error
    assert verdict_of(page).startswith("Choose M3")


def test_two_kinds_do_different_jobs_and_two_of_a_kind_are_compared():
    page = opened("compare", variants=["bge-m3", "bge-reranker-base"])
    assert verdict_of(page).startswith("They do different jobs: M3 finds passages")
    assert "Better fit" not in text_of(page) and "leads in" not in text_of(page)
    page = opened("compare", variants=["bge-m3", "bge-reranker-base", "bge-reranker-large"])
    assert verdict_of(page).startswith("They do different jobs") and "leads in" in text_of(page)


def test_a_language_model_does_another_job():
    text = text_of(opened("compare", variants=["bge-m3", "aquila2-7b"]))
    assert "Aquila2-7B generates text" in text and "cannot be used for search" in text


def test_it_starts_from_the_last_question_of_the_visit_but_a_link_counts_more():
    stored = {session.STORED: {"languages": ["de"], "outputs": ["sparse"]}}
    page = opened("compare", stored, **PAIR)
    assert page.multiselect(key="languages").value == ["de"]
    assert page.multiselect(key="variants").value == PAIR["variants"]
    assert page.session_state[session.STORED]["outputs"] == ["sparse"]
    linked = opened("compare", stored, languages=["en"], **PAIR)
    assert linked.multiselect(key="languages").value == ["en"]
    assert "outputs" not in linked.session_state[session.STORED]


@pytest.mark.parametrize("odd", [{"passages": "x"}, {"vector_store": "../etc"}, {"odd": "1"}])
def test_what_a_link_cannot_mean_leaves_the_rest(odd):
    page = opened("compare", **PAIR, **odd)
    assert verdict_of(page) == IN_ENGLISH
    assert bool(page.warning) == bool(odd.keys() & {"passages", "vector_store"})


@pytest.mark.parametrize("fault", [{"passage_tokens": "900"}, {"measured_tokens": "8"}])
def test_a_link_with_a_fault_leaves_the_question_of_the_visit(fault):
    before = {"passages": "777", "priority": "cost"}
    page = opened("compare", {session.STORED: before}, languages=["de"], **PAIR, **fault)
    assert page.warning and page.session_state[session.STORED] == before | {"languages": ["de"]}


def test_facts_show_what_differs_unless_a_link_wants_all():
    few, every = opened("compare", **PAIR), opened("compare", differing="false", **PAIR)
    assert all(len(set(cells)) > 1 for cells in facts(few).values())
    assert facts(few).items() < facts(every).items()
    alike = len(facts(every)) - len(facts(few))
    assert every.header[-1].value == f"Facts: {len(facts(few))} differ, {alike} are the same"
    assert opened("compare", differing="true", **PAIR).toggle(key="differing").value is True


def test_tokens_added_to_a_query_are_told():
    rows = facts(opened("compare", variants=["bge-multilingual-gemma2", "bge-small-en-v1.5"]))
    assert rows["Tokens added to a query"] == [
        "about 19, estimated",
        "2, and 8 more with the optional instruction",
    ]
    assert rows["Tokens added to a passage"] == ["about 2, estimated", "2"]


@pytest.mark.parametrize(
    ("priority", "words"),
    [
        ("balanced", "Among models within 5 points of the best, BGE Multilingual Gemma2"),
        ("quality", "Among models within 0.5 points of the best"),
        ("cost", "these scores only decide between equal costs"),
    ],
)
def test_it_says_how_far_the_scores_decide(priority, words):
    assert words in text_of(opened("compare", priority=priority, **PAIR))


def test_models_that_are_often_compared_are_one_click():
    page = opened("compare", **PAIR)
    assert page.pills(key="pair").value == tuple(PAIR["variants"])
    page.pills(key="pair").set_value(("bge-m3", "bge-multilingual-gemma2")).run()
    assert page.multiselect(key="variants").value == ["bge-m3", "bge-multilingual-gemma2"]
    assert page.query_params["variants"] == ["bge-m3", "bge-multilingual-gemma2"]


def test_the_link_to_share_names_the_models_and_the_question_even_at_their_default():
    links = [code.value for code in opened("compare", passages="5000").code]
    assert any("variants=bge-m3&variants=bge-large-en-v1.5" in link for link in links)
    assert any("passages=5000" in link for link in links)


def test_within_another_page_the_verdict_stands_alone():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.switch_page("pages/compare.py")
    page.query_params["variants"] = ["bge-m3", "bge-small-en-v1.5"]
    page.query_params["languages"] = ["de"]
    page.context = {"is_embedded": True}
    page.run()
    assert not page.exception and verdict_of(page).startswith("Choose M3")
    assert not page.multiselect and not page.table and "Small EN v1.5" in text_of(page)


def test_nothing_of_a_sentence_is_markup(catalog):
    page = opened("compare", **PAIR)
    (amount,) = {metric.value for metric in page.metric if metric.label == "Per month"}
    assert amount.startswith("\\$") and plain(formatting.usd(1)) == "\\$1.00"


def test_models_that_are_not_known_are_told_with_the_nearest():
    page = opened("compare", variants=["bge-m3", "bge-large-en-v1-5"])
    told = page.warning[0].value.replace("\\", "")
    assert "'bge-large-en-v1-5' is none. Did you mean 'bge-large-en-v1.5'?" in told
    assert "Choose one more model" in page.info[0].value
    assert not opened("compare", **PAIR).warning


def test_what_rules_a_model_out_leaves_it_no_choice():
    page = opened("compare", budget_usd_per_month="0", **PAIR)
    text = text_of(page)
    assert verdict_of(page) == "Neither of these fits your workload"
    assert "It would suit you if" in text and "Choose it if" not in text
    assert not [metric for metric in page.metric if metric.label == "Per month"]


def test_rerankers_are_priced_for_what_they_rerank():
    page = opened("compare", variants=["bge-reranker-v2-m3", "bge-reranker-large"])
    assert "2 million queries per month, 50 passages each" in text_of(page)
