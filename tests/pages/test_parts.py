"""The length of parts and their overlap on the form, in addresses, and under their old name."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse

from advisor.ask.workload import Workload, bounds
from advisor.catalog.load import today
from advisor.decide.recommend import recommend
from advisor.explain import what_would_change
from pages.parts import markdown, old_links, session
from tests.visiting import opened

OLD = "split_long_passages"
STATED = [
    {},
    {"chunk_tokens": None},
    {"chunk_tokens": None, "chunk_overlap_tokens": 300},
    {"chunk_tokens": 16},
    {"chunk_tokens": 99},
    {"chunk_tokens": 100},
    {"chunk_tokens": 700, "chunk_overlap_tokens": 0},
    {"chunk_tokens": 32_768, "chunk_overlap_tokens": 16_384},
    {"chunk_overlap_tokens": 200},
]


def boxes(page) -> tuple[str, int]:
    length, overlap = page.text_input(key="chunk_tokens"), page.number_input
    return length.value, overlap(key="chunk_overlap_tokens").value


def said(page, kind: str) -> str:
    return "\n".join(element.value for element in getattr(page, kind))


def stored(page) -> dict:
    return page.session_state[session.STORED]


@pytest.mark.parametrize("stated", STATED, ids=str)
@pytest.mark.parametrize("name", ["advise", "cost"])
def test_every_link_of_the_app_opens_the_same_question(name, stated):
    workload = Workload.of(stated)
    page = opened(name, **workload.params())
    assert stored(page) == workload.params() and not page.error and not page.warning
    length = "none" if workload.chunk_tokens is None else str(workload.chunk_tokens)
    assert boxes(page) == (length, workload.chunk_overlap_tokens)
    disabled = page.number_input(key="chunk_overlap_tokens").disabled
    assert disabled == (workload.chunk_tokens is None)


@pytest.mark.parametrize(("old", "new"), [("false", {"chunk_tokens": "none"}), ("true", {})])
def test_a_link_of_before_opens_the_same_question(old, new):
    page = opened("advise", passages="777", **{OLD: old})
    assert stored(page) == {"passages": "777"} | new and not page.warning


def test_a_link_with_both_names_is_told_and_the_new_one_is_taken():
    page = opened("advise", chunk_tokens="700", **{OLD: "false"})
    assert stored(page) == {"chunk_tokens": "700"}
    assert markdown.plain(f"{OLD}=false: the link also has chunk_tokens") in said(page, "warning")


@pytest.mark.parametrize(
    ("name", "value"),
    [(OLD, "maybe"), (OLD, "none"), ("chunk_tokens", "abc"), ("chunk_tokens", "15"),
     ("chunk_tokens", "1e400"), ("chunk_overlap_tokens", "-1")],
)  # fmt: skip
def test_a_link_with_a_wrong_value_is_told_and_the_default_taken(name, value):
    page = opened("advise", **{name: value})
    assert markdown.plain(f"{name}={value}: ") in said(page, "warning") and stored(page) == {}
    assert boxes(page) == ("400", 50)


@pytest.mark.parametrize(
    ("typed", "held"),
    [("1,000", "1000"), (" 4000 ", "4000"), ("None", "none"), ("", "400"), ("80", "80")],
)
def test_a_length_may_be_typed_as_people_write_it(typed, held):
    page = opened("advise", chunk_tokens="700")
    page.text_input(key="chunk_tokens").set_value(typed).run()
    assert boxes(page) == (held, 50) and not page.error
    assert stored(page) == Workload.of({"chunk_tokens": held}).params()


@pytest.mark.parametrize("typed", ["abc", "7", "40000", "-400", "many"])
def test_a_length_that_is_none_is_told_with_what_may_be_typed(typed):
    page = opened("advise")
    page.text_input(key="chunk_tokens").set_value(typed).run()
    (error,) = page.error
    low, high = (f"{int(bound):,}" for bound in bounds("chunk_tokens"))
    remedy = f"Type a whole number of tokens from {low} to {high}, or none."
    assert markdown.plain(f"'{typed}' cannot be used. {remedy}") in error.value
    assert not page.exception


def test_a_part_too_short_for_the_default_overlap_is_answered_with_half_of_it():
    page = opened("advise")
    page.text_input(key="chunk_tokens").set_value("60").run()
    assert not page.error and boxes(page) == ("60", 50)
    assert "Each part repeats the last 30 tokens of the one before." in said(page, "caption")
    assert stored(page) == {"chunk_tokens": "60", "chunk_overlap_tokens": "30"}


def test_an_overlap_over_half_is_told_in_the_words_of_the_form_and_typed_over():
    page = opened("advise", chunk_overlap_tokens="300")
    sentence = "An overlap of 300 tokens is over half of the longest part (400)."
    assert [error.value for error in page.error] == [markdown.plain(sentence)]
    assert "are cut" not in said(page, "caption")
    page.number_input(key="chunk_overlap_tokens").set_value(200).run()
    assert not page.error and stored(page) == {"chunk_overlap_tokens": "200"}


def test_a_preset_with_whole_passages_and_one_without_are_put_into_the_form(catalog):
    page = opened("advise")
    for key in ("long-contracts", next(iter(catalog.presets))):
        page.get_by_key("preset").set_value(key).run()
        workload = Workload.of(catalog.presets[key].workload)
        assert stored(page) == workload.params() and page.get_by_key("preset").value == key
    assert catalog.presets["long-contracts"].workload["chunk_tokens"] is None


@pytest.mark.parametrize(("length", "cut"), [("300", True), ("none", False)])
def test_lengths_of_ones_own_texts_are_said_to_be_of_whole_passages_where_they_are_cut(length, cut):
    page = opened("cost", part="Your texts", chunk_tokens=length)
    page.text_area(key="sample_text").set_value("word " * 600).run()
    assert ("passages over 300 tokens cut into parts" in said(page, "markdown")) == cut
    next(b for b in page.button if b.proto.icon == ":material/check:").click().run()
    assert stored(page)["passage_tokens"] == "600" and stored(page)["chunk_tokens"] == length


@pytest.mark.parametrize("stated", [{"passage_tokens": 900, "passage_tokens_p95": 3_000}])
def test_what_would_change_the_answer_can_be_applied(catalog, stated):
    recommendation = recommend(catalog, Workload.of(stated), today())
    changes = what_would_change.changes(catalog, recommendation)
    number, change = next((n, c) for n, c in enumerate(changes) if c.field == "chunk_tokens")
    page = opened("advise", {"changes": True}, **recommendation.workload.params())
    page.button(key=f"apply-{number}").click().run()
    assert stored(page) == change.workload.params() and not page.exception


def answer_to(path: str, query: str) -> tuple[int, str]:
    """Status and new address of what the server says to a browser."""
    answers = []

    async def send(message):
        answers.append(message)

    scope = {"type": "http", "path": path, "query_string": query.encode(), "headers": []}
    asyncio.run(old_links.ToNewNames(PlainTextResponse("the page"))(scope, None, send))
    return answers[0]["status"], dict(answers[0]["headers"]).get(b"location", b"").decode()


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/advise", f"{OLD}=false", "advise?chunk_tokens=none"),
        ("/below/cost", f"passages=5&{OLD}=true", "cost?passages=5"),
        ("/advise", f"{OLD}=true", "advise"),
        ("/advise", f"{OLD}=false&languages=de&languages=no&chunk_overlap_tokens=",
         "advise?chunk_tokens=none&languages=de&languages=no&chunk_overlap_tokens="),
        ("/cost", f"{OLD}=false&bogus=//a.example%0d%0aX:%20y",
         "cost?chunk_tokens=none&bogus=%2F%2Fa.example%0D%0AX%3A+y"),
    ],
)  # fmt: skip
def test_the_browser_is_sent_on_from_a_link_of_before(path, query, location):
    assert answer_to(path, query) == (307, location)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/advise", "chunk_tokens=none"),
        ("/advise", f"{OLD}=false&chunk_tokens=700"),
        ("/advise", f"{OLD}=maybe"),
        ("/advise", f"{OLD}=false&{OLD}=true"),
        ("/advise", f"%FF\xff={OLD}"),
        ("/api/v1/recommendation", f"{OLD}=false"),
        ("/", f"{OLD}=false"),
    ],
)
def test_other_links_open_as_they_are(path, query):
    assert answer_to(path, query) == (200, "")
