import pytest

from advisor.ask.workload import Workload
from advisor.base.errors import WorkloadError
from advisor.base.units import HOURS_PER_MONTH


def test_every_field_has_a_default_a_title_and_a_help_text():
    for name, info in Workload.model_fields.items():
        assert not info.is_required() and info.title and info.description, name


def test_the_stated_fields_are_those_that_differ_from_their_defaults():
    workload = Workload.of(
        {
            "passages": 5,
            "languages": ["de", "no"],
            "budget_usd_per_month": 12.5,
            "chunk_tokens": None,
        }
    )
    assert workload.params() == {
        "languages": ["de", "no"],
        "passages": "5",
        "chunk_tokens": "none",
        "budget_usd_per_month": "12.5",
    }


BAD = [
    # (workload, what its error names)
    ({"pasages": 1}, ["'pasages'", "'passages'"]),
    ({"passages": 0}, ["passages: ", " 1"]),
    ({"passages": 10**13}, ["passages: ", "1000000000000"]),
    ({"passages": "many"}, ["passages: "]),
    ({"languages": []}, ["languages: "]),
    ({"languages": ["Germn"]}, ["languages.0: "]),
    ({"languages": [False]}, ["languages.0: "]),
    ({"task": "search"}, ["task: ", "'retrieve'", "'rerank'"]),
    ({"passage_tokens": 900}, ["passage_tokens_p95", "450", "passage_tokens ", "900"]),
    ({"budget_usd_per_month": float("nan")}, ["budget_usd_per_month: "]),
    ({"quality_tolerance": -1}, ["quality_tolerance: ", " 0"]),
    ({"placement": "cloud"}, ["placement: ", "'any'", "'hosted'", "'own'"]),
    ({"vector_store": "../etc"}, ["vector_store: "]),
    ({"passages": 10**18}, ["passages: ", "1000000000000"]),
    ({"chunk_tokens": 15}, ["chunk_tokens: 15", " 16"]),
    ({"chunk_tokens": 32_769}, ["chunk_tokens: 32769", " 32768"]),
    ({"chunk_tokens": "some"}, ["chunk_tokens: "]),
    ({"chunk_overlap_tokens": -1}, ["chunk_overlap_tokens: -1", " 0"]),
    ({"chunk_overlap_tokens": 16_385}, ["chunk_overlap_tokens: 16385", " 16384"]),
    ({"chunk_overlap_tokens": None}, ["chunk_overlap_tokens: "]),
    ({"chunk_overlap_tokens": 201}, ["chunk_overlap_tokens ", "201", "400", "at most 200"]),
    (
        {"chunk_tokens": 17, "chunk_overlap_tokens": 9},
        ["chunk_overlap_tokens ", "(9)", "17", "at most 8"],
    ),
    (
        {"chunk_tokens": 99, "chunk_overlap_tokens": 50},
        ["chunk_overlap_tokens ", "50", "99", "at most 49"],
    ),
]


@pytest.mark.parametrize(("stated", "names"), BAD, ids=[str(row[0]) for row in BAD])
def test_a_bad_value_is_told_with_its_field(stated, names, pinned):
    with pytest.raises(WorkloadError) as error:
        Workload.of(stated)
    assert all(name in str(error.value) for name in names)
    assert str(error.value) == pinned


def test_several_faults_are_told_together():
    with pytest.raises(WorkloadError) as error:
        Workload.of({"passages": 0, "query_tokens": 0})
    assert "passages" in str(error.value) and "query_tokens" in str(error.value)


def test_the_whole_shape_of_the_design_is_accepted():
    assert Workload.of(
        {
            "task": "retrieve", "languages": ["en"], "cross_lingual": False, "passages": 1_000_000,
            "passage_tokens": 200, "passage_tokens_p95": 450,
            "chunk_tokens": 400, "chunk_overlap_tokens": 50, "new_passages_per_month": 0,
            "queries_per_month": 2_000_000, "query_tokens": 16, "peak_queries_per_second": None,
            "rerank_candidates": 50, "outputs": ["dense"], "placement": "any", "hardware": "any",
            "data_may_leave": True, "licence": "any",
            "vector_store": "ram", "vector_type": "float32", "budget_usd_per_month": None,
            "latency_ms_p95": None, "redundancy": False,
            "priority": "balanced", "quality_tolerance": 5.0, "material_usd": 5,
        }
    ) == Workload()  # fmt: skip


def test_the_peak_is_five_times_the_average_unless_it_is_stated():
    assert Workload(queries_per_month=2_628_000).peak == 5.0
    assert Workload(peak_queries_per_second=200).peak == 200


def test_a_stated_peak_is_never_below_the_average(made_up):
    stated = Workload(queries_per_month=10**11, peak_queries_per_second=1, placement="own")
    assert stated.peak == 10**11 / (HOURS_PER_MONTH * 3_600)
    assert Workload(queries_per_month=10**6, peak_queries_per_second=7).peak == 7


@pytest.mark.parametrize(
    ("stated", "chunk", "overlap", "shared"),
    [
        ({}, 400, 50, 50),
        ({"chunk_tokens": 16}, 16, 8, 8),
        ({"chunk_tokens": 99}, 99, 49, 49),
        ({"chunk_tokens": 100}, 100, 50, 50),
        ({"chunk_tokens": 32_768}, 32_768, 50, 50),
        ({"chunk_tokens": 32_768, "chunk_overlap_tokens": 16_384}, 32_768, 16_384, 16_384),
        ({"chunk_overlap_tokens": 0}, 400, 0, 0),
        ({"chunk_tokens": 17, "chunk_overlap_tokens": 8}, 17, 8, 8),
        ({"chunk_tokens": None}, None, 50, 0),
        ({"chunk_tokens": None, "chunk_overlap_tokens": 16_384}, None, 16_384, 0),
    ],
    ids=str,
)
def test_parts_and_their_overlap_go_together(stated, chunk, overlap, shared):
    """An overlap that is not stated is half of a short part; whole passages share nothing."""
    workload = Workload.of(stated)
    assert (workload.chunk_tokens, workload.chunk_overlap_tokens) == (chunk, overlap)
    assert workload.overlap == shared
    assert Workload.of(workload.stated()) == Workload.of(workload.params()) == workload


@pytest.mark.parametrize("written", ["none", None])
def test_whole_passages_have_a_word_in_an_address(written):
    assert Workload.of({"chunk_tokens": written}).chunk_tokens is None
    assert Workload(chunk_tokens=None).params() == {"chunk_tokens": "none"}
