"""Cells that a spreadsheet does not take for formulas."""

from __future__ import annotations

from typing import Any

SPREADSHEET_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell may not begin with: spreadsheets compute it; the last four are the wide forms of the first (OWASP, CSV Injection)."""


def guarded(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that could begin one, with an apostrophe before it."""
    starts = isinstance(cell, str) and (
        cell.startswith(SPREADSHEET_SIGNS) or cell.lstrip().startswith(SPREADSHEET_SIGNS)
    )
    return f"'{cell}" if starts else cell
