"""Each rule of the shipped catalog takes effect on a real workload.

A catalog without it answers otherwise.
"""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
import yaml

from advisor.ask.workload import Workload
from advisor.catalog import files
from advisor.catalog.load import SHIPPED
from advisor.decide.build import build_plans
from advisor.decide.plans import shown
from advisor.decide.rule_results import RuleResults
from advisor.rules import template
from tests.conftest import TODAY
from tests.rules.rule_cases import (
    CASES,
    LARGE,
    M3,
    M3_RERANKER,
    NOT_SHIPPED,
    ON_L4,
    PRICED_STORE,
    entry,
    offer,
)


def judged(catalog, workload, plan_id):
    """A plan, and what the rules say of it."""
    table = build_plans(catalog, Workload.of(workload), TODAY)
    row = next(row for row, place in enumerate(table.static.places) if place.id == plan_id)
    return table[row], RuleResults(catalog, table).of(row)


def of_case(catalog, case):
    for change in case.given:
        catalog = change(catalog)
    then = case.then(judged(catalog, case.workload, case.plan)[0]) if case.then else {}
    return judged(catalog, case.workload | then, case.plan)


def effects(catalog, rule, workload, plan_id):
    return [
        finding.effect for finding in judged(catalog, workload, plan_id)[1] if finding.rule == rule
    ]


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_takes_effect_on_a_real_plan(catalog, rule):
    case = CASES[rule]
    plan, findings = of_case(catalog, case)
    (found,) = [finding for finding in findings if finding.rule == rule]
    assert (found.effect, found.sources) == (case.effect, tuple(catalog.rules[rule].entry.sources))
    assert {name: plan.figure(name) for name in case.figures} == pytest.approx(case.figures)
    assert found.unknown == any(
        plan.figure(name) is None for name in catalog.rules[rule].when.names
    )


@pytest.mark.parametrize("rule", CASES)
def test_the_sentence_of_a_rule_holds_the_plans_figures_and_each_is_known(catalog, rule):
    plan, findings = of_case(catalog, CASES[rule])
    (found,) = [finding for finding in findings if finding.rule == rule]
    written = catalog.rules[rule].entry
    names = template.names_in((found.unknown and written.because_unknown) or written.because)
    assert [name for name in names if plan.figure(name) is None] == []
    assert [name for name in names if shown(plan, name) not in found.text] == []
    assert "{" not in found.text


def test_what_each_rule_says(catalog, pinned):
    said = {
        rule: [f.text for f in of_case(catalog, case)[1] if f.rule == rule]
        for rule, case in CASES.items()
    }
    assert all(len(texts) == 1 for texts in said.values())
    assert {rule: texts[0] for rule, texts in said.items()} == pinned


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"floor_usd_per_month": Decimal(123)}, ["$123"]),
        ({"free_tier": {"vcpu": "0.25", "ram_gb": 3, "disk_gb": 7}}, ["0.25", "3 GB", "7 GB"]),
        ({}, []),
    ],
)
def test_a_store_that_cannot_be_priced_is_told_with_what_is_known_of_its_price(
    catalog, known, told
):
    nothing = dict.fromkeys(
        ("usd_per_gb_month", "usd_per_gib_month", "floor_usd_per_month", "free_tier")
    )
    changed = entry("stores", "qdrant-cloud", **nothing | known)(catalog)
    _, findings = judged(changed, {"vector_store": "qdrant-cloud"}, M3)
    (found,) = [finding for finding in findings if finding.rule == "store-price-is-known"]
    assert found.effect == "warn" and all(figure in found.text for figure in told)
    assert bool(told) == bool(re.search(r"\d", found.text))


@pytest.mark.parametrize(("passages", "effect"), [(2_685_546, ["note"]), (2_685_547, [])])
def test_an_index_that_the_small_plans_do_not_hold_hears_nothing_of_them(catalog, passages, effect):
    asked = {
        "vector_store": "pinecone-standard",
        "passages": passages,
    }  # of 4,096 bytes each; the larger plan holds 11 GB
    assert effects(PRICED_STORE(catalog), "store-has-smaller-plans", asked, M3) == effect


@pytest.mark.parametrize(("queries", "effect"), [(2, ["exclude"]), (1.7, ["exclude"]), (1.6, [])])
def test_a_limit_of_a_hundred_requests_a_minute_rules_out_two_queries_a_second(
    catalog, queries, effect
):
    changed = offer(M3, requests_per_minute=100)(catalog)
    assert (
        effects(changed, "requests-within-limit", {"peak_queries_per_second": queries}, M3)
        == effect
    )


def test_the_losses_in_chinese_are_those_of_the_published_table(catalog):
    rows = catalog.quality_by_language.loc[
        lambda t: t["benchmark"] == "C-MTEB-retrieval-rerank-top100"
    ]
    after = dict(zip(rows["aspect"], rows["score"].astype(float), strict=True))
    alone = [
        float(score)
        for score in rows["note"].iloc[0].removeprefix("retriever alone: ").split(",")[0].split()
    ]
    lower = {
        name: (was, after[name])
        for name, was in zip(after, alone, strict=False)
        if after[name] < was
    }
    text = catalog.rules["reranker-can-lower-chinese-scores"].entry.because
    assert len(alone) == 8 and list(after)[8:] == ["average"]
    assert all(name.removesuffix("Retrieval") in text for name in lower)
    average = (float(rows["note"].iloc[0].rpartition(" ")[2]), after["average"])
    assert [float(figure) for figure in re.findall(r"\d+\.\d+", text.replace("v1.5", ""))] == [
        f for pair in (*lower.values(), average) for f in pair
    ]
    assert {str(len(lower)), str(len(alone))} <= set(re.findall(r"\d+", text))


def test_who_asks_for_no_chinese_hears_nothing_of_losses_in_chinese(catalog):
    asked = {"task": "rerank", "languages": ["de", "en"]}
    assert effects(catalog, "reranker-can-lower-chinese-scores", asked, M3_RERANKER) == []


def test_every_shipped_rule_has_a_case(catalog):
    assert set(catalog.rules) == set(CASES) | set(NOT_SHIPPED)


OF_THE_JOB = {
    "kind-serves-task", "languages-covered", "variant-gives-outputs", "variant-is-replaced",
}  # fmt: skip


def test_only_what_follows_from_the_workload_and_the_model_is_a_rule_of_the_job(catalog):
    """All others are limits: they take plans away, and move neither yardstick nor floor."""
    of_the_job = {key for key, rule in catalog.rules.items() if rule.entry.job}
    assert of_the_job == OF_THE_JOB
    assert all(catalog.rules[key].entry.effect == "exclude" for key in of_the_job)


def test_a_rule_of_the_job_says_the_same_of_a_model_wherever_it_runs(catalog):
    for stated in ({}, {"task": "rerank"}, {"languages": ["zh"]}, {"outputs": ["sparse"]}):
        table = build_plans(catalog, Workload.of(stated), TODAY)
        results = RuleResults(catalog, table)
        said = {}
        for place, out in zip(table.static.places, results.not_for_the_job, strict=True):
            said.setdefault(place.variant_id, set()).add(bool(out))
        assert all(len(answers) == 1 for answers in said.values())
        assert {True, False} == set.union(*said.values())
        assert (results.excluded | ~results.not_for_the_job).all(), "it excludes as limits do"


def test_a_catalog_without_a_rule_says_nothing_of_it(catalog):
    case = CASES["within-budget"]
    without = replace(
        catalog, rules={k: r for k, r in catalog.rules.items() if k != "within-budget"}
    )
    assert [
        finding for finding in of_case(without, case)[1] if finding.rule == "within-budget"
    ] == []


def test_a_replaced_variant_is_ruled_out(copied, pinned):
    from advisor import catalog as catalogs

    path = copied / "families/bge/variants/bge-large-en-v1.5.yaml"
    text = path.read_text(encoding="utf-8").replace("replaced_by: null\n", "")
    path.write_text(
        text.replace(
            "\nsources:\n", "\nreplaced_by: bge-m3\nsources:\n  replaced_by: [fe-readme]\n", 1
        ),
        encoding="utf-8",
    )
    plan, findings = judged(catalogs.load(copied), {}, LARGE)
    (found,) = [finding for finding in findings if finding.rule == "variant-is-replaced"]
    assert (found.effect, plan.figure("replaced_by")) == ("exclude", "BGE M3")
    assert found.text == pinned


def test_a_machine_without_a_price_is_never_picked(copied):
    from advisor import catalog as catalogs

    path = copied / "hardware/instances.yaml"
    found = files.yaml_mapping(path, "instances.yaml")
    next(one for one in found["instances"] if one["id"] == "aws-g6.xlarge")[
        "on_demand_usd_per_h"
    ] = None
    path.write_text(yaml.safe_dump(found), encoding="utf-8")
    plan, findings = judged(catalogs.load(copied), {}, ON_L4)
    (found,) = [finding for finding in findings if finding.rule == "rent-is-known"]
    assert (found.effect, plan.rent, plan.encoding_usd) == ("exclude", None, None)
    assert "encoding" in plan.monthly_usd.not_known and plan.where in found.text


def test_outputs_that_no_library_returns_rule_own_machines_out(copied):
    from advisor import catalog as catalogs

    path = copied / "families/bge/variants/bge-m3.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "    outputs: [dense, sparse, multi_vector]\n", ""
        ),
        encoding="utf-8",
    )
    assert effects(
        catalogs.load(copied), "runtime-returns-outputs", {"outputs": ["sparse"]}, ON_L4
    ) == ["exclude"]


@pytest.mark.parametrize("theme", sorted(path.stem for path in (SHIPPED / "rules").glob("*.yaml")))
def test_a_rule_whose_example_no_longer_holds_does_not_load(copied, theme):
    from advisor import catalog as catalogs
    from advisor.base.errors import CatalogError

    path = copied / f"rules/{theme}.yaml"
    rules = files.yaml_mapping(path, theme)["rules"]
    example = rules[0]["example"]
    rules[0]["example"] = {"matches": example["spares"], "spares": example["matches"]}
    path.write_text(yaml.safe_dump({"rules": rules}), encoding="utf-8")
    with pytest.raises(CatalogError) as error:
        catalogs.load(copied)
    told = {(fault.file, fault.entry, fault.field) for fault in error.value.faults}
    assert (f"catalog/rules/{theme}.yaml", f"rule {rules[0]['id']}", "example.matches") in told
