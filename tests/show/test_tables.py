from advisor import catalog as catalogs
from advisor.base import formatting
from advisor.decide import stores
from advisor.explain import sensitivity, sentences
from advisor.show import bars, tables, trade_off
from tests import asking
from tests.decide.measured import STATED, ask, here, with_facts
from tests.show.specs import valid
from tests.withdrawing import DAY, REASON, SOURCE, withdraw


def test_the_tables_mark_what_was_measured_and_what_is_scaled(pinned, catalog):
    found = ask(catalog)
    small, m3 = here(found), here(found, "bge-m3")
    measured, scaled = sentences.speed_origin(small), sentences.speed_origin(m3)
    assert "128" in measured and "BGE Small EN v1.5" in scaled
    own = {
        row["id"]: row.values()
        for row in tables.own_rows(found, "embedder")
        if small.plan.where in row.values()
    }
    assert with_facts(own["bge-small-en-v1.5"], "3,736", measured) and with_facts(
        own["bge-m3"], "273", "210", "355", scaled
    )
    cells = [
        cell
        for row in tables.plan_rows(found, "embedder")
        if "BGE M3" in row.values()
        for cell in row.values()
    ]
    assert with_facts(cells, m3.plan.where, scaled)
    assert with_facts(
        [sentences.plan_sentence(found, small.id)],
        "3,736",
        measured,
        sentences.price_note(small).strip(),
    )
    assert {"measured": measured, "scaled": scaled} == pinned
    months = [
        next(cell for cell in row.values() if cell.startswith("$"))
        for row in tables.own_rows(found, "embedder")
    ]
    assert months == sorted(months, key=lambda month: float(month.strip("$").replace(",", "")))


def test_a_machine_that_is_not_the_cheapest_is_shown_beside_the_cheapest(catalog):
    found = ask(catalog, STATED | {"machine_usd_per_hour": 50})
    rows = [
        row.values()
        for row in tables.own_rows(found, "embedder")
        if row["id"] == "bge-small-en-v1.5"
    ]
    assert [here(found).plan.where in cells for cells in rows] == [False, True]


def test_a_store_that_refuses_the_type_of_vector_has_no_price_in_the_table(made_up, pinned):
    found = asking.ask(made_up, vector_type="binary", passages=10**9)
    judged = found.judged[found.steps[0].fitting[0]]
    amounts = stores.by_store(
        made_up, found.workload, judged.plan.variant, judged.plan.tokens, found.table.ram
    )
    rows = {row["id"]: row for row in tables.store_rows(found, judged)}
    shown = {
        key: formatting.usd(amounts[key].base) in rows[key].values()
        for key in ("ram", "shelf", "own-database")
    }
    assert shown == {"ram": True, "shelf": False, "own-database": True}, (
        "Shelf does not accept binary vectors"
    )
    assert "binary" in " ".join(rows["shelf"].values())
    assert rows["drawer"]["$ per month"] == rows["drawer"]["Range"] == "at least $300"
    assert rows == pinned


def test_a_total_that_leaves_out_the_index_is_a_lower_bound_in_every_table(made_up):
    found = asking.ask(made_up, languages=["fr"], vector_store="drawer")  # whose floor is 300
    tabled = {
        "hosted": tables.cost_rows(found, "embedder"),
        "own": tables.own_rows(found, "embedder"),
        "trade-off": tables.trade_off_rows(found, "embedder"),
    }
    for name, rows in tabled.items():
        assert rows and all("vector storage" in row["Not known"] for row in rows), name
        assert all(row["$ per month"].startswith("at least $") for row in rows), name
    assert all(row["Index"] == "at least $300" for row in tabled["hosted"])
    priced = [row for row in tabled["hosted"] if row["Encoding"] != "not known"]
    assert priced and all(row["Once"].startswith("at least ") for row in priced)
    assert "vector store writes" in tabled["hosted"][0]["Not known"]
    swings = tables.swing_rows(sensitivity.swings(made_up, found))
    assert swings and all(row["As it is"] == "at least $318" for row in swings)
    assert {row["Not known"] for row in swings} == {"vector storage and vector store queries"}


def test_the_machine_that_holds_the_index_has_the_clouds_name(catalog):
    answer = asking.ask(catalog)
    rows = tables.index_rows(answer, answer.pick.parts[0])
    assert all(row["Cheapest machine that holds it"].startswith("AWS ") for row in rows)


def test_a_price_that_is_not_known_is_named_among_what_is_not(made_up_copy, edit):
    edit(made_up_copy / "offers/gamma.yaml", '"0.40"', "null")
    found = asking.ask(catalogs.load(made_up_copy), languages=["fr"], vector_store="drawer")
    (row,) = [r for r in tables.cost_rows(found, "embedder") if r["offer"] == "gamma-multi"]
    assert row["Encoding"] == "not known" and row["$ per month"] == "at least $300"
    assert row["Not known"].startswith("encoding, vector storage, ")


def test_a_month_of_which_nothing_is_known_is_no_zero(made_up_copy, edit):
    edit(made_up_copy / "stores.yaml", '  floor_usd_per_month: "300"\n', "")
    idle = {"queries_per_month": 0, "new_passages_per_month": 0, "placement": "hosted"}
    found = asking.ask(catalogs.load(made_up_copy), vector_store="drawer", **idle)
    rows = [row for row in tables.cost_rows(found, "embedder") if row["Fits"] == "yes"]
    assert rows and all(row["$ per month"] == row["Index"] == "not known" for row in rows)
    numbers = [row for row in tables.plan_rows(found, "embedder") if row["Fits"] == "yes"]
    assert numbers and all(row["$ per month"] is None is row["low"] for row in numbers)
    part = found.pick.parts[0]
    store = {row["id"]: row for row in tables.store_rows(found, part)}["drawer"]
    assert store["$ per month"] == store["Range"] == "not known"
    charts_of = trade_off.chart, bars.option_bars
    for chart in filter(None, (make(found, "embedder") for make in charts_of)):
        assert "$0" not in chart.alt and valid(chart)


def test_a_withdrawn_offer_has_no_row_and_a_sentence_beside_the_rows(made_up, made_up_copy):
    before, after = asking.ask(made_up), asking.ask(withdraw(made_up_copy))
    assert tables.withdrawn(before, "embedder") == []
    assert "beta-big-en" in {row["offer"] for row in tables.cost_rows(before, "embedder")}
    assert "beta-big-en" not in {row["offer"] for row in tables.cost_rows(after, "embedder")}
    (gone,) = tables.withdrawn(after, "embedder")
    assert gone.text == f"Big EN at Beta Cloud was withdrawn on {DAY}: {REASON}"
    assert gone.sources == (SOURCE,) and tables.withdrawn(after, "reranker") == []


def test_tokens_that_are_estimated_are_about_so_many(catalog):
    rows = tables.cost_rows(asking.ask(catalog, priority="quality"), "embedder")
    tokens = {row["Model"]: row["Tokens"] for row in rows}
    assert tokens["BGE Multilingual Gemma2"] == "about 70 million"
    assert tokens["BGE M3"] == "36 million"
