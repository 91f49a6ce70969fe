"""The cost of a plan, its speed and the time of a request worked out with the visitor's numbers."""

from __future__ import annotations

from advisor.base import formatting, units
from advisor.decide import stores
from advisor.decide.places import free_usd_per_month
from advisor.decide.recommend import JudgedPlan, Recommendation
from advisor.explain.sentences import (
    measurement,
    speed_origin,
    spread,
    tokens_of_text,
    usd_or_not_known,
)
from advisor.sizing import throughput


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
        reading = (
            f", reading the weights once {formatting.significant(read)} ms; the longer of the two"
            if read
            else ""
        )
        lines.append(
            f"{part.named}: {formatting.significant(plan.load.request_flops / 1e9)} billion operations / {formatting.significant(flops / cards / 1e12)} TFLOP/s reached on one card or processor = {formatting.significant(computing)} ms{reading}, "
            f"/ (1 - {use:.1%} use at the peak) = {formatting.significant(time.base)} ms."
        )
    return lines


def cost_formula(judged: JudgedPlan, found: Recommendation) -> list[str]:
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
        lines.append(
            f"Together {formatting.usd(plan.monthly_usd.base)} a month{spread(plan.monthly_usd)}."
        )
    return lines


def _tokens_formula(judged: JudgedPlan, found: Recommendation) -> list[str]:
    plan, workload, count = judged.plan, found.workload, formatting.count
    tokens, variant = plan.tokens, plan.variant
    if variant.kind == "reranker":
        special = variant.special_tokens_per_pair or 0
        whole = (
            f"{count(workload.query_tokens)} + {count(workload.passage_tokens)} + {special} special"
        )
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


def _own_formula(judged: JudgedPlan, found: Recommendation) -> list[str]:
    """Speed, load, machines and rent of one's own hardware."""
    plan, workload, count = judged.plan, found.workload, formatting.count
    variant, instance, speed, replicas = (
        plan.variant,
        plan.instance,
        plan.tokens_per_second,
        plan.replicas,
    )
    rent = plan.rent
    if instance is None or speed is None or replicas is None or rent is None:
        return ["The speed or the rent of this machine is not known, so there is no cost."]
    factor = 2 if variant.pooling == "last_token" else 4
    share = float(found.table.needed["base"][judged.row])
    spare = " and one to spare" if workload.redundancy else ""
    lines = [
        f"FLOPs for a token: 2 × {count(variant.non_embedding_parameters)} parameters outside the token table + {factor} × {count(variant.layers)} layers × "
        f"{count(variant.hidden_size)} hidden × {count(round(tokens_of_text(judged)))} tokens of the text = {(plan.load.token_flops or 0) / 1e9:,.3f} billion.",
        _speed_formula(judged, found),
        f"Machines: {formatting.rate(workload.peak)} queries a second at the peak, with new passages, take {share:,.2%} of one machine; / {found.assumptions.target_utilisation:.0%} filling, rounded up{spare} "
        f"= {count(replicas[1])} ({count(replicas[0])} to {count(replicas[2])}).",
        f"Rent: ${rent} an hour × {units.HOURS_PER_MONTH} hours × {count(replicas[1])} = {usd_or_not_known(plan.encoding_usd)} a month.",
    ]
    hours = plan.first_hours
    if judged.kind == "embedder" and hours and plan.one_off_usd:
        lines.append(
            f"First encoding: {count(plan.tokens.once)} tokens take one machine {hours.base:,.1f} hours ({hours.low:,.1f} to {hours.high:,.1f}), {formatting.usd(plan.one_off_usd.base)} once."
        )
    return lines


def _speed_formula(judged: JudgedPlan, found: Recommendation) -> str:
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
    slower = (
        f" × {found.assumptions.speed_percent:g}%" if found.assumptions.speed_percent != 100 else ""
    )
    return f"Speed of {plan.where}: {formatting.significant(peak / 1e12)} TFLOP/s dense {throughput.precision_of(kind or 'gpu', asked)} peak × {mfu:.1%} reached{slower} / that = {low_to_high}"


def _index_formula(judged: JudgedPlan, found: Recommendation) -> str:
    plan, workload, count = judged.plan, found.workload, formatting.count
    assert plan.index_usd is not None
    values = f"{count(plan.tokens.vectors)} vectors × {count(plan.variant.embedding_dim)} dimensions × bytes of {workload.vector_type}"
    more = "" if set(workload.outputs) <= {"dense"} else ", sparse or multi-vector output added,"
    cost = f"{formatting.usd(plan.index_usd.base)} a month{spread(plan.index_usd)}"
    if workload.vector_store == "ram":
        return f"Index: {values}{more} × 1.5 = {formatting.memory(plan.index_bytes)}, kept in RAM for {cost}."
    return f"Index: {values}{more} = {formatting.memory(plan.load.size.values_bytes)}, kept in {stores.name(found.catalog, workload.vector_store)} for {cost}."
