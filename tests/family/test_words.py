"""Units, the FAQ, use-when, tables, charts and files to take away: what a visitor reads."""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.decide.recommend import recommend
from advisor.explain import reasons, report
from advisor.family import comparison, facts, faq, listing, price_list
from advisor.family.advice import use_when
from advisor.show import charts, downloads

BGE = ["bge-base-en-v1.5", "bge-large-en-v1.5", "bge-m3", "bge-multilingual-gemma2", "bge-reranker-base", "bge-reranker-large", "bge-reranker-v2-m3", "bge-small-en-v1.5"]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "$0"), (0.36, "$0.36"), (34.899, "$34.90"), (121.21, "$121"), (1234567, "$1,234,567"), (Decimal("0.0031"), "$0.0031"), (0.00000000012, "$0.00000000012")],
)  # fmt: skip
def test_dollars(amount, shown):
    assert formatting.usd(amount) == shown


@pytest.mark.parametrize(("score", "shown"), [(51.65, "51.7"), (54.34, "54.3"), (9.25, "9.3")])
def test_points_round_halves_up(score, shown):
    assert formatting.points(score) == shown


@pytest.mark.parametrize(("number", "shown"), [(33_360_000, "33.4M"), (567_754_752, "568M"), (9_241_713_152, "9.24B")])
def test_parameters(number, shown):
    assert formatting.parameters(number) == shown


@pytest.mark.parametrize(("size", "shown"), [(6_144_000_000, "5.72 GiB"), (512, "512 bytes"), (2**40 * 3, "3 TiB")])
def test_memory(size, shown):
    assert formatting.memory(size) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0.3512, "0.351"), (8.314, "8.31"), (99.96, "100"), (1234.5, "1,234"), (7_100_000, "7,100,000")]
)
def test_three_significant_digits_and_never_an_exponent(number, shown):
    assert formatting.significant(number) == shown


@pytest.mark.parametrize(("words", "shown"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b, and c")])
def test_words_are_joined_as_in_english(words, shown):
    assert formatting.listed(words) == shown


def test_what_is_not_known_is_said_in_words_and_the_least_is_told_from_nothing(pinned):
    unknown = {
        "dollars": formatting.usd(None),
        "points": formatting.points(None),
        "parameters": formatting.parameters(None),
        "memory": formatting.memory(None),
    }
    assert not re.search(r"\d", "".join(unknown.values()))
    least = formatting.usd(1e-15)
    assert least != formatting.usd(0) and Decimal(least.rpartition("$")[2]) == Decimal("1e-12")
    assert {**unknown, "less than can be shown": least} == pinned


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


def test_ties_in_price_are_named_and_a_reranker_is_no_embedder(made_up_copy, edit):
    edit(made_up_copy / "offers/alpha.yaml", '"0.20"', '"0.10"')  # what Beta Cloud asks for the same model
    changed = catalogs.load(made_up_copy)
    least = faq.lowest(changed, changed.families["acme"], "embedder")
    assert least.usd_per_1m == Decimal("0.10") and [offer.id for _, _, offer in least.offers] == ["beta-big-en", "alpha-big-en"]
    answer = faq.answers(changed, changed.families["acme"], "verified")[1].answer
    embedder, reranker = answer.index("$0.10 "), answer.index("$0.01 ")
    assert all(embedder < answer.index(name) < reranker for name in ("Big EN", "Beta Cloud", "Alpha Router"))
    assert "Rank Small" in answer[reranker:] and "$0.20 " not in answer


def test_the_latest_and_the_longest_are_named(made_up):
    answer = faq.answers(made_up, made_up.families["acme"], "verified")[1].answer
    assert "Giant (2026-03-01)" in answer and answer.index("8,000") < answer.index("Giant, Multi, and Rank Big")


def test_aquila_is_compared_by_its_job_and_its_two_long_models(catalog):
    family, other, answer = catalog.families["bge"], catalog.families["aquila-2"], told(catalog)[1].answer
    assert family.facts.about in answer and other.facts.about in answer
    known = [variant for variant in other.variants.values() if variant.max_tokens]
    longest = max(variant.max_tokens for variant in known)
    names = sorted(variant.name for variant in known if variant.max_tokens == longest)
    assert len(names) == 2 and formatting.listed(names) in answer and formatting.count(longest) in answer


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


def test_a_price_changed_in_the_catalog_changes_the_answer(made_up_copy, edit):
    edit(made_up_copy / "offers/gamma.yaml", '"1.00"', '"0.001"')
    changed = catalogs.load(made_up_copy)
    answer = faq.answers(changed, changed.families["acme"], "verified")[1].answer
    assert "$0.001 " in answer and "Gamma Models" in answer and "Beta Cloud" not in answer.partition("$0.01 ")[0]


@pytest.mark.parametrize("key", BGE)
def test_use_when_is_short_and_not_the_specification(catalog, key, pinned):
    advice = use_when(catalog, key)
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
    assert len({use_when(catalog, key).sentence for key in BGE}) == len(BGE)


@pytest.mark.parametrize(
    ("key", "own", "others"),
    [("giant", "60.0", "55.0 and 50.0"), ("big-en", "55.0", "60.0 and 50.0"), ("tiny-en", "50.0", "60.0 and 55.0")],
)
def test_use_when_says_what_wins_and_against_which_sibling(made_up, key, own, others):
    told = use_when(made_up, key).wins[0].text
    assert "English Test" in told and told.index(own) < told.index(others)


def test_use_when_says_when_not_to_and_what_instead(made_up):
    claims = [claim.text for claim in use_when(made_up, "rank-small").not_when]
    assert any("500" in text and "Rank Big" in text for text in claims)
    assert not any("Rank Small" in claim.text for claim in use_when(made_up, "rank-big").not_when)


def test_use_when_names_the_presets_that_pick_it(catalog):
    assert use_when(catalog, "bge-m3", {"a": ("bge-m3", "bge-reranker-v2-m3"), "b": ("bge-large-en-v1.5",)}).presets == ("a",)


def test_a_fact_that_differs_from_the_listing_carries_its_correction(catalog):
    found = {fact.correction.field: fact for fact in facts.variant_facts(catalog, "bge-multilingual-gemma2") if fact.correction}
    assert found["released"].value == "2024-07-26" and found["released"].correction.listed == "2024-06"
    assert found["context"].correction.id == "gemma2-context"


def test_every_shown_fact_of_the_family_has_a_source_or_is_not_known(catalog, pinned):
    unsourced = {(fact.label, fact.value) for key in BGE for fact in facts.variant_facts(catalog, key) if not fact.sources}
    assert not any(re.search(r"\d", value) for _, value in unsourced)
    assert sorted(unsourced) == pinned


def test_the_stale_and_the_undated_are_listed(made_up, pinned):
    gamma = {"gamma-tiny-en", "gamma-big-en", "gamma-multi", "gamma-giant"}  # of 2026-07-01
    undated = {"alpha-big-en", "alpha-multi", "alpha-rank-big"}
    for day, old in ((date(2026, 9, 29), set()), (date(2026, 9, 30), gamma)):
        assert {row["offer"] for row in price_list.stale(made_up, day)} == undated | old
    told = {row["offer"]: row["Remark"] for row in price_list.stale(made_up, date(2026, 9, 30))}
    assert "91" in told["gamma-giant"]
    assert {"stale": told["gamma-giant"], "undated": told["alpha-multi"]} == pinned


def test_a_comparison_marks_what_differs(made_up, today):
    rows = comparison.side_by_side(made_up, ["tiny-en", "big-en"], today)
    assert all(bool(row["differs"]) == (row["Tiny EN"] != row["Big EN"]) for row in rows)
    shown = {(row["Tiny EN"], row["Big EN"]): row for row in rows}
    limit = next(values for values in shown if all(value.startswith("500 ") for value in values))
    assert not shown[limit]["differs"] and shown["100", "400"]["differs"]
    assert ("50.0", "55.0") in shown and ("20.0", "30.0") in shown
    assert not any("40.0" in scores for scores in shown), "Tiny EN has no score on the Long Test"


def test_the_timeline_names_every_release_in_words_and_marks(catalog, pinned):
    family = catalog.families["bge"]
    chart = charts.release_timeline(facts.releases(family), "BGE", "light")
    for variant in family.variants.values():
        assert variant.name in chart.alt and variant.released.isoformat() in chart.alt
    spec = chart.chart.to_dict()
    assert len(next(iter(spec["datasets"].values()))) == len(family.variants)
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_a_family_without_dates_has_no_timeline(catalog):
    family = catalog.families["aquila-2"]
    undated = replace(family, variants={k: v.model_copy(update={"released": None}) for k, v in family.variants.items()})
    assert charts.release_timeline(facts.releases(undated), "Aquila", "dark") is None


def test_the_cost_chart_tells_each_bar_in_words(catalog, today, pinned):
    found = recommend(catalog, Workload(), today)
    chart = charts.monthly_costs(found, "embedder", "dark")
    for bar in (found.pick.parts[0], *(other.judged for other in reasons.alternatives(found, "embedder"))):
        assert f"{bar.plan.variant.name}, {bar.plan.where} {formatting.usd(bar.cost.base)}" in chart.alt
    assert charts.monthly_costs(recommend(catalog, Workload(data_may_leave=False, placement="hosted"), today), "embedder", "dark") is None
    assert {"title": chart.title, "alt": chart.alt} == pinned


def test_ties_are_named_and_a_rounded_figure_is_no_tie(made_up, made_up_copy, today, edit, pinned):
    german = Workload(languages=("de",), vector_store="none")
    edit(made_up_copy / "offers/gamma.yaml", '"0.40"', '"0.50"')
    found = recommend(catalogs.load(made_up_copy), german, today)
    tied = report.cheapest_sentence(found, "embedder")
    assert "$18.00 " in tied  # 2,000,000 x (16 + 2) x 0.50 / 1e6
    assert all(name in tied for name in ("Multi", "Alpha Router", "Beta Cloud", "Gamma Models"))
    edit(made_up_copy / "offers/gamma.yaml", '"0.50"', '"0.5001"')
    near = recommend(catalogs.load(made_up_copy), german, today)
    assert next(formatting.usd(j.monthly) for j in near.judged if j.id == "gamma-multi") == "$18.00", "rounded it is the same"
    told = report.cheapest_sentence(near, "embedder")
    assert "Gamma Models" not in told and "Beta Cloud" in told
    assert report.cheapest_sentence(recommend(made_up, Workload(data_may_leave=False, placement="hosted"), today), "embedder") == ""
    assert tied == pinned


def test_the_json_to_take_away_loses_no_digit(made_up_copy, edit):
    edit(made_up_copy / "offers/alpha.yaml", '"0.20"', '"0.20000000000000000070"')
    found = json.loads(downloads.as_json(catalogs.load(made_up_copy)))
    offers = {o["id"]: o for p in found["providers"].values() for o in p["offers"]}
    assert offers["alpha-big-en"]["usd_per_1m_input"] == "0.20000000000000000070"
    assert found["families"]["acme"]["variants"]["giant"]["parameters"] == 8_000_000_000


def test_the_csv_to_take_away_starts_no_formula(made_up_copy, edit):
    edit(made_up_copy / "offers/alpha.yaml", "model: alpha/big-en", "model: '@alpha/big-en'\n  note: '=1+1'")
    catalog = catalogs.load(made_up_copy)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(downloads.offers_csv(catalog)))}
    assert set(rows) == {offer.id for _, _, offer in catalog.offers()}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows.values() for cell in row.values())
    assert (rows["alpha-big-en"]["model"], rows["alpha-big-en"]["note"]) == ("'@alpha/big-en", "'=1+1")
