"""What Advise and Cost both show of a recommendation."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from advisor.decide.recommend import Recommendation
from pages.parts.markdown import bullets, plain

STEPS = {"embedder": "Finding passages", "reranker": "Reranking"}


def heading(text: str, kind: str, recommendation: Recommendation) -> str:
    """A heading that names the step where there are two."""
    return f"{text}: {STEPS[kind].lower()}" if len(recommendation.steps) > 1 else text


def show_assumptions(sentences: Iterable[str]) -> None:
    """What the figures take for granted."""
    with st.expander("What the figures take for granted", icon=":material/fact_check:"):
        st.markdown(bullets(sentences))


def show_bottom(sentence: str) -> None:
    """The answer in one sentence, in sight however far down one reads."""
    with st.bottom:
        st.markdown(f"**{plain(sentence)}**")
