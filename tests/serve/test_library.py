"""`import advisor`, as a notebook does."""

import json
import subprocess
import sys

import numpy as np
import pytest

import advisor
from advisor import catalog as catalogs
from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.decide.recommend import recommend
from advisor.explain import report
from advisor.explain.record import Record, as_json


@pytest.fixture(autouse=True)
def small(made_up, monkeypatch):
    """The made-up catalog, which is asked then."""
    monkeypatch.setenv("ADVISOR_CATALOG", str(made_up.folder))
    return made_up


def test_an_answer_shows_itself_shortly(small):
    answer = advisor.recommend(languages=["fr"], passages=500_000)
    workload = Workload(languages=("fr",), passages=500_000)
    recommendation = recommend(small, workload, catalogs.today())
    assert repr(answer) == f"<Answer: {report.headline(recommendation)}>"
    page = answer._repr_markdown_()
    assert page == report.as_short_markdown(recommendation)
    assert report.headline(recommendation) in page and len(page) < 3_000


def test_an_answer_is_the_one_of_the_command_line(tmp_path, capsys):
    from advisor.serve import cli

    answer = advisor.recommend(task="retrieve-and-rerank", languages=("fr",)).to_dict()
    (tmp_path / "w.yaml").write_text("task: retrieve-and-rerank\nlanguages: [fr]\n")
    assert cli.main(["recommend", str(tmp_path / "w.yaml"), "--format", "json"]) == 0
    decision = json.loads(capsys.readouterr().out)
    assert answer.pop("schema") == "bge-advisor/answer@1"
    assert answer.items() <= decision.items()
    assert json.loads(json.dumps(answer)) == answer


def test_passages_are_kept_whole_with_none_and_by_the_old_name():
    whole = advisor.recommend(chunk_tokens=None).to_dict()
    assert whole["workload"]["chunk_tokens"] is None
    assert advisor.recommend(split_long_passages=False).to_dict() == whole
    cut = advisor.recommend(split_long_passages=True).to_dict()
    assert cut == advisor.recommend().to_dict() and cut["workload"]["chunk_tokens"] == 400


@pytest.mark.parametrize(
    "stated", [{"chunk_tokens": "none"}, {"split_long_passages": "false"}], ids=str
)
def test_a_word_is_no_none_and_no_false_in_python(stated):
    with pytest.raises(advisor.QuestionError) as error:
        advisor.recommend(**stated)
    assert [fault.field for fault in error.value.faults] == [*stated]


def test_every_plan_is_given_where_it_is_asked_for(small):
    whole = advisor.recommend().to_dict(plans=True)
    assert Record.model_validate(whole).plans and whole["rejected"]


def test_a_discount_is_taken_once_in_all_of_a_record(small):
    whole = advisor.recommend(hosted_discount_percent=50).to_dict(plans=True)
    half = Assumptions.of({"hosted_discount_percent": 50})
    asked_at_half = recommend(small, Workload(), catalogs.today(), (), half)
    record = as_json(small, asked_at_half, plans=True)
    assert whole["would_change"] == record["would_change"] and whole["prices"] == record["prices"]


def test_assumptions_and_scores_are_asked_alike():
    answer = advisor.recommend(placement="own", speed_percent=80).to_dict()
    assert answer["assumed"] == {"speed_percent": 80.0}


def test_every_fault_of_a_question_is_told():
    with pytest.raises(advisor.QuestionError) as error:
        advisor.recommend(pasages=5, queries_per_month=-1)
    assert {fault.field for fault in error.value.faults} == {"pasages", "queries_per_month"}
    assert isinstance(error.value, advisor.AdvisorError)


def test_where_nothing_fits_the_answer_says_what_to_loosen():
    answer = advisor.recommend(budget_usd_per_month=0.0001, queries_per_month=10**9)
    assert answer.to_dict()["pick"] is None and answer.to_dict()["loosen"]
    assert answer.to_dict()["loosen"][0]["text"] in answer._repr_markdown_()


def test_a_catalog_that_cannot_be_used_is_an_error_with_its_faults(tmp_path, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(tmp_path))
    with pytest.raises(advisor.CatalogError) as error:
        advisor.recommend()
    assert error.value.faults


def test_the_public_names_are_documented_and_no_others_are_there():
    assert set(advisor.__all__) <= set(dir(advisor))
    assert all(getattr(advisor, name).__doc__ for name in advisor.__all__)
    with pytest.raises(AttributeError):
        _ = advisor.recomend


def test_importing_the_package_reads_nothing_heavy():
    code = "import advisor, sys; print({'pandas', 'numpy', 'pydantic'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("passages", [np.int64(5), np.float64(5), np.array(5), 5.0])
def test_a_figure_out_of_a_table_is_taken(passages):
    """As `passages=frame["passages"].sum()`."""
    asked = advisor.recommend(passages=passages).to_dict()
    assert json.loads(json.dumps(asked)) == advisor.recommend(passages=5).to_dict()


def test_a_column_of_a_table_is_taken_as_a_list_and_a_wrong_one_is_a_fault():
    asked = advisor.recommend(languages=np.array(["fr", "en"])).to_dict()["workload"]
    assert asked["languages"] == ["fr", "en"]
    with pytest.raises(advisor.QuestionError):
        advisor.recommend(vector_store=np.array([1, 2]))
