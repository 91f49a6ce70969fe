"""The lines of the break-even chart: offers and machines by volume, and the axes they need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from advisor.decide.recommend import Recommendation
from advisor.explain import break_even
from advisor.explain.break_even import Crossing
from advisor.explain.ways import KINDS, kind_of

SAMPLES = 160
STEPS = 40
"""Machines up to which each that is added is a step of its own; more look like a slope."""
LABELS = {kind.id: kind.label for kind in KINDS}


class Line(NamedTuple):
    """A line of the chart: its name, its way (`ways.KINDS`), and (tokens, US dollars) per month."""

    name: str
    way: str
    spots: list[tuple[float, float]]


class Frame(NamedTuple):
    """The ends of the axes: tokens, and US dollars, per month."""

    least: float
    most: float
    bottom: float
    top: float

    def place(self, tokens: float, usd: float) -> tuple[float, float]:
        """Where a point stands from the left and from the top, from 0 to 1."""
        across = math.log(tokens / self.least) / math.log(self.most / self.least)
        return across, 1 - math.log(usd / self.bottom) / math.log(self.top / self.bottom)


def volumes(pairs: Sequence[Crossing], load: float) -> list[float]:
    """Tokens per month of the points that are drawn: from a tenth of what matters to ten times.

    Just what each number of machines carries is among them, where one more is rented.
    """
    marks = [load, *(pair.tokens[1] for pair in pairs if pair.tokens[1])]
    if len(marks) == 1:  # nothing crosses: as far as it takes to see that both rise alike
        marks += [pair.capacity[1] for pair in pairs]
    least, most = min(marks) / 10, max(marks) * 10
    even = (least * (most / least) ** (step / SAMPLES) for step in range(SAMPLES + 1))
    carried = (pair.capacity[1] * count for pair in pairs for count in range(1, STEPS + 1))
    return sorted({least, most, *(v for v in (*even, *carried) if least < v < most)})


def offer_lines(pairs: Sequence[Crossing], at: Sequence[float]) -> list[Line]:
    """A line for each price `at` some volumes, named by that price where there are several."""
    places: dict[float, list[str]] = {}
    for pair in pairs:
        where = places.setdefault(usd_per_1m(pair), [])
        if pair.offer.plan.where not in where:
            where.append(pair.offer.plan.where)
    prices = {usd_per_1m(pair): break_even.offer_price(pair.offer) for pair in pairs}
    lines = []
    for price, where in places.items():
        # short enough to stand at a line
        few = where[0] if len(where) == 1 else f"{where[0]} + {len(where) - 1}"
        name = f"{prices[price].removesuffix(' / 1M')} {few}" if len(places) > 1 else "Hosted"
        spots = [(tokens, tokens * price / 1e6) for tokens in at]
        lines.append(Line(name, "hosted", spots))
    return lines


def machine_lines(
    recommendation: Recommendation, pairs: Sequence[Crossing], at: Sequence[float]
) -> list[Line]:
    """A line for each machine `at` some volumes, with a step for each that is added."""
    lines = []
    for own in {pair.own.row: pair.own for pair in pairs}.values():
        rents = break_even.rents_usd(recommendation, own, at)
        way = kind_of([own]) or "own-cpu"
        lines.append(Line(LABELS[way], way, list(zip(at, rents, strict=True))))
    return lines


def frame_of(offers: Sequence[Line], machines: Sequence[Line], load: float) -> Frame:
    """All of the offers and of the machine that stays cheapest; others are cut where they leave."""
    ends = [line.spots[-1][1] for line in machines]
    starts = [usd for line in machines for tokens, usd in line.spots if tokens <= load]
    top = max(*(line.spots[-1][1] for line in offers), min(ends), *starts)
    bottom = min(line.spots[0][1] for line in (*offers, *machines))
    (least, _), *_, (most, _) = offers[0].spots
    return Frame(least, most, bottom, 1.5 * top)


def usd_per_1m(pair: Crossing) -> float:
    """US dollars for a million tokens at the offer of a pair."""
    return float(pair.offer.plan.figure("usd_per_1m_input"))
