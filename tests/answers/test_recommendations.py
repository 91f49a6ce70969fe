"""Pins of what is recommended: plans, costs, ids of rules and figures, and no word of a sentence."""

from collections import Counter

from advisor.decide.choosing import total_usd
from advisor.explain import break_even, lifting, reasons, sensitivity, what_would_change
from advisor.explain.firm import ESTIMATES
from advisor.explain.other_plans import alternatives
from advisor.explain.sensitivity import what_if


def figure(number) -> str:
    """Six significant digits: prices and speeds are known to no more."""
    return "-" if number is None else f"{float(number):.6g}"


def spread(values) -> str:
    return "-" if values is None else " ".join(figure(value) for value in values)


def cost(amount) -> str:
    """The ends of a cost, and the parts that are not known."""
    if amount is None:
        return "-"
    missing = f" without {' '.join(amount.not_known)}" if amount.at_least else ""
    return f"{spread(amount[:3])}{missing}"


def of_plan(judged) -> str:
    plan = judged.plan
    return (
        f"{judged.id}: quality {figure(judged.quality)}, monthly {cost(plan.monthly_usd)}, once {cost(plan.one_off_usd)}, tokens {plan.tokens.monthly}, "
        f"index {plan.index_bytes}, tokens a second {spread(plan.tokens_per_second)}, machines {spread(plan.replicas)}, latency {spread(plan.latency_ms)}"
    )


def whole(recommendation) -> str:
    """The answer to one question."""
    pick, steps = recommendation.pick, recommendation.steps
    lines = ["pick: nothing fits"] if pick is None else [f"pick: {pick.id}", f"monthly: {cost(pick.monthly_usd)}", f"once: {cost(pick.one_off_usd)}"]  # fmt: skip
    if pick is not None:
        lines += [f"machines shared: {spread(pick.shared)}"] if pick.shared else []
        lines += [f"part: {of_plan(part)}" for part in pick.parts]
        lines += [
            f"remarks of {part.kind}: {' '.join(finding.rule for finding in part.remarks)}"
            for part in pick.parts
        ]
        lines += [
            f"ties of {part.kind}: {' '.join(sorted(tie.id for tie in reasons.ties(recommendation, part)))}"
            for part in pick.parts
        ]
    lines += [
        f"evidence of {r.kind}: {r.evidence.set.id if r.evidence.set else '-'}, ranks {r.evidence.ranks}"
        for r in steps
    ]
    lines += [
        f"reason: {reason.rule} [{' '.join(reason.sources)}]"
        for reason in reasons.reasons(recommendation)
    ]
    lines += [f"loosen: {reason.rule}" for reason in lifting.loosen(recommendation)]
    for step in steps:
        also = [a.judged for a in alternatives(recommendation, step.kind)]
        lines += [
            f"also: {other.id}: quality {figure(other.quality)}, monthly {cost(other.plan.monthly_usd)}"
            for other in also
        ]
        lines += [
            f"front of {step.kind}: {' '.join(sorted(what_would_change.front(recommendation, step.kind)))}"
        ]
        lines += [
            f"fitting {step.kind}: {len(step.fitting)} of {int(recommendation.table.of_kind(step.kind).sum())}"
        ]
    rules = Counter(
        finding.rule for judged in recommendation.rejected for finding in judged.excluded
    )
    lines += [f"ruled out by {rule}: {count}" for rule, count in sorted(rules.items())]
    if recommendation.choice is not None:
        ends = [
            figure(total_usd(recommendation.table, recommendation.choice, end))
            for end in ESTIMATES.values()
        ]
        lines += [f"at the ends of the estimates: {' '.join(ends)}"]
    for part in pick.parts if pick else ():
        for own in break_even.machines_to_compare(recommendation, part.variant_id)[:1]:
            crossings = break_even.crossings(recommendation, own)
            ends = crossings[:1] + crossings[-1:]  # the dearest and the cheapest offer
            lines += [
                f"break-even: {own.id} against {c.offer.id}: {spread(c.tokens)} of {spread(c.capacity)}"
                for c in ends
            ]
    return "\n".join(line.rstrip() for line in lines)


def test_recommendations(recommendations, pinned):
    assert {key: whole(recommendation) for key, recommendation in recommendations.items()} == pinned


def test_what_would_change_them(catalog, recommendations, pinned):
    """The nearest steps that give another answer, another volume, and what each assumption does to the total."""
    told = {}
    for key in catalog.shown_presets:
        recommendation = recommendations[key]
        lines = [
            f"{c.field} {c.workload.model_dump()[c.field]}: {c.fitting} fit"
            for c in what_would_change.changes(catalog, recommendation)
        ]
        lines += [
            f"swing: {spread((s.first_usd, s.second_usd, s.base_usd))}"
            for s in sensitivity.swings(catalog, recommendation)
        ]
        for volume in (0.1, 10):
            other = what_if(catalog, recommendation, volume)
            lines += (
                [
                    f"volume {volume:g}: {figure(other.then_usd)}, {' + '.join(other.other.answer or ())}"
                ]
                if other
                else []
            )
        told[key] = "\n".join(lines)
    assert told == pinned
