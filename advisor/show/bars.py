"""Stacked bars of a bill: one answer's, and several options one under another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from advisor.base import formatting
from advisor.show import slots
from advisor.show.charts import Chart
from advisor.show.slots import MARKDOWN, colour_by, headings, layered, number, row_by_row

Part = tuple[str, str, float]
"""A part of a bill: its id of `PART_SLOTS`, its name on screen, and US dollars per month."""
PART_SLOTS = {"index": "one", "encoding": "two", "reranking": "good", "machine": "three"}
"""Each part's colour, the same on every page; violet stays with what is outside the family."""


class Way(NamedTuple):
    """One option: its name, its total as text, the parts of its bill, whether it is the answer."""

    label: str
    total: str
    parts: Sequence[Part]
    recommended: bool


class KeyEntry(NamedTuple):
    """A part in the key under a bar: Streamlit's name of its colour, its name, `$34.54`, `99%`."""

    colour: str
    label: str
    usd: str
    share: str


def key(parts: Sequence[Part]) -> list[KeyEntry]:
    """The parts that the bar shows, in its order."""
    total = sum(usd for *_, usd in parts)
    return [
        KeyEntry(MARKDOWN[PART_SLOTS[part]], label, formatting.usd(usd), _share(usd, total))
        for part, label, usd in parts
        if usd > 0
    ]


def answer_bar(parts: Sequence[Part]) -> Chart | None:
    """Where the money goes, as one bar without an axis; parts of zero are left out.

    None where nothing costs anything.
    """
    entries = key(parts)
    if not entries:
        return None
    total = sum(usd for *_, usd in parts)
    listed = ", ".join(f"{_inner(e.label)} {e.usd} ({e.share})" for e in entries)
    bar: slots.Spec = {
        "mark": {"type": "bar", "height": 16, "cornerRadius": 3, "x2Offset": -1},
        "encoding": _along(total) | {"tooltip": _TOOLTIP},
    }
    spec = layered([bar], _pieces(parts), height=16, padding=0)
    return Chart(
        _takeaway(parts, total), spec, f"Where {formatting.usd(total)} per month goes: {listed}."
    )


def ways_bars(ways: Sequence[Way], title: str = "") -> Chart | None:
    """What options cost, in the order given: name over the bar, total at the right end.

    The title names the cheapest unless one is given; None without options.
    """
    if not ways:
        return None
    sums = [sum(usd for *_, usd in way.parts) for way in ways]
    cheapest = ways[sums.index(min(sums))]
    rows = [_heading(way, place) for place, way in enumerate(ways)]
    pieces = [
        piece | {"place": place} for place, way in enumerate(ways) for piece in _pieces(way.parts)
    ]
    bars = {
        "data": {"values": pieces},
        "mark": {
            "type": "bar", "height": 10, "cornerRadius": 2, "x2Offset": -1, "yOffset": 9
        },
        "encoding": _along(max(sums)) | {"tooltip": _TOOLTIP},
    }  # fmt: skip
    spec = row_by_row([bars, *headings()], rows)
    sentences = "; ".join(
        f"{way.label}{' (recommended)' if way.recommended else ''} {way.total}{_of(way.parts)}"
        for way in ways
    )
    return Chart(
        title or f"{cheapest.label} is the cheapest: {cheapest.total} per month",
        spec,
        f"US dollars per month. {sentences}.",
    )


_TOOLTIP = slots.tooltip({"label": "Part", "usd": "$ per month"})


def _along(total: float) -> dict[str, Any]:
    """The channels of pieces on an axis that is not drawn, from zero to `total`."""
    scale = {"domain": [0, total or 1], "nice": False}
    x = number("from", axis=None, scale=scale)
    return {"x": x, "x2": {"field": "to"}, "color": colour_by("slot")}


def _pieces(parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """Where each part begins and ends on the bar."""
    start = 0.0
    for part, label, usd in parts:
        if usd > 0:
            yield {
                "slot": PART_SLOTS[part],
                "label": label,
                "usd": formatting.usd(usd),
                "from": start,
                "to": start + usd,
            }
            start += usd


def _heading(way: Way, place: int) -> dict[str, Any]:
    star = "★ " if way.recommended else ""
    return {
        "place": place,
        "label": f"{star}{way.label}",
        "total": way.total,
        "recommended": way.recommended,
    }


def _of(parts: Sequence[Part]) -> str:
    """` (vector index $34.54, encoding $0.36)`, or nothing for a bill of one part."""
    named = [f"{_inner(entry.label)} {entry.usd}" for entry in key(parts)]
    return f" ({', '.join(named)})" if len(named) > 1 else ""


def _takeaway(parts: Sequence[Part], total: float) -> str:
    """`Vector index: 99% of the bill`, of the largest part."""
    _, label, usd = max(parts, key=lambda part: part[2])
    return f"{label}: {'all' if usd == total else _share(usd, total)} of the bill"


def _share(usd: float, total: float) -> str:
    """A whole percentage that never rounds a part to none or to all of the bill."""
    share = 100 * usd / total
    if 0 < share < 1:
        return "under 1%"
    return "over 99%" if 99.5 <= share < 100 else f"{share:.0f}%"


def _inner(label: str) -> str:
    """A part's name within a sentence; `GPU rent` keeps its letters."""
    return label if label[:2].isupper() else f"{label[0].lower()}{label[1:]}"
