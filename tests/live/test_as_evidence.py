"""Scores of a visitor's own data as evidence that Advise takes."""

import re

from advisor.ask.workload import Workload
from advisor.base.formatting import points
from advisor.decide import evidence
from advisor.decide.recommend import recommend
from advisor.live import as_evidence
from advisor.live.as_evidence import reason_no_evidence, rerankers_over, with_yours
from advisor.live.relevance import TOO_FEW
from tests.live.runs import BASE, LARGE, SMALL, decimals, named, result


def test_scores_of_yours_are_a_set_of_their_own_that_is_named_so(pinned, catalog, today):
    mine = with_yours(
        catalog, [result([0.9, 0.8] * 20), result([0.5, 0.4] * 20, BASE)], ["en"], today
    )
    wanted = evidence.ScoresWanted("embedder", ("en",))
    got = evidence.choose(mine, wanted, {SMALL, BASE, LARGE}, as_evidence.EMBEDDERS)
    assert (
        got.set.id == as_evidence.EMBEDDERS
        and got.ranks
        and "40" in got.title
        and "nDCG@10" in got.title
    )
    assert {key: points(score) for key, score in got.scores.items()} == {
        SMALL: "85.0",
        BASE: "45.0",
    }
    assert set(got.unranked) == {LARGE}
    assert got.source_ids == ("your-own-data",) and mine.sources["your-own-data"].accessed == today
    assert named(got.set.caveat) == ["BGE-SMALL-EN-V1.5", "BGE-BASE-EN-V1.5"] and decimals(
        got.set.caveat
    )[:2] == ["0.850", "0.450"]
    assert mine.version.startswith(f"{catalog.version}+yours-") and mine.quality.dtypes.equals(
        catalog.quality.dtypes
    )
    assert {"title": got.title, "why another is not ranked": got.unranked[LARGE]} == pinned


def test_scores_of_yours_are_offered_first_and_never_taken_by_themselves(catalog, today):
    mine = with_yours(catalog, [result([0.9] * 40), result([0.5] * 40, BASE)], ["en", "de"], today)
    candidates = {SMALL, BASE, LARGE, "bge-m3"}
    assert evidence.offered(mine, "embedder", ("en",), candidates)[0].id == "your-data"
    assert [s.id for s in evidence.offered(mine, "embedder", ("en",), candidates)[1:]] == [
        s.id for s in evidence.offered(catalog, "embedder", ("en",), candidates)
    ]
    for languages in (("en",), ("de",), ("en", "de"), ("zh",)):
        before, after = (
            evidence.choose(c, evidence.ScoresWanted("embedder", languages), candidates)
            for c in (catalog, mine)
        )
        assert (before.title, before.scores) == (after.title, after.scores)
    assert "your-data" not in [
        s.id for s in evidence.offered(mine, "embedder", ("zh",), candidates)
    ]


def test_scores_of_yours_change_the_pick_when_they_are_asked_for(catalog, today):
    workload = Workload(priority="quality")
    before = recommend(catalog, workload, today)
    loser = picked = before.pick.parts[0].variant_id
    winner = next(j.variant_id for j in before.judged if j.fits and j.variant_id != picked)
    mine = with_yours(
        catalog, [result([0.9] * 40, winner), result([0.5] * 40, loser)], ["en"], today
    )
    assert recommend(mine, workload, today).pick.parts[0].variant_id == picked
    recommendation = recommend(mine, workload, today, ["your-data"])
    assert (
        recommendation.pick.parts[0].variant_id == winner
        and recommendation.steps[0].evidence.set.id == as_evidence.EMBEDDERS
    )
    turned = with_yours(
        catalog, [result([0.5] * 40, winner), result([0.9] * 40, loser)], ["en"], today
    )
    again = recommend(turned, workload, today, ["your-data"])
    assert again.pick.parts[0].variant_id == loser


def test_rerankers_are_compared_over_the_embedder_they_follow(catalog, today):
    results = [
        result([0.5] * 40),
        result([0.6] * 40, reranker="bge-reranker-base", depth=20),
        result([0.7] * 40, reranker="bge-reranker-v2-m3", depth=20),
    ]
    mine = with_yours(catalog, results, ["en"], today)
    assert set(mine.evidence_sets) - set(catalog.evidence_sets) == {rerankers_over(SMALL)}
    got = evidence.choose(
        mine,
        evidence.ScoresWanted("reranker", ("en",)),
        {"bge-reranker-base", "bge-reranker-v2-m3"},
        rerankers_over(SMALL),
    )
    assert {key: points(gain, sign=True) for key, gain in got.uplift.items()} == {
        "bge-reranker-base": "+10.0",
        "bge-reranker-v2-m3": "+20.0",
    }
    assert reason_no_evidence(results) == ""
    apart = [*results[:2], result([0.7] * 40, reranker="bge-reranker-v2-m3", depth=30)]
    assert with_yours(catalog, apart, ["en"], today) is catalog


NO_SET = {
    "fewer than two variants": [
        [],
        [result([1] * 40)],
        [result([1] * 40), result([1] * 40)],
        [result([1] * 40), result([1] * 40, None, standin=True)],
        [result([1] * 40), result([1] * 40, BASE, standin=True)],
    ],
    "too few queries": [[result([1] * 29), result([1] * 29, BASE)]],
    "different data": [
        [result([1] * 40), result([1] * 41, BASE)],
        [result([1] * 40), result([1] * 40, BASE), result([1] * 40, LARGE, name="other")],
    ],
}


def test_what_makes_no_set_is_told(pinned, catalog, today):
    assert not reason_no_evidence([result([1] * TOO_FEW), result([1] * TOO_FEW, BASE)])
    sentences = {
        why: {reason_no_evidence(results) for results in those} for why, those in NO_SET.items()
    }
    assert all(len(reasons) == 1 for reasons in sentences.values()) and "" not in set().union(
        *sentences.values()
    )
    assert len(set().union(*sentences.values())) == 3 and re.findall(
        r"\d+", *sentences["too few queries"]
    ) == ["29", "30"]
    assert sentences == pinned
    assert all(
        with_yours(catalog, results, ["en"], today) is catalog
        for those in NO_SET.values()
        for results in those
    )


def test_of_two_results_of_a_variant_the_later_counts(catalog, today):
    mine = with_yours(
        catalog, [result([0.1] * 40), result([0.5] * 40, BASE), result([0.9] * 40)], ["en"], today
    )
    assert points(evidence.scores(mine, "your-data", ("en",))[SMALL]) == "90.0"


def test_the_catalog_is_left_as_it_was(catalog, today):
    ranks, rows = {key: s.rank for key, s in catalog.evidence_sets.items()}, len(catalog.quality)
    with_yours(catalog, [result([0.1] * 40), result([0.5] * 40, BASE)], ["en"], today)
    assert {key: s.rank for key, s in catalog.evidence_sets.items()} == ranks and len(
        catalog.quality
    ) == rows


def test_of_the_sets_of_yours_the_first_of_each_kind_is_asked_for(catalog, today):
    assert as_evidence.sets_of_yours(catalog) == {}
    embedders = [result([0.9] * 40), result([0.5] * 40, BASE)]
    rerankers = [
        result([0.6] * 40, variant, reranker=reranker, depth=20)
        for variant in (BASE, SMALL)
        for reranker in ("bge-reranker-base", "bge-reranker-v2-m3")
    ]
    assert as_evidence.sets_of_yours(with_yours(catalog, embedders, ["en"], today)) == {
        "embedder": "your-data"
    }
    both = with_yours(catalog, [*embedders, *rerankers], ["en"], today)
    assert as_evidence.sets_of_yours(both) == {
        "embedder": "your-data",
        "reranker": rerankers_over(BASE),
    }
    assert {rerankers_over(BASE), rerankers_over(SMALL)} <= set(both.evidence_sets)
