"""Tables as numbers to sort by: what each row holds, and that unknown is none, never zero."""

from datetime import date

import pytest

from advisor import catalog as catalogs
from advisor.decide import stores
from advisor.explain import break_even, sensitivity, sentences
from advisor.show import bars, tables, trade_off
from advisor.show.tables import money
from tests import asking
from tests.decide.measured import STATED, ask, here, with_facts
from tests.show.specs import valid
from tests.withdrawing import DAY, REASON, SOURCE, withdraw


@pytest.fixture(scope="module")
def two_steps(catalog):
    return asking.ask(catalog, task="retrieve-and-rerank")


@pytest.fixture(scope="module")
def every_table(catalog, two_steps):
    """Each table of the Cost page and of Find a model, for a search with a reranker."""
    part = two_steps.pick.parts[0]
    machine = break_even.machines_to_compare(two_steps, part.variant_id)[0]
    of_step = (
        tables.option_rows,
        tables.misfit_rows,
        tables.hosted_rows,
        tables.own_rows,
        tables.trade_off_rows,
    )
    named = {
        f"{make.__name__} {step.kind}": make(two_steps, step.kind)
        for make in of_step
        for step in two_steps.steps
    }
    return named | {
        "index": tables.index_rows(two_steps, part),
        "store": tables.store_rows(two_steps, part),
        "break-even": tables.break_even_rows(two_steps, machine),
        "latency": tables.latency_rows(two_steps),
        "swing": tables.swing_rows(sensitivity.swings(catalog, two_steps)),
    }


def test_no_table_has_more_than_six_columns_even_where_something_is_not_known(every_table):
    hidden = set(tables.IDS)
    for name, rows in every_table.items():
        assert rows, name
        (columns,) = {tuple(row) for row in rows}
        assert len(set(columns) - hidden) <= 6, name


def test_a_column_holds_numbers_or_words_never_both(every_table):
    for name, rows in every_table.items():
        for column in rows[0]:
            kinds = {type(row[column]) for row in rows} - {type(None)}
            assert kinds in ({float}, {int}, {float, int}, {str}, {date}, set()), (name, column)


def test_amounts_have_cents_and_below_ten_cents_three_digits(every_table):
    for name, rows in every_table.items():
        for row in rows:
            amounts = [
                row[column]
                for column in row
                if "$" in column and "1M tokens" not in column and row[column]
            ]
            for amount in amounts:
                digits = 2 if amount >= 0.1 else 12
                assert amount == round(amount, digits) == money(amount), (name, row)


def test_tables_of_options_begin_with_the_cheapest(every_table):
    for name, rows in every_table.items():
        if "rows" in name and "trade_off" not in name:
            months = [row["$ per month"] for row in rows]
            known = [month for month in months if month is not None]
            assert known == sorted(known) and months[: len(known)] == known, name


def test_each_option_has_a_row_among_those_that_fit_or_those_that_do_not(two_steps):
    for step in two_steps.steps:
        fitting = [row["option"] for row in tables.option_rows(two_steps, step.kind)]
        others = [row["option"] for row in tables.misfit_rows(two_steps, step.kind)]
        judged = [j for j in two_steps.judged if j.kind == step.kind]
        assert sorted(fitting) == sorted(j.id for j in judged if j.fits)
        assert sorted(others) == sorted(j.id for j in judged if not j.fits)


def test_the_recommended_option_is_marked_and_no_other(two_steps):
    for part in two_steps.pick.parts:
        rows = tables.option_rows(two_steps, part.kind)
        (marked,) = [row for row in rows if row["Option"].endswith(" (recommended)")]
        assert marked["option"] == part.id
        assert marked["$ per month"] == money(part.cost.base)


def test_the_parts_of_an_option_add_up_to_its_month(two_steps):
    for row in tables.option_rows(two_steps, "embedder"):
        parts = row["Index"] + row["Encoding (price or rent)"]
        assert parts == pytest.approx(row["$ per month"], abs=0.02)
    for row in tables.option_rows(two_steps, "reranker"):
        assert row["Reranking (price or rent)"] == row["$ per month"]


def test_endpoints_of_one_provider_have_names_of_their_own(catalog, every_table):
    rows = every_table["option_rows embedder"]
    of_m3 = [row["Option"] for row in rows if "M3 · DeepInfra" in row["Option"]]
    offers = catalog.providers["deepinfra"].standing_offers
    assert len(of_m3) == sum(offer.variant == "bge-m3" for offer in offers) > 1
    for name, table in every_table.items():
        labels = [row["Option"] for row in table if "Option" in row]
        assert len(set(labels)) == len(labels), name


def test_a_misfit_says_why_in_the_words_of_its_rule(two_steps):
    judged = {j.id: j for j in two_steps.judged}
    rows = tables.misfit_rows(two_steps, "embedder")
    assert any(row["$ per month"] is None for row in rows)
    for row in rows:
        assert row["Why it does not fit"] == judged[row["option"]].excluded[0].text


def test_a_hosted_row_says_how_old_a_price_is_and_who_states_it(every_table):
    rows = {row["option"]: row for row in every_table["hosted_rows embedder"]}
    cloudflare = rows["cloudflare-bge-large-en-v1.5"]
    assert cloudflare["Price dated"] == date(2026, 11, 10)
    assert (cloudflare["$ per 1M tokens"], cloudflare["Price source"]) == (0.204, "first-hand")
    undated = rows["deepinfra-bge-large-en-v1.5"]
    assert (undated["Price dated"], undated["Price source"]) == (None, "first-hand, undated")
    stale = rows["digitalocean-bge-m3"]["Price source"]
    assert stale.startswith("third party, stale (")


def test_the_tables_mark_what_was_measured_and_what_is_scaled(pinned, catalog):
    recommendation = ask(catalog)
    small, m3 = here(recommendation), here(recommendation, "bge-m3")
    measured, scaled = sentences.speed_origin(small), sentences.speed_origin(m3)
    assert "128" in measured and "BGE Small EN v1.5" in scaled
    own = {row["option"]: row for row in tables.own_rows(recommendation, "embedder")}
    assert own[small.id]["Tokens per second"] == 3_736 and measured in own[small.id]["Option"]
    assert own[m3.id]["Tokens per second"] == 273 and scaled in own[m3.id]["Option"]
    (row,) = [
        row
        for row in tables.plan_rows(recommendation, "embedder")
        if row["Model"] == "BGE M3" and row["Where"].startswith(m3.plan.where)
    ]
    assert scaled in row["Where"]
    assert with_facts(
        [sentences.plan_sentence(recommendation, small.id)],
        "3,736",
        measured,
        sentences.price_note(small).strip(),
    )
    assert {"measured": measured, "scaled": scaled} == pinned


def test_a_machine_that_is_not_the_cheapest_is_shown_beside_the_cheapest(catalog):
    recommendation = ask(catalog, STATED | {"machine_usd_per_hour": 50})
    rows = tables.own_rows(recommendation, "embedder")
    options = [row["option"] for row in rows if row["id"] == "bge-small-en-v1.5"]
    assert [option == here(recommendation).id for option in options] == [False, True]


def test_a_store_that_refuses_the_type_of_vector_has_no_price_in_the_table(made_up, pinned):
    recommendation = asking.ask(made_up, vector_type="binary", passages=10**9)
    judged = recommendation.judged[recommendation.steps[0].fitting[0]]
    amounts = stores.by_store(
        made_up,
        recommendation.workload,
        judged.plan.variant,
        judged.plan.tokens,
        recommendation.table.ram,
    )
    rows = {row["id"]: row for row in tables.store_rows(recommendation, judged)}
    shown = {key: rows[key]["$ per month"] == money(amount.base) for key, amount in amounts.items()}
    assert not shown.pop("shelf") and all(shown.values()), "Shelf does not accept binary vectors"
    assert rows["shelf"]["$ per month"] is None
    assert rows["shelf"]["Limits"].startswith("Does not accept binary vectors")
    assert rows["drawer"]["$ per month"] == 300 and "vector storage" in rows["drawer"]["Not known"]
    assert list(rows.values()) == pinned


def test_the_store_and_the_precision_of_the_workload_are_marked(catalog):
    recommendation = asking.ask(catalog, vector_type="int8", vector_store="pinecone-standard")
    part = recommendation.pick.parts[0]
    index, held = (make(recommendation, part) for make in (tables.index_rows, tables.store_rows))
    (precision,) = [row for row in index if row["Vector precision"].endswith(" (yours)")]
    assert precision["Vector precision"] == "int8 (yours)"
    (store,) = [row for row in held if row["Vector store"].endswith(" (yours)")]
    assert store["id"] == "pinecone-standard"


def test_a_store_says_which_dimensions_are_too_many_for_it(catalog):
    recommendation = asking.ask(catalog, priority="quality")
    part = recommendation.pick.parts[0]
    assert part.plan.variant.embedding_dim == 3_584
    rows = {row["id"]: row for row in tables.store_rows(recommendation, part)}
    assert rows["pgvector"]["Limits"].startswith("Over its 2,000 dimensions; not included: ")
    assert "dimensions" not in rows["pinecone-standard"]["Limits"]


def test_the_index_takes_half_the_bytes_at_half_the_precision(catalog):
    recommendation = asking.ask(catalog, **asking.UNCUT)
    rows = tables.index_rows(recommendation, recommendation.pick.parts[0])
    full, half, *_ = rows
    # 1 million vectors of 1,024 dimensions: 4,096,000,000 bytes are 3.81 GiB, in memory half more
    assert (full["Bytes per vector"], full["Raw GiB"], full["In memory GiB"]) == (4_096, 3.81, 5.72)
    assert (half["Bytes per vector"], half["Raw GiB"], half["In memory GiB"]) == (2_048, 1.91, 2.86)
    assert full["$ per month"] == money(recommendation.pick.parts[0].plan.index_usd.base)
    assert all(row["Smallest machine"].startswith("AWS ") for row in rows)


def test_an_index_that_no_machine_holds_has_none(catalog):
    recommendation = asking.ask(catalog, passages=10**12)
    judged = next(j for j in recommendation.judged if j.kind == "embedder")
    rows = tables.index_rows(recommendation, judged)
    assert all(row["Smallest machine"] is None and row["$ per month"] for row in rows)


def test_a_total_that_leaves_out_the_index_names_what_it_leaves_out_in_every_table(made_up):
    # the floor of Drawer is 300
    recommendation = asking.ask(made_up, languages=["fr"], vector_store="drawer")
    tabled = {
        make.__name__: make(recommendation, "embedder")
        for make in (
            tables.option_rows,
            tables.hosted_rows,
            tables.own_rows,
            tables.trade_off_rows,
            tables.plan_rows,
        )
    }
    for name, rows in tabled.items():
        assert rows and all("vector storage" in row["Not known"] for row in rows), name
    options = tabled["option_rows"]
    assert {row["Index"] for row in options} == {300}
    assert all("vector store writes" in row["Not known"] and row["One-off"] for row in options)
    swings = tables.swing_rows(sensitivity.swings(made_up, recommendation))
    assert swings and all(row["$ at one end"] > 0 for row in swings)
    assert {row["Not known"] for row in swings} == {"vector storage and vector store queries"}


def test_an_option_whose_price_is_not_known_has_no_amount_that_is_its_index_alone(
    made_up_copy, edit
):
    edit(made_up_copy / "offers/gamma.yaml", '"0.40"', "null")
    catalog = catalogs.load(made_up_copy)
    recommendation = asking.ask(catalog, languages=["fr"], vector_store="drawer")
    rows = tables.misfit_rows(recommendation, "embedder")
    (row,) = [row for row in rows if row["option"] == "gamma-multi"]
    assert row["$ per month"] is None
    assert row["Not known"].startswith("encoding, vector storage, ")


def test_a_month_of_which_nothing_is_known_is_no_zero(made_up_copy, edit):
    edit(made_up_copy / "stores.yaml", '  floor_usd_per_month: "300"\n', "")
    idle = {"queries_per_month": 0, "new_passages_per_month": 0, "placement": "hosted"}
    recommendation = asking.ask(catalogs.load(made_up_copy), vector_store="drawer", **idle)
    rows = tables.option_rows(recommendation, "embedder")
    assert rows and all(row["$ per month"] is None is row["Index"] for row in rows)
    plans = [row for row in tables.plan_rows(recommendation, "embedder") if row["Fits"] == "yes"]
    assert plans and all(row["$ per month"] is None is row["Low ($ per month)"] for row in plans)
    part = recommendation.pick.parts[0]
    store = {row["id"]: row for row in tables.store_rows(recommendation, part)}["drawer"]
    assert store["$ per month"] is None
    charts_of = trade_off.chart, bars.option_bars
    for chart in filter(None, (make(recommendation, "embedder") for make in charts_of)):
        assert "$0" not in chart.alt and valid(chart)


def test_a_machine_that_never_pays_has_no_break_even(catalog, two_steps):
    part = two_steps.pick.parts[0]
    machine = break_even.machines_to_compare(two_steps, part.variant_id)[0]
    crossings = break_even.crossings(two_steps, machine)
    rows = tables.break_even_rows(two_steps, machine)
    assert [row["option"] for row in rows] == [c.offer.id for c in crossings]
    for row, crossing in zip(rows, crossings, strict=True):
        ends = row["Fast end"], row["Break-even (tokens per month)"], row["Slow end"]
        for shown, tokens in zip(ends, crossing.tokens, strict=True):
            assert (shown is None) == (tokens is None)
            assert tokens is None or shown == pytest.approx(tokens, rel=0.005)
        assert row["One machine carries"] == pytest.approx(crossing.capacity[1], rel=0.005)
    assert {row["Slow end"] is None for row in rows} == {True, False}


def test_a_request_has_milliseconds_on_a_machine_and_none_at_an_endpoint(catalog, two_steps):
    assert [row["ms"] for row in tables.latency_rows(two_steps)] == [None, None]
    own = asking.ask(catalog, placement="own")
    (row,) = tables.latency_rows(own)
    time = own.pick.parts[0].plan.latency_ms
    assert row["Low (ms)"] < row["ms"] < row["High (ms)"]
    assert row["ms"] == pytest.approx(time.base, rel=0.01)


def test_a_withdrawn_offer_has_no_row_and_a_sentence_beside_the_rows(made_up, made_up_copy):
    before, after = asking.ask(made_up), asking.ask(withdraw(made_up_copy))
    assert tables.withdrawn(before, "embedder") == []
    assert "beta-big-en" in {row["option"] for row in tables.hosted_rows(before, "embedder")}
    assert "beta-big-en" not in {
        row["option"]
        for make in (tables.option_rows, tables.misfit_rows)
        for row in make(after, "embedder")
    }
    (gone,) = tables.withdrawn(after, "embedder")
    assert gone.text == f"Big EN at Beta Cloud was withdrawn on {DAY}: {REASON}"
    assert gone.sources == (SOURCE,) and tables.withdrawn(after, "reranker") == []


def test_tokens_that_are_estimated_say_so_beside_the_option(catalog):
    answer = asking.ask(catalog, priority="quality")
    for row in tables.hosted_rows(answer, "embedder"):
        estimated = row["id"] == "bge-multilingual-gemma2"
        assert row["Option"].endswith(", tokens partly estimated") == estimated
        tokens = next(j for j in answer.judged if j.id == row["option"]).plan.tokens
        assert bool(tokens.estimated) == estimated
