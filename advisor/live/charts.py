"""Charts of what Live shows, apart from the others: their pages need not load its engines."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from advisor.live import results
from advisor.live.results import Likeness, Move
from advisor.show.charts import LEGIBLE, Chart

_TOP = alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False)
_WAYS = ["came up", "stayed", "went down"]


def heatmap(likeness: Likeness, theme: str) -> Chart:
    """Cosines of every two sentences as coloured cells with their values, by number."""
    texts = likeness.texts
    cells = [
        (str(i + 1), str(j + 1), float(cosine), f"{cosine:.2f}", texts[i], texts[j])
        for (i, j), cosine in np.ndenumerate(likeness.cosines)
    ]
    frame = pd.DataFrame(cells, columns=["row", "column", "cosine", "shown", "one", "other"])
    order = [str(i + 1) for i in range(len(texts))]
    base = alt.Chart(frame).encode(
        x=alt.X("column:N", sort=order, title=None, axis=_TOP),
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False)),
    )
    low, high = float(likeness.cosines.min()), 1.0
    ends = {"light": ["#f4f6f8", "#0f5f8c"], "dark": ["#18212a", "#6db8e0"]}[theme]
    coloured = base.mark_rect().encode(
        color=alt.Color("cosine:Q", scale=alt.Scale(domain=[low, high], range=ends), legend=None),
        tooltip=_tooltips({"one:N": "One", "other:N": "Other", "shown:N": "Cosine"}),
    )
    # on the strong end of the scale the text takes the background's colour, from where on both
    # texts have the same contrast
    strong, turn = {"light": ("#ffffff", 0.78), "dark": ("#0f151b", 0.55)}[theme]
    is_strong = alt.datum.cosine > low + turn * (high - low)
    colour = alt.condition(is_strong, alt.value(strong), alt.value(LEGIBLE[theme]))
    words = base.mark_text(fontSize=12).encode(text="shown:N", color=colour)
    pairs = "; ".join(f"{p.first + 1} and {p.second + 1}: {p.cosine:.2f}" for p in likeness.pairs)
    return Chart(
        likeness.sentence,
        alt.layer(coloured, words).properties(height=alt.Step(34)),
        f"Cosine of every two sentences, by their number. {pairs}.",
    )


def _tooltips(titles: dict[str, str]) -> list[alt.Tooltip]:
    return [alt.Tooltip(column, title=title) for column, title in titles.items()]


def slope(moves: Sequence[Move], theme: str) -> Chart:
    """Places before and after reranking, a line a passage; solid came up, dashed went down."""
    ends = [
        (m.hit.id, m.hit.text, when, place, _way(m))
        for m in moves
        for when, place in (("before", m.before), ("after", m.after))
    ]
    frame = pd.DataFrame(ends, columns=["passage", "text", "when", "place", "moved"])
    base = alt.Chart(frame).encode(
        x=alt.X("when:N", sort=["before", "after"], title=None, axis=_TOP),
        y=alt.Y(
            "place:Q",
            title="Place",
            scale=alt.Scale(reverse=True, domain=[0.5, len(moves) + 0.5], nice=False),
            axis=alt.Axis(values=list(range(1, len(moves) + 1)), format="d", grid=False),
        ),
        detail="passage:N",
        color=alt.Color("moved:N", title=None, sort=_WAYS, legend=alt.Legend(orient="top")),
        tooltip=_tooltips({"text:N": "Passage", "when:N": "Reranking", "place:Q": "Place"}),
    )
    dash = alt.StrokeDash("moved:N", title=None, sort=_WAYS, legend=None)
    lines = base.mark_line(strokeWidth=2).encode(strokeDash=dash)
    points = base.mark_point(filled=True, size=70, opacity=1)
    after = base.transform_filter("datum.when == 'after'")
    colour = alt.value(LEGIBLE[theme])
    words = after.mark_text(align="left", dx=8, fontSize=12).encode(text="place:Q", color=colour)
    places = "; ".join(f"{results.short(m.hit.text)}: {m.before} to {m.after}" for m in moves)
    return Chart(
        results.moves_sentence(moves),
        alt.layer(lines, points, words).properties(height=max(160, 30 * len(moves))),
        f"Place of each passage before and after reranking. {places}.",
    )


def _way(move: Move) -> str:
    if move.after == move.before:
        return "stayed"
    return "came up" if move.after < move.before else "went down"
