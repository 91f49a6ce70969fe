"""Quality and cost: the chart of the options between which a step is decided."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import what_would_change
from advisor.explain.sentences import parts_in_words, short_name, usd_of
from advisor.show import mark_names, slots, tables
from advisor.show.charts import Chart, left_out
from advisor.show.quality_title import title
from advisor.show.slots import colour, colour_by, layered, name, number, of_row, words
from advisor.show.tables import STANDING_WORDS

HEIGHT = 300
_PLOT = 275  # of it, above the axis
_AREAS = {"recommended": 230, "hosted": 120, "own": 70}
"""Square pixels of a mark."""
_FAINT = 0.3
_RAW = {"scale": None, "legend": None}  # the field holds what is drawn


def chart(recommendation: Recommendation, kind: str) -> Chart | None:
    """Score against dollars per month, a mark an option; None for fewer than two scored models.

    The marks answer to a selection named `plan` with the field `id`.
    """
    shown, step = tables.drawn(recommendation, kind), recommendation.step(kind)
    if step is None or step.evidence.set is None or len({j.variant_id for j in shown}) < 2:
        return None
    front = what_would_change.front(recommendation, kind)
    rows = _rows(shown, recommendation, front)
    reach = _dollars([row["low"] for row in rows], [row["high"] for row in rows])
    span = _points([row["score"] for row in rows])
    _name_marks(rows, reach, span)
    missing = tuple(dict.fromkeys(part for j in shown for part in j.cost.not_known))
    x = number(
        "usd",
        title=None,
        scale={"type": "log", "domain": reach, "nice": False},
        axis={"values": dollar_ticks(*reach), "format": "$,~r", "grid": False},
    )
    y = number(
        "score",
        title=None,
        scale={"domain": span, "zero": False, "nice": False},
        axis={"format": "~g", "tickCount": 5},
    )
    spec = layered(
        _layers(bool(missing)),
        rows,
        encoding={"x": x, "y": y},
        height=HEIGHT,
        padding={"left": 0, "top": 2, "right": 2, "bottom": 4},
    )
    sentences = "; ".join(row["told"] for row in rows)
    told = f"Score against dollars per month. {sentences}.{left_out(missing)}"
    return Chart(title(recommendation, kind, front), spec, told)


def caption(recommendation: Recommendation, kind: str) -> str:
    """The line under the chart's title: units, directions, and what each sign means."""
    step = recommendation.step(kind)
    assert step is not None and step.evidence.set is not None
    shown = tables.drawn(recommendation, kind)
    parts = [
        f"Score on {step.evidence.set.name} (0 to 100, higher is better) against $ per month "
        "(log scale, left is cheaper).",
        "● hosted",
        *(["□ your own machine"] if any(not j.hosted for j in shown) else []),
        "– – best for its price",
        "— price range",
        *(["faint: does not fit"] if any(not j.fits for j in shown) else []),
    ]
    scored = {j.variant_id for j in shown}
    unscored = {
        j.variant_id: short_name(recommendation, j)
        for j in recommendation.fitting(kind)
        if j.variant_id not in scored and j.quality is None
    }
    line = f"{parts[0]} {' · '.join(parts[1:])}."
    if unscored:
        line += f" Not drawn, no comparable score: {formatting.listed(list(unscored.values()))}."
    return line


def dollar_ticks(least: float, most: float) -> list[float]:
    """1 and 3 of each power of ten in reach; finer or coarser where these are few or many."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    for digits in ((1, 3), (1, 2, 5), tuple(range(1, 10))):
        ticks = [float(f"{n}e{power}") for power in powers for n in digits]
        ticks = [tick for tick in ticks if least <= tick <= most]
        if len(ticks) > 8:
            return [tick for tick in ticks if f"{tick:e}"[0] == "1"]
        if len(ticks) >= 3:
            break
    return ticks


def _rows(
    shown: Sequence[JudgedPlan], recommendation: Recommendation, front: set[str]
) -> list[dict[str, Any]]:
    """A row a mark as drawn: the recommended over its ties, the cheaper over the dearer."""
    standings = what_would_change.STANDINGS
    ranked = [(what_would_change.standing(j, recommendation, front), j) for j in shown]
    ranked.sort(key=lambda row: (-standings.index(row[0]), -row[1].monthly, row[1].id))
    # a free allocation may cover a month at best, and an axis whose steps multiply has no zero
    least = min(amount for j in shown for amount in (float(j.cost.low), j.monthly) if amount > 0)
    return [_row(j, standing, recommendation, front, least) for standing, j in ranked]


def _row(
    j: JudgedPlan, standing: str, recommendation: Recommendation, front: set[str], least: float
) -> dict[str, Any]:
    recommended = standing == "the pick"
    option, points = f"{j.plan.variant.name}, {j.plan.where}", formatting.points(j.quality)
    month = f"{usd_of(j.cost)} ({formatting.usd_range(j.cost.low, j.cost.high)})"
    return {
        "id": j.id,
        "variant": j.variant_id,
        "name": short_name(recommendation, j),
        "option": option,
        "score": j.quality,
        "points": points,
        "usd": j.monthly,
        "low": max(float(j.cost.low), least),
        "high": float(j.cost.high),
        "month": month,
        "told": f"{option}: {points} for {month}, {STANDING_WORDS[standing].lower()}",
        "short_month": usd_of(j.cost),
        "not_known": parts_in_words(j.cost.not_known),
        "standing": STANDING_WORDS[standing],
        "recommended": recommended,
        "fits": j.fits,
        "front": j.id in front,
        "slot": "one" if recommended else "three",
        "shape": "circle" if j.hosted else "square",
        "area": _AREAS["recommended" if recommended else "hosted" if j.hosted else "own"],
        "filled": float(recommended or j.hosted),
        "opacity": 1.0 if j.fits else _FAINT,
        "text": "",
        "dx": 0.0,
        "dy": 0.0,
        "align": "left",
    }


def _name_marks(rows: list[dict[str, Any]], reach: list[float], span: list[float]) -> None:
    """Writes names and their places into rows: the recommended, and each model's cheapest."""
    able = [row for row in rows if row["fits"]] or rows
    cheapest: dict[str, dict[str, Any]] = {}
    for row in sorted(able, key=lambda row: (not row["recommended"], row["usd"], row["id"])):
        cheapest.setdefault(row["variant"], row)
    for row in cheapest.values():
        row["text"] = f"{row['name']} · {row['short_month']}"
    spots = [_mark(row, reach, span) for row in rows]
    marks = [_mark(row, reach, span) for row in cheapest.values()]
    obstacles = [
        *(mark_names.Obstacle(m.x, m.y, m.x, m.y, m.radius) for m in spots),
        *_steps([_mark(row, reach, span) for row in rows if row["front"]]),
    ]
    for row, place in zip(
        cheapest.values(), mark_names.places(marks, obstacles, _PLOT), strict=True
    ):
        row.update(place._asdict())


def _mark(row: dict[str, Any], reach: list[float], span: list[float]) -> mark_names.Mark:
    """A row's mark, and where it stands on the axes."""
    across = math.log(row["usd"] / reach[0]) / math.log(reach[1] / reach[0])
    down = (span[1] - row["score"]) / (span[1] - span[0])
    return mark_names.Mark(across, down, math.sqrt(row["area"] / math.pi), row["text"])


def _steps(front: Sequence[mark_names.Mark]) -> Iterator[mark_names.Obstacle]:
    """The dashed line: level from each mark to the price of the next, then up to it."""
    climbing = sorted(front, key=lambda mark: mark.x)
    for mark, after in itertools.pairwise(climbing):
        yield mark_names.Obstacle(mark.x, mark.y, after.x, mark.y, 1)
        yield mark_names.Obstacle(after.x, after.y, after.x, mark.y, 1)


def _dollars(low: Sequence[float], high: Sequence[float]) -> list[float]:
    """The ends of the axis: a little more than the prices reach, and a factor of three at least."""
    least, most = min(low), max(high)
    spare = max(1.25, math.sqrt(3 * least / most))
    return [least / spare, most * spare]


def _points(scores: Sequence[float]) -> list[float]:
    """The ends of the axis of scores, cut to the data."""
    least, most = min(scores), max(scores)
    spare = max(0.12 * (most - least), 0.5)
    return [least - spare, most + spare]


def _layers(at_least: bool) -> list[slots.Spec]:
    """From the back: price ranges, the line of the best for their price, marks, names."""
    opacity = number("opacity", **_RAW)
    ranges: slots.Spec = {
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {
            "x": number("low"),
            "x2": {"field": "high"},
            "color": colour_by("slot"),
            "opacity": {"condition": {"test": "datum.fits", "value": 0.4}, "value": 0.12},
        },
    }
    line: slots.Spec = {
        "transform": [{"filter": "datum.front"}],
        "mark": {
            "type": "line", "interpolate": "step-after", "strokeDash": [4, 4], "strokeWidth": 1.5
        },
        "encoding": {"color": colour("soft"), "order": number("usd")},
    }  # fmt: skip
    titles = {"option": "Option", "points": "Score", "month": "$ per month"}
    titles |= {"not_known": "Not known"} if at_least else {}
    marks: slots.Spec = {
        "params": [{"name": "plan", "select": {"type": "point", "fields": ["id"]}}],
        "mark": {
            "type": "point", "aria": True, "filled": True, "strokeWidth": 2, "cursor": "pointer",
            "stroke": {"expr": "scale('color', datum.slot)"},
        },
        "encoding": {
            "color": colour_by("slot"),
            "shape": name("shape", **_RAW),
            "size": number("area", **_RAW),
            "fillOpacity": number("filled", **_RAW),
            "opacity": opacity,
            "description": name("told"),
            "tooltip": slots.tooltip(titles | {"standing": "Standing"}),
        },
    }  # fmt: skip
    weight = {"expr": "datum.recommended ? 700 : 400"}
    named = words("text", **of_row("dx", "dy", "align"), baseline="middle", fontWeight=weight)
    return [ranges, line, marks, named | {"transform": [{"filter": "datum.text != ''"}]}]
