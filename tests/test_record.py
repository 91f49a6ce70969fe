import json
from datetime import date

import pytest

from advisor import __main__ as cli
from advisor import catalog as catalogs
from advisor import reasons, record, trade_offs
from advisor.assumptions import Assumptions
from advisor.recommend import recommend
from advisor.workload import Workload

TODAY = date(2026, 11, 24)


@pytest.fixture
def saved(catalog, tmp_path):
    def written(*sets, **stated):
        found = recommend(catalog, Workload.of(stated), TODAY, sets)
        path = tmp_path / "decision.json"
        path.write_text(json.dumps(record.as_json(catalog, found)), encoding="utf-8")
        return str(path)

    return written


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"task": "rerank"},
        {"data_may_leave": False},
        {"languages": ["ko"]},
        {"task": "retrieve-and-rerank", "placement": "own"},
        {"placement": "hosted", "data_may_leave": False},
    ],
)
def test_a_record_replayed_on_the_same_catalog_has_nothing_changed(catalog, saved, stated):
    replayed = record.replay(catalog, record.read(saved(**stated)), TODAY)
    assert (replayed.changed, replayed.since) == ((), TODAY)


def test_a_record_asks_again_with_the_scores_that_were_asked_for(catalog, saved):
    replayed = record.replay(catalog, record.read(saved("longembed")), TODAY)
    assert replayed.found.role("embedder").evidence.set.id == "longembed" and replayed.changed == ()


def test_a_record_asks_again_under_the_assumptions_that_were_changed(catalog, tmp_path):
    found = recommend(catalog, Workload(placement="own"), TODAY, (), Assumptions(target_utilisation=0.2))
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(record.as_json(catalog, found)), encoding="utf-8")
    replayed = record.replay(catalog, record.read(str(path)), TODAY)
    assert replayed.found.assumptions.target_utilisation == 0.2 and replayed.changed == ()
    assert "Filling at the peak: 0.2 (an assumption that was changed)" in record.as_markdown(catalog, found)


def test_what_the_command_line_prints_can_be_replayed(capsys, tmp_path):
    (tmp_path / "workload.yaml").write_text("languages: [de]\n", encoding="utf-8")
    assert cli.main(["recommend", str(tmp_path / "workload.yaml"), "--format", "json"]) == 0
    (tmp_path / "decision.json").write_text(capsys.readouterr().out, encoding="utf-8")
    assert cli.main(["recommend", "--record", str(tmp_path / "decision.json")]) == 0
    assert "- Nothing." in capsys.readouterr().out


def test_a_replay_names_the_price_the_rule_and_the_answer_that_changed(saved, copied, edit):
    path = saved()
    edit(
        copied / "offers/openrouter.yaml",
        'model: baai/bge-large-en-v1.5\n    type: serverless\n    usd_per_1m_input: "0.01"',
        'model: baai/bge-large-en-v1.5\n    type: serverless\n    usd_per_1m_input: "0.002"',
    )
    edit(copied / "rules/placement.yaml", "price_age_days > 90", "price_age_days > 100")
    changed = record.replay(catalogs.load(copied), record.read(path), TODAY).changed
    assert changed[0] == "The answer: BGE Large EN v1.5 at OpenRouter instead of BGE Large EN v1.5 at DeepInfra."
    assert "Price of Offer openrouter-bge-large-en-v1.5: $0.002 / 1M instead of $0.01 / 1M." in changed
    assert "Rule price-is-recent reads otherwise." in changed


@pytest.mark.parametrize(
    ("text", "words"),
    [("not json", "not JSON"), ("[]", "Give the JSON record"), ("{}", "schema: field required"), ("[" * 100_000, "not JSON")],
)
def test_what_is_no_record_is_told_in_a_sentence(capsys, tmp_path, text, words):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    assert cli.main(["recommend", "--record", str(path)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("variant", ["bge-large-en-v1.5", "bge-m3", "bge-multilingual-gemma2", "bge-reranker-base"])
def test_the_code_to_start_is_python_with_its_instruction_filled_in(catalog, variant):
    code = record.start(catalog.variants[variant])
    compile(code, variant, "exec")
    assert repr(catalog.variants[variant].hub_id) in code and "{" not in code


def test_the_markdown_says_how_firm_the_pick_is_where_nothing_is_ranked(catalog):
    found = recommend(catalog, Workload(languages=("ko",)), TODAY)
    text = record.as_markdown(catalog, found)
    assert not found.roles[0].evidence.ranks and f"- {trade_offs.firmness(found)}" in text
    assert "\n- \n" not in text and "\n- \n" not in record.as_markdown(
        catalog, recommend(catalog, Workload(data_may_leave=False, placement="hosted"), TODAY)
    )


def test_every_source_that_the_markdown_cites_is_listed(catalog):
    found = recommend(catalog, Workload(), TODAY)
    text = record.as_markdown(catalog, found)
    head, _, sources = text.partition("## Sources")
    for reason in reasons.reasons(found):
        assert reason.text in head
        for key in reason.sources:
            assert f"[{key}]" in head and f"- [{key}]" in sources
    assert "SentenceTransformer('BAAI/bge-large-en-v1.5')" in head
