import re
from collections import Counter
from decimal import Decimal

import pytest

from advisor import catalog as catalogs
from advisor.base import formatting
from advisor.family import faq, price_list
from tests.withdrawing import DAY, REASON, SOURCE, withdraw


def told(catalog, view="verified"):
    """What BGE is used for, how it compares, which to use; then the family's own questions."""
    return faq.answers(catalog, catalog.families["bge"], view)


@pytest.mark.parametrize("family", ["bge", "aquila-2"])
def test_the_verified_answers_of_a_family(catalog, family, pinned):
    answers = faq.answers(catalog, catalog.families[family], "verified")
    assert len({answer.question for answer in answers}) == len(answers)
    assert {answer.question: answer.answer for answer in answers} == pinned


def test_nobody_is_told_that_bge_does_coding(catalog):
    family, answer = catalog.families["bge"], told(catalog)[0]
    kinds = Counter(variant.kind for variant in family.variants.values())
    for kind in ("embedder", "reranker"):
        assert f"{kinds[kind]} {kind}" in answer.answer
    why = next(
        correction.why for correction in family.corrections if correction.field == "capabilities"
    )
    assert why in answer.answer and "fe-bge-code" in answer.sources


def test_ties_in_price_are_named_and_a_reranker_is_no_embedder(made_up_copy, edit):
    edit(
        made_up_copy / "offers/alpha.yaml", '"0.20"', '"0.10"'
    )  # what Beta Cloud asks for the same model
    changed = catalogs.load(made_up_copy)
    least = price_list.lowest(changed, changed.families["acme"], "embedder")
    assert least.usd_per_1m == Decimal("0.10") and [offer.id for _, _, offer in least.offers] == [
        "beta-big-en",
        "alpha-big-en",
    ]
    answer = faq.answers(changed, changed.families["acme"], "verified")[1].answer
    embedder, reranker = answer.index("$0.10 "), answer.index("$0.01 ")
    assert all(
        embedder < answer.index(name) < reranker
        for name in ("Big EN", "Beta Cloud", "Alpha Router")
    )
    assert "Rank Small" in answer[reranker:] and "$0.20 " not in answer


def test_the_latest_and_the_longest_are_named(made_up):
    answer = faq.answers(made_up, made_up.families["acme"], "verified")[1].answer
    assert "Giant (2026-03-01)" in answer and answer.index("8,000") < answer.index(
        "Giant, Multi, and Rank Big"
    )


def test_aquila_is_compared_by_its_job_and_its_two_long_models(catalog):
    family, other, answer = (
        catalog.families["bge"],
        catalog.families["aquila-2"],
        told(catalog)[1].answer,
    )
    assert family.facts.about in answer and other.facts.about in answer
    known = [variant for variant in other.variants.values() if variant.max_tokens]
    longest = max(variant.max_tokens for variant in known)
    names = sorted(variant.name for variant in known if variant.max_tokens == longest)
    assert (
        len(names) == 2
        and formatting.listed(names) in answer
        and formatting.count(longest) in answer
    )


def test_an_aquila_model_that_no_licence_text_names_is_neither_allowed_nor_forbidden_commercially(
    catalog,
):
    names = {False: set(), None: set(), True: set()}
    for variant in catalog.families["aquila-2"].variants.values():
        names[catalog.licences[variant.licence].commercial_use].add(variant.name)
    assert names[False] and "AquilaChat2-34B-Int4-GPTQ" in names[None]
    sentences = re.split(r"(?<=\.) ", told(catalog)[1].answer)
    for use in (False, None):
        one = next(
            sentence for sentence in sentences if all(name in sentence for name in names[use])
        )
        others = {name for rest in names if rest is not use for name in names[rest]}
        assert not any(re.search(rf"{re.escape(name)}(?![\w-])", one) for name in others), one


def test_every_answer_rests_on_sources_of_the_catalog(catalog):
    for view in ("verified", "listed"):
        for answer in told(catalog, view):
            assert answer.sources and all(source in catalog.sources for source in answer.sources)


def test_a_price_changed_in_the_catalog_changes_the_answer(made_up_copy, edit):
    edit(made_up_copy / "offers/gamma.yaml", '"1.00"', '"0.001"')
    changed = catalogs.load(made_up_copy)
    answer = faq.answers(changed, changed.families["acme"], "verified")[1].answer
    assert (
        "$0.001 " in answer
        and "Gamma Models" in answer
        and "Beta Cloud" not in answer.partition("$0.01 ")[0]
    )


def test_a_withdrawn_offer_is_named_as_withdrawn_and_not_as_the_cheapest(made_up_copy):
    changed = withdraw(made_up_copy)
    answer = faq.answers(changed, changed.families["acme"], "verified")[1]
    sentence = f"Big EN at Beta Cloud was withdrawn on {DAY}: {REASON}"
    cheapest, _, rest = answer.answer.partition(sentence)
    assert "$0.20 / 1M" in cheapest and "Big EN at Beta Cloud" not in cheapest and not rest
    assert SOURCE in answer.sources
