"""Figures on the form that do not go together: told in its words, mended, the last answer kept."""

import pytest

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import MOST_LANGUAGES, Workload, bounds
from advisor.catalog.load import today
from advisor.decide.recommend import recommend
from advisor.explain import what_would_change
from pages.parts import answer, form, form_faults, form_fields, markdown, session
from tests.visiting import opened

FIELDS = [name for name in (*Workload.model_fields, *Assumptions.model_fields) if "_" in name]
FAULTS = [
    ("number_input", "passage_tokens", 600, "95th percentile to 600",
     {"passage_tokens": "600", "passage_tokens_p95": "600"}),
    ("number_input", "chunk_overlap_tokens", 300, "overlap to 200",
     {"chunk_overlap_tokens": "200"}),
    ("text_input", "chunk_tokens", "7", "to 16 tokens",
     {"chunk_tokens": "16", "chunk_overlap_tokens": "8"}),
    ("multiselect", "languages", [], "English", {}),
    ("multiselect", "outputs", [], "dense", {}),
    ("number_input", "measured_tokens", 128, "Clear the measured machine", {}),
    ("text_input", "measured_on", "2026-02-30", "Clear the day", {}),
    ("text_input", "measured_on", "2026-11-24", "Clear the measured machine", {}),
]  # fmt: skip
LENGTHS = {"passage_tokens": "900"}  # the 95th percentile is 450


def set_to(page, kind: str, key: str, value) -> None:
    getattr(page, kind)(key=key).set_value(value).run()
    assert not page.exception


def mends(page) -> list:
    return [button for button in page.button if (button.key or "").startswith("mend-")]


def stored(page) -> dict:
    return page.session_state[session.STORED]


def told(page, kind: str) -> str:
    return "\n".join(element.value for element in getattr(page, kind))


def headline(catalog, **stated) -> str:
    """The heading of the answer."""
    return markdown.plain(recommend(catalog, Workload.of(stated), today()).pick.named)


@pytest.mark.parametrize(("kind", "key", "value", "remedy", "after"), FAULTS)
def test_a_fault_is_told_in_the_words_of_the_form_and_mended_by_its_button(
    catalog, kind, key, value, remedy, after
):
    page = opened("advise")
    set_to(page, kind, key, value)
    (error,), (mend,) = page.error, mends(page)
    assert not any(markdown.plain(name) in error.value for name in FIELDS)
    assert remedy in mend.label and stored(page) == {}
    assert markdown.plain(answer.NOT_UPDATED) in told(page, "warning")
    assert headline(catalog) in told(page, "header")
    mend.click().run()
    assert not page.exception and not page.error and not page.warning and not mends(page)
    assert stored(page) == after


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("-400", 16), ("15", 16), ("40000", 32_768), ("1e400", 32_768), ("500.7", 501), ("nan", 400),
     ("<b>", 400)],
)  # fmt: skip
def test_the_nearest_length_that_parts_may_have_is_offered(typed, nearest):
    (fault,) = form_faults.faults_in(Workload, {"chunk_tokens": typed})
    assert fault.puts == {"chunk_tokens": str(nearest)} and f"{nearest:,} tokens" in fault.remedy
    assert f"'{typed}' cannot be used" in fault.sentence


@pytest.mark.parametrize("day", ["today", "2026-99-99", "20261124"])
def test_a_day_that_is_none_is_cleared_before_the_machine(day):
    (fault,) = form_faults.faults_in(Assumptions, {"measured_tokens": 8, "measured_on": day})
    assert fault.puts == {"measured_on": None} and f"'{day}' is no day" in fault.sentence


def test_lengths_that_do_not_go_together_are_told_with_both_figures():
    page = opened("advise", passage_tokens="600")
    assert [error.value for error in page.error] == [
        markdown.plain("The 95th percentile (450 tokens) can't be below the typical passage (600).")
    ]


def test_an_empty_box_counts_as_its_default():
    page = opened("advise", passage_tokens="600", passage_tokens_p95="700")
    assert not page.error
    set_to(page, "number_input", "passage_tokens_p95", None)
    assert "450" in page.error[0].value
    mends(page)[0].click().run()
    assert stored(page)["passage_tokens_p95"] == "600"


def test_more_languages_than_can_be_asked_for_are_cut_to_the_first(catalog):
    page = opened("advise")
    set_to(
        page, "multiselect", "languages", list(form_fields.languages(catalog))[: MOST_LANGUAGES + 1]
    )
    mends(page)[0].click().run()
    assert not page.error
    assert stored(page)["languages"] == list(form_fields.languages(catalog))[:MOST_LANGUAGES]


def test_what_a_remedy_puts_in_is_the_default_that_it_names():
    assert Workload().languages == ("en",) and Workload().outputs == ("dense",)
    assert bounds("chunk_tokens") == (16, 32_768) and Workload().chunk_tokens == 400


def test_several_faults_are_told_at_once_and_mended_one_by_one():
    page = opened("advise", passage_tokens="900", chunk_overlap_tokens="300", measured_tokens="8")
    assert len(page.error) == len(mends(page)) == 3
    for left in (2, 1, 0):
        mends(page)[0].click().run()
        assert len(page.error) == len(mends(page)) == left
    assert stored(page) == {
        "passage_tokens": "900", "passage_tokens_p95": "900", "chunk_overlap_tokens": "200",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["advise", "cost"])
def test_a_link_with_a_fault_waits_for_its_answer_and_loses_nothing(name):
    rest = {"passages": "777", "speed_percent": "50", "scores": "longembed"}
    page = opened(name, **rest | LENGTHS)
    assert [info.value for info in page.info] == [form.WAITS] and not page.header
    assert session.STORED not in page.session_state
    mends(page)[0].click().run()
    assert stored(page) == rest | LENGTHS | {"passage_tokens_p95": "900"}


@pytest.mark.parametrize("name", ["advise", "cost"])
def test_the_last_answer_stays_whole_and_says_what_it_is_for(name):
    page = opened(name, passage_tokens="350", chunk_tokens="500")
    before = [table.value.to_csv() for table in page.table]
    heads = [head.value for head in page.header]
    link = told(page, "code")
    assert "passage_tokens=350" in link
    set_to(page, "number_input", "passage_tokens", 600)
    assert heads == [head.value for head in page.header]
    assert before == [table.value.to_csv() for table in page.table] and link == told(page, "code")
    assert "350 in 'Tokens per passage'. Fix" in told(page, "warning")
    assert stored(page) == {"passage_tokens": "350", "chunk_tokens": "500"}


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ({"languages": ("en", "de")}, {"languages": []}, "English and German in 'Languages'"),
        ({"outputs": ("multi_vector",)}, {"outputs": []}, "Multi-vector (ColBERT) in 'Vectors'"),
        ({"chunk_tokens": None}, {"chunk_tokens": "400"}, "none in 'Cut passages over (tokens)'"),
        ({}, {"latency_ms_p95": 5.0}, "nothing in 'Latency limit (ms, 95th percentile)'"),
        ({"redundancy": True}, {"redundancy": False}, "yes in 'Keep a spare machine'"),
        ({"quality_tolerance": 0.5}, {"quality_tolerance": None}, "0.5 in 'Accept up to"),
    ],
)
def test_what_an_old_answer_is_for_is_said_in_words(before, now, words):
    entries = form_faults.Entries(Workload)
    entries.values |= {"passages": Workload().passages, **now}
    (difference,) = entries.differences(Workload(**before))
    assert difference.startswith(words)


def test_where_many_figures_differ_they_are_not_named():
    page = opened("advise")
    set_to(page, "number_input", "passage_tokens", 600)
    for key in ("passages", "queries_per_month"):
        page.number_input(key=key).set_value(7)
    set_to(page, "number_input", "query_tokens", 7)
    assert "the answer for the figures before" in told(page, "warning")


def test_a_step_that_changes_the_answer_can_be_taken_from_a_faulty_form(catalog):
    page = opened("advise", {"changes": True})
    set_to(page, "number_input", "passage_tokens", 600)
    change = what_would_change.changes(catalog, recommend(catalog, Workload(), today()))[0]
    page.button(key="apply-0").click().run()
    assert not page.error and not page.warning and stored(page) == change.workload.params()


def test_a_preset_can_be_chosen_from_a_faulty_form(catalog):
    page = opened("advise", **LENGTHS, chunk_overlap_tokens="300")
    preset = next(iter(catalog.presets))
    page.get_by_key("preset").set_value(preset).run()
    assert not page.error
    assert stored(page) == Workload.of(catalog.presets[preset].workload).params()


def test_all_assumptions_can_be_reset_from_a_faulty_form():
    page = opened("cost", measured_tokens="128", speed_percent="50", passages="777")
    assert page.error
    (reset,) = (button for button in page.button if button.proto.icon == ":material/restart_alt:")
    reset.click().run()
    assert not page.error and stored(page) == {"passages": "777"}


def test_a_section_in_which_a_link_has_a_fault_is_open():
    sections = {e.proto.icon: e for e in opened("advise", chunk_overlap_tokens="300").expander}
    opened_ones = [icon for icon, e in sections.items() if e.proto.expanded]
    assert opened_ones == [":material/tune:"]


def test_a_fault_that_has_no_known_remedy_is_told_alone_in_the_words_of_the_form(monkeypatch):
    monkeypatch.setattr(form_faults, "_lengths", lambda values: [])
    page = opened("advise", **LENGTHS)
    (error,) = page.error
    assert "(450) cannot be below 'Tokens per passage' (900)" in error.value and not mends(page)
    assert [info.value for info in page.info] == [form.WAITS]
    set_to(page, "number_input", "passage_tokens", 400)
    assert not page.error and stored(page) == {"passage_tokens": "400"}


def test_an_old_answer_whose_scores_the_catalog_has_no_more_is_not_shown():
    page = opened("advise", {session.STORED: {"scores": "your-data"}}, **LENGTHS)
    assert page.error and [info.value for info in page.info] == [form.WAITS]


def test_what_is_typed_as_a_language_is_its_code_and_what_is_none_is_mended():
    page = opened("advise")
    set_to(page, "multiselect", "languages", ["en", "Germn"])
    assert [error.value for error in page.error] == [
        markdown.plain("'Germn' is not a language code or name.")
    ]
    assert [button.label for button in mends(page)] == ["Use German (de)"]
    mends(page)[0].click().run()
    assert not page.error and stored(page) == {"languages": ["en", "de"]}
    set_to(page, "multiselect", "languages", ["en", "de", "FRENCH", "qwertyuiop"])
    assert "Write its ISO 639 code" in page.error[0].value
    mends(page)[0].click().run()
    assert stored(page) == {"languages": ["en", "de", "fr"]}


def test_a_link_with_names_of_languages_asks_for_them_by_code():
    page = opened("advise", languages=["German", "english"])
    assert stored(page) == {"languages": ["de", "en"]} and not page.warning


def test_a_language_that_is_none_loses_no_asked_scores():
    page = opened("advise", scores="longembed")
    assert stored(page)["scores"] == "longembed"
    set_to(page, "multiselect", "languages", ["en", "Germn", "qwertyuiop"])
    assert (
        len(mends(page)) == 1
        and "'Germn' and 'qwertyuiop' are not language codes or names" in page.error[0].value
    )
    set_to(page, "multiselect", "languages", ["en"])
    assert stored(page) == {"scores": "longembed"}


def test_a_link_with_a_language_that_is_none_holds_it_for_its_remedy():
    page = opened("advise", languages=["Germn", "fr"], passages="777")
    assert not page.warning and [info.value for info in page.info] == [form.WAITS]
    mends(page)[0].click().run()
    assert stored(page) == {"languages": ["de", "fr"], "passages": "777"}


def test_an_output_that_the_task_does_not_use_blocks_nothing():
    page = opened("advise", task="rerank", outputs="")
    assert not page.error and not page.info
