"""Break-even, sensitivity, latency and assumptions, against cases worked by hand and as properties."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.decide import static_columns
from advisor.decide.priced import YOURS
from advisor.decide.recommend import recommend
from advisor.explain import break_even, formula, sensitivity
from advisor.explain.break_even import crossing_tokens
from advisor.show import charts, downloads, tables

TODAY = date(2026, 11, 24)


def ask(catalog, assumed=None, **stated):
    return recommend(catalog, Workload.of(stated), TODAY, (), Assumptions.of(assumed or {}))


def plan(found, plan_id):
    return next(j for j in found.judged if j.id == plan_id)


RENT = 1.0 * 730  # US dollars a month for the machine acme-gpu


@pytest.mark.parametrize(
    ("rent", "price", "capacity", "spare", "tokens"),
    [
        pytest.param(RENT, 0.01, 1e12, 0, 73e9, id="730 / 0.01 x 1e6: 73 billion"),
        pytest.param(587.504, 0.204, 1e12, 0, 2.87992e9, id="587.504 / 0.204 x 1e6: 2.88 billion, the worked example"),
        pytest.param(RENT, 0.01, 73e9, 0, 73e9, id="just carried"),
        pytest.param(RENT, 0.01, 72.9e9, 0, None, id="not carried by one, so never"),
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


def test_what_one_machine_carries_is_its_speed_filled_at_the_peak(made_up):
    found = ask(made_up, task="rerank", placement="own")
    own = plan(found, "rank-big@acme-gpu")
    fast, middle, slow = break_even.monthly_capacity(found, own)
    assert middle == pytest.approx(own.plan.tokens_per_second.base * 0.7 * 730 * 3600 / 5)
    assert fast > middle > slow


def test_a_machine_that_never_pays_says_why(made_up, pinned):
    found = ask(made_up)
    against = {
        machine: {c.offer.id: c for c in break_even.crossings(found, plan(found, f"big-en@{machine}"))}
        for machine in ("acme-gpu", "acme-cpu")
    }
    gpu, cpu = against["acme-gpu"], against["acme-cpu"]
    assert gpu["alpha-big-en"].tokens == pytest.approx((730 / 0.20 * 1e6,) * 3) and gpu["beta-big-en"].tokens == pytest.approx(
        (730 / 0.10 * 1e6,) * 3
    )
    # 100 billion operations a second reached / (2 x 92 million + 4 x 20 x 400 x 18) x 730 x 3600 x 0.7 / 5
    assert cpu["alpha-big-en"].capacity[1] == pytest.approx(199.33e6, rel=1e-4)
    assert cpu["alpha-big-en"].tokens == (pytest.approx(73 / 0.20 * 1e6), None, None), (
        "at the fast end, 6 ** 0.5 times faster, it carries them"
    )
    assert cpu["beta-big-en"].tokens == (None, None, None)
    assert {f"{machine}, {offer}": break_even.sentence(c) for machine, offers in against.items() for offer, c in offers.items()} == pinned


def test_the_break_even_and_the_time_of_a_request_show_their_formula(made_up, pinned):
    found = ask(made_up)
    lines = break_even.formula(found, plan(found, "big-en@acme-gpu"))
    assert all(figure in lines[0] for figure in ("$1.00 ", "730 ", "$730 "))
    assert all(figure in lines[2] for figure in ("$730 ", "$0.2 ", "3.65 billion"))
    rerank = ask(made_up, task="rerank", placement="own")
    (line,), time = formula.latency_formula(rerank), rerank.pick.parts[0].plan.latency_ms
    assert f" {formatting.significant(time.base)} " in line
    assert formula.latency_formula(found) == []
    assert {"break-even": lines, "time": line} == pinned


def test_without_a_load_nothing_is_compared(made_up):
    found = ask(made_up, queries_per_month=0)
    own = plan(found, "big-en@acme-gpu")
    assert break_even.crossings(found, own) == [] and charts.break_even(found, own, "light") is None
    assert break_even.usd_per_1m(found, own) is None


def test_the_chart_tells_every_crossing_in_words(made_up, pinned):
    found = ask(made_up)
    own = plan(found, "big-en@acme-cpu")
    chart = charts.break_even(found, own, "dark")
    assert (
        all(break_even.sentence(c).removesuffix(".") in chart.alt for c in break_even.crossings(found, own)) and "36 million" in chart.alt
    )
    assert "3.65 billion" in charts.break_even(found, plan(found, "big-en@acme-gpu"), "dark").title
    chart.chart.to_dict()
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_a_fuller_machine_never_costs_more_a_token(made_up):
    for task in ("retrieve", "rerank"):
        rates = []
        for queries in (10**5, 2 * 10**5, 10**6, 10**7, 10**8, 10**9):
            found = ask(made_up, task=task, placement="own", queries_per_month=queries)
            own = plan(found, "big-en@acme-gpu" if task == "retrieve" else "rank-big@acme-gpu")
            rates.append((break_even.usd_per_1m(found, own), break_even.full_usd_per_1m(found, own)))
        assert all(rate >= full * (1 - 1e-9) for rate, full in rates)
        assert rates[1][0] == pytest.approx(rates[0][0] / 2), "twice the load on one machine is half the cost of a token"


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 0.5), st.integers(0, 10**10))
def test_doubling_the_filling_never_raises_the_cost(made_up, filling, queries):
    first, second = (ask(made_up, {"target_utilisation": u}, task="rerank", queries_per_month=queries) for u in (filling, 2 * filling))
    one, two = (plan(found, "rank-big@acme-gpu").plan.encoding_usd for found in (first, second))
    assert two.base <= one.base and two.low <= two.base <= two.high


def test_a_request_takes_longer_on_a_fuller_machine(made_up):
    calm, full = (plan(ask(made_up, task="rerank", queries_per_month=q), "rank-big@acme-gpu") for q in (1000, 1_500_000))
    share = float(ask(made_up, task="rerank", queries_per_month=1_500_000).table.needed["base"][full.row])
    replicas = full.plan.replicas[1]
    assert full.plan.latency_ms.base == pytest.approx(calm.plan.latency_ms.base / (1 - share / replicas), rel=0.01)
    assert full.plan.latency_ms.base > 1.2 * calm.plan.latency_ms.base
    assert plan(ask(made_up, task="rerank"), "beta-rank-big").plan.latency_ms is None


@pytest.mark.parametrize(
    ("assumed", "plan_id", "usd"),
    [
        pytest.param({"hosted_discount_percent": 25}, "beta-rank-big", "330.0", id="440 less a quarter"),
        pytest.param({"machine_prices": "spot"}, "rank-big@acme-gpu", "365.00", id="0.50 x 730 hours"),
        pytest.param({"your_price_usd_per_1m": 0.002, "your_price_variant": "rank-big"}, YOURS, "44.000", id="22 billion at 0.002"),
    ],
)
def test_an_assumption_changes_the_cost_to_the_cent(made_up, assumed, plan_id, usd):
    stated = {"task": "rerank"} if plan_id != "rank-big@acme-gpu" else {"task": "rerank", "queries_per_month": 100_000}
    assert plan(ask(made_up, assumed, **stated), plan_id).plan.encoding_usd.base == Decimal(usd)


def test_a_price_of_your_own_is_picked_where_it_is_the_lowest(made_up):
    found = ask(made_up, {"your_price_usd_per_1m": 0.001, "your_price_variant": "rank-big"}, task="rerank", priority="quality")
    assert found.answer == (YOURS,) and found.pick.parts[0].plan.where in found.pick.named
    assert ask(made_up, task="rerank", priority="quality").answer == ("beta-rank-big",)


def test_memory_of_a_stated_price_has_no_range(made_up):
    index = plan(ask(made_up, {"memory_usd_per_gib_month": 4}), "beta-multi").plan.index_usd
    assert index.low == index.high and float(index.base) == pytest.approx(4 * 3_000_000_000 / 2**30)
    assert (usual := plan(ask(made_up), "beta-multi").plan.index_usd).low < usual.high


def test_a_slower_machine_is_slower_by_that_much(made_up):
    usual, slow = (plan(ask(made_up, assumed), "multi@acme-gpu").plan.tokens_per_second for assumed in ({}, {"speed_percent": 50}))
    assert slow.base == pytest.approx(usual.base / 2)


def test_machines_without_a_spot_price_are_not_picked_on_spot(made_up):
    found = ask(made_up, {"machine_prices": "spot"}, placement="own")
    assert found.pick.parts[0].plan.instance.spot_usd_per_h is not None
    assert "rent-is-known" in found.rules.excluding(plan(found, "multi@acme-gpu-large").row)


def test_int8_says_what_it_costs_in_quality_where_that_was_measured(made_up_copy, pinned):
    with (made_up_copy / "evidence/quality.csv").open("a", encoding="utf-8") as table:
        for benchmark, score in ((static_columns.INT8_BEFORE, 55), (static_columns.INT8_AFTER, 54.17)):
            table.write(f'big-en,"{benchmark}",retrieval,ndcg_at_10,{score},acme,1,,4,acme-scores,\n')
    catalog = catalogs.load(made_up_copy)
    found = ask(catalog, {"precision": "int8"}, placement="own")
    measured, unknown = (
        next(f for f in plan(found, f"{variant}@acme-cpu").findings if f.rule == "int8-costs-quality") for variant in ("big-en", "multi")
    )
    assert "0.83" in measured.text and not measured.unknown and "0.83" not in unknown.text
    assert all(f.rule != "int8-costs-quality" for j in ask(catalog).judged for f in j.findings)
    assert {"measured": measured.text, "not measured": unknown.text} == pinned


@pytest.mark.parametrize(("precision", "known"), [("default", {"cpu", "gpu"}), ("fp32", {"cpu"}), ("fp16", {"gpu"}), ("int8", set())])
def test_machines_are_known_at_the_precisions_at_which_runs_were_measured(made_up_copy, edit, precision, known):
    edit(made_up_copy / "evidence/throughput.csv", "1000,chip,int8", "1000,chip,")  # two runs are too few
    found = ask(catalogs.load(made_up_copy), {"precision": precision}, placement="own")
    assert {j.plan.figure("hardware_class") for j in found.judged if j.plan.tokens_per_second} == known
    assert (found.pick is None) == (not known)


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"target_utilisation": 2}, "target_utilisation: "),
        ({"filling": 0.5}, "'filling'"),
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


def test_the_widest_swing_comes_first_and_each_is_what_the_engine_gives(made_up, pinned):
    stated = {"task": "retrieve-and-rerank", "languages": ["de"]}
    found = ask(made_up, **stated, queries_per_month=500_000)
    rows = sensitivity.swings(made_up, found)
    queries = Workload.model_fields["queries_per_month"].title
    assert [row.width for row in rows] == sorted((row.width for row in rows), reverse=True) and rows[0].name == queries
    doubled = ask(made_up, **stated, queries_per_month=1_000_000)
    assert doubled.answer == found.answer and rows[0].second_usd == pytest.approx(doubled.monthly)
    chart = charts.tornado(rows, "light")
    assert queries.lower() in chart.title.lower() and len(tables.swing_rows(rows)) == len(rows)
    assert sensitivity.swings(made_up, ask(made_up, placement="hosted", data_may_leave=False)) == []
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_another_volume_keeps_the_workload_and_says_what_it_would_cost(made_up, pinned):
    found = ask(made_up, task="rerank")
    told = {volume: sensitivity.what_if(made_up, found, volume) for volume in (10, 1)}
    assert told[10].workload.queries_per_month == 20_000_000 and found.workload.queries_per_month == 2_000_000
    assert (told[10].now_usd, told[10].then_usd, told[1].then_usd) == pytest.approx((440, 4400, 440))  # 22 billion tokens x 0.02
    sentences = {f"{volume} times": sensitivity.what_if_sentence(found, asked) for volume, asked in told.items()}
    assert all(figure in sentences["10 times"] for figure in ("20,000,000 ", "$4,400 ", "$3,960 "))
    assert told[10].other.answer != found.answer and told[10].other.pick.named in sentences["10 times"]
    assert "$440 " in sentences["1 times"] and told[1].other.pick.named not in sentences["1 times"]
    assert sentences == pinned


def test_the_tables_of_the_page_go_out_as_csv_and_markdown(made_up, pinned):
    found = ask(made_up, task="retrieve-and-rerank", languages=["de"])
    files = {name: make() for name, _, make in downloads.cost_files(found)}
    assert files["plans.csv"].count("\n") == 1 + sum(j.kind in ("embedder", "reranker") for j in found.judged)
    assert not any(f"| {key} " in files["cost.md"] for key in made_up.variants), "ids are for links"
    lines = files["cost.md"].splitlines()
    headings = {line: lines[place + 2] for place, line in enumerate(lines) if line.startswith("## ")}
    assert headings == pinned


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_starts_a_formula_in_a_spreadsheet(cell):
    assert downloads.table_csv([{"a": cell}]).splitlines()[1].lstrip('"').startswith("'")
    assert "\\|" in downloads.table_markdown("t", [{"a": "x|y"}])
