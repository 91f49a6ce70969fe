"""Boxes and buttons that several parts ask with; where `bind` is said, in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def one_of(label: str, options: Sequence[str], key: str, hint: str | None = None) -> str:
    """One of choices that stand side by side; the first where nothing is chosen."""
    return st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params", help=hint
    )


def some_of(
    label: str, options: Sequence[T], default: Sequence[T], key: str, hint: str | None = None
) -> list[T]:
    """Some of a list."""
    return st.multiselect(
        label, options, list(default), key=key, bind="query-params", format_func=str, help=hint
    )


def amount(
    label: str, key: str, least: float, value: float, step: float, shape: str | None = None
) -> float:
    """A number from `least` on; `shape` is how it is written."""
    return st.number_input(label, least, None, value, step, shape, key, bind="query-params")


def ask_text(label: str, default: str, key: str, height: int, most: int) -> str:
    """A text of at most `most` characters, kept for the visit; in no address."""
    return st.text_area(label, default, height, most, key, persist_state="session")


def take_button(label: str, take: Callable[..., None], *values: object, disabled: bool) -> None:
    """A button that takes what is offered."""
    st.button(label, on_click=take, args=values, disabled=disabled, icon=":material/check:")
