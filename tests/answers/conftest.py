"""The questions whose whole answers are pinned: every preset, and workloads.yaml."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.catalog import Catalog
from advisor.decide.recommend import Recommendation, recommend
from tests.encode.conftest import tiny_embedder  # noqa: F401  # a fixture

QUESTIONS = Path(__file__).with_name("workloads.yaml")


class NewLines:
    """Text of several parts under headings; a line that an earlier part had is only counted, so that a new wording is one line of a diff."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._lines: list[str] = []

    def add(self, heading: str, lines: Iterable[str]) -> None:
        told = [line for line in dict.fromkeys(lines) if line]
        fresh = [line for line in told if line not in self._seen]
        self._seen |= set(fresh)
        before = (
            [f"(and {len(told) - len(fresh)} lines as before)"] if len(told) > len(fresh) else []
        )
        self._lines += [f"## {heading}", *fresh, *before, ""]

    def __str__(self) -> str:
        return "\n".join(self._lines)


@pytest.fixture(scope="session")
def recommendations(catalog: Catalog, today) -> dict[str, Recommendation]:
    """The recommendation for each question, by the question's name; presets come first."""
    presets = {key: preset.workload for key, preset in catalog.shown_presets.items()}
    questions = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    return {key: answer(catalog, today, **stated) for key, stated in (presets | questions).items()}


def answer(
    catalog: Catalog,
    today: date,
    scores: Sequence[str] = (),
    assumptions: Mapping[str, Any] | None = None,
    **workload: Any,
) -> Recommendation:
    return recommend(
        catalog, Workload.of(workload), today, scores, Assumptions.of(assumptions or {})
    )


@pytest.fixture
def new_lines():
    return NewLines()
