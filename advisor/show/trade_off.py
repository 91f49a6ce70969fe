"""Score against monthly cost: the chart of the plans between which a step is decided."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import what_would_change
from advisor.explain.other_plans import versus
from advisor.show import tables
from advisor.show.charts import LEGIBLE, Chart, Layers


def chart(recommendation: Recommendation, kind: str, theme: str) -> Chart | None:
    """Score against monthly cost, a mark a plan; None where fewer than two models have both.

    The marks answer to a selection named `plan` with the field `id`.
    """
    shown, step = tables.drawn(recommendation, kind), recommendation.step(kind)
    if step is None or step.evidence.set is None or len({j.variant_id for j in shown}) < 2:
        return None
    front = what_would_change.front(recommendation, kind)
    frame = _frame(shown, recommendation, front)
    least, most = frame["low"].min(), frame["high"].max()
    base = alt.Chart().encode(
        x=alt.X(
            "usd:Q",
            title="US dollars a month (each step of the axis multiplies)",
            scale=alt.Scale(
                type="log", domain=[least / 1.3 / (most / least) ** 0.35, most * 1.3], nice=False
            ),  # the names stand on the left
            axis=alt.Axis(values=_dollar_ticks(least, most), format="$,~r", grid=False),
        ),
        y=alt.Y(
            "score:Q",
            title=f"Score on {step.evidence.set.name}",
            scale=alt.Scale(zero=False, padding=18),
            axis=alt.Axis(grid=False, format=".1f", tickCount=6, titleLimit=320),
        ),
    )
    sentences = "; ".join(
        f"{row.label}: {row.points} for {row.month}, {row.standing}" for row in frame.itertuples()
    )
    return Chart(
        _title(recommendation, kind, front),
        Layers(layer=_marks(base, theme), data=frame).properties(height=340),
        f"Score against monthly cost. {sentences}.",
    )


def _marks(base: alt.Chart, theme: str) -> list[Any]:
    """The layers from the back: ranges, the front's line, marks, names, the word at the pick."""
    chosen = alt.selection_point(name="plan", fields=["id"])
    spread = base.mark_rule(strokeWidth=1.5, color=LEGIBLE[theme]).encode(
        x=alt.X("low:Q"),
        x2=alt.X2("high:Q"),
        opacity=alt.OpacityValue(
            0.4, condition={"test": "datum.standing == 'ruled out'", "value": 0.12}
        ),
    )
    steps = (
        base.transform_filter("datum.front")
        .mark_line(
            interpolate="step-after",
            strokeDash=[5, 4],
            strokeWidth=1.5,
            color=LEGIBLE[theme],
            opacity=0.7,
        )
        .encode(order=alt.Order("usd:Q"))
    )
    legend = alt.Legend(
        orient="top", columns=2, symbolFillColor=LEGIBLE[theme], symbolStrokeColor=LEGIBLE[theme]
    )
    colours = alt.Legend(orient="top", columns=2, symbolType="stroke", symbolStrokeWidth=6)
    marks = (
        base.mark_point(strokeWidth=2, opacity=1)
        .encode(
            size=alt.SizeValue(
                110, condition={"test": "datum.standing == 'the pick'", "value": 340}
            ),  # seen over a tie
            shape=alt.Shape(
                "where:N",
                title=None,
                scale=alt.Scale(domain=["hosted", "own machine"], range=["circle", "square"]),
                legend=legend,
            ),
            color=alt.Color(
                "standing:N",
                title=None,
                scale=alt.Scale(domain=list(what_would_change.STANDINGS)),
                legend=colours,
            ),
            fill=alt.Fill(
                "standing:N",
                scale=alt.Scale(domain=list(what_would_change.STANDINGS)),
                legend=None,
                condition={"test": "datum.standing == 'ruled out'", "value": "transparent"},
            ),
            tooltip=[
                alt.Tooltip("label:N", title="Plan"),
                alt.Tooltip("points:N", title="Score"),
                alt.Tooltip("month:N", title="A month"),
                alt.Tooltip("standing:N", title="Standing"),
            ],
        )
        .add_params(chosen)
    )
    names = (
        base.transform_filter("datum.named")
        .mark_text(align="right", dx=-12, fontSize=12, color=LEGIBLE[theme])
        .encode(x=alt.X("low:Q"), text=alt.Text("model:N"))
    )
    picked = (
        base.transform_filter("datum.standing == 'the pick'")
        .mark_text(dy=-18, fontSize=12, fontWeight="bold", color=LEGIBLE[theme])
        .encode(text=alt.Text("standing:N"))
    )
    return [spread, steps, marks, names, picked]


def _frame(
    shown: list[JudgedPlan], recommendation: Recommendation, front: set[str]
) -> pd.DataFrame:
    """A row a mark as drawn: the pick over its ties, the cheaper over the dearer; names once."""
    rows = [(what_would_change.standing(j, recommendation, front), j) for j in shown]
    rows.sort(
        key=lambda row: (-what_would_change.STANDINGS.index(row[0]), -row[1].monthly, row[1].id)
    )
    cheapest: dict[str, str] = {}
    for _, j in sorted(rows, key=lambda row: (row[1].monthly, row[1].id)):
        cheapest.setdefault(j.variant_id, j.id)
    # a free allocation may cover a whole month at best, and an axis whose steps multiply has no
    # zero
    least = min(amount for j in shown for amount in (float(j.cost.low), j.monthly) if amount > 0)
    return pd.DataFrame(
        {
            "id": j.id,
            "model": j.plan.variant.name,
            "named": cheapest[j.variant_id] == j.id,
            "label": f"{j.plan.variant.name}, {j.plan.where}",
            "where": "hosted" if j.hosted else "own machine",
            "score": j.quality,
            "points": formatting.points(j.quality),
            "usd": j.monthly,
            "low": max(float(j.cost.low), least),
            "high": float(j.cost.high),
            "month": f"{formatting.usd(j.cost.base)} "
            f"({formatting.usd_range(j.cost.low, j.cost.high)})",
            "standing": standing,
            "front": j.id in front,
        }
        for standing, j in rows
    )  # fmt: skip


def _dollar_ticks(least: float, most: float) -> list[float]:
    """1, 2, 5 of each power of ten in reach, or the powers alone where these are many."""
    ticks = [
        n * 10.0**power
        for power in range(-8, 13)
        for n in (1, 2, 5)
        if least / 2 <= n * 10.0**power <= most * 2
    ]
    return ticks if len(ticks) <= 9 else [tick for tick in ticks if f"{tick:e}"[0] == "1"]


def _title(recommendation: Recommendation, kind: str, front: set[str]) -> str:
    """What the chart shows: what a better score costs, else what a lower one saves."""
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return (
            f"Every {kind} plan with a score is ruled out"
            if not recommendation.pick and not any(True for _ in recommendation.fitting(kind))
            else f"What each {kind} scores and costs"
        )
    if pick.quality is None:
        return f"{pick.plan.variant.name} has no score here; the others trade score for cost"
    if recommendation.pick is not None and recommendation.pick.shared:
        alone = min(
            recommendation.fitting(kind),
            key=lambda j: (j.variant_id != pick.variant_id, j.monthly, j.id),
        )
        return (
            f"Both steps share {pick.plan.where} for {formatting.usd(recommendation.monthly)} a "
            f"month together; alone the cheapest is {alone.named} for "
            f"{formatting.usd(alone.monthly)}"
        )
    ranked = [
        (j, j.quality - pick.quality)
        for j in recommendation.fitting(kind)
        if j.id in front and j.quality is not None
    ]
    better = [j for j, gain in ranked if gain > 0]
    worse = [j for j, gain in ranked if gain < 0]
    if better:
        return _told_beside(min(better, key=lambda j: (j.monthly, j.id)), pick, recommendation)
    if worse:
        return (
            f"No {kind} that fits scores better; "
            f"{_told_beside(max(worse, key=lambda j: (j.monthly, j.id)), pick, recommendation)}"
        )
    return f"No {kind} that fits scores better or costs less than the pick"


def _told_beside(other: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation) -> str:
    text = versus(recommendation, other, pick).removesuffix(".")
    return f"{other.named} would be {text[0].lower()}{text[1:]}"
