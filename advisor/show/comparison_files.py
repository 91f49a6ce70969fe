"""A comparison to take away: the verdict with its figures as Markdown, all figures as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from advisor.catalog import Catalog
from advisor.decide.query import AdviceQuestion
from advisor.explain import card as cards
from advisor.explain.verdict import Card, verdict
from advisor.family import comparison, score_rows
from advisor.show import dumbbell
from advisor.show.downloads import markdown_text, table_csv, table_markdown

Rows = list[dict[str, Any]]
FIGURE = "Figure"


def files(
    catalog: Catalog, variant_ids: list[str], question: AdviceQuestion, today: date
) -> list[tuple[str, str, Callable[[], str]]]:
    """(name, media type, maker) of a comparison's files."""

    def as_markdown() -> str:
        decided = verdict(catalog, variant_ids, question, today)
        lines = [f"# {markdown_text(decided.title)}", "", markdown_text(decided.reason), ""]
        for card in decided.cards:
            lines += [*_of_card(catalog, card), ""]
        costs = cards.basis(catalog, variant_ids, question.workload)
        lines += [markdown_text(text) for text in (decided.same, costs) if text]
        tables = [
            table_markdown(title, rows) for title, rows in _tables(catalog, variant_ids, today)
        ]
        made = f"Catalog {catalog.version}, {today.isoformat()}."
        return "\n".join([*lines, "", *tables, made, ""]).replace("\\$", "$")

    def as_csv() -> str:
        return table_csv(
            [
                {"Section": title} | row
                for title, rows in _tables(catalog, variant_ids, today)
                for row in rows
            ]
        )

    return [
        ("comparison.md", "text/markdown", as_markdown),
        ("comparison.csv", "text/csv", as_csv),
    ]


def _of_card(catalog: Catalog, card: Card) -> Iterator[str]:
    """A model's heading, its figures, and when to choose it."""
    recommended = " (better here)" if card.recommended else ""
    yield f"## {markdown_text(card.name)}{recommended}"
    yield ""
    figures = "; ".join(_figure(figure) for figure in cards.figures(catalog, card))
    yield f"{markdown_text(figures)}."
    if card.why_not:
        yield markdown_text(card.why_not)
    if card.choose_if:
        yield f"{card.lead}:"
        yield ""
        yield from (f"- {markdown_text(clause)}" for clause in card.choose_if)


def _figure(figure: cards.CardFigure) -> str:
    """`Per month: $36.63 ($32.66 to $55.60)`."""
    return f"{figure.label}: {figure.value}" + (f" ({figure.note})" if figure.note else "")


def _tables(catalog: Catalog, variant_ids: list[str], today: date) -> Iterator[tuple[str, Rows]]:
    """Scores of each kind and the facts: what it is under `FIGURE`, a column a model."""
    for kind in comparison.TASKS:
        ids = [key for key in variant_ids if catalog.variants[key].kind == kind]
        if len(ids) > 1:
            names = [catalog.variants[key].name for key in ids]
            scores = score_rows.benchmark_rows(catalog, ids)
            yield f"Scores of {kind}s (of 100)", dumbbell.table_rows(scores, names, FIGURE)
            if by_language := score_rows.language_rows(catalog, ids):
                chosen, rows = by_language
                yield f"{chosen.name} (of 100)", dumbbell.table_rows(rows, names, FIGURE)
    facts = comparison.side_by_side(catalog, variant_ids, today)
    names = [catalog.variants[key].name for key in variant_ids]
    yield (
        "Facts",
        [{FIGURE: row["label"]} | {name: row[name] for name in names} for row in facts],
    )
