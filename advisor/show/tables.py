"""Rows for the screen: every figure as text with its unit, and the ids of its sources."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from advisor.base import formatting
from advisor.catalog.load import Catalog, Family
from advisor.catalog.schema import Correction, Offer, Provider, Store, Variant
from advisor.decide import evidence
from advisor.decide.plans import free_usd_per_month
from advisor.decide.recommend import Judged, Recommendation, preference
from advisor.explain import break_even as crossing
from advisor.explain import reasons, what_would_change
from advisor.explain.sensitivity import Swing
from advisor.live.token_counts import VariantLengths
from advisor.sizing import storage, throughput
from advisor.sizing.tokens import Range

STALE_DAYS = 90
OWN_DRAWN = 3
"""Plans on own machines that the trade-off chart draws for each model and standing."""


class Release(NamedTuple):
    """One mark of the timeline; `day` is ISO, a month counts as its first day."""

    name: str
    day: str
    kind: str


class Fact(NamedTuple):
    """A figure as shown, with where it was read and, where it differs from the listing, the correction."""

    label: str
    value: str
    sources: tuple[str, ...]
    correction: Correction | None = None


def month(variant: Variant) -> str:
    """`2024-07`: the month of release."""
    return variant.released.strftime("%Y-%m") if variant.released else formatting.NOT_KNOWN


def status(catalog: Catalog, variant: Variant) -> str:
    """`Current`, or by which variant it is replaced."""
    return f"Replaced by {catalog.variants[variant.replaced_by].name}" if variant.replaced_by else "Current"


def newest_first(family: Family) -> list[tuple[str, Variant]]:
    """A family's variants, the latest release first, then the larger first."""
    return sorted(family.variants.items(), key=lambda item: (item[1].released or date.min, item[1].parameters or 0, item[0]), reverse=True)


def job(variant: Variant) -> str:
    """`embedding`, `reranking` or `text generation`."""
    return {"embedder": "embedding", "reranker": "reranking", "language-model": "text generation"}[variant.kind]


def signals(variant: Variant) -> list[str]:
    """The job, the outputs beyond the usual one, the longest input, the size."""
    rich = [output.replace("_", "-") for output in variant.outputs if output in ("sparse", "multi_vector")]
    length = [f"{formatting.count(variant.max_tokens)} tokens"] if variant.max_tokens else []
    return [job(variant), *rich, *length, *([formatting.parameters(variant.parameters)] if variant.parameters else [])]


def release_groups(family: Family) -> dict[str, list[str]]:
    """Names by month of release, the latest first; those without a date under `not known`, last."""
    groups: dict[str, list[str]] = {}
    for _, variant in newest_first(family):
        groups.setdefault(month(variant), []).append(variant.name)
    return groups


def releases(family: Family) -> list[Release]:
    """The dated releases of a family, for the timeline."""
    return [Release(v.name, v.released.isoformat(), v.kind) for _, v in sorted(family.variants.items()) if v.released]


def correction(family: Family, variant_id: str | None, field: str) -> Correction | None:
    """The correction of one field of a variant, or of the family."""
    return next((c for c in family.corrections if c.variant == variant_id and c.field == field), None)


def facts(catalog: Catalog, variant_id: str) -> list[Fact]:
    """All facts of a variant that are shown, in a fixed order; unknown ones say so."""
    variant, family = catalog.variants[variant_id], catalog.family_of(variant_id)
    licence = catalog.licences.get(variant.licence or "")
    rows: list[tuple[str, str, str, str]] = [
        ("Job", job(variant), "kind", "signals" if variant.kind == "reranker" else ""),
        (
            "Outputs",
            formatting.listed([output.replace("_", "-") for output in variant.outputs]),
            "outputs",
            "signals" if variant.kind == "embedder" else "",
        ),
        ("Released", formatting.day(variant.released) if variant.released else formatting.NOT_KNOWN, "released", "released"),
        ("Longest input", _tokens(variant.max_tokens, variant.max_tokens_scope), "max_tokens", "context"),
        ("Recommended input", _tokens(variant.recommended_tokens, variant.recommended_by), "recommended_tokens", ""),
        ("Parameters", _counted(variant.parameters, formatting.parameters(variant.parameters)), "parameters", "parameters"),
        ("Parameters without the token table", _counted(variant.non_embedding_parameters), "non_embedding_parameters", ""),
        ("Languages", language_list(variant), "languages", ""),
        ("Licence", licence.name if licence else variant.licence or formatting.NOT_KNOWN, "licence", ""),
        ("Tokenizer", variant.tokenizer or formatting.NOT_KNOWN, "tokenizer", ""),
        ("Layers, hidden size, heads", _shape(variant), "layers", ""),
        ("Hub id", variant.hub_id or formatting.NOT_KNOWN, "hub_id", ""),
    ]
    if variant.kind == "embedder":
        rows[5:5] = [
            ("Vector dimensions", _counted(variant.embedding_dim), "embedding_dim", ""),
            (
                "Pooling",
                {"cls": "CLS (first token)", "last_token": "last token"}.get(
                    variant.pooling or "", variant.pooling or formatting.NOT_KNOWN
                ),
                "pooling",
                "",
            ),
            ("Query instruction", repr(variant.query_instruction) if variant.query_instruction else "none", "query_instruction", ""),
        ]
    if variant.score:
        rows.insert(5, ("Score", variant.score, "score", ""))
    if variant.weights_bytes:
        sizes = ", ".join(f"{precision} {formatting.memory(size)}" for precision, size in variant.weights_bytes.items())
        rows.append(("Weights", sizes, "weights_bytes", ""))
    return [
        Fact(label, value, variant.source_ids(field), correction(family, variant_id, corrected)) for label, value, field, corrected in rows
    ]


def language_list(variant: Variant) -> str:
    """The languages by code, with how complete the list is."""
    if variant.languages is None:
        return "no list published"
    shown = (
        ", ".join(variant.languages)
        if len(variant.languages) <= 12
        else f"{len(variant.languages)} codes, {', '.join(variant.languages[:8])}, ..."
    )
    return shown if variant.languages_complete else f"{shown} (its publisher says there are more)"


def specification(catalog: Catalog, family: Family) -> list[dict[str, str]]:
    """The specifications table: one row a variant."""
    return [
        {
            "id": key,
            "Model": variant.name,
            "Released": formatting.day(variant.released) if variant.released else formatting.NOT_KNOWN,
            "Longest input (tokens)": formatting.count(variant.max_tokens),
            "Recommended (tokens)": formatting.count(variant.recommended_tokens),
            "Dimensions": formatting.count(variant.embedding_dim) if variant.kind == "embedder" else "no vectors",
            "Parameters": formatting.parameters(variant.parameters),
            "Licence": variant.licence or formatting.NOT_KNOWN,
        }
        for key, variant in newest_first(family)
    ]


def offers_of(catalog: Catalog, variant_ids: Iterable[str]) -> list[tuple[str, Provider, Offer]]:
    """Offers of some variants: known prices first, by price, then first party, then the provider's name."""
    wanted = set(variant_ids)
    order = ("listing", "provider-page", "aggregator")
    found = [row for row in catalog.offers() if row[2].variant in wanted]
    return sorted(
        found,
        key=lambda row: (row[2].usd_per_1m_input is None, row[2].usd_per_1m_input or 0, order.index(row[2].tier), row[1].name, row[2].id),
    )


def price_rows(catalog: Catalog, variant_ids: Iterable[str], today: date) -> list[dict[str, str]]:
    """The hosted prices of some variants, each with its date, who states it, and remarks."""
    return [
        {
            "id": offer.variant,
            "offer": offer.id,
            "Model": catalog.variants[offer.variant].name,
            "Provider": provider.name,
            "Endpoint": offer.model,
            "Input, per 1M tokens": "listed at 0, no price"
            if offer.type == "trial"
            else formatting.NOT_KNOWN
            if offer.usd_per_1m_input is None
            else f"${offer.usd_per_1m_input}",
            "Longest input (tokens)": formatting.count(offer.max_tokens) if offer.max_tokens else "not stated",
            "Price of": formatting.day(offer.as_of),
            "Stated by": tier(offer, provider),
            "Remark": age_remark(offer, today),
        }
        for _, provider, offer in offers_of(catalog, variant_ids)
    ]


def tier(offer: Offer, provider: Provider) -> str:
    """Who states the price, in words."""
    words = {"listing": "the listing and the provider", "provider-page": "the provider", "aggregator": "an aggregator only"}
    return f"{words[offer.tier]} (a router)" if provider.router else words[offer.tier]


def dated(offer: Offer) -> str:
    """`Price of 2026-11-12`, or `Undated price`."""
    return f"Price of {offer.as_of.isoformat()}" if offer.as_of else "Undated price"


def price_note(judged: Judged) -> str:
    """Of when a plan's price is, who states it, and what was noted beside it."""
    plan = judged.plan
    if plan.offer is not None and plan.provider is not None:
        return f"{dated(plan.offer)}, stated by {tier(plan.offer, plan.provider)}. {plan.offer.note or ''} "
    if plan.measured:
        return f"The price that you stated, {f'of {plan.as_of.isoformat()}' if plan.as_of else 'undated'}. "
    note = plan.instance.note if plan.instance else None
    when = f"Price of {plan.as_of.isoformat()}" if plan.as_of else "Undated price"
    return f"{when}, {plan.table.assumptions.machine_prices.replace('-', ' ')}. {f'{note[0].upper()}{note[1:]}.' if note else ''} "


def price_mark(offer: Offer, today: date) -> str:
    """`2026-11-12`, `2026-07-02, stale (145 days)`, `undated, aggregator only`: how far a price can be trusted."""
    day = offer.as_of.isoformat() if offer.as_of else ""
    aggregator = "aggregator only" if offer.tier == "aggregator" else ""
    return ", ".join(part for part in (day, age_remark(offer, today), aggregator) if part)


def age_remark(offer: Offer, today: date) -> str:
    """`stale (145 days)`, `undated`, or nothing."""
    if offer.as_of is None:
        return "undated"
    days = (today - offer.as_of).days
    return f"stale ({days} days)" if days > STALE_DAYS else ""


def stale(catalog: Catalog, today: date) -> list[dict[str, str]]:
    """Offers whose price is undated or older than 90 days."""
    rows = price_rows(catalog, catalog.variants, today)
    return [row for row in rows if row["Remark"]]


def scores(catalog: Catalog, variant_id: str) -> list[dict[str, str]]:
    """Published scores of a variant on every evidence set that holds it, with what they may be compared with."""
    rows = []
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        if chosen.by_language:
            continue
        found = evidence.scores(catalog, chosen.id)
        if variant_id in found:
            others = [
                f"{catalog.variants[key].name} {formatting.points(score)}"
                for key, score in sorted(found.items(), key=lambda i: -i[1])
                if key != variant_id
            ]
            rows.append(
                {
                    "Benchmark": evidence.describe(catalog, chosen),
                    "Score": formatting.points(found[variant_id]),
                    "On the same set": ", ".join(others) or "no other variant",
                    "Mind": chosen.caveat or "",
                }
            )
    return rows


def language_scores(catalog: Catalog, variant_id: str) -> list[dict[str, str]]:
    """Published scores by language, one row a set, for the sets by language that hold the variant."""
    rows = []
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        if not chosen.by_language:
            continue
        found = {code: evidence.scores(catalog, chosen.id, (code,)).get(variant_id) for code in chosen.languages or ()}
        known = {code: score for code, score in found.items() if score is not None}
        if known:
            shown = ", ".join(f"{code} {formatting.points(score)}" for code, score in known.items())
            rows.append(
                {
                    "Benchmark": f"{chosen.name} ({catalog.metrics[chosen.metric].name}, {chosen.publisher_of_scores})",
                    "By language": shown,
                    "Mind": chosen.caveat or "",
                }
            )
    return rows


def metric_meanings(catalog: Catalog) -> str:
    """What the metrics of the published scores say, in one line."""
    return "; ".join(f"{metric.name}: {metric.meaning}" for metric in catalog.metrics.values()) + "."


def comparison(catalog: Catalog, variant_ids: list[str], today: date) -> list[dict[str, str]]:
    """Facts, shared scores and lowest prices of several variants side by side; `differs` is empty where all agree."""
    columns = {key: {fact.label: fact.value for fact in facts(catalog, key)} for key in variant_ids}
    labels = list(dict.fromkeys(label for key in variant_ids for label in columns[key]))
    rows = [("Fact", label, [columns[key].get(label, "does not apply") for key in variant_ids]) for label in labels]
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        found = {} if chosen.by_language else evidence.scores(catalog, chosen.id)
        if all(key in found for key in variant_ids):
            rows.append(("Score", evidence.describe(catalog, chosen), [formatting.points(found[key]) for key in variant_ids]))
    rows.append(("Price", "Lowest known hosted price", [lowest_price(catalog, key, today) for key in variant_ids]))
    return [
        {"differs": "≠" if len(set(values)) > 1 else "", "part": part, "label": label}
        | {catalog.variants[key].name: value for key, value in zip(variant_ids, values, strict=True)}
        for part, label, values in rows
    ]


def shared_languages(catalog: Catalog, variant_ids: list[str]) -> list[dict[str, str]]:
    """Scores by language on the sets by language that hold all of the variants; one row a set and language."""
    rows = []
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: (s.rank, s.id)):
        for code in chosen.languages or () if chosen.by_language else ():
            found = evidence.scores(catalog, chosen.id, (code,))
            if all(key in found for key in variant_ids):
                rows.append(
                    {"Benchmark": f"{chosen.name} ({catalog.metrics[chosen.metric].name})", "Language": code}
                    | {catalog.variants[key].name: formatting.points(found[key]) for key in variant_ids}
                )
    return rows


def lowest_price(catalog: Catalog, variant_id: str, today: date) -> str:
    """The lowest known hosted price of a variant with all who ask it, or that none is known."""
    known = [row for row in offers_of(catalog, [variant_id]) if row[2].usd_per_1m_input is not None and row[2].type != "trial"]
    if not known:
        return formatting.NOT_KNOWN
    least = known[0][2].usd_per_1m_input
    where = list(dict.fromkeys(provider.name for _, provider, offer in known if offer.usd_per_1m_input == least))
    return f"{formatting.price(least)} at {formatting.listed(where)}"


def drawn(found: Recommendation, kind: str) -> list[Judged]:
    """The plans of one step that the trade-off chart draws: the picks and the front, every hosted one, and the `OWN_DRAWN` cheapest on own machines of each model and standing."""
    front = what_would_change.front(found, kind)
    counts: Counter[tuple[str, str]] = Counter()
    kept = []
    for j in sorted(_of_kind(found, kind), key=lambda j: (math.isnan(j.monthly), j.monthly, j.id)):
        standing = what_would_change.standing(j, found, front)
        if j.quality is None or math.isnan(j.monthly) or j.monthly <= 0:
            continue
        if j.hosted or standing in ("the pick", "on the front") or counts[j.variant_id, standing] < OWN_DRAWN:
            kept.append(j)
        counts[j.variant_id, standing] += not j.hosted
    return kept


def _of_kind(found: Recommendation, kind: str) -> list[Judged]:
    return [j for j in found.judged if j.kind == kind]


def trade_off_rows(found: Recommendation, kind: str) -> list[dict[str, str]]:
    """Score and monthly cost of the plans that the trade-off chart draws, best score first, then cheapest; then the hosted plans without a score."""
    front = what_would_change.front(found, kind)
    rows = drawn(found, kind)
    rows.sort(key=lambda j: (-(j.quality or 0), j.monthly, j.id))
    seen = {j.row for j in rows}
    rest = [j for j in _of_kind(found, kind) if j.row not in seen and j.hosted]
    rest.sort(key=lambda j: (math.isnan(j.monthly), j.monthly, j.id))
    return [
        {
            "id": j.variant_id,
            "Model": j.plan.variant.name,
            "Where": j.plan.where,
            "Score": formatting.points(j.quality) if j.quality is not None else "not ranked",
            "A month": _usd(j.plan.monthly_usd),
            "Low to high": formatting.usd_range(j.cost.low, j.cost.high) if j.plan.monthly_usd else formatting.NOT_KNOWN,
            "Standing": what_would_change.standing(j, found, front)
            if j.quality is not None or not j.fits or _picked(found, j)
            else "fits, not ranked",
        }
        for j in (*rows, *rest)
    ]


def _spread(amount: Range) -> str:
    """` ($31 to $52)`, or nothing where low and high read the same."""
    shown = formatting.usd_range(amount.low, amount.high)
    return f" ({shown})" if " to " in shown else ""


def _picked(found: Recommendation, judged: Judged) -> bool:
    return found.pick is not None and any(judged.row == part.row for part in found.pick.parts)


def _usd(amount: Range | None) -> str:
    return formatting.usd(amount.base) if amount else formatting.NOT_KNOWN


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


def alternative_rows(found: Recommendation, kind: str) -> list[dict[str, str]]:
    """The pick of a step and the cheapest hosted and own plan of each variant that fits it; empty where nothing is picked."""
    pick = found.pick.part(kind) if found.pick else None
    if pick is None:
        return []
    rows = [(pick, "the pick"), *((other.judged, other.text) for other in reasons.alternatives(found, kind))]
    return [
        {
            "id": j.variant_id,
            "Model": j.plan.variant.name,
            "Where": j.plan.where,
            "Score": formatting.points(j.quality) if j.quality is not None else "not ranked",
            "A month": formatting.usd(j.cost.base),
            "Against the pick": text,
        }
        for j, text in rows
    ]


def plan_sentence(found: Recommendation, plan_id: str) -> str:
    """What a plan costs and scores, and on a machine how fast it is; with its range and the day of its price."""
    judged = next(j for j in found.judged if j.id == plan_id)
    amount, speed = judged.plan.monthly_usd, judged.plan.tokens_per_second
    cost = f"{formatting.usd(amount.base)} a month{_spread(amount)}" if amount else "What it costs is not known"
    score = f", scores {formatting.points(judged.quality)}" if judged.quality is not None else ", not ranked"
    origin = speed_origin(judged)
    fast = f", {_rate(judged)} tokens a second{f', {origin}' if origin else ''}" if speed else ""
    return f"{cost}{score}{fast}. {price_note(judged).strip()}"


def _speed(judged: Judged) -> str:
    """Tokens a second of one machine, with their range and, on a measured machine, where they are from; for a plan whose speed is known."""
    origin = speed_origin(judged)
    return _rate(judged) + (f", {origin}" if origin else "")


def _rate(judged: Judged) -> str:
    speed = judged.plan.tokens_per_second
    assert speed is not None
    spread = f" ({speed.low:,.0f} to {speed.high:,.0f})" if speed.low != speed.high else ""
    return f"{speed.base:,.0f}{spread}"


def speed_origin(judged: Judged) -> str:
    """`measured here`, `measured here at 128 tokens`, `scaled by FLOPs from BGE Small EN v1.5's measurement`; empty where the speed is estimated from published runs."""
    plan, machine = judged.plan, judged.plan.measured
    if machine is None:
        return ""
    if judged.variant_id != machine.variant:
        return f"scaled by FLOPs from {plan.table.catalog.variants[machine.variant].name}'s measurement"
    return "measured here" if round(_length(judged)) == machine.tokens else f"measured here at {formatting.count(machine.tokens)} tokens"


def _length(judged: Judged) -> float:
    """Tokens of the text for which the FLOPs of a token are worked out."""
    variant = judged.plan.variant
    return ((judged.plan.load.token_flops or 0.0) - throughput.base(variant)) / (throughput.slope(variant) or 1.0)


def measurement(catalog: Catalog, machine: throughput.MeasuredMachine) -> str:
    """`measured here on 2026-11-25, 3,848 tokens/s at 128 tokens with BGE Small EN v1.5 at fp32`."""
    on = f" on {machine.as_of.isoformat()}" if machine.as_of else ""
    rate = formatting.significant(machine.tokens_per_second)
    return f"measured here{on}, {rate} tokens/s at {formatting.count(machine.tokens)} tokens with {catalog.variants[machine.variant].name} at {machine.precision}"


def this_machine(found: Recommendation) -> list[str]:
    """What the machine whose speed the visitor measured comes to in a month: the model that was measured, then the others asked for; empty where none was measured."""
    stated = found.assumptions.measured
    if stated is None:
        return []
    on = {j.variant_id: j for j in found.judged if j.plan.measured}
    if stated.variant not in on:
        return [f"The speed that was measured prices nothing: the catalog has no model {stated.variant} whose FLOPs are known."]
    own = on[stated.variant]
    machine = own.plan.measured
    assert machine is not None
    cost = f": {formatting.usd(own.cost.base)} a month" if own.fits else ""
    told = [
        f"This machine, as measured: {own.plan.variant.name} at {formatting.significant(machine.tokens_per_second)} tokens/s, ${machine.on_demand_usd_per_h} an hour{cost}.",
        f"The speed was {measurement(found.catalog, machine)}; {stated.memory_gib:g} GiB of memory hold the model.",
    ]
    if found.assumptions.precision not in ("default", machine.precision):
        return [
            *told,
            f"At {found.assumptions.precision}, as asked under the assumptions, its speed was not measured, so it is not priced.",
        ]
    rows = sorted((j for j in on.values() if found.role(j.kind)), key=lambda j: (j.row != own.row, not j.fits, j.monthly, j.id))
    return told + [_on_this_machine(j) for j in rows]


def _on_this_machine(judged: Judged) -> str:
    name, plan, replicas = judged.plan.variant.name, judged.plan, judged.plan.replicas
    if not judged.fits:
        why = judged.excluded[0].text if judged.excluded else "what it costs there is not known."
        return why if why.startswith(name) else f"{name}: {why}"
    assert replicas is not None and plan.encoding_usd is not None
    machines = "one machine" if replicas[1] == 1 else f"{formatting.count(replicas[1])} such machines"
    index = f"; with the index {formatting.usd(judged.cost.base)}" if plan.index_bytes else ""
    return (
        f"{name} at {_rate(judged)} tokens/s on texts as long as yours, {speed_origin(judged)}: {machines} at ${plan.rent} an hour, "
        f"{formatting.usd(plan.encoding_usd.base)} a month{index}."
    )


def plan_rows(found: Recommendation, kind: str) -> list[dict[str, Any]]:
    """Every plan of one step as numbers to sort by, cheapest first; None where not known."""
    rows = sorted(_of_kind(found, kind), key=lambda j: (not j.fits, math.isnan(j.monthly), j.monthly, j.id))
    return [_plan_row(j) for j in rows]


def _plan_row(judged: Judged) -> dict[str, Any]:
    plan, amount = judged.plan, judged.plan.monthly_usd
    speed, latency = plan.tokens_per_second, plan.latency_ms
    return {
        "Model": plan.variant.name,
        "Where": plan.where + (f", {speed_origin(judged)}" if plan.measured else ""),
        "Score": None if judged.quality is None else round(judged.quality, 2),
        "USD a month": None if amount is None else float(amount.base),
        "low": None if amount is None else float(amount.low),
        "high": None if amount is None else float(amount.high),
        "Machines": None if plan.replicas is None else plan.replicas[1],
        "Tokens a second": None if speed is None else round(speed.base),
        "ms a request": None if latency is None else round(latency.base, 1),
        "Price of": plan.as_of.isoformat() if plan.as_of else "undated",
        "Fits": "yes" if judged.fits else judged.excluded[0].text if judged.excluded else "cost not known",
    }


def cost_rows(found: Recommendation, kind: str) -> list[dict[str, str]]:
    """What every offer for a step comes to in a month, cheapest first; unknown prices last."""
    rows = [j for j in _of_kind(found, kind) if j.hosted]
    rows.sort(key=lambda j: (math.isnan(j.monthly), j.monthly, j.plan.variant.name, j.id))
    return [_cost_row(found, j) for j in rows]


def _cost_row(found: Recommendation, judged: Judged) -> dict[str, str]:
    plan = judged.plan
    assert plan.offer is not None and plan.provider is not None
    price = plan.offer.usd_per_1m_input if plan.offer.type != "trial" else None
    several = sum(offer.variant == plan.variant_id for offer in plan.provider.offers) > 1
    return {
        "id": plan.variant_id,
        "offer": plan.id,
        "Model": plan.variant.name,
        "Provider": plan.where + (f" ({plan.offer.model})" if several else ""),
        "A month": _usd(plan.monthly_usd),
        "Price per 1M": formatting.NOT_KNOWN if price is None else f"${price}",
        "Price of": price_mark(plan.offer, found.today),
        "Tokens": formatting.large(plan.tokens.monthly),
        "Encoding" if judged.kind == "embedder" else "Reranking": _usd(plan.encoding_usd),
        **({"Index": _usd(plan.index_usd), "Once": _usd(plan.one_off_usd)} if judged.kind == "embedder" else {}),
        "Fits": "yes" if judged.fits else f"no: {judged.excluded[0].text}" if judged.excluded else "no: its cost is not known",
    }


def own_rows(found: Recommendation, kind: str) -> list[dict[str, str]]:
    """For each model of a step the cheapest machine of one's own that it fits, and the machine that was measured; cheapest first."""
    own = [j for j in sorted(found.fitting(kind), key=lambda j: (j.monthly, preference(found, j))) if not j.hosted]
    cheapest: dict[str, Judged] = {}
    for j in own:
        cheapest.setdefault(j.variant_id, j)
    return [_own_row(found, j) for j in own if j.row == cheapest[j.variant_id].row or j.plan.measured]


def _own_row(found: Recommendation, judged: Judged) -> dict[str, str]:
    plan = judged.plan
    speed, replicas = plan.tokens_per_second, plan.replicas
    assert plan.instance is not None and speed is not None and replicas is not None
    return {
        "id": plan.variant_id,
        "Model": plan.variant.name,
        "Machine": plan.where,
        "A month": formatting.usd(judged.cost.base),
        "Low to high": formatting.usd_range(judged.cost.low, judged.cost.high),
        "Per hour": f"${plan.rent}",
        "Machines": formatting.count(replicas[1])
        if replicas[0] == replicas[2]
        else f"{replicas[1]:,} ({replicas[0]:,} to {replicas[2]:,})",
        "Tokens a second": _speed(judged),
        "Per 1M tokens at this use": formatting.usd(crossing.usd_per_1m(found, judged)),
        "Per 1M when filled": formatting.usd(crossing.full_usd_per_1m(found, judged)),
        "Price of": formatting.day(plan.as_of),
    }


def index_rows(found: Recommendation, judged: Judged) -> list[dict[str, str]]:
    """The index of an embedder by type of vector: bytes of a vector, of all values, and in memory, and the cheapest machine that holds it."""
    variant, tokens, dimensions = judged.plan.variant, judged.plan.tokens, judged.plan.variant.embedding_dim or 0
    rows = []
    for kind in storage.BYTES_PER_VALUE:
        size = storage.index_size(variant, tokens, found.workload.model_copy(update={"vector_type": kind, "vector_store": "ram"}))
        machine = storage.holding(found.catalog, size.ram_bytes)
        rows.append(
            {
                "Vector type": kind + (" (yours)" if kind == found.workload.vector_type else ""),
                "Bytes a dense vector": formatting.count(float(dimensions * storage.BYTES_PER_VALUE[kind])),
                "Vectors": formatting.large(size.vectors),
                "All values": formatting.memory(size.values_bytes),
                "In RAM": formatting.memory(size.ram_bytes),
                "Cheapest machine that holds it": f"{machine.cloud} {machine.instance}, {machine.ram_gib:g} GiB"
                if machine
                else "none in the catalog",
            }
        )
    return rows


def store_rows(found: Recommendation, judged: Judged) -> list[dict[str, str]]:
    """A month of an embedder's index in memory and in each store, with the store's minimum, limit and what is left out."""
    amounts = storage.by_store(found.catalog, found.workload, judged.plan.variant, judged.plan.tokens, found.table.ram)
    rows = []
    for key, amount in amounts.items():
        store = found.catalog.stores.get(key)
        most = storage.most_dimensions(store, found.workload.vector_type) if store else None
        dimensions = judged.plan.variant.embedding_dim or 0
        limit, no_amount = (
            "" if store is None else "not stated" if most is None else f"{formatting.count(most)} dimensions",
            formatting.NOT_KNOWN,
        )
        if store is not None and store.vector_types is not None and found.workload.vector_type not in store.vector_types:
            amount, no_amount, limit = None, "–", f"takes no {found.workload.vector_type} vectors"
        elif most is not None and dimensions > most:
            limit += ": too few"
        rows.append(
            {
                "id": key,
                "Store": "Memory of rented machines" if store is None else store.name,
                "A month": formatting.usd(amount.base) if amount else no_amount,
                "Low to high": formatting.usd_range(amount.low, amount.high) if amount else no_amount,
                "Minimum charge": formatting.usd(store.minimum_usd_per_month) if store and store.minimum_usd_per_month else "none stated",
                "Limit": limit,
                "Price of": "" if store is None else str(store.as_of or "undated"),
                "Left out": "" if store is None else _left_out_of_store(store),
            }
        )
    return rows


def _left_out_of_store(store: Store) -> str:
    if not storage.price_is_known(store):
        return store.note or "no unit price was found"
    if store.type == "self_hosted":
        return "the database's processors"
    return storage.left_out(store)


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


def latency_rows(found: Recommendation) -> list[dict[str, str]]:
    """What a request takes at each step of the pick, at the peak; hosted latency is not published."""
    names = {"embedder": "Encoding a query", "reranker": f"Reranking {formatting.count(found.workload.rerank_candidates)} candidates"}
    rows = []
    for part in found.pick.parts if found.pick else ():
        time = part.plan.latency_ms
        rows.append(
            {
                "Step": names[part.kind],
                "Plan": part.named,
                "Milliseconds": "not published"
                if time is None
                else f"{formatting.significant(time.base)} ({formatting.significant(time.low)} to {formatting.significant(time.high)})",
            }
        )
    return rows


def store_sources(found: Recommendation, store_id: str) -> tuple[str, ...]:
    """Ids of the sources of what keeping an index in a store costs."""
    return storage.sources(found.catalog, store_id)


def latency_formula(found: Recommendation) -> list[str]:
    """How the time of a request on each own machine of the pick is worked out, with the visitor's numbers in it."""
    lines = []
    for part in found.pick.parts if found.pick else ():
        plan, time, replicas = part.plan, part.plan.latency_ms, part.plan.replicas
        if time is None or replicas is None or not plan.load.request_flops:
            continue
        static, flops = found.table.static, float(found.table.flops["base"][part.row])
        cards, read = float(static.cards[part.row]), float(static.read_ms[part.row])
        computing = 1000 * plan.load.request_flops / flops * cards
        use = float(found.table.needed["base"][part.row]) / replicas[1]
        reading = f", reading the weights once {formatting.significant(read)} ms; the longer of the two" if read else ""
        lines.append(
            f"{part.named}: {formatting.significant(plan.load.request_flops / 1e9)} billion operations / {formatting.significant(flops / cards / 1e12)} TFLOP/s reached on one card or processor = {formatting.significant(computing)} ms{reading}, "
            f"/ (1 - {use:.1%} use at the peak) = {formatting.significant(time.base)} ms."
        )
    return lines


def break_even_rows(found: Recommendation, own: Judged) -> list[dict[str, str]]:
    """From how many tokens a month a machine costs less than each offer of the same model."""
    return [
        {
            "Against": c.offer.plan.where,
            "Price per 1M": f"${c.offer.plan.offer.usd_per_1m_input}" if c.offer.plan.offer else formatting.NOT_KNOWN,
            "Break-even, tokens a month": formatting.large(round(c.tokens[1])) if c.tokens[1] else "never",
            "Fast to slow": f"{_volume(c.tokens[0])} to {_volume(c.tokens[2])}",
            "One machine carries": formatting.large(round(c.capacity[1])),
        }
        for c in crossing.crossings(found, own)
    ]


def _volume(tokens: float | None) -> str:
    return formatting.large(round(tokens)) if tokens else "never"


def token_rows(rows: list[VariantLengths]) -> list[dict[str, str]]:
    """How long a sample's passages are for each model, and how many go over its limit."""
    return [
        {
            "Model": row.name,
            "Counted": "exactly" if row.exact else "an estimate",
            "Passages": formatting.count(row.passages),
            "Typical tokens": formatting.count(row.typical),
            "95th percentile": formatting.count(row.p95),
            "Longest": formatting.count(row.most),
            "Limit": formatting.count(row.limit)
            + (f", {formatting.count(row.query_tokens)} of them for the query" if row.query_tokens else ""),
            "Over the limit": formatting.NOT_KNOWN if row.share_over is None else f"{row.share_over:.1%}",
        }
        for row in rows
    ]


def swing_rows(rows: list[Swing]) -> list[dict[str, str]]:
    """The tornado chart as a table."""
    return [
        {
            "Assumption": row.name,
            "At one end": f"{row.first}: {formatting.usd(row.first_usd)}",
            "As it is": formatting.usd(row.base_usd),
            "At the other": f"{row.second}: {formatting.usd(row.second_usd)}",
        }
        for row in rows
    ]


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


def formula(judged: Judged, found: Recommendation) -> list[str]:
    """The cost of one plan step by step with the visitor's numbers in it."""
    plan = judged.plan
    lines = _tokens_formula(judged, found)
    if plan.offer is None:
        lines += _own_formula(judged, found)
    elif plan.encoding_usd is None:
        return [*lines, "The price is not known, so there is no cost."]
    else:
        price = plan.offer.usd_per_1m_input
        lines.append(
            f"{formatting.count(plan.tokens.monthly)} tokens × ${price} / 1,000,000 = {formatting.usd(plan.encoding_usd.base)} a month."
        )
        free = free_usd_per_month(plan.provider)
        if free and plan.provider:
            lines.append(
                f"At best {formatting.usd(free)} a month less: {plan.provider.free_allocation}. With it {formatting.usd(plan.encoding_usd.low)}, the low end."
            )
        if plan.tokens.once and plan.one_off_usd:
            lines.append(
                f"{formatting.count(plan.tokens.once)} tokens × ${price} / 1,000,000 = {formatting.usd(plan.one_off_usd.base)} once."
            )
    if plan.index_bytes and plan.index_usd:
        lines.append(_index_formula(judged, found))
    if plan.index_bytes and plan.monthly_usd:
        lines.append(f"Together {formatting.usd(plan.monthly_usd.base)} a month{_spread(plan.monthly_usd)}.")
    return lines


def _tokens_formula(judged: Judged, found: Recommendation) -> list[str]:
    plan, workload, count = judged.plan, found.workload, formatting.count
    tokens, variant = plan.tokens, plan.variant
    if variant.kind == "reranker":
        special = variant.special_tokens_per_pair or 0
        whole = f"{count(workload.query_tokens)} + {count(workload.passage_tokens)} + {special} special"
        return [
            f"Tokens in a pair: {whole} = {count(tokens.per_input)}, cut at the limit of one input.",
            f"Tokens a month: {count(workload.queries_per_month)} queries × {count(workload.rerank_candidates)} candidates × {count(tokens.per_input)} "
            f"= {count(tokens.monthly)}.",
        ]
    special = variant.special_tokens_per_text or 0
    return [
        f"Tokens a month: {count(workload.queries_per_month)} queries × ({count(workload.query_tokens)} + {special} special) and "
        f"{count(workload.new_passages_per_month)} new passages × ({count(workload.passage_tokens)} + {special} special × "
        f"{tokens.vectors_per_passage:g} {'part' if tokens.vectors_per_passage == 1 else 'parts'}) = {count(tokens.monthly)}.",
        f"Once: {count(workload.passages)} passages, in the same way = {count(tokens.once)} tokens.",
    ]


def _own_formula(judged: Judged, found: Recommendation) -> list[str]:
    """Speed, load, machines and rent of one's own hardware."""
    plan, workload, count = judged.plan, found.workload, formatting.count
    variant, instance, speed, replicas = plan.variant, plan.instance, plan.tokens_per_second, plan.replicas
    rent = plan.rent
    if instance is None or speed is None or replicas is None or rent is None:
        return ["The speed or the rent of this machine is not known, so there is no cost."]
    factor = 2 if variant.pooling == "last_token" else 4
    share = float(found.table.needed["base"][judged.row])
    spare = " and one to spare" if workload.redundancy else ""
    lines = [
        f"FLOPs for a token: 2 × {count(variant.non_embedding_parameters)} parameters outside the token table + {factor} × {count(variant.layers)} layers × "
        f"{count(variant.hidden_size)} hidden × {count(round(_length(judged)))} tokens of the text = {(plan.load.token_flops or 0) / 1e9:,.3f} billion.",
        _speed_formula(judged, found),
        f"Machines: {formatting.rate(workload.peak)} queries a second at the peak, with new passages, take {share:,.2%} of one machine; / {found.assumptions.target_utilisation:.0%} filling, rounded up{spare} "
        f"= {count(replicas[1])} ({count(replicas[0])} to {count(replicas[2])}).",
        f"Rent: ${rent} an hour × {formatting.HOURS_PER_MONTH} hours × {count(replicas[1])} = {_usd(plan.encoding_usd)} a month.",
    ]
    hours = plan.first_hours
    if judged.kind == "embedder" and hours and plan.one_off_usd:
        lines.append(
            f"First encoding: {count(plan.tokens.once)} tokens take one machine {hours.base:,.1f} hours ({hours.low:,.1f} to {hours.high:,.1f}), {formatting.usd(plan.one_off_usd.base)} once."
        )
    return lines


def _speed_formula(judged: Judged, found: Recommendation) -> str:
    """Where the tokens a second of one machine are from: a measurement there, or the share of the peak that published runs reached."""
    plan, asked, count = judged.plan, found.assumptions.precision, formatting.count
    instance, speed, machine = plan.instance, plan.tokens_per_second, plan.measured
    assert instance is not None and speed is not None
    low_to_high = f"{count(round(speed.base))} tokens a second ({count(round(speed.low))} to {count(round(speed.high))})."
    if machine is not None:
        variant = found.catalog.variants[machine.variant]
        flops = throughput.flops_per_token(variant, machine.tokens) or 0.0
        reached = f"{measurement(found.catalog, machine)} × {flops / 1e9:,.3f} billion FLOPs for a token there = {formatting.significant(machine.tokens_per_second * flops / 1e9)} GFLOP/s"
        if machine.variant == judged.variant_id:
            return f"Speed of {plan.where}: {reached}; / that = {count(round(speed.base))} tokens a second."
        return f"Speed of {plan.where}, {speed_origin(judged)}: {reached}; / that = {low_to_high}"
    kind = throughput.hardware_class(found.catalog, instance)
    mfu = throughput.calibrations(found.catalog, asked)[kind or "gpu"].mfu.base
    peak = throughput.peak_flops(found.catalog, instance, asked) or 0.0
    slower = f" × {found.assumptions.speed_percent:g}%" if found.assumptions.speed_percent != 100 else ""
    return f"Speed of {plan.where}: {formatting.significant(peak / 1e12)} TFLOP/s dense {throughput.precision_of(kind or 'gpu', asked)} peak × {mfu:.1%} reached{slower} / that = {low_to_high}"


def _index_formula(judged: Judged, found: Recommendation) -> str:
    plan, workload, count = judged.plan, found.workload, formatting.count
    assert plan.index_usd is not None
    values = f"{count(plan.tokens.vectors)} vectors × {count(plan.variant.embedding_dim)} dimensions × bytes of {workload.vector_type}"
    more = "" if set(workload.outputs) <= {"dense"} else ", sparse or multi-vector output added,"
    cost = f"{formatting.usd(plan.index_usd.base)} a month{_spread(plan.index_usd)}"
    if workload.vector_store == "ram":
        return f"Index: {values}{more} × 1.5 = {formatting.memory(plan.index_bytes)}, kept in RAM for {cost}."
    return f"Index: {values}{more} = {formatting.memory(plan.load.size.values_bytes)}, kept in {storage.name(found.catalog, workload.vector_store)} for {cost}."


def source_rows(catalog: Catalog) -> list[dict[str, str]]:
    """Every source with its address, who publishes it, when it was read, and what was read there."""
    return [
        {
            "Id": source.id,
            "Title": source.title,
            "Publisher": source.publisher or "",
            "Read on": source.accessed.isoformat(),
            "Copy of": source.copy_date or "",
            "What": source.what or "",
            "Address": source.url or "",
        }
        for source in sorted(catalog.sources.values(), key=lambda s: s.id)
    ]


def _tokens(number: int | None, remark: str | None) -> str:
    if number is None:
        return formatting.NOT_KNOWN
    return f"{formatting.count(number)} tokens" + (f" ({remark})" if remark else "")


def _counted(number: int | None, short: str | None = None) -> str:
    if number is None:
        return formatting.NOT_KNOWN
    return f"{formatting.count(number)} ({short})" if short else formatting.count(number)


def _shape(variant: Variant) -> str:
    if variant.layers is None:
        return formatting.NOT_KNOWN
    return f"{formatting.count(variant.layers)}, {formatting.count(variant.hidden_size)}, {formatting.count(variant.heads)}"
