"""Charts of what Live shows, apart from the others: their pages need not load its engines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advisor.live import results
from advisor.live.results import Likeness, Move
from advisor.show.charts import Chart
from advisor.show.slots import (
    Spec,
    colour,
    colour_by,
    layered,
    legend,
    name,
    number,
    tooltip,
    words,
)

STRENGTH = (0.04, 0.45)
"""Opacity of a cell from the lowest to the highest cosine: words on all of them can be read."""
_TOP = {"orient": "top", "labelAngle": 0, "domain": False, "ticks": False}
_DASHES = {"came up": [1, 0], "stayed": [2, 3], "went down": [6, 4]}


def heatmap(likeness: Likeness) -> Chart:
    """Cosines of every two sentences as cells, the stronger the closer, by number."""
    texts = likeness.texts
    rows = [
        {
            "row": str(i + 1),
            "column": str(j + 1),
            "cosine": float(cosine),
            "shown": f"{cosine:.2f}",
            "one": texts[i],
            "other": texts[j],
        }
        for (i, j), cosine in np.ndenumerate(likeness.cosines)
    ]
    order = [str(i + 1) for i in range(len(texts))]
    at_cell = {
        "x": name("column", sort=order, title=None, axis=_TOP),
        "y": name("row", sort=order, title=None),
    }
    strength = {"domain": [float(likeness.cosines.min()), 1.0], "range": list(STRENGTH)}
    cells: Spec = {
        "mark": {"type": "rect"},
        "encoding": {
            "color": colour("one"),
            "opacity": number("cosine", scale=strength, legend=None),
            "tooltip": tooltip({"one": "One", "other": "Other", "shown": "Cosine"}),
        },
    }
    pairs = "; ".join(f"{p.first + 1} and {p.second + 1}: {p.cosine:.2f}" for p in likeness.pairs)
    height = 34 * len(texts) + 24
    return Chart(
        likeness.sentence,
        layered([cells, words("shown")], rows, encoding=at_cell, height=height),
        f"Cosine of every two sentences, by their number. {pairs}.",
    )


def slope(moves: Sequence[Move]) -> Chart:
    """Ranks before and after reranking, a line a passage; solid came up, dashed went down."""
    rows = [
        {"passage": m.hit.id, "text": m.hit.text, "when": when, "place": place, "moved": _way(m)}
        | {"slot": "one" if _way(m) == "came up" else "three"}
        for m in moves
        for when, place in (("before", m.before), ("after", m.after))
    ]
    ranks = list(range(1, len(moves) + 1))
    of_rank = {
        "x": name("when", sort=["before", "after"], title=None, axis=_TOP),
        "y": number(
            "place",
            title="Rank",
            scale={"reverse": True, "domain": [0.5, len(moves) + 0.5], "nice": False},
            axis={"values": ranks, "format": "d", "grid": False},
        ),
        "detail": name("passage"),
    }
    dashes = {"domain": list(_DASHES), "range": list(_DASHES.values())}
    key = legend("soft", 3, symbolSize=600)
    lines: Spec = {
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "color": colour_by("slot"),
            "strokeDash": name("moved", title=None, scale=dashes, legend=key),
        },
    }
    points: Spec = {
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
        "encoding": {
            "color": colour_by("slot"),
            "tooltip": tooltip({"text": "Passage", "when": "Reranking", "place": "Rank"}),
        },
    }
    after = words("place", align="left", dx=8) | {
        "transform": [{"filter": "datum.when === 'after'"}]
    }
    places = "; ".join(f"{results.short(m.hit.text)}: {m.before} to {m.after}" for m in moves)
    height = max(160, 30 * len(moves)) + 60
    return Chart(
        results.moves_sentence(moves),
        layered([lines, points, after], rows, encoding=of_rank, height=height),
        f"Rank of each passage before and after reranking. {places}.",
    )


def _way(move: Move) -> str:
    if move.after == move.before:
        return "stayed"
    return "came up" if move.after < move.before else "went down"
