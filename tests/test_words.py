"""Units, the FAQ, use-when, tables, charts and files to take away: what a visitor reads."""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from advisor import charts, evidence, export, faq, listing, reasons, tables, units, use_when
from advisor.recommend import recommend
from advisor.workload import Workload

BGE = ["bge-base-en-v1.5", "bge-large-en-v1.5", "bge-m3", "bge-multilingual-gemma2", "bge-reranker-base", "bge-reranker-large", "bge-reranker-v2-m3", "bge-small-en-v1.5"]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "$0"), (0.36, "$0.36"), (34.899, "$34.90"), (121.21, "$121"), (1234567, "$1,234,567"), (Decimal("0.0031"), "$0.0031"), (0.00000000012, "$0.00000000012")],
)  # fmt: skip
def test_dollars(amount, shown):
    assert units.usd(amount) == shown


@pytest.mark.parametrize(("score", "shown"), [(51.65, "51.7"), (54.34, "54.3"), (9.25, "9.3")])
def test_points_round_halves_up(score, shown):
    assert units.points(score) == shown


@pytest.mark.parametrize(("number", "shown"), [(33_360_000, "33.4M"), (567_754_752, "568M"), (9_241_713_152, "9.24B")])
def test_parameters(number, shown):
    assert units.parameters(number) == shown


@pytest.mark.parametrize(("size", "shown"), [(6_144_000_000, "5.72 GiB"), (512, "512 bytes"), (2**40 * 3, "3 TiB")])
def test_memory(size, shown):
    assert units.memory(size) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0.3512, "0.351"), (8.314, "8.31"), (99.96, "100"), (1234.5, "1,234"), (7_100_000, "7,100,000")]
)
def test_three_significant_digits_and_never_an_exponent(number, shown):
    assert units.significant(number) == shown


@pytest.mark.parametrize(("words", "shown"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b, and c")])
def test_words_are_joined_as_in_english(words, shown):
    assert units.listed(words) == shown


def test_what_is_not_known_is_said_in_words_and_the_least_is_told_from_nothing(pinned):
    unknown = {"dollars": units.usd(None), "points": units.points(None), "parameters": units.parameters(None), "memory": units.memory(None)}
    assert not re.search(r"\d", "".join(unknown.values()))
    least = units.usd(1e-15)
    assert least != units.usd(0) and Decimal(least.rpartition("$")[2]) == Decimal("1e-12")
    assert {**unknown, "less than can be shown": least} == pinned


def changed(catalog, offers):
    """The catalog with other facts of some offers, by id, and no price of the rest."""
    providers = {
        key: provider.model_copy(
            update={"offers": [offer.model_copy(update={"usd_per_1m_input": None} | offers.get(offer.id, {})) for offer in provider.offers]}
        )
        for key, provider in catalog.providers.items()
    }
    assert set(offers) <= {offer.id for _, _, offer in catalog.offers()}
    return replace(catalog, providers=providers)


def priced(catalog, usd):
    """The catalog where these offers alone have a price."""
    return changed(catalog, {key: {"usd_per_1m_input": Decimal(price)} for key, price in usd.items()})


def told(catalog, view="verified"):
    """What BGE is used for, how it compares, which to use; then the family's own questions."""
    return faq.answers(catalog, catalog.families["bge"], view)


@pytest.mark.parametrize("family", ["bge", "aquila-2"])
def test_the_verified_answers_of_a_family(catalog, family, pinned):
    answers = faq.answers(catalog, catalog.families[family], "verified")
    assert len({answer.question for answer in answers}) == len(answers)
    assert {answer.question: answer.answer for answer in answers} == pinned


def test_nobody_is_told_that_bge_does_coding(catalog):
    family, answer = catalog.families["bge"], told(catalog)[0]
    kinds = Counter(variant.kind for variant in family.variants.values())
    for kind in ("embedder", "reranker"):
        assert f"{kinds[kind]} {kind}" in answer.answer
    why = next(correction.why for correction in family.corrections if correction.field == "capabilities")
    assert why in answer.answer and "fe-bge-code" in answer.sources


TIED = {"deepinfra-bge-base-en-v1.5": "0.5", "openrouter-bge-base-en-v1.5": "0.5", "cloudflare-bge-m3": "0.6", "cloudflare-bge-reranker-base": "0.1"}  # fmt: skip


def test_ties_in_price_are_named_and_a_reranker_is_no_embedder(catalog):
    tied = priced(catalog, TIED)
    least = faq.lowest(tied, tied.families["bge"], "embedder")
    assert least.usd_per_1m == Decimal("0.5") and {offer.id for _, _, offer in least.offers} == set(list(TIED)[:2])
    answer = told(tied)[2].answer
    embedder, reranker = answer.index("$0.5 "), answer.index("$0.1 ")
    for provider in ("deepinfra", "openrouter"):
        assert embedder < answer.index(catalog.providers[provider].name) < reranker
    assert "$0.6" not in answer and catalog.providers["cloudflare"].name in answer[reranker:]


def test_the_latest_and_the_longest_are_named(catalog):
    variants, answer = catalog.families["bge"].variants.values(), told(catalog)[2].answer
    latest = max(variants, key=lambda variant: variant.released)
    longest = max(variant.max_tokens for variant in variants)
    assert latest.name in answer and latest.released.isoformat() in answer
    assert units.count(longest) in answer and units.listed(sorted(v.name for v in variants if v.max_tokens == longest)) in answer


def test_aquila_is_compared_by_its_job_and_its_two_long_models(catalog):
    family, other, answer = catalog.families["bge"], catalog.families["aquila-2"], told(catalog)[1].answer
    assert family.facts.about in answer and other.facts.about in answer
    known = [variant for variant in other.variants.values() if variant.max_tokens]
    longest = max(variant.max_tokens for variant in known)
    names = sorted(variant.name for variant in known if variant.max_tokens == longest)
    assert len(names) == 2 and units.listed(names) in answer and units.count(longest) in answer


def test_an_aquila_model_that_no_licence_text_names_is_neither_allowed_nor_forbidden_commercially(catalog):
    names = {False: set(), None: set(), True: set()}
    for variant in catalog.families["aquila-2"].variants.values():
        names[catalog.licences[variant.licence].commercial_use].add(variant.name)
    assert names[False] and "AquilaChat2-34B-Int4-GPTQ" in names[None]
    sentences = re.split(r"(?<=\.) ", told(catalog)[1].answer)
    for use in (False, None):
        one = next(sentence for sentence in sentences if all(name in sentence for name in names[use]))
        others = {name for rest in names if rest is not use for name in names[rest]}
        assert not any(re.search(rf"{re.escape(name)}(?![\w-])", one) for name in others), one


def test_every_answer_rests_on_sources_of_the_catalog(catalog):
    for view in ("verified", "listed"):
        for answer in told(catalog, view):
            assert answer.sources and all(source in catalog.sources for source in answer.sources)


def test_a_price_changed_in_the_catalog_changes_the_answer(catalog):
    for offer, price in (("novita-ai-bge-m3", "0.00123"), ("cloudflare-bge-small-en-v1.5", "0.00124")):
        answer = told(priced(catalog, {**TIED, offer: price}))[2].answer
        variant, provider = next((o.variant, p.name) for _, p, o in catalog.offers() if o.id == offer)
        assert f"${price}" in answer and catalog.variants[variant].name in answer and provider in answer


@pytest.mark.parametrize("key", BGE)
def test_use_when_is_short_and_not_the_specification(catalog, key, pinned):
    advice = use_when.use_when(catalog, key)
    assert 30 < len(advice.sentence) <= 140
    assert advice.sentence not in {row.use_when for row in listing.as_listed(catalog.families["bge"]).rows}
    for claim in (*advice.wins, *advice.not_when):
        assert "None" not in claim.text and all(source in catalog.sources for source in claim.sources)
    assert {
        "use when": advice.sentence,
        "wins": [claim.text for claim in advice.wins],
        "not when": [claim.text for claim in advice.not_when],
    } == pinned


def test_no_two_variants_have_the_same_use_when(catalog):
    assert len({use_when.use_when(catalog, key).sentence for key in BGE}) == len(BGE)


def test_use_when_says_what_wins_and_against_which_sibling(catalog):
    found = evidence.scores(catalog, "mteb-eng-v1-retrieval", ("en",))
    first, *others = sorted(((found[key], key) for key in BGE if key in found), reverse=True)
    for place in (first, others[-1]):
        told = use_when.use_when(catalog, place[1]).wins[0].text
        rest = [units.points(score) for score, key in (first, *others) if key != place[1]]
        assert units.points(place[0]) in told and units.listed(rest) in told


def test_use_when_says_when_not_to_and_what_instead(catalog):
    claims = [claim.text for claim in use_when.use_when(catalog, "bge-reranker-base").not_when]
    limit, instead = catalog.variants["bge-reranker-base"].max_tokens, catalog.variants["bge-reranker-v2-m3"]
    assert limit < instead.max_tokens and any(units.count(limit) in text and instead.name in text for text in claims)


def test_use_when_names_the_presets_that_pick_it(catalog):
    assert use_when.use_when(catalog, "bge-m3", {"a": ("bge-m3", "bge-reranker-v2-m3"), "b": ("bge-large-en-v1.5",)}).presets == ("a",)


def test_a_fact_that_differs_from_the_listing_carries_its_correction(catalog):
    found = {fact.correction.field: fact for fact in tables.facts(catalog, "bge-multilingual-gemma2") if fact.correction}
    assert found["released"].value == "2024-07-26" and found["released"].correction.listed == "2024-06"
    assert found["context"].correction.id == "gemma2-context"


def test_every_shown_fact_of_the_family_has_a_source_or_is_not_known(catalog, pinned):
    unsourced = {(fact.label, fact.value) for key in BGE for fact in tables.facts(catalog, key) if not fact.sources}
    assert not any(re.search(r"\d", value) for _, value in unsourced)
    assert sorted(unsourced) == pinned


def test_the_stale_and_the_undated_are_listed(catalog, today, pinned):
    dated = next(offer for _, _, offer in catalog.offers() if offer.as_of)
    undated = dated.model_copy(update={"as_of": None})
    young, old = (tables.age_remark(dated, dated.as_of + timedelta(days=days)) for days in (90, 91))
    assert not young and "91" in old and tables.age_remark(undated, today) not in ("", old)
    limit = today - timedelta(days=90)
    shown = [row["offer"] for row in tables.stale(catalog, today)]
    assert sorted(shown) == sorted(offer.id for _, _, offer in catalog.offers() if offer.as_of is None or offer.as_of < limit)
    assert {"stale": old, "undated": tables.age_remark(undated, today)} == pinned


def test_a_comparison_marks_what_differs(catalog, today):
    compared = ["bge-large-en-v1.5", "bge-m3"]
    one, other = (catalog.variants[key] for key in compared)
    rows = tables.comparison(catalog, compared, today)
    assert all(bool(row["differs"]) == (row[one.name] != row[other.name]) for row in rows)
    alike = {row[one.name] for row in rows if not row["differs"]}
    assert units.count(one.embedding_dim) in alike and one.embedding_dim == other.embedding_dim
    labels = {row["label"] for row in rows}
    shown = {key for key, chosen in catalog.evidence_sets.items() if evidence.describe(catalog, chosen) in labels}
    whole = [key for key, chosen in catalog.evidence_sets.items() if not chosen.by_language]
    assert shown and shown == {key for key in whole if set(compared) <= set(evidence.scores(catalog, key))}
    assert any(compared[0] in evidence.scores(catalog, key) for key in whole if key not in shown), "a set that BGE M3 has no score in"


def test_the_timeline_names_every_release_in_words_and_marks(catalog, pinned):
    family = catalog.families["bge"]
    chart = charts.release_timeline(tables.releases(family), "BGE", "light")
    for variant in family.variants.values():
        assert variant.name in chart.alt and variant.released.isoformat() in chart.alt
    spec = chart.chart.to_dict()
    assert len(next(iter(spec["datasets"].values()))) == len(family.variants)
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_a_family_without_dates_has_no_timeline(catalog):
    family = catalog.families["aquila-2"]
    undated = replace(family, variants={k: v.model_copy(update={"released": None}) for k, v in family.variants.items()})
    assert charts.release_timeline(tables.releases(undated), "Aquila", "dark") is None


def test_the_cost_chart_tells_each_bar_in_words(catalog, today, pinned):
    found = recommend(catalog, Workload(), today)
    chart = charts.monthly_costs(found, "embedder", "dark")
    for bar in (found.pick.parts[0], *(other.judged for other in reasons.alternatives(found, "embedder"))):
        assert f"{bar.plan.variant.name}, {bar.plan.where} {units.usd(bar.cost.base)}" in chart.alt
    assert charts.monthly_costs(recommend(catalog, Workload(data_may_leave=False, placement="hosted"), today), "embedder", "dark") is None
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_ties_are_named_and_a_rounded_figure_is_no_tie(catalog, today, pinned):
    gemma2 = priced(catalog, {"nebius-bge-multilingual-gemma2": "0.02", "ovhcloud-bge-multilingual-gemma2": "0.02"})
    two = tables.cheapest_sentence(recommend(gemma2, Workload(languages=("de",), vector_store="none"), today), "embedder")
    assert "$0.64 " in two and catalog.variants["bge-multilingual-gemma2"].name in two  # 2,000,000 x 16 x 0.02 / 1e6
    assert all(catalog.providers[key].name in two for key in ("nebius", "ovhcloud"))
    m3 = {"novita-ai-bge-m3": "0.02", "deepinfra-bge-m3": "0.02", "openrouter-bge-m3": "0.02001"}
    found = recommend(priced(catalog, m3), Workload(languages=("ja",)), today)
    assert {j.id for j in tables.cheapest(found, "embedder")} == set(list(m3)[:2])
    assert len({units.usd(j.monthly) for j in found.judged if j.id in m3}) == 1, "all three read the same"
    near = tables.cheapest_sentence(found, "embedder")
    assert catalog.providers["deepinfra"].name in near and catalog.providers["openrouter"].name not in near
    assert tables.cheapest_sentence(recommend(catalog, Workload(data_may_leave=False, placement="hosted"), today), "embedder") == ""
    assert two == pinned


def test_the_json_to_take_away_loses_no_digit(catalog):
    found = json.loads(export.as_json(priced(catalog, {"databricks-databricks-bge-large-en": "0.10003000000000000000700"})))
    offers = {o["id"]: o for p in found["providers"].values() for o in p["offers"]}
    assert offers["databricks-databricks-bge-large-en"]["usd_per_1m_input"] == "0.10003000000000000000700"
    assert found["families"]["bge"]["variants"]["bge-m3"]["parameters"] == catalog.variants["bge-m3"].parameters


def test_the_csv_to_take_away_starts_no_formula(catalog):
    formula = changed(catalog, {"novita-ai-bge-m3": {"model": "@model"}, "deepinfra-bge-m3": {"note": "=1+1"}})
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(export.offers_csv(formula)))}
    assert set(rows) == {offer.id for _, _, offer in catalog.offers()}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows.values() for cell in row.values())
    assert (rows["novita-ai-bge-m3"]["model"], rows["deepinfra-bge-m3"]["note"]) == ("'@model", "'=1+1")
