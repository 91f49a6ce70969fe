"""The questions whose whole answers are pinned: every preset, and workloads.yaml."""

from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from advisor.ask.workload import Workload
from advisor.catalog import Catalog
from advisor.decide.recommend import Recommendation, recommend

QUESTIONS = Path(__file__).with_name("workloads.yaml")


class NewLines:
    """Text of several parts under headings; a line that an earlier part had is left out."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._lines: list[str] = []

    def add(self, heading: str, lines: Iterable[str]) -> None:
        fresh = [line for line in dict.fromkeys(lines) if line and line not in self._seen]
        self._seen |= set(fresh)
        self._lines += [f"## {heading}", *fresh, ""]

    def __str__(self) -> str:
        return "\n".join(self._lines)


@pytest.fixture(scope="session")
def recommendations(catalog: Catalog, today) -> dict[str, Recommendation]:
    """The recommendation for each question, by the question's name; presets come first."""
    questions = {key: preset.workload for key, preset in catalog.presets.items()} | yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    return {key: recommend(catalog, Workload.of(stated), today) for key, stated in questions.items()}


@pytest.fixture
def new_lines():
    return NewLines()
