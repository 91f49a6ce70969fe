"""Which assumption moves the monthly total most, and what another volume would cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload, bounds, unused
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.decide import build
from advisor.decide.choosing import BASE, Ends, total_usd
from advisor.decide.recommend import Recommendation
from advisor.explain import sentences, what_would_change
from advisor.explain.what_would_change import again, volume_now
from advisor.sizing.ranges import Cost

FACTOR = 2.0
"""By which volumes and lengths are halved and doubled."""
FILLINGS = (0.9, 0.5)
"""Fillings at the peak between which machines are counted: the fuller the cheaper."""
VOLUMES = (0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)
"""Steps of the what-if volume, in times of the stated one."""
TRAFFIC = ("queries_per_month", "new_passages_per_month")


class Swing(NamedTuple):
    """An assumption's two ends in words, and US dollars a month of the pick there and without.

    `not_known` names the parts of the cost that none of them has.
    """

    name: str
    first: str
    second: str
    first_usd: float
    second_usd: float
    base_usd: float
    not_known: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        """US dollars between the least and the most."""
        values = (self.first_usd, self.second_usd, self.base_usd)
        return max(values) - min(values)


def swings(catalog: Catalog, recommendation: Recommendation) -> list[Swing]:
    """What each assumption alone does to the total of the pick, which is kept; the widest first."""
    if recommendation.choice is None or recommendation.pick is None:
        return []
    base = total_usd(recommendation.table, recommendation.choice, BASE)
    missing, ends = recommendation.pick.monthly_usd.not_known, _ends(catalog, recommendation)
    rows = [Swing(name, first, second, *usd, base, missing) for name, first, second, usd in ends]
    return sorted((row for row in rows if row.width >= 0.005), key=lambda row: -row.width)


def _ends(
    catalog: Catalog, recommendation: Recommendation
) -> Iterator[tuple[str, str, str, tuple[float, float]]]:
    choice, table = recommendation.choice, recommendation.table
    assert choice is not None

    def usd(ends: Ends) -> float:
        return total_usd(table, choice, ends)

    fast, slow = usd(Ends(own="low")), usd(Ends(own="high"))
    yield "Speed of your machines", "fast end", "slow end", (fast, slow)
    low, high = usd(Ends(keeping="low")), usd(Ends(keeping="high"))
    yield "Price of vector storage", "low", "high", (low, high)
    yield "What providers bill", "the least", "all", (usd(Ends(hosted="low")), usd(BASE))
    for field in what_would_change.VOLUMES:
        if field in unused(recommendation.workload.task):
            continue
        steps = [scaled(recommendation.workload, field, factor) for factor in (1 / FACTOR, FACTOR)]
        if all(steps):
            first, second = (_usd(catalog, recommendation, step) for step in steps)
            name = Workload.model_fields[field].title or field
            yield name, f"× {1 / FACTOR:g}", f"× {FACTOR:g}", (first, second)
    first, second = (
        _usd(catalog, recommendation, {}, {"target_utilisation": filling}) for filling in FILLINGS
    )
    name = Assumptions.model_fields["target_utilisation"].title or "target_utilisation"
    yield name, f"{FILLINGS[0]:.0%}", f"{FILLINGS[1]:.0%}", (first, second)


def _usd(
    catalog: Catalog,
    recommendation: Recommendation,
    stated: dict[str, Any],
    assumed: dict[str, Any] | None = None,
) -> float:
    """US dollars a month of the same pick for another workload, or under another assumption."""
    workload = recommendation.workload.model_copy(update=stated)
    assumptions = recommendation.assumptions.model_copy(update=assumed or {})
    table = build.build_plans(catalog, workload, recommendation.today, assumptions)
    assert recommendation.choice is not None
    return total_usd(table, recommendation.choice, BASE)


def scaled(workload: Workload, field: str, factor: float) -> dict[str, Any]:
    """A volume or length (and its 95th percentile) times a factor, in bounds; empty if as now."""
    (least, most), now = bounds(field), volume_now(workload, field)
    value = min(max(now * factor, least), most)
    if value == now:
        return {}
    stated: dict[str, Any] = {field: value if field == "peak_queries_per_second" else round(value)}
    if field == "passage_tokens":
        longest = max(workload.passage_tokens_p95 * factor, value)
        stated["passage_tokens_p95"] = round(min(longest, bounds("passage_tokens_p95")[1]))
    return stated


class WhatIf(NamedTuple):
    """Another volume, US dollars a month of the same pick now and then, and the answer there."""

    workload: Workload
    now_usd: float
    then_usd: float
    other: Recommendation


def what_if(catalog: Catalog, recommendation: Recommendation, volume: float) -> WhatIf | None:
    """`volume` times the queries, new passages and stated peak; None where nothing fits now."""
    now, choice = recommendation.workload, recommendation.choice
    if choice is None:
        return None
    stated: dict[str, Any] = {}
    peak = () if now.peak_queries_per_second is None else ("peak_queries_per_second",)
    for field in (*TRAFFIC, *peak):
        stated |= scaled(now, field, volume)
    workload = now.model_copy(update=stated)
    other = again(catalog, recommendation, workload)
    usd = [total_usd(table, choice, BASE) for table in (recommendation.table, other.table)]
    return WhatIf(workload, usd[0], usd[1], other)


def what_if_sentence(recommendation: Recommendation, outlook: WhatIf) -> str:
    """What the volume changes, in words."""
    gap = outlook.then_usd - outlook.now_usd
    change = f"{formatting.usd(abs(gap))} {'more' if gap > 0 else 'less'}"
    cost = recommendation.pick.monthly_usd if recommendation.pick else Cost.of(None)
    then = sentences.usd(outlook.then_usd, cost.not_known)
    costs = f"{then} per month" if then != formatting.NOT_KNOWN else "an unknown amount"
    known = f" for what is known{sentences.missing(cost)}" if cost.at_least else ""
    queries = formatting.count(outlook.workload.queries_per_month)
    text = f"At {queries} queries per month the same option "
    if abs(gap) < 0.005:
        text += f"still costs {costs}{sentences.missing(cost)}."
    else:
        text += f"costs {costs}, {change}{known}."
    if outlook.other.pick is None:
        return f"{text} Nothing fits your limits there."
    if outlook.other.answer == recommendation.answer:
        return f"{text} It is still recommended."
    return (
        f"{text} Recommended there: {outlook.other.pick.named}, "
        f"{sentences.for_month(outlook.other.pick.monthly_usd)}."
    )
