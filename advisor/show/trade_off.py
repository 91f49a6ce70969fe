"""Score against monthly cost: the chart of the plans between which a step is decided."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.explain import what_would_change
from advisor.explain.other_plans import versus
from advisor.explain.sentences import parts_in_words, usd_of
from advisor.show import tables
from advisor.show.charts import LEGIBLE, Chart, Layers, axis_title, left_out, tooltip, words


def chart(recommendation: Recommendation, kind: str, theme: str) -> Chart | None:
    """Score against monthly cost, a mark a plan; None where fewer than two models have both.

    The marks answer to a selection named `plan` with the field `id`.
    """
    shown, step = tables.drawn(recommendation, kind), recommendation.step(kind)
    if step is None or step.evidence.set is None or len({j.variant_id for j in shown}) < 2:
        return None
    front = what_would_change.front(recommendation, kind)
    frame = _frame(shown, recommendation, front)
    least, most, missing = frame["low"].min(), frame["high"].max(), _missing(shown)
    reach = [least / 1.3 / (most / least) ** 0.35, most * 1.3]  # the names stand on the left
    base = alt.Chart().encode(
        x=alt.X(
            "usd:Q",
            title=f"{axis_title(bool(missing))} (log scale)",
            scale=alt.Scale(type="log", domain=reach, nice=False),
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
        Layers(layer=_marks(base, theme, bool(missing)), data=frame).properties(height=340),
        f"Score against monthly cost. {sentences}.{left_out(missing)}",
    )


def _missing(shown: list[JudgedPlan]) -> tuple[str, ...]:
    """The parts of the costs that are not known of some plan."""
    return tuple(dict.fromkeys(name for j in shown for name in j.cost.not_known))


def _marks(base: alt.Chart, theme: str, at_least: bool) -> list[Any]:
    """The layers from the back: ranges, the front's line, marks, names, the word at the pick."""
    chosen = alt.selection_point(name="plan", fields=["id"])
    ink, ruled_out = LEGIBLE[theme], "datum.standing == 'ruled out'"
    picked = "datum.standing == 'the pick'"
    faint = alt.OpacityValue(0.4, condition={"test": ruled_out, "value": 0.12})
    large = alt.SizeValue(110, condition={"test": picked, "value": 340})  # seen over a tie
    spread = base.mark_rule(strokeWidth=1.5, color=ink).encode(
        x=alt.X("low:Q"), x2=alt.X2("high:Q"), opacity=faint
    )
    steps = base.transform_filter("datum.front").mark_line(
        interpolate="step-after", strokeDash=[5, 4], strokeWidth=1.5, color=ink, opacity=0.7
    )
    legend = alt.Legend(orient="top", columns=2, symbolFillColor=ink, symbolStrokeColor=ink)
    colours = alt.Legend(orient="top", columns=2, symbolType="stroke", symbolStrokeWidth=6)
    shapes = alt.Scale(domain=["hosted", "own machine"], range=["circle", "square"])
    standings = alt.Scale(domain=list(what_would_change.STANDINGS))
    hollow = {"test": ruled_out, "value": "transparent"}
    marks = base.mark_point(strokeWidth=2, opacity=1).encode(
        size=large,
        shape=alt.Shape("where:N", title=None, scale=shapes, legend=legend),
        color=alt.Color("standing:N", title=None, scale=standings, legend=colours),
        fill=alt.Fill("standing:N", scale=standings, legend=None, condition=hollow),
        tooltip=tooltip(
            label="Plan",
            points="Score",
            month="A month",
            **({"not_known": "Not known"} if at_least else {}),
            standing="Standing",
        ),
    )
    cheapest = base.transform_filter("datum.named").encode(x=alt.X("low:Q"))
    at_pick = base.transform_filter(picked)
    return [
        spread,
        steps.encode(order=alt.Order("usd:Q")),
        marks.add_params(chosen),
        words(cheapest, theme, "model", align="right", dx=-12),
        words(at_pick, theme, "standing", dy=-18, fontWeight="bold"),
    ]


def _frame(
    shown: list[JudgedPlan], recommendation: Recommendation, front: set[str]
) -> pd.DataFrame:
    """A row a mark as drawn: the pick over its ties, the cheaper over the dearer; names once."""
    standings = what_would_change.STANDINGS
    rows = [(what_would_change.standing(j, recommendation, front), j) for j in shown]
    rows.sort(key=lambda row: (-standings.index(row[0]), -row[1].monthly, row[1].id))
    cheapest: dict[str, str] = {}
    for j in sorted(shown, key=lambda j: (j.monthly, j.id)):
        cheapest.setdefault(j.variant_id, j.id)
    # a free allocation may cover a month at best, and an axis whose steps multiply has no zero
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
            "month": f"{usd_of(j.cost)} ({formatting.usd_range(j.cost.low, j.cost.high)})",
            "not_known": parts_in_words(j.cost.not_known),
            "standing": standing,
            "front": j.id in front,
        }
        for standing, j in rows
    )  # fmt: skip


def _dollar_ticks(least: float, most: float) -> list[float]:
    """1, 2, 5 of each power of ten in reach, or the powers alone where these are many."""
    steps = [n * 10.0**power for power in range(-8, 13) for n in (1, 2, 5)]
    ticks = [step for step in steps if least / 2 <= step <= most * 2]
    return ticks if len(ticks) <= 9 else [tick for tick in ticks if f"{tick:e}"[0] == "1"]


def _title(recommendation: Recommendation, kind: str, front: set[str]) -> str:
    """What the chart shows: what a better score costs, else what a lower one saves."""
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    fitting = list(recommendation.fitting(kind))
    if pick is None:
        if recommendation.pick or fitting:
            return f"What each {kind} scores and costs"
        return f"Every {kind} plan with a score is ruled out"
    if pick.quality is None:
        return f"{pick.plan.variant.name} has no score here; the others trade score for cost"
    if recommendation.pick is not None and recommendation.pick.shared:
        alone = min(fitting, key=lambda j: (j.variant_id != pick.variant_id, j.monthly, j.id))
        together = f"{usd_of(recommendation.pick.monthly_usd)} a month together"
        return (
            f"Both steps share {pick.plan.where} for {together}; alone the cheapest is "
            f"{alone.named} for {usd_of(alone.cost)}"
        )
    ranked = sorted(
        (j for j in fitting if j.id in front),
        key=lambda j: (j.monthly, preference(recommendation, j)),
    )
    gains = [(j, j.quality - pick.quality) for j in ranked if j.quality is not None]
    better = [j for j, gain in gains if gain > 0]
    worse = [j for j, gain in gains if gain < 0]
    if better:
        return _told_beside(better[0], pick, recommendation)
    if worse:
        dearest = min(worse, key=lambda j: (-j.monthly, preference(recommendation, j)))
        told = _told_beside(dearest, pick, recommendation)
        return f"No {kind} that fits scores better; {told}"
    return f"No {kind} with a score that fits is better or cheaper than the pick"


def _told_beside(other: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation) -> str:
    text = versus(recommendation, other, pick).removesuffix(".")
    return f"{other.named} would be {text[0].lower()}{text[1:]}"
