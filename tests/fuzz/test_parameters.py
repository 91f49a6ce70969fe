"""Address parameters, whatever a link holds: told in sentences or taken, never an error of another kind."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.decide.query import ignored
from tests.fuzz.fuzzing import VALUES, drawn

FIELDS = [*Workload.model_fields, *Assumptions.model_fields]
WORDS = st.one_of(
    st.sampled_from(["", "true", "false", "en", "zz", "dense", "own", "0", "-1", "1", "1e400", "nan", "inf", "-0", "1_000", "٣", "1" * 5000, "2026-02-30", "2026-11-25", "\uff12\uff10\uff12\uff16-11-25", "bge-m3", "\ud800", "\x00", "a\nb", "%00", "../x"]),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=12),
)  # fmt: skip
PARAMETERS = st.dictionaries(
    st.sampled_from(FIELDS) | st.text(max_size=10), st.lists(WORDS, max_size=3), max_size=5
)
CHOICES = {"vector_store": ("ram", "none", "pgvector"), "measured_variant": ("bge-m3",)}


@drawn(300)
@given(PARAMETERS)
@example({"passages": ["1" * 5000]})
@example({"measured_on": ["\uff12\uff10\uff12\uff16-11-25"]})
def test_what_a_link_holds_is_told_or_taken(params):
    told = ignored(params, CHOICES, ("page",), (Workload, Assumptions))
    assert len(told) <= len(params)
    for sentence in told:
        assert sentence.strip() and len(sentence) < 1000


@drawn(300)
@given(
    st.dictionaries(
        st.sampled_from(list(Workload.model_fields)),
        VALUES | WORDS | st.lists(WORDS, max_size=3),
        max_size=6,
    )
)
@example({"languages": ["en"] * 51})
@example({"passages": "1" * 5000})
def test_a_workload_is_read_or_refused_with_its_fields(stated: dict[str, Any]):
    try:
        workload = Workload.of(stated)
    except WorkloadError as error:
        assert str(error).strip()
        return
    assert Workload.of(workload.stated()) == workload
    assert (
        ignored(
            {
                name: [value] if isinstance(value, str) else value
                for name, value in workload.params().items()
            },
            {},
        )
        == []
    )


@drawn(300)
@given(st.dictionaries(st.sampled_from(list(Assumptions.model_fields)), VALUES | WORDS, max_size=8))
@example({"measured_on": "\uff12\uff10\uff12\uff16-11-25"})
def test_assumptions_are_read_or_refused_with_their_fields(stated: dict[str, Any]):
    try:
        made = Assumptions.of(stated)
    except WorkloadError as error:
        assert str(error).strip()
        return
    assert Assumptions.of(made.stated()) == made
    measured = made.measured
    assert measured is None or measured.tokens_per_second > 0


@drawn(50)
@given(st.dictionaries(st.text(max_size=12), VALUES, min_size=1, max_size=3))
def test_a_field_that_does_not_exist_is_told(stated):
    for model in (Workload, Assumptions):
        if unknown := set(stated) - set(model.model_fields):
            with pytest.raises(WorkloadError) as error:
                model.of(stated)
            assert all(f"'{name}'" in str(error.value) for name in unknown)
