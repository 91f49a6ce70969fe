"""Which engine finds what in the visitor's own data: a part of Live; nothing outlives the visit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from advisor.ask.languages import codes
from advisor.base.errors import AdvisorError
from advisor.decide.query import SCORES
from advisor.encode.available_models import ModelChoice
from advisor.encode.pool import OnStatus
from advisor.live import as_evidence, relevance, sample_corpus
from advisor.live.judged import LIMITS, JudgedData, UploadedText, read
from advisor.live.judged_zip import read_zip
from advisor.live.relevance import Measured
from advisor.show import downloads
from pages.parts import engines, figures, links, session
from pages.parts.engines import Choices
from pages.parts.form_fields import languages
from pages.parts.inputs import amount, ask_text, one_of, some_of
from pages.parts.markdown import bullets, plain

MOST_MB = 10
TABLE = "BEIR's table (query-id, corpus-id, score)"
FORMS = {
    "Passages": "Passages: CSV or JSONL with id and text",
    "Queries": "Queries: CSV or JSONL with id and text",
    "Judgements": f"Judgements: TREC qrels (query 0 passage grade), or {TABLE}",
}
FILE_TYPES = ["csv", "tsv", "jsonl", "txt", "qrels"]
ZIP = "BEIR's layout: corpus.jsonl, queries.jsonl and qrels/test.tsv, at the top or in one folder."
NONE_AT_HAND = "No embedder is at hand: fetch one on the left, or name an endpoint."
METRICS = (
    "nDCG@10: how high the relevant passages stand among the first ten, 1 is perfect. "
    "Recall: the share of them that is found. MRR@10: one divided by the place of the first. "
    "In brackets the interval that holds 95 of 100 resamplings of the queries."
)
TAKEN = "In use: choose “your own data” as the benchmark on Find a model. Kept for this session."

DATA_FROM = {"files": "Files", "zip": "Zip file", "paste": "Paste", "sample": "Sample"}


def show(choices: Choices, embedder: ModelChoice, reranker: ModelChoice | None) -> None:
    """Asks for data and engines, measures them, and offers the result to Advise."""
    st.header("Which model finds the right passages in your data?")
    source = one_of("Data", DATA_FROM, "data_from")
    judged = ask_data(source)
    at_hand = [choice for choice in choices.values() if not choice.missing]
    embedders = [choice.id for choice in at_hand if choice.kind == "embedder"]
    rerankers = [choice.id for choice in at_hand if choice.kind == "reranker"]

    def named(ids: list[str]) -> dict[str, str]:
        return {key: choices[key].label for key in ids}

    first = [embedder.id] if embedder.id in embedders else embedders[:1]
    hint = "Those that are at hand."
    chosen = some_of("Embedders to try", named(embedders), first, "data_embedders", hint)
    on_top: list[str] = []
    depth = relevance.RERANKED
    if rerankers:
        on_top = some_of("Rerankers to try on top", named(rerankers), [], "data_rerankers")
    if on_top:
        depth = amount("Passages reranked per query", "data_depth", depth, (1, relevance.DEPTH))
    if not embedders:
        st.info(NONE_AT_HAND)
    if judged is None:
        return
    st.caption(plain(relevance.data_sentence(judged)))

    models, on_models = (tuple(choices[key] for key in keys) for keys in (chosen, on_top))
    inputs = (judged, models, on_models, depth)
    work = partial(measure, *inputs)
    results = engines.result_on_click("data", inputs, "Measure them", work, not chosen)
    if results:
        show_results(judged, results)


def measure(
    judged: JudgedData,
    embedders: Sequence[ModelChoice],
    rerankers: Sequence[ModelChoice],
    depth: int,
    on_status: OnStatus,
) -> list[Measured]:
    """Each embedder alone, and with each reranker over the first `depth` passages of a query."""
    results = []
    for embedder in embedders:
        on_scored = progress(on_status, embedder, "texts")
        run = relevance.run(engines.engine(embedder, on_status), judged, on_scored=on_scored)
        results.append(relevance.measured(judged, run))
        for reranker in rerankers:
            on_scored = progress(on_status, reranker, "queries")
            engine = engines.engine(reranker, on_status)
            reranked = relevance.reranked(run, judged, engine, depth, on_scored)
            results.append(relevance.measured(judged, reranked))
    return results


def progress(on_status: OnStatus, chosen: ModelChoice, counted: str) -> relevance.OnScored:
    """Says how many texts or queries a model has done."""
    return lambda done, total: on_status(f"{chosen.label}: {done:,} of {total:,} {counted}.")


def ask_data(source: str) -> JudgedData | None:
    """The judged data of the visitor; None where they are not complete, or cannot be used."""
    if source == "sample":
        return remembered(source, source, lambda: sample_corpus.load().part(sample_corpus.ENGLISH))
    if source == "zip":
        st.caption(ZIP)
        upload = st.file_uploader("A zip", type=["zip"], key="data_zip", max_upload_size=MOST_MB)
        if upload is None:
            return before(source)
        return remembered(source, upload.file_id, lambda: read_zip(text_of(upload)))
    if source == "paste":
        return ask_pasted(source)
    uploads = [
        st.file_uploader(label, FILE_TYPES, key=f"data_{name}", max_upload_size=MOST_MB)
        for name, label in FORMS.items()
    ]
    files = [upload for upload in uploads if upload is not None]
    if not files:
        return before(source)
    if len(files) < len(uploads):
        return None
    mark = tuple(file.file_id for file in files)
    return remembered(source, mark, lambda: read_three([text_of(file) for file in files]))


def ask_pasted(source: str) -> JudgedData | None:
    """The judged data of three boxes; None where one is empty, or they cannot be used."""
    most = LIMITS.largest_bytes
    pasted = {
        name: ask_text(label, "", f"data_pasted_{name}", 120, most) for name, label in FORMS.items()
    }
    if not all(text.strip() for text in pasted.values()):
        return None
    texts = [UploadedText(f"pasted {name.lower()}", t.encode()) for name, t in pasted.items()]
    return remembered(source, tuple(pasted.values()), lambda: read_three(texts))


def text_of(upload: UploadedFile) -> UploadedText:
    """An upload as it is read."""
    return UploadedText(upload.name, upload.getvalue())


def read_three(files: Sequence[UploadedText]) -> JudgedData:
    """The data of the files of `FORMS`, in that order."""
    passages, queries, judgements = files
    return read(passages, queries, judgements)


def before(source: str) -> JudgedData | None:
    """What was uploaded before another tab was opened, which empties Streamlit's boxes."""
    known: tuple[object, JudgedData] | None = st.session_state.get(f"data_read_{source}")
    if known is None:
        return None
    st.caption("The files that you uploaded before are still used.")
    if st.button("Forget them", key=f"forget_{source}", icon=":material/delete:"):
        del st.session_state[f"data_read_{source}"]
        st.rerun()
    return known[1]


def remembered(source: str, mark: object, make: Callable[[], JudgedData]) -> JudgedData | None:
    """What `make` reads, once for the same files; its faults as a list."""
    known: tuple[object, JudgedData] | None = st.session_state.get(f"data_read_{source}")
    if known is None or known[0] != mark:
        try:
            known = (mark, make())
        except AdvisorError as error:
            st.session_state.pop(f"data_read_{source}", None)
            lines = str(error).splitlines()
            st.warning(bullets(lines) if len(lines) > 1 else plain(lines[0]))
            return None
        st.session_state[f"data_read_{source}"] = known
    return known[1]


def show_results(judged: JudgedData, results: Sequence[Measured]) -> None:
    """Metrics with their intervals, verdicts, single queries, and the way to Advise."""
    alt = "Runs with nDCG@10, Recall and MRR, and their 95 % intervals"
    figures.figures_table(relevance.rows(results), alt)
    st.caption(METRICS)
    st.markdown(bullets(relevance.verdicts(results)))
    by_query = relevance.query_rows(judged, results)
    with st.expander("Query by query", icon=":material/table:"):
        st.dataframe(by_query, hide_index=True, alt="nDCG@10 of each run on each query")
    figures.download("queries.csv", downloads.table_csv(by_query), "text/csv")
    st.header("Use these results in a recommendation")
    if reason := as_evidence.reason_no_evidence(results):
        st.info(plain(reason))
        return
    offer_evidence(judged, results)


def offer_evidence(judged: JudgedData, results: Sequence[Measured]) -> None:
    """Takes the results into this visit's catalog, and leaves them out again."""
    options = languages(session.the_catalog())
    spoken_there = codes(judged.languages)
    default = [language for language in spoken_there if language in options] or ["en"]
    spoken = some_of("Languages these results apply to", options, default, "data_languages")
    label = "Use these results"
    if st.button(label, icon=":material/check:", disabled=not spoken):
        evidence = session.VisitEvidence(tuple(results), tuple(spoken))
        st.session_state[session.YOURS] = evidence
        st.rerun()
    if session.YOURS in st.session_state:
        st.success(TAKEN)
        sets = as_evidence.sets_of_yours(session.the_catalog())
        scores = {SCORES[kind]: key for kind, key in sets.items()}
        links.advise_page(
            "Ask Find a model with them", st.session_state.get(session.STORED, {}) | scores
        )
        if st.button("Stop using them", icon=":material/undo:"):
            del st.session_state[session.YOURS]
            st.rerun()
