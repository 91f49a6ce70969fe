"""Which plan, or pair of plans, comes first: one total order over all that the limits leave.

The order and why it is this one: docs/decisions/0015-one-order.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import le
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from advisor.ask.workload import Workload
from advisor.base.units import GIB
from advisor.decide.evidence import EQUAL_POINTS, Evidence
from advisor.decide.plans import Plans
from advisor.sizing import latency
from advisor.sizing.ranges import Float64s, rounded, surely

RowNumbers = npt.NDArray[np.int64]

SECOND_HAND_POINTS = 5
"""What an aggregator's price counts dearer by, in points of score (each at `material_usd`)."""
PRESUMED = 3
"""Of a model without a score: its languages are only presumed."""
UNSCORED = 1000
"""The shortfall that a model without a score starts from: more than any score can fall short."""


class Ends(NamedTuple):
    """The end taken of own hardware's speed (low: cheap), hosted bills, and keeping the index."""

    own: str = "base"
    hosted: str = "base"
    keeping: str = "base"


BASE = Ends()


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a pipeline: the evidence that ranks its plans, and the plans that fit.

    The evidence, and what is worked out from it, rest on what the job asks for: no limit moves
    them.
    """

    kind: str
    evidence: Evidence
    fitting: RowNumbers
    quality: Float64s
    """The score of each plan, not a number where there is none. Shape: (plans,)."""
    unscored: Float64s
    """0 with a score; without one 1 measured on another set, 2 not measured, 3 languages presumed.
    Shape: (plans,)."""

    @property
    def best(self) -> str | None:
        """The variant with the best score of those that do the job, of equal ones the first by id.

        None where no model has a score.
        """
        scores = self.evidence.scores
        return max(sorted(scores), key=lambda variant: scores[variant], default=None)

    @property
    def yardstick(self) -> float | None:
        """The best score of a model that does the job; None where no model has one."""
        return None if self.best is None else self.evidence.scores[self.best]

    def floor(self, workload: Workload) -> float | None:
        """The score that a plan should reach; None at *cost*, or where no model has a score."""
        if workload.priority == "cost" or self.yardstick is None:
            return None
        balanced = workload.priority == "balanced"
        return self.yardstick - (workload.quality_tolerance if balanced else EQUAL_POINTS)

    def shortfalls(self, workload: Workload) -> Float64s:
        """How far each plan's score is below what it should reach. Shape: (plans,).

        0 at or over the floor; below it the half points under the yardstick, rounded up; without a
        score more than any with one.
        """
        if workload.priority == "cost":
            return np.zeros(len(self.quality))
        floor, yardstick = self.floor(workload), self.yardstick
        if floor is None or yardstick is None:
            return self.unscored * UNSCORED
        under = np.ceil(rounded((yardstick - self.quality) / EQUAL_POINTS))
        short = np.where(rounded(self.quality - floor) >= 0, 0.0, under)
        return np.where(self.unscored > 0, self.unscored * UNSCORED, short)


class PickedRows(NamedTuple):
    """Rows of the plans picked, one a step; `shared` where two steps share machines."""

    rows: tuple[int, ...]
    shared: bool = False


class Keys(NamedTuple):
    """What plans are compared by; the smaller comes first in each. Shape of each: (plans,)."""

    shortfall: Any
    counted: Any  # US dollars a month less what the score is worth
    worse: Any  # the score, negative
    second_hand: Any
    estimated: Any  # a count of tokens that is not published
    parameters: Any  # of the model; without end where not known
    monthly: Any  # US dollars
    unpriced: Any  # bytes of an index whose price is not known
    once: Any  # US dollars
    router: Any
    unlisted: Any  # a price that is not of the listing
    name: Any  # the place of the id among all ids

    def only(self, rows: Any) -> Keys:
        """The keys of some of the plans."""
        return Keys(*(key[rows] for key in self))

    def ordered(self, priority: str) -> tuple[Any, ...]:
        """The keys in the order in which they decide."""
        return tuple(getattr(self, name) for name in ORDER[priority == "cost"])

    def beside(self, other: Keys, plans: int) -> Keys:
        """The keys of pairs: sums, and the first's id before the second's."""
        sums = Keys(*(np.round(a + b, 6) for a, b in zip(self, other, strict=True)))
        return sums._replace(name=self.name * plans + other.name)


ORDER = (
    (
        "shortfall", "counted", "worse", "second_hand", "estimated", "parameters", "monthly",
        "unpriced", "once", "router", "unlisted", "name",
    ),
    (
        "monthly", "unpriced", "estimated", "parameters", "second_hand", "worse", "once", "router",
        "unlisted", "name",
    ),
)  # fmt: skip
"""The names of the keys in the order in which they decide: balanced and quality, then *cost*."""
ORDER_SINCE = "2026-11-30"
"""The day of this order; a record saved before it may have another answer for that alone."""


def keys(table: Plans, step: Step, workload: Workload, ends: Ends) -> Keys:
    """The keys of every plan for one step, its costs at these ends of the estimates."""
    order, monthly = table.static.order, rounded_usd(table.monthly(*ends))
    score = np.nan_to_num(step.quality)
    return Keys(
        shortfall=step.shortfalls(workload),
        counted=_counted(table, workload, monthly, score, table.unpriced_bytes, order.aggregator),
        worse=-score,
        second_hand=order.second_hand,
        estimated=table.estimated,
        parameters=order.parameters,
        monthly=monthly,
        unpriced=table.unpriced_bytes,
        once=np.nan_to_num(rounded_usd(table.figures.once["base"]), nan=np.inf),
        router=order.router,
        unlisted=order.unlisted,
        name=order.name,
    )


def _counted(
    table: Plans, workload: Workload, monthly: Any, score: Any, unpriced: Any, aggregator: Any
) -> Any:
    """US dollars a month as they are weighed against points of score.

    Each point is worth `material_usd`; an aggregator's price counts as dearer by some points. An
    index whose price is not known is no index for nothing: its bytes are weighed at the price of
    memory, which is never shown as a cost.
    """
    per_byte = float(table.ram.base) / float(GIB) if table.ram else 0.0
    worth = workload.material_usd * (SECOND_HAND_POINTS * aggregator - score)
    return rounded_usd(monthly + per_byte * unpriced + worth)


def rounded_usd(usd: Any) -> Any:
    """US dollars as plans are put in order by them, to a millionth; a number, or an array."""
    return np.round(usd, 6)


def choose(
    table: Plans, steps: tuple[Step, ...], workload: Workload, ends: Ends
) -> PickedRows | None:
    """The first plan of one step, or pair of plans of two, that fits; None where none does."""
    if any(not len(step.fitting) for step in steps):
        return None
    if len(steps) == 1:
        return PickedRows((int(ranked(table, steps[0], workload, ends)[0]),))
    pairs = fitting_pairs(table, steps, workload, ends)
    if not len(pairs.first):
        return None
    row = _first(pairs.keys, workload)
    return PickedRows((int(pairs.first[row]), int(pairs.second[row])), bool(pairs.shared[row]))


def ranked(table: Plans, step: Step, workload: Workload, ends: Ends = BASE) -> RowNumbers:
    """The plans of a step that fit, the first in the order first."""
    ordered = keys(table, step, workload, ends).only(step.fitting).ordered(workload.priority)
    rows: RowNumbers = step.fitting[np.lexsort(tuple(reversed(ordered)))]
    return rows


def _first(of_pairs: Keys, workload: Workload) -> int:
    """The first by each key in turn: like a sort, but only of what is still equal."""
    rows = np.arange(len(of_pairs.name))
    for key in of_pairs.ordered(workload.priority):
        least = key[rows]
        rows = rows[least == least.min()]
        if len(rows) == 1:
            break
    return int(rows[0])


class Pairs(NamedTuple):
    """An embedder and a reranker in each row, with what both are compared by."""

    first: RowNumbers
    second: RowNumbers
    shared: npt.NDArray[np.bool_]
    keys: Keys

    def only(self, these: npt.NDArray[np.bool_]) -> Pairs:
        """Some of the pairs."""
        rows = (self.first[these], self.second[these], self.shared[these])
        return Pairs(*rows, self.keys.only(these))

    def beside(self, other: Pairs) -> Pairs:
        """These pairs and others."""
        every = [np.concatenate(both) for both in zip(self[:3], other[:3], strict=True)]
        both_keys = zip(self.keys, other.keys, strict=True)
        keys = Keys(*(np.concatenate(both) for both in both_keys))
        return Pairs(every[0], every[1], every[2], keys)


def fitting_pairs(
    table: Plans, steps: tuple[Step, ...], workload: Workload, ends: Ends = BASE
) -> Pairs:
    """Every pair that may come first, apart or on the same machines, within budget and latency.

    Apart, of plans that differ in no key before their cost only the first is taken, and each that
    is sooner or cheaper than all before it where a limit asks for that. Both limits are held
    against the base of the estimates, as those of a single step are.
    """
    both = tuple(keys(table, step, workload, ends) for step in steps)
    sides = zip(steps, both, strict=True)
    worth = [_worth_pairing(table, step, key, workload) for step, key in sides]
    first, second = (side.ravel() for side in np.meshgrid(*worth, indexing="ij"))
    joined = both[0].only(first).beside(both[1].only(second), len(table))
    apart = Pairs(first, second, np.zeros(len(first), dtype=bool), joined)
    apart = apart.only(_within_limits(table, *apart[:3], workload))
    together = _shared_pairs(table, steps, both, workload, ends)
    return together.only(_within_limits(table, *together[:3], workload)).beside(apart)


def _worth_pairing(table: Plans, step: Step, key: Keys, workload: Workload) -> RowNumbers:
    """The rows of a step of which some pair apart may come first."""
    static, rest = table.static, key.only(step.fitting)
    order = np.lexsort((rest.name, rest.unlisted, rest.router, rest.once, rest.monthly))
    rows: RowNumbers = step.fitting[order]
    # a budget that a free allocation keeps to is its provider's alone
    account = np.where(table.figures.free_covers, static.provider_numbers + 1, 0)
    alike = (account * len(table) + static.loads) * 4 + static.order.aggregator
    alike = (alike + 2 * key.second_hand)[rows]
    limits = []
    if workload.latency_ms_p95 is not None:
        limits.append(table.known_latency_ms[rows].tolist())
    if workload.budget_usd_per_month is not None:
        # of one account, or covered by none, what is cheaper whole is so against a budget too
        limits.append(table.base_usd[rows].tolist())
    if not limits:
        return rows[np.sort(np.unique(alike, return_index=True)[1])]
    before: dict[float, list[tuple[float, ...]]] = {}
    worth = []
    for row, group, *now in zip(rows.tolist(), alike.tolist(), *limits, strict=True):
        earlier = before.setdefault(group, [])
        if not any(all(map(le, other, now)) for other in earlier):
            earlier.append(tuple(now))
            worth.append(row)
    return np.array(worth, dtype=np.int64)


def _within_limits(
    table: Plans, first: RowNumbers, second: RowNumbers, shared: Any, workload: Workload
) -> npt.NDArray[np.bool_]:
    """Which pairs keep to the budget and to the latency limit together."""
    fits = np.ones(len(first), dtype=bool)
    if workload.budget_usd_per_month is not None:
        apart = table.figures.sure[first] + table.figures.sure[second]
        covers = table.figures.free_covers[first] & table.figures.free_covers[second]
        numbers = table.static.provider_numbers
        one_account = covers & (numbers[first] == numbers[second])
        encoding = table.figures.encoding["base"]
        over = encoding[first] + encoding[second] > table.static.free[first]
        whole = table.base_usd[first] + table.base_usd[second]
        usd = np.where(one_account & over, whole, apart)
        usd = np.where(shared, shared_usd(table, first, second, BASE), usd)
        fits &= surely(usd) <= workload.budget_usd_per_month
    if workload.latency_ms_p95 is not None:
        times = table.known_latency_ms[first] + table.known_latency_ms[second]
        times = np.where(shared, shared_latency_ms(table, first, second, "base"), times)
        fits &= rounded(times) <= workload.latency_ms_p95
    return fits


def keeps_limits(table: Plans, choice: PickedRows) -> bool:
    """Whether a choice keeps to budget and latency limit, at the base of the estimates."""
    workload, (first, *others) = table.workload, choice.rows
    if others:
        rows = (np.array([first]), np.array(others))
        return bool(_within_limits(table, *rows, choice.shared, workload)[0])
    budget, limit = workload.budget_usd_per_month, workload.latency_ms_p95
    over = budget is not None and surely(table.figures.sure[first]) > budget
    late = limit is not None and rounded(table.known_latency_ms[first]) > limit
    return not over and not late


def _shared_pairs(
    table: Plans, steps: tuple[Step, ...], both: tuple[Keys, ...], workload: Workload, ends: Ends
) -> Pairs:
    """Every pair of plans on the same machine whose models fit it together."""
    numbers = table.static.machine_numbers
    rows, others = (step.fitting[numbers[step.fitting] >= 0] for step in steps)
    others = others[np.argsort(numbers[others], kind="stable")]
    start, end = (
        np.searchsorted(numbers[others], numbers[rows], side=side) for side in ("left", "right")
    )
    first = np.repeat(rows, end - start)
    within = np.arange(len(first)) - np.repeat(np.cumsum(end - start) - (end - start), end - start)
    second = others[np.repeat(start, end - start) + within]
    needed, memory = table.columns["needed_bytes"].values, table.columns["memory_bytes"].values
    fits = needed[first] + needed[second] <= memory[first]
    first, second = first[fits], second[fits]
    own, rest = both[0].only(first), both[1].only(second)
    monthly = rounded_usd(shared_usd(table, first, second, ends))
    score = -(own.worse + rest.worse)
    joined = own.beside(rest, len(table))._replace(
        monthly=monthly,
        counted=_counted(table, workload, monthly, score, own.unpriced, 0.0),
        second_hand=own.second_hand,  # one machine, one price
    )
    return Pairs(first, second, np.ones(len(first), dtype=bool), joined)


def shared_replicas(table: Plans, first: Any, second: Any, end: str) -> Any:
    """Machines that two steps need together, at an end of the cost; for rows, or arrays of rows."""
    service = table.figures.service_ms[end]
    needed = table.needed[end][first] + table.needed[end][second]
    machines = table.machines(needed, service[first] + service[second])
    # never fewer where slower, as those of one plan
    fewest = shared_replicas(table, first, second, "base") if end == "high" else machines
    return np.maximum(machines, fewest)


def shared_latency_ms(table: Plans, first: Any, second: Any, end: str) -> Any:
    """Milliseconds that both steps take on the machines that they share, at an end of the cost."""
    service = table.figures.service_ms[end]
    needed = table.needed[end][first] + table.needed[end][second]
    machines = shared_replicas(table, first, second, end)
    return (service[first] + service[second]) * latency.lengthening(needed, machines)


def shared_usd(table: Plans, first: Any, second: Any, ends: Ends) -> Any:
    """US dollars a month of the machines that two steps share, and of the index, unrounded."""
    rent = table.static.rents[first] * shared_replicas(table, first, second, ends.own)
    return rent + table.figures.keeping[ends.keeping][first]


def total_usd(table: Plans, choice: PickedRows, ends: Ends) -> float:
    """US dollars a month of a choice, unrounded, with each estimate at an end of its own."""
    if choice.shared:
        first, second = choice.rows
        return float(shared_usd(table, first, second, ends))
    return float(table.monthly(*ends)[list(choice.rows)].sum())
