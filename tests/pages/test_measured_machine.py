"""A machine that was measured on Live, in Cost and Advise: its link, and links that are broken."""

import re

import pytest

from advisor.explain import formula, sentences
from advisor.live import speed
from tests.asking import TODAY
from tests.decide.measured import CHEAP, STATED, ask, here, with_facts
from tests.live.measurement import SMALL, SPEED
from tests.visiting import opened


def words(page, *kinds):
    """What stands on the page, in elements of these kinds or any, without signs against markup."""
    kinds = kinds or ("header", "subheader", "markdown", "error", "warning", "caption")
    return re.sub(
        r"\\(?=[^a-zA-Z0-9\s])|\u2060",
        "",
        "\n".join(e.value for kind in kinds for e in getattr(page, kind)),
    )


def test_the_link_of_the_button_brings_the_machine_to_cost(catalog):
    recommendation = ask(catalog)
    lead, where = sentences.this_machine(recommendation)[0], here(recommendation).plan.where
    page = opened(
        "cost", **speed.params(SMALL, SPEED, 0.1, 8, TODAY), offer="bge-small-en-v1.5@this-machine"
    )
    text = words(page)
    assert (
        lead in text
        and with_facts(
            formula.cost_formula(here(recommendation), recommendation), "GFLOP/s", "2026-11-24"
        )
        in text
    )
    assert not any(name in words(page, "error", "warning") for name in STATED)
    assert any(where in option for option in page.selectbox(key="offer").options)
    assert with_facts([e.label for e in page.expander], "7")  # assumptions that were changed
    assert [page.session_state[name] for name in STATED] == list(STATED.values())
    (reset,) = [button for button in page.button if button.label == "Reset all"]
    reset.click().run()
    assert not page.exception and lead not in words(page) and where not in words(page)
    assert not any(page.session_state[name] for name in STATED)


def test_the_link_brings_the_machine_to_advise(catalog):
    pick = ask(catalog, CHEAP, placement="own").pick
    page = opened(
        "advise",
        **speed.params(SMALL, SPEED, CHEAP["machine_usd_per_hour"], 8, TODAY),
        placement="own",
    )
    assert pick.parts[0].plan.measured and pick.named in "".join(e.value for e in page.header)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("measured_variant", "nope"),
        ("measured_precision", "bf16"),
        ("measured_tokens_per_second", "1e400"),
        ("machine_usd_per_hour", "-1"),
        ("measured_on", "2026-99-99"),
        ("measured_on", "<b>now</b>"),
    ],
)
def test_a_broken_link_is_told_and_ends_no_page(name, value):
    params = speed.params(SMALL, SPEED, 0.1, 8, TODAY) | {name: value}
    page = opened("cost", **params)
    text = words(page, "error", "warning")
    assert name in text and value in text


def test_a_link_with_a_machine_in_part_is_told_in_the_words_of_the_form():
    params = speed.params(SMALL, SPEED, 0.1, 8, TODAY)
    del params["measured_tokens"]
    (error,) = opened("cost", **params).error
    assert error.value.startswith("Your measured machine lacks 'Measured text length (tokens)'")


def test_the_plans_of_a_link_without_the_machine_do_not_hold_it():
    assert "bge-small-en-v1.5@this-machine" in words(
        opened("cost", offer="bge-small-en-v1.5@this-machine"), "warning"
    )
