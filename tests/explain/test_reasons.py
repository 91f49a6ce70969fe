"""Why the pick won, what else was possible, and what to give up where nothing fits."""

import re

import pytest
from hypothesis import given, settings

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import lifting, reasons
from advisor.explain.other_plans import alternatives
from tests.asking import TODAY, ask
from tests.decide.workloads import WORKLOADS


def test_what_to_give_up_names_no_plan_whose_cost_is_not_known(made_up):
    found = ask(made_up, placement="hosted", budget_usd_per_month=1)
    unpriced = {"gamma-big-en": "price-is-known", "gamma-tiny-en": "trial-is-no-price"}
    assert {
        j.id: j.excluded[0].rule for j in found.judged if j.id in unpriced and len(j.excluded) == 1
    } == unpriced
    told = {reason.rule for reason in lifting.loosen(found)}
    assert "within-budget" in told and told.isdisjoint(unpriced.values())
    for reason in lifting.loosen(found):
        assert "Gamma" not in reason.text and "$" in reason.text


def test_nothing_fits_says_what_to_give_up(made_up):
    found = ask(made_up, data_may_leave=False, placement="hosted", licence="permissive")
    assert (
        found.pick is None
        and found.answer is None
        and reasons.reasons(found) == ()
        and alternatives(found, "embedder") == []
    )
    told = lifting.loosen(found)
    assert [reason.rule for reason in told] == ["data-stays-inside", "placement-is-hosted"]
    assert told[0].text.startswith("If data may leave your network: ")
    assert told[1].text.startswith("With your own machines allowed: ")


def test_the_requirement_that_frees_most_comes_first(made_up):
    found = ask(made_up, budget_usd_per_month=0.01, languages=["de"])
    assert found.pick is None
    assert lifting.loosen(found)[0].rule == "within-budget"


def test_a_variant_without_a_score_is_listed_not_zero(made_up):
    found = ask(made_up)
    multi = next(a for a in alternatives(found, "embedder") if a.judged.variant_id == "multi")
    assert multi.judged.quality is None and found.steps[0].evidence.unranked["multi"] in multi.text


def test_unknown_coverage_is_a_warning_not_a_no(made_up):
    found = ask(made_up, languages=["de"])
    giant = next(a for a in alternatives(found, "embedder") if a.judged.variant_id == "giant")
    assert any(
        f.rule == "languages-covered" and f.unknown and f.effect == "warn"
        for f in giant.judged.findings
    )


@settings(derandomize=True, max_examples=60, deadline=None)
@given(WORKLOADS)
def test_a_reason_says_the_figures_of_the_plan(catalog, stated):
    found = ask(catalog, **stated)
    told = {r.rule: r.text for r in reasons.reasons(found)}
    for text in told.values():
        assert "{" not in text and "None" not in text and "nan" not in text
    for part in found.pick.parts if found.pick else ():
        texts = " ".join(r.text for r in reasons.reasons(found))
        plan = part.plan
        if part.quality is not None:
            assert formatting.points(part.quality) in texts
        if part.hosted:
            assert (
                formatting.price(plan.offer.usd_per_1m_input) in texts
                and formatting.usd(plan.encoding_usd.base) in texts
            )
        else:
            assert (
                formatting.count(round(plan.tokens_per_second.base)) in texts
                and f"${plan.instance.on_demand_usd_per_h}" in texts
            )
        if plan.index_bytes and not plan.index_usd.base:
            assert "its cost is not known" in told["index"]
        elif plan.index_bytes:
            assert formatting.usd(plan.index_usd.base) in told["index"]


def test_the_same_price_is_said_of_prices_alone(made_up):
    found = ask(made_up, passages=1, queries_per_month=0)
    assert found.answer == ("beta-big-en",) and reasons.ties(found, found.pick.parts[0]) == [], (
        "Alpha's month costs the same, its price does not"
    )
    found = ask(made_up, task="retrieve-and-rerank", languages=["de"])
    assert [[j.id for j in reasons.ties(found, part)] for part in found.pick.parts] == [
        ["alpha-multi"],
        ["alpha-rank-big"],
    ]
    told = [r.text for r in reasons.reasons(found) if r.rule == "tie"]
    for text, part in zip(told, found.pick.parts, strict=True):
        assert part.plan.variant.name in text and "Alpha Router" in text


def test_on_shared_machines_the_other_plans_stand_beside_the_cheapest_of_the_other_step(made_up):
    found = recommend(made_up, Workload.of(made_up.presets["german-inside"].workload), TODAY)
    other = alternatives(found, "embedder")[0]
    rest = min(j.monthly for j in found.fitting("reranker"))
    assert found.pick.shared and other.judged.row != found.choice.rows[0]
    assert (
        formatting.usd(other.judged.monthly + rest) in other.text
        and formatting.usd(found.monthly) in other.text
    )


def test_two_steps_say_how_long_they_compute_together_where_a_limit_asks(made_up):
    stated = {
        "task": "retrieve-and-rerank",
        "placement": "own",
        "hardware": "cpu",
        "queries_per_month": 1_000,
        "rerank_candidates": 3,
        "query_tokens": 100,
        "passage_tokens": 60,
        "passage_tokens_p95": 100,
    }
    answer = ask(made_up, **stated)
    assert "ms" not in next(r.text for r in reasons.reasons(answer) if r.rule == "pipeline")
    times = [part.plan.latency_ms.base for part in answer.pick.parts]
    for limit in (sum(times) - 10, sum(times) + 10):
        assert max(times) < limit, "each step alone keeps to it"
        held = ask(made_up, **stated, latency_ms_p95=limit)
        text = next(r.text for r in reasons.reasons(held) if r.rule == "pipeline")
        took = int(text.split(" ms to compute")[0].split()[-1].replace(",", ""))
        assert 0 < took <= limit
        if not held.pick.shared:
            assert took == round(sum(part.plan.latency_ms.base for part in held.pick.parts))


@settings(derandomize=True, max_examples=30, deadline=None)
@given(WORKLOADS)
def test_what_is_called_the_cheapest_is_so(catalog, stated):
    answer = ask(catalog, **stated)
    if answer.pick is None:
        return
    tolerance = 0.5 if stated["priority"] == "quality" else answer.workload.quality_tolerance
    texts = [reason.text for reason in reasons.reasons(answer) if reason.rule == "evidence"]
    for part, text in zip(answer.pick.parts, texts, strict=True):
        best = max(answer.step(part.kind).evidence.scores.values(), default=0)
        costs = [
            rival.monthly
            for rival in answer.fitting(part.kind)
            if rival.quality is not None and round(best - rival.quality, 6) <= tolerance
        ]
        if " is the cheapest within " in text:
            assert part.monthly == min(costs)
        if (
            " is the cheapest " in text
            and " that fits" in text
            and "together with the other step" not in text
        ):
            assert part.monthly == min(rival.monthly for rival in answer.fitting(part.kind))
        if " is the best value within " in text:
            assert part.monthly > min(costs)


def test_a_price_from_an_aggregator_that_decided_is_told(made_up_copy, edit):
    """36 million tokens at $0.10 are $3.60; Giant's 40 million are $2.00 by an aggregator's word."""
    edit(made_up_copy / "offers/gamma.yaml", 'usd_per_1m_input: "1.00"', 'usd_per_1m_input: "0.05"')
    giant = "giant,English Test,retrieval,ndcg_at_10,"
    edit(made_up_copy / "evidence/quality.csv", f"{giant}60", f"{giant}57")
    answer = ask(catalogs.load(made_up_copy), vector_store="none")
    assert answer.answer == ("beta-big-en",)
    text = reasons.reasons(answer)[0].text
    assert "is the best value within 5 points of the best, Giant (57.0)" in text
    assert "each point of score counts as $5.00 per month" in text
    assert "a price that only a third party states as $25.00 more" in text


@pytest.mark.parametrize(
    ("stated", "rule", "names", "length"),
    [
        ({"chunk_tokens": 600}, "passage-fits-context", "Base EN v1.5, BGE Large EN v1.5, and", "602"),
        ({"chunk_tokens": None}, "passage-fits-context", "Base EN v1.5, BGE Large EN v1.5, and", "7,502"),
        (
            {"chunk_tokens": 600, "task": "rerank"},
            "typical-pair-fits-context", "Reranker Base and BGE Reranker Large", "620",
        ),
        ({"chunk_tokens": 500}, "", "", ""),
    ],
)  # fmt: skip
def test_models_with_a_score_that_cannot_read_what_is_sent_are_named(
    catalog, stated, rule, names, length
):
    answer = ask(catalog, passage_tokens=3_000, passage_tokens_p95=7_500, **stated)
    texts = [r.text for r in reasons.reasons(answer) if r.rule == rule]
    assert len(texts) == bool(rule)
    for text in texts:
        assert f"BGE {names}" in text and re.search(rf"\b{length}\b", text)
        assert " are ruled out: " in text
