"""The cost of a plan, its speed and the time of a request, worked out in the visitor's numbers."""

from __future__ import annotations

from advisor.base import units
from advisor.base.formatting import count, memory, rate, significant, usd
from advisor.decide import stores
from advisor.decide.places import free_usd_per_month
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain import sentences
from advisor.sizing import throughput
from advisor.sizing.tokens import needed_instruction, special_tokens


def latency_formula(recommendation: Recommendation) -> list[str]:
    """How the time of a request is worked out, for each own machine of the pick."""
    lines = []
    static, needed = recommendation.table.static, recommendation.table.needed["base"]
    for part in recommendation.pick.parts if recommendation.pick else ():
        plan, time, replicas = part.plan, part.plan.latency_ms, part.plan.replicas
        if time is None or replicas is None or not plan.load.request_flops:
            continue
        operations = plan.load.request_flops
        flops = float(recommendation.table.flops["base"][part.row])
        cards, read_ms = float(static.cards[part.row]), float(static.read_ms[part.row])
        use = float(needed[part.row]) / replicas[1]
        computing = (
            f"{significant(operations / 1e9)} billion operations"
            f" / {significant(flops / cards / 1e12)} TFLOP/s reached on one card or processor"
            f" = {significant(1000 * operations / flops * cards)} ms"
        )
        reading = f", reading the weights once {significant(read_ms)} ms; the longer of the two"
        waiting = f", / (1 - {use:.1%} utilisation at peak) = {significant(time.base)} ms."
        lines.append(f"{part.named}: {computing}{reading if read_ms else ''}{waiting}")
    return lines


def cost_formula(judged: JudgedPlan, recommendation: Recommendation) -> list[str]:
    """The cost of one plan step by step with the visitor's numbers in it."""
    plan = judged.plan
    lines = _tokens_formula(judged, recommendation)
    if plan.offer is None:
        lines += _own_formula(judged, recommendation)
    elif plan.encoding_usd is None:
        lines.append("The price is not known, so its cost is not known either.")
    else:
        lines += _hosted_formula(judged)
    if plan.index_bytes:
        lines.append(_index_formula(judged, recommendation))
    if plan.index_bytes and plan.monthly_usd:
        lines.append(f"Total: {sentences.a_month(plan.monthly_usd)}.")
    return lines


def _tokens_formula(judged: JudgedPlan, recommendation: Recommendation) -> list[str]:
    workload = recommendation.workload
    tokens, variant = judged.plan.tokens, judged.plan.variant
    queries, query_tokens = count(workload.queries_per_month), count(workload.query_tokens)
    passage_tokens, monthly = count(workload.passage_tokens), count(tokens.monthly)
    special, rough = special_tokens(variant)
    of_special = f"{special} special{' (estimated)' if rough else ''}"
    if variant.kind == "reranker":
        pair, part = count(tokens.per_input), count(workload.part(workload.passage_tokens))
        whole = count(tokens.input_typical)
        cut = f", cut at the limit of {pair}" if pair != whole else ""
        return [
            f"Tokens per pair: {query_tokens} + {part} of a passage + {of_special} = {whole}{cut}.",
            f"Tokens per month: {queries} queries × {count(workload.rerank_candidates)} passages "
            f"× {pair} = {monthly}.",
        ]
    parts, overlap = tokens.vectors_per_passage, count(workload.overlap)
    instruction, rough = needed_instruction(variant)
    needed = f" + {instruction} for the instruction{' (estimated)' if rough else ''}"
    repeated = f" + {overlap} repeated × {parts - 1:g}" if parts > 1 and workload.overlap else ""
    of_parts = f" × {parts:g} parts" if parts > 1 else ""
    return [
        f"Tokens per month: {queries} queries × ({query_tokens} + {of_special}"
        f"{needed if instruction else ''}) and {count(workload.new_passages_per_month)} new "
        f"passages × ({passage_tokens}{repeated} + {of_special}{of_parts}) = {monthly}.",
        f"Once: {count(workload.passages)} passages, in the same way "
        f"= {count(tokens.once)} tokens.",
    ]


def _hosted_formula(judged: JudgedPlan) -> list[str]:
    """What an endpoint bills; its price is known."""
    plan, tokens, monthly = judged.plan, judged.plan.tokens, judged.plan.encoding_usd
    assert plan.offer is not None and monthly is not None
    price = f"${plan.offer.usd_per_1m_input} / 1,000,000"
    lines = [f"{count(tokens.monthly)} tokens × {price} = {usd(monthly.base)} per month."]
    free = free_usd_per_month(plan.provider)
    if free and plan.provider:
        lines.append(
            f"At best {usd(free)} less per month: {plan.provider.free_allocation}. "
            f"That gives {usd(monthly.low)}, the low end."
        )
    if tokens.once and plan.one_off_usd:
        once = f"{usd(plan.one_off_usd.base)} once{sentences.missing(plan.one_off_usd)}"
        lines.append(f"{count(tokens.once)} tokens × {price} = {once}.")
    return lines


def _own_formula(judged: JudgedPlan, recommendation: Recommendation) -> list[str]:
    """Speed, load, machines and rent of own hardware."""
    plan, workload, variant = judged.plan, recommendation.workload, judged.plan.variant
    speed, replicas, rent = plan.tokens_per_second, plan.replicas, plan.rent
    if plan.instance is None or speed is None or replicas is None or rent is None:
        return [
            "The speed or the rent of this machine is not known, so its cost is not known either."
        ]
    factor = 2 if variant.pooling == "last_token" else 4
    share = float(recommendation.table.needed["base"][judged.row])
    spare = ", plus one spare" if workload.redundancy else ""
    low, base, high = (count(number) for number in replicas)
    month = usd(plan.encoding_usd and plan.encoding_usd.base)
    lines = [
        f"FLOPs per token: 2 × {count(variant.non_embedding_parameters)} parameters outside the "
        f"vocabulary + {factor} × {count(variant.layers)} layers × {count(variant.hidden_size)} "
        f"hidden × {count(round(sentences.tokens_of_text(judged)))} tokens of the text "
        f"= {(plan.load.token_flops or 0) / 1e9:,.3f} billion.",
        _speed_formula(judged, recommendation),
        f"Machines: {rate(workload.peak)} queries per second at peak, with new passages, take "
        f"{share:,.2%} of one machine; / {recommendation.assumptions.target_utilisation:.0%} "
        f"utilisation, rounded up{spare} = {base} ({low} to {high}).",
        f"Rent: ${rent} per hour × {units.HOURS_PER_MONTH} hours × {base} = {month} per month.",
    ]
    hours = plan.first_hours
    if judged.kind == "embedder" and hours and plan.one_off_usd:
        lines.append(
            f"First encoding: {count(plan.tokens.once)} tokens take one machine "
            f"{hours.base:,.1f} hours ({hours.low:,.1f} to {hours.high:,.1f}), "
            f"{usd(plan.one_off_usd.base)} once{sentences.missing(plan.one_off_usd)}."
        )
    return lines


def _speed_formula(judged: JudgedPlan, recommendation: Recommendation) -> str:
    """Where a machine's tokens a second are from: measured, or a share of the peak as published."""
    plan, catalog, assumptions = judged.plan, recommendation.catalog, recommendation.assumptions
    instance, speed, machine = plan.instance, plan.tokens_per_second, plan.measured
    assert instance is not None and speed is not None
    low, base, high = (count(round(end)) for end in (speed.low, speed.base, speed.high))
    low_to_high = f"/ that = {base} tokens per second ({low} to {high})."
    if machine is not None:
        flops = throughput.flops_per_token(catalog.variants[machine.variant], machine.tokens) or 0.0
        reached = (
            f"{sentences.measurement(catalog, machine)} × {flops / 1e9:,.3f} billion FLOPs per "
            f"token there = {significant(machine.tokens_per_second * flops / 1e9)} GFLOP/s"
        )
        if machine.variant == judged.variant_id:
            return f"Speed of {plan.where}: {reached}; / that = {base} tokens per second."
        return f"Speed of {plan.where}, {sentences.speed_origin(judged)}: {reached}; {low_to_high}"
    kind = throughput.hardware_class(catalog, instance) or "gpu"
    mfu = throughput.calibrations(catalog, assumptions.precision)[kind].mfu.base
    peak = throughput.peak_flops(catalog, instance, assumptions.precision) or 0.0
    precision = throughput.precision_of(kind, assumptions.precision)
    percent = assumptions.speed_percent
    slower = f" × {percent:g}%" if percent != 100 else ""
    return (
        f"Speed of {plan.where}: {significant(peak / 1e12)} TFLOP/s dense {precision} peak"
        f" × {mfu:.1%} reached{slower} {low_to_high}"
    )


def _index_formula(judged: JudgedPlan, recommendation: Recommendation) -> str:
    plan, workload = judged.plan, recommendation.workload
    more = "" if set(workload.outputs) <= {"dense"} else ", plus sparse or multi-vector output,"
    vectors, dimensions = count(plan.tokens.vectors), count(plan.variant.embedding_dim)
    values = f"{vectors} vectors × {dimensions} dimensions × bytes of {workload.vector_type}{more}"
    ends = sentences.spread(plan.index_usd) if plan.index_usd.base else ""
    cost = f"{sentences.for_month(plan.index_usd)}{ends}"
    if workload.vector_store == "ram":
        return f"Vectors: {values} × 1.5 = {memory(plan.index_bytes)}, kept in memory {cost}."
    store = stores.name(recommendation.catalog, workload.vector_store)
    return f"Vectors: {values} = {memory(plan.load.size.values_bytes)}, kept in {store} {cost}."
