"""The as-listed view, word for word."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from advisor.catalog import LoadedFamily
from advisor.catalog.schema import Family as FamilyFacts
from advisor.catalog.schema import Listing, context_tokens
from advisor.family import listing
from advisor.serve import cli

GOLDEN = yaml.safe_load((Path(__file__).with_name("expected.yaml")).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def view(catalog):
    return listing.golden(listing.as_listed(catalog, catalog.families["bge"]))


def test_the_whole_view_is_the_golden_one(view):
    assert view == GOLDEN
    assert list(view) == list(GOLDEN)


@pytest.mark.parametrize("number", range(8), ids=[v["name"] for v in GOLDEN["variants"]])
def test_a_row_as_listed(view, number):
    assert view["variants"][number] == GOLDEN["variants"][number]
    assert list(view["variants"][number]) == list(GOLDEN["variants"][number])


@pytest.mark.parametrize("number", range(3), ids=[f["question"] for f in GOLDEN["faq"]])
def test_an_answer_as_listed(view, number):
    assert view["faq"][number]["answer"] == GOLDEN["faq"][number]["answer"]


def test_the_groups_come_newest_first(view):
    assert list(view["release_groups"].items()) == list(GOLDEN["release_groups"].items())


def test_the_command_prints_the_golden_view(capsys):
    assert cli.main(["listing"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == GOLDEN


def made(variants, pricing=(), **stated):
    entry = Listing.model_validate(
        {
            "about": "About.", "use_when_note": "Note.", "provider_count": 1, "capabilities": ["embedding"], "source": "listing",
            "variants": [{"variant": "x", "released": "2024-01", "capability": "embedding", "context": "512", "parameters": "1B"} | v for v in variants],
            "providers": [], "pricing": [{"output_usd_per_1m": None, "type": "Serverless", "provider": "P"} | p for p in pricing],
            "related": {"name": "R", "developer": "D", "strongest_capability": "chat", "max_context": "4k"},
            "faq_questions": ["A?", "B?", "C?"],
        } | stated
    )  # fmt: skip
    facts = FamilyFacts(name="F", developer="D", about="About.", sources=["listing"])
    return listing.as_listed(None, LoadedFamily("f", facts, {}, entry))


def test_two_signals_are_joined_by_and():
    assert (
        made([{"name": "A", "parameters": None}]).rows[0].use_when
        == "Use when the workload needs embedding and 512 context."
    )


def test_one_signal_stands_alone():
    assert (
        made([{"name": "A", "parameters": None, "context": None}]).rows[0].use_when
        == "Use when the workload needs embedding."
    )


def test_what_the_golden_view_does_not_hold_is_said_plainly(pinned):
    unknown = made([{"name": "A", "parameters": None, "context": None, "capability": None}]).rows[0]
    replaced, unpriced = (
        made([{"name": "A", "replaced_by": "B"}]).rows[0],
        made([{"name": "A", "context": None}]).faq[2][1],
    )
    assert unknown.signals == () and "512" not in unknown.use_when
    assert (
        replaced.status.endswith(" B")
        and " B." in replaced.use_when
        and replaced.use_when != unknown.use_when
    )
    assert "$" not in unpriced
    assert {
        "no signal": unknown.use_when,
        "status of what is replaced": replaced.status,
        "use of what is replaced": replaced.use_when,
        "no price": unpriced,
    } == pinned


def test_the_first_of_a_tie_in_price_is_named():
    view = made(
        [{"name": "A"}, {"name": "B"}, {"name": "C"}],
        [
            {"variant": "Misspelt", "input_usd_per_1m": "0.001"},
            {"variant": "A", "input_usd_per_1m": "0.02"},
            {"variant": "B", "input_usd_per_1m": "0.01"},
            {"variant": "C", "input_usd_per_1m": "0.01"},
        ],
    )
    assert "start with B through P at $0.01/1M" in view.faq[2][1]


def test_a_price_that_is_a_dash_is_never_the_lowest():
    assert (
        "start with A"
        in made(
            [{"name": "A"}],
            [{"variant": "B", "input_usd_per_1m": None}, {"variant": "A", "input_usd_per_1m": "1"}],
        ).faq[2][1]
    )


def test_the_latest_of_the_largest_contexts_is_the_most_capable():
    view = made(
        [
            {"name": "Old", "context": "8k"},
            {"name": "New", "context": "8k", "released": "2024-05"},
            {"name": "Short", "released": "2025-01"},
        ]
    )
    assert view.faq[2][1].endswith("evaluate New with 8k context.")


def test_a_family_without_a_listing_says_so(made_up, pinned):
    with pytest.raises(ValueError, match="Acme") as error:
        listing.as_listed(made_up, made_up.families["acme"])
    assert str(error.value) == pinned


@pytest.mark.parametrize(
    ("printed", "tokens"),
    [
        ("512", 512),
        ("32,768", 32_768),
        ("8k", 8_000),
        ("8K", 8_000),
        ("1.5k", 1_500),
        ("128k", 128_000),
        ("1M", 1_000_000),
        ("1m", 1_000_000),
    ],
)
def test_a_context_is_read_as_it_is_printed_and_shown_so(printed, tokens):
    assert context_tokens(printed) == tokens
    view = made([{"name": "A", "context": "1"}, {"name": "B", "context": printed}])
    assert view.max_context == printed and f"{printed} context" in view.rows[1].signals
    assert view.faq[2][1].endswith(f"evaluate B with {printed} context.")


@pytest.mark.parametrize(
    "printed", ["long", "8 pages", "0", "-5", "1..5k", "", " 8k", "8,19", "0.5", "1e3", "٨k", "1B"]
)
def test_what_is_no_number_of_tokens_is_no_context(printed):
    assert context_tokens(printed) is None
    with pytest.raises(ValidationError, match="32,768, 8k or 1M"):
        made([{"name": "A", "context": printed}])


@pytest.mark.parametrize(
    ("rows", "stated", "answer"),
    [
        (
            [{"context": None}], {},
            "F by D is strongest where you need embedding, while R by D is the closest related family to check for chat. "
            "F has 1 listed variant, while R reaches up to 4k context, so compare",
        ),
        (
            [{}, {}], {"related": {"name": "R"}},
            "F by D is strongest where you need embedding, while R is the closest related family. "
            "F has 2 listed variants and reaches up to 512 context, so compare",
        ),
        (
            [{}], {"related": None},
            "F by D is strongest where you need embedding. "
            "F has 1 listed variant and reaches up to 512 context, so compare",
        ),
        (
            [{"context": None}], {"related": None, "capabilities": []},
            "The listing names no capability of F by D. F has 1 listed variant, so compare",
        ),
    ],
    ids=["no contexts", "a related family without statements", "no related family", "nothing"],
)  # fmt: skip
def test_a_comparison_does_without_what_is_not_listed(rows, stated, answer):
    view = made([{"name": f"V{number}"} | row for number, row in enumerate(rows)], **stated)
    assert view.faq[1][1].startswith(answer)


@pytest.mark.parametrize(
    ("capabilities", "answer"),
    [
        ([], "The listing names no capability of F."),
        (["chat"], "F is used for chat. The family description and listed model capabilities point to that workload"),
        (["chat", "code"], "F is used for chat and code. The family description and listed model capabilities point to those workloads"),
    ],
)  # fmt: skip
def test_what_a_family_is_used_for_follows_its_capabilities(capabilities, answer):
    assert made([{"name": "A"}], capabilities=capabilities).faq[0][1].startswith(answer)


def test_a_replaced_row_is_no_start_and_not_the_most_capable():
    rows = [
        {"name": "Old", "context": "1M", "released": "2026-01", "replaced_by": "New"},
        {"name": "New", "context": "8k"},
    ]
    prices = [
        {"variant": "Old", "input_usd_per_1m": "0.01"},
        {"variant": "New", "input_usd_per_1m": "0.02"},
    ]
    answer = made(rows, prices).faq[2][1]
    assert "Old" not in answer and "start with New" in answer and "evaluate New" in answer
    assert made(rows, prices[:1]).faq[2][1].startswith("No price is listed of a current variant.")
