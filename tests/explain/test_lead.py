"""The reasons that decided: their number, their order, and that each lead is true."""

from dataclasses import replace

import pytest
from hypothesis import given

from advisor.explain import reasons
from advisor.explain.bill import bill
from advisor.explain.lead import decided
from tests.asking import ask
from tests.decide.test_properties import EACH
from tests.decide.workloads import questions
from tests.explain.test_ways import PRESETS, of_preset


def leads_of(recommendation):
    return [reason.lead for reason in decided(recommendation).lead]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_its_reasons_in_the_order_in_which_they_decided(catalog, pinned, preset):
    assert [(r.lead, r.text) for r in decided(of_preset(catalog, preset)).lead] == pinned


@pytest.mark.parametrize(
    ("stated", "lead"),
    [
        ({}, "Good score, lowest cost."),
        ({"quality_tolerance": 8, "passages": 20_000}, "Best score for the money."),
        ({"priority": "quality"}, "Best score."),
        ({"priority": "cost"}, "Lowest cost."),
        ({"languages": ["de"]}, "The only one scored."),
        ({"outputs": ["sparse"]}, "Only embedder for this job."),
        ({"budget_usd_per_month": 20}, "Closest to the best."),
    ],
)
def test_the_score_leads_with_what_it_did(catalog, stated, lead):
    assert leads_of(ask(catalog, **stated))[0] == lead


def test_without_any_scores_cost_decides(catalog):
    bare = replace(catalog, own={}, evidence_sets={})
    reason = decided(ask(bare)).lead[0]
    assert reason.lead == "No scores to compare." and "cost decides" in reason.text


def test_a_model_without_a_score_is_taken_where_none_with_one_fits(made_up):
    stated = {"passage_tokens_p95": 6_918, "chunk_tokens": None, "vector_store": "none"}
    answer = ask(made_up, **stated, query_tokens=3, budget_usd_per_month=9.2)
    assert answer.pick.parts[0].quality is None
    assert leads_of(answer)[0] == "It has no score."


@pytest.mark.parametrize(
    ("stated", "lead"),
    [
        ({}, "Encoding costs cents."),
        ({"queries_per_month": 100_000_000}, "Encoding costs $18.00."),
        ({"queries_per_month": 2_000_000_000, "placement": "hosted"}, "Encoding sets the price."),
        ({"placement": "own"}, "The machine sets the price."),
        ({"placement": "own", "redundancy": True}, "The machines set the price."),
        ({"placement": "own", "passages": 10_000_000}, "One machine is enough."),
        ({"task": "rerank"}, "Reranking sets the price."),
        ({"vector_store": "none", "queries_per_month": 0}, "Encoding costs nothing."),
        ({"vector_store": "none"}, "No index in the bill."),
        ({"passages": 100_000_000}, "The index sets the price."),
        ({"placement": "own", "passages": 100_000}, "The index costs $3.63."),
        ({"placement": "own", "passages": 10_000}, "The index costs little."),
        ({"vector_store": "qdrant-cloud"}, "The index is not priced."),
        ({"vector_store": "opensearch-serverless"}, "The index costs at least $350."),
        ({"vector_store": "s3-vectors"}, "The index costs at least $0.26."),
    ],
)
def test_the_bill_leads_with_what_it_is(catalog, stated, lead):
    assert lead in leads_of(ask(catalog, **stated))


def test_a_part_of_a_bill_that_is_not_known_whole_is_never_said_to_set_the_price(catalog):
    assert not any("set" in lead for lead in leads_of(ask(catalog, vector_store="qdrant-cloud")))


def test_an_index_of_which_a_part_is_not_known_never_costs_little(catalog):
    answer = ask(catalog, vector_store="s3-vectors", queries_per_month=10**9)
    assert answer.pick.monthly_usd.not_known == ("index_queries",)
    index = next(r for r in decided(answer).lead if r.lead.startswith("The index"))
    assert index.lead == "The index costs at least $0.26."
    assert index.text.endswith(": at least $0.26 per month.")


def test_long_passages_lead_where_models_cannot_read_them(catalog):
    stated = {"passage_tokens": 2_500, "passage_tokens_p95": 7_000, "chunk_tokens": None}
    answer = ask(catalog, **stated, licence="permissive")
    reason = decided(answer).lead[1]
    assert reason.lead == "It reads long passages." and "512" in reason.text
    assert reason.details[0].rule == "passage-fits-context" and reason.sources


def test_a_model_that_alone_reads_the_passages_says_so(catalog):
    answer = ask(catalog, task="rerank", passage_tokens=1_290, passage_tokens_p95=1_290,
                 chunk_tokens=None)  # fmt: skip
    part, scores = answer.pick.parts[0], answer.steps[0].evidence
    sent = part.plan.tokens.input_p95
    assert f"Only it reads {sent:,} tokens." in leads_of(answer)
    limits = {key: catalog.variants[key].max_tokens for key in (*scores.scores, *scores.unranked)}
    assert [key for key, most in limits.items() if most >= sent] == [part.variant_id]


def test_a_reranker_leads_with_what_it_gains(catalog):
    assert leads_of(ask(catalog, task="rerank"))[1] == "It improves the search."


def test_two_steps_have_a_score_each_then_the_dearer_step_and_the_index(catalog):
    answer = ask(catalog, task="retrieve-and-rerank")
    leads = decided(answer).lead
    assert len(leads) == 4 and answer.pick.shared is None
    assert [part.plan.variant.name in lead.details[0].text for part, lead in
            zip(answer.pick.parts, leads, strict=False)] == [True, True]  # fmt: skip
    assert leads[2].lead.startswith("Reranking") and "index" in leads[3].lead
    assert "; in that test it added " in leads[1].text


@pytest.mark.parametrize("priority", ["balanced", "quality", "cost"])
def test_two_scores_are_told_apart_by_their_lead_and_their_line(catalog, priority):
    answer = ask(catalog, task="retrieve-and-rerank", priority=priority)
    first, second = decided(answer).lead[:2]
    assert "mbedder" in first.lead and "eranker" in second.lead
    assert first.text.split()[:2] != second.text.split()[:2] or priority == "cost"
    for part, lead in zip(answer.pick.parts, (first, second), strict=True):
        assert part.plan.variant.name.removeprefix("BGE ") in lead.text
        assert not {"It", "it"} & set(
            lead.text.removesuffix(".").split("; in that test")[0].split()
        )


def test_machines_that_two_steps_share_are_one_reason(catalog):
    answer = of_preset(catalog, "air-gapped")
    lead = decided(answer).lead[2]
    assert answer.pick.shared == (1, 1, 2) and lead.lead == "One machine runs both."
    assert "$331 per month" in lead.text
    assert [reason.rule for reason in lead.details] == ["capacity", "capacity", "shared"]


def test_a_machine_that_was_measured_is_this_machine(catalog):
    measured = {
        "measured_variant": "bge-m3", "measured_tokens_per_second": 3_000.0,
        "measured_tokens": 128, "measured_precision": "fp32", "machine_usd_per_hour": 0.001,
        "machine_memory_gib": 16.0, "measured_on": "2026-11-20",
    }  # fmt: skip
    answer = ask(catalog, measured, languages=["de"], placement="own")
    assert answer.pick.parts[0].plan.measured
    assert any(reason.text.startswith("Your machine costs") for reason in decided(answer).lead)
    many = ask(catalog, measured, languages=["de"], placement="own", queries_per_month=10**10)
    machines = next(r for r in decided(many).lead if r.lead == "The machines set the price.")
    assert "like yours cost $118 per month" in machines.text and " times one " in machines.text


@pytest.mark.parametrize(
    ("queries", "text"),
    [(10**5, "Both models fit your machine together, at "),
     (10**8, "Both models fit one machine like yours together; ")],
)  # fmt: skip
def test_a_measured_machine_that_two_steps_share_is_yours(catalog, queries, text):
    measured = {
        "measured_variant": "bge-m3", "measured_tokens_per_second": 30_000.0,
        "measured_tokens": 128, "measured_precision": "fp32", "machine_usd_per_hour": 0.001,
        "machine_memory_gib": 64.0, "measured_on": "2026-11-20",
    }  # fmt: skip
    answer = ask(catalog, measured, task="retrieve-and-rerank", languages=["de"], placement="own",
                 queries_per_month=queries)  # fmt: skip
    assert answer.pick.shared and answer.pick.parts[0].plan.measured
    shared = next(r for r in decided(answer).lead if r.text.startswith("Both models"))
    assert shared.text.startswith(text), shared.text


def test_where_nothing_fits_nothing_led(catalog):
    assert decided(ask(catalog, budget_usd_per_month=0.001)) == ((), ())


@EACH
@given(questions())
def test_what_holds_of_the_reasons_of_any_question(catalogs, question):
    answer = ask(catalogs.named[question.catalog], question.assumed, **question.stated)
    leads, rest = decided(answer)
    if answer.pick is None:
        assert not leads and not rest
        return
    of_two = len(answer.pick.parts) > 1
    assert len(leads) == (4 if of_two and answer.pick.parts[0].plan.index_bytes else 3) or of_two
    for lead in leads:
        assert lead.lead.endswith(".") and 2 <= len(lead.lead.split()) <= 6, lead.lead
        assert lead.text.endswith(".") and len(lead.text.split()) <= 30, lead.text
        assert "None" not in lead.text and "nan" not in lead.text
    # each sentence is told once: behind a lead, or among the rest
    details = [reason for lead in leads for reason in lead.details]
    every = list(reasons.reasons(answer))
    assert sorted([*details, *rest]) == sorted(every)
    assert [reason for reason in every if reason in rest] == list(rest)
    for part, lead in zip(answer.pick.parts, leads, strict=False):
        score_is_true(answer, part, lead)
    price_is_true(answer, leads)


def score_is_true(answer, part, lead):
    step = answer.step_of(part)
    scores, fitting = step.evidence.scores, list(answer.fitting(part.kind))
    short = step.shortfalls(answer.workload)
    alone = len(answer.pick.parts) == 1
    said = lead.lead if alone else lead.lead.split(": ")[-1].capitalize()
    if said == "Best score.":
        assert part.quality == max(scores.values())
    if said == "Lowest cost." and alone:
        assert part.monthly <= min(j.monthly for j in fitting) + 1e-6
    if said == "Good score, lowest cost." and alone:
        near = [j.monthly for j in fitting if short[j.row] == 0]
        assert part.monthly <= min(near) + 1e-6 and short[part.row] == 0
    if said == "Closest to the best." and alone:
        assert 0 < short[part.row] == min(short[j.row] for j in fitting)
        assert all(j.quality is None or j.quality - part.quality < 0.5 for j in fitting)
    if said == "As good as the best.":
        assert max(scores.values()) - part.quality <= 0.5 + 1e-6
    if said == "It has no score." and alone:
        assert all(j.quality is None for j in fitting)
    if lead.lead.startswith("Only "):
        assert {j.variant_id for j in fitting} == {part.variant_id}


def price_is_true(answer, leads):
    shares = {part.slot: part.share for part in bill(answer.pick).parts}
    slots = {"The index": "index", "Encoding": "encoding", "Reranking": "reranking",
             "The machine": "machine"}  # fmt: skip
    for lead in leads:
        if " the price." in lead.lead:
            slot = next(slot for word, slot in slots.items() if lead.lead.startswith(word))
            assert shares[slot] > 50 and not answer.pick.monthly_usd.at_least
