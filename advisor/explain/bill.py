"""Where the money goes: the parts of a month's cost, their shares, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from functools import reduce
from typing import NamedTuple

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain.sentences import missing, parts_in_words, usd
from advisor.sizing.ranges import ENDS, ZERO, Cost, Range

PART_NAMES = {
    "index": "Vector index",
    "encoding": "Encoding",
    "reranking": "Reranking",
    "machine": "Machines",
}
"""The parts of a bill, in the order in which they are shown, with their names on the screen."""
NEARLY_ALL = 90
"""Percent of the bill from which the index alone is said to matter."""
EXACT = 400
"""Digits enough for the sum of any parts: costs have 28 each, and none is over 1e60."""


class Part(NamedTuple):
    """A part of a bill in US dollars a month, and its share in whole percent of what is known."""

    slot: str
    usd: Range
    share: int

    @property
    def label(self) -> str:
        """`Vector index`."""
        return PART_NAMES[self.slot]

    @property
    def amount(self) -> str:
        """`$34.54`."""
        return formatting.usd(self.usd.base)


@dataclass(frozen=True)
class Bill:
    """The parts of a month that cost something; their bases add up to that of `month`, exactly."""

    parts: tuple[Part, ...]
    month: Cost
    one_off: Cost
    machines: int
    """Own machines, at the base of their speed."""

    @property
    def not_known(self) -> str:
        """`vector store queries`: the parts that are not known, in words; empty where all are."""
        return parts_in_words(self.month.not_known)

    @property
    def one_off_amount(self) -> str:
        """`$2.02`, `at least $2.02`, or `not known`."""
        return usd(self.one_off.base, self.one_off.not_known)

    @property
    def share_words(self) -> dict[str, str]:
        """The share of each part by slot: `99%`; of several, never `100%` or `0%`."""
        return {part.slot: _share_words(part.share, len(self.parts) > 1) for part in self.parts}

    @property
    def takeaway(self) -> str:
        """`99% of the bill is the vector index, not the model.`"""
        return _takeaway(self)


def bill(pick: Pipeline | JudgedPlan) -> Bill:
    """Where the money of a pick goes, or of one plan; rent that two steps share counts once."""
    plans: tuple[JudgedPlan, ...]
    if isinstance(pick, JudgedPlan):
        month = pick.plan.monthly_usd or Cost.of(None, _work(pick))
        once = pick.plan.one_off_usd or Cost.of(None, _work(pick))
        plans, shared = (pick,), None
    else:
        month, once = pick.monthly_usd, pick.one_off_usd
        plans, shared = pick.parts, pick.shared
    own = [judged.plan for judged in plans if not judged.hosted]
    counts = [plan.replicas[1] for plan in own if plan.replicas]
    machines = shared[1] if shared else sum(counts)
    amounts = _of_shared(plans, month) if shared else _of_plans(plans)
    return Bill(_parts(amounts, month), month, once, machines)


def _work(judged: JudgedPlan) -> str:
    return "reranking" if judged.kind == "reranker" else "encoding"


def _of_plans(plans: tuple[JudgedPlan, ...]) -> Iterator[tuple[str, Range | Cost]]:
    """The amounts of each plan, by slot."""
    for judged in plans:
        yield "index", judged.plan.index_usd
        if judged.plan.encoding_usd is not None:
            yield (_work(judged) if judged.hosted else "machine"), judged.plan.encoding_usd


def _of_shared(plans: tuple[JudgedPlan, ...], month: Cost) -> Iterator[tuple[str, Range | Cost]]:
    """The index and the machines of two steps that share them: all the rest of the month."""
    index = plans[0].plan.index_usd
    yield "index", index
    yield "machine", Range(*(getattr(month, end) - getattr(index, end) for end in ENDS))


def _parts(amounts: Iterable[tuple[str, Range | Cost]], month: Cost) -> tuple[Part, ...]:
    """The parts over zero; the largest takes what rounding the sum to 28 digits moved."""
    sums: dict[str, Range] = {}
    with localcontext(Context(prec=EXACT)):
        for slot, amount in amounts:
            ends = Range(amount.low, amount.base, amount.high)
            sums[slot] = sums.get(slot, ZERO).plus(ends)
        known = {slot: sums[slot] for slot in PART_NAMES if any(sums.get(slot, ZERO))}
        if not known:
            return ()
        largest = max(known, key=lambda slot: known[slot].base)
        others = reduce(Range.plus, (known[slot] for slot in known if slot != largest), ZERO)
        rest = (getattr(month, end) - getattr(others, end) for end in ENDS)
        known[largest] = Range(*rest)
        shares = whole_percents([part.base for part in known.values()])
    rows = zip(known.items(), shares, strict=True)
    return tuple(Part(slot, amount, share) for (slot, amount), share in rows)


def whole_percents(amounts: list[Decimal]) -> list[int]:
    """Shares in whole percent that add up to 100: the largest remainders are rounded up.

    Amounts of zero alone share nothing.

    >>> whole_percents([Decimal(1), Decimal(1), Decimal(1)])
    [34, 33, 33]
    """
    whole = sum(amounts)
    if not whole:
        return [0] * len(amounts)
    exact = [100 * amount / whole for amount in amounts]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in by_remainder[: 100 - sum(shares)]:
        shares[place] += 1
    return shares


def _share_words(share: int, of_several: bool) -> str:
    if of_several and share in (0, 100):
        return "over 99%" if share else "under 1%"
    return f"{share}%"


def _takeaway(bill: Bill) -> str:
    rest = missing(bill.month)
    if not bill.month.base:
        return "What a month costs is not known." if rest else "It costs nothing per month."
    largest = max(bill.parts, key=lambda part: part.usd.base)
    several = bill.machines > 1
    name = {
        "index": "the vector index",
        "encoding": "encoding",
        "reranking": "reranking",
        "machine": "the machines" if several else "the machine",
    }[largest.slot]
    whole = "known cost" if bill.month.at_least else "bill"
    share = bill.share_words[largest.slot]
    subject = f"{share[0].upper()}{share[1:]} of the {whole} is"
    if len(bill.parts) == 1:
        return f"The whole {whole} is {name}{rest}."
    if largest.slot == "index" and largest.share >= NEARLY_ALL:
        return f"{subject} the vector index, not the model{rest}."
    if largest.share < 50:
        return f"The largest part of the {whole} is {name}, at {share}{rest}."
    verb = "are" if largest.slot == "machine" and several else "is"
    return f"{name[0].upper()}{name[1:]} {verb} {share} of the {whole}{rest}."


def per_1000_queries(bill: Bill, workload: Workload) -> str | None:
    """`$0.017`, `at least $0.017`, `not known`: the whole month over its queries, in thousands.

    None below a thousand queries, which would never pay for a thousand.
    """
    if workload.queries_per_month < 1000:
        return None
    amount = bill.month.base * 1000 / workload.queries_per_month
    if bill.month.at_least and not amount:
        return formatting.NOT_KNOWN
    cents = Decimal("0.01") <= amount < Decimal("0.1")
    words = f"${amount:.3f}" if cents else formatting.usd(amount)
    return f"at least {words}" if bill.month.at_least else words


def budget_share(recommendation: Recommendation) -> str | None:
    """`23%`, `under 1%`, `at least 40%`: what the recommendation takes of the budget.

    None where no budget is stated, nothing fits, or only a free allocation keeps the cost within
    the budget.
    """
    pick, budget = recommendation.pick, recommendation.workload.budget_usd_per_month
    if pick is None or budget is None:
        return None
    cost = pick.monthly_usd
    percent = 100 * pick.monthly / budget if budget else (0.0 if not cost.base else float("inf"))
    if cost.at_least and percent < 1:
        return formatting.NOT_KNOWN
    if percent >= 100.5:
        return None
    words = f"{percent:.0f}%" if percent >= 1 or not percent else "under 1%"
    return f"at least {words}" if cost.at_least else words
