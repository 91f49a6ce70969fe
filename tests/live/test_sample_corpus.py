"""The sample corpus: what it holds, what is refused, and that words alone do not solve it."""

import errno
import json
import os
import re

import bm25s
import pytest

from advisor.base.errors import CatalogError
from advisor.catalog.load import load as load_catalog
from advisor.encode.engine import About
from advisor.live import sample_corpus
from advisor.live.relevance import TOO_FEW, EngineRun, measured

LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "ja", "pt", "zh")


@pytest.fixture(scope="module")
def sample():
    return sample_corpus.load()


@pytest.fixture(scope="module")
def english(sample):
    return sample.part(sample_corpus.ENGLISH)


def words(text):
    return set(re.findall(r"\w+", text.lower()))


def test_the_sample_is_of_the_size_that_its_readme_tells(sample, english):
    assert (len(sample.passages), len(sample.queries)) == (
        328,
        110,
    ) and sample.languages == LANGUAGES
    assert (len(english.passages), len(english.queries)) == (263, 88) and len(
        english.queries
    ) > TOO_FEW
    elsewhere = [
        key
        for key, language in sample.query_languages.items()
        if language == "en" and key not in english.queries
    ]
    assert len(elsewhere) == 6 and all(
        not key.startswith("q-en")
        for key in set(sample.queries) - set(english.queries) - set(elsewhere)
    )


def test_topics_are_of_a_size_so_that_passages_compete(sample):
    rows = [
        json.loads(line)
        for line in (sample_corpus.folder() / "corpus/passages.jsonl")
        .read_text(encoding="utf-8")
        .splitlines()
    ]
    assert all(
        set(row) == {"id", "language", "topic", "text"} and row["id"].startswith(row["topic"])
        for row in rows
    )
    topics = [row["topic"] for row in rows if row["language"] == "en"]
    assert len(set(topics)) == 13 and all(topics.count(topic) in (20, 21) for topic in topics)


def test_passages_are_short_but_for_three_whose_point_is_near_their_end(english):
    lengths = {key: len(text.split()) for key, text in english.passages.items()}
    long = [key for key, length in lengths.items() if length > 100]
    assert len(long) == 3 and all(600 <= lengths[key] <= 900 for key in long)
    assert all(20 <= lengths[key] <= 70 for key in lengths if key not in long)
    for key, point in zip(
        sorted(long),
        (
            "In January we do the contrary",
            "the lock was closed for repair",
            "pushed it into the free socket",
        ),
        strict=True,
    ):
        assert english.passages[key].find(point) > 0.75 * len(english.passages[key])
        assert any(key in graded for graded in english.judgements.values())


def test_a_query_has_one_to_three_relevant_passages_of_its_language(sample, english):
    assert all(
        1 <= len(graded) <= 3 and max(graded.values()) == 2
        for graded in english.judgements.values()
    )
    assert {grade for graded in sample.judgements.values() for grade in graded.values()} == {1, 2}


def test_word_matching_leaves_room_for_meaning(english):
    ids = list(english.passages)
    index = bm25s.BM25()
    index.index(
        bm25s.tokenize(list(english.passages.values()), stopwords="en", show_progress=False),
        show_progress=False,
    )
    queries = bm25s.tokenize(list(english.queries.values()), stopwords="en", show_progress=False)
    places, scores = index.retrieve(queries, k=100, show_progress=False)
    ranking = {
        query: tuple(ids[place] for place, score in zip(row, row_scores, strict=True) if score > 0)
        for query, row, row_scores in zip(english.queries, places, scores, strict=True)
    }
    got = measured(
        english, EngineRun(About(None, "BM25", "embedder", "local", "here"), 0.0, ranking)
    ).means["nDCG@10"]
    assert 0.15 < got.value < 0.45


def test_queries_share_few_words_with_what_answers_them(english):
    shared = [
        len(
            words(english.queries[query])
            & words(english.passages[key])
            - {"the", "a", "to", "of", "in", "and", "is", "for", "that"}
        )
        for query, graded in english.judgements.items()
        for key, grade in graded.items()
        if grade == 2
    ]
    assert sum(count <= 2 for count in shared) > 0.75 * len(shared)


def refused(copied):
    with pytest.raises(CatalogError) as caught:
        sample_corpus.load(copied)
    return caught.value.faults


def row(**fields):
    return (
        json.dumps({"id": "x", "language": "en", "topic": "city", "text": "A text."} | fields)
        + "\n"
    )


@pytest.mark.parametrize(
    ("file", "change", "entry", "field", "named"),
    [
        pytest.param("passages.jsonl", lambda t: t + t.splitlines()[0], "line 329", "",
            "'support-desk-01'", id="an id twice"),
        pytest.param("passages.jsonl", lambda t: t + row() + row(id="y", text="a  TEXT."),
            "passage y", "text", "x", id="a text twice"),
        pytest.param("passages.jsonl", lambda t: t + row(language=""), "x", "language", "",
            id="a passage without a language"),
        pytest.param("passages.jsonl", lambda t: t[1:], "line 1", "", "JSON", id="no JSON"),
        pytest.param("queries.jsonl", lambda t: t + row(), "", "", "1 of 111",
            id="a query without a judgement"),
        pytest.param("queries.jsonl", lambda t: t.replace('"language": "de", ', ""), "q-de-01",
            "language", "", id="queries without a language"),
        pytest.param("judgements.tsv", lambda t: t + "q-en-01\t0\tnone\t2\n", "line 179", "",
            "'none'", id="a passage that is not there"),
        pytest.param("judgements.tsv", lambda t: t.replace("\t2\n", "\thigh\n", 1), "line 1", "",
            "'high'", id="a grade in words"),
    ],
)  # fmt: skip
def test_a_sample_that_does_not_hold_together_is_refused(
    copied, file, change, entry, field, named, pinned
):
    path = copied / "corpus" / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    fault = next(fault for fault in refused(copied) if (fault.entry, fault.field) == (entry, field))
    assert fault.file == f"catalog/corpus/{file}" and named in fault.problem
    assert str(fault) == pinned


def test_a_file_that_is_missing_is_told(copied):
    (copied / "corpus/queries.jsonl").unlink()
    (fault,) = refused(copied)
    assert (
        fault.file == "catalog/corpus/queries.jsonl" and os.strerror(errno.ENOENT) in fault.problem
    )


def test_the_catalog_loads_whatever_the_sample_holds(copied):
    before = load_catalog(copied).version
    (copied / "corpus/passages.jsonl").write_text("broken")
    assert load_catalog(copied).version == before
