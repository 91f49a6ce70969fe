"""Rows for the screen: every figure as text with its unit, and the ids of its sources."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from advisor import evidence, trade_offs, units
from advisor.catalog.load import Catalog, Family
from advisor.catalog.schema import Correction, Offer, Provider, Variant
from advisor.charts import Release
from advisor.plans import KIND_FOR_TASK
from advisor.recommend import Judged, Recommendation, preference

STALE_DAYS = 90


class Fact(NamedTuple):
    """A figure as shown, with where it was read and, where it differs from the listing, the correction."""

    label: str
    value: str
    sources: tuple[str, ...]
    correction: Correction | None = None


def month(variant: Variant) -> str:
    """`2024-07`: the month of release."""
    return variant.released.strftime("%Y-%m") if variant.released else units.NOT_KNOWN


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
    length = [f"{units.count(variant.max_tokens)} tokens"] if variant.max_tokens else []
    return [job(variant), *rich, *length, *([units.parameters(variant.parameters)] if variant.parameters else [])]


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
            units.listed([output.replace("_", "-") for output in variant.outputs]),
            "outputs",
            "signals" if variant.kind == "embedder" else "",
        ),
        ("Released", units.day(variant.released) if variant.released else units.NOT_KNOWN, "released", "released"),
        ("Longest input", _tokens(variant.max_tokens, variant.max_tokens_scope), "max_tokens", "context"),
        ("Recommended input", _tokens(variant.recommended_tokens, variant.recommended_by), "recommended_tokens", ""),
        ("Parameters", _counted(variant.parameters, units.parameters(variant.parameters)), "parameters", "parameters"),
        ("Parameters without the token table", _counted(variant.non_embedding_parameters), "non_embedding_parameters", ""),
        ("Languages", language_list(variant), "languages", ""),
        ("Licence", licence.name if licence else variant.licence or units.NOT_KNOWN, "licence", ""),
        ("Tokenizer", variant.tokenizer or units.NOT_KNOWN, "tokenizer", ""),
        ("Layers, hidden size, heads", _shape(variant), "layers", ""),
        ("Hub id", variant.hub_id or units.NOT_KNOWN, "hub_id", ""),
    ]
    if variant.kind == "embedder":
        rows[5:5] = [
            ("Vector dimensions", _counted(variant.embedding_dim), "embedding_dim", ""),
            (
                "Pooling",
                {"cls": "CLS (first token)", "last_token": "last token"}.get(variant.pooling or "", variant.pooling or units.NOT_KNOWN),
                "pooling",
                "",
            ),
            ("Query instruction", repr(variant.query_instruction) if variant.query_instruction else "none", "query_instruction", ""),
        ]
    if variant.score:
        rows.insert(5, ("Score", variant.score, "score", ""))
    if variant.weights_bytes:
        sizes = ", ".join(f"{precision} {units.memory(size)}" for precision, size in variant.weights_bytes.items())
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
            "Released": units.day(variant.released) if variant.released else units.NOT_KNOWN,
            "Longest input (tokens)": units.count(variant.max_tokens),
            "Recommended (tokens)": units.count(variant.recommended_tokens),
            "Dimensions": units.count(variant.embedding_dim) if variant.kind == "embedder" else "no vectors",
            "Parameters": units.parameters(variant.parameters),
            "Licence": variant.licence or units.NOT_KNOWN,
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
            "Input, per 1M tokens": "trial, no price"
            if offer.type == "trial"
            else units.NOT_KNOWN
            if offer.usd_per_1m_input is None
            else f"${offer.usd_per_1m_input}",
            "Longest input (tokens)": units.count(offer.max_tokens) if offer.max_tokens else "not stated",
            "Price of": units.day(offer.as_of),
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
                f"{catalog.variants[key].name} {units.points(score)}"
                for key, score in sorted(found.items(), key=lambda i: -i[1])
                if key != variant_id
            ]
            rows.append(
                {
                    "Benchmark": evidence.describe(catalog, chosen),
                    "Score": units.points(found[variant_id]),
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
            shown = ", ".join(f"{code} {units.points(score)}" for code, score in known.items())
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
            rows.append(("Score", evidence.describe(catalog, chosen), [units.points(found[key]) for key in variant_ids]))
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
                    | {catalog.variants[key].name: units.points(found[key]) for key in variant_ids}
                )
    return rows


def lowest_price(catalog: Catalog, variant_id: str, today: date) -> str:
    """The lowest known hosted price of a variant with all who ask it, or that none is known."""
    known = [row for row in offers_of(catalog, [variant_id]) if row[2].usd_per_1m_input is not None and row[2].type != "trial"]
    if not known:
        return units.NOT_KNOWN
    least = known[0][2].usd_per_1m_input
    where = list(dict.fromkeys(provider.name for _, provider, offer in known if offer.usd_per_1m_input == least))
    return f"{units.price(least)} at {units.listed(where)}"


def trade_off_rows(found: Recommendation) -> list[dict[str, str]]:
    """Score and monthly cost of every plan for the task, best score first, then cheapest; the table of the trade-off chart."""
    front = trade_offs.front(found)
    rows = [j for j in found.judged if j.plan.variant.kind == KIND_FOR_TASK[found.workload.task]]
    rows.sort(
        key=lambda j: (j.quality is None, -(j.quality or 0), j.plan.monthly_usd is None, j.monthly if j.plan.monthly_usd else 0, j.plan.id)
    )
    return [
        {
            "id": j.plan.variant_id,
            "Model": j.plan.variant.name,
            "Provider": j.plan.where,
            "Score": units.points(j.quality) if j.quality is not None else "not ranked",
            "A month": units.usd(j.plan.monthly_usd.base) if j.plan.monthly_usd else units.NOT_KNOWN,
            "Low to high": units.usd_range(j.plan.monthly_usd.low, j.plan.monthly_usd.high) if j.plan.monthly_usd else units.NOT_KNOWN,
            "Standing": trade_offs.standing(j, found, front)
            if j.quality is not None or j.excluded or j is found.pick
            else "fits, not ranked",
        }
        for j in rows
    ]


def cost_rows(found: Recommendation) -> list[dict[str, str]]:
    """What every offer for the task comes to in a month, cheapest first; unknown prices last."""
    kind = KIND_FOR_TASK[found.workload.task]
    rows = [j for j in found.judged if j.plan.variant.kind == kind]
    rows.sort(
        key=lambda j: (j.plan.monthly_usd is None, j.plan.monthly_usd.base if j.plan.monthly_usd else 0, j.plan.variant.name, j.plan.id)
    )
    return [_cost_row(j) for j in rows]


def _cost_row(judged: Judged) -> dict[str, str]:
    plan = judged.plan
    price = plan.offer.usd_per_1m_input if plan.offer and plan.offer.type != "trial" else None
    return {
        "id": plan.variant_id,
        "offer": plan.id,
        "Model": plan.variant.name,
        "Provider": plan.where
        + (f" ({plan.offer.model})" if plan.provider and plan.offer and _several(plan.provider, plan.variant_id) else ""),
        "A month": units.usd(plan.monthly_usd.base) if plan.monthly_usd else units.NOT_KNOWN,
        "Price per 1M": units.NOT_KNOWN if price is None else f"${price}",
        "Tokens": units.large(plan.tokens.monthly),
        "Encoding" if plan.variant.kind == "embedder" else "Reranking": units.usd(plan.encoding_usd.base)
        if plan.encoding_usd
        else units.NOT_KNOWN,
        **(
            {"Index": units.usd(plan.index_usd.base) if plan.index_usd is not None else units.NOT_KNOWN}
            if plan.variant.kind == "embedder"
            else {}
        ),
        **({"Once": units.usd(plan.one_off_usd)} if plan.variant.kind == "embedder" else {}),
        "Fits": "yes" if not judged.excluded else f"no: {judged.excluded[0].text}",
    }


def cheapest(found: Recommendation) -> list[Judged]:
    """The plans that fit at exactly the lowest monthly cost, first party and listing first; empty where nothing fits."""
    fitting = [j for j in found.judged if not j.excluded and j.plan.monthly_usd is not None]
    least = min((j.cost.base for j in fitting), default=None)
    return sorted((j for j in fitting if j.cost.base == least), key=preference)


def cheapest_sentence(found: Recommendation) -> str:
    """`From $13.67 a month: BGE Small EN v1.5 at Cloudflare Workers AI`, with every tie; empty where nothing fits."""
    where: dict[str, list[str]] = {}
    plans = cheapest(found)
    for judged in plans:
        places = where.setdefault(judged.plan.variant.name, [])
        if judged.plan.where not in places:
            places.append(judged.plan.where)
    told = units.listed([f"{name} at {units.listed(places, 'or')}" for name, places in where.items()], "or")
    return f"From {units.usd(plans[0].cost.base)} a month: {told}" if plans else ""


def _several(provider: Provider, variant_id: str) -> bool:
    """Whether a provider has more than one endpoint for a variant."""
    return sum(offer.variant == variant_id for offer in provider.offers) > 1


def formula(judged: Judged, found: Recommendation) -> list[str]:
    """The cost of one plan step by step with the visitor's numbers in it."""
    plan, workload, count = judged.plan, found.workload, units.count
    tokens, variant = plan.tokens, plan.variant
    lines = []
    if variant.kind == "reranker":
        special = variant.special_tokens_per_pair or 0
        whole = f"{count(workload.query_tokens)} + {count(workload.passage_tokens)} + {special} special"
        lines.append(f"Tokens in a pair: {whole} = {count(tokens.per_input)}, cut at the limit of one input.")
        lines.append(
            f"Tokens a month: {count(workload.queries_per_month)} queries × {count(workload.rerank_candidates)} candidates × {count(tokens.per_input)} "
            f"= {count(tokens.monthly)}."
        )
    else:
        special = variant.special_tokens_per_text or 0
        lines.append(
            f"Tokens a month: {count(workload.queries_per_month)} queries × ({count(workload.query_tokens)} + {special} special) and "
            f"{count(workload.new_passages_per_month)} new passages × ({count(workload.passage_tokens)} + {special} special × "
            f"{tokens.vectors_per_passage:g} parts) = {count(tokens.monthly)}."
        )
        lines.append(f"Once: {count(workload.passages)} passages, in the same way = {count(tokens.once)} tokens.")
    price = plan.offer.usd_per_1m_input if plan.offer else None
    if price is None or plan.encoding_usd is None:
        lines.append("The price is not known, so there is no cost.")
        return lines
    lines.append(f"{count(tokens.monthly)} tokens × ${price} / 1,000,000 = {units.usd(plan.encoding_usd.base)} a month.")
    if plan.one_off_usd:
        lines.append(f"{count(tokens.once)} tokens × ${price} / 1,000,000 = {units.usd(plan.one_off_usd)} once.")
    if plan.index_bytes and plan.index_usd and plan.monthly_usd:
        lines.append(
            f"Index: {count(tokens.vectors)} vectors × {count(variant.embedding_dim)} dimensions × bytes of {workload.vector_type} × 1.5 = "
            f"{units.memory(plan.index_bytes)}, kept in RAM for {units.usd(plan.index_usd.base)} a month ({units.usd_range(plan.index_usd.low, plan.index_usd.high)})."
        )
        lines.append(
            f"Together {units.usd(plan.monthly_usd.base)} a month ({units.usd_range(plan.monthly_usd.low, plan.monthly_usd.high)})."
        )
    return lines


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
        return units.NOT_KNOWN
    return f"{units.count(number)} tokens" + (f" ({remark})" if remark else "")


def _counted(number: int | None, short: str | None = None) -> str:
    if number is None:
        return units.NOT_KNOWN
    return f"{units.count(number)} ({short})" if short else units.count(number)


def _shape(variant: Variant) -> str:
    if variant.layers is None:
        return units.NOT_KNOWN
    return f"{units.count(variant.layers)}, {units.count(variant.hidden_size)}, {units.count(variant.heads)}"
