"""Break-even, sensitivity, latency and assumptions, against cases worked by hand and as properties."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import break_even, charts, export, sensitivity, tables, units
from advisor.assumptions import YOURS, Assumptions
from advisor.break_even import crossing_tokens
from advisor.errors import WorkloadError
from advisor.recommend import recommend
from advisor.workload import Workload

TODAY = date(2026, 11, 24)


def ask(catalog, assumed=None, **stated):
    return recommend(catalog, Workload.of(stated), TODAY, (), Assumptions.of(assumed or {}))


def plan(found, plan_id):
    return next(j for j in found.judged if j.id == plan_id)


G6 = 0.8048 * 730  # 587.504 US dollars a month for a g6.xlarge


@pytest.mark.parametrize(
    ("rent", "price", "capacity", "spare", "tokens"),
    [
        pytest.param(G6, 0.01, 1e12, 0, 58.7504e9, id="587.504 / 0.01 x 1e6: 58.75 billion, the worked example"),
        pytest.param(G6, 0.204, 1e12, 0, 2.87992e9, id="587.504 / 0.204 x 1e6: 2.88 billion, the worked example"),
        pytest.param(G6, 0.01, 58.7504e9, 0, 58.7504e9, id="just carried"),
        pytest.param(G6, 0.01, 58.75e9, 0, None, id="not carried by one, so never"),
        pytest.param(100, 1.0, 300e6, 1, 200e6, id="with one to spare two machines must pay: 200 / 1 x 1e6, and one carries 300 million"),
        pytest.param(100, 1.0, 150e6, 1, 300e6, id="one to spare and 150 million each: three machines at 300 million"),
        pytest.param(100, 1.0, 100e6, 1, None, id="one to spare that volume never pays for"),
        pytest.param(100, 0, 1e12, 0, None, id="nothing beats a price of nothing"),
    ],
)
def test_a_machine_pays_from_the_volume_that_it_can_carry(rent, price, capacity, spare, tokens):
    found = crossing_tokens(rent, price, capacity, spare)
    assert found is None if tokens is None else found == pytest.approx(tokens, rel=1e-6)


@given(st.floats(1, 1e5), st.floats(0.001, 10), st.floats(1e3, 1e13), st.integers(0, 1))
def test_at_break_even_both_sides_cost_the_same_and_the_machines_carry_it(rent, price, capacity, spare):
    tokens = crossing_tokens(rent, price, capacity, spare)
    if tokens is None:
        assert rent * 1e6 / price >= capacity * (1 - 1e-12)
        return
    machines = round(tokens * price / 1e6 / rent)
    assert machines * rent == pytest.approx(tokens * price / 1e6)
    assert (machines - spare) * capacity >= tokens * (1 - 1e-9)


def test_what_one_machine_carries_is_its_speed_filled_at_the_peak(catalog):
    found = ask(catalog, task="rerank", placement="own")
    own = plan(found, "bge-reranker-v2-m3@aws-g6.xlarge")
    fast, middle, slow = break_even.monthly_capacity(found, own)
    assert middle == pytest.approx(own.plan.tokens_per_second.base * 0.7 * 730 * 3600 / 5)
    assert fast > middle > slow


def test_a_machine_that_never_pays_says_why(catalog):
    found = ask(catalog)
    own = plan(found, "bge-large-en-v1.5@aws-g6.xlarge")
    told = {c.offer.id: break_even.sentence(c) for c in break_even.crossings(found, own)}
    assert told["cloudflare-bge-large-en-v1.5"].startswith(
        "From 2.88 billion tokens a month AWS g6.xlarge (L4) costs less than Cloudflare Workers AI's $0.204 / 1M"
    )
    assert told["deepinfra-bge-large-en-v1.5"].startswith("Never: AWS g6.xlarge (L4) would pay from 58.75 billion tokens a month")


def test_the_break_even_and_the_time_of_a_request_show_their_formula(catalog):
    found = ask(catalog)
    lines = break_even.formula(found, plan(found, "bge-large-en-v1.5@aws-g6.xlarge"))
    assert lines[0] == "One machine costs $0.8048 × 730 hours = $588 a month."
    assert lines[2].startswith("Against $0.204 / 1M it pays from $588 / $0.204 × 1,000,000 = 2.88 billion tokens a month")
    found = ask(catalog, task="rerank", placement="own")
    line, time = tables.latency_formula(found)[0], found.pick.parts[0].plan.latency_ms
    assert line.endswith(f"= {units.significant(time.base)} ms.") and "use at the peak" in line
    assert tables.latency_formula(ask(catalog)) == []


def test_without_a_load_nothing_is_compared(catalog):
    found = ask(catalog, queries_per_month=0)
    own = plan(found, "bge-large-en-v1.5@aws-g6.xlarge")
    assert break_even.crossings(found, own) == [] and charts.break_even(found, own, "light") is None
    assert break_even.usd_per_1m(found, own) is None


def test_the_chart_tells_every_crossing_in_words(catalog):
    found = ask(catalog)
    chart = charts.break_even(found, plan(found, "bge-large-en-v1.5@aws-g6.xlarge"), "dark")
    assert "2.88 billion" in chart.title and "Never:" in chart.alt and "36 million tokens" in chart.alt
    chart.chart.to_dict()


def test_a_fuller_machine_never_costs_more_a_token(catalog):
    for task in ("retrieve", "rerank"):
        rates = []
        for queries in (10**5, 2 * 10**5, 10**6, 10**7, 10**8, 10**9):
            found = ask(catalog, task=task, placement="own", queries_per_month=queries)
            own = plan(found, "bge-large-en-v1.5@aws-g6.xlarge" if task == "retrieve" else "bge-reranker-v2-m3@aws-g6.xlarge")
            rates.append((break_even.usd_per_1m(found, own), break_even.full_usd_per_1m(found, own)))
        assert all(rate >= full * (1 - 1e-9) for rate, full in rates)
        assert rates[1][0] == pytest.approx(rates[0][0] / 2), "twice the load on one machine is half the cost of a token"


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 0.5), st.integers(0, 10**10))
def test_doubling_the_filling_never_raises_the_cost(catalog, filling, queries):
    first, second = (ask(catalog, {"target_utilisation": u}, task="rerank", queries_per_month=queries) for u in (filling, 2 * filling))
    one, two = (plan(found, "bge-reranker-v2-m3@aws-g6.xlarge").plan.encoding_usd for found in (first, second))
    assert two.base <= one.base and two.low <= two.base <= two.high


def test_a_request_takes_longer_on_a_fuller_machine(catalog):
    calm, full = (plan(ask(catalog, task="rerank", queries_per_month=q), "bge-reranker-v2-m3@aws-g6.xlarge") for q in (1000, 1_500_000))
    share = float(ask(catalog, task="rerank", queries_per_month=1_500_000).table.needed["base"][full.row])
    replicas = full.plan.replicas[1]
    assert full.plan.latency_ms.base == pytest.approx(calm.plan.latency_ms.base / (1 - share / replicas), rel=0.01)
    assert plan(ask(catalog, task="rerank"), "novita-ai-bge-reranker-v2-m3").plan.latency_ms is None


@pytest.mark.parametrize(
    ("assumed", "plan_id", "usd"),
    [
        pytest.param({"hosted_discount_percent": 25}, "novita-ai-bge-reranker-v2-m3", "165.0", id="220 less a quarter"),
        pytest.param({"machine_prices": "spot"}, "bge-reranker-v2-m3@gcp-g2-standard-4", "290.05528", id="0.397336 x 730 hours"),
        pytest.param(
            {"your_price_usd_per_1m": 0.002, "your_price_variant": "bge-reranker-v2-m3"}, YOURS, "44.000", id="22 billion at 0.002"
        ),
    ],
)
def test_an_assumption_changes_the_cost_to_the_cent(catalog, assumed, plan_id, usd):
    stated = {"task": "rerank"} if plan_id != "bge-reranker-v2-m3@gcp-g2-standard-4" else {"task": "rerank", "queries_per_month": 100_000}
    assert plan(ask(catalog, assumed, **stated), plan_id).plan.encoding_usd.base == Decimal(usd)


def test_a_price_of_your_own_is_picked_where_it_is_the_lowest(catalog):
    found = ask(catalog, {"your_price_usd_per_1m": 0.001, "your_price_variant": "bge-reranker-v2-m3"}, task="rerank", priority="quality")
    assert found.answer == (YOURS,) and "your provider" in found.pick.named
    assert ask(catalog, task="rerank", priority="quality").answer == ("novita-ai-bge-reranker-v2-m3",)


def test_memory_of_a_stated_price_has_no_range(catalog):
    index = plan(ask(catalog, {"memory_usd_per_gib_month": 4}), "novita-ai-bge-m3").plan.index_usd
    assert index.low == index.high and float(index.base) == pytest.approx(4 * 6_144_000_000 / 2**30)


def test_a_slower_machine_is_slower_by_that_much(catalog):
    usual, slow = (plan(ask(catalog, assumed), "bge-m3@aws-g6.xlarge").plan.tokens_per_second for assumed in ({}, {"speed_percent": 50}))
    assert slow.base == pytest.approx(usual.base / 2)


def test_machines_without_a_spot_price_are_not_picked_on_spot(catalog):
    found = ask(catalog, {"machine_prices": "spot"}, placement="own")
    assert found.pick.parts[0].plan.instance.spot_usd_per_h is not None
    assert "rent-is-known" in found.rules.excluding(plan(found, "bge-m3@aws-g6.xlarge").row)


def test_int8_says_what_it_costs_in_quality_where_that_was_measured(catalog):
    found = ask(catalog, {"precision": "int8"}, placement="own")
    text = {f.rule: f.text for f in plan(found, "bge-large-en-v1.5@aws-c7i.xlarge").findings}
    assert "int8 costs 0.83 points" in text["int8-costs-quality"]  # 54.29 to 53.46
    text = {f.rule: f.text for f in plan(found, "bge-m3@aws-c7i.xlarge").findings}
    assert "was not measured" in text["int8-costs-quality"]
    assert all(f.rule != "int8-costs-quality" for j in ask(catalog).judged for f in j.findings)


@pytest.mark.parametrize(("precision", "known"), [("default", {"cpu", "gpu"}), ("fp32", {"cpu"}), ("fp16", {"gpu"}), ("int8", set())])
def test_machines_are_known_at_the_precisions_at_which_runs_were_measured(catalog, precision, known):
    found = ask(catalog, {"precision": precision}, placement="own")
    assert {j.plan.figure("hardware_class") for j in found.judged if j.plan.tokens_per_second} == known
    assert (found.pick is None) == (not known)


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"target_utilisation": 2}, "target_utilisation: "),
        ({"filling": 0.5}, "no assumption 'filling'"),
        ({"your_price_usd_per_1m": -1}, "your_price_usd_per_1m"),
        ({"speed_percent": float("nan")}, "speed_percent"),
    ],
)
def test_a_bad_assumption_is_told_with_its_field(stated, told):
    with pytest.raises(WorkloadError, match=told):
        Assumptions.of(stated)


def test_changed_assumptions_are_those_of_the_address():
    assert Assumptions.of({"target_utilisation": 0.5, "precision": "int8"}).params() == {"target_utilisation": "0.5", "precision": "int8"}
    assert Assumptions().params() == {}


def test_the_widest_swing_comes_first_and_each_is_what_the_engine_gives(catalog):
    found = ask(catalog, task="retrieve-and-rerank", languages=["de"])
    rows = sensitivity.swings(catalog, found)
    assert [row.width for row in rows] == sorted((row.width for row in rows), reverse=True) and rows[0].name in (
        "Queries a month",
        "Candidates for a query",
    )
    doubled = ask(catalog, task="retrieve-and-rerank", languages=["de"], queries_per_month=4_000_000)
    assert doubled.answer == found.answer
    assert next(row for row in rows if row.name == "Queries a month").second_usd == pytest.approx(doubled.monthly)
    assert charts.tornado(rows, "light").title.startswith("The total moves most with ") and len(tables.swing_rows(rows)) == len(rows)
    assert sensitivity.swings(catalog, ask(catalog, placement="hosted", data_may_leave=False)) == []


def test_another_volume_keeps_the_workload_and_says_what_it_would_cost(catalog):
    found = ask(catalog, task="rerank")
    asked = sensitivity.what_if(catalog, found, 10)
    assert asked.workload.queries_per_month == 20_000_000 and found.workload.queries_per_month == 2_000_000
    assert sensitivity.what_if_sentence(found, asked).startswith(
        "20,000,000 queries a month: the same pick costs $682 a month, $614 a month more."
    )
    assert "the same. It stays the pick." in sensitivity.what_if_sentence(found, sensitivity.what_if(catalog, found, 1))


def test_the_tables_of_the_page_go_out_as_csv_and_markdown(catalog):
    found = ask(catalog, task="retrieve-and-rerank", languages=["de"])
    files = {name: make() for name, _, make in export.cost_files(found)}
    assert files["plans.csv"].count("\n") == 1 + sum(j.kind in ("embedder", "reranker") for j in found.judged)
    assert (
        "| bge" not in files["cost.md"] and "## Hosted offers, embedder" in files["cost.md"] and "## The index by store" in files["cost.md"]
    )


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_starts_a_formula_in_a_spreadsheet(cell):
    assert export.table_csv([{"a": cell}]).splitlines()[1].lstrip('"').startswith("'")
    assert "\\|" in export.table_markdown("t", [{"a": "x|y"}])
