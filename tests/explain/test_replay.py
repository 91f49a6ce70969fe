import json
from datetime import date
from pathlib import Path

import pytest

from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.decide.recommend import recommend
from advisor.explain import record, report
from advisor.explain.replay import Replay
from tests import asking
from tests.decide.measured import CHEAP, ask
from tests.withdrawing import DAY, REASON, withdraw

TODAY = date(2026, 11, 24)
BEFORE_PARTS = Path(__file__).with_name("record_before_parts.json")
"""What was saved of the made-up catalog before `chunk_tokens` was a field, without what a replay does not read."""
BEFORE_WORDING = Path(__file__).with_name("record_before_wording.json")
"""What was saved of the shipped catalog when the fingerprint of a rule held its sentences too."""
CUT = "Since 2026-11-30 passages are cut into parts of 400 tokens (chunk_tokens), the same for every model; "
COUNTED = "Since 2026-11-30 the tokens of "


@pytest.fixture
def saved(tmp_path):
    """The record of a recommendation, written to a file and read again."""

    def write(catalog, recommendation):
        path = tmp_path / "decision.json"
        path.write_text(json.dumps(record.as_json(catalog, recommendation)), encoding="utf-8")
        return record.read(str(path))

    return write


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
    recommendation = recommend(catalog, Workload.of(stated), TODAY)
    replay = Replay.of(catalog, saved(catalog, recommendation), TODAY)
    assert (replay.changes, replay.since) == ((), TODAY)


def test_a_record_asks_again_with_the_scores_that_were_asked_for(catalog, saved):
    recommendation = recommend(catalog, Workload(), TODAY, ["longembed"])
    replay = Replay.of(catalog, saved(catalog, recommendation), TODAY)
    assert replay.recommendation.step("embedder").evidence.set.id == "longembed"
    assert replay.changes == ()


def test_a_record_asks_again_under_the_assumptions_that_were_changed(catalog, saved):
    assumptions = Assumptions(target_utilisation=0.2)
    recommendation = recommend(catalog, Workload(placement="own"), TODAY, (), assumptions)
    replay = Replay.of(catalog, saved(catalog, recommendation), TODAY)
    assert replay.recommendation.assumptions.target_utilisation == 0.2 and replay.changes == ()


def test_a_replay_names_the_price_the_rule_and_the_answer_that_changed(
    made_up, made_up_copy, saved, edit, pinned
):
    before = recommend(made_up, Workload(), TODAY)
    assert before.answer == ("beta-big-en",)
    edit(made_up_copy / "offers/alpha.yaml", '"0.20"', '"0.01"')
    edit(made_up_copy / "rules/placement.yaml", "price_age_days > 90", "price_age_days > 100")
    edit(
        made_up_copy / "evidence/quality.csv",
        "giant,English Test,retrieval,ndcg_at_10,60",
        "giant,English Test,retrieval,ndcg_at_10,59",
    )
    replay = Replay.of(catalogs.load(made_up_copy), saved(made_up, before), TODAY)
    now = replay.recommendation
    answer, why, cost, price, rule, score = replay.changes
    assert now.answer == ("alpha-big-en",)
    assert answer.index("Alpha Router") < answer.index("Beta Cloud")
    assert before.pick.named in why and "more per month" in why
    assert cost.index(formatting.usd(now.monthly)) < cost.index(formatting.usd(before.monthly))
    assert "alpha-big-en" in price and price.index("$0.01 ") < price.index("$0.20 ")
    assert "price-is-recent" in rule
    assert "giant" in score and score.index("59.0") < score.index("60.0")
    assert list(replay.changes) == pinned


def test_a_replay_says_what_is_new_what_is_gone_and_what_is_not_known(made_up, saved, pinned):
    before = saved(made_up, recommend(made_up, Workload(), TODAY))
    before.prices |= {"Offer gone": "1.00 / 1M", "Offer alpha-big-en": None}
    before.rules["gone"] = "0"
    del before.prices["Offer beta-big-en"], before.rules["price-is-recent"]
    before.evidence["embedder"].title, before.evidence["embedder"].set = "Another Test", "another"
    before.catalog_version = "another"
    assert list(Replay.of(made_up, before, TODAY).changes) == pinned


def test_a_catalog_of_another_version_that_changes_nothing_is_named(made_up, saved):
    before = saved(made_up, recommend(made_up, Workload(), TODAY))
    before.catalog_version = "another"
    (change,) = Replay.of(made_up, before, TODAY).changes
    assert change.startswith("The catalog has another version")


def test_rules_that_only_say_it_otherwise_have_not_changed(catalog, made_up, made_up_copy, saved):
    old = record.read(str(BEFORE_WORDING))
    assert len(old.rules) > 50 and old.rules.keys() == catalog.rules.keys()
    assert not [line for line in Replay.of(catalog, old, TODAY).changes if line.startswith("Rule")]
    before = saved(made_up, recommend(made_up, Workload(), TODAY))
    path = made_up_copy / "rules/placement.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Check it before", "Look at it before"), encoding="utf-8")
    reworded = catalogs.load(made_up_copy)
    assert reworded.rules["price-is-recent"].entry != made_up.rules["price-is-recent"].entry
    (change,) = Replay.of(reworded, before, TODAY).changes
    assert change.startswith("The catalog has another version")


def test_a_set_of_scores_that_is_only_titled_otherwise_has_not_changed(made_up, saved):
    before = saved(made_up, recommend(made_up, Workload(), TODAY))
    before.evidence["embedder"].title = "Another title of the same set"
    assert Replay.of(made_up, before, TODAY).changes == ()


def test_an_old_fingerprint_of_a_rule_that_decides_otherwise_since_has_changed(catalog):
    old = record.read(str(BEFORE_WORDING))
    old.rules["within-budget"] = old.rules["fast-enough"]
    changes = Replay.of(catalog, old, TODAY).changes
    assert [line for line in changes if line.startswith("Rule")] == [
        "Rule within-budget has changed."
    ]


def test_a_record_asks_again_with_the_measured_machine(catalog, saved):
    recommendation = ask(catalog, CHEAP, placement="own")
    before = saved(catalog, recommendation)
    replay = Replay.of(catalog, before, TODAY)
    assert replay.changes == ()
    assert replay.recommendation.assumptions == recommendation.assumptions
    assert replay.recommendation.answer == recommendation.answer
    (picked,) = before.picked.plans
    assert picked.endswith("@this-machine") and "decision-0009-measured-here" in before.sources
    place = recommendation.pick.parts[0].plan.where
    assert place in report.as_markdown(catalog, recommendation)


def test_a_replay_says_of_a_withdrawn_pick_since_when_and_why(made_up, made_up_copy, saved):
    before = saved(made_up, recommend(made_up, Workload(), TODAY))
    assert before.picked.plans == ["beta-big-en"] and "Offer beta-big-en" in before.prices
    after = withdraw(made_up_copy)
    assert "Offer beta-big-en" not in record.prices(after)
    replay = Replay.of(after, before, TODAY)
    answer, gone, cost = replay.changes
    assert replay.recommendation.answer == ("alpha-big-en",)
    assert answer.startswith("The answer: ") and cost.startswith("The monthly cost: ")
    assert gone == f"Big EN at Beta Cloud was withdrawn on {DAY}: {REASON}"


def test_a_replay_names_a_withdrawn_offer_that_was_not_the_pick(made_up, made_up_copy, saved):
    before = saved(made_up, recommend(made_up, Workload(), TODAY))
    replay = Replay.of(withdraw(made_up_copy, "rank-small"), before, TODAY)
    assert replay.changes == (f"Rank Small at Beta Cloud was withdrawn on {DAY}: {REASON}",)


def test_a_record_of_after_the_withdrawal_has_nothing_changed(made_up_copy, saved):
    after = withdraw(made_up_copy)
    before = saved(after, recommend(after, Workload(), TODAY))
    assert Replay.of(after, before, TODAY).changes == ()


def test_a_record_from_before_the_one_order_says_so_where_its_answer_moved(catalog, saved):
    """English under a budget that Large keeps: Small was picked, since the tolerance followed the limits."""
    now = recommend(catalog, Workload(budget_usd_per_month=100), TODAY)
    small = recommend(catalog, Workload(priority="cost"), TODAY)
    (before,) = small.answer
    written = record.as_json(catalog, now)
    assert written["order"] and now.answer != small.answer
    written |= {
        "picked": {
            "plans": [before],
            "named": small.pick.named,
            "monthly_usd": {"base": small.monthly},
        }
    }
    old = {name: value for name, value in written.items() if name != "order"}
    moved = Replay.of(catalog, record.Record.model_validate(old), TODAY).changes
    assert now.pick.named in moved[0] and small.pick.named in moved[0]
    assert "another order since 2026-11-30" in moved[1]
    assert small.pick.named in moved[2] and "7.6 points below" in moved[2]
    assert not any(
        "another order" in line
        for line in Replay.of(catalog, record.Record.model_validate(written), TODAY).changes
    )


def test_a_saved_plan_that_is_ruled_out_now_is_told_by_which_rule(made_up, saved):
    before = recommend(made_up, Workload(), TODAY)
    old = saved(made_up, before)
    old.workload["placement"] = "own"
    changes = Replay.of(made_up, old, TODAY).changes
    assert any(
        "ruled out now, by placement-is-own" in line and before.pick.named in line
        for line in changes
    )


def test_a_record_from_before_the_parts_says_how_passages_were_cut(made_up):
    old = record.read(str(BEFORE_PARTS))
    assert old.workload["split_long_passages"] is True and "chunk_tokens" not in old.workload
    replay = Replay.of(made_up, old, TODAY)
    assert replay.recommendation.workload.chunk_tokens == 400
    moved, cut, *why = replay.changes
    assert moved.endswith(f" instead of {old.picked.named}.")
    assert cut == (
        f"{CUT}this record cut them at each model's own limit, and its reranker read whole passages."
    )
    assert why[0].startswith("Big EN on Bazaar gpu (Card S): ")
    assert sum(line.startswith(CUT) for line in replay.changes) == 1


@pytest.fixture
def before_parts(made_up):
    """The record of a workload with its other cost, as it was saved before `chunk_tokens` was a field."""

    def write(*, split=True, **stated):
        written = record.as_json(made_up, asking.ask(made_up, **stated))
        now = {name: v for name, v in written["workload"].items() if not name.startswith("chunk_")}
        written["workload"] = now | ({} if split is None else {"split_long_passages": split})
        written["picked"]["monthly_usd"]["base"] -= 1
        return record.Record.model_validate(written)

    return write


LIMIT = "this record cut them at each model's own limit."
WHOLE = "the reranker of this record read whole passages."
OLD = {
    "long passages": ({"passage_tokens_p95": 401}, [f"{CUT}{LIMIT}"]),
    "not named, as it was the default": ({"split": None}, [f"{CUT}{LIMIT}"]),
    "a reranker": ({"task": "rerank"}, [f"{CUT}{WHOLE}"]),
    "no passage is longer than a part": ({"passage_tokens_p95": 400}, []),
    "kept whole": ({"split": False, "chunk_tokens": None}, []),
    "an instruction that is counted now": (
        {"priority": "quality", "passage_tokens_p95": 400},
        [f"{COUNTED}Giant include the instruction before each query, which this record left out."],
    ),
}


@pytest.mark.parametrize(("stated", "lines"), OLD.values(), ids=OLD)
def test_an_old_record_whose_cost_moved_says_what_is_counted_otherwise(
    made_up, before_parts, stated, lines
):
    cost, *why = Replay.of(made_up, before_parts(**stated), TODAY).changes
    assert cost.startswith("The monthly cost: ") and why == lines


def test_an_old_record_that_nothing_moved_says_nothing_of_parts(made_up, before_parts):
    old = before_parts()
    old.picked.monthly_usd.base += 1
    assert Replay.of(made_up, old, TODAY).changes == ()


def test_an_old_record_of_the_shipped_catalog_says_what_was_not_counted(catalog):
    """Gemma2's special tokens and instruction were free; at five billion queries that decided."""
    stated = {"queries_per_month": 5 * 10**9, "vector_store": "none", "passage_tokens_p95": 300}
    now = asking.ask(catalog, **stated)
    written = record.as_json(catalog, now)
    for name in ("chunk_tokens", "chunk_overlap_tokens"):
        del written["workload"][name]
    written["workload"]["split_long_passages"] = True
    written["picked"]["plans"] = ["ovhcloud-bge-multilingual-gemma2"]
    moved = Replay.of(catalog, record.Record.model_validate(written), TODAY).changes
    assert now.answer != ("ovhcloud-bge-multilingual-gemma2",) and moved[0].startswith("The answer")
    assert moved[1] == (
        f"{COUNTED}BGE Multilingual Gemma2 include special tokens and the instruction before each "
        "query, which this record left out."
    )


@pytest.mark.parametrize("chunk_tokens", [None, 60, 400])
def test_a_record_of_today_says_nothing_of_parts_and_is_replayed(made_up, saved, chunk_tokens):
    recommendation = asking.ask(made_up, chunk_tokens=chunk_tokens, passage_tokens_p95=900)
    before = saved(made_up, recommendation)
    assert Replay.of(made_up, before, TODAY).changes == ()
    assert Replay.of(made_up, before, TODAY).recommendation.workload == recommendation.workload
    before.picked.monthly_usd.base -= 1
    (cost,) = Replay.of(made_up, before, TODAY).changes
    assert cost.startswith("The monthly cost: ")


def test_a_record_with_the_old_name_and_the_new_is_refused(made_up):
    old = record.read(str(BEFORE_PARTS))
    old.workload["chunk_tokens"] = 400
    with pytest.raises(WorkloadError, match=r"split_long_passages: .* old name of chunk_tokens"):
        Replay.of(made_up, old, TODAY)


@pytest.mark.parametrize(
    ("stated", "said"), [(["eng"], "eng is en"), (["fre", "DE"], "fre is fr and DE is de")]
)
def test_a_record_whose_languages_had_other_codes_says_so_where_its_answer_moved(
    made_up, stated, said
):
    saved = record.Record.of(made_up, asking.ask(made_up, languages=stated))
    moved = saved.picked.model_copy(update={"plans": ["gamma-giant"]})
    workload = saved.workload | {"languages": stated}
    before = saved.model_copy(update={"workload": workload, "picked": moved})
    changes = Replay.of(made_up, before, TODAY).changes
    assert f"Languages have one code each since 2026-11-30: {said}." in changes
    assert not any("one code" in text for text in Replay.of(made_up, saved, TODAY).changes)


def test_a_record_of_one_language_that_crossed_it_names_the_rule_that_moved_it(made_up):
    saved = record.Record.of(made_up, asking.ask(made_up, languages=["en"], cross_lingual=True))
    rules = {k: v for k, v in saved.rules.items() if k != "one-language-is-not-crossed"}
    moved = saved.picked.model_copy(update={"plans": ["gamma-giant"]})
    before = saved.model_copy(update={"rules": rules, "picked": moved})
    changes = Replay.of(made_up, before, TODAY).changes
    assert any(text.startswith("Rule cross-lingual-needs-languages needs") for text in changes)
    after = saved.model_copy(update={"picked": moved})
    assert not any(
        "needs two languages" in text for text in Replay.of(made_up, after, TODAY).changes
    )
