"""From which volume another way of running costs less, or becomes the recommendation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from advisor.ask.workload import Workload, bounds, unused
from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain.break_even import crossing_tokens, monthly_capacity
from advisor.explain.sensitivity import TRAFFIC
from advisor.explain.sensitivity import VOLUMES as STEPS
from advisor.explain.what_would_change import again
from advisor.sizing.ranges import rounded

JUST_BEYOND = 1.001
"""Times a break-even volume and its inverse, where each side has to cost less already."""
ADDED = 1.01
"""Times what some machines carry, where one more is rented."""

TRAFFIC_NOUNS = dict(zip(TRAFFIC, ("queries", "new passages"), strict=True))


class Turn(NamedTuple):
    """Times the stated volume, tokens a month where costs cross there, and the sentence.

    `volume` is None where no volume does it.
    """

    volume: float | None
    tokens: float | None
    sentence: str


def at_volume(workload: Workload, volume: float) -> Workload | None:
    """The workload with `volume` times the queries, new passages and stated peak.

    None where that is out of bounds, or changes nothing.
    """
    peak = () if workload.peak_queries_per_second is None else ("peak_queries_per_second",)
    skipped = unused(workload.task)
    update = {}
    for field in (*(name for name in TRAFFIC if name not in skipped), *peak):
        (least, most), now = bounds(field), getattr(workload, field)
        value = now * volume if field in peak else round(now * volume)
        if not (least <= value <= most):
            return None
        if value != now:
            update[field] = value
    return workload.model_copy(update=update) if update else None


class Volumes:
    """The full question's answers at other volumes, each asked once."""

    def __init__(self, recommendation: Recommendation) -> None:
        self.recommendation = recommendation
        self._answers: dict[float, Recommendation | None] = {1.0: recommendation}

    def answer(self, volume: float) -> Recommendation | None:
        """The answer at so many times the volume; None where that is out of bounds."""
        if volume not in self._answers:
            now = self.recommendation
            workload = at_volume(now.workload, volume)
            other = again(now.asked_of, now, workload) if workload else None
            self._answers[volume] = other
        return self._answers[volume]

    def nearest(
        self, wins: Callable[[Recommendation], bool], steps: tuple[float, ...]
    ) -> float | None:
        """Of some steps of the volume, the nearest to the stated one at which the answer `wins`.

        Then, of the volumes of one digit between that step and the one before, the nearest.
        """

        def wins_at(volume: float) -> bool:
            answer = self.answer(volume)
            return answer is not None and wins(answer)

        nearest_first = sorted(steps, key=lambda step: (_distance(step), -step))
        volume = next((step for step in nearest_first if wins_at(step)), None)
        if volume is None:
            return None
        between = sorted(_of_one_digit(self._step_before(volume), volume), key=_distance)
        least, most = -1, len(between)  # `most` wins, or stands for the step, which does
        while most - least > 1:
            middle = (least + most) // 2
            least, most = (least, middle) if wins_at(between[middle]) else (middle, most)
        return between[most] if most < len(between) else volume

    def _step_before(self, volume: float) -> float:
        """The step next to a volume on the side of the stated one."""
        place = STEPS.index(volume)
        return STEPS[place - 1] if volume > 1 else STEPS[place + 1]


def _distance(volume: float) -> float:
    return max(volume, 1 / volume)


def _of_one_digit(start: float, end: float) -> Iterator[float]:
    """Numbers of one digit and zeros strictly between two."""
    low, high = sorted((start, end))
    for exponent in range(-2, 3):
        for digit in range(1, 10):
            number = float(f"{digit}e{exponent}")
            if low < number < high:
                yield number


def recommended_from(
    volumes: Volumes, wins: Callable[[Recommendation], bool], up: bool = True, down: bool = True
) -> Turn:
    """At which larger or smaller volume the full question's answer `wins`, by asking at some."""
    workload = volumes.recommendation.workload
    noun = volume_noun(workload)
    wanted = (step for step in STEPS if (up if step > 1 else down) and step != 1)
    steps = tuple(step for step in wanted if at_volume(workload, step) is not None)
    if not noun:
        none = "no queries" if workload.task == "rerank" else "no queries and no new passages"
        return Turn(None, None, f"You have {none}, so volume decides nothing.")
    if not steps:
        return Turn(None, None, "No other volume can be asked about.")
    volume = volumes.nearest(wins, steps)
    if volume is not None:
        text = f"At about {times_of(volume, noun)} it would be recommended."
        return Turn(volume, None, text)
    least, most = f"{formatting.significant(100 * min(steps))}%", formatting.count(max(steps))
    span = f"{least} to {most} times" if min(steps) < 1 < max(steps) else f"up to {most} times"
    span = f"down to {least} of" if max(steps) < 1 else span
    text = f"No volume we tried ({span} yours) would make it the recommendation."
    return Turn(None, None, text)


def volume_noun(workload: Workload) -> str:
    """`queries`, `queries and new passages`: what a volume scales; empty where both are none."""
    fields = [name for name in TRAFFIC if name not in unused(workload.task)]
    return formatting.listed([TRAFFIC_NOUNS[name] for name in fields if getattr(workload, name)])


def times_of(volume: float, noun: str) -> str:
    """`689 times your volume`, `40% of your volume`."""
    if volume >= 1:
        return f"{formatting.significant(volume)} times your {noun}"
    return f"{formatting.significant(100 * volume)}% of your {noun}"


def crossing(
    recommendation: Recommendation, offer: JudgedPlan, machines: list[JudgedPlan]
) -> Turn | None:
    """From which volume the first of some machines costs less than an offer of the same model.

    Then from which it always does, where a machine added makes it dearer again. Where a machine
    is what is recommended: below which volume the offer always costs less. None where the engine
    around those volumes says otherwise (a latency limit may take more machines than the load
    does), or where they are out of bounds.
    """
    price, now = float(offer.plan.figure("usd_per_1m_input") or 0), offer.plan.tokens.monthly
    choice = recommendation.choice
    if not price or not now or choice is None:
        return None
    first, last = (
        _least_crossing(recommendation, price, machines, always) for always in (False, True)
    )
    hosted_now = offer.row in choice.rows
    if first is None:
        text = "Never cheaper: one machine is too slow for the volume at which it would pay."
        return Turn(None, None, text) if hosted_now else None
    passed = hosted_now and first[0] < now
    tokens, _ = last if passed and last is not None else first
    volume, once = tokens / now, first == last
    if (volume > 1) != hosted_now:
        return None

    def dearer_by(times: float) -> float | None:
        return _own_is_dearer_by(recommendation, offer, machines, times)

    below, above = dearer_by(volume / JUST_BEYOND), dearer_by(volume * JUST_BEYOND)
    if below is None or above is None or not above < 0 < below:
        return None
    if last is not None and (hosted_now or once):
        least, added = last[0] * JUST_BEYOND / now, _next_machine(*last) / now
        beyond = [dearer_by(times) for times in (least, added, max(least, *STEPS))]
        if any(usd is not None and usd >= 0 for usd in beyond):
            return None
    text = f"{formatting.short(tokens)} tokens per month, {times_of(volume, 'volume')}"
    if not hosted_now:
        return Turn(volume, tokens, f"{'Cheaper' if once else 'Always cheaper'} below {text}.")
    if once or passed:
        return Turn(volume, tokens, f"{'Pays off' if once else 'Always cheaper'} from {text}.")
    always = f"; always from {formatting.short(last[0])}" if last else ""
    return Turn(volume, tokens, f"Cheaper at times from {text}{always}.")


def _next_machine(tokens: float, capacity: float) -> float:
    """Tokens a month a little above what the machines of a volume carry."""
    return ADDED * capacity * (tokens // capacity + 1)


def _own_is_dearer_by(
    recommendation: Recommendation, offer: JudgedPlan, machines: list[JudgedPlan], volume: float
) -> float | None:
    """US dollars a month by which the cheapest machine is dearer; None where out of bounds."""
    workload = at_volume(recommendation.workload, volume)
    if workload is None:
        return None
    usd = again(recommendation.asked_of, recommendation, workload).table.base_usd
    return float(rounded(min(usd[machine.row] for machine in machines) - usd[offer.row]))


def _least_crossing(
    recommendation: Recommendation, price: float, machines: list[JudgedPlan], always: bool
) -> tuple[float, float] | None:
    """The least tokens a month from which one of the machines pays, and what one of it carries.

    None where none ever does.
    """
    rents, spare = recommendation.table.static.rents, int(recommendation.workload.redundancy)
    least = []
    for machine in machines:
        capacity = monthly_capacity(recommendation, machine)
        if capacity is not None:
            rent = float(rents[machine.row])
            tokens = crossing_tokens(rent, price, capacity[1], spare, always)
            least.append((tokens, capacity[1]))
    return min(((tokens, each) for tokens, each in least if tokens is not None), default=None)
