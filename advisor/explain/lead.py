"""The few reasons that decided: a short lead and one line each, and those that are left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from advisor.base import formatting
from advisor.decide import stores
from advisor.decide.plans import Plan
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain.bill import Bill, bill
from advisor.explain.lead_score import score_lead
from advisor.explain.reasons import OF_LENGTH, reasons
from advisor.explain.sentences import Reason, usd_of

MOST = 3
MOST_OF_TWO_STEPS = 4
"""Two steps are decided by a score each, so that one more is needed for the cost and the index."""
DOMINANT = 51
"""Percent of the bill from which a part is said to set the price: over half."""


class LeadReason(NamedTuple):
    """A lead of two to six words, one line, and the full sentences that it stands for."""

    lead: str
    text: str
    details: tuple[Reason, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the sources of its figures, each once."""
        return tuple(dict.fromkeys(key for reason in self.details for key in reason.sources))


class Decided(NamedTuple):
    """The reasons that decided, in that order, and the rest of the sentences."""

    lead: tuple[LeadReason, ...]
    rest: tuple[Reason, ...]


def decided(recommendation: Recommendation) -> Decided:
    """The three reasons that decided, four for two steps, and what else is to say.

    Both are empty where nothing fits.
    """
    pick = recommendation.pick
    if pick is None:
        return Decided((), ())
    sentences = reasons(recommendation)
    if len(pick.parts) > 1:
        leads = _of_two_steps(recommendation, pick, sentences)
    else:
        leads = _of_one_step(recommendation, pick, sentences)
    details = {id(reason) for lead in leads for reason in lead.details}
    return Decided(tuple(leads), tuple(reason for reason in sentences if id(reason) not in details))


def _of_one_step(
    recommendation: Recommendation, pick: Pipeline, sentences: Sequence[Reason]
) -> list[LeadReason]:
    """Its score, the length that others cannot read or what a reranker gains, then the bill."""
    part, of_bill = pick.parts[0], bill(pick)
    first = [_score(recommendation, part, sentences)]
    first += _long(recommendation, part, sentences)
    first += _gain(recommendation, part, sentences)
    costs = [_run(recommendation, part, sentences, of_bill)]
    costs += _index(recommendation, part, sentences, of_bill)
    if len(first) + len(costs) > MOST:
        costs.sort(key=lambda lead: _share_of(lead, of_bill), reverse=True)
    return [*first, *costs, *_no_index(recommendation, part)][:MOST]


def _of_two_steps(
    recommendation: Recommendation, pick: Pipeline, sentences: Sequence[Reason]
) -> list[LeadReason]:
    """The score of each step, then machines that both share or the dearer step, then the index."""
    of_bill = bill(pick)
    groups = [_of_part(pick, part, sentences) for part in pick.parts]
    pairs = list(zip(pick.parts, groups, strict=True))
    leads = [_score(recommendation, part, group) for part, group in pairs]
    index = _index(recommendation, pick.parts[0], sentences, of_bill)
    if pick.shared is not None:
        return [*leads, _shared(pick, pick.shared[1], sentences), *index]
    dearest_first = sorted(pairs, key=lambda pair: pair[0].plan.encoding_usd or (), reverse=True)
    runs = [_run(recommendation, part, group, of_bill) for part, group in dearest_first]
    return [*leads, runs[0], *index, runs[1]][:MOST_OF_TWO_STEPS]


def _of_part(pick: Pipeline, part: JudgedPlan, sentences: Sequence[Reason]) -> Sequence[Reason]:
    """The sentences of one step: from its score on, up to that of the next."""
    starts = [place for place, reason in enumerate(sentences) if reason.rule == "evidence"]
    number = pick.parts.index(part)
    end = starts[number + 1] if number + 1 < len(starts) else len(sentences)
    return sentences[starts[number] : end]


def _by_rule(sentences: Sequence[Reason], *rules: str) -> tuple[Reason, ...]:
    """The first sentence of each rule."""
    first = (next((r for r in sentences if r.rule == rule), None) for rule in rules)
    return tuple(reason for reason in first if reason is not None)


def _all_by_rule(sentences: Sequence[Reason], *rules: str) -> tuple[Reason, ...]:
    """All sentences of some rules."""
    return tuple(reason for reason in sentences if reason.rule in rules)


def _score(
    recommendation: Recommendation, part: JudgedPlan, sentences: Sequence[Reason]
) -> LeadReason:
    details = _by_rule(sentences, "evidence", "uplift")
    of_two = len(recommendation.steps) > 1
    return LeadReason(*score_lead(recommendation, part), details if of_two else details[:1])


def _long(
    recommendation: Recommendation, part: JudgedPlan, sentences: Sequence[Reason]
) -> list[LeadReason]:
    """That models with a score cannot read what is sent."""
    details = _by_rule(sentences, *OF_LENGTH)
    if not details:
        return []
    scores, variants = recommendation.step_of(part).evidence, recommendation.catalog.variants
    sent = part.plan.tokens.input_p95
    limits = {key: variants[key].max_tokens for key in (*scores.scores, *scores.unranked)}
    short = [most for most in limits.values() if most is not None and most < sent]
    models = formatting.counted(len(short), "model reads", "models read")
    text = (
        f"{models} at most {formatting.count(max(short))} tokens per input; your long passages "
        f"have {formatting.count(sent)}."
    )
    others = [most for key, most in limits.items() if key != part.variant_id]
    alone = all(most is not None and most < sent for most in others)
    lead = f"Only it reads {formatting.count(sent)} tokens." if alone else "It reads long passages."
    return [LeadReason(lead, text, details)]


def _gain(
    recommendation: Recommendation, part: JudgedPlan, sentences: Sequence[Reason]
) -> list[LeadReason]:
    """What a reranker gains over its first stage."""
    details = _by_rule(sentences, "uplift")
    chosen = recommendation.step_of(part).evidence
    if not details or chosen.set is None or not chosen.set.first_stage:
        return []
    before = recommendation.catalog.variants[chosen.set.first_stage].name
    uplift = chosen.uplift[part.variant_id]
    lead = "It improves the search." if uplift > 0 else "No gain in the table."
    text = f"{formatting.points(uplift, sign=True)} points over {before} alone, in the same table."
    return [LeadReason(lead, text, details)]


def _run(
    recommendation: Recommendation, part: JudgedPlan, sentences: Sequence[Reason], of_bill: Bill
) -> LeadReason:
    """What encoding or reranking costs where it runs."""
    plan = part.plan
    assert plan.encoding_usd is not None
    usd = formatting.usd(plan.encoding_usd.base)
    if not part.hosted:
        details = _by_rule(sentences, "capacity", "cost")
        return LeadReason(*_machines(recommendation, part, usd, of_bill), details)
    details = _by_rule(sentences, "cost")
    work = "Reranking" if part.kind == "reranker" else "Encoding"
    share = _known_share(of_bill, work.lower())
    lead = f"{work} costs {usd}."
    if plan.encoding_usd.base < 1:
        lead = f"{work} costs {'cents' if plan.encoding_usd.base else 'nothing'}."
    if share >= DOMINANT and plan.encoding_usd.base:
        lead = f"{work} sets the price."
    price = formatting.price(plan.offer.usd_per_1m_input if plan.offer else None)
    text = (
        f"{_tokens(plan)} tokens per month at {price.replace(' / 1M', ' per million')} "
        f"({plan.where}): {usd}."
    )
    return LeadReason(lead, text, details)


def _tokens(plan: Plan) -> str:
    about = "About " if plan.tokens.estimated else ""
    return f"{about}{formatting.short(plan.tokens.monthly)}"


def _machines(
    recommendation: Recommendation, part: JudgedPlan, usd: str, of_bill: Bill
) -> tuple[str, str]:
    """How many machines carry the load, and what they cost."""
    plan = part.plan
    assert plan.replicas is not None
    count = plan.replicas[1]
    several = count > 1
    lead = f"{formatting.count(count)} machines carry it." if several else "One machine is enough."
    if _known_share(of_bill, "machine") >= DOMINANT:
        lead = f"The {'machines set' if several else 'machine sets'} the price."
    needed = float(recommendation.table.needed["base"][part.row])
    load = f"{100 * needed:,.0f}% of" if needed >= 0.01 else "under 1% of"
    load = f"{formatting.significant(needed)} times" if needed >= 1 else load
    which = f"One {plan.where} costs"
    if several:
        which = f"{formatting.count(count)} × {plan.where} cost"
    if plan.measured:
        which = f"{formatting.count(count)} like yours cost" if several else "Your machine costs"
    return lead, f"{which} {usd} per month; your peak load takes {load} one machine's time."


def _shared(pick: Pipeline, count: int, sentences: Sequence[Reason]) -> LeadReason:
    """That both steps run on the same machines."""
    plan = pick.parts[0].plan
    where = f"one {plan.where}"
    if plan.measured:
        where = "one machine like yours" if count > 1 else "your machine"
    rent = next(part.usd.base for part in bill(pick).parts if part.slot == "machine")
    usd = f"{formatting.usd(rent)} per month"
    text = f"Both models fit {where} together, at {usd}."
    lead = "One machine runs both."
    if count > 1:
        lead = f"Both share {formatting.count(count)} machines."
        text = f"Both models fit {where} together; {formatting.count(count)} cost {usd}."
    return LeadReason(lead, text, _all_by_rule(sentences, "shared", "capacity"))


def _index(
    recommendation: Recommendation, part: JudgedPlan, sentences: Sequence[Reason], of_bill: Bill
) -> list[LeadReason]:
    """What the vectors take and cost; empty where there is no index."""
    plan, catalog = part.plan, recommendation.catalog
    if not plan.index_bytes:
        return []
    store = recommendation.workload.vector_store
    size, where = plan.load.size.values_bytes, f"in {stores.name(catalog, store)}"
    if store == "ram":
        size, where = plan.index_bytes, "of memory"
    usd, base = usd_of(plan.index_usd), plan.index_usd.base
    little = base < 1 and not plan.index_usd.at_least
    lead = "The index costs little." if little else f"The index costs {usd}."
    cost = f"{usd} per month"
    if plan.index_usd.at_least and not base:
        lead, cost = "The index is not priced.", "what that costs is not known"
    elif base and _known_share(of_bill, "index") >= DOMINANT:
        lead = "The index sets the price."
    noun = "vector needs" if plan.tokens.vectors == 1 else "vectors need"
    text = (
        f"{formatting.short(plan.tokens.vectors)} {noun} {formatting.memory(size)} {where}, at "
        f"{formatting.count(plan.variant.embedding_dim)} dimensions: {cost}."
    )
    return [LeadReason(lead, text, _by_rule(sentences, "index"))]


def _no_index(recommendation: Recommendation, part: JudgedPlan) -> Iterator[LeadReason]:
    """Why the bill has no index."""
    if part.kind == "reranker":
        yield LeadReason("Nothing to store.", "A reranker keeps no index.", ())
    elif recommendation.workload.vector_store == "none":
        text = "You leave the vector index out of the cost."
        yield LeadReason("No index in the bill.", text, ())


def _known_share(of_bill: Bill, slot: str) -> int:
    """The share of a part in percent; 0 where parts are missing, and it may be any."""
    if of_bill.month.at_least:
        return 0
    return next((part.share for part in of_bill.parts if part.slot == slot), 0)


def _share_of(lead: LeadReason, of_bill: Bill) -> int:
    """The percent of what is known of a bill that a lead tells of: the index, or all the rest."""
    index = next((part.share for part in of_bill.parts if part.slot == "index"), 0)
    return index if any(reason.rule == "index" for reason in lead.details) else 100 - index
