import pytest

from advisor.family import listing
from advisor.family.advice import use_when
from tests.withdrawing import withdraw

BGE = [
    "bge-base-en-v1.5",
    "bge-large-en-v1.5",
    "bge-m3",
    "bge-multilingual-gemma2",
    "bge-reranker-base",
    "bge-reranker-large",
    "bge-reranker-v2-m3",
    "bge-small-en-v1.5",
]


@pytest.mark.parametrize("key", BGE)
def test_use_when_is_short_and_not_the_specification(catalog, key, pinned):
    advice = use_when(catalog, key)
    assert 30 < len(advice.sentence) <= 140
    assert advice.sentence not in {
        row.use_when for row in listing.as_listed(catalog, catalog.families["bge"]).rows
    }
    for claim in (*advice.wins, *advice.not_when):
        assert "None" not in claim.text and all(
            source in catalog.sources for source in claim.sources
        )
    assert {
        "use when": advice.sentence,
        "wins": [claim.text for claim in advice.wins],
        "not when": [claim.text for claim in advice.not_when],
    } == pinned


def test_no_two_variants_have_the_same_use_when(catalog):
    assert len({use_when(catalog, key).sentence for key in BGE}) == len(BGE)


@pytest.mark.parametrize(
    ("key", "own", "others"),
    [
        ("giant", "60.0", "55.0 and 50.0"),
        ("big-en", "55.0", "60.0 and 50.0"),
        ("tiny-en", "50.0", "60.0 and 55.0"),
    ],
)
def test_use_when_says_what_wins_and_against_which_sibling(made_up, key, own, others):
    told = use_when(made_up, key).wins[0].text
    assert "English Test" in told and told.index(own) < told.index(others)


def test_use_when_says_when_not_to_and_what_instead(made_up):
    claims = [claim.text for claim in use_when(made_up, "rank-small").not_when]
    assert any("500" in text and "Rank Big" in text for text in claims)
    assert not any("Rank Small" in claim.text for claim in use_when(made_up, "rank-big").not_when)


def test_use_when_names_the_presets_that_pick_it(catalog):
    assert use_when(
        catalog, "bge-m3", {"a": ("bge-m3", "bge-reranker-v2-m3"), "b": ("bge-large-en-v1.5",)}
    ).presets == ("a",)


def test_of_a_variant_that_is_replaced_its_successor_is_said_alone(made_up):
    told = use_when(made_up, "old-en")
    assert "Tiny EN" in told.sentence and (told.wins, told.not_when) == ((), ())


def test_a_variant_whose_only_offer_was_withdrawn_is_not_for_who_wants_it_hosted(
    made_up, made_up_copy
):
    def not_hosted(catalog):
        claims = use_when(catalog, "rank-small").not_when
        return any("need a hosted API" in claim.text for claim in claims)

    assert not_hosted(withdraw(made_up_copy, "rank-small")) and not not_hosted(made_up)
