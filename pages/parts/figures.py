"""Tables, charts and downloads as every page shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from advisor.show import tables
from advisor.show.charts import Chart
from advisor.show.tables import NOT_KNOWN
from pages.parts.links import variant_link
from pages.parts.markdown import plain

MONTH = "$ per month"
DOLLARS = {MONTH, "Index", "One-off", "Minimum charge"}
DOLLARS |= {f"{work} (price or rent)" for work in ("Encoding", "Reranking")}
"""Headings of amounts in US dollars."""


def show_chart(chart: Chart | None, key: str, **named: Any) -> None:
    """A chart under the sentence that says what to see; `named` goes to Streamlit."""
    if chart is None:
        return
    st.markdown(f"**{plain(chart.title)}**")  # it may hold what a visitor typed
    draw(chart, key, **named)


def draw(chart: Chart, key: str, **named: Any) -> Any:
    """A chart alone, as wide as its place; gives what `named` asks of Streamlit."""
    return st.vega_lite_chart(chart.chart, width="stretch", alt=chart.alt, key=key, **named)


def table(rows: list[dict[str, str]], alt: str) -> None:
    """Rows of Markdown as a table that wraps and scrolls within itself."""
    st.table(rows, hide_index=True, border="horizontal", alt=alt)


def figures_table(rows: list[dict[str, str]], alt: str) -> None:
    """Rows of plain figures as a table; says so where there is none."""
    if rows:
        table([plain_row(row) for row in rows], alt)
    else:
        st.markdown("Nothing to show.")


def numbers_table(
    rows: list[dict[str, Any]], alt: str, missing: str = "not known", number: str = "localized"
) -> None:
    """Rows of numbers that can be sorted; a column of what is not known where something is.

    `missing` stands for None, and `number` is how numbers are written that are no amount.
    """
    left_out = {"id", "option"} | (
        set() if any(row.get(NOT_KNOWN) for row in rows) else {NOT_KNOWN}
    )
    shown = [{key: row[key] for key in row if key not in left_out} for row in rows]
    columns = {key: _column(key, [row[key] for row in shown], number) for key in shown[0]}
    # a phone shows two columns: what it costs, and what
    first = [MONTH] if {MONTH, "Option"} <= shown[0].keys() else []
    order = [*first, *(key for key in shown[0] if key not in first)]
    st.dataframe(
        shown,
        hide_index=True,
        column_config=columns,
        column_order=order,
        placeholder=missing,
        alt=alt,
    )


def _column(heading: str, values: list[Any], number: str) -> Any:
    """How a column is drawn, by its heading and what it holds."""
    known = [value for value in values if value is not None]
    if heading == MONTH and tables.bars_compare(values):
        return st.column_config.ProgressColumn(
            format="dollar", min_value=0, max_value=max(known) or 1, width="medium"
        )
    if known and isinstance(known[0], date):
        return st.column_config.DateColumn(format="D MMM YYYY")
    if not known or isinstance(known[0], str):
        return st.column_config.Column()
    if heading == "Score":
        return st.column_config.NumberColumn(format="%.1f", width="small")
    if heading.startswith("$ per 1M"):
        return st.column_config.NumberColumn(format="$%.4g")
    return st.column_config.NumberColumn(format="dollar" if heading in DOLLARS else number)


def models_table(rows: Iterable[dict[str, str]], alt: str) -> None:
    """Rows of plain figures as a table in which each model's name leads to its page."""
    table([model_row(row) for row in rows], alt)


def model_row(row: dict[str, str]) -> dict[str, str]:
    """A row of plain figures, its model's name as a link to its page; `id` is the variant's.

    What is not known is the same for all plans and stands in the answer; cells say "at least".
    """
    shown = plain_row(row) | {"Model": variant_link(row["id"], row["Model"])}
    return {key: text for key, text in shown.items() if key != NOT_KNOWN}


def plain_row(row: Mapping[str, str]) -> dict[str, str]:
    """A row of figures for a table, without its ids, in which nothing is markup."""
    return {plain(key): plain(text) for key, text in row.items() if key not in ("id", "offer")}


def download(
    name: str,
    data: str | bytes | Callable[[], str],
    mime: str,
    label: str = "",
    icon: str = "download",
) -> None:
    """A button that hands out a file, under its own name where no other label is given."""
    icon = f":material/{icon}:"
    st.download_button(label or name, data, name, mime, icon=icon, on_click="ignore")
