"""The words and figures of what is picked, and the scores that rank each step."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base.units import HOURS_PER_MONTH
from advisor.decide import evidence
from advisor.decide.recommend import Pipeline, recommend
from advisor.sizing.ranges import Cost, Range

TODAY = date(2026, 11, 24)


def ask(catalog, *sets, assumptions=None, **stated):
    return recommend(
        catalog,
        Workload.of(stated),
        TODAY,
        sets,
        **({"assumptions": assumptions} if assumptions else {}),
    )


def usd(amount, *not_known):
    """An amount without a range, and the parts that are missing from it."""
    return Cost.of(Range(*[Decimal(amount)] * 3), *not_known)


@pytest.fixture
def apart(made_up):
    """Two steps at one provider, by the token."""
    return ask(made_up, task="retrieve-and-rerank").pick


@pytest.fixture
def together(made_up):
    """Two steps on one machine; at the slow end of its speed they need a second one."""
    return ask(
        made_up, **made_up.presets["german-inside"].workload | {"queries_per_month": 20_000}
    ).pick


def test_a_pipeline_is_named_after_its_parts(made_up, apart, together, pinned):
    alone = ask(made_up, placement="own").pick
    assert (apart.id, apart.shared) == ("beta-big-en + beta-rank-big", None)
    assert together.id == "multi@acme-cpu + rank-big@acme-cpu" and together.shared
    assert alone.id == "big-en@acme-cpu"
    assert (alone.part("reranker"), alone.part("embedder")) == (None, alone.parts[0])
    assert together.part("reranker") is together.parts[1]
    for pick in (apart, together, alone):
        assert all(
            part.plan.variant.name in pick.named and part.plan.where in pick.named
            for part in pick.parts
        )
    assert {"apart": apart.named, "together": together.named, "alone": alone.named} == pinned


def test_shared_machines_are_paid_once_and_steps_apart_each(apart, together):
    rent = Decimal("0.10") * HOURS_PER_MONTH
    assert together.shared == (1, 1, 2)
    rents = Cost.of(Range(rent, rent, 2 * rent))
    assert together.monthly_usd == rents.plus(together.parts[0].plan.index_usd)
    assert apart.monthly_usd == apart.parts[0].cost.plus(apart.parts[1].cost)
    for pipeline in (together, apart):
        assert pipeline.monthly == float(pipeline.monthly_usd.base)


def test_the_first_encoding_is_paid_once_by_the_embedder(made_up, apart, together):
    assert together.one_off_usd == together.parts[0].plan.one_off_usd
    assert together.one_off_usd.low < together.one_off_usd.base < together.one_off_usd.high
    assert apart.one_off_usd == usd("20.46"), (
        "1,000,000 x (200 + 0.05 x 50 + 1.05 x 2) = 204.6 million tokens at ten cents a million"
    )
    assert ask(made_up, task="rerank").pick.one_off_usd == usd("0")


def test_a_first_encoding_that_nobody_knows_is_named_as_missing():
    unknown, known = (
        SimpleNamespace(plan=SimpleNamespace(one_off_usd=amount)) for amount in (None, usd("2"))
    )
    assert Pipeline((unknown,)).one_off_usd == usd("0", "encoding")
    assert Pipeline((unknown, known, known)).one_off_usd == usd("4", "encoding")
    assert Pipeline((unknown,)).one_off_usd.at_least and not Pipeline((known,)).one_off_usd.at_least


def test_a_judged_plan_says_what_the_rules_and_the_evidence_say_of_it(made_up):
    recommendation = ask(made_up, task="retrieve-and-rerank", languages=["en"])
    assert len(recommendation.judged) == len(recommendation.table)
    for row, judged in enumerate(recommendation.judged):
        step = recommendation.step(judged.kind)
        expected = step.evidence.scores.get(judged.variant_id) if step else None
        assert judged.quality == expected and judged.row == row
        assert judged.plan.id == judged.id and judged.hosted == (judged.plan.offer is not None)
        assert judged.findings == recommendation.rules.of(row)
        assert all(f.effect == "exclude" for f in judged.excluded) and all(
            f.effect in ("warn", "note") for f in judged.remarks
        )
        assert set(judged.findings) == set(judged.remarks) | {
            f for f in judged.findings if f.effect == "exclude"
        }
        assert bool(judged.excluded) == bool(recommendation.rules.excluded[row])
        if judged.fits:
            assert judged.cost == judged.plan.monthly_usd and judged.monthly == pytest.approx(
                float(judged.cost.base)
            )
            assert judged.plan.variant.name in judged.named and judged.plan.where in judged.named
    assert (
        [j.id for j in recommendation.rejected]
        == [j.id for j in recommendation.judged if recommendation.rules.excluded[j.row]]
        != []
    )
    assert [j.row for j in recommendation.fitting("embedder")] == recommendation.step(
        "embedder"
    ).fitting.tolist()
    assert all(j.fits and j.kind == "reranker" for j in recommendation.fitting("reranker"))


def test_a_step_that_the_task_does_not_have_is_none(made_up):
    recommendation = ask(made_up)
    assert (
        recommendation.step("reranker") is None and list(recommendation.fitting("reranker")) == []
    )
    assert [step.kind for step in recommendation.steps] == ["embedder"] and recommendation.step(
        "embedder"
    ) is recommendation.steps[0]


def test_the_answer_keeps_what_was_asked(made_up):
    assumptions = Assumptions(hosted_discount_percent=50)
    recommendation = ask(made_up, "long", assumptions=assumptions, passages=1000)
    assert (
        recommendation.workload,
        recommendation.assumptions,
        recommendation.asked_sets,
        recommendation.today,
    ) == (
        Workload(passages=1000),
        assumptions,
        ("long",),
        TODAY,
    )
    assert recommendation.answer == tuple(
        part.id for part in recommendation.pick.parts
    ) and recommendation.monthly == pytest.approx(recommendation.pick.monthly)
    full = {j.id: j for j in ask(made_up, passages=1000).judged}
    halved = [j for j in recommendation.judged if j.hosted and j.fits]
    assert halved and all(
        2 * j.plan.encoding_usd.base == full[j.id].plan.encoding_usd.base for j in halved
    )
    nothing = ask(made_up, budget_usd_per_month=0, vector_store="ram")
    assert (nothing.pick, nothing.answer, nothing.monthly) == (None, None, None)


@pytest.mark.parametrize(
    ("stated", "sets"),
    [
        ({"passage_tokens": 1001, "passage_tokens_p95": 1500, "chunk_tokens": None}, ["long"]),
        ({"passage_tokens": 1000, "passage_tokens_p95": 1500, "chunk_tokens": None}, ["english"]),
        ({"passage_tokens": 5000, "passage_tokens_p95": 9000, "chunk_tokens": 1001}, ["long"]),
        ({"passage_tokens": 5000, "passage_tokens_p95": 9000, "chunk_tokens": 1000}, ["english"]),
        ({"passage_tokens": 1001, "passage_tokens_p95": 1500}, ["english"]),
        ({"task": "retrieve-and-rerank"}, ["english", "rerank-over-big"]),
        ({"task": "retrieve-and-rerank", "languages": ["de", "en"]}, ["by-language",
         "rerank-by-language"]),
        ({"task": "retrieve-and-rerank", "outputs": ["dense", "sparse"]}, ["by-language",
         "rerank-over-multi"]),
        ({"task": "rerank"}, ["rerank-over-big"]),
    ],
    ids=["over a thousand tokens kept whole", "a thousand kept whole", "long parts", "parts of a thousand",
    "over a thousand in usual parts", "a reranker over Big EN", "a reranker over Multi", "a reranker over Multi in English",
    "a reranker alone"],
)  # fmt: skip
def test_each_step_is_ranked_by_the_scores_that_speak_for_it(made_up, stated, sets):
    assert [step.evidence.set.id for step in ask(made_up, **stated).steps] == sets


def test_scores_that_were_asked_for_go_to_the_step_that_they_are_for(made_up):
    recommendation = ask(
        made_up,
        "no-such-set",
        "rerank-over-multi",
        "long",
        "english-two",
        task="retrieve-and-rerank",
    )
    assert [step.evidence.set.id for step in recommendation.steps] == ["long", "rerank-over-multi"]


def test_languages_count_once_and_in_any_order(made_up):
    first, second = (
        ask(made_up, languages=languages) for languages in (["de", "fr", "de"], ["fr", "de"])
    )
    assert first.steps[0].evidence == second.steps[0].evidence and first.answer == second.answer
    assert (
        first.steps[0].evidence.scores == {"multi": 65}
        and "German and French" in first.steps[0].evidence.title
    )


def test_another_catalog_or_precision_is_no_near_one(made_up):
    recommendation = ask(made_up)
    sooner = recommend(
        made_up,
        recommendation.workload,
        TODAY,
        (),
        Assumptions(precision="int8"),
        near=recommendation,
    )
    alone = recommend(made_up, recommendation.workload, TODAY, (), Assumptions(precision="int8"))
    assert (
        [j.findings for j in sooner.judged]
        == [j.findings for j in alone.judged]
        != [j.findings for j in recommendation.judged]
    )


def test_another_set_of_scores_leads_to_the_answer_by_that_set(made_up):
    sets = [s.id for s in evidence.offered(made_up, "embedder", ("en",), made_up.variants)]
    assert "long" in sets and "rerank-over-multi" not in sets
    recommendation = ask(made_up, "long")
    assert (
        recommendation.steps[0].evidence.set.id == "long"
        and made_up.evidence_sets["long"].name in recommendation.steps[0].evidence.title
    )
    assert (recommendation.answer, recommendation.pick.parts[0].quality) == (("beta-multi",), 60), (
        "Big EN is twenty points worse there"
    )


def test_a_set_that_does_not_speak_for_the_workload_is_not_taken(made_up):
    assert ask(made_up, "long", languages=["de"]).steps[0].evidence.set.id != "long"
    assert (
        ask(made_up, "no-such-set").steps[0].evidence.set.id
        == ask(made_up).steps[0].evidence.set.id
    )
