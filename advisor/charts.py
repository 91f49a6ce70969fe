"""Charts as Altair specifications, each with its title and its text alternative; the theme comes from the page."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from advisor import units
from advisor.recommend import Recommendation

LEGIBLE = {"light": "#0d141b", "dark": "#e4eaf0"}
"""Colour of text marks, which do not follow the theme by themselves (4.5:1 on the theme's background)."""


class Chart(NamedTuple):
    """A chart with the sentence above it and the words for those who do not see it."""

    title: str
    chart: Any
    alt: str


class Release(NamedTuple):
    """One mark of the timeline; `day` is ISO, a month counts as its first day."""

    name: str
    day: str
    kind: str


def release_timeline(releases: list[Release], prefix: str, theme: str) -> Chart | None:
    """Releases over time, a mark a variant, its kind by shape; `prefix` is left out of the names. None where there is none."""
    if not releases:
        return None
    frame = pd.DataFrame(releases, columns=["model", "released", "kind"])
    frame["row"] = frame.sort_values(["kind", "model"]).groupby("released").cumcount()
    frame["short"] = frame["model"].str.removeprefix(prefix).str.strip()
    base = alt.Chart(frame).encode(
        x=alt.X(
            "released:T",
            title=None,
            axis=alt.Axis(format="%b %Y", tickCount={"interval": "month", "step": 3}, grid=False),
            scale=alt.Scale(padding=40),
        ),
        y=alt.Y("row:O", axis=None, sort="descending"),
    )
    marks = base.mark_point(filled=True, size=110, opacity=1).encode(
        shape=alt.Shape("kind:N", title=None, legend=alt.Legend(orient="top")),
        color=alt.Color("kind:N", title=None, legend=alt.Legend(orient="top")),
        tooltip=[alt.Tooltip("model:N", title="Model"), alt.Tooltip("released:N", title="Released"), alt.Tooltip("kind:N", title="Kind")],
    )
    first, last = frame["released"].min(), frame["released"].max()
    before, at_last = (base.transform_filter(f"datum.released {sign} '{last}'").encode(text="short:N") for sign in ("!=", "=="))
    words = [  # the last name stands left of its mark: on the right it would leave the chart
        before.mark_text(align="left", dx=9, fontSize=12, color=LEGIBLE[theme]),
        at_last.mark_text(align="right", dx=-9, fontSize=12, color=LEGIBLE[theme]),
    ]
    newest = frame[frame["released"] == last]["model"].tolist()
    title = f"{len(frame)} releases from {first[:7]} to {last[:7]}; the latest is {units.listed(newest)}"
    told = "; ".join(f"{row.released}: {row.model} ({row.kind})" for row in frame.sort_values(["released", "model"]).itertuples())
    return Chart(title, alt.layer(marks, *words).properties(height=alt.Step(26)), f"Release dates. {told}.")


def monthly_costs(found: Recommendation, theme: str) -> Chart | None:
    """What the pick and the best offer of each other variant that fits cost in a month; None where nothing fits."""
    if found.pick is None:
        return None
    rows = sorted([found.pick, *(other.judged for other in found.alternatives)], key=lambda j: (j.monthly, j is not found.pick, j.plan.id))
    frame = pd.DataFrame(
        {
            "label": f"{j.plan.variant.name}, {j.plan.where}",
            "usd": j.monthly,
            "low": float(j.cost.low),
            "high": float(j.cost.high),
            "shown": units.usd(j.cost.base) + (", the pick" if j is found.pick else ""),
        }
        for j in rows
    )
    order = frame["label"].tolist()
    base = alt.Chart(frame).encode(y=alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=330, ticks=False, domain=False)))
    bars = base.mark_bar(height=14).encode(
        x=alt.X("usd:Q", title="US dollars a month", axis=alt.Axis(format="$,~f", grid=False, tickCount=5)),
        tooltip=[alt.Tooltip("label:N", title="Plan"), alt.Tooltip("shown:N", title="A month")],
    )
    spread = base.mark_rule(strokeWidth=2, color=LEGIBLE[theme], opacity=0.7).encode(x="low:Q", x2="high:Q")
    words = base.mark_text(align="left", dx=6, fontSize=12, color=LEGIBLE[theme]).encode(x="high:Q", text="shown:N")
    cheapest = rows[0].plan
    title = f"{cheapest.variant.name} at {cheapest.where} costs least of what fits: {units.usd(rows[0].cost.base)} a month"
    told = "; ".join(f"{row.label} {row.shown}" for row in frame.itertuples())
    return Chart(
        title,
        alt.layer(bars, spread, words).properties(height=alt.Step(30)),
        f"Monthly cost at the cheapest offer of each variant that fits. {told}.",
    )
