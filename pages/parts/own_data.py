"""The visitor's own passages, queries and judgements: which engine finds what. A part of Live; nothing outlives the visit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from advisor.base.errors import AdvisorError
from advisor.decide.query import SCORES
from advisor.encode.available_models import ModelChoice
from advisor.encode.pool import OnStatus
from advisor.live import as_evidence, relevance, sample_corpus
from advisor.live.judged import LIMITS, JudgedData, UploadedText, read
from advisor.live.judged_zip import read_zip
from advisor.live.relevance import Measured
from advisor.show import downloads
from pages.parts import engines, figures, markdown, session

MOST_MB = 10
FORMS = {
    "Passages": "CSV or JSONL with id and text",
    "Queries": "CSV or JSONL with id and text",
    "Judgements": "TREC qrels (query 0 passage grade), or BEIR's table (query-id, corpus-id, score)",
}


def show(
    found: dict[str, ModelChoice], embedder: ModelChoice, reranker: ModelChoice | None
) -> None:
    """Asks for data and engines, measures them, and offers the result to Advise."""
    st.header("Which model finds the right passages in your data?")
    source = st.segmented_control(
        "Data",
        ["files", "zip", "paste", "sample"],
        default="files",
        required=True,
        key="data_from",
        bind="query-params",
    )
    judged = data(source)
    at_hand = [one.id for one in found.values() if one.kind == "embedder" and not one.missing]
    first = [embedder.id] if embedder.id in at_hand else at_hand[:1]
    chosen = st.multiselect(
        "Embedders to try",
        at_hand,
        default=first,
        key="data_embedders",
        bind="query-params",
        help="Those that are at hand.",
    )
    rerankers = [one.id for one in found.values() if one.kind == "reranker" and not one.missing]
    again = (
        st.multiselect(
            "Rerankers to try on top",
            rerankers,
            default=[],
            key="data_rerankers",
            bind="query-params",
        )
        if rerankers
        else []
    )
    depth = (
        st.number_input(
            "Passages reranked a query",
            1,
            relevance.DEPTH,
            relevance.RERANKED,
            key="data_depth",
            bind="query-params",
        )
        if again
        else relevance.RERANKED
    )
    if not at_hand:
        st.info("No embedder is at hand: fetch one on the left, or name an endpoint.")
    if judged is None:
        return
    st.caption(markdown.plain(relevance.data_sentence(judged)))

    def work(told: OnStatus) -> list[Measured]:
        results = []
        for name in chosen:
            engine = engines.engine(found[name], told)
            run = relevance.run(engine, judged, told=progress(told, found[name], "texts"))
            results.append(relevance.measured(judged, run))
            for key in again:
                second = engines.engine(found[key], told)
                over = relevance.reranked(
                    run, judged, second, depth, progress(told, found[key], "queries")
                )
                results.append(relevance.measured(judged, over))
        return results

    inputs = (
        judged,
        tuple(found[key] for key in chosen),
        tuple(found[key] for key in again),
        depth,
    )
    results = engines.once("data", inputs, "Measure them", work, not chosen)
    if results:
        show_results(judged, results)


def progress(told: OnStatus, chosen: ModelChoice, counted: str) -> relevance.OnScored:
    """Says how many texts or queries a model has done."""
    return lambda done, total: told(f"{chosen.label}: {done:,} of {total:,} {counted}.")


def data(source: str) -> JudgedData | None:
    """The judged data as the visitor gives them; None where they are not complete, or cannot be used."""
    if source == "sample":
        return kept(source, "sample", lambda: sample_corpus.load().part(sample_corpus.ENGLISH))
    if source == "zip":
        st.caption(
            "BEIR's layout: corpus.jsonl, queries.jsonl and qrels/test.tsv, at the top or in one folder."
        )
        upload = st.file_uploader("A zip", type=["zip"], key="data_zip", max_upload_size=MOST_MB)
        return (
            kept(source, upload.file_id, lambda: read_zip(file(upload)))
            if upload
            else before(source)
        )
    if source == "paste":
        pasted = [
            st.text_area(
                f"{name}: {form}",
                key=f"data_pasted_{name}",
                height=120,
                max_chars=LIMITS.largest_bytes,
                persist_state="session",
            )
            for name, form in FORMS.items()
        ]
        if not all(text.strip() for text in pasted):
            return None
        texts = [
            UploadedText(f"pasted {name.lower()}", text.encode())
            for name, text in zip(FORMS, pasted, strict=True)
        ]
        return kept(source, tuple(pasted), lambda: read_three(texts))
    uploads = [
        st.file_uploader(
            f"{name}: {form}",
            type=["csv", "tsv", "jsonl", "txt", "qrels"],
            key=f"data_{name}",
            max_upload_size=MOST_MB,
        )
        for name, form in FORMS.items()
    ]
    files = [upload for upload in uploads if upload is not None]
    if not files:
        return before(source)
    if len(files) < len(uploads):
        return None
    return kept(
        source,
        tuple(upload.file_id for upload in files),
        lambda: read_three([file(upload) for upload in files]),
    )


def file(upload: UploadedFile) -> UploadedText:
    """An upload as it is read."""
    return UploadedText(upload.name, upload.getvalue())


def read_three(files: Sequence[UploadedText]) -> JudgedData:
    """The data of the files of `FORMS`, in that order."""
    passages, queries, judgements = files
    return read(passages, queries, judgements)


def before(source: str) -> JudgedData | None:
    """What was uploaded before another tab was opened, which empties Streamlit's boxes; None where there is none."""
    known: tuple[object, JudgedData] | None = st.session_state.get(f"data_read_{source}")
    if known is None:
        return None
    st.caption("The files that you uploaded before are still used.")
    if st.button("Forget them", key=f"forget_{source}", icon=":material/delete:"):
        del st.session_state[f"data_read_{source}"]
        st.rerun()
    return known[1]


def kept(source: str, mark: object, make: Callable[[], JudgedData]) -> JudgedData | None:
    """What `make` reads, once for the same files; its faults as a list."""
    known: tuple[object, JudgedData] | None = st.session_state.get(f"data_read_{source}")
    if known is None or known[0] != mark:
        try:
            known = (mark, make())
        except AdvisorError as error:
            st.session_state.pop(f"data_read_{source}", None)
            lines = str(error).splitlines()
            st.warning(
                "\n".join(f"- {markdown.plain(line)}" for line in lines)
                if len(lines) > 1
                else markdown.plain(lines[0])
            )
            return None
        st.session_state[f"data_read_{source}"] = known
    return known[1]


def show_results(judged: JudgedData, results: Sequence[Measured]) -> None:
    """Metrics with their intervals, verdicts, single queries, and the way to Advise."""
    figures.table(
        [figures.plain_row(row) for row in relevance.rows(results)],
        "Runs with nDCG@10, Recall and MRR, and their 95 % intervals",
    )
    st.caption(
        "nDCG@10: how high the relevant passages stand among the first ten, 1 is perfect. Recall: the share of them that is found. "
        "MRR@10: one divided by the place of the first. In brackets the interval that holds 95 of 100 resamplings of the queries."
    )
    for sentence in relevance.verdicts(results):
        st.markdown(f"- {markdown.plain(sentence)}")
    by_query = relevance.query_rows(judged, results)
    with st.expander("Query by query", icon=":material/table:"):
        st.dataframe(by_query, hide_index=True, alt="nDCG@10 of each run on each query")
    st.download_button(
        "queries.csv",
        downloads.table_csv(by_query),
        "queries.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.header("Use it in Advise")
    if why := as_evidence.why_not(results):
        st.info(markdown.plain(why))
        return
    spoken = st.multiselect(
        "Languages that it speaks for",
        languages(),
        default=[one for one in judged.languages if one in languages()] or ["en"],
        key="data_languages",
        bind="query-params",
    )
    if st.button(
        "Take it as evidence for this visit", icon=":material/check:", disabled=not spoken
    ):
        st.session_state[session.YOURS] = session.Yours(tuple(results), tuple(spoken))
        st.rerun()
    if session.YOURS in st.session_state:
        sets = as_evidence.asked(session.the_catalog())
        st.success(
            "Taken: Advise offers it as “your own data”, first among the scores, until this visit ends."
        )
        asked = {
            **st.session_state.get(session.STORED, {}),
            **{SCORES[kind]: key for kind, key in sets.items()},
        }
        st.page_link(
            "pages/advise.py",
            label="Ask Advise with it",
            icon=":material/compass_calibration:",
            query_params=asked,
        )
        if st.button("Leave it out again", icon=":material/undo:"):
            del st.session_state[session.YOURS]
            st.rerun()


def languages() -> list[str]:
    """Languages that the catalog's variants know."""
    return sorted(
        {
            language
            for variant in session.the_catalog().variants.values()
            for language in variant.languages or ()
        }
    )
