"""Places for the names of marks, so that none is cut at an edge and few cover anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WIDTHS = (290, 620)
"""Pixels of a plot for which places must do: a phone's, and two thirds of a page."""
_CHARACTER = 6.2  # pixels at 12 px, a little more than the mean of Streamlit's font
_LINE = 13


class Mark(NamedTuple):
    """A mark: its place from the left and the top (0 to 1), radius in pixels, and its name."""

    x: float
    y: float
    radius: float
    text: str


class Obstacle(NamedTuple):
    """What names should not cover: its edges (0 to 1), and pixels to keep around it."""

    left: float
    top: float
    right: float
    bottom: float
    around: float


class Place(NamedTuple):
    """Where a name stands from the middle of its mark, as Vega-Lite's `dx`, `dy` and `align`."""

    dx: float
    dy: float
    align: str


class _Box(NamedTuple):
    """Edges in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: _Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def places(marks: Sequence[Mark], obstacles: Sequence[Obstacle], height: float) -> list[Place]:
    """A place for each name, in the order of the marks: the first are placed first.

    From the middle of the plot on names stand left over their mark, before it right under it: a
    line that climbs from mark to mark leaves both free. Where that is taken, the place is used
    that covers and cuts off least at all `WIDTHS`.
    """
    return [place for _, place in placed([[mark] for mark in marks], obstacles, height)]


def placed(
    options: Sequence[Sequence[Mark]], obstacles: Sequence[Obstacle], height: float
) -> list[tuple[Mark, Place]]:
    """As `places`, for names that may stand at any of several marks, the preferred first."""
    edges = {width: [_around(each, width, height) for each in obstacles] for width in WIDTHS}
    chosen: list[tuple[Mark, Place]] = []
    for marks in options:
        least = math.inf
        for mark, place in ((each, place) for each in marks for place in _candidates(each)):
            cost = sum(_cost(mark, place, chosen, edges[w], w, height) for w in WIDTHS)
            if cost < least:
                least, best = cost, (mark, place)
            if not cost:
                break
        chosen.append(best)
    return chosen


def _candidates(mark: Mark) -> list[Place]:
    """The places to try, the preferred first."""
    aside, off = mark.radius + 3, mark.radius + 9
    over, under = Place(-aside, -13, "right"), Place(aside, 13, "left")
    return [
        *((over, under) if mark.x >= 0.5 else (under, over)),
        Place(-aside, 13, "right"),
        Place(aside, -13, "left"),
        Place(0, off, "center"),
        Place(0, -off, "center"),
        Place(-aside, -27, "right"),
        Place(aside, 27, "left"),
        Place(-aside, 27, "right"),
        Place(aside, -27, "left"),
    ]


def _cost(
    mark: Mark,
    place: Place,
    others: Iterable[tuple[Mark, Place]],
    edges: Sequence[_Box],
    width: float,
    height: float,
) -> float:
    """Pixels cut off at edges, and for each name (much) or obstacle (less) that is covered."""
    box = _box(mark, place, width, height)
    cut = max(0, -box.left) + max(0, box.right - width)
    cut += max(0, -box.top) + max(0, box.bottom - height)
    names = sum(box.overlaps(_box(*other, width, height)) for other in others)
    covered = sum(map(box.overlaps, edges))
    return 5 * cut + 100 * names + 20 * covered


def _box(mark: Mark, place: Place, width: float, height: float) -> _Box:
    long = _CHARACTER * len(mark.text)
    start = {"left": 0.0, "center": long / 2, "right": long}[place.align]
    left, middle = mark.x * width + place.dx - start, mark.y * height + place.dy
    return _Box(left, middle - _LINE / 2, left + long, middle + _LINE / 2)


def _around(obstacle: Obstacle, width: float, height: float) -> _Box:
    left, top, right, bottom, px = obstacle
    return _Box(
        left * width - px,
        top * height - px,
        right * width + px,
        bottom * height + px,
    )
