import contextlib
import pickle
import shutil
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.location import PyTestLocation

from advisor import catalog as catalogs
from advisor.base.errors import Fault
from advisor.catalog import Catalog, files
from advisor.catalog.load import SHIPPED

TODAY = date(2026, 11, 24)
TESTS = Path(__file__).resolve().parent
MADE_UP = TESTS / "made_up"
SECOND_FAMILY = TESTS / "second_family"
PARSE = files.parse_mapping
PARSED: dict[str, bytes] = {}
MOST_PARSED = 400  # some catalogs; the shipped one has 50 files

# an example that had to wait for a processor is no failure
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


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


def parse_mapping(content: str, name: str) -> dict[str, Any] | Fault:
    """`files.parse_mapping`, which makes YAML of the same text once; each caller has a mapping of its own."""
    if content in PARSED:
        return pickle.loads(PARSED[content])  # noqa: S301  # bytes of our own
    mapping = PARSE(content, name)
    if not isinstance(mapping, Fault):
        if len(PARSED) >= MOST_PARSED:
            PARSED.clear()
        with contextlib.suppress(RecursionError):
            PARSED[content] = pickle.dumps(mapping)
    return mapping


@pytest.fixture(scope="session", autouse=True)
def yaml_parsed_once() -> Iterator[None]:
    """Catalogs are read and checked whole in each test, but YAML is four fifths of a reading's time, and of most files the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "parse_mapping", parse_mapping)
        yield


@pytest.fixture(scope="session", autouse=True)
def components_sought_once() -> Iterator[None]:
    """A page of AppTest is a server of its own, which reads of each installed package whether it brings components: a quarter of the time, and each time the same."""
    with pytest.MonkeyPatch.context() as patch:
        seek = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", seek)
        yield


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


def with_shipped_sources(folder: Path, own: Path) -> Path:
    """A catalog's folder, with the shipped sources and those of another folder."""
    rows = (own / "sources.yaml").read_text(encoding="utf-8").removeprefix("sources:\n")
    (folder / "sources.yaml").write_text(
        (SHIPPED / "sources.yaml").read_text(encoding="utf-8") + rows, encoding="utf-8"
    )
    return folder


def put_together(folder: Path) -> Path:
    """The made-up catalog in a new folder, with the shipped rules and the shipped sources beside its own."""
    shutil.copytree(MADE_UP, folder)
    shutil.copytree(SHIPPED / "rules", folder / "rules")
    return with_shipped_sources(folder, MADE_UP)


@pytest.fixture
def second_family(copied: Path) -> Path:
    """A copy of the shipped catalog with the family `nova` beside BGE: see tests/second_family/README.md."""
    shutil.copytree(SECOND_FAMILY, copied, dirs_exist_ok=True)
    return with_shipped_sources(copied, SECOND_FAMILY)


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A small catalog with round figures. Of the shipped one it has the rules and the sources alone: see tests/made_up/README.md."""
    return catalogs.load(put_together(tmp_path_factory.mktemp("made_up") / "catalog"))


@pytest.fixture
def made_up_copy(tmp_path: Path) -> Path:
    """The made-up catalog in a folder that a test may change."""
    return put_together(tmp_path / "made_up")


def replace(path: Path, old: str, new: str) -> None:
    """Changes one place of a file; the test is wrong if it is not there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} holds no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def edit():
    return replace
