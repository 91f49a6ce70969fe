"""Old names of fields, each with every value that it took, in all that a question is written in."""

import io
import json
from typing import NamedTuple
from urllib.parse import parse_qs

import pytest
import yaml

from advisor.ask.old_names import OLD_NAMES, OldNameError, renamed
from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.decide.query import QuestionError, ignored, of_json, of_params
from advisor.explain import record
from advisor.explain.replay import Replay
from advisor.serve.cli import read_workload
from tests.asking import TODAY, ask

OLD, NOW = "split_long_passages", "chunk_tokens"


class Row(NamedTuple):
    """An old field as it was stated, and what that states today."""

    name: str
    value: object
    today: dict[str, object]


ROWS = [
    Row("split_long_passages", True, {"chunk_tokens": 400}),
    Row("split_long_passages", False, {"chunk_tokens": None}),
]
EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}={row.value}")
BESIDE = {"passages": 5_000, "passage_tokens": 700, "passage_tokens_p95": 2_000}


def test_every_old_name_and_every_value_of_it_has_a_row():
    assert {(row.name, row.value) for row in ROWS} == {
        (name, value) for name, old in OLD_NAMES.items() for value in old.values
    }
    assert all(old.now in Workload.model_fields for old in OLD_NAMES.values())
    assert not OLD_NAMES.keys() & Workload.model_fields.keys()


@EACH
def test_in_json(catalog, row):
    old, new = (of_json(catalog, BESIDE | each) for each in ({row.name: row.value}, row.today))
    assert old == new and old.workload == Workload(**BESIDE, **row.today)


@EACH
def test_in_an_address(catalog, row):
    address = f"passages=5000&{row.name}={str(row.value).lower()}"
    params = parse_qs(address)
    assert of_params(catalog, params).workload == Workload(passages=5_000, **row.today)
    assert ignored(params, {}) == []


@pytest.mark.parametrize("written", [yaml.safe_dump, json.dumps], ids=["yaml", "json"])
@EACH
def test_in_a_file_and_on_standard_input(tmp_path, monkeypatch, row, written):
    text = written(BESIDE | {row.name: row.value})
    path = tmp_path / "workload.yaml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    for where in (str(path), "-"):
        assert read_workload(where) == Workload(**BESIDE, **row.today)


@EACH
def test_in_a_record(made_up, tmp_path, row):
    """A record says today's names; one that was saved under the old name is asked the same."""
    saved = record.as_json(made_up, ask(made_up, **BESIDE, **row.today))
    assert row.name not in saved["workload"]
    rest = {name: value for name, value in saved["workload"].items() if name not in row.today}
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(saved | {"workload": rest | {row.name: row.value}}), "utf-8")
    replayed = Replay.of(made_up, record.read(str(path)), TODAY)
    assert replayed.recommendation.workload == Workload(**BESIDE, **row.today)
    assert replayed.changes == ()


def test_what_states_no_old_name_is_left_as_it_is():
    stated = {"chunk_tokens": None, "passages": 5, "nonsense": []}
    assert renamed(stated) == stated


@pytest.mark.parametrize("new", [400, None, 900])
def test_both_names_are_refused(catalog, new):
    both = {OLD: True, NOW: new}
    with pytest.raises(OldNameError, match=f"(?s){OLD}: .*old name of {NOW}.*[Ll]eave {OLD} out"):
        Workload.of(both)
    with pytest.raises(QuestionError) as error:
        of_json(catalog, both)
    assert [fault.field for fault in error.value.faults] == [OLD]
    written = {OLD: ["true"], NOW: ["none" if new is None else str(new)]}
    with pytest.raises(QuestionError) as error:
        of_params(catalog, written)
    assert [fault.field for fault in error.value.faults] == [OLD]


OTHER_TRUTHS = [1, 0, 1.0, "yes", "no", "off", "True"]


@pytest.mark.parametrize("written", ["no", "off", "False", "0", "n"])
def test_what_a_file_called_false_still_is(tmp_path, written):
    """As every other truth of a file: YAML 1.2 has text there, which was taken."""
    path = tmp_path / "workload.yaml"
    path.write_text(f"{OLD}: {written}\nredundancy: {written}\n", encoding="utf-8")
    assert read_workload(str(path)) == Workload(chunk_tokens=None, redundancy=False)


@pytest.mark.parametrize("value", [400, None, "", "none", [True], {"is": True}], ids=str)
def test_a_value_that_it_never_took_is_refused(value):
    with pytest.raises(WorkloadError, match=f"(?s){OLD}: .*neither true nor false.*{NOW}"):
        Workload.of({OLD: value})


@pytest.mark.parametrize("value", [*OTHER_TRUTHS, 400, None, "", "none", [True]], ids=str)
def test_in_json_only_a_truth_is_one(catalog, value):
    with pytest.raises(QuestionError) as error:
        of_json(catalog, {OLD: value})
    (fault,) = error.value.faults
    assert fault.field == OLD and NOW in fault.remedy


@pytest.mark.parametrize("text", ["true", "false"])
def test_in_json_the_text_of_a_truth_is_none(catalog, text):
    with pytest.raises(QuestionError, match=OLD):
        of_json(catalog, {OLD: text})
    assert renamed({OLD: text}) == renamed({OLD: text == "true"})


@pytest.mark.parametrize("text", ["yes", "1", "none", "TRUE"])
def test_an_address_with_another_word_says_so(catalog, text):
    with pytest.raises(QuestionError, match=OLD):
        of_params(catalog, {OLD: [text]})
    (sentence,) = ignored({OLD: [text]}, {})
    assert sentence.startswith(f"{OLD}={text}: ") and "true or false" in sentence


def test_an_empty_old_field_of_an_address_states_nothing(catalog):
    assert of_params(catalog, {OLD: [""]}).workload == Workload()
    assert ignored({OLD: [""]}, {}) == []


def test_a_fault_of_the_old_name_does_not_hide_the_others(catalog):
    with pytest.raises(QuestionError) as error:
        of_json(catalog, {OLD: 1, "passages": 0})
    assert {fault.field for fault in error.value.faults} == {OLD, "passages"}
