import shutil
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import catalog as catalogs
from advisor import evidence, reasons, trade_offs, units
from advisor.catalog.load import SHIPPED
from advisor.errors import WorkloadError
from advisor.plans import KINDS_FOR_TASK
from advisor.recommend import BASE, choose, costs_at, eligible, recommend
from advisor.workload import Workload

TODAY = date(2026, 11, 24)

PRESETS = {
    "english-search": (("deepinfra-bge-large-en-v1.5",), "34.90"),
    "english-faq-on-cpu": (("bge-small-en-v1.5@aws-c7i.xlarge",), "130.56"),
    "small-knowledge-base": (("cloudflare-bge-small-en-v1.5",), "0.69"),
    "multilingual-rag": (("novita-ai-bge-m3", "novita-ai-bge-reranker-v2-m3"), "480.83"),
    "multilingual-support": (("novita-ai-bge-m3",), "10.48"),
    "long-contracts": (("novita-ai-bge-m3",), "2.77"),
    "best-english-quality": (("nebius-bge-multilingual-gemma2",), "60.49"),
    "hybrid-search": (("deepinfra-bge-m3-multi",), "48.35"),
    "rerank-english": (("novita-ai-bge-reranker-v2-m3",), "50.00"),
    "rerank-multilingual": (("novita-ai-bge-reranker-v2-m3",), "25.20"),
    "shop-at-200-queries-a-second": (("bge-large-en-v1.5@azure-standard-nv6ads-a10-v5",), "731.92"),
    "air-gapped": (("bge-m3@azure-standard-nv6ads-a10-v5", "bge-reranker-v2-m3@azure-standard-nv6ads-a10-v5"), "348.69"),
    "laptop": (("bge-small-en-v1.5@aws-c7i.xlarge",), "130.56"),
}


def ask(catalog, **stated):
    return recommend(catalog, Workload.of(stated), TODAY)


def picked(found):
    return found.pick.parts[0].variant_id


@pytest.mark.parametrize("preset", PRESETS)
def test_the_answer_to_a_preset_is_pinned(catalog, preset):
    found = recommend(catalog, Workload.of(catalog.presets[preset].workload), TODAY)
    assert (found.answer, f"{found.pick.monthly_usd.base:.2f}") == PRESETS[preset]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_engine_answers_as_the_expert_did(catalog, preset):
    found, expert = recommend(catalog, Workload.of(catalog.presets[preset].workload), TODAY), catalog.presets[preset].expert
    for kind in ("embedder", "reranker"):
        part = found.pick.part(kind)
        assert (part.variant_id if part else None) == getattr(expert, kind)
    assert {"hosted" if part.hosted else "own" for part in found.pick.parts} == {expert.placement}


def test_every_preset_is_pinned(catalog):
    assert set(catalog.presets) == set(PRESETS)


def test_balanced_takes_the_cheapest_within_the_tolerance(catalog):
    assert ask(catalog, quality_tolerance=5).pick.parts[0].variant_id == "bge-large-en-v1.5"
    assert ask(catalog, quality_tolerance=4.5).pick.parts[0].variant_id == "bge-multilingual-gemma2"
    assert ask(catalog, quality_tolerance=6.1).pick.parts[0].variant_id == "bge-base-en-v1.5"
    assert ask(catalog, quality_tolerance=10).pick.parts[0].variant_id == "bge-small-en-v1.5"


def test_quality_takes_the_best_and_cost_the_cheapest(catalog):
    assert ask(catalog, priority="quality").pick.parts[0].variant_id == "bge-multilingual-gemma2"
    assert ask(catalog, priority="cost").pick.parts[0].variant_id == "bge-small-en-v1.5"


def test_a_price_from_an_aggregator_wins_no_tie(catalog):
    found = ask(catalog, languages=["de"], vector_store="none")
    assert found.pick.parts[0].plan.offer.tier != "aggregator"
    assert {j.plan.where for j in reasons.ties(found, found.pick.parts[0])} >= {"OVHcloud AI Endpoints", "LibertAI", "DeepInfra"}


def test_a_difference_that_is_not_material_does_not_decide(catalog):
    small = {"passages": 1000, "queries_per_month": 1000, "priority": "cost"}
    assert ask(catalog, **small, material_usd=5).pick.parts[0].variant_id == "bge-small-en-v1.5"
    cheap = ask(catalog, **small, vector_store="none", material_usd=0)
    assert cheap.pick.parts[0].variant_id == "bge-base-en-v1.5", "DeepInfra's half a cent is the lowest price once nothing is immaterial"


def test_the_dearer_of_two_equal_prices_is_not_taken_for_its_name(catalog):
    found = ask(catalog, passages=1, queries_per_month=1, priority="quality", licence="permissive")
    assert found.answer == ("deepinfra-bge-large-en-v1.5",), "Cloudflare asks twenty times as much and sorts first"


def test_where_a_month_costs_the_same_the_first_encoding_decides(catalog):
    found = ask(catalog, queries_per_month=0, licence="permissive", quality_tolerance=0)
    assert (found.answer, float(found.pick.one_off_usd.base)) == (("deepinfra-bge-large-en-v1.5",), 2.02)


def test_nothing_fits_says_what_to_give_up(catalog):
    found = ask(catalog, data_may_leave=False, placement="hosted", languages=["de"], licence="permissive")
    assert found.pick is None and found.answer is None and reasons.reasons(found) == () and reasons.alternatives(found, "embedder") == []
    told = reasons.loosen(found)
    assert [reason.rule for reason in told] == ["placement-is-hosted", "data-stays-inside"]
    assert "Without this one requirement 10 embedder plans would fit" in told[1].text


def test_the_requirement_that_frees_most_comes_first(catalog):
    found = ask(catalog, budget_usd_per_month=0.01, languages=["de"])
    assert found.pick is None
    assert reasons.loosen(found)[0].rule == "within-budget"


def test_every_plan_is_picked_possible_or_ruled_out_by_a_rule(catalog):
    found = ask(catalog)
    for judged in found.judged:
        assert bool(judged.excluded) != judged.fits, judged.id
    assert {j.id for j in found.rejected} == {j.id for j in found.judged if j.excluded}


def test_a_variant_without_a_score_is_listed_not_zero(catalog):
    m3 = next(a for a in reasons.alternatives(ask(catalog), "embedder") if a.judged.variant_id == "bge-m3")
    assert m3.judged.quality is None and "too few to rank by" in m3.text


def test_unknown_coverage_is_a_warning_not_a_no(catalog):
    found = ask(catalog, languages=["it"])
    gemma = next(a for a in reasons.alternatives(found, "embedder") if a.judged.variant_id == "bge-multilingual-gemma2")
    assert any(f.rule == "languages-covered" and f.unknown for f in gemma.judged.findings)


def test_prices_age_with_the_day(catalog):
    later = recommend(catalog, Workload(), TODAY + timedelta(days=200))
    assert any(f.rule == "price-is-recent" for j in later.judged for f in j.findings if j.id == "novita-ai-bge-m3")
    assert not any(f.rule == "price-is-recent" for j in ask(catalog).judged for f in j.findings if j.id == "novita-ai-bge-m3")


def test_changing_one_price_changes_the_answer(copied, edit):
    before = ask(catalogs.load(copied))
    edit(
        copied / "offers/openrouter.yaml",
        'model: baai/bge-large-en-v1.5\n    type: serverless\n    usd_per_1m_input: "0.01"',
        'model: baai/bge-large-en-v1.5\n    type: serverless\n    usd_per_1m_input: "0.002"',
    )
    after = ask(catalogs.load(copied))
    assert (before.answer, after.answer) == (("deepinfra-bge-large-en-v1.5",), ("openrouter-bge-large-en-v1.5",))
    assert after.pick.monthly < before.pick.monthly


def test_the_order_of_files_and_entries_changes_nothing(tmp_path, catalog):
    turned = shutil.copytree(SHIPPED, tmp_path / "catalog")
    for path in (turned / "offers").glob("*.yaml"):
        head, _, tail = path.read_text(encoding="utf-8").partition("offers:\n")
        entries = ["  - id: " + part for part in ("\n" + tail).split("\n  - id: ")[1:]]
        entries = [entry if entry.endswith("\n") else entry + "\n" for entry in entries]
        path.write_text(head + "offers:\n" + "".join(reversed(entries)), encoding="utf-8")
    path = turned / "hardware/instances.yaml"
    head, _, tail = path.read_text(encoding="utf-8").partition("instances:\n")
    entries = [part if part.endswith("\n") else part + "\n" for part in tail.split("  - id: ")[1:]]
    path.write_text(head + "instances:\n" + "".join("  - id: " + part for part in reversed(entries)), encoding="utf-8")
    other = catalogs.load(turned)
    for preset in catalog.presets.values():
        workload = Workload.of(preset.workload)
        first, second = (recommend(c, workload, TODAY) for c in (catalog, other))
        assert first.answer == second.answer
        for role in first.roles:
            assert [a.judged.id for a in reasons.alternatives(first, role.kind)] == [
                a.judged.id for a in reasons.alternatives(second, role.kind)
            ]
        assert [r.text for r in reasons.reasons(first)] == [r.text for r in reasons.reasons(second)]
        assert trade_offs.firmness(first) == trade_offs.firmness(second)


WORKLOADS = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["retrieve", "retrieve-and-rerank", "rerank"]),
        "languages": st.lists(st.sampled_from(["en", "zh", "de", "ja", "th", "no"]), min_size=1, max_size=3, unique=True),
        "passages": st.integers(1, 10**9),
        "passage_tokens": st.integers(1, 3000),
        "passage_tokens_p95": st.integers(3000, 8000),
        "split_long_passages": st.booleans(),
        "queries_per_month": st.integers(0, 10**9),
        "priority": st.sampled_from(["balanced", "quality", "cost"]),
        "licence": st.sampled_from(["any", "commercial", "permissive"]),
        "placement": st.sampled_from(["any", "hosted", "own"]),
        "hardware": st.sampled_from(["any", "cpu", "gpu"]),
        "data_may_leave": st.booleans(),
        "redundancy": st.booleans(),
        "vector_store": st.sampled_from(["ram", "none", "pgvector", "qdrant-cloud"]),
        "material_usd": st.sampled_from([0.0, 5.0, 50.0]),
        "budget_usd_per_month": st.one_of(st.none(), st.floats(0, 3000)),
        "latency_ms_p95": st.one_of(st.none(), st.floats(1, 3000)),
    }
)


@settings(max_examples=80, deadline=None)
@given(WORKLOADS)
def test_a_recommended_plan_is_never_an_excluded_one(catalog, stated):
    found = ask(catalog, **stated)
    if found.pick is None:
        assert stated["budget_usd_per_month"] is not None or any(not len(role.fitting) for role in found.roles)
        return
    assert [part.kind for part in found.pick.parts] == list(KINDS_FOR_TASK[stated["task"]])
    for part in found.pick.parts:
        assert part.fits and not part.excluded
        assert stated["placement"] in ("any", "hosted" if part.hosted else "own")
        assert part.plan.offer is None or (part.plan.offer.usd_per_1m_input is not None and part.plan.offer.type != "trial")
    amount = found.pick.monthly_usd
    assert amount.low <= amount.base <= amount.high and float(amount.base) == pytest.approx(found.monthly)
    if stated["budget_usd_per_month"] is not None:
        assert found.monthly <= stated["budget_usd_per_month"] * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
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
            assert units.points(part.quality) in texts
        if part.hosted:
            assert units.price(plan.offer.usd_per_1m_input) in texts and units.usd(plan.encoding_usd.base) in texts
        else:
            assert units.count(round(plan.tokens_per_second.base)) in texts and f"${plan.instance.on_demand_usd_per_h}" in texts
        if plan.index_bytes:
            assert units.usd(plan.index_usd.base) in told["index"]


@settings(max_examples=60, deadline=None)
@given(WORKLOADS, st.floats(0, 2000), st.floats(1, 10))
def test_a_wider_budget_never_lowers_the_score_by_more_than_counts_as_equal(catalog, stated, budget, factor):
    first, second = (ask(catalog, **stated | {"priority": "quality", "budget_usd_per_month": usd}) for usd in (budget, budget * factor))
    if first.pick is None:
        return
    assert second.pick is not None, "what fits a budget fits a wider one"
    one, two = first.pick.parts[0], second.pick.parts[0]
    if one.quality is None or two.quality is None or first.roles[0].evidence.title != second.roles[0].evidence.title:
        return  # nothing is ranked, or the sets compare other candidates
    assert two.quality > one.quality - evidence.EQUAL_POINTS


@settings(max_examples=60, deadline=None)
@given(WORKLOADS, st.data())
def test_with_the_evidence_fixed_a_plan_that_is_neither_picked_nor_best_changes_nothing(catalog, stated, data):
    found = ask(catalog, **stated | {"task": data.draw(st.sampled_from(["retrieve", "rerank"]))})
    if found.pick is None:
        return
    role, table = found.roles[0], found.table
    best = max((role.quality[row] for row in role.fitting if not np.isnan(role.quality[row])), default=np.nan)
    others = [row for row in role.fitting if row != found.choice.rows[0] and role.quality[row] != best]
    least = min(costs_at(table, BASE)[row] for row in eligible(role, role.fitting, found.workload))
    others = [row for row in others if costs_at(table, BASE)[row] > least]  # the cheapest sets what counts as equal
    if not others:
        return
    gone = data.draw(st.sampled_from(others))
    without = replace(role, fitting=role.fitting[role.fitting != gone])
    assert choose(table, (without,), found.workload, BASE) == found.choice


def test_two_steps_share_machines_where_that_saves(catalog):
    stated = {"task": "retrieve-and-rerank", "languages": ["de"], "placement": "own", "queries_per_month": 1_000}
    found = ask(catalog, **stated)
    first, second = found.pick.parts
    assert found.pick.shared == (1, 1, 1) and first.plan.instance.id == second.plan.instance.id
    assert found.pick.monthly_usd.base == first.plan.instance.on_demand_usd_per_h * 730 + first.plan.index_usd.base
    apart = min(j.monthly for j in found.fitting("embedder")) + min(j.monthly for j in found.fitting("reranker"))
    assert found.monthly < apart


def test_models_that_do_not_fit_one_card_together_do_not_share_it(catalog):
    found = ask(catalog, task="retrieve-and-rerank", languages=["en"], placement="own", hardware="gpu", priority="quality", redundancy=True)
    table = found.table
    for one in found.fitting("embedder"):
        for two in found.fitting("reranker"):
            if one.plan.instance.id == two.plan.instance.id == "aws-g6.xlarge" and one.variant_id == "bge-multilingual-gemma2":
                needed = table.columns["needed_bytes"].values
                assert needed[one.row] + needed[two.row] > table.columns["memory_bytes"].values[one.row]
    assert not (found.pick.shared and found.pick.parts[0].plan.instance.id == "aws-g6.xlarge")


def test_a_budget_holds_for_both_steps_together(catalog):
    stated = {"task": "retrieve-and-rerank", "languages": ["de"], "queries_per_month": 1_000_000}
    whole = ask(catalog, **stated)
    assert ask(catalog, **stated, budget_usd_per_month=whole.monthly + 0.01).answer is not None
    found = ask(catalog, **stated, budget_usd_per_month=120)
    assert found.pick is None and all(len(role.fitting) for role in found.roles)
    assert "together they cost at least" in reasons.loosen(found)[0].text


def test_a_larger_dimension_costs_what_it_costs(catalog):
    indexes = {j.variant_id: float(j.plan.index_usd.base) for j in ask(catalog).judged if j.hosted and j.kind == "embedder"}
    assert indexes["bge-multilingual-gemma2"] / indexes["bge-small-en-v1.5"] == pytest.approx(3584 / 384)


def test_a_store_that_is_not_in_the_catalog_is_told_with_those_that_are(catalog):
    with pytest.raises(WorkloadError, match=r"no store 'faiss'\. Known: ram, none, opensearch-serverless, pgvector"):
        ask(catalog, vector_store="faiss")


def test_nothing_is_picked_that_another_first_hand_plan_beats_in_both(catalog):
    found = ask(catalog, vector_store="none", priority="cost")
    assert found.answer == ("deepinfra-bge-base-en-v1.5",), (
        "Small at Cloudflare costs four times as much and scores less, both under a dollar"
    )
    assert "costs least of the 5 embedders that fit;" in reasons.reasons(found)[0].text
    found = ask(catalog, vector_store="none")
    assert found.answer == ("deepinfra-bge-large-en-v1.5",), "Gemma2 is four cents cheaper, but by an aggregator's word"
    assert "differences below $5.00 a month aside" in reasons.reasons(found)[0].text


def test_the_same_price_is_said_of_prices_alone(catalog):
    assert (
        reasons.ties(ask(catalog, passages=1, queries_per_month=0), ask(catalog, passages=1, queries_per_month=0).pick.parts[0])[
            0
        ].plan.where
        == "OpenRouter"
    )
    texts = [
        r.text
        for r in reasons.reasons(recommend(catalog, Workload.of(catalog.presets["multilingual-rag"].workload), TODAY))
        if r.rule == "tie"
    ]
    assert [text.split(" is asked")[0] for text in texts] == ["The same price for BGE M3", "The same price for BGE Reranker V2 M3"]


def test_on_shared_machines_the_other_plans_stand_beside_the_cheapest_of_the_other_step(catalog):
    found = recommend(catalog, Workload.of(catalog.presets["air-gapped"].workload), TODAY)
    other = reasons.alternatives(found, "embedder")[0]
    rest = min(j.monthly for j in found.fitting("reranker"))
    assert other.judged.row != found.choice.rows[0]
    assert (
        f"{units.usd(other.judged.monthly + rest)} a month with the cheapest plan of the other step, against {units.usd(found.monthly)} together"
        in other.text
    )


def test_two_steps_over_the_latency_limit_together_say_so(catalog):
    stated = {
        "task": "retrieve-and-rerank",
        "placement": "own",
        "hardware": "cpu",
        "queries_per_month": 10_000,
        "rerank_candidates": 3,
        "query_tokens": 100,
        "passage_tokens": 60,
        "passage_tokens_p95": 100,
    }
    total = sum(part.plan.latency_ms.base for part in ask(catalog, **stated, latency_ms_p95=250).pick.parts)
    text = next(r.text for r in reasons.reasons(ask(catalog, **stated, latency_ms_p95=250)) if r.rule == "pipeline")
    assert ("both together do not" in text) == (total > 250)


def test_a_slow_end_over_the_latency_limit_is_not_called_firm(catalog):
    found = ask(catalog, task="rerank", placement="own", queries_per_month=1000, latency_ms_p95=300)
    part = found.pick.parts[0]
    assert part.plan.latency_ms.high > 300 and "over the 300 ms you allow" in trade_offs.firmness(found)
