"""The decision as a page: two sheets at most, from which nothing that is to be minded is missing."""

import re

import pytest
import yaml

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.explain import decision, record, report, run_it, sentences, taken_for_granted
from advisor.explain.bill import bill
from advisor.explain.firm import firm
from advisor.explain.lead import decided
from tests.answers.conftest import QUESTIONS
from tests.asking import ask
from tests.decide.measured import CHEAP, STATED

NOTHING = {"data_may_leave": False, "placement": "hosted", "languages": ["de"]}
TWO_STEPS = {"task": "retrieve-and-rerank"}
SECTIONS = (
    "Question",
    "Why",
    "Where the money goes",
    "Alternatives",
    "What would change the answer",
    "Try it",
    "Assumptions",
    "Sources",
)


def page_of(recommendation):
    return report.as_markdown(recommendation.catalog, recommendation)


def sections_of(text):
    """The lines of each section by the first words of its title."""
    found = {}
    for part in text.split("\n## ")[1:]:
        title, *lines = part.splitlines()
        found[title.partition(" (")[0]] = [line for line in lines if line]
    return found


@pytest.fixture(scope="module")
def pages(catalog):
    """The answer and the page of each preset, of two steps, of own machines and of nothing."""
    questions = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    two_steps = {key: q for key, q in questions.items() if q.get("task") == TWO_STEPS["task"]}
    presets = {key: preset.workload for key, preset in catalog.presets.items()}
    asked = presets | two_steps | {"nothing": NOTHING, "store": {"vector_store": "qdrant-cloud"}}
    answers = {}
    for key, stated in asked.items():
        workload = {name: value for name, value in stated.items() if name in Workload.model_fields}
        answers[key] = ask(catalog, **workload)
    answers["measured"] = ask(catalog, CHEAP, placement="own")
    answers["not the cheapest"] = ask(catalog, STATED | {"machine_usd_per_hour": 1}, **TWO_STEPS)
    assert sum(len(answer.steps) == 2 for answer in answers.values()) > 12
    return {key: (answer, page_of(answer)) for key, answer in answers.items()}


def test_a_page_is_two_sheets_at_most(pages):
    assert decision.sheets("x\n" * 54 + "x " * 95) == 56 / 55
    too_long = {key: decision.sheets(text) for key, (_, text) in pages.items()}
    assert not {key: length for key, length in too_long.items() if length > 2}


def test_a_page_has_its_sections_in_order(pages):
    for key, (answer, text) in pages.items():
        titles = list(sections_of(text))
        expected = list(SECTIONS)
        if answer.pick is None:
            expected = [
                "Question",
                "Why, and what would help",
                "What would change the answer",
                "Assumptions",
                "Sources",
            ]
        assert titles == expected, key


def test_every_number_is_a_source_and_every_source_is_cited(pages):
    for key, (answer, text) in pages.items():
        body, _, listed = text.partition("\n## Sources")
        cited = {int(number) for number in re.findall(r" \[(\d+)\]", body)}
        numbers = [int(number) for number in re.findall(r"^- \[(\d+)\] ", listed, re.M)]
        assert numbers == sorted(cited) == list(range(1, len(cited) + 1)), key
        titles = [source.title for source in answer.catalog.sources.values()]
        first_words = tuple(re.split(r"[0-9a-f]{40}", title)[0] for title in titles)
        for line in re.findall(r"^- \[\d+\] (.*)", listed, re.M):
            assert line.startswith(first_words), line


def test_sources_are_numbered_in_the_order_in_which_they_are_cited(pages):
    for key, (_, text) in pages.items():
        body, _, _ = text.partition("\n## Sources")
        numbers = [int(number) for number in re.findall(r" \[(\d+)\]", body)]
        assert list(dict.fromkeys(numbers)) == sorted(set(numbers)), key


def test_the_ids_of_the_catalog_are_not_on_a_page(pages):
    for key, (answer, text) in pages.items():
        assert not any(f"[{source}]" in text for source in answer.catalog.sources), key


def test_a_page_has_the_figures_of_the_recommendation(pages):
    for key, (answer, text) in pages.items():
        if answer.pick is None:
            assert text.startswith("# Nothing fits this workload.\n"), key
            continue
        spent, found = bill(answer.pick), sections_of(text)
        assert text.startswith(f"# {report.headline(answer)}\n"), key
        assert f"\n\n{firm(answer).sentence}\n\n" in text, key
        leads = decided(answer).lead
        assert [line.partition("** ")[0] for line in found["Why"][: len(leads)]] == [
            f"- **{reason.lead}" for reason in leads
        ], key
        costs = " ".join(found["Where the money goes"])
        assert len(spent.parts) < 2 or all(part.amount in costs for part in spent.parts), key


def test_a_page_says_of_which_day_each_price_is(pages):
    for key, (answer, text) in pages.items():
        for part in answer.pick.parts if answer.pick else ():
            day = formatting.day(part.plan.as_of)
            assert f"{day} ({part.plan.where})" in text, key


def test_no_warning_and_no_caveat_of_the_scores_is_left_out(pages):
    for key, (answer, text) in pages.items():
        for part in answer.pick.parts if answer.pick else ():
            warnings = [remark.text for remark in part.remarks if remark.effect == "warn"]
            assert all(warning in text for warning in warnings), key
            chosen = answer.step_of(part).evidence.set
            assert chosen is None or not chosen.caveat or chosen.caveat in text, key


def test_a_page_says_what_of_a_cost_is_not_known(pages):
    answer, text = pages["store"]
    missing = sentences.parts_in_words(answer.pick.monthly_usd.not_known)
    assert "at least $" in text.splitlines()[0] and missing in text.splitlines()[0]
    assert missing in " ".join(sections_of(text)["Where the money goes"])
    assert f"- Every total is a lower bound. Not known: {missing}." in text


def test_a_page_tells_changed_inputs_and_the_main_defaults(catalog):
    text = page_of(ask(catalog, languages=["de"], passages=500_000, vector_type="int8"))
    assert sections_of(text)["Question"] == [
        "- Languages: German",
        "- Passages: 500,000",
        "- Vector precision: int8",
        "- Everything else: the defaults (Task: Search; Tokens per passage: 200; "
        "Queries per month: 2,000,000)",
    ]


def test_a_page_says_which_assumptions_were_changed(catalog):
    title = Assumptions.model_fields["target_utilisation"].title
    sentence = f"- You changed '{title}' to 0.2."
    assert sentence in page_of(ask(catalog, {"target_utilisation": 0.2}, placement="own"))
    assert sentence not in page_of(ask(catalog, placement="own"))


def test_the_assumptions_of_a_page_are_all_among_those_of_the_record(pages):
    for key, (answer, text) in pages.items():
        matter = taken_for_granted.that_matter(answer)
        assert set(matter) <= set(taken_for_granted.assumptions(answer)), key
        assert sections_of(text)["Assumptions"] == [
            f"- {line}" for line in (*matter, decision.NOT_ALL)
        ], key


def test_the_speed_of_a_machine_is_an_assumption_only_where_one_is_recommended(catalog):
    own, hosted = ask(catalog, placement="own"), ask(catalog)
    measured = ask(catalog, CHEAP, placement="own")
    assert any("Speed on a " in line for line in taken_for_granted.that_matter(own))
    for answer in (hosted, measured):
        assert not any("Speed on a " in line for line in taken_for_granted.that_matter(answer))


def test_alternatives_are_four_and_changes_five_at_most_and_count_the_rest(pages):
    for key, (_, text) in pages.items():
        found = sections_of(text)
        assert len(found.get("Alternatives", ())) <= 4, key
        assert len(found["What would change the answer"]) <= 5, key
    for key in ("english-search", "multilingual-rag", "both-steps"):
        answer, text = pages[key]
        found, plain = sections_of(text), record.as_json(answer.catalog, answer)
        for title, field in (
            ("Alternatives", "alternatives"),
            ("What would change the answer", "would_change"),
        ):
            total, shown = len(plain[field]), len(found[title])
            rest = f" ({shown} of {total})" if shown < total else ""
            assert f"\n## {title}{rest}\n" in text, key


def test_the_alternatives_of_a_page_begin_with_other_models(catalog):
    found = sections_of(page_of(ask(catalog)))["Alternatives"]
    models = [re.split(" at | on ", line.removeprefix("- "))[0] for line in found]
    assert len(set(models)) == len(models) == 4 and "BGE Large EN v1.5" not in models


def test_the_changes_of_a_page_are_of_as_many_fields(catalog):
    lines = sections_of(page_of(ask(catalog)))["What would change the answer"]
    assert sum("points less quality" in line for line in lines) == 1
    assert sum("as well" in line for line in lines) == 1


def test_the_code_of_a_page_runs_each_step_where_it_is_recommended(pages):
    for key, (answer, text) in pages.items():
        for part in answer.pick.parts if answer.pick else ():
            options = run_it.snippets(answer, part)
            code = next(option.code for option in options if option.code)
            without_breaks = re.sub(r"\s+", "", code)
            fences = [re.sub(r"\s+", "", fence) for fence in text.split("```")[1::2]]
            assert any(fence.endswith(without_breaks) for fence in fences), key
            if not options[0].code:
                assert all(note in text for note in options[0].notes), key


def test_where_nothing_fits_a_page_says_why_and_what_would_help(pages):
    answer, text = pages["nothing"]
    lines = sections_of(text)["Why, and what would help"]
    help_lines = record.as_json(answer.catalog, answer)["loosen"]
    assert help_lines and all(
        any(line.startswith(f"- {reason['text']}") for line in lines) for reason in help_lines
    )
    assert "```" not in text


def test_the_page_of_a_recommendation_reads_so(catalog, pinned):
    text = page_of(ask(catalog, **TWO_STEPS))
    assert text.replace(catalog.version, "VERSION") == pinned
