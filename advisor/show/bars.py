"""Stacked bars of a bill: one answer's, and several options one under another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain.bill import bill
from advisor.explain.lead import DOMINANT
from advisor.explain.other_plans import alternatives
from advisor.explain.sentences import short_name, usd_of
from advisor.show import slots
from advisor.show.charts import Chart, left_out
from advisor.show.slots import MARKDOWN, colour_by, headings, layered, number, row_by_row

Part = tuple[str, str, float]
"""A part of a bill: its id of `PART_SLOTS`, its name on screen, and US dollars per month."""
PART_SLOTS = {"index": "one", "encoding": "two", "reranking": "good", "machine": "three"}
"""Each part's colour, the same on every page; violet stays with what is outside the family."""

MOST_OPTIONS = 8
"""Options that are drawn under one another; more would be a table."""


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


def options(recommendation: Recommendation, kind: str) -> list[Way]:
    """The recommended option of a step, and the cheapest hosted and own option of each other model
    that fits, cheapest first; empty where nothing is recommended.
    """
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return []
    others = (other.judged for other in alternatives(recommendation, kind))
    plans = sorted([pick, *others], key=lambda j: (j.monthly, j is not pick, j.id))
    return [_option(recommendation, plan, plan is pick) for plan in plans]


def option_bars(recommendation: Recommendation, kind: str) -> Chart | None:
    """What the options of a step cost, part by part; None where nothing is recommended.

    Of many, the cheapest and the recommended are drawn, and the words say how many more there are.
    """
    ways = options(recommendation, kind)
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return None
    rest = len(ways) - MOST_OPTIONS
    drawn = ways[:MOST_OPTIONS]
    if not any(way.recommended for way in drawn):
        drawn[-1] = next(way for way in ways if way.recommended)
    chart = ways_bars(drawn, _title(recommendation, pick, ways[0]))
    assert chart is not None  # there is the pick
    count = formatting.counted(rest, "more option is", "more options are")
    more = f" {count} not drawn." if rest > 0 else ""
    missing = left_out(pick.cost.not_known)  # of all: they share a store
    return chart._replace(alt=f"{chart.alt}{more}{missing}")


def _option(recommendation: Recommendation, judged: JudgedPlan, recommended: bool) -> Way:
    """`Large EN v1.5 · DeepInfra` with the parts of its bill."""
    parts = [(part.slot, part.label, float(part.usd.base)) for part in bill(judged).parts]
    label = f"{short_name(recommendation, judged)} · {judged.plan.where}"
    return Way(label, usd_of(judged.cost), parts, recommended)


def _title(recommendation: Recommendation, pick: JudgedPlan, cheapest: Way) -> str:
    """`99% of the bill is the vector index, not the model` of the recommended option alone.

    Which is the cheapest where no part of its bill stands out, or is its all.
    """
    of_pick = bill(pick)
    shares = [part.share for part in of_pick.parts]
    if len(recommendation.steps) == 1 and len(shares) > 1 and max(shares) >= DOMINANT:
        return of_pick.takeaway.removesuffix(".")
    known = ", as far as is known" if pick.cost.at_least else ""
    return f"{cheapest.label} is the cheapest that fits{known}: {cheapest.total} per month"


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
