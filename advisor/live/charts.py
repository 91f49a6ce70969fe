"""Charts of what Live shows, apart from the others: their pages need not load its engines."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from advisor.live import results
from advisor.live.results import Likeness, Move
from advisor.show.charts import LEGIBLE, Chart


def heatmap(likeness: Likeness, theme: str) -> Chart:
    """Cosines of every two sentences as coloured cells with their values, by number."""
    n = len(likeness.texts)
    frame = pd.DataFrame(
        {
            "row": f"{i + 1}",
            "column": f"{j + 1}",
            "cosine": float(likeness.cosines[i, j]),
            "shown": f"{likeness.cosines[i, j]:.2f}",
            "one": likeness.texts[i],
            "other": likeness.texts[j],
        }
        for i in range(n)
        for j in range(n)
    )
    order = [str(i + 1) for i in range(n)]
    base = alt.Chart(frame).encode(
        x=alt.X(
            "column:N",
            sort=order,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
        ),
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False)),
    )
    low, high = float(likeness.cosines.min()), 1.0
    ends = {"light": ["#f4f6f8", "#0f5f8c"], "dark": ["#18212a", "#6db8e0"]}[theme]
    cells = base.mark_rect().encode(
        color=alt.Color("cosine:Q", scale=alt.Scale(domain=[low, high], range=ends), legend=None),
        tooltip=[
            alt.Tooltip("one:N", title="One"),
            alt.Tooltip("other:N", title="Other"),
            alt.Tooltip("shown:N", title="Cosine"),
        ],
    )
    # on the strong end of the scale the text takes the background's colour, from where on both
    # texts have the same contrast
    strong, turn = {"light": ("#ffffff", 0.78), "dark": ("#0f151b", 0.55)}[theme]
    words = base.mark_text(fontSize=12).encode(
        text="shown:N",
        color=alt.condition(
            alt.datum.cosine > low + turn * (high - low),
            alt.value(strong),
            alt.value(LEGIBLE[theme]),
        ),
    )
    pairs = "; ".join(f"{p.first + 1} and {p.second + 1}: {p.cosine:.2f}" for p in likeness.pairs)
    return Chart(
        likeness.sentence,
        alt.layer(cells, words).properties(height=alt.Step(34)),
        f"Cosine of every two sentences, by their number. {pairs}.",
    )


def slope(moves: Sequence[Move], theme: str) -> Chart:
    """Places before and after reranking, a line a passage; solid came up, dashed went down."""
    frame = pd.DataFrame(
        {
            "passage": m.hit.id,
            "text": m.hit.text,
            "when": when,
            "place": place,
            "moved": "came up"
            if m.after < m.before
            else "went down"
            if m.after > m.before
            else "stayed",
        }
        for m in moves
        for when, place in (("before", m.before), ("after", m.after))
    )
    base = alt.Chart(frame).encode(
        x=alt.X(
            "when:N",
            sort=["before", "after"],
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
        ),
        y=alt.Y(
            "place:Q",
            title="Place",
            scale=alt.Scale(reverse=True, domain=[0.5, len(moves) + 0.5], nice=False),
            axis=alt.Axis(values=list(range(1, len(moves) + 1)), format="d", grid=False),
        ),
        detail="passage:N",
        color=alt.Color(
            "moved:N",
            title=None,
            sort=["came up", "stayed", "went down"],
            legend=alt.Legend(orient="top"),
        ),
        tooltip=[
            alt.Tooltip("text:N", title="Passage"),
            alt.Tooltip("when:N", title="Reranking"),
            alt.Tooltip("place:Q", title="Place"),
        ],
    )
    lines = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "moved:N", title=None, sort=["came up", "stayed", "went down"], legend=None
        )
    )
    points = base.mark_point(filled=True, size=70, opacity=1)
    words = (
        base.transform_filter("datum.when == 'after'")
        .mark_text(align="left", dx=8, fontSize=12)
        .encode(text="place:Q", color=alt.value(LEGIBLE[theme]))
    )
    places = "; ".join(f"{results.short(m.hit.text)}: {m.before} to {m.after}" for m in moves)
    return Chart(
        results.moves_sentence(moves),
        alt.layer(lines, points, words).properties(height=max(160, 30 * len(moves))),
        f"Place of each passage before and after reranking. {places}.",
    )
