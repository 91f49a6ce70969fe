"""What is picked, against a slow plain search through every plan and every pair of plans."""

import math
from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.choosing import BASE, Ends, PickedRows, choose, total_usd
from advisor.decide.places import free_usd_per_month
from tests.asking import ask

GIB = 2**30
LONGEST = 100
"""Times as long as alone that a request is counted to take at most."""


# A slow plain search, written from the description of the order


@dataclass(frozen=True)
class Option:
    """A plan that fits, with what the order asks of it."""

    row: int
    name: int
    short: int
    score: float
    monthly: float
    unpriced: float
    second_hand: bool
    aggregator: bool
    estimated: bool
    parameters: float
    once: float
    router: bool
    unlisted: bool
    sure: float
    whole: float
    encoding: float
    provider: object
    free: float
    ms: float
    machine: str
    rent: float
    needed: dict
    service: dict
    keeping: dict
    model_bytes: float
    memory: float


def shortfall(workload, comparison, variant_id, variant):
    if workload.priority == "cost":
        return 0
    if variant_id not in comparison.scores:
        if variant_id in comparison.measured:
            return 1000
        return 2000 if set(workload.languages) <= set(variant.languages or ()) else 3000
    under = round(max(comparison.scores.values()) - comparison.scores[variant_id], 9)
    allowed = workload.quality_tolerance if workload.priority == "balanced" else 0.5
    return 0 if under <= allowed else math.ceil(round(under / 0.5, 9))


def options(recommendation, kind, ends):
    """Every plan of a kind that fits, one after another."""
    table, workload = recommendation.table, recommendation.workload
    comparison = recommendation.step(kind).evidence
    ids = sorted(plan.id for plan in table)
    monthly, figures = table.monthly(*ends), table.figures
    rules = recommendation.rules
    every = []
    for row, plan in enumerate(table):
        if plan.variant.kind != kind or rules.excluding(row) or math.isnan(monthly[row]):
            continue
        offer, machine = plan.offer, plan.instance
        aggregator = offer is not None and offer.tier == "aggregator"
        by_end = {
            name: {end: float(getattr(figures, name)[end][row]) for end in ("low", "base", "high")}
            for name in ("needed", "service_ms", "keeping")
        }
        encoding, keeping = float(figures.encoding["base"][row]), by_end["keeping"]["base"]
        free = float(free_usd_per_month(plan.provider))
        covered = offer is not None and free > 0 and encoding <= free
        once = float(figures.once["base"][row])
        is_unpriced = "index_storage" in plan.index_usd.not_known
        every.append(
            Option(
                row=row,
                name=ids.index(plan.id),
                short=shortfall(workload, comparison, plan.variant_id, plan.variant),
                score=comparison.scores.get(plan.variant_id, 0.0),
                monthly=round(float(monthly[row]), 6),
                unpriced=plan.index_bytes if is_unpriced else 0,
                second_hand=aggregator or (machine is not None and machine.marketplace),
                aggregator=aggregator,
                estimated=bool(plan.tokens.estimated),
                parameters=plan.variant.parameters or math.inf,
                once=math.inf if math.isnan(once) else round(once, 6),
                router=plan.provider is not None and plan.provider.router,
                unlisted=offer is None or offer.tier != "listing",
                sure=keeping if covered else encoding + keeping,
                whole=encoding + keeping,
                encoding=encoding,
                provider=plan.provider_id if covered else row,
                free=free,
                ms=0.0 if offer else float(figures.latency_ms["base"][row]),
                machine=machine.id if machine else "",
                rent=0.0 if offer else float(plan.rent) * 730,
                needed=by_end["needed"],
                service=by_end["service_ms"],
                keeping=by_end["keeping"],
                model_bytes=plan.figure("needed_bytes") or 0.0,
                memory=plan.figure("memory_bytes") or 0.0,
            )
        )
    return every


def key(recommendation, parts, monthly, second_hand, aggregators):
    """What options in one answer, one or two, are compared by: the smaller comes first."""
    workload, ram = recommendation.workload, recommendation.table.ram
    score = sum(part.score for part in parts)
    unpriced = sum(part.unpriced for part in parts)
    per_byte = float(ram.base) / GIB if ram else 0
    weighed = monthly + per_byte * unpriced + workload.material_usd * (5 * aggregators - score)
    last = (
        round(sum(part.once for part in parts), 6),
        sum(part.router for part in parts),
        sum(part.unlisted for part in parts),
        [part.name for part in parts],
    )
    size = (sum(part.estimated for part in parts), sum(part.parameters for part in parts))
    if workload.priority == "cost":
        return (monthly, unpriced, *size, second_hand, round(-score, 6), *last)
    short = sum(part.short for part in parts)
    of_score = (short, round(weighed, 6), round(-score, 6))
    return (*of_score, second_hand, *size, monthly, unpriced, *last)


def machines(recommendation, needed, service):
    """The fewest that carry the load, and that answer within the limit if one can."""
    workload, filling = recommendation.workload, recommendation.assumptions.target_utilisation
    fewest = max(1, math.ceil(round(needed / filling, 9))) + workload.redundancy
    limit = workload.latency_ms_p95
    if limit is None or not limit / LONGEST < service < limit:
        return fewest
    return max(fewest, math.ceil(round(needed / (1 - service / limit), 9)))


def together(recommendation, one, two, end):
    """Machines that two options share, and milliseconds that both take there."""
    needed, service = (
        getattr(one, name)[end] + getattr(two, name)[end] for name in ("needed", "service")
    )
    count = machines(recommendation, needed, service)
    return count, service / (1 - min(needed / count, 1 - 1 / LONGEST))


def within(workload, usd, ms):
    budget, limit = workload.budget_usd_per_month, workload.latency_ms_p95
    return (budget is None or round(usd, 9) <= budget) and (limit is None or round(ms, 9) <= limit)


def searched(recommendation, ends=BASE):
    """(key, rows, shared, US dollars held against a budget, milliseconds) of each that fits."""
    workload = recommendation.workload
    sides = [options(recommendation, step.kind, ends) for step in recommendation.steps]
    if len(sides) == 1:
        for one in sides[0]:
            ranked_by = key(recommendation, [one], one.monthly, one.second_hand, one.aggregator)
            yield ranked_by, PickedRows((one.row,)), one.sure, one.ms
        return
    for one, two in product(*sides):
        rows, usd = (one.row, two.row), one.sure + two.sure
        if one.provider == two.provider and one.encoding + two.encoding > one.free:
            usd = one.whole + two.whole  # what is free covers either step, and not both
        if within(workload, usd, one.ms + two.ms):
            second_hand = one.second_hand + two.second_hand
            aggregators = one.aggregator + two.aggregator
            monthly = round(one.monthly + two.monthly, 6)
            ranked_by = key(recommendation, [one, two], monthly, second_hand, aggregators)
            yield (*ranked_by, True), PickedRows(rows), usd, one.ms + two.ms
        same = one.machine and one.machine == two.machine
        if same and one.model_bytes + two.model_bytes <= one.memory:
            count, ms = together(recommendation, one, two, "base")
            usd = one.rent * count + one.keeping["base"]
            if within(workload, usd, ms):
                count, _ = together(recommendation, one, two, ends.own)
                monthly = round(one.rent * count + one.keeping[ends.keeping], 6)
                ranked_by = key(recommendation, [one, two], monthly, one.second_hand, 0)
                yield (*ranked_by, False), PickedRows(rows, True), usd, ms


def first(recommendation, ends=BASE):
    """The first answer by the plain search; None where nothing fits."""
    return min(searched(recommendation, ends), key=lambda each: each[0], default=(None, None))[1]


# The engine against it


STEPS = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["retrieve", "rerank", *["retrieve-and-rerank"] * 4]),
        "languages": st.sampled_from([["en"], ["de"], ["en", "zh"], ["fr"], ["th"]]),
        "passages": st.integers(1, 10**8),
        "passage_tokens": st.sampled_from([100, 450]),
        "queries_per_month": st.one_of(st.sampled_from([0, 1000]), st.integers(0, 10**8)),
        "rerank_candidates": st.sampled_from([5, 50, 200]),
        "placement": st.sampled_from(["any", "hosted", "own", "own"]),
        "hardware": st.sampled_from(["any", "gpu"]),
        "priority": st.sampled_from(["balanced", "quality", "cost"]),
        "quality_tolerance": st.sampled_from([0, 1, 5]),
        "material_usd": st.sampled_from([0, 5, 100]),
        "redundancy": st.booleans(),
        "budget_usd_per_month": st.one_of(st.none(), st.none(), st.floats(0, 3000)),
        "latency_ms_p95": st.one_of(st.none(), st.none(), st.floats(1, 3000)),
    }
)
STORES = st.sampled_from(["ram", "none", "pgvector", "qdrant-cloud", "opensearch-serverless"])
MADE_UP_STORES = st.sampled_from(["ram", "none", "drawer", "shelf"])
EVERY_END = st.sampled_from([Ends(*ends) for ends in product(("low", "base", "high"), repeat=3)])


@pytest.fixture(scope="module")
def crowded(made_up):
    """The made-up catalog with so many offers, machines and equal prices that ties are common."""
    tiers = ("provider-page", "listing", "aggregator", "provider-page")
    like = made_up.providers["beta"].offers[0]
    variants = [key for key, variant in made_up.variants.items() if not variant.replaced_by]
    providers = dict(made_up.providers)
    for number, name in enumerate(("delta", "epsilon", "zeta", "eta")):
        offers = [
            like.model_copy(
                update={
                    "id": f"{name}-{key}-{2 - place}",
                    "variant": key,
                    "usd_per_1m_input": like.usd_per_1m_input
                    * (1 + (number + len(key)) % 2 * place),
                    "tier": tiers[number],
                    "max_tokens": 500,
                    "requests_per_minute": None,
                }
            )
            for key in variants
            for place in (0, 1, 2)
        ]
        free = {"free_usd_per_day": like.usd_per_1m_input / (number + 1) if number % 2 else None}
        providers[name] = made_up.providers["beta"].model_copy(
            update={"name": name, "offers": offers, "router": number == 3} | free
        )
    small = made_up.instances["acme-gpu"]
    instances = dict(made_up.instances)
    for name, marketplace in (("a-gpu", True), ("z-gpu", False)):
        instances[name] = small.model_copy(update={"id": name, "marketplace": marketplace})
    unknown = {
        key: made_up.variants[key].model_copy(update={"parameters": None})
        for key in ("multi", "rank-small")
    }
    not_published = {"tiny-en": "special_tokens_per_text", "rank-small": "special_tokens_per_pair"}
    for key, field in not_published.items():  # the estimate is as many
        entry = unknown.get(key, made_up.variants[key])
        unknown[key] = entry.model_copy(update={field: None})
    acme = made_up.families["acme"]
    families = {"acme": replace(acme, variants=acme.variants | unknown)}
    return replace(made_up, providers=providers, instances=instances, families=families)


def of_search(recommendation, ends=BASE):
    """The engine's answer at these ends, checked against the search."""
    table, steps = recommendation.table, recommendation.steps
    choice = choose(table, steps, recommendation.workload, ends)
    assert choice == first(recommendation, ends)
    return choice


@settings(derandomize=True, max_examples=25, deadline=None)
@given(STEPS, STORES, EVERY_END)
def test_the_answer_is_the_first_of_a_search_through_all(catalog, stated, store, ends):
    of_search(ask(catalog, **stated | {"vector_store": store}), ends)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(STEPS, MADE_UP_STORES, EVERY_END)
def test_the_answer_is_the_first_of_a_search_through_all_where_ties_are_common(
    crowded, stated, store, ends
):
    of_search(ask(crowded, **stated | {"vector_store": store}), ends)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(STEPS, MADE_UP_STORES, EVERY_END, st.floats(0, 1), st.booleans(), st.booleans())
def test_limits_that_just_hold_some_pair_are_kept_and_used(
    crowded, stated, store, ends, place, budget, latency
):
    no_limits = {"budget_usd_per_month": None, "latency_ms_p95": None}
    stated = stated | {"vector_store": store, "task": "retrieve-and-rerank"} | no_limits
    stated |= {"placement": "own"} if latency else {}  # endpoints publish no latency
    every = sorted((usd, ms) for _, _, usd, ms in searched(ask(crowded, **stated)))
    if not every:
        return
    place = place if latency else place**4  # mostly cheap ones: little else fits
    usd, ms = every[int(place * (len(every) - 1))]
    limits = {"budget_usd_per_month": round(usd, 9) + 1e-9} if budget else {}
    limits |= {"latency_ms_p95": ms * (1 + 1e-9)} if latency and ms else {}
    of_search(ask(crowded, **stated | limits), ends)


@settings(derandomize=True, max_examples=15, deadline=None)
@given(STEPS, EVERY_END)
def test_each_end_of_an_estimate_moves_its_own_part_alone(made_up, stated, ends):
    recommendation = ask(made_up, **stated)
    table = recommendation.table
    cost = table.monthly(*ends)
    for row in [row for step in recommendation.steps for row in step.fitting]:
        plan = recommendation.judged[row].plan
        encoding = getattr(plan.encoding_usd, ends.hosted if plan.hosted else ends.own)
        assert cost[row] == pytest.approx(float(encoding + getattr(plan.index_usd, ends.keeping)))
    choice = of_search(recommendation, ends)
    if choice is not None and not choice.shared:
        assert total_usd(table, choice, ends) == pytest.approx(sum(cost[list(choice.rows)]))


def test_at_an_end_where_bills_are_nothing_the_pair_that_a_free_allocation_covers_is_still_had(
    crowded,
):
    """34,000 queries: $1.50 or $2.99 of reranking beside 12 cents of encoding; $3.04 is free."""
    one = replace(crowded, providers={"epsilon": crowded.providers["epsilon"]})
    stated = {"task": "retrieve-and-rerank", "queries_per_month": 34_000, "rerank_candidates": 1}
    stated |= {"placement": "hosted", "vector_store": "none", "budget_usd_per_month": 0}
    recommendation = ask(one, **stated)
    for ends in (BASE, Ends(hosted="low")):
        assert of_search(recommendation, ends) is not None


def test_the_free_allocation_of_another_provider_covers_the_second_step(crowded):
    """68,000 queries: $2.99 of reranking beside 24 cents of encoding; $3.04 is free at each."""
    epsilon = crowded.providers["epsilon"]
    rerankers = [
        offer.model_copy(update={"id": f"z-{offer.id}"})
        for offer in epsilon.offers
        if offer.variant.startswith("rank")
    ]
    other = epsilon.model_copy(update={"name": "other", "offers": rerankers})
    two = replace(crowded, providers={"epsilon": epsilon, "other": other})
    stated = {"task": "retrieve-and-rerank", "queries_per_month": 68_000, "rerank_candidates": 1}
    stated |= {"placement": "hosted", "vector_store": "none"}
    first_by_name = ask(two, **stated)
    assert {part.plan.provider_id for part in first_by_name.pick.parts} == {"epsilon"}
    free = ask(two, **stated, budget_usd_per_month=0)
    assert of_search(free) == free.choice
    assert [part.plan.provider_id for part in free.pick.parts] == ["epsilon", "other"]
