"""Break-even: what machines of one's own cost beside hosted offers, by volume."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import break_even
from advisor.explain.break_even import Crossing
from advisor.explain.hosted_or_own import HostedOrOwn
from advisor.show import mark_names
from advisor.show.charts import Chart
from advisor.show.crossing_lines import (
    Frame,
    Line,
    frame_of,
    machine_lines,
    offer_lines,
    usd_per_1m,
    volumes,
)
from advisor.show.slots import Spec, colour, layered, number, of_row, words

HEIGHT, PLOT = 340, 285
"""Pixels, and those of them over the axis."""
DASHES = {"own-gpu": [10, 5], "own-cpu": [2, 4]}
COUNTS = "replace(replace(format(datum.value, '~s'), 'G', 'B'), regexp('([kMBT])'), ' $1')"
ALONG = (0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2)
"""Shares of the width at which an offer's name may stand at its line, the preferred first."""
APART = 1 / 60
"""Share of the width from one point of a line that words should not cover to the next."""


class _Name(NamedTuple):
    """Words, the points at any of which they may stand, and the radius of the mark there."""

    word: str
    spots: list[tuple[float, float]]
    radius: float = 1
    bold: bool = False


def chart(recommendation: Recommendation, own: JudgedPlan) -> Chart | None:
    """One machine against every priced offer of its model."""
    pairs = break_even.crossings(recommendation, own)
    return _drawn(recommendation, pairs, _title(own, pairs))


def compared(recommendation: Recommendation, both: HostedOrOwn) -> Chart | None:
    """One offer against a GPU and a CPU of one's own; None where a machine costs nothing."""
    return _drawn(recommendation, both.crossings, both.title)


def caption(kind: str) -> str:
    """The line under the chart's title: what is counted, and how the axes run."""
    if kind == "reranker":
        return "Reranking alone, per month; both axes are logarithmic."
    return (
        "Encoding alone, per month; both axes are logarithmic. The index costs the same either way."
    )


def _title(own: JudgedPlan, pairs: Sequence[Crossing]) -> str:
    """The crossing that comes soonest, in words, or that there is none."""
    soonest = next((pair for pair in pairs if pair.tokens[1]), None)
    if soonest:
        return break_even.sentence(soonest).removesuffix(".")
    return (
        f"Never: no offer is dear enough for {own.plan.where} to pay with "
        f"{own.plan.variant.name}, however large the volume"
    )


def _drawn(recommendation: Recommendation, pairs: Sequence[Crossing], title: str) -> Chart | None:
    """Dollars against tokens per month: the offers and the machines of some pairs."""
    if not pairs or not all(pair.own.plan.rent for pair in pairs):
        return None  # an axis whose steps multiply has no zero
    load = float(pairs[0].offer.plan.tokens.monthly)
    at = volumes(pairs, load)
    offers, machines = offer_lines(pairs, at), machine_lines(recommendation, pairs, at)
    frame = frame_of(offers, machines, load)
    met = [pair for pair in pairs if _meets(recommendation, pair)]
    marks = _load_marks(load) + _crossing_marks(met)
    names = _names([*machines, *offers], met, load, frame)
    spec = layered(
        [*_paths([*machines, *offers], frame), *marks, names],
        height=HEIGHT,
        padding={"left": 0, "top": 4, "right": 4, "bottom": 6},
    )
    sure = [pair for pair in pairs if pair in met or pair.tokens[1] is None]
    return Chart(title, spec, _told(pairs, sure, load))


def _meets(recommendation: Recommendation, pair: Crossing) -> bool:
    """Whether the lines of a pair cross where the load alone says.

    A latency limit may take more machines there.
    """
    tokens = pair.tokens[1]
    if not tokens:
        return False
    (rent,) = break_even.rents_usd(recommendation, pair.own, [tokens])
    return math.isclose(rent, tokens * usd_per_1m(pair) / 1e6, rel_tol=1e-6)


def _told(pairs: Sequence[Crossing], sure: Sequence[Crossing], load: float) -> str:
    """The chart in words: what each line is at the visitor's volume, and the crossings."""
    plans = {judged.row: judged.plan for pair in pairs for judged in (pair.offer, pair.own)}
    now = [
        f"{plan.where} {formatting.usd(plan.encoding_usd.base)}"
        for plan in plans.values()
        if plan.encoding_usd is not None
    ]
    sentences = " ".join(["", *(break_even.sentence(pair) for pair in sure)])
    return (
        "US dollars against tokens per month, on logarithmic axes. "
        f"You: {formatting.large(round(load))} tokens: {'; '.join(now)}.{sentences}"
    )


def _paths(lines: Sequence[Line], frame: Frame) -> list[Spec]:
    """A layer for each line, from the back."""
    x = number(
        "tokens",
        title="Tokens per month",
        scale={"type": "log", "domain": [frame.least, frame.most], "nice": False},
        axis={"labelExpr": COUNTS, "grid": False, "values": _powers(frame.least, frame.most)},
    )
    y = number(
        "usd",
        title="$ per month",
        scale={"type": "log", "domain": [frame.bottom, frame.top], "nice": False},
        axis={"format": "$,~r", "values": _powers(frame.bottom, frame.top)},
    )
    layers = []
    for line in lines:
        mark: Spec = {"type": "line", "clip": True, "strokeWidth": 2.5}
        if line.way != "hosted":
            # the last volume that some machines carry is theirs: the step begins beyond
            mark |= {"interpolate": "step-before", "strokeDash": DASHES[line.way], "strokeWidth": 2}
        spots = line.spots if line.way != "hosted" else [line.spots[0], line.spots[-1]]
        rows = [{"tokens": tokens, "usd": usd} for tokens, usd in spots]
        slot = colour("one" if line.way == "hosted" else "three")
        layers.append(
            {
                "data": {"values": rows},
                "mark": mark,
                "encoding": {"x": x, "y": y, "color": slot},
            }
        )
    return layers


def _powers(least: float, most: float) -> list[float]:
    """The powers of ten in reach, six at most at even steps."""
    first, last = math.ceil(math.log10(least)), math.floor(math.log10(most))
    step = max(1, math.ceil((last - first + 1) / 6))
    return [float(f"1e{power}") for power in range(first, last + 1, step)]


def _load_marks(load: float) -> list[Spec]:
    """A rule at the workload's own volume."""
    data = {"data": {"values": [{"tokens": load}]}}
    rule = {"type": "rule", "strokeDash": [3, 3], "strokeWidth": 1.5}
    return [data | {"mark": rule, "encoding": {"x": number("tokens"), "color": colour("ink")}}]


def _crossing_marks(pairs: Sequence[Crossing]) -> list[Spec]:
    """A diamond where lines cross."""
    rows = [
        {"tokens": tokens, "usd": tokens * price / 1e6}
        for tokens, price in _distinct(pairs).values()
    ]
    mark = {"type": "point", "filled": True, "shape": "diamond", "size": 150, "opacity": 1}
    spot = {"x": number("tokens"), "y": number("usd"), "color": colour("ink")}
    return [{"data": {"values": rows}, "mark": mark, "encoding": spot}]


def _names(lines: Sequence[Line], pairs: Sequence[Crossing], load: float, frame: Frame) -> Spec:
    """The words at the rule, the crossings and the lines, where they cover least."""
    named = [_Name(f"You: {formatting.short(load)}", [(load, 1.2 * frame.bottom)], 2, True)]
    named += [_Name(line.name, line.spots[:1]) for line in lines if line.way != "hosted"]
    distinct = _distinct(pairs).values()
    lead = "Break-even " if len(distinct) == 1 else ""
    for tokens, price in distinct:
        spot = (tokens, tokens * price / 1e6)
        named.append(_Name(f"{lead}{formatting.short(tokens)}", [spot], 7, True))
    for line in lines:
        if line.way == "hosted":
            along = [round(share * (len(line.spots) - 1)) for share in ALONG]
            named.append(_Name(line.name, [line.spots[place] for place in along]))
    options = [
        [mark_names.Mark(*frame.place(*spot), name.radius, name.word) for spot in name.spots]
        for name in named
    ]
    rows = []
    placed = mark_names.placed(options, [*_obstacles(lines, load, frame)], PLOT)
    for name, marks, (mark, place) in zip(named, options, placed, strict=True):
        tokens, usd = name.spots[marks.index(mark)]
        row = {"word": name.word, "tokens": tokens, "usd": usd, "bold": name.bold}
        rows.append(row | place._asdict())
    weight = {"expr": "datum.bold ? 650 : 400"}
    text = words("word", **of_row("align", "dx", "dy"), baseline="middle", fontWeight=weight)
    text["encoding"] |= {"x": number("tokens"), "y": number("usd")}
    return {"data": {"values": rows}} | text


def _distinct(pairs: Sequence[Crossing]) -> dict[str, tuple[float, float]]:
    """Tokens of each crossing and the price there, by its words: the soonest first."""
    crossed = ((pair.tokens[1], usd_per_1m(pair)) for pair in pairs)
    known = sorted((tokens, price) for tokens, price in crossed if tokens)
    return {formatting.short(tokens): (tokens, price) for tokens, price in known}


def _obstacles(lines: Sequence[Line], load: float, frame: Frame) -> Iterator[mark_names.Obstacle]:
    """The rule and the lines, those as points nearer to one another than words are high."""
    across, _ = frame.place(load, frame.top)
    yield mark_names.Obstacle(across, 0, across, 1, 1)
    for line in lines:
        drawn = -1.0
        for x, y in (frame.place(*spot) for spot in line.spots):
            if y >= 0 and x - drawn >= APART:
                drawn = x
                yield mark_names.Obstacle(x, y, x, y, 2)
