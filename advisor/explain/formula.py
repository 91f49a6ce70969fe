"""The cost of a plan, its speed and the time of a request worked out with the visitor's numbers."""

from __future__ import annotations

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.decide.places import free_usd_per_month
from advisor.decide.recommend import Judged, Recommendation
from advisor.family.price_list import dated, tier
from advisor.sizing import storage, throughput
from advisor.sizing.tokens import Range


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


def spread(amount: Range) -> str:
    """` ($31 to $52)`, or nothing where low and high read the same."""
    shown = formatting.usd_range(amount.low, amount.high)
    return f" ({shown})" if " to " in shown else ""


def rate(judged: Judged) -> str:
    """`3,848 (1,570 to 9,430)`: tokens a second of one machine with their range, for a plan whose speed is known."""
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
        f"{name} at {rate(judged)} tokens/s on texts as long as yours, {speed_origin(judged)}: {machines} at ${plan.rent} an hour, "
        f"{formatting.usd(plan.encoding_usd.base)} a month{index}."
    )


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


def cost_formula(judged: Judged, found: Recommendation) -> list[str]:
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
        lines.append(f"Together {formatting.usd(plan.monthly_usd.base)} a month{spread(plan.monthly_usd)}.")
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
        f"Rent: ${rent} an hour × {formatting.HOURS_PER_MONTH} hours × {count(replicas[1])} = {usd_or_not_known(plan.encoding_usd)} a month.",
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
    cost = f"{formatting.usd(plan.index_usd.base)} a month{spread(plan.index_usd)}"
    if workload.vector_store == "ram":
        return f"Index: {values}{more} × 1.5 = {formatting.memory(plan.index_bytes)}, kept in RAM for {cost}."
    return f"Index: {values}{more} = {formatting.memory(plan.load.size.values_bytes)}, kept in {storage.name(found.catalog, workload.vector_store)} for {cost}."


def usd_or_not_known(amount: Range | None) -> str:
    """The base of an amount, or `not known`."""
    return formatting.usd(amount.base) if amount else formatting.NOT_KNOWN
