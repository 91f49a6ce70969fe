"""Charts as Altair specifications, each with its title and its text alternative; the theme comes from the page."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from advisor import trade_offs, units
from advisor.recommend import Judged, Recommendation, versus

SHAPES = ("diamond", "circle", "square", "cross")
"""Shape of a mark by `trade_offs.STANDINGS`."""
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


def trade_off(found: Recommendation, theme: str) -> Chart | None:
    """Score against monthly cost, a mark a plan; None where fewer than two plans have a score and a cost above zero.

    The marks answer to a selection named `plan` with the field `id`.
    """
    shown = [j for j in found.judged if j.quality is not None and j.plan.monthly_usd is not None and j.cost.low > 0]
    if found.evidence.set is None or len(shown) < 2:
        return None
    front = trade_offs.front(found)
    frame = _trade_off_frame(shown, found, front)
    named = frame.iloc[::-1].drop_duplicates("model")  # the pick, else the front's cheapest
    order = list(trade_offs.STANDINGS)
    least, most = frame["low"].min(), frame["high"].max()
    base = alt.Chart(frame).encode(
        x=alt.X(
            "usd:Q",
            title="US dollars a month (each step of the axis multiplies)",
            scale=alt.Scale(type="log", domain=[least / 1.5, most * 2.5], nice=False),
            axis=alt.Axis(values=_dollar_ticks(least, most), format="$,~r", grid=False),
        ),
        y=alt.Y("score:Q", title=f"Score on {found.evidence.set.name}", scale=alt.Scale(zero=False, padding=18), axis=alt.Axis(grid=False)),
    )
    chosen = alt.selection_point(name="plan", fields=["id"])
    spread = base.mark_rule(strokeWidth=2, color=LEGIBLE[theme], opacity=0.45).encode(x=alt.X("low:Q"), x2="high:Q")
    legend = alt.Legend(orient="top")
    marks = (
        base.mark_point(filled=True, opacity=1)
        .encode(
            size=alt.condition("datum.standing == 'the pick'", alt.value(320), alt.value(120)),  # seen over a tie
            shape=alt.Shape("standing:N", title=None, scale=alt.Scale(domain=order, range=list(SHAPES)), legend=legend),
            color=alt.Color("standing:N", title=None, scale=alt.Scale(domain=order), legend=legend),
            tooltip=[
                alt.Tooltip("label:N", title="Plan"),
                alt.Tooltip("points:N", title="Score"),
                alt.Tooltip("month:N", title="A month"),
                alt.Tooltip("standing:N", title="Standing"),
            ],
        )
        .add_params(chosen)
    )
    words = (
        base.transform_filter(alt.FieldOneOfPredicate(field="id", oneOf=named["id"].tolist()))
        .mark_text(align="center", dy=-13, fontSize=12, color=LEGIBLE[theme])
        .encode(text="model:N")
    )
    told = "; ".join(f"{row.label}: {row.points} for {row.month}, {row.standing}" for row in frame.itertuples())
    return Chart(
        _trade_off_title(found, front), alt.layer(spread, marks, words).properties(height=330), f"Score against monthly cost. {told}."
    )


def _trade_off_frame(shown: list[Judged], found: Recommendation, front: set[str]) -> pd.DataFrame:
    """A row a mark, in the order in which they are drawn: the pick last, over its ties, and the cheaper over the dearer."""
    rows = [(trade_offs.standing(j, found, front), j) for j in shown]
    rows.sort(key=lambda row: (-trade_offs.STANDINGS.index(row[0]), -row[1].monthly, row[1].plan.id))
    return pd.DataFrame(
        {
            "id": j.plan.id,
            "model": j.plan.variant.name,
            "label": f"{j.plan.variant.name}, {j.plan.where}",
            "score": j.quality,
            "points": units.points(j.quality),
            "usd": j.monthly,
            "low": float(j.cost.low),
            "high": float(j.cost.high),
            "month": f"{units.usd(j.cost.base)} ({units.usd_range(j.cost.low, j.cost.high)})",
            "standing": standing,
        }
        for standing, j in rows
    )


def _dollar_ticks(least: float, most: float) -> list[float]:
    """1, 2, 5 of each power of ten in reach, or the powers alone where these are many."""
    ticks = [n * 10.0**power for power in range(-8, 13) for n in (1, 2, 5) if least / 2 <= n * 10.0**power <= most * 2]
    return ticks if len(ticks) <= 9 else [tick for tick in ticks if f"{tick:e}"[0] == "1"]


def _trade_off_title(found: Recommendation, front: set[str]) -> str:
    """What the chart shows: what a better score costs, else what a lower one saves."""
    pick = found.pick
    if pick is None:
        return "Every plan with a score is ruled out"
    if pick.quality is None:
        return f"{pick.plan.variant.name} has no score here; the others trade score for cost"
    ranked = [(j, j.quality - pick.quality) for j in found.judged if j.plan.id in front and j.quality is not None]
    better = [j for j, gain in ranked if gain > 0]
    worse = [j for j, gain in ranked if gain < 0]
    if better:
        return _told_beside(min(better, key=lambda j: (j.monthly, j.plan.id)), pick, found)
    if worse:
        return f"No plan that fits scores better; {_told_beside(max(worse, key=lambda j: (j.monthly, j.plan.id)), pick, found)}"
    return "No plan that fits scores better or costs less than the pick"


def _told_beside(other: Judged, pick: Judged, found: Recommendation) -> str:
    text = versus(other, pick, found.evidence).removesuffix(".")
    return f"{other.plan.variant.name} would be {text[0].lower()}{text[1:]}"
