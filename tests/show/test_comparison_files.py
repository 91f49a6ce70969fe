"""What Compare hands out: the verdict to read, and all figures for a spreadsheet."""

import csv
import io

import pytest

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.decide.query import AdviceQuestion
from advisor.explain import card as cards
from advisor.explain.verdict import verdict
from advisor.family import comparison
from advisor.show import comparison_files

CHOICES = [
    ["bge-m3", "bge-large-en-v1.5"],
    ["bge-m3", "bge-reranker-base", "bge-reranker-v2-m3", "aquila2-7b"],
    ["bge-small-en-v1.5", "bge-base-en-v1.5", "bge-large-en-v1.5", "bge-multilingual-gemma2"],
]


def question(**stated):
    return AdviceQuestion(Workload.of(stated), Assumptions())


def files(catalog, today, ids, **stated):
    made = comparison_files.files(catalog, ids, question(**stated), today)
    return {name: make() for name, _, make in made}


@pytest.mark.parametrize("ids", CHOICES)
def test_the_markdown_has_the_verdict_and_every_figure_of_the_cards(catalog, today, ids):
    text = files(catalog, today, ids, languages=["de"])["comparison.md"].replace("\\", "")
    decided = verdict(catalog, ids, question(languages=["de"]), today)
    assert text.startswith(f"# {decided.title}\n") and decided.reason in text
    for card in decided.cards:
        assert f"\n## {card.name}" in text and card.why_not in text
        assert all(f"- {clause}" in text for clause in card.choose_if)
        figures = cards.figures(catalog, card)
        assert all(f"{label}: {value}" in text for label, value, _ in figures)
    assert "Costs are for 1 million passages" in text and catalog.version in text


@pytest.mark.parametrize("ids", CHOICES)
def test_the_csv_has_every_fact_a_column_a_model_and_no_formula(catalog, today, ids):
    made = files(catalog, today, ids)["comparison.csv"]
    rows = list(csv.DictReader(io.StringIO(made)))
    facts = [row for row in rows if row["Section"] == "Facts"]
    assert len(facts) == len(comparison.side_by_side(catalog, ids, today))
    names = [catalog.variants[key].name for key in ids]
    assert all(row[name] for row in facts for name in names)
    assert not any(cell and cell[0] in "=+-@" for row in rows for cell in row.values())


def test_scores_stand_under_the_models_full_names(catalog, today):
    rows = csv.DictReader(io.StringIO(files(catalog, today, CHOICES[0])["comparison.csv"]))
    long = next(row for row in rows if row["Figure"] == "Long documents")
    assert (long["BGE M3"], long["BGE Large EN v1.5"]) == ("59.5", "40.1")
