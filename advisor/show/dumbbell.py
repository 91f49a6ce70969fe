"""Scores of two to four models as dumbbells: a row a test or a language, a mark a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from advisor.base import formatting
from advisor.family.score_rows import ScoreRow
from advisor.show import slots
from advisor.show.charts import Chart
from advisor.show.slots import (
    MARKDOWN,
    colour,
    colour_by,
    name,
    number,
    row_by_row,
    words,
)

MARKS = (
    ("one", "circle", 130, "●"),
    ("two", "square", 110, "■"),
    ("three", "diamond", 200, "◆"),
    ("ink", "triangle-up", 170, "▲"),
)
"""Of each model in the order given: slot, shape, square pixels, and the sign of it in text."""
_AXIS = 34  # pixels over the rows
_DOWN = 9  # from the middle of a row to its marks; its words are as far above
_CHARACTER, _GAP = 7.2, 8  # pixels of a bold letter at 13 px, and between a lead and a name
_RAW = {"scale": None, "legend": None}  # the field holds what is drawn


def chart(rows: Sequence[ScoreRow], names: Sequence[str], title: str = "") -> Chart | None:
    """Rows in their order, with the short names of their models; None without rows.

    The title says who leads how often unless one is given; hollow marks are partial.
    """
    if not rows:
        return None
    values = [_row(row, names, place) for place, row in enumerate(rows)]
    marks = [mark for row, value in zip(rows, values, strict=True) for mark in _marks(row, value)]
    low, high = _span(rows)
    x = number(
        "least",
        title=None,
        scale={"domain": [low, high], "nice": False},
        axis={"orient": "top", "values": list(range(0, int(high) + 1, 20)), "format": "d"},
    )
    spec = row_by_row(_layers(marks, names, _heading(rows)), values, axis=_AXIS)
    spec["encoding"]["x"] = x
    sentences = "; ".join(value["told"] for value in values)
    return Chart(title or takeaway(rows, names), spec, f"Scores from 0 to 100. {sentences}.")


def key(names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Streamlit's name of each model's colour (empty: that of text), its sign, and its name."""
    return [
        (MARKDOWN.get(slot, ""), sign, each)
        for (slot, _, _, sign), each in zip(MARKS, names, strict=False)
    ]


def table_rows(
    rows: Sequence[ScoreRow], names: Sequence[str], heading: str = ""
) -> list[dict[str, str | float]]:
    """The rows as numbers with one digit; a column `Note` where one of them is partial.

    What is tested stands under `heading`; under `Test` or `Language`, if it is empty.
    """
    some_partial = any(row.partial for row in rows)
    return [
        {heading or _heading(rows): row.label}
        | {each: float(p) for each, p in zip(names, _points(row), strict=True)}
        | ({"Note": _only(row)} if some_partial else {})
        for row in rows
    ]


def _row(row: ScoreRow, names: Sequence[str], place: int) -> dict[str, Any]:
    """What the layers draw of a row, but its marks."""
    points, least, most = _points(row), min(row.scores), max(row.scores)
    label = f"{row.label} ({row.partial})" if row.partial else row.label
    took = "both took" if len(names) == 2 else "all took"
    told = f"{row.label} (only the {row.partial} that {took})" if row.partial else row.label
    lead = _lead(row, names)
    return {
        "place": place,
        "label": label,
        "lead": lead,
        "room": _CHARACTER * len(lead) + _GAP,
        "partial": bool(row.partial),
        "least": least,
        "most": most,
        "least_points": formatting.points(least),
        "most_points": formatting.points(most),
        "told": f"{told}: {', '.join(f'{n} {p}' for n, p in zip(names, points, strict=True))}",
    } | {f"points{index}": each for index, each in enumerate(points)}


def _marks(row: ScoreRow, value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The marks of a row, the first model's last and so over the others."""
    for (slot, shape, area, _), score in reversed([*zip(MARKS, row.scores, strict=False)]):
        drawn = {"slot": slot, "shape": shape, "area": area, "filled": float(not row.partial)}
        yield value | drawn | {"score": score}


def _points(row: ScoreRow) -> list[str]:
    return [formatting.points(score) for score in row.scores]


def _lead(row: ScoreRow, names: Sequence[str]) -> str:
    """`M3 +19.4`: who leads, and by how much over the next."""
    if row.leader is None:
        return _equal(names)
    return f"{names[row.leader]} {formatting.points(row.margin, sign=True)}"


def _only(row: ScoreRow) -> str:
    return f"only {row.partial}" if row.partial else ""


def _heading(rows: Sequence[ScoreRow]) -> str:
    return "Language" if rows[0].set.by_language else "Test"


def _span(rows: Sequence[ScoreRow]) -> tuple[float, float]:
    """The ends of the axis: values beside the outermost marks fit in a phone's plot."""
    low = min(min(row.scores) - _beside(min(row.scores)) for row in rows)
    high = max(max(row.scores) + _beside(max(row.scores)) for row in rows)
    return min(-4, low), max(92, high)


def _beside(score: float) -> float:
    """Points that a value beside its mark takes on a phone, whose plot has 330 pixels for 130."""
    return 1 + 3.5 * len(formatting.points(score))


def takeaway(rows: Sequence[ScoreRow], names: Sequence[str]) -> str:
    """`M3 leads in 6 of 8 tests, Large EN v1.5 in 2`: partial rows count for nobody."""
    complete, noun = [row for row in rows if not row.partial], _heading(rows).lower()
    if not complete:
        return f"Only partial scores: {_leads(rows[0].leader, names)} in {rows[0].label}"
    counts = Counter(row.leader for row in complete)
    (first, most), *others = sorted(
        counts.items(), key=lambda each: (each[0] is None, -each[1], each[0])
    )
    leads = _leads(first, names)
    if len(complete) == 1:
        return f"{leads} in the only {noun} with scores: {complete[0].label}{_partly(rows, names)}"
    if not others:
        whole = "both" if most == 2 else f"all {most}"
        return f"{leads} in {whole} {noun}s{_partly(rows, names)}"
    rest = [f"{_equal(names) if place is None else names[place]} in {n}" for place, n in others]
    return ", ".join([f"{leads} in {most} of {len(complete)} {noun}s", *rest]) + _partly(
        rows, names
    )


def _partly(rows: Sequence[ScoreRow], names: Sequence[str]) -> str:
    """`; in English, tested in part, Large EN v1.5 leads`: who leads where rows are partial."""
    partial = [row for row in rows if row.partial and row.leader is not None]
    return "".join(f"; in {r.label}, tested in part, {_leads(r.leader, names)}" for r in partial)


def _leads(place: int | None, names: Sequence[str]) -> str:
    return "No model leads" if place is None else f"{names[place]} leads"


def _equal(names: Sequence[str]) -> str:
    return "equal" if len(names) == 2 else "equal at the top"


def _layers(marks: list[dict[str, Any]], names: Sequence[str], heading: str) -> list[slots.Spec]:
    """From the back: joins, marks, names and leads above them, values beside them."""
    joins: slots.Spec = {
        "mark": {"type": "rule", "strokeWidth": 4, "yOffset": _DOWN},
        "encoding": {
            "x2": {"field": "most"},
            "color": colour("track"),
            "strokeDash": {
                "condition": {"test": "datum.partial", "value": [3, 3]},
                "value": [1, 0],
            },
        },
    }
    titles = {"label": heading} | {f"points{n}": each for n, each in enumerate(names)}
    points: slots.Spec = {
        "data": {"values": marks},
        "mark": {
            "type": "point", "filled": True, "opacity": 1, "strokeWidth": 2, "yOffset": _DOWN,
            "stroke": {"expr": "scale('color', datum.slot)"},
        },
        "encoding": {
            "x": number("score"),
            "color": colour_by("slot"),
            "shape": name("shape", **_RAW),
            "size": number("area", **_RAW),
            "fillOpacity": number("filled", **_RAW),
            "tooltip": slots.tooltip(titles | {"lead": "Lead"}),
        },
    }  # fmt: skip
    above: dict[str, Any] = {"fontSize": 13, "dy": -_DOWN - 1, "baseline": "middle"}
    room = {"expr": "width - datum.room"}
    label = words("label", **above, align="left", limit=room)
    lead = words("lead", **above, align="right", fontWeight=700)
    label["encoding"]["x"], lead["encoding"]["x"] = {"value": 0}, {"value": "width"}
    beside: dict[str, Any] = {"dy": _DOWN, "baseline": "middle"}
    least = words("least_points", **beside, dx=-12, align="right")
    most = words("most_points", **beside, dx=12, align="left")
    most["encoding"]["x"] = number("most")
    return [joins, points, label, lead, least, most]
