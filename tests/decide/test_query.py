import pytest

from advisor.decide.query import QuestionError, ignored, of_json, of_params

CHOICES = {"task": ["retrieve", "rerank"], "languages": ["en", "de"], "plan": ["a", "b"]}


REFUSED = {
    # what the sentence about the parameter names
    "an empty choice": (
        {"languages": [""], "budget_usd_per_month": [""]},
        ["languages=:", "de", "en"],
    ),
    "no field": ({"pasages": ["5"]}, ["pasages=5:", "'passages'"]),
    "twice": ({"passages": ["1", "2"]}, ["passages=1,2:"]),
    "too many": ({"passages": ["1" + "0" * 18]}, [f"passages=1{'0' * 18}:", "1000000000000"]),
    "no number": ({"passages": ["lots"]}, ["passages=lots:"]),
    "no choice": ({"task": ["retreive"]}, ["task=retreive:", "'retreive'", "'retrieve'"]),
    "not finite": ({"quality_tolerance": ["NaN"]}, ["quality_tolerance=NaN:"]),
    "not a bool": ({"redundancy": ["maybe"]}, ["redundancy=maybe:", "true", "false"]),
    "too long to show": ({"plan": ["c" * 500]}, [f"plan={'c' * 60}:", f"'{'c' * 40}'", "a, b"]),
}


@pytest.mark.parametrize(("params", "names"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_an_address_cannot_set_is_told(params, names, pinned):
    (told,) = ignored(params, CHOICES, ("embed",))
    assert told.startswith(names[0]) and all(name in told for name in names)
    assert told == pinned


def test_of_a_plan_that_is_gone_is_said_what_became_of_it():
    gone = {"c": "Offer c was withdrawn on 2026-05-07: it is no more."}
    assert ignored({"plan": ["c"]}, CHOICES, gone=gone) == [f"plan=c: {gone['c']}"]
    both = ignored({"offer": ["c"], "plan": ["c"]}, CHOICES | {"offer": ["a"]}, gone=gone)
    assert both == [f"offer=c: {gone['c']}", "plan=c: the same offer."]
    (other,) = ignored({"plan": ["d"]}, CHOICES, gone=gone)
    assert "withdrawn" not in other


@pytest.mark.parametrize(
    "params",
    [
        {
            "passages": ["5"],
            "languages": ["en", "de"],
            "split_long_passages": ["false"],
            "embed": ["true"],
        },
        {"passage_tokens": ["900"]},
        {"chunk_tokens": ["none"], "chunk_overlap_tokens": ["16384"]},
        {"chunk_tokens": ["16"]},
        {"chunk_tokens": ["32768"]},
        {"chunk_tokens": [""]},
        {"budget_usd_per_month": [""]},
    ],
)
def test_of_what_an_address_may_set_nothing_is_told(params):
    assert ignored(params, CHOICES, ("embed",)) == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("chunk_tokens", "15", "greater than or equal to 16"),
        ("chunk_tokens", "32769", "less than or equal to 32768"),
        ("chunk_tokens", "null", "valid integer"),
        ("chunk_overlap_tokens", "-1", "greater than or equal to 0"),
        ("chunk_overlap_tokens", "16385", "less than or equal to 16384"),
        ("chunk_overlap_tokens", "none", "valid integer"),
    ],
)
def test_parts_that_an_address_may_not_set_are_told(catalog, name, text, words):
    (sentence,) = ignored({name: [text]}, CHOICES)
    assert sentence.startswith(f"{name}={text}: ") and words in sentence
    with pytest.raises(QuestionError, match=name):
        of_params(catalog, {name: [text]})


def test_an_overlap_over_half_of_a_part_is_refused_with_both_figures(catalog):
    for stated in (
        {"chunk_overlap_tokens": 201},
        {"chunk_tokens": 402, "chunk_overlap_tokens": 202},
    ):
        chunk = stated.get("chunk_tokens", 400)
        for ask in (of_json, lambda c, s: of_params(c, {n: [str(v)] for n, v in s.items()})):
            with pytest.raises(QuestionError) as error:
                ask(catalog, stated)
            text = str(error.value)
            assert str(chunk) in text and str(chunk // 2) in text
            assert str(stated["chunk_overlap_tokens"]) in text


def test_null_is_null_in_json_and_none_in_an_address(catalog):
    assert of_json(catalog, {"chunk_tokens": None}).workload.chunk_tokens is None
    assert of_params(catalog, {"chunk_tokens": ["none"]}).workload.chunk_tokens is None
    assert of_json(catalog, {"chunk_tokens": 300.0}).workload.chunk_tokens == 300
    for bad in ("none", "300", True):
        with pytest.raises(QuestionError, match="chunk_tokens"):
            of_json(catalog, {"chunk_tokens": bad})
