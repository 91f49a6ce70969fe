import shutil
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import catalog as catalogs
from advisor.catalog.load import SHIPPED
from advisor.recommend import recommend
from advisor.workload import Workload

TODAY = date(2026, 11, 24)

PRESETS = {
    "english-search": ("bge-large-en-v1.5", "deepinfra-bge-large-en-v1.5", "34.90"),
    "small-knowledge-base": ("bge-small-en-v1.5", "cloudflare-bge-small-en-v1.5", "0.69"),
    "multilingual-support": ("bge-m3", "novita-ai-bge-m3", "10.48"),
    "long-contracts": ("bge-m3", "novita-ai-bge-m3", "2.77"),
    "best-english-quality": ("bge-multilingual-gemma2", "nebius-bge-multilingual-gemma2", "60.49"),
    "hybrid-search": ("bge-m3", "deepinfra-bge-m3-multi", "34.72"),
    "rerank-english": ("bge-reranker-v2-m3", "novita-ai-bge-reranker-v2-m3", "50.00"),
    "rerank-multilingual": ("bge-reranker-v2-m3", "novita-ai-bge-reranker-v2-m3", "25.20"),
}


def ask(catalog, **stated):
    return recommend(catalog, Workload.of(stated), TODAY)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_answer_to_a_preset_is_pinned(catalog, preset):
    found = recommend(catalog, Workload.of(catalog.presets[preset].workload), TODAY)
    plan = found.pick.plan
    assert (plan.variant_id, plan.id, f"{plan.monthly_usd.base:.2f}") == PRESETS[preset]


def test_every_preset_is_pinned(catalog):
    assert set(catalog.presets) == set(PRESETS)


def test_balanced_takes_the_cheapest_within_the_tolerance(catalog):
    assert ask(catalog, quality_tolerance=5).pick.plan.variant_id == "bge-large-en-v1.5"
    assert ask(catalog, quality_tolerance=4.5).pick.plan.variant_id == "bge-multilingual-gemma2"
    assert ask(catalog, quality_tolerance=6.1).pick.plan.variant_id == "bge-base-en-v1.5"
    assert ask(catalog, quality_tolerance=10).pick.plan.variant_id == "bge-small-en-v1.5"


def test_quality_takes_the_best_and_cost_the_cheapest(catalog):
    assert ask(catalog, priority="quality").pick.plan.variant_id == "bge-multilingual-gemma2"
    assert ask(catalog, priority="cost").pick.plan.variant_id == "bge-small-en-v1.5"


def test_a_price_from_an_aggregator_wins_no_tie(catalog):
    found = ask(catalog, languages=["de"], vector_store="none")
    assert found.pick.plan.offer.tier != "aggregator"
    assert {j.plan.where for j in found.ties} >= {"OVHcloud AI Endpoints", "LibertAI", "DeepInfra"}


def test_a_difference_that_is_not_material_does_not_decide(catalog):
    small = {"passages": 1000, "queries_per_month": 1000, "priority": "cost"}
    assert ask(catalog, **small, material_usd=5).pick.plan.variant_id == "bge-small-en-v1.5"
    cheap = ask(catalog, **small, vector_store="none", material_usd=0)
    assert cheap.pick.plan.variant_id == "bge-base-en-v1.5", "DeepInfra's half a cent is the lowest price once nothing is immaterial"


def test_the_dearer_of_two_equal_prices_is_not_taken_for_its_name(catalog):
    found = ask(catalog, passages=1, queries_per_month=1, priority="quality", quality_tolerance=0, licence="permissive")
    assert found.pick.plan.id == "deepinfra-bge-large-en-v1.5", "Cloudflare asks twenty times as much and sorts first"


def test_where_a_month_costs_the_same_the_first_encoding_decides(catalog):
    found = ask(catalog, queries_per_month=0, licence="permissive", quality_tolerance=0)
    assert (found.pick.plan.id, float(found.pick.plan.one_off_usd)) == ("deepinfra-bge-large-en-v1.5", 2.02)


def test_nothing_fits_says_what_to_give_up(catalog):
    found = ask(catalog, data_may_leave=False)
    assert found.pick is None and found.reasons == () and found.alternatives == ()
    assert [reason.rule for reason in found.loosen] == ["data-stays-inside"]
    assert found.loosen[0].text.startswith("Without this one requirement 23 plans would fit")


def test_the_requirement_that_frees_most_comes_first(catalog):
    found = ask(catalog, budget_usd_per_month=0.01, languages=["de"])
    assert found.pick is None
    assert found.loosen[0].rule == "within-budget"


def test_a_variant_nobody_offers_is_ruled_out_for_that_alone(catalog):
    large = next(j for j in ask(catalog, task="rerank").judged if j.plan.id == "bge-reranker-large")
    assert [finding.rule for finding in large.findings if finding.rule != "successor-recommended"] == ["somebody-hosts-it"]


def test_every_plan_is_picked_possible_or_ruled_out_by_a_rule(catalog):
    found = ask(catalog)
    for judged in found.judged:
        assert judged.excluded or judged.plan.monthly_usd is not None, judged.plan.id
    assert {j.plan.id for j in found.rejected} == {j.plan.id for j in found.judged if j.excluded}


def test_a_variant_without_a_score_is_listed_not_zero(catalog):
    m3 = next(a for a in ask(catalog).alternatives if a.judged.plan.variant_id == "bge-m3")
    assert m3.judged.quality is None and "too few to rank by" in m3.text


def test_unknown_coverage_is_a_warning_not_a_no(catalog):
    found = ask(catalog, languages=["it"])
    gemma = next(a for a in found.alternatives if a.judged.plan.variant_id == "bge-multilingual-gemma2")
    assert any(f.rule == "languages-covered" and f.unknown for f in gemma.judged.findings)


def test_prices_age_with_the_day(catalog):
    later = recommend(catalog, Workload(), TODAY + timedelta(days=200))
    assert any(f.rule == "price-is-recent" for j in later.judged for f in j.findings if j.plan.id == "novita-ai-bge-m3")
    assert not any(f.rule == "price-is-recent" for j in ask(catalog).judged for f in j.findings if j.plan.id == "novita-ai-bge-m3")


def test_changing_one_price_changes_the_answer(copied, edit):
    before = ask(catalogs.load(copied))
    edit(
        copied / "offers/openrouter.yaml",
        'model: baai/bge-large-en-v1.5\n    type: serverless\n    usd_per_1m_input: "0.01"',
        'model: baai/bge-large-en-v1.5\n    type: serverless\n    usd_per_1m_input: "0.002"',
    )
    after = ask(catalogs.load(copied))
    assert (before.pick.plan.id, after.pick.plan.id) == ("deepinfra-bge-large-en-v1.5", "openrouter-bge-large-en-v1.5")
    assert after.pick.monthly < before.pick.monthly


def test_the_order_of_files_and_entries_changes_nothing(tmp_path, catalog):
    turned = shutil.copytree(SHIPPED, tmp_path / "catalog")
    for path in (turned / "offers").glob("*.yaml"):
        head, _, tail = path.read_text(encoding="utf-8").partition("offers:\n")
        entries = ["  - id: " + part for part in ("\n" + tail).split("\n  - id: ")[1:]]
        entries = [entry if entry.endswith("\n") else entry + "\n" for entry in entries]
        path.write_text(head + "offers:\n" + "".join(reversed(entries)), encoding="utf-8")
    other = catalogs.load(turned)
    for preset in catalog.presets.values():
        workload = Workload.of(preset.workload)
        first, second = (recommend(c, workload, TODAY) for c in (catalog, other))
        assert first.pick.plan.id == second.pick.plan.id
        assert [a.judged.plan.id for a in first.alternatives] == [a.judged.plan.id for a in second.alternatives]
        assert [r.text for r in first.reasons] == [r.text for r in second.reasons]


LANGUAGES = st.lists(st.sampled_from(["en", "zh", "de", "ja", "th", "no"]), min_size=1, max_size=3, unique=True)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["retrieve", "rerank"]), LANGUAGES, st.integers(1, 10**9), st.integers(1, 3000), st.integers(0, 5000), st.booleans(),
    st.integers(0, 10**9), st.sampled_from(["balanced", "quality", "cost"]), st.sampled_from(["any", "commercial", "permissive"]),
    st.one_of(st.none(), st.floats(0, 1000)),
)  # fmt: skip
def test_a_recommended_plan_is_never_an_excluded_one(
    catalog, task, languages, passages, typical, longer, split, queries, priority, licence, budget
):
    found = recommend(
        catalog,
        Workload(
            task=task, languages=tuple(languages), passages=passages, passage_tokens=typical, passage_tokens_p95=typical + longer, split_long_passages=split,
            queries_per_month=queries, priority=priority, licence=licence, budget_usd_per_month=budget,
        ),
        TODAY,
    )  # fmt: skip
    if found.pick is None:
        assert all(j.excluded for j in found.judged)
        return
    assert not found.pick.excluded
    assert found.pick.plan.variant.kind == ("embedder" if task == "retrieve" else "reranker")
    assert found.pick.plan.offer.usd_per_1m_input is not None and found.pick.plan.offer.type != "trial"
    assert found.pick.plan.monthly_usd.low <= found.pick.plan.monthly_usd.base <= found.pick.plan.monthly_usd.high
    if budget is not None:
        assert found.pick.monthly <= budget
    for reason in found.reasons:
        assert "{" not in reason.text and "None" not in reason.text and "nan" not in reason.text
