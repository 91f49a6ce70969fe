"""Charts as Altair specifications, each with its title and its text alternative; the theme comes from the page.

Channels are written as objects, `alt.X2("high:Q")` for `"high:Q"`: Altair 6 goes through its whole schema for each that is not, 5 ms of a page.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import break_even as crossing
from advisor.explain import reasons, what_would_change
from advisor.explain.sensitivity import Swing
from advisor.family.facts import Release
from advisor.show import tables

alt.utils.schemapi.disable_debug_mode()  # a chart is checked whole where that is asked for, not each part as it is made
LEGIBLE = {"light": "#0d141b", "dark": "#e4eaf0"}
"""Colour of text marks, which do not follow the theme by themselves (4.5:1 on the theme's background)."""


class Layers(alt.LayerChart):
    """Charts over one another, checked against Vega-Lite's schema where that is asked for: tests do, pages draw them as they are (20 ms sooner)."""

    def to_dict(self, validate: bool = False, **named: Any) -> dict[str, Any]:
        """The specification as plain data."""
        return super().to_dict(validate, **named)


class Chart(NamedTuple):
    """A chart with the sentence above it and the words for those who do not see it."""

    title: str
    chart: Any
    alt: str


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
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("released:N", title="Released"),
            alt.Tooltip("kind:N", title="Kind"),
        ],
    )
    first, last = frame["released"].min(), frame["released"].max()
    before, at_last = (
        base.transform_filter(f"datum.released {sign} '{last}'").encode(text=alt.Text("short:N"))
        for sign in ("!=", "==")
    )
    words = [  # the last name stands left of its mark: on the right it would leave the chart
        before.mark_text(align="left", dx=9, fontSize=12, color=LEGIBLE[theme]),
        at_last.mark_text(align="right", dx=-9, fontSize=12, color=LEGIBLE[theme]),
    ]
    newest = frame[frame["released"] == last]["model"].tolist()
    title = f"{len(frame)} releases from {first[:7]} to {last[:7]}; the latest is {formatting.listed(newest)}"
    sentences = "; ".join(
        f"{row.released}: {row.model} ({row.kind})"
        for row in frame.sort_values(["released", "model"]).itertuples()
    )
    return Chart(
        title,
        Layers(layer=[marks, *words]).properties(height=alt.Step(26)),
        f"Release dates. {sentences}.",
    )


def monthly_costs(recommendation: Recommendation, kind: str, theme: str) -> Chart | None:
    """What the pick of a step and the cheapest other plans of each variant that fits cost in a month; None where nothing fits."""
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return None
    rows = sorted(
        [pick, *(other.judged for other in reasons.alternatives(recommendation, kind))],
        key=lambda j: (j.monthly, j is not pick, j.id),
    )
    frame = pd.DataFrame(
        {
            "label": f"{j.plan.variant.name}, {j.plan.where}",
            "lines": f"{j.plan.variant.name}|{j.plan.where}",
            "usd": j.monthly,
            "low": float(j.cost.low),
            "high": float(j.cost.high),
            "shown": formatting.usd(j.cost.base) + (", the pick" if j is pick else ""),
        }
        for j in rows
    )
    order = frame["lines"].tolist()
    base = alt.Chart(frame).encode(
        y=alt.Y(
            "lines:N",
            sort=order,
            title=None,
            axis=alt.Axis(
                labelExpr="split(datum.label, '|')", labelLimit=170, ticks=False, domain=False
            ),
        )
    )
    bars = base.mark_bar(height=14).encode(
        x=alt.X(
            "usd:Q",
            title="US dollars a month",
            axis=alt.Axis(format="$,~f", grid=False, tickCount=4),
            scale=alt.Scale(domainMax=1.45 * frame["high"].max()),
        ),
        tooltip=[alt.Tooltip("label:N", title="Plan"), alt.Tooltip("shown:N", title="A month")],
    )
    spread = base.mark_rule(strokeWidth=2, color=LEGIBLE[theme], opacity=0.7).encode(
        x=alt.X("low:Q"), x2=alt.X2("high:Q")
    )
    words = base.mark_text(align="left", dx=6, fontSize=12, color=LEGIBLE[theme]).encode(
        x=alt.X("high:Q"), text=alt.Text("shown:N")
    )
    cheapest = rows[0]
    title = (
        f"{cheapest.named} costs least of what fits: {formatting.usd(cheapest.cost.base)} a month"
    )
    sentences = "; ".join(f"{row.label} {row.shown}" for row in frame.itertuples())
    return Chart(
        title,
        Layers(layer=[bars, spread, words]).properties(height=alt.Step(36)),
        f"Monthly cost at the cheapest hosted offer and the cheapest own machine of each variant that fits. {sentences}.",
    )


def trade_off(recommendation: Recommendation, kind: str, theme: str) -> Chart | None:
    """Score against monthly cost, a mark a plan; None where fewer than two models have a score and a cost above zero.

    Shape tells hosted from own, filled what fits from what is ruled out, the line joins the front, and the largest mark is the pick.
    The marks answer to a selection named `plan` with the field `id`.
    """
    shown, step = tables.drawn(recommendation, kind), recommendation.step(kind)
    if step is None or step.evidence.set is None or len({j.variant_id for j in shown}) < 2:
        return None
    front = what_would_change.front(recommendation, kind)
    frame = _trade_off_frame(shown, recommendation, front)
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
        _trade_off_title(recommendation, kind, front),
        Layers(layer=_trade_off_marks(base, theme), data=frame).properties(height=340),
        f"Score against monthly cost. {sentences}.",
    )


def _trade_off_marks(base: alt.Chart, theme: str) -> list[Any]:
    """The layers of the trade-off chart, from the back: ranges, the front's line, marks, names, and the word at the pick."""
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


def _trade_off_frame(
    shown: list[JudgedPlan], recommendation: Recommendation, front: set[str]
) -> pd.DataFrame:
    """A row a mark, in the order in which they are drawn: the pick last, over its ties, and the cheaper over the dearer; each model's name at its cheapest mark."""
    rows = [(what_would_change.standing(j, recommendation, front), j) for j in shown]
    rows.sort(
        key=lambda row: (-what_would_change.STANDINGS.index(row[0]), -row[1].monthly, row[1].id)
    )
    cheapest: dict[str, str] = {}
    for _, j in sorted(rows, key=lambda row: (row[1].monthly, row[1].id)):
        cheapest.setdefault(j.variant_id, j.id)
    # a free allocation may cover a whole month at best, and an axis whose steps multiply has no zero
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
            "month": f"{formatting.usd(j.cost.base)} ({formatting.usd_range(j.cost.low, j.cost.high)})",
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


def _trade_off_title(recommendation: Recommendation, kind: str, front: set[str]) -> str:
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
        return f"Both steps share {pick.plan.where} for {formatting.usd(recommendation.monthly)} a month together; alone the cheapest is {alone.named} for {formatting.usd(alone.monthly)}"
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
        return f"No {kind} that fits scores better; {_told_beside(max(worse, key=lambda j: (j.monthly, j.id)), pick, recommendation)}"
    return f"No {kind} that fits scores better or costs less than the pick"


def _told_beside(other: JudgedPlan, pick: JudgedPlan, recommendation: Recommendation) -> str:
    text = reasons.versus(recommendation, other, pick).removesuffix(".")
    return f"{other.named} would be {text[0].lower()}{text[1:]}"


def break_even(recommendation: Recommendation, own: JudgedPlan, theme: str) -> Chart | None:
    """Cost a month against tokens a month: a machine of one's own, by the count that the volume needs, against the priced offers; None without a load."""
    crossings = crossing.crossings(recommendation, own)
    if not crossings or own.plan.rent is None:
        return None
    capacity, load = crossings[0].capacity[1], float(own.plan.tokens.monthly)
    marks = [c.tokens[1] for c in crossings if c.tokens[1]]
    least, most = min([load, *marks, capacity]) / 30, max([load, *marks, capacity]) * 30
    volumes = [least * (most / least) ** (step / 160) for step in range(161)]
    rents = crossing.rents_usd(recommendation, own, volumes)
    rows = [
        {"tokens": v, "usd": usd, "line": own.plan.where}
        for v, usd in zip(volumes, rents, strict=True)
    ]
    shown: dict[float, str] = {}
    for c in crossings:
        price = float(c.offer.plan.figure("usd_per_1m_input"))
        shown[price] = (
            f"{shown[price]}, {c.offer.plan.where}"
            if price in shown
            else f"${price:g}: {c.offer.plan.where}"
        )
    for price, name in shown.items():
        rows += [{"tokens": v, "usd": v * price / 1e6, "line": name} for v in (least, most)]
    frame = pd.DataFrame(rows)
    x = alt.X(
        "tokens:Q",
        title="Tokens a month (each step of the axis multiplies)",
        scale=alt.Scale(type="log", domain=[least, most], nice=False),
        axis=alt.Axis(format="~s", grid=False, tickCount=6),
    )
    y = alt.Y(
        "usd:Q",
        title="US dollars a month",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format="$,~r", grid=False, tickCount=6),
    )
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2, clip=True)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "line:N", title=None, legend=alt.Legend(orient="top", columns=1, labelLimit=420)
            ),
            strokeDash=alt.StrokeDash(
                "line:N", title=None, legend=alt.Legend(orient="top", columns=1, labelLimit=420)
            ),
        )
    )
    here = pd.DataFrame([{"tokens": load, "word": "your workload"}])
    rule = (
        alt.Chart(here)
        .mark_rule(strokeDash=[3, 3], strokeWidth=2, color=LEGIBLE[theme])
        .encode(x=alt.X("tokens:Q"))
    )
    word = (
        alt.Chart(here)
        .mark_text(align="left", dx=5, y=8, fontSize=12, color=LEGIBLE[theme])
        .encode(x=alt.X("tokens:Q"), text=alt.Text("word:N"))
    )
    crossed = [
        {
            "tokens": c.tokens[1],
            "usd": c.tokens[1] * float(c.offer.plan.figure("usd_per_1m_input")) / 1e6,
        }
        for c in crossings
        if c.tokens[1]
    ]
    points = pd.DataFrame(
        [{**point, "word": formatting.large(round(point["tokens"]))} for point in crossed],
        columns=["tokens", "usd", "word"],
    )
    points = points.drop_duplicates("word").sort_values("tokens").reset_index(names="number")
    points_drawn = alt.Chart(points).encode(x=alt.X("tokens:Q"), y=alt.Y("usd:Q"))
    spots = points_drawn.mark_point(
        filled=True, shape="diamond", size=130, color=LEGIBLE[theme], opacity=1
    )
    above = (
        points_drawn.transform_filter("datum.number % 2 == 0")
        .mark_text(dy=-16, fontSize=12, color=LEGIBLE[theme])
        .encode(text=alt.Text("word:N"))
    )
    below = (
        points_drawn.transform_filter("datum.number % 2 == 1")
        .mark_text(dy=18, fontSize=12, color=LEGIBLE[theme])
        .encode(text=alt.Text("word:N"))
    )
    sentences = " ".join(crossing.sentence(c) for c in crossings)
    soonest = next((c for c in crossings if c.tokens[1]), None)
    title = (
        crossing.sentence(soonest)
        if soonest
        else f"Never: no offer is dear enough for {own.plan.where} to pay with {own.plan.variant.name}, however large the volume"
    )
    return Chart(
        title.removesuffix("."),
        Layers(layer=[lines, rule, word, spots, above, below]).properties(height=320),
        f"Monthly cost against tokens a month. Your workload: {formatting.large(round(load))} tokens. {sentences}",
    )


def tornado(rows: list[Swing], theme: str) -> Chart | None:
    """What each assumption alone does to the monthly total, the widest on top; None where none moves it."""
    if not rows:
        return None
    base = rows[0].base_usd
    frame = pd.DataFrame(
        {
            "name": row.name,
            "end": word,
            "usd": usd,
            "from": base,
            "shown": f"{word}: {formatting.usd(usd)}",
            "side": side,
        }
        for row in rows
        for side, word, usd in (
            ("lower", row.first, row.first_usd),
            ("higher", row.second, row.second_usd),
        )
    )
    order = [row.name for row in rows]
    chart = alt.Chart(frame).encode(
        y=alt.Y(
            "name:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelLimit=260, ticks=False, domain=False),
        )
    )
    bars = chart.mark_bar(height=15).encode(
        x=alt.X(
            "usd:Q",
            title="US dollars a month",
            scale=alt.Scale(zero=False, padding=90),
            axis=alt.Axis(format="$,~r", grid=False, tickCount=5),
        ),
        x2=alt.X2("from:Q"),
        color=alt.Color(
            "side:N", title=None, scale=alt.Scale(domain=["lower", "higher"]), legend=None
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Assumption"),
            alt.Tooltip("shown:N", title="A month"),
        ],
    )
    below = chart.transform_filter("datum.usd < datum.from").mark_text(
        align="right", dx=-5, fontSize=11, color=LEGIBLE[theme]
    )
    above = chart.transform_filter("datum.usd > datum.from").mark_text(
        align="left", dx=5, fontSize=11, color=LEGIBLE[theme]
    )
    words = [side.encode(x=alt.X("usd:Q"), text=alt.Text("shown:N")) for side in (below, above)]
    line = (
        alt.Chart(pd.DataFrame({"usd": [base]}))
        .mark_rule(strokeWidth=2, color=LEGIBLE[theme])
        .encode(x=alt.X("usd:Q"))
    )
    first = rows[0]
    title = f"The total moves most with {first.name[0].lower()}{first.name[1:]}: {formatting.usd(first.first_usd)} ({first.first}) to {formatting.usd(first.second_usd)} ({first.second}), from {formatting.usd(base)}"
    sentences = "; ".join(
        f"{row.name}: {row.first} {formatting.usd(row.first_usd)}, {row.second} {formatting.usd(row.second_usd)}"
        for row in rows
    )
    return Chart(
        title,
        Layers(layer=[bars, *words, line]).properties(height=alt.Step(26)),
        f"What each assumption does to the monthly total of {formatting.usd(base)}. {sentences}.",
    )
