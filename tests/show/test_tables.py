from advisor.base import formatting
from advisor.decide import stores
from advisor.explain import sentences
from advisor.show import tables
from tests import asking
from tests.decide.measured import STATED, ask, here, with_facts
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
        "Shelf takes no binary vectors"
    )
    assert "binary" in " ".join(rows["shelf"].values())
    assert rows == pinned


def test_a_withdrawn_offer_has_no_row_and_a_sentence_beside_the_rows(made_up, made_up_copy):
    before, after = asking.ask(made_up), asking.ask(withdraw(made_up_copy))
    assert tables.withdrawn(before, "embedder") == []
    assert "beta-big-en" in {row["offer"] for row in tables.cost_rows(before, "embedder")}
    assert "beta-big-en" not in {row["offer"] for row in tables.cost_rows(after, "embedder")}
    (gone,) = tables.withdrawn(after, "embedder")
    assert gone.text == f"Big EN at Beta Cloud was withdrawn on {DAY}: {REASON}"
    assert gone.sources == (SOURCE,) and tables.withdrawn(after, "reranker") == []
