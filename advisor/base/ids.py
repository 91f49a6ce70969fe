"""How an id is written."""

from __future__ import annotations

ID_PATTERN = r"^[a-z0-9]+([.-][a-z0-9]+)*$"
