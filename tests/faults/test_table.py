"""The page of faults names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = sorted(set(re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", (ROOT / "docs/faults.md").read_text(encoding="utf-8"))))


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_the_tests_that_the_page_names_are_there(file):
    there = set(re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))
    assert {name for named, name in NAMED if named == file} <= there


def test_every_test_of_a_fault_is_on_the_page():
    there = {
        (f"tests/faults/{path.name}", name)
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        if path != Path(__file__)
    }
    assert there and there <= set(NAMED)
