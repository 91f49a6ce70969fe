import csv
import io
import json
from datetime import date

import pytest

from advisor import catalog as catalogs
from advisor.show import downloads
from advisor.show.tables import money
from advisor.show.tables.options import place
from tests.asking import ask
from tests.decide.measured import CHEAP
from tests.withdrawing import DAY, REASON, SOURCE, withdraw

DAY_OF_PRICE = date(2026, 11, 10)


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


def files_of(recommendation):
    return {name: make() for name, _, make in downloads.cost_files(recommendation)}


def plans_of(recommendation):
    return list(csv.DictReader(io.StringIO(files_of(recommendation)["plans.csv"])))


def test_the_tables_of_the_page_go_out_as_csv_and_markdown(made_up, pinned):
    recommendation = ask(made_up, task="retrieve-and-rerank", languages=["de"])
    files = files_of(recommendation)
    assert len(plans_of(recommendation)) == sum(
        j.kind in ("embedder", "reranker") for j in recommendation.judged
    )
    assert not any(f"| {key} " in files["cost.md"] for key in made_up.variants), "ids are for links"
    lines = files["cost.md"].splitlines()
    headings = {
        line: lines[place + 2] for place, line in enumerate(lines) if line.startswith("## ")
    }
    assert headings == pinned


@pytest.mark.parametrize("stated", [{}, {"task": "retrieve-and-rerank"}, {"languages": ["de"]}])
def test_no_two_rows_of_the_plans_are_alike(catalog, stated):
    recommendation = ask(catalog, CHEAP, **stated)
    rows = plans_of(recommendation)
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    names = [(row["Step"], row["Model"], row["Where"]) for row in rows]
    assert len(set(names)) == len(names), "what sets a row apart is in its name"


def test_the_plans_have_figures_as_people_read_them(catalog):
    recommendation = ask(catalog, CHEAP, task="retrieve-and-rerank", vector_store="s3-vectors")
    judged = {(j.kind, j.plan.variant.name, place(j)): j for j in recommendation.judged}
    for row in plans_of(recommendation):
        j = judged[row["Step"].lower(), row["Model"], row["Where"]]
        amounts = [float(row[name]) for name in row if "$" in name and row[name]]
        assert amounts == [money(amount) for amount in amounts], row
        assert not any(word in row.values() for word in ("not known", "undated", "None", "nan"))
        speed = j.plan.tokens_per_second
        assert row["Tokens per second"] == ("" if speed is None else str(round(speed.base)))
        assert row["Machines"].isdigit() == (j.plan.replicas is not None)
        if j.fits:
            assert float(row["$ per month"]) == pytest.approx(float(j.cost.base), abs=0.005)
        if j.quality is not None:
            assert float(row["Score (of 100)"]) == pytest.approx(j.quality, abs=0.0501)


def test_the_recommended_options_are_marked_among_the_plans(catalog):
    recommendation = ask(catalog, task="retrieve-and-rerank")
    marked = [row for row in plans_of(recommendation) if row["Recommended"] == "yes"]
    assert [(row["Model"], row["Where"], row["Fits"]) for row in marked] == [
        (part.plan.variant.name, place(part), "yes") for part in recommendation.pick.parts
    ]


def test_an_option_that_does_not_fit_says_why_in_the_plans(catalog):
    rows = plans_of(ask(catalog, languages=["de"]))
    assert {row["Fits"] for row in rows} == {"yes", "no"}
    assert all((row["Why it does not fit"] == "") == (row["Fits"] == "yes") for row in rows)


def test_the_files_name_what_of_a_cost_is_not_known(made_up):
    files, rows = {}, {}
    for store in ("drawer", "shelf"):
        recommendation = ask(made_up, languages=["de"], vector_store=store)
        files[store], rows[store] = files_of(recommendation), plans_of(recommendation)
    missing = "vector storage and vector store queries"
    priced = [row["Not known"] for row in rows["drawer"] if row["Fits"] == "yes"]
    assert priced and set(priced) == {missing}
    assert {row["Not known"] for row in rows["shelf"] if row["Fits"] == "yes"} == {""}
    assert f"| {missing} |" in files["drawer"]["cost.md"]
    assert f"- Every total is a lower bound. Not known: {missing}." in files["drawer"]["cost.md"]


def test_a_figure_of_a_table_is_written_with_commas_and_unknown_in_words():
    rows = [{"a": 36_000_000, "b": 14.3, "c": 0.0207, "d": 0.0, "e": None, "f": DAY_OF_PRICE}]
    assert downloads.table_markdown("t", rows).splitlines()[-1] == (
        "| 36,000,000 | 14.30 | 0.0207 | 0 | not known | 2026-11-10 |"
    )
    assert downloads.table_csv(rows).splitlines()[-1] == '36000000,14.3,0.0207,0.0,"","2026-11-10"'


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
    files = files_of(ask(catalog))
    assert f"- Big EN at Beta Cloud was withdrawn on {DAY}: {REASON}" in files["cost.md"]
    assert "Big EN at Beta Cloud" not in files["plans.csv"]
