"""Break-even: the chart of a machine's cost against that of the offers, by volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import break_even
from advisor.explain.break_even import Crossing
from advisor.show.charts import LEGIBLE, Chart, Layers, words


def chart(recommendation: Recommendation, own: JudgedPlan, theme: str) -> Chart | None:
    """US dollars against tokens a month: as many machines as are needed, and the priced offers."""
    crossings = break_even.crossings(recommendation, own)
    if not crossings or own.plan.rent is None:
        return None
    capacity, load = crossings[0].capacity[1], float(own.plan.tokens.monthly)
    marks = [c.tokens[1] for c in crossings if c.tokens[1]]
    least, most = min([load, *marks, capacity]) / 30, max([load, *marks, capacity]) * 30
    volumes = [least * (most / least) ** (step / 160) for step in range(161)]
    layers = [
        _lines(recommendation, own, crossings, volumes),
        *_load_marks(load, theme),
        *_crossing_marks(crossings, theme),
    ]
    sentences = " ".join(break_even.sentence(c) for c in crossings)
    told = (
        "Monthly cost against tokens a month. "
        f"Your workload: {formatting.large(round(load))} tokens. {sentences}"
    )
    return Chart(_title(own, crossings), Layers(layer=layers).properties(height=320), told)


def _title(own: JudgedPlan, crossings: Sequence[Crossing]) -> str:
    """The crossing that comes soonest, in words, or that there is none."""
    soonest = next((c for c in crossings if c.tokens[1]), None)
    if soonest:
        return break_even.sentence(soonest).removesuffix(".")
    return (
        f"Never: no offer is dear enough for {own.plan.where} to pay with "
        f"{own.plan.variant.name}, however large the volume"
    )


def _lines(
    recommendation: Recommendation,
    own: JudgedPlan,
    crossings: Sequence[Crossing],
    volumes: Sequence[float],
) -> Any:
    """A line for the machines, with its steps, and one for each price of an offer."""
    rents = break_even.rents_usd(recommendation, own, volumes)
    rows = [
        {"tokens": tokens, "usd": usd, "line": own.plan.where}
        for tokens, usd in zip(volumes, rents, strict=True)
    ]
    names: dict[float, str] = {}
    for crossing in crossings:
        price, where = _price(crossing), crossing.offer.plan.where
        first = f"{break_even.offer_price(crossing.offer).removesuffix(' / 1M')}: {where}"
        names[price] = f"{names[price]}, {where}" if price in names else first
    ends = (volumes[0], volumes[-1])
    for price, name in names.items():
        rows += [{"tokens": v, "usd": v * price / 1e6, "line": name} for v in ends]
    legend = alt.Legend(orient="top", columns=1, labelLimit=420)
    lines = alt.Chart(pd.DataFrame(rows)).mark_line(strokeWidth=2, clip=True)
    dollars, scale = alt.Axis(format="$,~r", grid=False, tickCount=6), alt.Scale(type="log")
    return lines.encode(
        x=alt.X(
            "tokens:Q",
            title="Tokens a month (log scale)",
            scale=alt.Scale(type="log", domain=list(ends), nice=False),
            axis=alt.Axis(format="~s", grid=False, tickCount=6),
        ),
        y=alt.Y("usd:Q", title="US dollars a month", scale=scale, axis=dollars),
        color=alt.Color("line:N", title=None, legend=legend),
        strokeDash=alt.StrokeDash("line:N", title=None, legend=legend),
    )


def _load_marks(load: float, theme: str) -> list[Any]:
    """A rule at the workload's own volume, and its word."""
    frame = pd.DataFrame([{"tokens": load, "word": "your workload"}])
    base = alt.Chart(frame).encode(x=alt.X("tokens:Q"))
    rule = base.mark_rule(strokeDash=[3, 3], strokeWidth=2, color=LEGIBLE[theme])
    return [rule, words(base, theme, "word", align="left", dx=5, y=8)]


def _crossing_marks(crossings: Sequence[Crossing], theme: str) -> list[Any]:
    """A mark where the lines cross, its volume above and below in turn, so that none is covered."""
    marks = [(c.tokens[1], _price(c)) for c in crossings if c.tokens[1]]
    rows = [(n, n * price / 1e6, formatting.large(round(n))) for n, price in marks]
    frame = pd.DataFrame(rows, columns=["tokens", "usd", "word"])
    frame = frame.drop_duplicates("word").sort_values("tokens").reset_index(names="number")
    base = alt.Chart(frame).encode(x=alt.X("tokens:Q"), y=alt.Y("usd:Q"))
    even, odd = (base.transform_filter(f"datum.number % 2 == {rest}") for rest in (0, 1))
    spots = base.mark_point(filled=True, shape="diamond", size=130, color=LEGIBLE[theme], opacity=1)
    return [spots, words(even, theme, "word", dy=-16), words(odd, theme, "word", dy=18)]


def _price(crossing: Crossing) -> float:
    return float(crossing.offer.plan.figure("usd_per_1m_input"))
