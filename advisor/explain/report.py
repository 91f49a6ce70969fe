"""A recommendation as text and as JSON."""

from __future__ import annotations

from typing import Any

from advisor.base import formatting
from advisor.decide.evidence import Evidence
from advisor.decide.recommend import Judged, Pipeline, Recommendation, preference
from advisor.explain import reasons
from advisor.explain.formula import price_note, rate, speed_origin, spread
from advisor.explain.reasons import Reason
from advisor.sizing.tokens import Range

SCHEMA = "bge-advisor/recommendation@1"
NAMED = 3
"""Machines that a line of rejections names before it counts the rest."""


def headline(found: Recommendation) -> str:
    """The answer in one sentence, with its monthly cost."""
    return "Nothing fits this workload." if found.pick is None else f"Use {found.pick.named}: {cost(found.pick)}."


def cost(pick: Pipeline) -> str:
    """`about $34.90 a month ($31.12 to $52.97), and $2.02 once to encode the corpus`."""
    amount, once = pick.monthly_usd, pick.one_off_usd
    text = f"about {formatting.usd(amount.base)} a month"
    if formatting.usd(amount.low) != formatting.usd(amount.high):
        text += f" ({formatting.usd_range(amount.low, amount.high)})"
    if not once.base:
        return text
    hours = next((part.plan.first_hours for part in pick.parts if part.kind == "embedder"), None)
    time = f" ({hours.base:,.0f} hours on one machine)" if hours and hours.base >= 1 else ""
    return f"{text}, and {formatting.usd(once.base)} once to encode the corpus{time}"


def as_text(found: Recommendation) -> str:
    """The recommendation as plain text: the answer, its reasons, the runners-up, what was ruled out."""
    lines = [headline(found), ""]
    lines += [f"- {reason.text}" for reason in reasons.reasons(found) or reasons.loosen(found)]
    for role in found.roles:
        others = reasons.alternatives(found, role.kind)
        if others:
            lines += ["", f"Also possible as {role.kind}:"]
            lines += [f"- {o.judged.named}, {formatting.usd(o.judged.monthly)} a month. {o.text}" for o in others]
    if found.rejected:
        lines += ["", f"Ruled out ({len(found.rejected)} of {len(found.judged)} plans):"]
        lines += [f"- {text}" for text in rejections(found)]
    lines += ["", "Taken for granted:"] + [f"- {text}" for text in reasons.assumptions(found)]
    lines += ["", f"Catalog {found.catalog.version}, prices aged to {found.today.isoformat()}."]
    return "\n".join(lines) + "\n"


def rejections(found: Recommendation) -> list[str]:
    """One sentence for each variant and rule that ruled plans of it out first, with the places; of own machines the first few are named."""
    groups: dict[tuple[str, bool, str], list[Judged]] = {}
    for judged in found.rejected:
        first = judged.excluded[0].text if judged.hosted else found.rules.excluding(judged.row)[0]
        groups.setdefault((judged.plan.variant.name, judged.hosted, first), []).append(judged)
    lines = []
    for (name, hosted, _), group in sorted(groups.items()):
        group.sort(key=lambda j: (j.monthly != j.monthly, j.monthly))  # the cheapest speaks for the others; not known last
        places = list(dict.fromkeys(j.plan.where for j in group))
        if hosted:
            lines.append(f"{name} ({', '.join(places)}): {group[0].excluded[0].text}")
        else:
            more = f" and {len(places) - NAMED} more machines" if len(places) > NAMED else ""
            text = group[0].excluded[0].text
            lead = "for instance: " if len(group) > 1 and group[-1].excluded[0].text != text else ""
            lines.append(f"{name} ({', '.join(places[:NAMED])}{more}): {lead}{text}")
    return lines


def as_json(found: Recommendation, plans: bool = False) -> dict[str, Any]:
    """The recommendation as plain data, schema `bge-advisor/recommendation@1`; amounts are US dollars as numbers.

    `evidence` and the pick's `quality` are by step: two steps are never scored as one.
    """
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "workload": found.workload.model_dump(mode="json"),
        "catalog_version": found.catalog.version,
        "date": found.today.isoformat(),
        "evidence": {role.kind: _evidence(role.evidence) for role in found.roles},
        "pick": None if found.pick is None else _pick(found, found.pick),
        "ties": [j.id for part in (found.pick.parts if found.pick else ()) for j in reasons.ties(found, part)],
        "alternatives": [_plan(o.judged) | {"text": o.text} for role in found.roles for o in reasons.alternatives(found, role.kind)],
        "rejected": [
            {"variant": judged.variant_id, "placement": _placement(judged), "rule": finding.rule, "text": finding.text}
            for judged in found.rejected
            for finding in judged.excluded
        ],
        "loosen": [_reason(reason) for reason in reasons.loosen(found)],
        "assumptions": list(reasons.assumptions(found)),
    }
    if plans:
        answer["plans"] = [
            _plan(judged)
            | {"findings": [{"rule": f.rule, "effect": f.effect, "text": f.text, "unknown": f.unknown} for f in judged.findings]}
            | {"figures": dict(judged.plan.figures)}
            for judged in found.judged
        ]
    return answer


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "set": evidence.set.id if evidence.set else None,
        "title": evidence.title,
        "meaning": evidence.meaning,
        "caveat": evidence.set.caveat if evidence.set else None,
        "ranks": evidence.ranks,
        "scores": {variant: round(score, 4) for variant, score in sorted(evidence.scores.items())},
        "uplift": {variant: round(points, 4) for variant, points in sorted(evidence.uplift.items())},
        "unranked": evidence.unranked,
        "sources": list(evidence.source_ids),
    }


def _pick(found: Recommendation, pick: Pipeline) -> dict[str, Any]:
    parts = {kind: pick.part(kind) for kind in ("embedder", "reranker")}
    return {
        **{kind: part and part.variant_id for kind, part in parts.items()},
        "placement": {kind: part and _placement(part) for kind, part in parts.items()},
        "quality": {kind: _round(part.quality) if part else None for kind, part in parts.items()},
        "shared": list(pick.shared) if pick.shared else None,
        "monthly_usd": _range(pick.monthly_usd),
        "one_off_usd": _range(pick.one_off_usd),
        "reasons": [_reason(reason) for reason in reasons.reasons(found)],
    }


def _plan(judged: Judged) -> dict[str, Any]:
    plan = judged.plan
    speed = plan.tokens_per_second
    return {
        "variant": judged.variant_id,
        "placement": _placement(judged),
        "quality": _round(judged.quality),
        "monthly_usd": _range(plan.monthly_usd),
        "one_off_usd": _range(plan.one_off_usd),
        "index_bytes": plan.index_bytes,
        "monthly_tokens": plan.tokens.monthly,
        "tokens_per_second": None if speed is None else speed._asdict(),
        "replicas": None if plan.replicas is None else dict(zip(("low", "base", "high"), plan.replicas, strict=True)),
    }


def _placement(judged: Judged) -> dict[str, Any]:
    plan, instance = judged.plan, judged.plan.instance
    told: dict[str, Any] = {
        "as_of": plan.as_of.isoformat() if plan.as_of else None,
        "sources": list(plan.price_sources),
    }
    if plan.offer is not None:
        price = plan.offer.usd_per_1m_input
        return {
            "type": "hosted",
            "provider": plan.provider_id,
            "offer": plan.offer.id,
            "model": plan.offer.model,
            "usd_per_1m_input": None if price is None else str(price),
            "tier": plan.offer.tier,
        } | told
    assert instance is not None, "a place is an offer or a machine"
    rent = plan.rent
    return {
        "type": "own",
        "cloud": instance.cloud,
        "instance": instance.id,
        "precision": plan.figure("precision"),
        "usd_per_hour": None if rent is None else str(rent),
    } | told


def _reason(reason: Reason) -> dict[str, Any]:
    return {"rule": reason.rule, "text": reason.text, "sources": list(reason.sources)}


def _range(amount: Range | None) -> dict[str, float] | None:
    return None if amount is None else {name: float(value) for name, value in amount._asdict().items()}


def _round(score: float | None) -> float | None:
    return None if score is None else round(score, 4)


def scores_sentence(found: Recommendation) -> str:
    """` · scores 54.3 on MTEB(eng, v1) retrieval`, for each step that has a score."""
    told = []
    for role in found.roles:
        part = found.pick.part(role.kind) if found.pick else None
        if part is not None and part.quality is not None and role.evidence.set is not None:
            lead = "scores" if len(found.roles) == 1 else f"the {role.kind} scores"
            told.append(f" · {lead} {formatting.points(part.quality)} on {role.evidence.set.name}")
    return "".join(told)


def score_notes(found: Recommendation) -> list[str]:
    """What each step's metric says, and what to mind of its set of scores."""
    notes = []
    for role in found.roles:
        caveat = role.evidence.set.caveat if role.evidence.set else None
        if role.evidence.meaning and role.evidence.set is not None:
            notes.append(f"{role.evidence.meaning}. {f'{role.evidence.set.name}: {caveat}' if caveat else ''}".strip())
    return list(dict.fromkeys(notes))


def left_out(found: Recommendation) -> list[str]:
    """Which models have no score in the sets that rank, and why."""
    names = found.catalog.variants
    return [f"{names[key].name}: {why}." for role in found.roles for key, why in role.evidence.unranked.items()]


def plan_sentence(found: Recommendation, plan_id: str) -> str:
    """What a plan costs and scores, and on a machine how fast it is; with its range and the day of its price."""
    judged = next(j for j in found.judged if j.id == plan_id)
    amount, speed = judged.plan.monthly_usd, judged.plan.tokens_per_second
    cost = f"{formatting.usd(amount.base)} a month{spread(amount)}" if amount else "What it costs is not known"
    score = f", scores {formatting.points(judged.quality)}" if judged.quality is not None else ", not ranked"
    origin = speed_origin(judged)
    fast = f", {rate(judged)} tokens a second{f', {origin}' if origin else ''}" if speed else ""
    return f"{cost}{score}{fast}. {price_note(judged).strip()}"


def encoding_sentence(found: Recommendation, judged: Judged) -> str:
    """What encoding the corpus takes once, and that a change of model means the same again."""
    plan = judged.plan
    hours, once = plan.first_hours, plan.one_off_usd
    time = f" in {hours.base:,.1f} hours on one machine ({hours.low:,.1f} to {hours.high:,.1f})" if hours else ""
    cost = f"for {formatting.usd(once.base)}" if once else "at a cost that is not known"
    return (
        f"Encoding the corpus once: {formatting.count(plan.tokens.once)} tokens {cost}{time}, {formatting.count(plan.tokens.vectors)} vectors after splitting "
        f"({formatting.significant(plan.tokens.vectors_per_passage)} a passage). A change of the model means encoding all of it again."
    )


def cheapest(found: Recommendation, kind: str) -> list[Judged]:
    """The plans of a step that fit at exactly the lowest monthly cost, first party and listing first; empty where nothing fits."""
    fitting = sorted(found.fitting(kind), key=lambda j: j.monthly)
    near = [j for j in fitting if j.monthly <= fitting[0].monthly * (1 + 1e-9)]  # exact amounts only for those
    least = min((j.cost.base for j in near), default=None)
    return sorted((j for j in near if j.cost.base == least), key=lambda j: preference(found, j))


def cheapest_sentence(found: Recommendation, kind: str) -> str:
    """`From $13.67 a month: BGE Small EN v1.5 at Cloudflare Workers AI`, with every tie; empty where nothing fits."""
    where: dict[str, list[str]] = {}
    plans = cheapest(found, kind)
    for judged in plans:
        places = where.setdefault(f"{judged.plan.variant.name} {'at' if judged.hosted else 'on'}", [])
        if judged.plan.where not in places:
            places.append(judged.plan.where)
    told = formatting.listed([f"{name} {formatting.listed(places, 'or')}" for name, places in where.items()], "or")
    return f"From {formatting.usd(plans[0].cost.base)} a month: {told}" if plans else ""
