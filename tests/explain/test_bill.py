"""Where the money goes: parts that add up exactly, whole shares, and the sentence above them."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import catalog as catalogs_of
from advisor.explain.bill import PART_NAMES, bill, budget_share, per_1000_queries, whole_percents
from tests.asking import ask, plan
from tests.decide.test_properties import EACH
from tests.decide.workloads import questions


def sizes(of):
    return {part.slot: float(part.usd.base) for part in of.parts}


def test_the_index_alone_is_nearly_the_whole_bill_of_english_search(catalog):
    answer = ask(catalog)
    parts = bill(answer.pick)
    assert [part.slot for part in parts.parts] == ["index", "encoding"]
    assert [part.share for part in parts.parts] == [99, 1]
    assert parts.takeaway == "99% of the bill is the vector index, not the model."
    assert parts.month == answer.pick.monthly_usd and parts.machines == 0
    assert parts.one_off == answer.pick.one_off_usd and parts.one_off_amount == "$2.05"


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        pytest.param({"passage_tokens_p95": 400}, "$0.017", id="34.90 over 2,000 thousands"),
        pytest.param({"queries_per_month": 10**9}, "$0.00022", id="216 over a million thousands"),
        pytest.param({"queries_per_month": 1000}, "$36.27", id="the month over one thousand"),
        pytest.param({"queries_per_month": 0}, None, id="no queries"),
        pytest.param({"vector_store": "qdrant-cloud"}, "at least $0.00018", id="lower bound"),
    ],
)
def test_a_thousand_queries_cost_their_share_of_the_month(catalog, stated, words):
    answer = ask(catalog, **stated)
    said = per_1000_queries(bill(answer.pick), answer.workload)
    assert said == words
    if words and not words.startswith("at"):
        each = 1000 * answer.monthly / answer.workload.queries_per_month
        assert float(words.removeprefix("$")) == pytest.approx(each, rel=0.06)


def test_what_a_thousand_queries_cost_is_not_known_where_nothing_of_the_month_is(
    made_up_copy, edit
):
    edit(made_up_copy / "stores.yaml", '  floor_usd_per_month: "300"\n', "")
    free = {"hosted_discount_percent": 100}
    answer = ask(catalogs_of.load(made_up_copy), free, vector_store="drawer", placement="hosted")
    of_pick = bill(answer.pick)
    assert not of_pick.month.base and of_pick.month.at_least, answer.pick.named
    assert per_1000_queries(of_pick, answer.workload) == "not known"


def test_own_machines_are_one_part_and_their_rent_the_largest(catalog):
    answer = ask(catalog, placement="own", hardware="cpu")
    parts = bill(answer.pick)
    rent = answer.pick.parts[0].plan.encoding_usd.base
    assert sizes(parts)["machine"] == pytest.approx(float(rent)) and parts.machines == 1
    assert parts.takeaway == "The machine is 78% of the bill."


def test_machines_that_two_steps_share_count_once(catalog):
    answer = ask(
        catalog, task="retrieve-and-rerank", languages=["en", "de"], data_may_leave=False,
        queries_per_month=100_000, passages=500_000,
    )  # fmt: skip
    assert answer.pick.shared
    parts = bill(answer.pick)
    rent = answer.pick.parts[0].plan.rent * 730 * answer.pick.shared[1]
    assert sizes(parts)["machine"] == pytest.approx(float(rent))
    assert [part.slot for part in parts.parts] == ["index", "machine"]
    large = ask(
        catalog, task="retrieve-and-rerank", languages=["en", "de"], data_may_leave=False,
        queries_per_month=100_000, passages=500_000_000,
    )  # fmt: skip
    assert large.pick.shared
    rent = large.pick.parts[0].plan.rent * 730 * large.pick.shared[1]
    assert sizes(bill(large.pick))["machine"] == pytest.approx(float(rent))
    assert bill(large.pick).parts[0].share > 50


def test_two_hosted_steps_are_three_parts(catalog):
    answer = ask(catalog, task="retrieve-and-rerank", queries_per_month=1_000_000)
    parts = bill(answer.pick)
    assert [part.slot for part in parts.parts] == ["index", "encoding", "reranking"]
    assert sizes(parts)["reranking"] == pytest.approx(
        float(answer.pick.part("reranker").plan.encoding_usd.base)
    )


def test_a_part_that_costs_nothing_is_left_out_and_a_single_one_is_the_whole_bill(catalog):
    answer = ask(catalog, vector_store="none")
    parts = bill(answer.pick)
    assert [part.slot for part in parts.parts] == ["encoding"] and parts.parts[0].share == 100
    assert parts.takeaway == "The whole bill is encoding."
    nothing = ask(catalog, vector_store="none", queries_per_month=0)
    assert bill(nothing.pick).parts == ()
    assert bill(nothing.pick).takeaway == "It costs nothing per month."


def test_a_part_that_is_not_known_is_named_and_the_total_is_a_lower_bound(catalog):
    answer = ask(catalog, vector_store="pinecone-standard")
    parts = bill(answer.pick)
    assert answer.pick.monthly_usd.not_known and parts.month.at_least
    assert parts.not_known in parts.takeaway and "known cost" in parts.takeaway


def test_a_plan_whose_cost_is_not_known_has_no_parts(catalog):
    answer = ask(catalog, vector_store="none")
    unknown = next(j for j in answer.judged if j.plan.monthly_usd is None)
    parts = bill(unknown)
    assert parts.parts == () and parts.takeaway == "What a month costs is not known."


def test_a_single_plan_has_the_bill_of_a_pipeline_of_it(catalog):
    answer = ask(catalog)
    assert bill(plan(answer, answer.pick.id)) == bill(answer.pick)


@pytest.mark.parametrize(
    ("budget", "share"), [(150, "24%"), (36_700, "under 1%"), (37, "99%"), (None, None)]
)
def test_the_share_of_the_budget_is_a_whole_percent(catalog, budget, share):
    assert budget_share(ask(catalog, budget_usd_per_month=budget)) == share


@pytest.mark.parametrize("budget", [0, 0.001])
def test_a_cost_that_a_free_allocation_keeps_within_the_budget_is_no_share_of_it(catalog, budget):
    answer = ask(
        catalog, passages=10_000, queries_per_month=30_000, vector_store="none",
        budget_usd_per_month=budget,
    )  # fmt: skip
    assert answer.monthly > budget and budget_share(answer) is None
    assert budget_share(ask(catalog, budget_usd_per_month=0)) is None  # nothing fits
    nothing = {"vector_store": "none", "queries_per_month": 0, "budget_usd_per_month": budget}
    assert budget_share(ask(catalog, **nothing)) == "0%"


@pytest.mark.parametrize(("budget", "share"), [(50, "not known"), (0.5, "at least 72%")])
def test_of_a_cost_that_is_more_only_a_whole_percent_is_said(catalog, budget, share):
    answer = ask(catalog, vector_store="qdrant-cloud", budget_usd_per_month=budget)
    assert answer.pick.monthly_usd.at_least and budget_share(answer) == share


@given(st.lists(st.decimals(0, 10**9, places=4), min_size=1, max_size=4))
def test_shares_add_up_to_a_hundred_and_are_off_by_less_than_one(amounts):
    shares = whole_percents(amounts)
    whole = sum(amounts)
    assert sum(shares) == (100 if whole else 0)
    for amount, share in zip(amounts, shares, strict=True):
        exact = 100 * amount / whole if whole else Decimal(0)
        assert abs(exact - share) < 1


@EACH
@given(questions())
def test_the_parts_add_up_exactly_to_the_month(catalogs, question):
    of = catalogs.named[question.catalog]
    answer = ask(of, question.assumed, **question.stated)
    if answer.pick is None:
        return
    of_pick = bill(answer.pick)
    for end in ("low", "base", "high"):
        parts = sum((Fraction(getattr(part.usd, end)) for part in of_pick.parts), Fraction(0))
        assert parts == Fraction(getattr(answer.pick.monthly_usd, end))
    shares = [part.share for part in of_pick.parts]
    assert sum(shares) == (100 if answer.pick.monthly_usd.base else 0)
    # each part is what the plans say, not what is left over
    index = sum(float(part.plan.index_usd.base) for part in answer.pick.parts)
    hosted = {
        part.kind: float(part.plan.encoding_usd.base) for part in answer.pick.parts if part.hosted
    }
    expected = {"index": index, "encoding": hosted.get("embedder", 0)}
    expected["reranking"] = hosted.get("reranker", 0)
    whole = float(answer.pick.monthly_usd.base)
    own = [part.plan for part in answer.pick.parts if not part.hosted]
    expected["machine"] = sum(float(one.encoding_usd.base) for one in own)
    if answer.pick.shared:
        expected["machine"] = float(own[0].rent) * 730 * answer.pick.shared[1]
    for slot in PART_NAMES:
        assert sizes(of_pick).get(slot, 0) == pytest.approx(
            expected[slot], rel=1e-9, abs=1e-9 * whole
        )
    assert [part.slot for part in of_pick.parts] == [s for s in PART_NAMES if s in sizes(of_pick)]
    assert of_pick.takeaway.endswith(".")
