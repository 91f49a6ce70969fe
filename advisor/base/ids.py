"""How ids and codes are written."""

from __future__ import annotations

ID_PATTERN = r"^[a-z0-9]+([.-][a-z0-9]+)*$"
DAY_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
FORMS = {
    ID_PATTERN: "id of small letters and digits, such as bge-m3",
    DAY_PATTERN: "day such as 2026-11-25",
}
"""What each pattern asks for, in words that follow "it is no"."""
