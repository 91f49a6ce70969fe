"""The stand-in's real weights on the sample corpus: it finds by meaning what words do not."""

import bm25s
import pytest

from advisor.encode import fastembed_engine, models
from advisor.encode.engine import About
from advisor.live import relevance, sample_corpus


@pytest.fixture(scope="module")
def english():
    return sample_corpus.load().part(sample_corpus.ENGLISH)


@pytest.fixture(scope="module")
def by_meaning(english, standin):
    return relevance.measured(
        english, relevance.run(fastembed_engine.load(models.standin(standin)), english)
    )


def by_words(judged):
    """BM25 with the English stop words of bm25s."""
    ids = list(judged.passages)
    index = bm25s.BM25()
    index.index(
        bm25s.tokenize(list(judged.passages.values()), stopwords="en", show_progress=False),
        show_progress=False,
    )
    asked = bm25s.tokenize(list(judged.queries.values()), stopwords="en", show_progress=False)
    places, scores = index.retrieve(asked, k=100, show_progress=False)
    ranking = {
        query: tuple(ids[place] for place, score in zip(row, row_scores, strict=True) if score > 0)
        for query, row, row_scores in zip(judged.queries, places, scores, strict=True)
    }
    return relevance.measured(
        judged, relevance.EngineRun(About(None, "BM25", "embedder", "local", "here"), 0.0, ranking)
    )


def test_a_real_embedder_beats_word_matching_on_the_sample(english, by_meaning):
    matching = by_words(english)
    compared = relevance.compare(by_meaning, matching)
    assert compared.difference.low > 0 and compared.verdict == "first"
    assert len(compared.wins) > 2 * len(compared.losses)
    assert (
        compared.sentence.index("all-MiniLM-L6-v2") < compared.sentence.index("BM25")
        and "nDCG@10" in compared.sentence
    )


def test_the_sample_leaves_room_above_a_small_embedder(by_meaning):
    assert 0.5 < by_meaning.means["nDCG@10"].value < 0.95
    assert by_meaning.means["Recall@100"].value > 0.95


def test_each_query_is_answered_by_a_stand_in_that_says_so(english, by_meaning):
    assert by_meaning.run.about.standin and by_meaning.run.about.variant_id is None
    assert len(by_meaning.queries) == len(english.queries) == 88 and all(
        len(row) == 100 for row in by_meaning.run.ranking.values()
    )
