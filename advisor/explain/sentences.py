"""Single sentences about an answer: what a plan costs and scores, its speed, its price's date."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from advisor.ask.labels import label
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.decide.plans import Plan
from advisor.decide.recommend import JudgedPlan, Recommendation, preference
from advisor.family.price_list import dated, tier
from advisor.sizing import storage, throughput
from advisor.sizing.ranges import Cost


class Reason(NamedTuple):
    """One sentence, the rule or step it comes from, and the ids of the sources of its figures."""

    rule: str
    text: str
    sources: tuple[str, ...]


PARTS = {
    "encoding": "encoding",
    "reranking": "reranking",
    storage.INDEX_STORAGE: "vector storage",
    storage.INDEX_QUERIES: "vector store queries",
    storage.INDEX_WRITES: "vector store writes",
}
"""The parts of a cost that may not be known, in words."""


def short_name(recommendation: Recommendation, judged: JudgedPlan) -> str:
    """`Large EN v1.5`: a model's name without that of its family."""
    name = judged.plan.variant.name
    family = recommendation.catalog.family_of(judged.variant_id).facts.name
    return name.removeprefix(f"{family} ")


def price_note(judged: JudgedPlan) -> str:
    """Of when a plan's price is, who states it, and what was noted beside it."""
    plan, day = judged.plan, judged.plan.as_of
    if plan.offer is not None and plan.provider is not None:
        stated_by = tier(plan.offer, plan.provider)
        return f"{dated(plan.offer)}, stated by {stated_by}. {plan.offer.note or ''} "
    if plan.measured:
        return f"Your own price, {f'dated {day.isoformat()}' if day else 'undated'}. "
    note = plan.instance.note if plan.instance else None
    when = f"Price dated {day.isoformat()}" if day else "Undated price"
    terms = plan.table.assumptions.machine_prices.replace("-", " ")
    return f"{when}, {terms}. {f'{note[0].upper()}{note[1:]}.' if note else ''} "


def tokens_a_month(plan: Plan) -> str:
    """`36 million`, or `about 36 million` where a count of tokens is not published."""
    return f"{about(plan)}{formatting.large(plan.tokens.monthly)}"


def about(plan: Plan) -> str:
    """`about ` where a count of tokens is not published, else nothing."""
    return "about " if plan.tokens.estimated else ""


def volumes(workload: Workload) -> str:
    """`1 million passages of about 200 tokens, 2 million queries per month`: the size of a job."""
    queries = f"{formatting.large(workload.queries_per_month)} queries per month"
    if workload.task == "rerank":
        return f"{queries}, {formatting.count(workload.rerank_candidates)} passages each"
    passages = f"{formatting.large(workload.passages)} passages"
    return f"{passages} of about {formatting.count(workload.passage_tokens)} tokens, {queries}"


def usd(amount: float | Decimal | None, not_known: Collection[str] = ()) -> str:
    """US dollars: `$34.90`, `at least $0.36` where parts are not known, or `not known`."""
    if amount is None or (not_known and not amount):
        return formatting.NOT_KNOWN
    return f"{'at least ' if not_known else ''}{formatting.usd(amount)}"


def usd_of(cost: Cost | None) -> str:
    """The base of a cost in US dollars, as `usd` writes it."""
    return usd(cost.base, cost.not_known) if cost else formatting.NOT_KNOWN


def low_to_high(cost: Cost | None) -> str:
    """`$31 to $52`, `at least $31 to $52`, or `not known`: both ends of a cost in US dollars."""
    if cost is None or (cost.at_least and not cost.high):
        return formatting.NOT_KNOWN
    ends = formatting.usd_range(cost.low, cost.high)
    return f"at least {ends}" if cost.at_least else ends


def parts_in_words(not_known: Collection[str]) -> str:
    """`vector storage and vector store queries`: the parts of a cost that are not known."""
    return formatting.listed([PARTS[name] for name in not_known])


def points_over(points: float, allowed: float) -> str:
    """`7.6`, `6.01`: points beyond those allowed, with as many digits as it takes to read so."""
    texts = (formatting.points(points), *(f"{points:.{digits}f}" for digits in range(2, 7)))
    return next((text for text in texts if float(text) > allowed), texts[-1])


def value_in_words(catalog: Catalog, field: str, value: Any) -> str:
    """A value of a question as a person says it: numbers with commas, labels, names, never ids."""
    if isinstance(value, tuple):
        return formatting.listed([label(field, each) for each in value])
    if not isinstance(value, str):
        return formatting.value(value)
    if field == "vector_store" and value in catalog.stores:
        return catalog.stores[value].name
    if field.endswith("_variant") and value in catalog.variants:
        return catalog.variants[value].name
    return label(field, value)


def capital(text: str) -> str:
    """A text that begins a sentence; the rest stays as it is."""
    return text[0].upper() + text[1:]


def missing(cost: Cost) -> str:
    """` (not known: vector store writes)`, or nothing where the whole cost is known."""
    return f" (not known: {parts_in_words(cost.not_known)})" if cost.at_least else ""


def spread(cost: Cost) -> str:
    """` ($31 to $52)`, ` (known: $31 to $52; not known: vector storage)`, or nothing."""
    ends = formatting.usd_range(cost.low, cost.high)
    if " to " not in ends:
        return missing(cost)
    rest = f"; not known: {parts_in_words(cost.not_known)}" if cost.at_least else ""
    return f" ({'known: ' if rest else ''}{ends}{rest})"


def month(cost: Cost) -> str:
    """`$34.90 per month`, `at least $0.36 per month`, `monthly cost not known`."""
    if cost.at_least and not cost.base:
        return "monthly cost not known"
    return f"{usd_of(cost)} per month"


def for_month(cost: Cost) -> str:
    """`for $34.90 per month`, `for at least $0.36 per month`, `at an unknown monthly cost`."""
    known = cost.base or not cost.at_least
    return f"for {month(cost)}" if known else "at an unknown monthly cost"


def a_month(cost: Cost) -> str:
    """`$34.90 per month ($31 to $52)`, `at least $0.36 per month (not known: vector storage)`."""
    return f"{month(cost)}{spread(cost) if cost.base else missing(cost)}"


def rate(judged: JudgedPlan) -> str:
    """`3,848 (1,570 to 9,430)`: tokens per second of a machine whose speed is known."""
    speed = judged.plan.tokens_per_second
    assert speed is not None
    ends = f" ({speed.low:,.0f} to {speed.high:,.0f})" if speed.low != speed.high else ""
    return f"{speed.base:,.0f}{ends}"


def speed_origin(judged: JudgedPlan) -> str:
    """`measured here at 128 tokens`, `scaled by FLOPs from ...`; empty for published runs."""
    plan, machine = judged.plan, judged.plan.measured
    if machine is None:
        return ""
    if judged.variant_id != machine.variant:
        measured = plan.table.catalog.variants[machine.variant].name
        return f"scaled by FLOPs from {measured}'s measurement"
    alike = round(tokens_of_text(judged)) == machine.tokens
    return "measured here" + ("" if alike else f" at {formatting.count(machine.tokens)} tokens")


def tokens_of_text(judged: JudgedPlan) -> float:
    """Tokens of the text for which the FLOPs of a token are worked out."""
    variant, flops = judged.plan.variant, judged.plan.load.token_flops or 0.0
    return (flops - throughput.base(variant)) / (throughput.slope(variant) or 1.0)


def measurement(catalog: Catalog, machine: throughput.MeasuredMachine) -> str:
    """`measured here on 2026-11-25, 3,848 tokens/s at 128 tokens with BGE M3 at fp32`."""
    on = f" on {machine.as_of.isoformat()}" if machine.as_of else ""
    tokens_per_second = formatting.significant(machine.tokens_per_second)
    return (
        f"measured here{on}, {tokens_per_second} tokens/s at {formatting.count(machine.tokens)} "
        f"tokens with {catalog.variants[machine.variant].name} at {machine.precision}"
    )


def this_machine(recommendation: Recommendation) -> list[str]:
    """A month on the machine that the visitor measured: the model measured, then the others."""
    stated = recommendation.assumptions.measured
    if stated is None:
        return []
    on = {j.variant_id: j for j in recommendation.judged if j.plan.measured}
    if stated.variant not in on:
        return [
            "This measurement cannot be used for pricing: the catalog has no model "
            f"{stated.variant} with known FLOPs."
        ]
    own = on[stated.variant]
    machine = own.plan.measured
    assert machine is not None
    cost = f", {usd_of(own.cost)} per month" if own.fits else ""
    sentences = [
        f"Your measured machine: {own.plan.variant.name} at "
        f"{formatting.significant(machine.tokens_per_second)} tokens/s, "
        f"${machine.on_demand_usd_per_h} per hour{cost}.",
        f"The speed was {measurement(recommendation.catalog, machine)}. "
        f"The machine has {stated.memory_gib:g} GiB of memory for the model.",
    ]
    precision = recommendation.assumptions.precision
    if precision not in ("default", machine.precision):
        lead = f"You assume {precision}, at which its speed was not measured"
        return [*sentences, f"{lead}, so it has no price."]
    rows = [j for j in on.values() if recommendation.step(j.kind)]
    rows.sort(key=lambda j: (j.row != own.row, not j.fits, j.monthly, j.id))
    return sentences + [_on_this_machine(j) for j in rows]


def _on_this_machine(judged: JudgedPlan) -> str:
    name, plan, replicas = judged.plan.variant.name, judged.plan, judged.plan.replicas
    if not judged.fits:
        why = judged.excluded[0].text if judged.excluded else "its cost there is not known."
        return why if why.startswith(name) else f"{name}: {why}"
    assert replicas is not None and plan.encoding_usd is not None
    several = f"{formatting.count(replicas[1])} such machines"
    machines = "one machine" if replicas[1] == 1 else several
    index = f", {usd_of(judged.cost)} with the vector store" if plan.index_bytes else ""
    return (
        f"{name} at {rate(judged)} tokens/s on texts as long as yours, {speed_origin(judged)}: "
        f"{machines} at ${plan.rent} per hour, "
        f"{formatting.usd(plan.encoding_usd.base)} per month{index}."
    )


def yardsticks(recommendation: Recommendation) -> Iterator[str]:
    """For each step the model from whose score the tolerance is counted."""
    for step in recommendation.steps:
        scores = step.evidence.scores
        if step.best is not None and step.evidence.set is not None:
            name = recommendation.catalog.variants[step.best].name
            yield (
                f"The best {step.kind} for this job is {name} "
                f"({formatting.points(scores[step.best])} on {step.evidence.set.name})."
            )


def score_notes(recommendation: Recommendation) -> list[str]:
    """What each step's metric says, and what to mind of its set of scores."""
    notes = []
    for step in recommendation.steps:
        chosen = step.evidence.set
        if step.evidence.meaning and chosen is not None:
            caveat = f" {chosen.name}: {chosen.caveat}" if chosen.caveat else ""
            notes.append(f"{step.evidence.meaning}.{caveat}".strip())
    return list(dict.fromkeys(notes))


def left_out(recommendation: Recommendation) -> list[str]:
    """Which models have no score in the sets that rank, and why."""
    names = recommendation.catalog.variants
    return [
        f"{names[key].name}: {why}."
        for step in recommendation.steps
        for key, why in step.evidence.unranked.items()
    ]


def plan_sentence(recommendation: Recommendation, plan_id: str) -> str:
    """What a plan costs (with its range) and scores, its speed on a machine, its price's day."""
    judged = next(j for j in recommendation.judged if j.id == plan_id)
    amount, speed = judged.plan.monthly_usd, judged.plan.tokens_per_second
    parts = [capital(a_month(amount)) if amount else "Cost not known"]
    ranked = judged.quality is not None
    parts.append(f"scores {formatting.points(judged.quality)}" if ranked else "no comparable score")
    if speed:
        origin = speed_origin(judged)
        parts += [f"{rate(judged)} tokens per second", *([origin] if origin else [])]
    return f"{', '.join(parts)}. {price_note(judged).strip()}"


def encoding_sentence(recommendation: Recommendation, judged: JudgedPlan) -> str:
    """What encoding the corpus takes once, and that a change of model means the same again."""
    plan = judged.plan
    hours, once, time = plan.first_hours, plan.one_off_usd, ""
    if hours:
        ends = f"({hours.low:,.1f} to {hours.high:,.1f})"
        time = f" in {hours.base:,.1f} hours on one machine {ends}"
    cost = f"for {usd_of(once)}{missing(once)}" if once else "at a cost that is not known"
    return (
        f"Encoding the corpus once: {about(plan)}{formatting.count(plan.tokens.once)} tokens "
        f"{cost}{time}, "
        f"{formatting.count(plan.tokens.vectors)} vectors "
        f"({formatting.significant(plan.tokens.vectors_per_passage)} per passage). "
        "Another model means encoding all of it again."
    )


def cheapest(recommendation: Recommendation, kind: str) -> list[JudgedPlan]:
    """The plans of a step that fit at exactly the lowest monthly cost, the preferred first."""
    fitting = sorted(recommendation.fitting(kind), key=lambda j: j.monthly)
    near = [j for j in fitting if j.monthly == fitting[0].monthly]  # exact amounts only for those
    least = min((j.cost.base for j in near), default=None)
    same = (j for j in near if j.cost.base == least)
    return sorted(same, key=lambda j: preference(recommendation, j))
