"""Units, the FAQ, use-when, tables, charts and files to take away: what a visitor reads."""

import csv
import io
import json
from decimal import Decimal

import pytest

from advisor import catalog as catalogs
from advisor import charts, export, faq, tables, units, use_when
from advisor.recommend import recommend
from advisor.workload import Workload

BGE = ["bge-base-en-v1.5", "bge-large-en-v1.5", "bge-m3", "bge-multilingual-gemma2", "bge-reranker-base", "bge-reranker-large", "bge-reranker-v2-m3", "bge-small-en-v1.5"]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(None, "not known"), (0, "$0"), (0.36, "$0.36"), (34.899, "$34.90"), (121.21, "$121"), (1234567, "$1,234,567"), (Decimal("0.0031"), "$0.0031"), (0.00000000012, "$0.00000000012"), (1e-15, "less than $0.000000000001")],
)  # fmt: skip
def test_dollars(amount, shown):
    assert units.usd(amount) == shown


@pytest.mark.parametrize(("score", "shown"), [(51.65, "51.7"), (54.34, "54.3"), (None, "not measured"), (9.25, "9.3")])
def test_points_round_halves_up(score, shown):
    assert units.points(score) == shown


@pytest.mark.parametrize(("number", "shown"), [(33_360_000, "33.4M"), (567_754_752, "568M"), (9_241_713_152, "9.24B"), (None, "not known")])
def test_parameters(number, shown):
    assert units.parameters(number) == shown


@pytest.mark.parametrize(("size", "shown"), [(6_144_000_000, "5.72 GiB"), (512, "512 bytes"), (2**40 * 3, "3 TiB"), (None, "not known")])
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


def told(catalog, view="verified"):
    return {answer.question: answer for answer in faq.answers(catalog, catalog.families["bge"], view)}


def test_nobody_is_told_that_bge_does_coding(catalog):
    answer = told(catalog)["What is BGE used for?"]
    assert "embedding texts for search (5 embedders) and reranking what a search found (3 rerankers)" in answer.answer
    assert "None of the eight is a code model" in answer.answer and "fe-bge-code" in answer.sources


def test_ties_in_price_are_named_and_a_reranker_is_no_embedder(catalog):
    answer = told(catalog)["Which BGE model should I use?"].answer
    assert "To find passages, the lowest known price is $0.005 / 1M input tokens: BGE Base EN v1.5 at DeepInfra and OpenRouter." in answer
    assert "A reranker does not take the place of an embedder" in answer
    assert "The latest is BGE Multilingual Gemma2 (2024-07-26), an embedder." in answer


def test_aquila_is_compared_by_its_job_and_its_two_long_models(catalog):
    answer = told(catalog)["How does BGE compare to Aquila 2?"].answer
    assert "They do different jobs." in answer and "AquilaChat2-34B-16K and AquilaChat2-7B-16K only" in answer


def test_an_aquila_model_that_no_licence_text_names_is_neither_allowed_nor_forbidden_commercially(catalog):
    answer = told(catalog)["How does BGE compare to Aquila 2?"].answer
    forbidden, unknown = answer.split(" Whether commercial use is allowed was not found out: ")
    assert unknown == "AquilaChat2-34B-Int4-GPTQ." and "34B-Int4" not in forbidden
    assert forbidden.endswith("Not for commercial use: Aquila2-70B-Expr and AquilaChat2-70B-Expr.")


def test_every_answer_rests_on_sources_of_the_catalog(catalog):
    for view in ("verified", "listed"):
        for answer in told(catalog, view).values():
            assert answer.sources and all(source in catalog.sources for source in answer.sources)


def test_a_price_changed_in_the_catalog_changes_the_answer(copied, edit):
    edit(copied / "offers/novita-ai.yaml", 'usd_per_1m_input: "0.01"', 'usd_per_1m_input: "0.001"')
    assert "$0.001 / 1M input tokens: BGE M3 at Novita AI" in told(catalogs.load(copied))["Which BGE model should I use?"].answer


@pytest.mark.parametrize("key", BGE)
def test_use_when_is_short_and_not_the_specification(catalog, key):
    advice = use_when.use_when(catalog, key)
    assert 30 < len(advice.sentence) <= 140
    assert "Use when the workload needs" not in advice.sentence
    for claim in (*advice.wins, *advice.not_when):
        assert "None" not in claim.text and all(source in catalog.sources for source in claim.sources)


def test_no_two_variants_have_the_same_use_when(catalog):
    assert len({use_when.use_when(catalog, key).sentence for key in BGE}) == len(BGE)


def test_use_when_says_what_wins_and_against_which_sibling(catalog):
    wins = " ".join(claim.text for claim in use_when.use_when(catalog, "bge-multilingual-gemma2").wins)
    assert "The best of 4 on MTEB(eng, v1) retrieval" in wins and "59.2 against 54.3, 53.2, and 51.7" in wins


def test_use_when_says_when_not_to_and_what_instead(catalog):
    text = " ".join(claim.text for claim in use_when.use_when(catalog, "bge-reranker-base").not_when)
    assert "Not for more than 512 tokens for query and passage together: BGE Reranker V2 M3." in text
    assert "Not in place of an embedder" in text


def test_use_when_names_the_presets_that_pick_it(catalog):
    assert use_when.use_when(catalog, "bge-m3", {"a": ("bge-m3", "bge-reranker-v2-m3"), "b": ("bge-large-en-v1.5",)}).presets == ("a",)


def test_a_fact_that_differs_from_the_listing_carries_its_correction(catalog):
    found = {fact.label: fact for fact in tables.facts(catalog, "bge-multilingual-gemma2")}
    assert found["Released"].value == "2024-07-26" and found["Released"].correction.listed == "2024-06"
    assert found["Longest input"].correction.id == "gemma2-context"


def test_every_shown_fact_of_the_family_has_a_source_or_is_not_known(catalog):
    for key in BGE:
        for fact in tables.facts(catalog, key):
            assert fact.sources or fact.value in (units.NOT_KNOWN, "none"), (key, fact.label)


def test_the_stale_and_the_undated_are_listed(catalog, today):
    rows = tables.stale(catalog, today)
    assert {row["Remark"].split(" ")[0] for row in rows} == {"stale", "undated"}
    assert len(rows) == 15


def test_a_comparison_marks_what_differs(catalog, today):
    rows = {row["label"]: row for row in tables.comparison(catalog, ["bge-large-en-v1.5", "bge-m3"], today)}
    assert rows["Vector dimensions"]["differs"] == "" and rows["Longest input"]["differs"] == "≠"
    assert not any("MTEB(eng, v1)" in label for label in rows), "BGE M3 has no complete score there"


def test_the_timeline_names_every_release_in_words_and_marks(catalog):
    chart = charts.release_timeline(tables.releases(catalog.families["bge"]), "BGE", "light")
    assert "2024-07-26: BGE Multilingual Gemma2 (embedder)" in chart.alt
    spec = chart.chart.to_dict()
    assert len(next(iter(spec["datasets"].values()))) == 8


def test_a_family_without_dates_has_no_timeline(catalog):
    from dataclasses import replace

    family = catalog.families["aquila-2"]
    undated = replace(family, variants={k: v.model_copy(update={"released": None}) for k, v in family.variants.items()})
    assert charts.release_timeline(tables.releases(undated), "Aquila", "dark") is None


def test_the_cost_chart_tells_each_bar_in_words(catalog, today):
    chart = charts.monthly_costs(recommend(catalog, Workload(), today), "embedder", "dark")
    assert "BGE Large EN v1.5, DeepInfra $34.90, the pick" in chart.alt
    assert charts.monthly_costs(recommend(catalog, Workload(data_may_leave=False, placement="hosted"), today), "embedder", "dark") is None


def test_ties_are_named_and_a_rounded_figure_is_no_tie(catalog, today, copied, edit):
    assert tables.cheapest_sentence(recommend(catalog, Workload(languages=("de",), vector_store="none"), today), "embedder") == (
        "From $0.32 a month: BGE Multilingual Gemma2 at Nebius or OVHcloud AI Endpoints"
    )
    english = Workload(outputs=("dense",), quality_tolerance=0, languages=("ja",))
    told = tables.cheapest_sentence(recommend(catalog, english, today), "embedder")
    assert told == "From $34.90 a month: BGE M3 at Novita AI, DeepInfra, OpenRouter, LibertAI, or OVHcloud AI Endpoints"
    edit(
        copied / "offers/openrouter.yaml",
        'model: baai/bge-m3\n    type: serverless\n    usd_per_1m_input: "0.01"',
        'model: baai/bge-m3\n    type: serverless\n    usd_per_1m_input: "0.01001"',
    )
    told = tables.cheapest_sentence(recommend(catalogs.load(copied), english, today), "embedder")
    assert "OpenRouter" not in told and "DeepInfra" in told
    assert tables.cheapest_sentence(recommend(catalog, Workload(data_may_leave=False, placement="hosted"), today), "embedder") == ""


def test_the_json_to_take_away_loses_no_digit(catalog):
    found = json.loads(export.as_json(catalog))
    offers = {o["id"]: o for p in found["providers"].values() for o in p["offers"]}
    assert offers["databricks-databricks-bge-large-en"]["usd_per_1m_input"] == "0.10003"
    assert found["families"]["bge"]["variants"]["bge-m3"]["parameters"] == 567_754_752


def test_the_csv_to_take_away_starts_no_formula(catalog):
    rows = list(csv.DictReader(io.StringIO(export.offers_csv(catalog))))
    assert len(rows) == 29
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert any(row["model"] == "'@cf/baai/bge-m3" for row in rows)
