import json
from datetime import date

import pytest

from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import reasons, record, what_would_change
from tests.decide.measured import CHEAP, ask

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
    assert replayed.found.step("embedder").evidence.set.id == "longembed" and replayed.changed == ()


def test_a_record_asks_again_under_the_assumptions_that_were_changed(catalog, tmp_path):
    found = recommend(
        catalog, Workload(placement="own"), TODAY, (), Assumptions(target_utilisation=0.2)
    )
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(record.as_json(catalog, found)), encoding="utf-8")
    replayed = record.replay(catalog, record.read(str(path)), TODAY)
    assert replayed.found.assumptions.target_utilisation == 0.2 and replayed.changed == ()
    told = f"- {Assumptions.model_fields['target_utilisation'].title}: 0.2"
    assert told in record.as_markdown(catalog, found) and told not in record.as_markdown(
        catalog, recommend(catalog, Workload(), TODAY)
    )


def test_a_replay_names_the_price_the_rule_and_the_answer_that_changed(
    made_up, made_up_copy, tmp_path, edit, pinned
):
    found = recommend(made_up, Workload(), TODAY)
    assert found.answer == ("beta-big-en",)
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(record.as_json(made_up, found)), encoding="utf-8")
    edit(made_up_copy / "offers/alpha.yaml", '"0.20"', '"0.01"')
    edit(made_up_copy / "rules/placement.yaml", "price_age_days > 90", "price_age_days > 100")
    edit(
        made_up_copy / "evidence/quality.csv",
        "giant,English Test,retrieval,ndcg_at_10,60",
        "giant,English Test,retrieval,ndcg_at_10,59",
    )
    replayed = record.replay(catalogs.load(made_up_copy), record.read(str(path)), TODAY)
    answer, cost, price, rule, score = replayed.changed
    assert answer.index("Alpha Router") < answer.index("Beta Cloud") and replayed.found.answer == (
        "alpha-big-en",
    )
    assert cost.index(formatting.usd(replayed.found.monthly)) < cost.index(
        formatting.usd(found.monthly)
    )
    assert "alpha-big-en" in price and price.index("$0.01 ") < price.index("$0.20 ")
    assert (
        "price-is-recent" in rule and "giant" in score and score.index("59.0") < score.index("60.0")
    )
    assert list(replayed.changed) == pinned


@pytest.mark.parametrize(
    "variant", ["bge-large-en-v1.5", "bge-m3", "bge-multilingual-gemma2", "bge-reranker-base"]
)
def test_the_code_to_start_is_python_with_its_instruction_filled_in(catalog, variant):
    code = record.start(catalog.variants[variant])
    compile(code, variant, "exec")
    assert repr(catalog.variants[variant].hub_id) in code and "{" not in code


def test_the_markdown_says_how_firm_the_pick_is_where_nothing_is_ranked(catalog):
    found = recommend(catalog, Workload(languages=("ko",)), TODAY)
    text = record.as_markdown(catalog, found)
    assert not found.steps[0].evidence.ranks and f"- {what_would_change.firmness(found)}" in text
    assert "\n- \n" not in text and "\n- \n" not in record.as_markdown(
        catalog, recommend(catalog, Workload(data_may_leave=False, placement="hosted"), TODAY)
    )


def test_every_source_that_the_markdown_cites_is_listed(catalog, pinned):
    found = recommend(catalog, Workload(), TODAY)
    lines = record.as_markdown(catalog, found).splitlines()
    listed = [line for line in lines if line.startswith("- [")]
    for reason in reasons.reasons(found):
        (told,) = [line for line in lines if line.startswith(f"- {reason.text}")]
        for key in reason.sources:
            assert f" [{key}]" in told and any(
                line.startswith(f"- [{key}] {catalog.sources[key].title}") for line in listed
            )
    hub_ids = [repr(part.plan.variant.hub_id) for part in found.pick.parts]
    assert all(any(hub_id in line for line in lines) for hub_id in hub_ids)
    assert [line for line in lines if line.startswith("## ")] == pinned


def test_a_record_asks_again_with_the_measured_machine(catalog, tmp_path):
    found = ask(catalog, CHEAP, placement="own")
    path = tmp_path / "decision.json"
    saved = record.as_json(catalog, found)
    path.write_text(json.dumps(saved), encoding="utf-8")
    replayed = record.replay(catalog, record.read(str(path)), TODAY)
    assert (
        replayed.changed == ()
        and replayed.found.assumptions == found.assumptions
        and replayed.found.answer == found.answer
    )
    (picked,) = saved["picked"]["plans"]
    assert picked.endswith("@this-machine") and "decision-0009-measured-here" in saved["sources"]
    assert found.pick.parts[0].plan.where in record.as_markdown(catalog, found)
