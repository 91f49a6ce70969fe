"""Searching the sample that ships with this app, for the parts of Live that do so."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import About, Vectors
from advisor.encode.pool import OnStatus
from advisor.live import results, sample_corpus
from advisor.live.judged import JudgedData
from advisor.live.results import Hit
from pages.parts import engines, session
from pages.parts.inputs import one_of

TOP = 10
QUERY_HELP = "Choose one of the sample, or type your own and press Enter."
PASSAGES_HELP = (
    "The sample that ships with this app: short passages written for it. "
    "It shows what a model does; it is no benchmark."
)

SAMPLES = {"english": "English", "all-languages": "All languages"}


class SampleSearch(NamedTuple):
    """The passages found for a query, who answered, and the query's vectors."""

    hits: list[Hit]
    about: About
    query: Vectors


@st.cache_resource(max_entries=2, show_spinner="Reading the sample passages")
def _sample(catalog_version: str) -> JudgedData:
    """The sample corpus, read once for the catalog's files."""
    return sample_corpus.load()


def sample(languages: str = "english") -> JudgedData:
    """The sample's passages, queries and judgements: the English part, or all of it."""
    whole = _sample(session.the_catalog().version)
    return whole.part(sample_corpus.ENGLISH) if languages == "english" else whole


def ask_sample(key: str) -> JudgedData:
    """The part of the sample that is searched."""
    return sample(one_of("Passages", SAMPLES, key, hint=PASSAGES_HELP))


def ask_query(key: str, judged: JudgedData) -> str:
    """A query of the sample, or one that the visitor types."""
    options = list(judged.queries.values())
    query = st.selectbox(
        "Query", options, key=key, help=QUERY_HELP, accept_new_options=True, persist_state="session"
    )
    return (query or "").strip()


def grades_of(judged: JudgedData, query: str) -> dict[str, int]:
    """The judgements of a query of the sample; none for one that the visitor typed."""
    for key, text in judged.queries.items():
        if text == query:
            return dict(judged.judgements[key])
    return {}


def passages_of(chosen: ModelChoice, judged: JudgedData, on_status: OnStatus) -> Vectors:
    """Vectors of the sample's passages; those of this machine's models are remembered for all."""
    texts = tuple(judged.passages.values())

    def make() -> Vectors:
        return engines.engine(chosen, on_status).embed(texts, "passage")

    return engines.SHELF.vectors(chosen.model, texts, make)


def search(
    chosen: ModelChoice, judged: JudgedData, query: str, on_status: OnStatus, instruct: bool = True
) -> SampleSearch:
    """The nearest passages of the sample; raises EncodeError where the model cannot answer."""
    passages = passages_of(chosen, judged, on_status)
    engine = engines.engine(chosen, on_status)
    vectors = engine.embed([query], "query", instruct=instruct)
    grades = grades_of(judged, query)
    hits = results.search(vectors.dense[0], passages.dense, judged.passages, grades, TOP)
    return SampleSearch(hits, engine.about, vectors)
