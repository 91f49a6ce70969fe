import shutil
from datetime import date
from pathlib import Path

import pytest

from advisor import catalog as catalogs
from advisor.catalog.load import SHIPPED, Catalog

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def today() -> date:
    return TODAY


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return catalogs.load(SHIPPED)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the shipped catalog that a test may change."""
    return shutil.copytree(SHIPPED, tmp_path / "catalog")


def replace(path: Path, old: str, new: str) -> None:
    """Changes one place of a file; the test is wrong if it is not there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} holds no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def edit():
    return replace
