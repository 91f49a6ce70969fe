"""Break-even: the chart of a machine's cost against that of the offers, by volume."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import break_even
from advisor.explain.break_even import Crossing
from advisor.show import mark_names
from advisor.show.charts import Chart
from advisor.show.slots import Spec, colour, colour_by, layered, legend, name, number, of_row, words

DASHES = [[1, 0], [8, 4], [2, 3], [8, 3, 2, 3], [4, 4], [12, 4], [1, 5]]
"""Of lines in turn: a machine of your own has the long one, offers the others."""
HEIGHT, PLOT = 360, 220
"""Pixels, and those of them between the key and the axis."""
BILLIONS = "replace(format(datum.value, '~s'), 'G', 'B')"


def chart(recommendation: Recommendation, own: JudgedPlan) -> Chart | None:
    """Dollars against tokens per month: as many machines as are needed, and the priced offers."""
    crossings = break_even.crossings(recommendation, own)
    if not crossings or own.plan.rent is None:
        return None
    capacity, load = crossings[0].capacity[1], float(own.plan.tokens.monthly)
    marks = [c.tokens[1] for c in crossings if c.tokens[1]]
    least, most = min([load, *marks, capacity]) / 30, max([load, *marks, capacity]) * 30
    volumes = [least * (most / least) ** (step / 160) for step in range(161)]
    lines = _lines(recommendation, own, crossings, volumes)
    dollars = [row["usd"] for row in lines["data"]["values"]]
    ends = (least, most, min(dollars), max(dollars))
    layers = [lines, *_load_marks(load), *_crossing_marks(crossings, ends)]
    sentences = " ".join(break_even.sentence(c) for c in crossings)
    told = (
        "Dollars against tokens per month. "
        f"Your workload: {formatting.large(round(load))} tokens. {sentences}"
    )
    return Chart(_title(own, crossings), layered(layers, height=HEIGHT), told)


def _title(own: JudgedPlan, crossings: Sequence[Crossing]) -> str:
    """The crossing that comes soonest, in words, or that there is none."""
    soonest = next((c for c in crossings if c.tokens[1]), None)
    if soonest:
        return break_even.sentence(soonest).removesuffix(".")
    return (
        f"Never: no offer is dear enough for {own.plan.where} to pay with "
        f"{own.plan.variant.name}, however large the volume"
    )


def _lines(
    recommendation: Recommendation,
    own: JudgedPlan,
    crossings: Sequence[Crossing],
    volumes: Sequence[float],
) -> Spec:
    """A line for the machines, with its steps, and one for each price of an offer."""
    rents = break_even.rents_usd(recommendation, own, volumes)
    rows: list[Spec] = [
        {"tokens": tokens, "usd": usd, "line": own.plan.where, "slot": "three"}
        for tokens, usd in zip(volumes, rents, strict=True)
    ]
    names: dict[float, str] = {}
    for crossing in crossings:
        price, where = _price(crossing), crossing.offer.plan.where
        first = f"{break_even.offer_price(crossing.offer).removesuffix(' / 1M')}: {where}"
        names[price] = f"{names[price]}, {where}" if price in names else first
    ends = (volumes[0], volumes[-1])
    for price, line in names.items():
        hosted = {"line": line, "slot": "one"}
        rows += [{"tokens": v, "usd": v * price / 1e6} | hosted for v in ends]
    order = [*list(names.values())[:1], own.plan.where, *list(names.values())[1:]]
    dashes, key = {"domain": order, "range": DASHES}, legend("soft", symbolSize=600)
    return {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 2, "clip": True},
        "encoding": {
            "x": number(
                "tokens",
                title="Tokens per month (log scale)",
                scale={"type": "log", "domain": list(ends), "nice": False},
                axis={"labelExpr": BILLIONS, "grid": False, "values": _powers(*ends)},
            ),
            "y": number(
                "usd",
                title="$ per month (log scale)",
                scale={"type": "log", "nice": False},
                axis={"format": "$,~r", "grid": False, "tickCount": 6},
            ),
            "color": colour_by("slot"),
            "strokeDash": name("line", title=None, scale=dashes, legend=key),
        },
    }


def _powers(least: float, most: float) -> list[float]:
    """The powers of ten in reach."""
    powers = range(math.ceil(math.log10(least)), math.floor(math.log10(most)) + 1)
    return [float(f"1e{power}") for power in powers]


def _load_marks(load: float) -> list[Spec]:
    """A rule at the workload's own volume, and its word."""
    data = {"data": {"values": [{"tokens": load, "word": "your workload"}]}}
    at_load = {"x": number("tokens")}
    rule = {"type": "rule", "strokeDash": [3, 3], "strokeWidth": 2}
    word = words("word", align="left", dx=5, y=8)
    word["encoding"] |= at_load
    return [data | {"mark": rule, "encoding": at_load | {"color": colour("ink")}}, data | word]


def _crossing_marks(
    crossings: Sequence[Crossing], ends: tuple[float, float, float, float]
) -> list[Spec]:
    """A mark where the lines cross, and its volume; `ends` are those of tokens and of dollars."""
    spots = {formatting.large(round(c.tokens[1])): c for c in crossings[::-1] if c.tokens[1]}
    rows: list[Spec] = [
        {"tokens": c.tokens[1], "usd": (c.tokens[1] or 0) * _price(c) / 1e6, "word": word}
        for word, c in spots.items()
    ]
    marks = [
        mark_names.Mark(
            _share(row["tokens"], *ends[:2]), 1 - _share(row["usd"], *ends[2:]), 6, word
        )
        for row, word in zip(rows, spots, strict=True)
    ]
    taken = [mark_names.Obstacle(mark.x, mark.y, mark.x, mark.y, mark.radius) for mark in marks]
    for row, place in zip(rows, mark_names.places(marks, taken, PLOT), strict=True):
        row |= place._asdict()
    data = {"data": {"values": rows}}
    at_spot = {"x": number("tokens"), "y": number("usd")}
    mark = {"type": "point", "filled": True, "shape": "diamond", "size": 130, "opacity": 1}
    word = words("word", **of_row("align", "dx", "dy"), baseline="middle")
    word["encoding"] |= at_spot
    return [data | {"mark": mark, "encoding": at_spot | {"color": colour("ink")}}, data | word]


def _share(amount: float, least: float, most: float) -> float:
    """Where an amount stands on an axis whose steps multiply, from 0 to 1."""
    return math.log(amount / least) / math.log(most / least)


def _price(crossing: Crossing) -> float:
    return float(crossing.offer.plan.figure("usd_per_1m_input"))
