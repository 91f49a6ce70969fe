"""A recommendation as text and as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from advisor import units
from advisor.costs import Range
from advisor.recommend import Judged, Reason, Recommendation

SCHEMA = "bge-advisor/recommendation@1"


def headline(found: Recommendation) -> str:
    """The answer in one sentence, with its monthly cost."""
    pick = found.pick
    if pick is None:
        return "Nothing fits this workload."
    return f"Use {pick.plan.variant.name} at {pick.plan.where}: {cost(pick)}."


def cost(judged: Judged) -> str:
    """`about $34.90 a month ($31.12 to $52.97), $2.02 once to encode the corpus`."""
    amount = judged.plan.monthly_usd
    assert amount is not None
    text = f"about {units.usd(amount.base)} a month"
    if units.usd(amount.low) != units.usd(amount.high):
        text += f" ({units.usd_range(amount.low, amount.high)})"
    if judged.plan.one_off_usd and judged.plan.variant.kind == "embedder":
        text += f", and {units.usd(judged.plan.one_off_usd)} once to encode the corpus"
    return text


def as_text(found: Recommendation) -> str:
    """The recommendation as plain text: the answer, its reasons, the runners-up, what was ruled out."""
    lines = [headline(found), ""]
    for reason in found.reasons or found.loosen:
        lines.append(f"- {reason.text}")
    if found.alternatives:
        lines += ["", "Also possible:"]
        for other in found.alternatives:
            plan = other.judged.plan
            lines.append(f"- {plan.variant.name} at {plan.where}, {units.usd(other.judged.monthly)} a month. {other.text}")
    if found.rejected:
        lines += ["", f"Ruled out ({len(found.rejected)} of {len(found.judged)} plans):"]
        lines += [f"- {text}" for text in rejections(found)]
    lines += ["", "Taken for granted:"] + [f"- {text}" for text in found.assumptions]
    lines += ["", f"Catalog {found.catalog_version}, prices aged to {found.today.isoformat()}."]
    return "\n".join(lines) + "\n"


def rejections(found: Recommendation) -> list[str]:
    """One sentence for each variant and rule that ruled plans of it out, with the providers."""
    groups: dict[tuple[str, str], list[str]] = {}
    for judged in found.rejected:
        where = groups.setdefault((judged.plan.variant.name, judged.excluded[0].text), [])
        if judged.plan.where not in where:
            where.append(judged.plan.where)
    return [f"{name} ({', '.join(where)}): {text}" for (name, text), where in sorted(groups.items())]


def as_json(found: Recommendation, plans: bool = False) -> dict[str, Any]:
    """The recommendation as plain data, schema `bge-advisor/recommendation@1`; amounts are US dollars as numbers."""
    evidence = found.evidence
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "workload": found.workload.model_dump(mode="json"),
        "catalog_version": found.catalog_version,
        "date": found.today.isoformat(),
        "evidence": {
            "set": evidence.set.id if evidence.set else None,
            "title": evidence.title,
            "meaning": evidence.meaning,
            "caveat": evidence.set.caveat if evidence.set else None,
            "ranks": evidence.ranks,
            "scores": {variant: round(score, 4) for variant, score in sorted(evidence.scores.items())},
            "uplift": {variant: round(points, 4) for variant, points in sorted(evidence.uplift.items())},
            "unranked": evidence.unranked,
            "sources": list(evidence.source_ids),
        },
        "pick": None if found.pick is None else _pick(found, found.pick),
        "ties": [judged.plan.id for judged in found.ties],
        "alternatives": [_plan(other.judged) | {"text": other.text} for other in found.alternatives],
        "rejected": [
            {"variant": judged.plan.variant_id, "placement": _placement(judged), "rule": finding.rule, "text": finding.text}
            for judged in found.rejected
            for finding in judged.excluded
        ],
        "loosen": [_reason(reason) for reason in found.loosen],
        "assumptions": list(found.assumptions),
    }
    if plans:
        answer["plans"] = [
            _plan(judged)
            | {"findings": [{"rule": f.rule, "effect": f.effect, "text": f.text, "unknown": f.unknown} for f in judged.findings]}
            | {"figures": dict(judged.plan.figures)}
            for judged in found.judged
        ]
    return answer


def _pick(found: Recommendation, pick: Judged) -> dict[str, Any]:
    role = pick.plan.variant.kind
    return {
        "embedder": pick.plan.variant_id if role == "embedder" else None,
        "reranker": pick.plan.variant_id if role == "reranker" else None,
        "placement": {"embedder": None, "reranker": None} | {role: _placement(pick)},
        "quality": _round(pick.quality),
        "monthly_usd": _range(pick.plan.monthly_usd),
        "one_off_usd": _range(Range(*([pick.plan.one_off_usd] * 3)) if pick.plan.one_off_usd is not None else None),
        "reasons": [_reason(reason) for reason in found.reasons],
    }


def _plan(judged: Judged) -> dict[str, Any]:
    plan = judged.plan
    return {
        "variant": plan.variant_id,
        "placement": _placement(judged),
        "quality": _round(judged.quality),
        "monthly_usd": _range(plan.monthly_usd),
        "one_off_usd": _number(plan.one_off_usd),
        "index_bytes": plan.index_bytes,
        "monthly_tokens": plan.tokens.monthly,
    }


def _placement(judged: Judged) -> dict[str, Any] | None:
    plan = judged.plan
    if plan.offer is None:
        return None
    price = plan.offer.usd_per_1m_input
    return {
        "type": "hosted",
        "provider": plan.provider_id,
        "offer": plan.offer.id,
        "model": plan.offer.model,
        "usd_per_1m_input": None if price is None else str(price),
        "as_of": plan.offer.as_of.isoformat() if plan.offer.as_of else None,
        "tier": plan.offer.tier,
        "sources": list(plan.offer.source_ids("usd_per_1m_input")),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"rule": reason.rule, "text": reason.text, "sources": list(reason.sources)}


def _range(amount: Range | None) -> dict[str, float] | None:
    return None if amount is None else {name: float(value) for name, value in amount._asdict().items()}


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _round(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
