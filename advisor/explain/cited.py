"""The sources that a page cites, by numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from advisor.catalog import Catalog

Section = tuple[str, list[str]]
"""A title and its lines."""
COMMIT = re.compile(r"\b([0-9a-f]{7})[0-9a-f]{33}\b")


def bullets(texts: Iterable[str]) -> list[str]:
    """Lines of a list in Markdown."""
    return [f"- {text}" for text in texts]


class Sources:
    """The sources of a page, numbered in the order in which they are cited."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._numbers: dict[str, int] = {}

    def cite(self, keys: Iterable[str], most: int) -> str:
        """` [1] [2]`: the first sources of a sentence; empty where it has none."""
        known = [key for key in dict.fromkeys(keys) if key in self._catalog.sources]
        first = known[:most]
        numbers = [self._numbers.setdefault(key, len(self._numbers) + 1) for key in first]
        return "".join(f" [{number}]" for number in sorted(numbers))

    def section(self) -> Section:
        """`[1] DeepInfra model page. https://...`; commits by seven digits."""
        cited = {number: self._catalog.sources[key] for key, number in self._numbers.items()}
        days = Counter(source.accessed for source in cited.values())
        usual = max(days, key=lambda day: (days[day], day))
        lines = []
        for number, source in cited.items():
            read = "" if source.accessed == usual else f", read {source.accessed}"
            title = COMMIT.sub(r"\1", source.title)
            lines.append(f"[{number}] {title}{read}. {source.url or ''}".rstrip())
        return f"Sources (read {usual})", bullets(lines)

    def __bool__(self) -> bool:
        return bool(self._numbers)
