"""Cells that a spreadsheet does not take for formulas."""

from __future__ import annotations

from typing import Any

_ASCII_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_WIDE_SIGNS = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
SPREADSHEET_SIGNS = (*_ASCII_SIGNS, *_WIDE_SIGNS)
"""What a cell may not begin with, because spreadsheets compute it (OWASP, CSV Injection)."""


def guarded(cell: Any) -> Any:
    """A cell that no spreadsheet computes: an apostrophe before text that could be a formula."""
    starts = isinstance(cell, str) and (
        cell.startswith(SPREADSHEET_SIGNS) or cell.lstrip().startswith(SPREADSHEET_SIGNS)
    )
    return f"'{cell}" if starts else cell
