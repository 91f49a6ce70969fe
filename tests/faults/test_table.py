"""The pages of faults and of security name tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/faults.md", "docs/security.md")


def named(page):
    """(file, test) of all that a page names, a file alone with no test; `::test_x` is of the file that was named last."""
    found, file = [], ""
    for words in re.findall(r"`([^`\s]*)`", (ROOT / page).read_text(encoding="utf-8")):
        path, _, test = words.partition("::")
        if path.endswith(".py") and (
            path.startswith("tests/") or Path(path).name.startswith("test_")
        ):
            file = path
        elif path or not test.startswith("test_"):
            continue
        found.append((file, test))
    return found


def written_in(path):
    return set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(
    ("page", "file"), sorted({(page, file) for page in PAGES for file, _ in named(page)})
)
def test_the_tests_that_a_page_names_are_there(page, file):
    assert file.startswith("tests/") and (ROOT / file).is_file(), "in full, so that it is found"
    assert {test for other, test in named(page) if other == file and test} <= written_in(
        ROOT / file
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_no_test_without_its_file(page):
    """What this file does not read as the name of a test would rot unseen."""
    told = re.findall(r"test_\w+", (ROOT / page).read_text(encoding="utf-8"))
    read = [name for file, test in named(page) for name in (Path(file).stem, test) if name]
    assert set(told) <= set(read)


def test_every_test_of_a_fault_is_on_the_page():
    there = {
        (f"tests/faults/{path.name}", name)
        for path in Path(__file__).parent.glob("test_*.py")
        for name in written_in(path)
        if path != Path(__file__)
    }
    assert there and there <= set(named(PAGES[0]))
