"""Boxes to choose in whose value stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

Option = TypeVar("Option")


def one_of(label: str, options: Sequence[str], key: str, help_text: str | None = None) -> str:
    """One of choices that stand side by side; the first where nothing is chosen."""
    return st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=key,
        bind="query-params",
        help=help_text,
    )


def some_of(
    label: str,
    options: Sequence[Option],
    default: Sequence[Option],
    key: str,
    help_text: str | None = None,
) -> list[Option]:
    """Some of a list."""
    return st.multiselect(
        label,
        options,
        default=list(default),
        key=key,
        bind="query-params",
        format_func=str,
        help=help_text,
    )
