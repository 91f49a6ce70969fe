"""The verdict of Compare says what the engine says: its order, its costs, its scores, no more."""

import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import combinations, permutations
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.query import AdviceQuestion
from advisor.decide.recommend import preference, recommend
from advisor.explain.choose_if import findings
from advisor.explain.compared import Compared
from advisor.explain.score_claims import cost
from advisor.explain.verdict import MOST_CLAUSES, verdict
from advisor.family import comparison
from advisor.sizing.ranges import Cost
from tests.asking import TODAY
from tests.decide.test_properties import EACH
from tests.decide.workloads import questions

NOBODY_MEASURED = "tlh"
LANGUAGES = ("en", "de", "zh", "en de", "en zh", "ja", "th", NOBODY_MEASURED)
M3, GEMMA2 = "bge-m3", "bge-multilingual-gemma2"
LARGE, BASE, SMALL = "bge-large-en-v1.5", "bge-base-en-v1.5", "bge-small-en-v1.5"
RERANKERS = ("bge-reranker-base", "bge-reranker-large", "bge-reranker-v2-m3")
TASKS = {"embedder": "retrieve", "reranker": "rerank"}
LANGUAGE_MODEL = "aquila2-7b"


@pytest.fixture(params=["catalog", "made_up"])
def either(request):
    return request.getfixturevalue(request.param)


@cache
def answer(catalog, languages, task, **stated):
    stated = {"languages": languages.split(), "task": task, **stated}
    return recommend(catalog, Workload.of(stated), TODAY)


def ids_of(catalog, kind):
    return sorted(key for key, variant in catalog.variants.items() if variant.kind == kind)


def of(catalog, *variant_ids, **stated):
    question = AdviceQuestion(Workload.of(stated), Assumptions())
    return verdict(catalog, variant_ids, question, TODAY)


def by_id(said):
    return {card.variant_id: card for card in said.cards}


def every_pair(catalog, languages):
    """The verdict on each pair of one kind, with the answer of the engine."""
    for kind, task in TASKS.items():
        for pair in combinations(ids_of(catalog, kind), 2):
            said = of(catalog, *pair, languages=languages.split(), task=task)
            yield said, answer(catalog, languages, task), kind


def sentences(said):
    clauses = (clause for card in said.cards for clause in card.choose_if)
    whys = (card.why_not for card in said.cards)
    return [text for text in (said.title, said.same, said.reason, *clauses, *whys) if text]


def best_of(engine, kind, variant_id):
    plans = (judged for judged in engine.fitting(kind) if judged.variant_id == variant_id)
    return min(plans, key=lambda judged: preference(engine, judged), default=None)


@pytest.mark.parametrize("languages", LANGUAGES)
def test_the_recommended_model_is_the_first_in_the_order_of_the_engine(either, languages):
    for said, engine, kind in every_pair(either, languages):
        best = {card.variant_id: best_of(engine, kind, card.variant_id) for card in said.cards}
        options = {key: judged for key, judged in best.items() if judged}
        first = min(options, key=lambda key: preference(engine, options[key]), default=None)
        assert [card.variant_id for card in said.cards if card.recommended] == (
            [first] if first else []
        )
        for card in said.cards:
            own = best[card.variant_id]
            assert (card.option and card.option.id) == (own and own.id)
        picked = engine.pick and engine.pick.part(kind).variant_id
        assert picked not in best or picked == first


@pytest.mark.parametrize("languages", LANGUAGES)
def test_a_model_has_a_bill_or_a_reason_why_it_has_none(either, languages):
    for said, engine, _ in every_pair(either, languages):
        for card in said.cards:
            assert (card.bill is None) == (card.option is None) == bool(card.why_not)
            assert len(card.choose_if) <= MOST_CLAUSES
            if card.bill and card.option:
                assert card.bill.month == card.option.cost
            else:
                texts = [
                    finding.text
                    for judged in engine.judged
                    if judged.variant_id == card.variant_id
                    for finding in judged.excluded
                ]
                assert card.why_not in texts or (not texts and card.why_not == comparison.NOWHERE)


@pytest.mark.parametrize("languages", LANGUAGES)
def test_nothing_is_claimed_twice_and_the_title_says_what_the_cards_say(either, languages):
    for said, engine, kind in every_pair(either, languages):
        leads = [text.partition(":")[0] for card in said.cards for text in card.choose_if]
        assert len(set(leads)) == len(leads), leads
        cards = {card.short: card for card in said.cards}
        names = {key: card.short for key, card in by_id(said).items()}
        compared = Compared(engine, kind, tuple(sorted(names)), names)
        if said.title.startswith("Choose "):
            parts = said.title.removeprefix("Choose ").split(", ")
            conditions = []
            for part in parts:
                name = next((n for n in cards if part.startswith(f"{n} ")), None)
                if name is None:  # `for Chinese, French, and German` has commas of its own
                    continue
                own = findings(compared, cards[name].variant_id)
                assert own[0].clause == cards[name].choose_if[0]
                assert f"{name} {own[0].short}" in said.title
                conditions.append(own[0].short)
            assert conditions and len(set(conditions)) == len(conditions)
        else:
            assert not any(card.choose_if and card.option for card in said.cards), said.title


def test_titles_are_short(catalog):
    for kind, task in TASKS.items():
        ids = ids_of(catalog, kind)
        for number, most in ((2, 90), (3, 140), (4, 140)):
            for chosen in combinations(ids, number):
                for languages in (["en"], ["de", "fr"]):
                    title = of(catalog, *chosen, languages=languages, task=task).title
                    assert len(title) <= most, title


def numbers(text):
    return re.findall(r"\$?\d[\d,.]*\d|\$?\d", text)


def means_of_shared(catalog, ids):
    """By hand: means over the tasks of a set by task that all of some models have."""
    for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: s.rank):
        if chosen.aspect or chosen.by_language or not chosen.selects or chosen.kind != "embedder":
            continue
        table = catalog.quality_by_language
        rows = table[
            (table["benchmark"] == chosen.benchmark)
            & (table["source_set"] == chosen.source_set)
            & (table["mode"] == chosen.mode)
            & (table["metric"] == chosen.metric)
            & table["score"].notna()
        ]
        of_model = {key: rows[rows["variant"] == key] for key in ids}
        tasks = set.intersection(*(set(own["aspect"]) for own in of_model.values())) - {"average"}
        if tasks:
            means = {
                key: float(own[own["aspect"].isin(tasks)]["score"].mean())
                for key, own in of_model.items()
            }
            return len(tasks), means
    return 0, {}


def by_hand(catalog, engine, kind, said, card, clause):
    """The figures that a clause should have, worked out without it; None: not a known claim."""
    ids = [each.variant_id for each in said.cards]
    others = [key for key in ids if key != card.variant_id]
    own, rivals = (
        catalog.variants[card.variant_id],
        [catalog.variants[key] for key in others],
    )
    lead = clause.partition(":")[0]
    if lead == "you want the better score":
        scores = {key: engine.step(kind).evidence.scores[key] for key in ids}
        assert scores[card.variant_id] == max(scores.values()) > min(scores.values())
        return [formatting.points(scores[key]) for key in (card.variant_id, *others)]
    if lead == "you go by published scores":
        scores = engine.step(kind).evidence.scores
        assert not set(others) & set(scores)
        return [formatting.points(scores[card.variant_id])]
    if lead == "you want the lower cost":
        costs = {each.variant_id: each.option.monthly for each in said.cards}
        assert costs[card.variant_id] < min(costs[key] for key in others)
        return [formatting.usd(costs[key]) for key in (card.variant_id, *others)]
    if lead.startswith("your texts are English"):
        number, means = means_of_shared(catalog, ids)
        if " took" in clause:
            assert means[card.variant_id] > max(means[key] for key in others)
            figures = [formatting.points(means[key]) for key in (card.variant_id, *others)]
            return figures if "only English test" in clause else [*figures, str(number)]
        table = answer(catalog, "en", TASKS[kind]).step(kind).evidence.scores
        return [formatting.points(table[key]) for key in (card.variant_id, *others)]
    if lead == "memory is tight":
        sizes = [(v.weights_bytes or {}).get("fp16") for v in (own, *rivals)]
        if None not in sizes:
            return [formatting.memory(size).split()[0] for size in sizes]
        return [formatting.parameters(v.parameters).rstrip("MB") for v in (own, *rivals)]
    if lead == "your index must be small":
        return [formatting.count(v.embedding_dim) for v in (own, *rivals)]
    if lead.startswith("you keep passages over ") or "together exceed" in lead:
        limits = [formatting.count(rivals[0].max_tokens), formatting.count(own.max_tokens)]
        assert numbers(lead) == limits[:1]
        if "trained" in clause:
            return [*limits, formatting.count(own.recommended_tokens)]
        if "long documents" not in clause:
            return limits
        return [*limits, *domain_scores(catalog, "long documents", card.variant_id, others)]
    if lead.startswith("you search ") and " texts" in lead:
        domain = lead.removeprefix("you search ").removesuffix(" texts")
        return domain_scores(catalog, domain, card.variant_id, others)
    if lead == "you search other languages too" and len(own.languages) > 10:
        return [str(len(own.languages))]
    return []


def domain_scores(catalog, domain, variant_id, others):
    table = catalog.quality
    chosen = next(
        chosen
        for chosen in sorted(catalog.evidence_sets.values(), key=lambda s: s.rank)
        if chosen.domain == domain and chosen.table == "quality"
    )
    rows = table[(table["benchmark"] == chosen.benchmark) & (table["aspect"] == chosen.aspect)]
    rows = rows[(rows["source_set"] == chosen.source_set) & (rows["metric"] == chosen.metric)]
    scores = dict(zip(rows["variant"], map(float, rows["score"]), strict=True))
    assert scores[variant_id] > max(scores[key] for key in others)
    return [formatting.points(scores[key]) for key in (variant_id, *others)]


@pytest.mark.parametrize("languages", LANGUAGES)
def test_every_figure_of_a_clause_is_one_of_the_engine_or_of_the_catalog(either, languages):
    benchmarks = [chosen.name for chosen in either.evidence_sets.values()]
    for said, engine, kind in every_pair(either, languages):
        by_name = {card.short for card in said.cards}
        for card in said.cards:
            for clause in card.choose_if:
                figures = by_hand(either, engine, kind, said, card, clause)
                text = clause.replace("fp16", "")
                for name in (*sorted(by_name, key=len, reverse=True), *benchmarks):
                    text = text.replace(name, "")
                assert sorted(numbers(text)) == sorted(figures), clause


@pytest.mark.parametrize("languages", LANGUAGES)
def test_scores_that_not_all_have_make_nobody_the_best(either, languages):
    for said, engine, kind in every_pair(either, languages):
        chosen = engine.step(kind).evidence
        doing = [c for c in said.cards if c.variant_id in {**chosen.scores, **chosen.unranked}]
        complete = len(doing) == 2 and all(c.variant_id in chosen.scores for c in doing)
        if not complete or chosen.weak:
            clauses = [clause for card in said.cards for clause in card.choose_if]
            assert not re.search("(best|better) score", " ".join([said.title, *clauses]))


def test_a_few_tasks_alone_make_nobody_the_best(catalog):
    engine = answer(catalog, "en", "retrieve")
    names = {LARGE: "Large", GEMMA2: "Gemma2"}

    def claims(asked):
        compared = Compared(asked, "embedder", (LARGE, GEMMA2), names)
        return [finding.short for key in names for finding in findings(compared, key)]

    (step,) = engine.steps
    weak = replace(engine, steps=(replace(step, evidence=replace(step.evidence, weak=True)),))
    assert "for the better score" in claims(engine)
    assert not {"for the better score", "for the best value"} & set(claims(weak))
    assert "for English" in claims(weak), "the tests that both took are told as such"


@pytest.mark.parametrize(
    "chosen", [(M3, LARGE, GEMMA2), (BASE, "bge-reranker-v2-m3", M3), RERANKERS]
)
def test_the_order_of_the_models_changes_only_the_order_of_the_cards(catalog, chosen):
    said = of(catalog, *chosen)
    for order in permutations(chosen):
        other = of(catalog, *order)
        assert [card.variant_id for card in other.cards] == list(order)
        assert [(c.choose_if, c.recommended, c.why_not) for c in other.cards] == [
            (c.choose_if, c.recommended, c.why_not) for c in map(by_id(said).get, order)
        ]
        assert (other.title, other.same, other.reason) == (said.title, said.same, said.reason)


def test_a_wider_budget_takes_no_option_away_and_ends_with_none_ruled_out_by_it(catalog):
    fitting = set()
    for budget in (5, 15, 30, 40, 100, 200, None):
        said = of(catalog, SMALL, BASE, LARGE, GEMMA2, budget_usd_per_month=budget)
        now = {card.variant_id for card in said.cards if card.option}
        assert fitting <= now
        for card in said.cards:
            assert card.option or "exceeds your budget" in card.why_not
            assert not card.option or budget is None or card.option.monthly <= budget
        fitting = now
    assert fitting == {SMALL, BASE, LARGE, GEMMA2}
    assert of(catalog, SMALL, LARGE, budget_usd_per_month=20).title == (
        "Choose Small EN v1.5 within your budget"
    )


def test_a_cost_that_is_partly_unknown_makes_nobody_the_cheapest(catalog):
    unknown = of(catalog, M3, GEMMA2, languages=["de"], vector_store="turbopuffer-launch")
    assert all(card.option.cost.at_least for card in unknown.cards)
    assert "cost" not in unknown.title and "$" not in unknown.same
    known = of(catalog, M3, GEMMA2, languages=["de"])
    assert "for the lower cost" in known.title


@pytest.mark.parametrize(
    ("unknown", "claims"),
    [((), ["for the lower cost"]), ((LARGE,), []), ((M3,), []), ((LARGE, M3), [])],
)
def test_a_cost_is_claimed_only_where_both_are_known(catalog, unknown, claims):
    engine = answer(catalog, "en", "retrieve")
    costs = {LARGE: Decimal(10), M3: Decimal(20)}
    missing = {key: ("vector storage",) if key in unknown else () for key in costs}
    options = {
        key: SimpleNamespace(cost=Cost(usd, usd, usd, missing[key])) for key, usd in costs.items()
    }
    compared = Compared(engine, "embedder", (LARGE, M3), {LARGE: "Large", M3: "M3"})
    compared.__dict__["options"] = options
    assert [finding.short for finding in cost(compared, LARGE)] == claims
    assert not [*cost(compared, M3)]


def test_why_nothing_fits_speaks_of_a_plan_where_it_may_run(catalog):
    for stated in ({"placement": "own"}, {"data_may_leave": False}, {"hardware": "gpu"}):
        for card in of(catalog, M3, LARGE, latency_ms_p95=1, **stated).cards:
            if card.option is None:
                assert "Your limit is 1 ms" in card.why_not, card.why_not
    assert card.option, "a provider states no latency"


def test_what_is_not_known_of_a_rival_is_no_claim(second_family, edit):
    before = of(catalogs.load(second_family), M3, LARGE)
    file = second_family / "families" / "bge" / "variants" / f"{LARGE}.yaml"
    edit(file, "max_tokens: 512", "max_tokens: null")
    edit(file, "languages_complete: true", "languages_complete: false")
    after = of(catalogs.load(second_family), M3, LARGE)
    lost = set(by_id(before)[M3].choose_if) - set(by_id(after)[M3].choose_if)
    assert {text.partition(":")[0] for text in lost} == {
        "you search other languages too", "you keep passages over 512 tokens whole",
    }  # fmt: skip


def test_models_of_another_family_are_compared_as_well(second_family):
    catalog = catalogs.load(second_family)
    nova = [key for key in ids_of(catalog, "embedder") if catalog.family_of(key).id == "nova"]
    assert len(nova) > 1
    for key in nova:
        said = of(catalog, key, M3)
        assert said.cards[0].name == catalog.variants[key].name
        assert said.title and said.cards[0].short not in ("", said.cards[0].variant_id)
    for pair in combinations(nova, 2):
        assert of(catalog, *pair).title


@pytest.mark.parametrize(("task", "times"), [("retrieve", 2), ("retrieve-and-rerank", 1)])
def test_the_engine_is_asked_once_a_task(catalog, monkeypatch, task, times):
    asked = []

    def counted(*arguments):
        asked.append(arguments)
        return recommend(*arguments)

    monkeypatch.setattr(comparison, "recommend", counted)
    of(catalog, M3, LARGE, *RERANKERS[:2], task=task)
    assert len(asked) == times
    of(catalog, M3, LARGE, task="rerank")
    assert len(asked) == times + 1 and asked[-1][1].task == "retrieve"


def test_models_of_several_kinds_do_different_jobs(catalog):
    said = of(catalog, M3, RERANKERS[0], LANGUAGE_MODEL)
    assert said.title == (
        "They do different jobs: M3 finds passages; Reranker Base reranks passages; "
        "Aquila2-7B generates text"
    )
    cards = by_id(said)
    assert cards[LANGUAGE_MODEL].option is None and not cards[LANGUAGE_MODEL].choose_if
    assert "generates text" in cards[LANGUAGE_MODEL].why_not
    assert [card.recommended for card in said.cards] == [False, True, False], "M3 is not, of all"
    assert "Of all embedders, BGE Large EN v1.5 at DeepInfra is recommended." in said.reason
    two = of(catalog, LANGUAGE_MODEL, "aquila2-34b")
    assert two.title == "Neither of these makes vectors or scores passages" and not two.reason


def test_of_a_pair_of_steps_what_is_recommended_of_all_is_recommended_here(catalog):
    for stated in ({}, {"placement": "own"}, {"budget_usd_per_month": 120}, {"priority": "cost"}):
        engine = answer(catalog, "en", "retrieve-and-rerank", **stated)
        said = of(catalog, LARGE, BASE, *RERANKERS[::2], task="retrieve-and-rerank", **stated)
        picked = {part.variant_id for part in engine.pick.parts if part.variant_id in by_id(said)}
        assert picked
        assert picked <= {card.variant_id for card in said.cards if card.recommended}


@EACH
@given(questions(), st.randoms(use_true_random=False))
def test_what_holds_of_the_verdict_on_any_question(catalogs, question, random):
    of_all = catalogs.named[question.catalog]
    kind = random.choice(list(TASKS))
    ids = ids_of(of_all, kind)
    chosen = random.sample(ids, min(len(ids), random.randint(2, 4)))
    asked = AdviceQuestion(Workload.of(question.stated), Assumptions.of(question.assumed))
    said = verdict(of_all, chosen, asked, TODAY)
    fitting = [card for card in said.cards if card.option]
    assert said.title and [card.variant_id for card in said.cards] == chosen
    assert sum(card.recommended for card in said.cards) == bool(fitting)
    for card in said.cards:
        assert (card.bill is None) == (card.option is None) == bool(card.why_not)
        assert card.option or not card.recommended
    leads = [text.partition(":")[0] for card in said.cards for text in card.choose_if]
    assert len(set(leads)) == len(leads), leads
    if said.title.startswith("Choose "):
        assert any(card.choose_if for card in fitting)
    if fitting:
        assert said.reason.endswith(".")
        assert next(card.short for card in said.cards if card.recommended) in said.reason


def test_no_sentence_has_an_id_or_the_name_of_a_field(either):
    ids = {
        *either.variants, *either.evidence_sets, *either.licences, "multi_vector", "None", "nan",
    }  # fmt: skip
    for languages in LANGUAGES:
        for said, *_ in every_pair(either, languages):
            for text in sentences(said):
                words = set(re.findall(r"[\w.-]+", text))
                assert not words & (ids - {"giant", "multi", "hard", "long", "free", "english"})
                assert "_" not in text and "  " not in text and ".." not in text


COMPARISONS = {
    "M3 or Large": ((M3, LARGE), {}),
    "Large or Base": ((LARGE, BASE), {}),
    "rerankers": (RERANKERS, {"task": "rerank"}),
    "Large or Gemma2": ((LARGE, GEMMA2), {}),
    "M3 or Gemma2 in German": ((M3, GEMMA2), {"languages": ["de"]}),
    "M3 or Large in German": ((M3, LARGE), {"languages": ["de"]}),
    "Large or Base in German": ((LARGE, BASE), {"languages": ["de"]}),
    "all of English": ((LARGE, BASE, SMALL, GEMMA2), {}),
    "M3, Large, or Gemma2": ((M3, LARGE, GEMMA2), {}),
    "cost first": ((M3, SMALL, GEMMA2), {"priority": "cost"}),
    "quality first": ((LARGE, GEMMA2), {"priority": "quality"}),
    "a budget": ((LARGE, GEMMA2), {"budget_usd_per_month": 60}),
    "sparse vectors": ((M3, LARGE), {"outputs": ["sparse"]}),
    "whole passages": (
        (M3, LARGE),
        {"passage_tokens": 3_000, "passage_tokens_p95": 4_000, "chunk_tokens": None},
    ),
    "an embedder and rerankers": ((LARGE, *RERANKERS[::2]), {"task": "retrieve-and-rerank"}),
    "rerankers in Chinese": (RERANKERS, {"task": "rerank", "languages": ["zh"]}),
}


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_verdict_in_words(catalog, pinned, name):
    chosen, stated = COMPARISONS[name]
    said = of(catalog, *chosen, **stated)
    assert {
        "title": said.title,
        "same": said.same,
        "reason": said.reason,
        "cards": {
            card.short: {
                "recommended": card.recommended,
                "where": card.option.named if card.option else card.why_not,
                "choose it if": card.choose_if,
            }
            for card in said.cards
        },
    } == pinned
