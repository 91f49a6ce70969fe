"""Token counts of the visitor's own texts, a part of Cost: they are in no address, cache or log."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from tokenizers import Tokenizer

from advisor.base import formatting
from advisor.base.errors import AdvisorError
from advisor.catalog.schema import Variant
from advisor.decide.recommend import Recommendation
from advisor.live import hub_tokenizer, sample_texts, token_counts
from advisor.live.tokenizer_faults import TokenCountError
from advisor.net import hub
from advisor.serve import page_lock
from pages.parts import figures, form_fields, session
from pages.parts.inputs import take_button
from pages.parts.markdown import plain, small

FETCHED = "fetched_tokenizers"
MOST_MB = 5
SPLITS: dict[Literal["blank-line", "line"], str] = {
    "blank-line": "Blank lines",
    "line": "Line breaks",
}
INTRODUCTION = (
    "Paste a sample of your passages, or upload one. It is counted here, kept for this visit only, "
    "and sent nowhere."
)
WHOLE = (
    "Lengths and shares are of whole passages. Your question has passages over {} tokens cut into "
    "parts, which the models read one by one."
)
FETCH_HELP = "A file of a few megabytes from the hub; none of your texts are sent."


@st.cache_resource(max_entries=4, show_spinner="Fetching the tokenizer")
def _fetched(hub_id: str | None, _variant: Variant) -> Tokenizer:
    """A public tokenizer, the same for every visit."""
    return hub_tokenizer.fetch_tokenizer(_variant, base=hub.address())


def tokenizer(variant: Variant) -> Tokenizer:
    """A model's tokenizer; other visitors' pages go ahead while it is fetched."""
    with page_lock.PAGES.aside():
        return _fetched(variant.hub_id, variant)


def show(recommendation: Recommendation) -> None:
    """Asks for a sample, counts it with each model's tokenizer, and offers its lengths."""
    st.subheader("How long are your texts?", anchor=False)
    st.markdown(INTRODUCTION)
    split = st.segmented_control(
        "Passages are separated by",
        list(SPLITS),
        default="blank-line",
        required=True,
        key="sample_split",
        format_func=SPLITS.__getitem__,
    )
    pasted = st.text_area("Sample passages", key="sample_text", height=160)
    label = "Or a .txt, .csv or .jsonl file"
    types = ["txt", "csv", "jsonl"]
    upload = st.file_uploader(label, types, key="sample_file", max_upload_size=MOST_MB)
    if not pasted and upload is None:
        return
    query_tokens = recommendation.workload.query_tokens
    try:
        content, name = (upload.getvalue(), upload.name) if upload else (pasted, "")
        texts = sample_texts.passages(content, name, split)
        rows = token_counts.summary(recommendation.catalog, texts, tokenizers(), query_tokens)
    except AdvisorError as error:
        st.warning(plain(str(error)))
        return
    figures.figures_table(token_counts.token_rows(rows), "Tokens of your passages for each model")
    for rule in dict.fromkeys(row.rule for row in rows):
        small(plain(rule))
    if parts := recommendation.workload.chunk_tokens:
        small(plain(WHOLE.format(formatting.count(parts))))
    offer_lengths(recommendation, texts)
    offer_tokenizers([row.variant_id for row in rows if not row.exact])


def tokenizers() -> dict[str, Tokenizer]:
    """The tokenizers that this visit has asked for, by variant."""
    variants = session.the_catalog().variants
    return {key: tokenizer(variants[key]) for key in st.session_state.get(FETCHED, [])}


def offer_lengths(recommendation: Recommendation, texts: list[str]) -> None:
    """Feeds the sample's lengths into the workload."""
    catalog, pick = recommendation.catalog, recommendation.pick
    options = form_fields.encoders(catalog)
    index = list(options).index(pick.parts[0].variant_id) if pick else 0
    variant_id = st.selectbox(
        "Lengths as counted for", options, index, options.__getitem__, key="sample_variant"
    )
    lengths = token_counts.lengths_for_workload(catalog, texts, variant_id, tokenizers())
    mean, p95 = lengths.passage_tokens, lengths.passage_tokens_p95
    workload = recommendation.workload.model_copy(update=lengths._asdict())
    label = f"Use {mean:,} tokens each, 95th percentile {p95:,}"
    take_button(label, form_fields.put, workload, disabled=workload == recommendation.workload)


def offer_tokenizers(estimated: list[str]) -> None:
    """Fetches a tokenizer on request, where there is a network."""
    if not estimated:
        return
    label = "Fetch the tokenizer of"
    names = form_fields.encoders(session.the_catalog())
    chosen = st.selectbox(
        label, estimated, format_func=names.__getitem__, key="sample_tokenizer", help=FETCH_HELP
    )
    if st.button("Fetch it", icon=":material/download:"):
        try:
            tokenizer(session.the_catalog().variants[chosen])
        except TokenCountError as error:
            st.warning(plain(str(error)))
            return
        st.session_state[FETCHED] = [*st.session_state.get(FETCHED, []), chosen]
        st.rerun()
