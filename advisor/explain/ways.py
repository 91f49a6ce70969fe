"""Hosted, on your own GPU, on your own CPU: the engine's answer to each, and when each wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain import limits
from advisor.explain.bill import Bill, bill
from advisor.explain.sentences import capital, usd_of
from advisor.explain.what_would_change import again
from advisor.explain.when_it_pays import Turn, Volumes, crossing, recommended_from

CENT = 0.005
"""US dollars a month below which two costs read the same."""


class Kind(NamedTuple):
    """A way of running: its id, its name on a chart and in a sentence, what it restricts."""

    id: str
    label: str
    name: str
    fields: dict[str, Any]


KINDS = (
    Kind("hosted", "Hosted API", "a hosted API", {"placement": "hosted"}),
    Kind("own-gpu", "Own GPU", "your own GPU", {"placement": "own", "hardware": "gpu"}),
    Kind("own-cpu", "Own CPU", "your own CPU", {"placement": "own", "hardware": "cpu"}),
)


@dataclass(frozen=True)
class Way:
    """A way of running at its best. Without a pick, `sentence` says why nothing fits.

    With one, why it is recommended, or when it would be. `volume` is how many times the stated
    volume that takes, and `tokens` how many a month where costs cross; None where no volume
    does it, or something else decides.
    """

    id: str
    label: str
    pick: Pipeline | None
    bill: Bill | None
    recommended: bool
    sentence: str
    volume: float | None = None
    tokens: float | None = None

    @property
    def where(self) -> str:
        """`DeepInfra`, `DeepInfra and Novita AI`; empty where nothing fits."""
        places = (part.plan.where for part in self.pick.parts) if self.pick else ()
        return formatting.listed(list(dict.fromkeys(places)))

    @property
    def month(self) -> str:
        """`$34.90`, `at least $0.36`, `not known`; empty where nothing fits."""
        return usd_of(self.pick.monthly_usd) if self.pick else ""


@dataclass(frozen=True)
class Ways:
    """The three ways beside one another, under what they come to."""

    title: str
    ways: tuple[Way, ...]


def ways(recommendation: Recommendation) -> Ways:
    """Each way at its best: the same question with where it may run restricted."""
    answers = {kind.id: _answer(recommendation, kind) for kind in KINDS}
    volumes = Volumes(recommendation)
    rows = tuple(_way(recommendation, kind, answers, volumes) for kind in KINDS)
    return Ways(_title(recommendation, rows), rows)


def restricted(workload: Workload, kind: Kind) -> Workload | None:
    """The workload with one way alone; None where it rules that way out."""
    return None if _not_asked_for(workload, kind) else workload.model_copy(update=kind.fields)


def kind_of(parts: Iterable[JudgedPlan]) -> str | None:
    """The id of the way that all plans run; None for a mix of ways."""
    classes = {
        "hosted" if part.hosted else f"own-{part.plan.figure('hardware_class')}" for part in parts
    }
    return classes.pop() if len(classes) == 1 else None


def _answer(recommendation: Recommendation, kind: Kind) -> Recommendation | None:
    pick = recommendation.pick
    if pick is not None and kind_of(pick.parts) == kind.id:
        return recommendation  # a limit that the answer meets does not change it
    workload = restricted(recommendation.workload, kind)
    return again(recommendation.asked_of, recommendation, workload) if workload else None


def _not_asked_for(workload: Workload, kind: Kind) -> str:
    """Why the question itself rules a way out; empty where it does not."""
    if kind.id == "hosted":
        if not workload.data_may_leave:
            return "Your texts may not be sent to a provider."
        return "You asked for your own machines." if workload.placement == "own" else ""
    if workload.placement == "hosted":
        return "You asked for a hosted API."
    if workload.hardware not in ("any", kind.fields["hardware"]):
        return f"You asked for {workload.hardware.upper()}s only."
    return ""


def _way(
    recommendation: Recommendation,
    kind: Kind,
    answers: dict[str, Recommendation | None],
    volumes: Volumes,
) -> Way:
    now, answer = recommendation.pick, answers[kind.id]
    if answer is None or answer.pick is None:
        text = _stands_in_the_way(answer, kind) if answer else ""
        text = text or _not_asked_for(recommendation.workload, kind)
        return Way(kind.id, kind.label, None, None, False, text)
    pick = answer.pick
    first = (kind.id, kind.label, pick, bill(pick))
    if answer is recommendation:
        return Way(*first, True, _why_it_wins(recommendation, answers))
    assert now is not None, "what fits one way fits the whole question"
    gap = now.monthly - pick.monthly
    if gap >= CENT:
        edge = _edge(pick, now, answer, recommendation)
        return Way(*first, False, f"{formatting.usd(gap)} per month cheaper, but {edge}.")
    turn = _same_model(recommendation, pick, kind)
    if turn is None or turn.volume is None:
        up, down = _directions(kind_of(now.parts), kind)
        other = recommended_from(volumes, lambda other: _runs(other, kind), up, down)
        turn = other if turn is None or other.volume is not None else turn
    return Way(*first, False, turn.sentence, turn.volume, turn.tokens)


def _directions(now: str | None, kind: Kind) -> tuple[bool, bool]:
    """Whether a larger and whether a smaller volume may favour a way over what is recommended.

    Rent is paid whatever the load, so that machines gain on providers as it grows.
    """
    if now == "hosted" or kind.id == "hosted":
        return (True, False) if now == "hosted" else (False, True)
    return True, True


def _runs(answer: Recommendation, kind: Kind) -> bool:
    return answer.pick is not None and kind_of(answer.pick.parts) == kind.id


def _same_model(recommendation: Recommendation, pick: Pipeline, kind: Kind) -> Turn | None:
    """The break-even of an offer and machines where one model runs at the one or on the other."""
    now = recommendation.pick
    if now is None or len(now.parts) > 1 or now.parts[0].hosted == pick.parts[0].hosted:
        return None
    here, there = now.parts[0], recommendation.judged[pick.parts[0].row]
    if here.variant_id != there.variant_id:
        return None
    offer, own = (here, kind.id) if here.hosted else (there, kind_of([here]))
    fitting = recommendation.fitting(here.kind)
    machines = [j for j in fitting if j.variant_id == here.variant_id and kind_of([j]) == own]
    return crossing(recommendation, offer, machines)


def _why_it_wins(recommendation: Recommendation, answers: dict[str, Recommendation | None]) -> str:
    """`$130 per month less than your own CPU.`, or why it wins though another way is cheaper."""
    now = recommendation.pick
    assert now is not None
    rivals = [
        (answer.monthly, kind, answer)
        for kind in KINDS
        if (answer := answers[kind.id]) is not None and answer is not recommendation
        if answer.monthly is not None
    ]
    if not rivals:
        return "The only way that fits your limits."
    usd, kind, answer = min(rivals, key=lambda rival: rival[0])
    gap, pick = usd - now.monthly, answer.pick
    assert pick is not None
    if gap <= -CENT:
        lead = f"Recommended although {kind.name} is {formatting.usd(-gap)} per month cheaper"
        return f"{lead}: there {_edge(pick, now, answer, recommendation)}."
    if gap < CENT:
        return f"Costs the same as {kind.name}."
    return f"{formatting.usd(gap)} per month less than {kind.name}, the next cheapest way."


def _edge(
    pick: Pipeline, now: Pipeline, answer: Recommendation, recommendation: Recommendation
) -> str:
    """What keeps a cheaper pick from being recommended: its score, or who states its price."""
    for part in pick.parts:
        better = now.part(part.kind)
        if better is None or better.quality is None:
            continue
        if part.quality is None:
            return f"{part.plan.variant.name} has no score to compare"
        points = better.quality - part.quality
        if points >= 0.05:
            return f"{part.plan.variant.name} scores {formatting.points(points)} points less"
    aggregator = any(part.plan.place.is_from_aggregator for part in pick.parts)
    if aggregator and not any(part.plan.place.is_from_aggregator for part in now.parts):
        return "only a third party states the price"
    unpriced = answer.table.unpriced_bytes
    larger = sum(unpriced[part.row] for part in pick.parts)
    if larger > sum(unpriced[part.row] for part in now.parts):
        return "the vectors take more space, at an unknown price"
    return "it comes later in the order of options"


def _stands_in_the_way(answer: Recommendation, kind: Kind) -> str:
    """The first limit without which something fits this way, and what that is."""
    if any(not step.evidence.scores and not step.evidence.unranked for step in answer.steps):
        return "No model does this job, wherever it runs."
    name = kind.name.removeprefix("a ").removeprefix("your ")
    for lift in limits.lifted(answer):
        if lift.fields[0] in ("placement", "hardware") or lift.other.pick is None:
            continue
        other = lift.other.pick
        cost = f"{other.named} would, for {usd_of(other.monthly_usd)} per month"
        if lift.fields[0] == "budget_usd_per_month":
            budget = formatting.usd(answer.workload.budget_usd_per_month)
            return f"No {name} fits your budget of {budget} per month; without it, {cost}."
        if lift.fields[0] == "latency_ms_p95":
            limit = formatting.count(answer.workload.latency_ms_p95)
            return f"No {name} meets your latency limit of {limit} ms; without it, {cost}."
        return f"No {name} fits; {lift.words}, {cost}."
    return f"No {name} fits, and lifting one of your limits would not help."


def _title(recommendation: Recommendation, rows: tuple[Way, ...]) -> str:
    """`Hosted is the cheapest way to run it`, in the words of what is recommended."""
    pick, fitting = recommendation.pick, [way for way in rows if way.pick]
    names = {kind.id: kind.name for kind in KINDS}
    if pick is None:
        return "Nothing fits, hosted or on your own machine"
    way = kind_of(pick.parts)
    if len(fitting) == 1 and way:
        return f"Only {names[way]} fits"
    name = "Hosted" if way == "hosted" else capital(names[way] if way else _mixed(pick))
    cheapest = min(fitting, key=lambda other: other.pick.monthly if other.pick else 0, default=None)
    if cheapest and cheapest.pick and cheapest.pick.monthly < pick.monthly - CENT:
        return f"{name} is recommended, though {names[cheapest.id]} is cheaper"
    known = ", as far as costs are known" if pick.monthly_usd.at_least else ""
    return f"{name} is the cheapest way to run it{known}"


def _mixed(pick: Pipeline) -> str:
    """`a mix of a hosted API and your own GPU`."""
    names = {kind.id: kind.name for kind in KINDS}
    ids = dict.fromkeys(kind_of([part]) for part in pick.parts)
    return f"a mix of {formatting.listed([names[way] for way in ids if way])}"
