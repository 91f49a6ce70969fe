"""Catalog files, however they are spoilt: a catalog that gives an answer, or a CatalogError that names file and problem."""

import shutil
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base.errors import CatalogError, Fault, WorkloadError
from advisor.catalog import files
from advisor.catalog.load import SHIPPED
from advisor.decide.recommend import recommend
from tests.fuzz.fuzzing import drawn, spoilt_bytes

TODAY = date(2026, 11, 24)
FILES = sorted(
    path.relative_to(SHIPPED).as_posix()
    for path in SHIPPED.rglob("*")
    if path.suffix in (".yaml", ".csv")
)
SEEDS = sorted((Path(__file__).parent / "seeds").glob("*.yaml"))
NASTY = [
    "", "null", "~", "true", "no", "0", "-1", "1e999", ".nan", "-.inf", "0x1f", "1_0", "9" * 30, "9" * 5000, '"0.01"', "'1e400'", "2026-02-30", "[]", "{}", "[a, a]", "{a: 1}",
    "[" * 60, "{a: " * 60, "[" * 30 + "]" * 30, "&a x", "*a", "<<: *a", "? a", "- a", "|", ">-", "!!bool maybe", "!!int ''", "!!float ''", "!!timestamp x", "!!binary x", "!!set {a}", "!!omap [a]", "!!pairs [a]",
    "!!map [a]", "!!seq {a: b}", "!!str [a]", "!!python/object:os.system x", "!local x", "%YAML 9.9", "---", "...", "\t", "#", "\x00", "\x85", "\u2028", "\ud800", "{tokens} {nope}", "a: b: c", "'", '"\\x', "bge-m3", "ram",
]  # fmt: skip


@st.composite
def spoilt_lines(draw, text):
    """A YAML text with one to three lines given another value, taken out, doubled, moved in or out."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        value = draw(st.sampled_from(NASTY) | st.text(max_size=10))
        match draw(
            st.sampled_from(["value", "value", "value", "take out", "double", "indent", "insert"])
        ):
            case "value":
                head, colon, _ = lines[at].partition(":")
                lines[at] = f"{head}{colon} {value}"
            case "take out" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "indent":
                lines[at] = (
                    lines[at].removeprefix("  ") if draw(st.booleans()) else f"  {lines[at]}"
                )
            case _:
                lines.insert(at, value)
    return "\n".join(lines)


@cache
def shipped(name):
    return (SHIPPED / name).read_bytes()


FILES_SPOILT = st.sampled_from(FILES).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.one_of(
            spoilt_lines(shipped(name).decode()).map(
                lambda text: text.encode("utf-8", "surrogatepass")
            ),
            spoilt_bytes(shipped(name)),
            st.binary(max_size=50),
        ),
    )
)


def told(faults):
    for fault in faults:
        assert fault.file and fault.problem.strip(), fault
        assert fault.remedy or fault.problem.endswith((".", "?", "`", "'")), fault


@drawn(150)
@given(
    FILES_SPOILT.filter(lambda spoilt: spoilt[0].endswith(".yaml")).map(
        lambda spoilt: spoilt[1].decode("utf-8", "replace")
    )
    | st.sampled_from(NASTY).map(lambda value: f"a: {value}\n")
)
@example("a: " + "[" * 20_000)
@example("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n")
def test_a_yaml_text_is_a_mapping_or_a_fault(text):
    found = files.parse_mapping(text, "catalog/x.yaml")
    if isinstance(found, Fault):
        assert found.remedy
        told([found])
    else:
        assert all(isinstance(key, str) for key in found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the catalog, of which one file at a time is spoilt."""
    return shutil.copytree(SHIPPED, tmp_path_factory.mktemp("fuzz") / "catalog")


def loaded(root, name, content):
    """What the catalog gives with one file changed; None where it is refused."""
    (root / name).write_bytes(content)
    try:
        return catalogs.load(root)
    except CatalogError as error:
        assert error.faults
        told(error.faults)
        assert all(fault.file.startswith("catalog/") for fault in error.faults), error
        return None
    finally:
        (root / name).write_bytes(shipped(name))


@drawn(60)
@given(FILES_SPOILT)
def test_a_catalog_with_a_spoilt_file_answers_or_names_the_fault(folder, spoilt):
    found = loaded(folder, *spoilt)
    if found is None:
        return
    for stated in ({}, {"task": "retrieve-and-rerank", "placement": "own"}):
        try:
            recommend(found, Workload.of(stated), TODAY)
        except WorkloadError as error:
            assert str(error)


@pytest.mark.parametrize("name", [path.name for path in SEEDS])
def test_a_file_that_once_broke_the_reader_is_told(name):
    """Each file of seeds/ ended a reading with an error of another kind."""
    path = Path(__file__).parent / "seeds" / name
    found = files.yaml_mapping(path, name)
    assert isinstance(found, Fault) and found.remedy
    told([found])
