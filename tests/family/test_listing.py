"""The as-listed view, word for word."""

from pathlib import Path

import pytest
import yaml

from advisor.catalog import LoadedFamily
from advisor.catalog.schema import Family as FamilyFacts
from advisor.catalog.schema import Listing
from advisor.family import listing
from advisor.serve import cli

GOLDEN = yaml.safe_load((Path(__file__).with_name("expected.yaml")).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def view(catalog):
    return listing.golden(listing.as_listed(catalog.families["bge"]))


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


def made(variants, pricing=()):
    entry = Listing.model_validate(
        {
            "about": "About.", "use_when_note": "Note.", "provider_count": 1, "capabilities": ["embedding"], "source": "listing",
            "variants": [{"variant": "x", "released": "2024-01", "capability": "embedding", "context": "512", "parameters": "1B"} | v for v in variants],
            "providers": [], "pricing": [{"output_usd_per_1m": None, "type": "Serverless", "provider": "P"} | p for p in pricing],
            "related": {"name": "R", "developer": "D", "strongest_capability": "chat", "max_context": "4k"},
            "faq_questions": ["A?", "B?", "C?"],
        }
    )  # fmt: skip
    facts = FamilyFacts(name="F", developer="D", about="About.", sources=["listing"])
    return listing.as_listed(LoadedFamily("f", facts, {}, entry))


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
        [{"name": "A"}],
        [
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
        listing.as_listed(made_up.families["acme"])
    assert str(error.value) == pinned
