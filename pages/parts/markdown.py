"""Text for Markdown in which nothing that a visitor or a catalog wrote is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st

# Streamlit 1.67 draws :material/x: and :streamlit:, and links http://x, www.x and a@b.c, even where
# the signs are escaped.
_DRAWN = re.compile(r":(?=material/|streamlit:|//)|www(?=\.)|(?<=\S)(?=@[\w-]+\.)", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\s*\d{1,9})(?=[.)](?:\s|$))")  # 512. would begin a list
# & begins an entity, as &colon;, which Markdown reads before it looks for addresses.
_SIGNS = "\\`*_{}[]<>#~$|&"


def plain(text: str) -> str:
    """Text for Markdown in which nothing is a formula, a link, an icon, or markup."""
    text = _DRAWN.sub("\\g<0>\u2060", text)  # a joiner without width, where an escape is not enough
    for sign in _SIGNS:
        text = text.replace(sign, f"\\{sign}")
    text = _NUMBERED.sub(r"\1\\", text)
    return text.replace("\n", " ").replace(":", "\\:")


def bullets(lines: Iterable[str]) -> str:
    """Lines of plain text as a list."""
    return "\n".join(f"- {plain(line)}" for line in lines)


def numbered(lines: Iterable[str]) -> str:
    """Lines of plain text as a numbered list."""
    return "\n".join(f"1. {plain(line)}" for line in lines)


def small(text: str) -> None:
    """A small line under a figure; unlike a caption its links keep the contrast of links."""
    st.markdown(f":small[{text}]")
