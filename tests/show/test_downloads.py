import csv
import io
import json

import pytest

from advisor import catalog as catalogs
from advisor.show import downloads
from tests.asking import ask
from tests.withdrawing import DAY, REASON, SOURCE, withdraw


def test_the_json_to_take_away_loses_no_digit(made_up_copy, edit):
    edit(made_up_copy / "offers/alpha.yaml", '"0.20"', '"0.20000000000000000070"')
    found = json.loads(downloads.as_json(catalogs.load(made_up_copy)))
    offers = {o["id"]: o for p in found["providers"].values() for o in p["offers"]}
    assert offers["alpha-big-en"]["usd_per_1m_input"] == "0.20000000000000000070"
    assert found["families"]["acme"]["variants"]["giant"]["parameters"] == 8_000_000_000


def test_the_csv_to_take_away_starts_no_formula(made_up_copy, edit):
    edit(
        made_up_copy / "offers/alpha.yaml",
        "model: alpha/big-en",
        "model: '@alpha/big-en'\n  note: '=1+1'",
    )
    catalog = catalogs.load(made_up_copy)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(downloads.offers_csv(catalog)))}
    assert set(rows) == {offer.id for _, _, offer in catalog.offers()}
    assert not any(
        cell.startswith(("=", "+", "-", "@")) for row in rows.values() for cell in row.values()
    )
    assert (rows["alpha-big-en"]["model"], rows["alpha-big-en"]["note"]) == (
        "'@alpha/big-en",
        "'=1+1",
    )


def test_the_tables_of_the_page_go_out_as_csv_and_markdown(made_up, pinned):
    found = ask(made_up, task="retrieve-and-rerank", languages=["de"])
    files = {name: make() for name, _, make in downloads.cost_files(found)}
    assert files["plans.csv"].count("\n") == 1 + sum(
        j.kind in ("embedder", "reranker") for j in found.judged
    )
    assert not any(f"| {key} " in files["cost.md"] for key in made_up.variants), "ids are for links"
    lines = files["cost.md"].splitlines()
    headings = {
        line: lines[place + 2] for place, line in enumerate(lines) if line.startswith("## ")
    }
    assert headings == pinned


def test_the_files_name_what_of_a_cost_is_not_known(made_up):
    files = {}
    for store in ("drawer", "shelf"):
        found = ask(made_up, languages=["de"], vector_store=store)
        files[store] = {name: make() for name, _, make in downloads.cost_files(found)}
    rows = {store: list(csv.DictReader(io.StringIO(files[store]["plans.csv"]))) for store in files}
    priced = [row["Not known"] for row in rows["drawer"] if row["Fits"] == "yes"]
    assert priced and set(priced) == {"vector storage and vector store queries"}
    assert {row["Not known"] for row in rows["shelf"] if row["Fits"] == "yes"} == {""}
    assert "| vector storage and vector store queries |" in files["drawer"]["cost.md"]
    assert "at least \\$" in files["drawer"]["cost.md"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_starts_a_formula_in_a_spreadsheet(cell):
    assert downloads.table_csv([{"a": cell}]).splitlines()[1].lstrip('"').startswith("'")
    assert "\\|" in downloads.table_markdown("t", [{"a": "x|y"}])


def test_a_withdrawn_offer_goes_out_as_withdrawn(made_up_copy):
    catalog = withdraw(made_up_copy)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(downloads.offers_csv(catalog)))}
    gone, other = rows["beta-big-en"], rows["alpha-big-en"]
    assert (gone["withdrawn"], gone["withdrawn_reason"]) == (DAY, REASON)
    assert SOURCE in gone["sources"].split()
    assert (other["withdrawn"], other["withdrawn_reason"]) == ("", "")
    files = {name: make() for name, _, make in downloads.cost_files(ask(catalog))}
    assert f"- Big EN at Beta Cloud was withdrawn on {DAY}: {REASON}" in files["cost.md"]
    assert "Big EN at Beta Cloud" not in files["plans.csv"]
