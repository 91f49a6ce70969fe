import pytest

from advisor.ask.assumptions import MEASURED, Assumptions
from advisor.base.errors import WorkloadError
from tests.decide.measured import STATED


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"target_utilisation": 2}, "target_utilisation: "),
        ({"filling": 0.5}, "'filling'"),
        ({"your_price_usd_per_1m": -1}, "your_price_usd_per_1m"),
        ({"speed_percent": float("nan")}, "speed_percent"),
    ],
)
def test_a_bad_assumption_is_told_with_its_field(stated, told):
    with pytest.raises(WorkloadError, match=told):
        Assumptions.of(stated)


def test_changed_assumptions_are_those_of_the_address():
    assert Assumptions.of({"target_utilisation": 0.5, "precision": "int8"}).params() == {
        "target_utilisation": "0.5",
        "precision": "int8",
    }
    assert Assumptions().params() == {}


@pytest.mark.parametrize("name", MEASURED)
def test_an_incomplete_set_is_told_in_a_sentence_and_makes_no_machine(pinned, name):
    rest = {key: value for key, value in STATED.items() if key != name}
    with pytest.raises(WorkloadError) as error:
        Assumptions.of(rest)
    assert [field for field in STATED if f"({field})" in str(error.value)] == [name]
    assert f"'{Assumptions.model_fields[name].title}'" in str(error.value)
    assert str(error.value) == pinned


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("measured_on", "2026-02-30"),
        ("measured_tokens_per_second", 0),
        ("measured_tokens_per_second", float("inf")),
        ("machine_usd_per_hour", 0),
        ("measured_variant", "[x](y)"),
        ("measured_precision", "bf16"),
    ],
)
def test_a_figure_that_cannot_be_is_told_with_its_field(name, value):
    with pytest.raises(WorkloadError, match=f"^{name}: ") as error:
        Assumptions.of(STATED | {name: value})
    assert sum(not line.startswith("  ") for line in str(error.value).splitlines()) == 1


def test_a_day_without_a_machine_is_told_with_all_that_is_missing(pinned):
    with pytest.raises(WorkloadError) as error:
        Assumptions.of({"measured_on": "2026-11-24"})
    assert all(f"({name})" in str(error.value) for name in MEASURED)
    assert str(error.value) == pinned
