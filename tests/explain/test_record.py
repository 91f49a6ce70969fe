import json
from datetime import date

import pytest

from advisor.ask.workload import Workload
from advisor.base.errors import AdvisorError
from advisor.decide.recommend import recommend
from advisor.explain import record
from advisor.explain.record import AnswerRecord, Record
from advisor.explain.replay import Replay
from tests.asking import ask

TODAY = date(2026, 11, 24)
WITH_PLANS = {"plans", "rejected"}
NEEDED = (
    "schema", "workload", "asked_sets", "date", "catalog_version", "evidence", "picked", "prices",
    "rules",
)  # fmt: skip


@pytest.fixture
def written(made_up):
    return record.as_json(made_up, recommend(made_up, Workload(), TODAY), plans=True)


@pytest.fixture
def file(tmp_path):
    def write(value):
        path = tmp_path / "decision.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        return str(path)

    return write


def test_what_is_written_is_read_back_whole(written, file):
    for plain in (written, {key: part for key, part in written.items() if key not in WITH_PLANS}):
        assert record.read(file(plain)).model_dump(mode="json", by_alias=True) == plain


def test_the_plans_are_left_out_where_they_are_not_asked_for(made_up, written):
    short = record.as_json(made_up, recommend(made_up, Workload(), TODAY))
    cited_by_plans = written["sources"].keys() - short["sources"].keys()
    assert short == {key: part for key, part in written.items() if key not in WITH_PLANS} | {
        "sources": {k: s for k, s in written["sources"].items() if k not in cited_by_plans}
    }


def test_the_answer_is_a_part_of_the_record(made_up, written):
    answer = AnswerRecord.of(recommend(made_up, Workload(), TODAY))
    plain = answer.model_dump(mode="json", by_alias=True)
    assert plain.pop("schema") == "bge-advisor/answer@1"
    assert plain.items() <= written.items() and not WITH_PLANS & plain.keys()


def test_every_source_that_the_record_cites_is_in_it(made_up, written):
    def cited(value):
        if isinstance(value, dict):
            own = value.get("sources") if isinstance(value.get("sources"), list) else []
            return {*own}.union(*(cited(part) for part in value.values()))
        return set().union(*(cited(part) for part in value)) if isinstance(value, list) else set()

    assert written["sources"].keys() == cited(written) & made_up.sources.keys()


def test_the_record_states_the_rent_that_was_counted(made_up):
    recommendation = ask(made_up, {"machine_prices": "spot"}, placement="own")
    assert recommendation.answer == ("big-en@acme-cpu",)
    placement = Record.of(made_up, recommendation).pick.placement["embedder"]
    assert placement.usd_per_hour == "0.05"


def test_counts_of_tokens_that_are_estimated_are_named_beside_them(catalog):
    recommendation = ask(catalog, priority="quality")
    saved = record.as_json(catalog, recommendation, plans=True)
    both = ["special_tokens", "instruction"]
    estimated = {"bge-multilingual-gemma2": both}
    plans = [*saved["plans"], *saved["alternatives"]]
    assert len(plans) > 500 and all(
        plan["estimated_tokens"] == estimated.get(plan["variant"], []) for plan in plans
    )
    pick = saved["pick"]
    assert pick["embedder"] in estimated
    assert pick["estimated_tokens"] == {"embedder": both, "reranker": None}
    # 2 million queries of 16 tokens, 2 special ones and 17 of the instruction
    assert pick["monthly_tokens"] == {"embedder": 70_000_000, "reranker": None}
    assert pick["vectors_per_passage"] == 1.05  # one passage in twenty is two parts


def test_a_pick_that_encodes_nothing_has_no_vectors(made_up):
    pick = Record.of(made_up, ask(made_up, task="rerank")).pick
    assert pick.vectors_per_passage is None
    assert pick.monthly_tokens["embedder"] is None and pick.monthly_tokens["reranker"] > 0
    assert pick.estimated_tokens == {"embedder": None, "reranker": []}


def test_a_record_that_was_saved_without_marks_of_estimates_is_read(made_up, written, file):
    new = ("monthly_tokens", "estimated_tokens", "vectors_per_passage")
    before = written | {
        "pick": {name: part for name, part in written["pick"].items() if name not in new},
        "plans": [
            {name: part for name, part in plan.items() if name != "estimated_tokens"}
            for plan in written["plans"]
        ],
    }
    read = record.read(file(before))
    assert read.pick.embedder == written["pick"]["embedder"] and read.plans
    assert Replay.of(made_up, read, TODAY).changes == ()


def test_a_cost_names_the_parts_that_it_leaves_out(made_up, file):
    found = ask(made_up, languages=["fr"], vector_store="drawer")
    saved = record.as_json(made_up, found, plans=True)
    missing = {"at_least": True, "not_known": ["index_storage", "index_queries"]}
    costs = [part["monthly_usd"] for part in (saved["pick"], *saved["alternatives"])]
    assert len(costs) > 1 and all(missing.items() <= cost.items() for cost in costs)
    assert costs[0]["base"] == pytest.approx(318)
    assert saved["pick"]["one_off_usd"]["not_known"] == ["index_writes"]
    assert saved["picked"]["monthly_usd"]["not_known"] == missing["not_known"]
    whole = record.as_json(made_up, ask(made_up, languages=["fr"], vector_store="none"))
    assert {"at_least": False, "not_known": []}.items() <= whole["pick"]["monthly_usd"].items()


def test_a_record_that_was_saved_without_the_parts_of_a_cost_is_read(made_up, written, file):
    def as_before(value):
        if isinstance(value, dict):
            names = value.keys() - {"at_least", "not_known"}
            return {key: as_before(value[key]) for key in value if key in names}
        return [as_before(part) for part in value] if isinstance(value, list) else value

    before = as_before(written)
    assert before != written
    read = record.read(file(before))
    assert read.pick is not None and read.pick.monthly_usd.not_known == []
    assert len(read.plans) == len(written["plans"])
    assert Replay.of(made_up, read, TODAY).changes == ()


def test_of_another_version_s_record_what_a_replay_needs_is_read(made_up, written, file):
    evidence = {
        kind: {"title": scores["title"], "scores": scores["scores"], "set": ["odd"], "more": 1}
        for kind, scores in written["evidence"].items()
    }
    needed = {key: written[key] for key in NEEDED} | {"evidence": evidence}
    people = [key for key in written if key not in (*NEEDED, "assumed")]
    for saved in (needed, needed | {"note": "mine"}, needed | dict.fromkeys(people, 7)):
        assert Replay.of(made_up, record.read(file(saved)), TODAY).changes == ()


@pytest.mark.parametrize("key", NEEDED)
def test_a_record_without_what_a_replay_needs_is_refused(written, file, key):
    with pytest.raises(AdvisorError, match=f", {key}: the field is missing"):
        record.read(file({name: part for name, part in written.items() if name != key}))


WRONG = {
    "no object within": (
        "evidence",
        {"embedder": []},
        r"evidence.embedder: \[\]: input should be a mapping",
    ),
    "assumptions that are none": ("assumed", 5, "assumed: 5: input should be a valid dict"),
    "too many sets": ("asked_sets", ["mteb"] * 21, "asked_sets: .* at most 20 items"),
    "too many steps": ("evidence", {str(n): {"title": "", "scores": {}} for n in range(11)}, "10"),
    "another schema": ("schema", "bge-advisor/recommendation@2", "schema: .* input should be"),
    "no day": ("date", "yesterday", "date: .* valid date"),
}


@pytest.mark.parametrize(("key", "value", "words"), WRONG.values(), ids=WRONG)
def test_a_record_with_a_wrong_part_is_refused(written, file, key, value, words):
    with pytest.raises(AdvisorError, match=words):
        record.read(file(written | {key: value}))


def test_an_answer_alone_is_no_record_and_the_sentence_says_how_to_get_one(made_up, file):
    answer = AnswerRecord.of(recommend(made_up, Workload(), TODAY))
    with pytest.raises(AdvisorError, match="--format json, plans=true, to_dict"):
        record.read(file(answer.model_dump(mode="json", by_alias=True)))


def test_a_record_may_begin_with_a_byte_order_mark(written, tmp_path):
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(written), encoding="utf-8-sig")
    assert record.read(str(path)).model_dump(mode="json", by_alias=True) == written
