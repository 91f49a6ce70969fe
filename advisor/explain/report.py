"""A recommendation as text and as JSON."""

from __future__ import annotations

from typing import Any

from advisor.base import formatting
from advisor.decide.evidence import Evidence
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain import reasons
from advisor.explain.reasons import Reason
from advisor.sizing.ranges import Range

SCHEMA = "bge-advisor/recommendation@1"
NAMED = 3
"""Machines that a line of rejections names before it counts the rest."""


def headline(found: Recommendation) -> str:
    """The answer in one sentence, with its monthly cost."""
    return (
        "Nothing fits this workload."
        if found.pick is None
        else f"Use {found.pick.named}: {cost(found.pick)}."
    )


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
    for step in found.steps:
        others = reasons.alternatives(found, step.kind)
        if others:
            lines += ["", f"Also possible as {step.kind}:"]
            lines += [
                f"- {o.judged.named}, {formatting.usd(o.judged.monthly)} a month. {o.text}"
                for o in others
            ]
    if found.rejected:
        lines += ["", f"Ruled out ({len(found.rejected)} of {len(found.judged)} plans):"]
        lines += [f"- {text}" for text in rejections(found)]
    lines += ["", "Taken for granted:"] + [f"- {text}" for text in reasons.assumptions(found)]
    lines += ["", f"Catalog {found.catalog.version}, prices aged to {found.today.isoformat()}."]
    return "\n".join(lines) + "\n"


def rejections(found: Recommendation) -> list[str]:
    """One sentence for each variant and rule that ruled plans of it out first, with the places; of own machines the first few are named."""
    groups: dict[tuple[str, bool, str], list[JudgedPlan]] = {}
    for judged in found.rejected:
        first = judged.excluded[0].text if judged.hosted else found.rules.excluding(judged.row)[0]
        groups.setdefault((judged.plan.variant.name, judged.hosted, first), []).append(judged)
    lines = []
    for (name, hosted, _), group in sorted(groups.items()):
        group.sort(
            key=lambda j: (j.monthly != j.monthly, j.monthly)
        )  # the cheapest speaks for the others; not known last
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
        "evidence": {step.kind: _evidence(step.evidence) for step in found.steps},
        "pick": None if found.pick is None else _pick(found, found.pick),
        "ties": [
            j.id
            for part in (found.pick.parts if found.pick else ())
            for j in reasons.ties(found, part)
        ],
        "alternatives": [
            _plan(o.judged) | {"text": o.text}
            for step in found.steps
            for o in reasons.alternatives(found, step.kind)
        ],
        "rejected": [
            {
                "variant": judged.variant_id,
                "placement": _placement(judged),
                "rule": finding.rule,
                "text": finding.text,
            }
            for judged in found.rejected
            for finding in judged.excluded
        ],
        "loosen": [_reason(reason) for reason in reasons.loosen(found)],
        "assumptions": list(reasons.assumptions(found)),
    }
    if plans:
        answer["plans"] = [
            _plan(judged)
            | {
                "findings": [
                    {"rule": f.rule, "effect": f.effect, "text": f.text, "unknown": f.unknown}
                    for f in judged.findings
                ]
            }
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
        "uplift": {
            variant: round(points, 4) for variant, points in sorted(evidence.uplift.items())
        },
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


def _plan(judged: JudgedPlan) -> dict[str, Any]:
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
        "replicas": None
        if plan.replicas is None
        else dict(zip(("low", "base", "high"), plan.replicas, strict=True)),
    }


def _placement(judged: JudgedPlan) -> dict[str, Any]:
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
    return (
        None if amount is None else {name: float(value) for name, value in amount._asdict().items()}
    )


def _round(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
