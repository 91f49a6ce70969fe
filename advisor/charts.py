"""Charts as Altair specifications, each with its title and its text alternative; the theme comes from the page."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from advisor import units
from advisor.catalog.load import Catalog, Family
from advisor.recommend import Recommendation

LEGIBLE = {"light": "#0d141b", "dark": "#e4eaf0"}
"""Colour of text marks, which do not follow the theme by themselves (4.5:1 on the theme's background)."""


class Chart(NamedTuple):
    """A chart with the sentence above it and the words for those who do not see it."""

    title: str
    chart: Any
    alt: str


def release_timeline(family: Family, theme: str) -> Chart | None:
    """Releases over time, a mark a variant, embedders and rerankers by shape; None where no date is known."""
    dated = [(key, v) for key, v in sorted(family.variants.items()) if v.released]
    if not dated:
        return None
    frame = pd.DataFrame({"model": v.name, "released": v.released.isoformat() if v.released else "", "kind": v.kind} for _, v in dated)
    frame["row"] = frame.sort_values(["kind", "model"]).groupby("released").cumcount()
    frame["short"] = frame["model"].str.replace(f"{family.facts.name} ", "", regex=False)
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
        shape=alt.Shape("kind:N", title=None, legend=alt.Legend(orient="top", symbolStrokeColor="#7b8794", symbolFillColor="#7b8794")),
        color=alt.Color("kind:N", title=None, legend=None),
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("released:T", title="Released", format="%Y-%m-%d"),
            alt.Tooltip("kind:N", title="Kind"),
        ],
    )
    last = frame["released"].max()
    before, at_last = (base.transform_filter(f"datum.released {sign} '{last}'").encode(text="short:N") for sign in ("!=", "=="))
    words = [  # the last name stands left of its mark: on the right it would leave the chart
        before.mark_text(align="left", dx=9, fontSize=12, color=LEGIBLE[theme]),
        at_last.mark_text(align="right", dx=-9, fontSize=12, color=LEGIBLE[theme]),
    ]
    first, newest = frame["released"].min(), frame[frame["released"] == last]["model"].tolist()
    title = f"{len(frame)} releases from {first[:7]} to {last[:7]}; the latest is {units.listed(newest)}"
    told = "; ".join(f"{row.released}: {row.model} ({row.kind})" for row in frame.sort_values(["released", "model"]).itertuples())
    height = 60 + 26 * (int(frame["row"].max()) + 1)
    return Chart(title, alt.layer(marks, *words).properties(height=height), f"Release dates. {told}.")


def monthly_costs(catalog: Catalog, found: Recommendation, theme: str) -> Chart | None:
    """What each variant that fits costs in a month at its cheapest offer, as bars with low and high; None where none fits."""
    best: dict[str, Any] = {}
    for judged in found.judged:
        if judged.excluded or judged.plan.monthly_usd is None:
            continue
        if judged.plan.variant_id not in best or judged.monthly < best[judged.plan.variant_id].monthly:
            best[judged.plan.variant_id] = judged
    if not best:
        return None
    rows = sorted(best.values(), key=lambda j: (j.monthly, j.plan.id))
    frame = pd.DataFrame(
        {
            "label": f"{j.plan.variant.name}, {j.plan.where}",
            "usd": j.monthly,
            "low": float(j.plan.monthly_usd.low),
            "high": float(j.plan.monthly_usd.high),
            "shown": units.usd(j.plan.monthly_usd.base)
            + (", the pick" if found.pick and j.plan.variant_id == found.pick.plan.variant_id else ""),
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
    title = f"{cheapest.variant.name} at {cheapest.where} costs least of what fits: {units.usd(cheapest.monthly_usd.base)} a month"
    told = "; ".join(f"{row.label} {row.shown}" for row in frame.itertuples())
    return Chart(
        title,
        alt.layer(bars, spread, words).properties(height=40 + 30 * len(frame)),
        f"Monthly cost at the cheapest offer of each variant that fits. {told}.",
    )
