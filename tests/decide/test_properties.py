"""What holds of every answer: `make properties` tries more workloads than `make test` does.

Nothing here chooses: each property compares answers with one another, or with all plans that fit.
"""

import math
import os
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload, unused
from advisor.decide.build import covers
from advisor.decide.evidence import EQUAL_POINTS
from advisor.decide.recommend import recommend
from advisor.decide.stores import index_stores
from advisor.explain.what_would_change import changes
from advisor.sizing.storage import most_dimensions
from tests.asking import TODAY, ask
from tests.decide.workloads import SHARES, STORES, VALUES, between, bounds_of, fitted, questions

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "200"))
LOOSEST = {
    "budget_usd_per_month": None,
    "latency_ms_p95": None,
    "licence": "any",
    "placement": "any",
    "hardware": "any",
    "cross_lingual": False,
    "data_may_leave": True,
}
"""The limits, each where it takes no plan away."""
UNSCORED = 10**3
PRESUMED = 10**6
"""Half points that count for a plan without a score, and for one whose languages are presumed too."""


def of_examples(examples):
    """The same examples each time, so that a failure is the change's."""
    return settings(
        max_examples=max(1, int(examples)),
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


EACH = of_examples(EXAMPLES)


class World:
    """A catalog, and others made of it once, since a catalog's columns are kept for it."""

    def __init__(self, catalog):
        stores = {
            key: store.model_copy(update={"max_dims": None})
            for key, store in catalog.stores.items()
        }
        self.catalog = catalog
        self.any_dimensions = derived(catalog, stores=stores)
        self.turned_round = turned_round(catalog)
        self.reduced = reduced(catalog)
        self.unpublished = tuple(unpublished(catalog, remainder) for remainder in (0, 1))

    def __repr__(self):
        return "..."  # in a failure


def derived(catalog, **fields):
    """A catalog with caches of its own, so that many of them do not push one another out."""
    return replace(catalog, own={}, **fields)


def turned_round(catalog):
    """The catalog with every mapping, and every provider's offers, in the opposite order."""
    fields = {}
    for name, value in vars(catalog).items():
        if isinstance(value, dict) and name != "own":
            fields[name] = dict(reversed(value.items()))
    fields["families"] = {
        key: replace(family, variants=dict(reversed(family.variants.items())))
        for key, family in fields["families"].items()
    }
    fields["providers"] = {
        key: provider.model_copy(update={"offers": provider.offers[::-1]})
        for key, provider in fields["providers"].items()
    }
    return derived(catalog, **fields)


def reduced(catalog):
    """The catalog without some providers, without some machines, and without prices at second hand."""

    def some(mapping, remainder):
        return {
            key: value
            for place, (key, value) in enumerate(sorted(mapping.items()))
            if place % 2 == remainder
        }

    def first_hand(provider):
        offers = [offer for offer in provider.offers if offer.tier != "aggregator"]
        return provider.model_copy(update={"offers": offers})

    owned = {key: machine for key, machine in catalog.instances.items() if not machine.marketplace}
    return {
        "no providers": derived(catalog, providers={}),
        "no machines": derived(catalog, instances={}),
        "even providers": derived(catalog, providers=some(catalog.providers, 0)),
        "odd providers": derived(catalog, providers=some(catalog.providers, 1)),
        "even machines": derived(catalog, instances=some(catalog.instances, 0)),
        "odd machines": derived(catalog, instances=some(catalog.instances, 1)),
        "first hand": derived(
            catalog,
            providers={key: first_hand(provider) for key, provider in catalog.providers.items()},
            instances=owned,
        ),
    }


def unpublished(catalog, remainder):
    """The catalog with half of the variants' special tokens not published, and estimated as many.

    So costs stay as they are. An instruction that no variant needs adds no estimate of its own.
    """
    half = sorted(catalog.variants)[remainder::2]
    families = {}
    for key, family in catalog.families.items():
        variants = dict(family.variants)
        for name in variants.keys() & set(half):
            pair = variants[name].kind == "reranker"
            field, count = "special_tokens_per_pair" if pair else "special_tokens_per_text", 4
            assert getattr(variants[name], field) in (count if pair else 2, None)
            variants[name] = variants[name].model_copy(update={field: None})
        families[key] = replace(family, variants=variants)
    return derived(catalog, families=families)


@pytest.fixture(scope="module")
def worlds(catalog, made_up):
    return {"shipped": World(catalog), "made up": World(made_up)}


# What is compared


def same(before, after):
    """Whether two answers are the same plans, apart or together alike."""
    if before.answer is None or after.answer is None:
        return before.answer == after.answer
    return before.answer == after.answer and (before.pick.shared is None) == (
        after.pick.shared is None
    )


def told_of(recommendation):
    """An answer in one line, for a failure."""
    pick = recommendation.pick
    if pick is None:
        return "nothing fits"
    together = " together" if pick.shared else ""
    scores = [part.quality for part in pick.parts]
    return f"{pick.id}{together} at {recommendation.monthly:,.6f}, scores {scores}"


def second_hand(part):
    """Whether an aggregator tells its price."""
    return part.plan.offer is not None and part.plan.offer.tier == "aggregator"


def own_milliseconds(recommendation):
    """What the pick's own machines take: all steps, and no less where they share machines."""
    pick = recommendation.pick
    own = [part for part in pick.parts if not part.hosted]
    apart = sum(part.plan.latency_ms.base for part in own)
    if pick.shared is None:
        return apart
    needed = [float(recommendation.table.needed["base"][part.row]) for part in own]
    together = 0.0
    for part, alone in zip(own, needed, strict=True):
        used = min(alone / part.plan.replicas[1], 0.99)
        shared = min(sum(needed) / pick.shared[1], 0.99)
        together += part.plan.latency_ms.base * (1 - used) / (1 - shared)
    return max(apart, together)


class Yardstick(NamedTuple):
    """What the scores of one step are held to."""

    scores: dict[str, float]
    best: float
    floor: float
    ranks: bool

    def half_points(self, variant_id):
        """Half points under the best score; None without a score."""
        score = self.scores.get(variant_id)
        return None if score is None else max(0, math.ceil((self.best - score) / 0.5 - 1e-6))

    def reaches(self, variant_id):
        """Whether a variant's score is at or over the floor."""
        return not self.ranks or self.scores.get(variant_id, -math.inf) >= self.floor - 1e-6

    def shortfall(self, variant, variant_id, languages):
        """Half points that a plan falls short; 0 at or over the floor."""
        if self.reaches(variant_id):
            return 0
        short = self.half_points(variant_id)
        if short is not None:
            return short
        return UNSCORED if covers(variant, tuple(languages)) else PRESUMED


def yardsticks(recommendation):
    """The yardstick of each step; evidence does not depend on limits."""
    workload = recommendation.workload
    allowed = workload.quality_tolerance if workload.priority == "balanced" else EQUAL_POINTS
    measures = {}
    for step in recommendation.steps:
        scores, ranks = step.evidence.scores, step.evidence.ranks and bool(step.evidence.scores)
        best = getattr(step.evidence, "yardstick", None) or max(scores.values(), default=0.0)
        measures[step.kind] = Yardstick(scores, best, best - allowed, ranks)
    return measures


def shortfall(recommendation, measures):
    """The shortfall of a pick, summed over its steps; None where a score is of presumed languages."""
    languages, total = recommendation.workload.languages, 0
    for part in recommendation.pick.parts:
        measure, variant = measures[part.kind], part.plan.variant
        if part.variant_id in measure.scores and covers(variant, tuple(languages)) is None:
            return None
        total += measure.shortfall(variant, part.variant_id, languages)
    return total


# The properties


def test_every_field_and_every_store_is_drawn_over_its_whole_range(worlds):
    assert set(VALUES) == set(Workload.model_fields)
    assert {key: tuple(index_stores(world.catalog)) for key, world in worlds.items()} == STORES
    for name in ("passages", "budget_usd_per_month", "latency_ms_p95", "new_passages_per_month"):
        least, most, _ = bounds_of(name)
        assert (between(least, most, 0), between(least, most, 1)) == (least, most)
        assert least < between(least, most, 0.1) < between(least, most, 0.9) < most


@pytest.mark.parametrize("name", [*LOOSEST, "dimensions"])
@EACH
@given(question=questions(), slack=SHARES, strict=st.booleans())
def test_a_limit_that_the_answer_already_meets_does_not_change_it(
    worlds, name, question, slack, strict
):
    world = worlds[question.catalog]
    of_store = name == "dimensions"
    loose = question.stated | ({} if of_store else {name: LOOSEST[name]})
    before = ask(world.any_dimensions if of_store else world.catalog, question.assumed, **loose)
    if before.pick is None:
        return
    every = limits_met(before, 10**slack, strict)
    met = {name: every[name]} if name in every else {}
    if met or (of_store and dimensions_are_taken(world.catalog, before)):
        after = ask(world.catalog, question.assumed, **loose | met)
        assert same(before, after), (met, told_of(before), told_of(after))
    if not of_store:
        unlimited = {n: v for n, v in every.items() if loose.get(n, LOOSEST[n]) == LOOSEST[n]}
        together = ask(world.catalog, question.assumed, **loose | unlimited)
        assert same(before, together), (unlimited, told_of(before), told_of(together))


def limits_met(recommendation, factor, strict):
    """Limits that a pick meets, each as a field of the workload; `factor` is how much room is left."""
    catalog, parts = recommendation.table.catalog, recommendation.pick.parts
    plans = [part.plan for part in parts]
    own = [plan for plan in plans if not plan.hosted]
    met: dict[str, Any] = {}
    budget = recommendation.pick.monthly * factor  # the very cost where there is no room
    if budget <= 1e12:
        met["budget_usd_per_month"] = budget
    milliseconds = own_milliseconds(recommendation) * max(factor, 1 + 1e-9) if own else 10 * factor
    if milliseconds <= 1e7:
        met["latency_ms_p95"] = milliseconds
    licences = [catalog.licences.get(plan.variant.licence) for plan in plans]
    if strict and all(licence and licence.permissive for licence in licences):
        met["licence"] = "permissive"
    elif all(licence and licence.commercial_use for licence in licences):
        met["licence"] = "commercial"
    if len(own) in (0, len(plans)):
        met["placement"] = "own" if own else "hosted"
    kinds = {plan.figure("hardware_class") for plan in own} or {"cpu" if strict else "gpu"}
    if len(kinds) == 1:
        met["hardware"] = kinds.pop()
    several = [plan.variant.languages is None or len(plan.variant.languages) > 1 for plan in plans]
    if len(recommendation.workload.languages) == 1 or all(several):
        met["cross_lingual"] = True
    store = catalog.stores.get(recommendation.workload.vector_store)
    inside = (
        store is None or store.type == "self_hosted" or recommendation.workload.task == "rerank"
    )
    if inside and len(own) == len(plans) and not any(plan.instance.marketplace for plan in own):
        met["data_may_leave"] = False
    return met


def dimensions_are_taken(catalog, recommendation):
    """Whether the store takes as many dimensions as the embedder picked has."""
    store = catalog.stores.get(recommendation.workload.vector_store)
    most = store and most_dimensions(store, recommendation.workload.vector_type)
    part = recommendation.pick.part("embedder")
    return not most or part is None or part.plan.variant.embedding_dim <= most


@EACH
@given(questions(), st.integers(0, 100))
def test_without_other_plans_and_other_providers_the_answer_is_the_same(worlds, question, place):
    world = worlds[question.catalog]
    assumed = question.assumed | {
        "memory_usd_per_gib_month": 4.0
    }  # else it is worked out from the machines
    before = ask(world.catalog, assumed, **question.stated)
    if before.pick is None:
        return
    plans = [part.plan for part in before.pick.parts]
    offers = {plan.offer.id for plan in plans if plan.offer}
    machines = {plan.instance.id for plan in plans if plan.instance}
    left = {
        name: catalog
        for name, catalog in world.reduced.items()
        if machines <= set(catalog.instances)
        and offers <= {offer.id for _, _, offer in catalog.offers()}
    }
    if left:
        name = sorted(left)[place % len(left)]
        event(name)
        after = ask(left[name], assumed, **question.stated)
        assert same(before, after), (name, told_of(before), told_of(after))


TIGHTER = {
    "licence": ["commercial", "permissive"],
    "placement": ["hosted", "own"],
    "hardware": ["cpu", "gpu"],
    "cross_lingual": [True],
    "data_may_leave": [False],
}
NESTED = ("budget_usd_per_month", "latency_ms_p95", "licence")
"""Limits of which each value takes away what the looser one does, and more."""
SCORED = st.sampled_from(["balanced", "quality"])


LIMITS = ["budget_usd_per_month"] * 4 + ["latency_ms_p95"] * 2 + list(TIGHTER)


@EACH
@given(questions(), SCORED, st.sampled_from(LIMITS), SHARES, SHARES)
def test_a_looser_limit_never_gives_a_worse_answer(worlds, question, priority, name, one, other):
    catalog = worlds[question.catalog].catalog
    stated = question.stated | {"priority": priority, name: LOOSEST[name]}
    loosest = ask(catalog, question.assumed, **stated)
    limits = TIGHTER.get(name) or [
        limit_at(loosest, name, share**2) for share in sorted([one, other], reverse=True)
    ]
    answers = [loosest] + [
        ask(catalog, question.assumed, **stated | {name: limit}) for limit in limits
    ]
    for loose, tight in pairwise(answers):
        one_step_looser(loose if name in NESTED else loosest, tight, name)


def one_step_looser(loose, tight, name):
    """Of two answers, that under the looser limit is no worse."""
    if tight.pick is None:
        return
    assert loose.pick is not None, "what fits a limit fits a looser one"
    measures = yardsticks(loose)
    before, after = shortfall(tight, measures), shortfall(loose, measures)
    if before is not None and after is not None:
        event(f"{name}: {'as good' if before == after else 'better'}")
        assert after <= before, (told_of(tight), told_of(loose))
    if (
        name == "budget_usd_per_month"
        and len(loose.steps) == 1
        and measures[loose.steps[0].kind].ranks
    ):
        (first,), (second,) = tight.pick.parts, loose.pick.parts
        scores = measures[first.kind].scores
        if not second_hand(first) or second_hand(second):
            points = [scores.get(part.variant_id, -1) for part in (first, second)]
            assert points[1] >= points[0], (told_of(tight), told_of(loose))


def limit_at(recommendation, name, share):
    """A budget or a limit of latency that this share of what fits keeps, so that limits are near what there is."""
    total = 1e-6
    for step in recommendation.steps:
        these = fitting(recommendation, step)
        values = np.sort(
            these.usd
            if name == "budget_usd_per_month"
            else these.milliseconds[these.milliseconds > 0]
        )
        total += float(values[int(share * (len(values) - 1))]) if len(values) else 0.0
    return min(total, 1e7)


TOLERANCES = st.one_of(st.floats(0, 15), st.floats(0, 100))


@EACH
@given(questions(), TOLERANCES, TOLERANCES)
def test_a_wider_tolerance_is_never_dearer(worlds, question, one, other):
    """Of pairs only where none of the limits on both holds: cheaper embedders leave more for a reranker."""
    catalog, stated = worlds[question.catalog].catalog, question.stated | {"priority": "balanced"}
    if stated["task"] == "retrieve-and-rerank":
        stated |= {"budget_usd_per_month": None, "latency_ms_p95": None}
    less, more = (
        ask(catalog, question.assumed, **stated | {"quality_tolerance": points})
        for points in sorted([one, other])
    )
    assert (less.pick is None) == (more.pick is None)
    if less.pick is None or less.pick.shared or more.pick.shared:
        return
    measures = yardsticks(less)
    if not all(measures[part.kind].reaches(part.variant_id) for part in less.pick.parts):
        return  # below the floor half points count, and a wider tolerance may reach into one of them
    if sum(map(second_hand, less.pick.parts)) > sum(map(second_hand, more.pick.parts)):
        return
    sizes = [sum(part.plan.index_bytes for part in r.pick.parts) for r in (less, more)]
    if any(map(is_at_least, more.pick.parts)) and sizes[1] < sizes[0]:
        return  # the smaller index is cheaper, and only by how much is not known
    assert more.monthly <= less.monthly + 1e-5, (told_of(less), told_of(more))


def test_nothing_that_fits_is_better_and_no_dearer(worlds):
    """At `cost`: nothing is cheaper. For two steps, one of them is replaced, and at `cost` both."""
    answered = []

    @EACH
    @given(questions())
    def holds(question):
        recommendation = ask(worlds[question.catalog].catalog, question.assumed, **question.stated)
        answered.append(recommendation.pick is not None)
        if recommendation.pick is not None and recommendation.pick.shared is None:
            if question.stated["priority"] == "cost":
                nothing_is_cheaper(recommendation)
            else:
                no_part_is_better_for_no_more(recommendation)

    holds()
    share = sum(answered) / len(answered)
    assert share >= 0.5, f"most of the workloads drawn have an answer, not {share:.0%}"


class Fitting(NamedTuple):
    """The plans of a step that fit, as arrays."""

    rows: Any
    usd: Any
    milliseconds: Any
    bytes: Any


def fitting(recommendation, step):
    table, rows = recommendation.table, np.asarray(step.fitting)
    latency = table.columns["latency_ms"]
    milliseconds = np.where(latency.known & ~table.static.hosted, latency.values, 0.0)[rows]
    sizes = np.array([table[int(row)].index_bytes for row in rows])
    return Fitting(rows, table.base_usd[rows], milliseconds, sizes)


def limits_of(recommendation):
    """The budget and the limit of latency, infinite where there is none."""
    workload = recommendation.workload
    limits = (workload.budget_usd_per_month, workload.latency_ms_p95)
    return [math.inf if limit is None else limit for limit in limits]


def is_at_least(part):
    """Whether its cost is only the part that is known."""
    return bool(
        getattr(part.plan.monthly_usd, "at_least", False) or getattr(part.plan, "at_least", False)
    )


def nothing_is_cheaper(recommendation):
    budget, latency = limits_of(recommendation)
    least, milliseconds = np.zeros(1), np.zeros(1)
    for step, part in zip(recommendation.steps, recommendation.pick.parts, strict=True):
        these = fitting(recommendation, step)
        counts = (
            these.bytes <= part.plan.index_bytes
            if is_at_least(part)
            else np.full(len(these.rows), True)
        )
        least = np.add.outer(least, these.usd[counts]).ravel()
        milliseconds = np.add.outer(milliseconds, these.milliseconds[counts]).ravel()
    within = (least <= budget) & (milliseconds <= latency)
    cheapest = least[within].min(initial=math.inf)
    slack = 1e-5 + 1e-9 * abs(recommendation.monthly)
    assert recommendation.monthly <= cheapest + slack, (told_of(recommendation), cheapest)


def no_part_is_better_for_no_more(recommendation):
    budget, latency = limits_of(recommendation)
    languages, parts = recommendation.workload.languages, recommendation.pick.parts
    covered = {
        key: covers(variant, languages) for key, variant in recommendation.catalog.variants.items()
    }
    for step, part in zip(recommendation.steps, parts, strict=True):
        if not step.evidence.ranks:
            continue
        scores, these = step.evidence.scores, fitting(recommendation, step)
        others = [other for other in parts if other is not part]
        spent = sum(other.monthly for other in others)
        waited = sum(other.plan.latency_ms.base for other in others if not other.hosted)
        score = scores.get(part.variant_id, -math.inf)
        if score > -math.inf and covered[part.variant_id] is None:
            continue
        could = (these.usd <= part.monthly) & (these.usd + spent <= budget)
        could &= (these.milliseconds + waited <= latency) | (
            recommendation.table.static.hosted[these.rows] & (not waited)
        )
        if is_at_least(part):
            could &= these.bytes <= part.plan.index_bytes
        for row in these.rows[could].tolist():
            place = recommendation.table.static.places[row]
            if place.is_second_hand or not covered[place.variant_id]:
                continue
            better = scores.get(place.variant_id, -math.inf)
            assert better < score + EQUAL_POINTS or better == -math.inf, (
                told_of(recommendation),
                place.id,
                better,
            )


GROWING = (
    "queries_per_month", "passages", "new_passages_per_month", "passage_tokens", "query_tokens",
    "rerank_candidates", "chunk_overlap_tokens",
)  # fmt: skip


OWN = st.sampled_from(
    [
        {},
        {"placement": "own"},
        {"placement": "own", "latency_ms_p95": 30.0},
        {"placement": "own", "latency_ms_p95": 300.0},
    ]
)


@EACH
@given(questions(), st.integers(0, 59), SHARES, OWN)
def test_more_to_do_never_costs_less(worlds, question, place, share, own):
    """Half of them on own machines, whose number goes by steps; hosted ones are mostly cheaper."""
    catalog, stated = worlds[question.catalog].catalog, question.stated | {"priority": "cost"} | own
    names = [name for name in GROWING if name not in unused(stated["task"])]
    name = names[place % len(names)]
    factor, (_, most, _) = 10 ** (1.5 * share**2), bounds_of(name)
    if name == "chunk_overlap_tokens" and stated["chunk_tokens"] is not None:
        most = stated["chunk_tokens"] // 2
    answers = [ask(catalog, question.assumed, **stated)]
    for _ in range(3):
        stated |= {name: raised(stated[name], factor, most)}
        if name == "passage_tokens":
            longest = max(stated[name], raised(stated["passage_tokens_p95"], factor, most))
            stated |= {"passage_tokens_p95": longest}
        answers.append(ask(catalog, question.assumed, **stated))
    for before, after in pairwise(answers):
        least, more = (
            (math.inf if answer.pick is None else answer.monthly) for answer in (before, after)
        )
        was, now = (getattr(answer.workload, name) for answer in (before, after))
        assert least <= more or least - more <= 1e-6 + 1e-9 * least, (
            was,
            now,
            told_of(before),
            told_of(after),
        )


@EACH
@given(questions(), SHARES, st.booleans())
def test_more_candidates_never_make_a_pipeline_cheaper_at_quality(worlds, question, share, free):
    """Without a budget and a latency limit; where a point is worth nothing, in cost alone.

    Where it is worth something, cost less that worth never falls: another plan that scores better,
    or whose price is not from an aggregator, may have become dearer than its points are worth.
    """
    stated = question.stated | {
        "task": "retrieve-and-rerank",
        "priority": "quality",
        "budget_usd_per_month": None,
        "latency_ms_p95": None,
    }
    if free:
        stated |= {"material_usd": 0}
    catalog = worlds[question.catalog].catalog
    factor, (_, most, _) = 10 ** (1.5 * share**2), bounds_of("rerank_candidates")
    answers = []
    for _ in range(4):
        answers.append(ask(catalog, question.assumed, **stated))
        candidates = raised(stated["rerank_candidates"], factor, most)
        stated |= {"rerank_candidates": candidates}
    for fewer, more in pairwise(answers):
        assert (fewer.pick is None) == (more.pick is None)
        if fewer.pick is None or any(map(is_at_least, (*fewer.pick.parts, *more.pick.parts))):
            continue
        least, now = weighed(fewer), weighed(more)
        event("another answer" if fewer.answer != more.answer else "the same answer")
        assert now >= least - 1e-5 - 1e-9 * abs(fewer.monthly), (told_of(fewer), told_of(more))


def weighed(recommendation):
    """The cost of a pick less what its scores are worth, five points' worth more at second hand."""
    pick, material = recommendation.pick, recommendation.workload.material_usd
    points = sum((part.quality or 0) - 5 * second_hand(part) for part in pick.parts)
    return recommendation.monthly - material * points


PARTS = st.one_of(st.integers(1, 6), st.integers(1, 60))


@EACH
@given(questions(), SHARES, SHARES, PARTS, st.booleans())
def test_a_text_cut_by_hand_has_the_same_answer(
    worlds, question, share, of_overlap, parts, kept_whole
):
    """Passages of so many full parts, against as many passages more of the length of a part.

    Kept whole, they are the same too where no model would cut them: a limit excludes then.
    """
    catalog, stated = worlds[question.catalog].catalog, question.stated
    chunk = int(between(16, 8_000, share))
    overlap = int(of_overlap * (chunk // 2))
    length = chunk + (parts - 1) * (chunk - overlap)
    least, new = (
        min(stated[name], 10**12 // parts) for name in ("passages", "new_passages_per_month")
    )
    cut = stated | {
        "passages": least,
        "new_passages_per_month": new,
        "passage_tokens": length,
        "passage_tokens_p95": length,
        "chunk_tokens": chunk,
        "chunk_overlap_tokens": overlap,
    }
    by_hand = cut | {
        "passages": parts * least,
        "new_passages_per_month": parts * new,
        "passage_tokens": chunk,
        "passage_tokens_p95": chunk,
    }
    if kept_whole and chunk + stated["query_tokens"] + 4 <= 500:
        by_hand |= {"chunk_tokens": None}
        event("kept whole")
    first, second = (ask(catalog, question.assumed, **each) for each in (cut, by_hand))
    assert same(first, second), (told_of(first), told_of(second))
    scored_by = [[step.evidence.title for step in each.steps] for each in (first, second)]
    assert scored_by[0] == scored_by[1]
    event("nothing fits" if first.pick is None else "an answer")
    if first.pick is None:
        return
    for name in ("monthly_usd", "one_off_usd"):
        costs = [getattr(each.pick, name) for each in (first, second)]
        ends = [[float(end) for end in cost[:3]] for cost in costs]
        assert ends[0] == pytest.approx(ends[1], rel=1e-9, abs=1e-6), name
        assert costs[0].not_known == costs[1].not_known


TYING = {
    "languages": ["en"],
    "outputs": ["dense"],
    "placement": "own",
    "priority": "cost",
    "vector_store": "none",
    "queries_per_month": 1_000,
    "peak_queries_per_second": None,
    "budget_usd_per_month": None,
}
"""Where one machine carries any of several models: they cost its rent."""


@EACH
@given(questions(), st.integers(0, 1), st.sampled_from([{}, TYING, TYING]))
def test_an_estimated_count_of_tokens_never_wins_a_tie(worlds, question, remainder, tying):
    """Half of the variants publish no special tokens; the estimate is as many, so costs are equal."""
    world, stated = worlds[question.catalog], question.stated | tying
    now = ask(world.unpublished[remainder], question.assumed, **stated)
    before = ask(world.catalog, question.assumed, **stated)
    assert (before.pick is None) == (now.pick is None)
    if now.pick is None:
        return
    event("another answer" if now.answer != before.answer else "the same answer")
    if stated["priority"] == "cost":
        assert now.monthly == pytest.approx(before.monthly, rel=1e-12, abs=1e-6)
    if now.pick.shared is not None or any(map(is_at_least, now.pick.parts)):
        return
    budget, latency = limits_of(now)
    for step, part in zip(now.steps, now.pick.parts, strict=True):
        if not part.plan.tokens.estimated:
            continue
        others = [other for other in now.pick.parts if other is not part]
        waited = sum(other.plan.latency_ms.base for other in others if not other.hosted)
        these, measure = fitting(now, step), yardsticks(now)[part.kind]
        equal = np.round(these.usd, 6) <= np.round(part.monthly, 6)
        equal &= these.usd + sum(other.monthly for other in others) <= budget
        equal &= these.milliseconds + waited <= latency
        for row in these.rows[equal].tolist():
            plan = now.table[row]
            if plan.tokens.estimated:
                continue
            at_cost = stated["priority"] == "cost"
            assert not at_cost, (told_of(now), plan.id)
            judged = now.judged[row]
            worse = (judged.quality or 0) < (part.quality or 0)
            short, shortest = (
                measure.shortfall(each.plan.variant, each.variant_id, stated["languages"])
                for each in (judged, part)
            )
            further = second_hand(judged) > second_hand(part) or short > shortest
            assert worse or further, (told_of(now), plan.id)


def raised(value, factor, most):
    """A larger count within bounds."""
    return int(min(most, max(value + 1, value * factor)))


@EACH
@given(
    questions(),
    st.integers(0, 3),
    st.sets(st.sampled_from(sorted(VALUES)), max_size=4),
    st.booleans(),
)
def test_no_order_and_no_earlier_answer_changes_an_answer(worlds, question, by, others, turn):
    world, stated = worlds[question.catalog], question.stated
    first = ask(world.catalog, question.assumed, **stated)
    if turn:
        languages, outputs = (turned(stated[name], by) for name in ("languages", "outputs"))
        second = ask(
            world.turned_round,
            question.assumed,
            **stated | {"languages": languages, "outputs": outputs},
        )
    else:
        defaults = {name: Workload.model_fields[name].default for name in others}
        near = ask(world.catalog, question.assumed, **fitted(stated | defaults))
        workload = Workload.of(stated)
        second = recommend(
            world.catalog, workload, TODAY, (), Assumptions.of(question.assumed), near
        )
    assert same(first, second), (told_of(first), told_of(second))
    if first.pick is not None:
        assert first.monthly == pytest.approx(second.monthly, rel=1e-12, abs=1e-9)


def turned(values, by):
    """The values the other way round, and from another one on."""
    back = list(reversed(values))
    by %= len(back)
    return back[by:] + back[:by]


@of_examples(EXAMPLES // 20)
@given(questions())
def test_what_would_change_the_answer_does_change_it(worlds, question):
    """A grid of some hundred answers for each example, so there are fewer of them."""
    catalog = worlds[question.catalog].catalog
    now = ask(catalog, question.assumed, **question.stated)
    for change in changes(catalog, now):
        then = recommend(catalog, change.workload, TODAY, (), now.assumptions)
        assert not same(now, then), (change.text, told_of(now))
        named = "nothing fits" if then.pick is None else then.pick.named
        place = then.pick and then.pick.parts[0].plan.where
        assert named in change.text or (place and place in change.text), (
            change.text,
            told_of(then),
        )
