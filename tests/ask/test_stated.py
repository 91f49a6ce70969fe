import pytest
from pydantic import ValidationError

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError


@pytest.mark.parametrize("model", [Workload, Assumptions])
def test_nothing_is_stated_where_all_is_as_by_default(model):
    assert model().stated() == model().params() == {} and model.of({}) == model()


def test_a_figure_keeps_its_digits_in_an_address():
    exact = {"budget_usd_per_month": 1234.5678, "peak_queries_per_second": 1e6}
    assert Workload.of(exact).params() == {
        "budget_usd_per_month": "1234.5678",
        "peak_queries_per_second": "1000000",
    }
    assert Workload.of(Workload.of(exact).params()) == Workload.of(exact)


def test_every_unknown_and_every_bad_field_is_in_one_message():
    with pytest.raises(WorkloadError) as error:
        Workload.of({"pasages": 1, "query_tokens": 0})
    assert "'pasages'" in str(error.value) and "query_tokens: 0" in str(error.value)


@pytest.mark.parametrize("model", [Workload, Assumptions])
@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_no_field_takes_a_figure_without_end(model, number):
    for name, info in model.model_fields.items():
        if isinstance(info.default, (int, float)) and not isinstance(info.default, bool):
            with pytest.raises(ValidationError):
                model.model_validate({name: number})


def test_a_fault_has_the_help_of_its_field_and_not_always_its_value():
    with pytest.raises(ValidationError) as error:
        Workload.model_validate({"passages": "many"})
    (fault,) = Workload.faults_of(error.value, show_values=False)
    assert fault.field == "passages" and "many" not in fault.problem
    assert fault.remedy == "Passages: Number of passages in your corpus, before long ones are cut."
