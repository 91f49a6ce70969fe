"""Each rule of the shipped catalog takes effect on a real workload; a catalog without it answers otherwise."""

from dataclasses import replace
from datetime import date

import pytest
import yaml

from advisor.catalog import read
from advisor.catalog.load import SHIPPED
from advisor.findings import Findings
from advisor.plans import build
from advisor.workload import Workload

TODAY = date(2026, 11, 24)
LONG = {"passage_tokens": 600, "passage_tokens_p95": 900}

PINNED = {
    # rule: (workload, plan, effect, words of the sentence)
    "kind-serves-task": (
        {},
        "novita-ai-bge-reranker-v2-m3",
        "exclude",
        "scores query-passage pairs and makes no embedding, which alone is not what retrieve needs",
    ),
    "passage-fits-context": (
        LONG | {"split_long_passages": False},
        "deepinfra-bge-large-en-v1.5",
        "exclude",
        "902 tokens at the 95th percentile exceed the 512-token limit",
    ),
    "long-passages-are-split": (LONG, "deepinfra-bge-large-en-v1.5", "note", "exceed the 512-token limit and are split"),
    "query-fits-context": (
        {"query_tokens": 600},
        "deepinfra-bge-large-en-v1.5",
        "exclude",
        "Queries of 600 tokens and 2 special ones exceed the 512-token limit.",
    ),
    "pair-fits-context": (LONG | {"task": "rerank", "split_long_passages": False}, "cloudflare-bge-reranker-base", "exclude", "920 tokens"),
    "pair-is-cut": (LONG | {"task": "rerank"}, "cloudflare-bge-reranker-base", "warn", "cut at 512"),
    "longer-than-recommended": (LONG, "nebius-bge-multilingual-gemma2", "warn", "recommends at most 512"),
    "host-limit-is-shorter": ({"task": "rerank"}, "novita-ai-bge-reranker-v2-m3", "note", "Novita AI takes 8,000 tokens"),
    "host-limit-not-stated": (LONG, "deepinfra-bge-m3-multi", "warn", "states no limit"),
    "languages-covered": ({"languages": ["de"]}, "deepinfra-bge-base-en-v1.5", "exclude", "does not cover de"),
    "cross-lingual-needs-languages": ({"cross_lingual": True}, "deepinfra-bge-large-en-v1.5", "exclude", "trained for one language only"),
    "variant-gives-outputs": ({"outputs": ["dense", "sparse"]}, "deepinfra-bge-large-en-v1.5", "exclude", "gives dense only"),
    "query-instruction-needed": ({}, "nebius-bge-multilingual-gemma2", "note", "Every query needs a task instruction"),
    "query-instruction-helps": ({}, "deepinfra-bge-large-en-v1.5", "note", "published instruction in front"),
    "successor-recommended": (
        {"task": "rerank"},
        "cloudflare-bge-reranker-base",
        "note",
        "recommends BGE Reranker V2 M3 for longer or multilingual text",
    ),
    "licence-is-permissive": ({"licence": "permissive"}, "nebius-bge-multilingual-gemma2", "exclude", "comes under the Gemma terms of use"),
    "licence-allows-commercial-use": ({"licence": "commercial"}, "nebius-bge-multilingual-gemma2", "warn", "was not checked"),
    "licence-is-not-permissive": ({}, "nebius-bge-multilingual-gemma2", "warn", "not MIT or Apache-2.0"),
    "query-leaves-room": (
        {"task": "rerank", "query_tokens": 490},
        "cloudflare-bge-reranker-base",
        "exclude",
        "leave room for less than a quarter of a typical passage of 200",
    ),
    "vectors-stay-inside": (
        {"data_may_leave": False, "vector_store": "pinecone-standard"},
        "bge-m3@aws-g6.xlarge",
        "exclude",
        "keeps what is made of them at a provider",
    ),
    "store-takes-more-than-dense": (
        {"outputs": ["dense", "sparse"], "vector_store": "s3-vectors"},
        "deepinfra-bge-m3-multi",
        "warn",
        "was not checked",
    ),
    "first-encoding-takes-long": ({}, "bge-large-en-v1.5@aws-c7i.xlarge", "warn", "about 233 hours"),
    "placement-is-hosted": ({"placement": "hosted"}, "bge-m3@aws-g6.xlarge", "exclude", "AWS g6.xlarge (L4) is a machine of your own"),
    "placement-is-own": ({"placement": "own"}, "novita-ai-bge-m3", "exclude", "Novita AI is a hosted endpoint"),
    "requests-within-limit": (
        {"peak_queries_per_second": 200},
        "cloudflare-bge-small-en-v1.5",
        "exclude",
        "A peak of 12,000 requests a minute, one for each query, exceeds the 3,000",
    ),
    "request-limit-not-stated": ({"peak_queries_per_second": 200}, "novita-ai-bge-m3", "warn", "ask whether it takes 12,000 a minute"),
    "hardware-is-asked-for": ({"hardware": "cpu"}, "bge-m3@aws-g6.xlarge", "exclude", "AWS g6.xlarge (L4) computes with L4"),
    "rent-is-known": (
        {},
        "bge-m3@gcp-a3-highgpu-1g",
        "exclude",
        "has no known price of the kind that is taken, on demand or spot",
    ),
    "speed-is-known": ({}, "bge-m3@aws-inf2.xlarge", "exclude", "How fast BGE M3 runs on AWS inf2.xlarge (AWS Inferentia2) is not known"),
    "model-fits-memory": ({}, "bge-multilingual-gemma2@aws-g4dn.xlarge", "exclude", "needs 22 GiB in fp16"),
    "long-input-needs-fused-attention": (
        {"passage_tokens": 5000, "passage_tokens_p95": 8000, "split_long_passages": False},
        "bge-multilingual-gemma2@runpod-rtx-4090-secure-cloud",
        "warn",
        "memory grows with the square of the length",
    ),
    "data-stays-on-known-hosts": ({"data_may_leave": False}, "bge-m3@runpod-l40s-community-cloud", "exclude", "is let by third parties"),
    "redundancy-needs-a-lasting-host": ({"redundancy": True}, "bge-m3@runpod-l40s-community-cloud", "exclude", "who may take it back"),
    "marketplace-price-moves": ({}, "bge-m3@runpod-l40s-community-cloud", "warn", "its price moves by the day"),
    "fast-enough": ({"task": "rerank", "latency_ms_p95": 100}, "bge-reranker-v2-m3@aws-c7i.xlarge", "exclude", "over the 100 ms you allow"),
    "perhaps-not-fast-enough": (
        {"task": "rerank", "latency_ms_p95": 300, "queries_per_month": 1000},
        "bge-reranker-v2-m3@aws-g6.xlarge",
        "warn",
        "At the slow end",
    ),
    "speed-is-scaled": ({}, "bge-m3@aws-g6.xlarge", "note", "scaled by FLOPs from 5 measured runs on NVIDIA L4"),
    "runtime-for-more-than-dense": (
        {"outputs": ["dense", "sparse"]},
        "bge-m3@aws-g6.xlarge",
        "note",
        "Serve it with FlagEmbedding or vLLM",
    ),
    "runs-on": ({}, "bge-multilingual-gemma2@aws-g6e.xlarge", "note", "It runs on sentence-transformers, FlagEmbedding, or vLLM."),
    "library-cuts-at-512": (LONG, "bge-m3@aws-g6.xlarge", "warn", "FlagEmbedding cuts inputs at 512 tokens"),
    "weights-are-carried-in": ({"data_may_leave": False}, "bge-m3@aws-g6.xlarge", "note", "1.06 GiB of weights"),
    "store-indexes-dimension": (
        {"vector_store": "pgvector"},
        "nebius-bge-multilingual-gemma2",
        "exclude",
        "indexes 2,000 dimensions of float32 at most",
    ),
    "store-takes-vector-type": (
        {"vector_store": "s3-vectors", "vector_type": "int8"},
        "novita-ai-bge-m3",
        "exclude",
        "does not take int8 vectors",
    ),
    "store-price-is-known": (
        {"vector_store": "qdrant-cloud"},
        "novita-ai-bge-m3",
        "exclude",
        "What a month in Qdrant Cloud costs was not found",
    ),
    "store-queries-are-not-priced": (
        {"vector_store": "pinecone-standard"},
        "novita-ai-bge-m3",
        "warn",
        "What queries and writes cost in Pinecone serverless",
    ),
    "store-charges-for-answers": (
        {"vector_store": "turbopuffer-launch"},
        "novita-ai-bge-m3",
        "note",
        "also asks $0.05 for a GB of what queries return, which is not counted",
    ),
    "store-has-smaller-plans": (
        {"vector_store": "pinecone-standard"},
        "novita-ai-bge-m3",
        "note",
        "may hold an index this small: Starter ($0 a month, 2 GB) and Builder ($20.00 a month, 10 GB).",
    ),
    "multi-vector-index-is-large": ({"outputs": ["multi_vector"]}, "deepinfra-bge-m3-multi", "warn", "a vector for each token"),
    "reranker-can-lower-scores": (
        {"task": "rerank"},
        "novita-ai-bge-reranker-v2-m3",
        "warn",
        "on 6 of 15 BEIR data sets it lowered the score of its first stage, most on ArguAna (63.5 to 37.7)",
    ),
    "reranker-can-lower-chinese-scores": (
        {"task": "rerank", "languages": ["zh"]},
        "novita-ai-bge-reranker-v2-m3",
        "warn",
        "on 4 of 8 C-MTEB data sets: Cmedqa 42.57 to 38.77",
    ),
    "trial-is-no-price": (
        {},
        "nvidia-api-catalog-bge-m3",
        "exclude",
        "a partner's endpoint but no free one, so there is no price to plan with",
    ),
    "price-is-known": ({}, "siliconflow-bge-m3", "exclude", "its price is not known"),
    "data-stays-inside": ({"data_may_leave": False}, "novita-ai-bge-m3", "exclude", "may not be sent to a provider"),
    "endpoint-gives-outputs": (
        {"outputs": ["dense", "sparse"]},
        "novita-ai-bge-m3",
        "exclude",
        "does not say that it returns more than dense",
    ),
    "host-pools-as-trained": ({}, "cloudflare-bge-small-en-v1.5", "warn", "pools by mean unless"),
    "price-from-aggregator": ({}, "nebius-bge-multilingual-gemma2", "warn", "from an aggregator only"),
    "price-is-recent": ({"task": "rerank"}, "cloudflare-bge-reranker-base", "warn", "was dated 145 days ago"),
    "price-is-dated": ({}, "deepinfra-bge-large-en-v1.5", "note", "carries no date"),
    "currency-is-known": ({}, "scaleway-bge-multilingual-gemma2", "warn", "currency of its own list is not known"),
    "within-budget": ({"budget_usd_per_month": 20}, "deepinfra-bge-large-en-v1.5", "exclude", "exceeds the budget of $20.00"),
    "hosted-latency-not-published": ({"latency_ms_p95": 100}, "novita-ai-bge-m3", "warn", "publishes no latency"),
}
NOT_SHIPPED = {
    "variant-is-replaced": "nobody has withdrawn any of the variants; see test_a_replaced_variant_is_ruled_out",
    "int8-costs-quality": "int8 is an assumption; see tests/test_break_even.py, test_int8_says_what_it_costs_in_quality_where_that_was_measured",
    "runtime-returns-outputs": "some library returns every output of M3; see test_outputs_that_no_library_returns_rule_own_machines_out",
}


def effects(catalog, rule, workload, plan_id):
    table = build(catalog, Workload.of(workload), TODAY)
    row = next(row for row, place in enumerate(table.static.places) if place.id == plan_id)
    return [(finding.effect, finding.text) for finding in Findings(catalog, table).of(row) if finding.rule == rule]


@pytest.mark.parametrize("rule", PINNED)
def test_the_rule_takes_effect_on_a_real_plan(catalog, rule):
    workload, plan_id, effect, words = PINNED[rule]
    found = effects(catalog, rule, workload, plan_id)
    assert [e for e, _ in found] == [effect]
    assert words in found[0][1]
    assert "{" not in found[0][1] and "not known" not in found[0][1].replace("is not known", "")


@pytest.mark.parametrize(
    ("store", "known"),
    [
        ("opensearch-serverless", "(known is a floor of about $350 a month)"),
        ("qdrant-cloud", "(known is a free tier of 0.5 vCPU, 1 GB of memory and 4 GB of disk)"),
    ],
)
def test_a_store_that_cannot_be_priced_is_told_with_what_is_known_of_its_price(catalog, store, known):
    found = effects(catalog, "store-price-is-known", {"vector_store": store}, "novita-ai-bge-m3")
    assert [effect for effect, _ in found] == ["exclude"] and f"was not found {known}: choose another store" in found[0][1]


def test_a_large_index_hears_nothing_of_the_small_plans(catalog):
    asked = {"vector_store": "pinecone-standard", "passages": 10_000_000}
    assert effects(catalog, "store-has-smaller-plans", asked, "novita-ai-bge-m3") == []


def test_scaleways_own_limit_of_a_hundred_requests_a_minute_rules_it_out_at_two_queries_a_second(catalog):
    found = effects(catalog, "requests-within-limit", {"peak_queries_per_second": 2}, "scaleway-bge-multilingual-gemma2")
    assert [effect for effect, _ in found] == ["exclude"]
    assert "A peak of 120 requests a minute, one for each query, exceeds the 100 that Scaleway allows." in found[0][1]
    assert effects(catalog, "requests-within-limit", {"peak_queries_per_second": 1}, "scaleway-bge-multilingual-gemma2") == []


def test_the_losses_in_chinese_are_those_of_the_published_table(catalog):
    rows = catalog.quality_by_language.loc[lambda t: t["benchmark"] == "C-MTEB-retrieval-rerank-top100"]
    after = dict(zip(rows["aspect"], rows["score"].astype(float), strict=True))
    alone = [float(score) for score in rows["note"].iloc[0].removeprefix("retriever alone: ").split(",")[0].split()]
    lower = {name: (was, after[name]) for name, was in zip(after, alone, strict=False) if after[name] < was}
    text = catalog.rules["reranker-can-lower-chinese-scores"].entry.because
    assert len(alone) == 8 and list(after)[8:] == ["average"]
    assert f"on {len(lower)} of {len(alone)} C-MTEB data sets" in text
    assert all(f"{name.removesuffix('Retrieval')} {was} to {now}" in text for name, (was, now) in lower.items())
    assert f"{rows['note'].iloc[0].rpartition(' ')[2]} to {after['average']} points" in text


def test_who_asks_for_no_chinese_hears_nothing_of_losses_in_chinese(catalog):
    asked = {"task": "rerank", "languages": ["de", "en"]}
    assert effects(catalog, "reranker-can-lower-chinese-scores", asked, "novita-ai-bge-reranker-v2-m3") == []


def test_every_shipped_rule_is_pinned(catalog):
    assert set(catalog.rules) == set(PINNED) | set(NOT_SHIPPED)


def test_a_catalog_without_a_rule_says_nothing_of_it(catalog):
    without = replace(catalog, rules={k: r for k, r in catalog.rules.items() if k != "within-budget"})
    assert effects(without, "within-budget", *PINNED["within-budget"][:2]) == []


def test_a_replaced_variant_is_ruled_out(copied, edit):
    from advisor import catalog as catalogs

    path = copied / "families/bge/variants/bge-large-en-v1.5.yaml"
    text = path.read_text(encoding="utf-8").replace("replaced_by: null\n", "")
    path.write_text(text.replace("\nsources:\n", "\nreplaced_by: bge-m3\nsources:\n  replaced_by: [fe-readme]\n", 1), encoding="utf-8")
    found = effects(catalogs.load(copied), "variant-is-replaced", {}, "deepinfra-bge-large-en-v1.5")
    assert found == [("exclude", "BGE Large EN v1.5 is replaced by BGE M3; use it only to keep an index built with it.")]


def test_a_machine_without_a_price_is_never_picked(copied, edit):
    from advisor import catalog as catalogs

    edit(copied / "hardware/instances.yaml", 'on_demand_usd_per_h: "0.8048"', "on_demand_usd_per_h: null")
    found = effects(catalogs.load(copied), "rent-is-known", {}, "bge-m3@aws-g6.xlarge")
    assert [effect for effect, _ in found] == ["exclude"] and found[0][1].startswith("AWS g6.xlarge (L4) has no known price")


def test_outputs_that_no_library_returns_rule_own_machines_out(copied):
    from advisor import catalog as catalogs

    path = copied / "families/bge/variants/bge-m3.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("    outputs: [dense, sparse, multi_vector]\n", ""), encoding="utf-8")
    found = effects(catalogs.load(copied), "runtime-returns-outputs", {"outputs": ["sparse"]}, "bge-m3@aws-g6.xlarge")
    assert [effect for effect, _ in found] == ["exclude"]


@pytest.mark.parametrize("theme", sorted(path.stem for path in (SHIPPED / "rules").glob("*.yaml")))
def test_a_rule_whose_example_no_longer_holds_does_not_load(copied, theme):
    from advisor import catalog as catalogs
    from advisor.errors import CatalogError

    path = copied / f"rules/{theme}.yaml"
    rules = read.yaml_mapping(path, theme)["rules"]
    rules[0]["example"] = {"takes": rules[0]["example"]["leaves"], "leaves": rules[0]["example"]["takes"]}
    path.write_text(yaml.safe_dump({"rules": rules}), encoding="utf-8")
    with pytest.raises(CatalogError, match=rf"rules/{theme}.yaml, rule {rules[0]['id']}, example.takes: the rule gives 'leaves' there"):
        catalogs.load(copied)
