import pytest

from advisor.errors import WorkloadError
from advisor.workload import Workload, ignored


def test_every_field_has_a_default_a_title_and_a_help_text():
    for name, info in Workload.model_fields.items():
        assert not info.is_required() and info.title and info.description, name


def test_the_stated_fields_are_those_that_differ_from_their_defaults():
    workload = Workload.of({"passages": 5, "languages": ["de", "no"], "budget_usd_per_month": 12.5, "split_long_passages": False})
    assert workload.params() == {"languages": ["de", "no"], "passages": "5", "split_long_passages": "false", "budget_usd_per_month": "12.5"}


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"pasages": 1}, "no field 'pasages'. Did you mean 'passages'?"),
        ({"passages": 0}, "passages: Input should be greater than or equal to 1"),
        ({"passages": 10**13}, "passages: Input should be less than or equal to 1000000000000"),
        ({"passages": "many"}, "passages: Input should be a valid integer"),
        ({"languages": []}, "languages: "),
        ({"languages": ["english"]}, "languages.0: String should match pattern"),
        ({"languages": [False]}, "languages.0: Input should be a valid string"),
        ({"task": "search"}, "task: Input should be 'retrieve'"),
        ({"passage_tokens": 900}, "passage_tokens_p95 is 450, below passage_tokens 900"),
        ({"budget_usd_per_month": float("nan")}, "budget_usd_per_month: Input should be a finite number"),
        ({"quality_tolerance": -1}, "quality_tolerance: "),
        ({"placement": "cloud"}, "placement: Input should be 'any'"),
        ({"vector_store": "../etc"}, "vector_store: String should match pattern"),
        ({"passages": 10**18}, "passages: Input should be less than or equal to 1000000000000"),
    ],
)
def test_a_bad_value_is_told_with_its_field(stated, told):
    with pytest.raises(WorkloadError) as error:
        Workload.of(stated)
    assert told in str(error.value)


def test_several_faults_are_told_together():
    with pytest.raises(WorkloadError) as error:
        Workload.of({"passages": 0, "query_tokens": 0})
    assert "passages" in str(error.value) and "query_tokens" in str(error.value)


def test_the_whole_shape_of_the_design_is_accepted():
    assert Workload.of(
        {
            "task": "retrieve", "languages": ["en"], "cross_lingual": False, "passages": 1_000_000, "passage_tokens": 200, "passage_tokens_p95": 450,
            "split_long_passages": True, "new_passages_per_month": 0, "queries_per_month": 2_000_000, "query_tokens": 16, "peak_queries_per_second": None,
            "rerank_candidates": 50, "outputs": ["dense"], "placement": "any", "hardware": "any", "data_may_leave": True, "licence": "any",
            "vector_store": "ram", "vector_type": "float32", "budget_usd_per_month": None, "latency_ms_p95": None, "redundancy": False,
            "priority": "balanced", "quality_tolerance": 5.0, "material_usd": 5,
        }
    ) == Workload()  # fmt: skip


CHOICES = {"task": ["retrieve", "rerank"], "languages": ["en", "de"], "plan": ["a", "b"]}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"passages": ["5"], "languages": ["en", "de"], "split_long_passages": ["false"], "embed": ["true"]}, []),
        ({"languages": [""], "budget_usd_per_month": [""]}, ["languages=: no such choice as ''. Known: de, en."]),
        ({"pasages": ["5"]}, ["pasages=5: no such field. Did you mean 'passages'?"]),
        ({"passages": ["1", "2"]}, ["passages=1,2: given 2 times; the last one is taken."]),
        ({"passages": ["1" + "0" * 18]}, [f"passages=1{'0' * 18}: input should be less than or equal to 1000000000000."]),
        ({"passages": ["lots"]}, ["passages=lots: input should be a valid integer, unable to parse string as an integer."]),
        ({"task": ["retreive"]}, ["task=retreive: no such choice as 'retreive'. Did you mean 'retrieve'?"]),
        ({"quality_tolerance": ["NaN"]}, ["quality_tolerance=NaN: input should be a finite number."]),
        ({"redundancy": ["maybe"]}, ["redundancy=maybe: write true or false."]),
        ({"passage_tokens": ["900"]}, []),
        ({"plan": ["c" * 500]}, [f"plan={'c' * 60}: no such choice as '{'c' * 40}'. Known: a, b."]),
    ],
)
def test_what_an_address_cannot_set_is_told(params, told):
    assert ignored(params, CHOICES, ("embed",)) == told


def test_the_peak_is_five_times_the_average_unless_it_is_stated():
    assert Workload(queries_per_month=2_628_000).peak == 5.0
    assert Workload(peak_queries_per_second=200).peak == 200
