"""Charts as Altair specifications, each with title and text alternative, in the page's theme.

Channels are written as objects, `alt.X2("high:Q")` for `"high:Q"`: Altair 6 goes through its whole
schema for each that is not, 5 ms of a page.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from advisor.base import formatting
from advisor.decide.recommend import Recommendation
from advisor.explain.other_plans import alternatives
from advisor.explain.sensitivity import Swing
from advisor.explain.sentences import month, parts_in_words, usd, usd_of
from advisor.family.facts import Release

# a chart is checked whole where that is asked for, not each part as it is made
alt.utils.schemapi.disable_debug_mode()
LEGIBLE = {"light": "#0d141b", "dark": "#e4eaf0"}
"""Colour of text marks, which do not follow the theme by themselves; 4.5:1 on its background."""


class Layers(alt.LayerChart):
    """Charts over one another, unchecked unless asked (tests do): pages draw them 20 ms sooner."""

    def to_dict(self, validate: bool = False, **named: Any) -> dict[str, Any]:
        """The specification as plain data."""
        return super().to_dict(validate, **named)


class Chart(NamedTuple):
    """A chart with the sentence above it and the words for those who do not see it."""

    title: str
    chart: Any
    alt: str


def words(base: alt.Chart, theme: str, field: str, size: int = 12, **mark: Any) -> Any:
    """A field of `base` as text in the theme's legible colour; `mark` is Vega-Lite's."""
    text = base.mark_text(fontSize=size, color=LEGIBLE[theme], **mark)
    return text.encode(text=alt.Text(f"{field}:N"))


def tooltip(**titles: str) -> list[alt.Tooltip]:
    """The fields that are shown at a mark, with their titles."""
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]


def axis_title(at_least: bool) -> str:
    """The title of an axis of costs, of which some parts may not be known."""
    return f"US dollars a month{', as far as is known' if at_least else ''}"


def left_out(not_known: Collection[str]) -> str:
    """` Not known and not drawn: keeping the index.`, or nothing: the end of a text alternative."""
    return f" Not known and not drawn: {parts_in_words(not_known)}." if not_known else ""


def _bar_names(field: str, order: list[str], **axis: Any) -> alt.Y:
    """The names of horizontal bars, one under another."""
    return alt.Y(field, sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, **axis))


def release_timeline(
    releases: list[Release], prefix: str, theme: str, replaced: Collection[str] = ()
) -> Chart | None:
    """Releases over time, a mark a variant, its kind by shape; `prefix` is left out of names.

    Those `replaced`, by name, are not called the latest.
    """
    if not releases:
        return None
    frame = pd.DataFrame(releases, columns=["model", "released", "kind"])
    frame["row"] = frame.sort_values(["kind", "model"]).groupby("released").cumcount()
    frame["short"] = frame["model"].str.removeprefix(prefix).str.strip()
    first, last = frame["released"].min(), frame["released"].max()
    frame["at_last"] = frame["released"] == last
    quarters = {"interval": "month", "step": 3}
    axis = alt.Axis(format="%b %Y", tickCount=quarters, grid=False)
    base = alt.Chart(frame).encode(
        x=alt.X("released:T", title=None, axis=axis, scale=alt.Scale(padding=40)),
        y=alt.Y("row:O", axis=None, sort="descending"),
    )
    marks = base.mark_point(filled=True, size=110, opacity=1).encode(
        shape=alt.Shape("kind:N", title=None, legend=alt.Legend(orient="top")),
        color=alt.Color("kind:N", title=None, legend=alt.Legend(orient="top")),
        tooltip=tooltip(model="Model", released="Released", kind="Kind"),
    )
    # not by `released`, which the chart has made a time of
    before, at_last = (base.transform_filter(f"{sign}datum.at_last") for sign in ("!", ""))
    names = [  # the last name stands left of its mark: on the right it would leave the chart
        words(before, theme, "short", align="left", dx=9),
        words(at_last, theme, "short", align="right", dx=-9),
    ]
    current = frame[~frame["model"].isin(list(replaced))]
    latest = current[current["released"] == current["released"].max()]["model"].tolist()
    span = f"in {first[:7]}" if first[:7] == last[:7] else f"from {first[:7]} to {last[:7]}"
    title = f"{formatting.counted(len(frame), 'release')} {span}"
    if 0 < len(latest) < len(frame):
        title += f"; the latest {'is' if len(latest) == 1 else 'are'} {formatting.listed(latest)}"
    sentences = "; ".join(
        f"{row.released}: {row.model} ({row.kind})"
        for row in frame.sort_values(["released", "model"]).itertuples()
    )
    chart = Layers(layer=[marks, *names]).properties(height=alt.Step(26))
    return Chart(title, chart, f"Release dates. {sentences}.")


def monthly_costs(recommendation: Recommendation, kind: str, theme: str) -> Chart | None:
    """A month of a step's pick and of its alternatives as bars; None where nothing fits."""
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    if pick is None:
        return None
    rows = sorted(
        [pick, *(other.judged for other in alternatives(recommendation, kind))],
        key=lambda j: (j.monthly, j is not pick, j.id),
    )
    frame = pd.DataFrame(
        {
            "label": f"{j.plan.variant.name}, {j.plan.where}",
            "lines": f"{j.plan.variant.name}|{j.plan.where}",
            "usd": j.monthly,
            "low": float(j.cost.low),
            "high": float(j.cost.high),
            "shown": usd_of(j.cost) + (", the pick" if j is pick else ""),
            "not_known": parts_in_words(j.cost.not_known),
        }
        for j in rows
    )
    split = "split(datum.label, '|')"
    base = alt.Chart(frame).encode(
        y=_bar_names("lines:N", frame["lines"].tolist(), labelExpr=split, labelLimit=170)
    )
    axis = alt.Axis(format="$,~f", grid=False, tickCount=4)
    scale = alt.Scale(domainMax=1.45 * (frame["high"].max() or 1))
    missing = pick.cost.at_least  # of all: they share a store
    bars = base.mark_bar(height=14).encode(
        x=alt.X("usd:Q", title=axis_title(missing), axis=axis, scale=scale),
        tooltip=tooltip(
            label="Plan", shown="A month", **({"not_known": "Not known"} if missing else {})
        ),
    )
    spread = base.mark_rule(strokeWidth=2, color=LEGIBLE[theme], opacity=0.7).encode(
        x=alt.X("low:Q"), x2=alt.X2("high:Q")
    )
    shown = words(base, theme, "shown", align="left", dx=6).encode(x=alt.X("high:Q"))
    known = ", as far as is known" if missing else ""
    sentences = "; ".join(f"{row.label} {row.shown}" for row in frame.itertuples())
    return Chart(
        f"{rows[0].named} costs least of what fits{known}: {month(rows[0].cost)}",
        Layers(layer=[bars, spread, shown]).properties(height=alt.Step(36)),
        "Monthly cost at the cheapest hosted offer and the cheapest own "
        f"machine of each variant that fits. {sentences}.{left_out(pick.cost.not_known)}",
    )


def tornado(rows: list[Swing], theme: str) -> Chart | None:
    """What each assumption alone does to the monthly total, the widest on top; None without any."""
    if not rows:
        return None
    first, base, missing = rows[0], rows[0].base_usd, rows[0].not_known
    columns = ["name", "side", "usd", "from", "shown"]
    ends = [
        (row.name, side, amount, base, f"{end}: {usd(amount, row.not_known)}")
        for row in rows
        for side, end, amount in (
            ("lower", row.first, row.first_usd),
            ("higher", row.second, row.second_usd),
        )
    ]
    names = _bar_names("name:N", [row.name for row in rows], labelLimit=260)
    chart = alt.Chart(pd.DataFrame(ends, columns=columns)).encode(y=names)
    axis = alt.Axis(format="$,~r", grid=False, tickCount=5)
    scale, sides = alt.Scale(zero=False, padding=90), alt.Scale(domain=["lower", "higher"])
    bars = chart.mark_bar(height=15).encode(
        x=alt.X("usd:Q", title=axis_title(bool(missing)), scale=scale, axis=axis),
        x2=alt.X2("from:Q"),
        color=alt.Color("side:N", title=None, scale=sides, legend=None),
        tooltip=tooltip(name="Assumption", shown="A month"),
    )
    below, above = (
        chart.transform_filter(f"datum.usd {sign} datum.from").encode(x=alt.X("usd:Q"))
        for sign in "<>"
    )
    at_ends = [
        words(below, theme, "shown", size=11, align="right", dx=-5),
        words(above, theme, "shown", size=11, align="left", dx=5),
    ]
    at_base = alt.Chart(pd.DataFrame({"usd": [base]})).encode(x=alt.X("usd:Q"))
    line = at_base.mark_rule(strokeWidth=2, color=LEGIBLE[theme])
    title = (
        f"The total moves most with {first.name[0].lower()}{first.name[1:]}: "
        f"{usd(first.first_usd, missing)} ({first.first}) to {usd(first.second_usd, missing)} "
        f"({first.second}), from {usd(base, missing)}"
    )
    sentences = "; ".join(
        f"{row.name}: {row.first} {usd(row.first_usd, missing)}, {row.second} "
        f"{usd(row.second_usd, missing)}"
        for row in rows
    )
    return Chart(
        title,
        Layers(layer=[bars, *at_ends, line]).properties(height=alt.Step(26)),
        f"What each assumption does to the monthly total of {usd(base, missing)}. {sentences}."
        f"{left_out(missing)}",
    )
