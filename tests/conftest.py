import shutil
from datetime import date
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.location import PyTestLocation

from advisor import catalog as catalogs
from advisor.catalog.load import SHIPPED, Catalog

TODAY = date(2026, 11, 24)
TESTS = Path(__file__).resolve().parent


class Pins(AmberSnapshotExtension):
    """What `make pins` writes: one folder, with a file for each test file, so that one diff shows every change."""

    file_extension = "txt"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(TESTS / "pins" / Path(test_location.filepath).parent.relative_to(TESTS))


@pytest.fixture
def pinned(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """What this test saw when `make pins` last ran: compare with it where the words are the result, or a shipped price is in them."""
    return snapshot.use_extension(Pins)


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
