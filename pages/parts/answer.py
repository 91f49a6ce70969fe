"""What Advise and Cost both show of a recommendation."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from advisor.decide.recommend import Recommendation
from pages.parts.markdown import bullets, plain

NOT_UPDATED = "Not updated:"  # before an answer to other figures than those of the form
STEPS = {"embedder": "Finding passages", "reranker": "Reranking"}


def heading(text: str, kind: str, recommendation: Recommendation) -> str:
    """A heading that names the step where there are two."""
    return f"{text}: {STEPS[kind].lower()}" if len(recommendation.steps) > 1 else text


def show_assumptions(sentences: Iterable[str]) -> None:
    """What the figures take for granted."""
    with st.expander("What the figures take for granted", icon=":material/fact_check:"):
        st.markdown(bullets(sentences))


def show_bottom(sentence: str, updated: bool) -> None:
    """The answer in one sentence, in sight however far down one reads."""
    text = plain(sentence)
    with st.bottom:
        st.markdown(f"**{text}**" if updated else f"{plain(NOT_UPDATED)} {text}")
