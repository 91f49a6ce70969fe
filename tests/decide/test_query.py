import pytest

from advisor.decide.query import ignored

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
        {"budget_usd_per_month": [""]},
    ],
)
def test_of_what_an_address_may_set_nothing_is_told(params):
    assert ignored(params, CHOICES, ("embed",)) == []
