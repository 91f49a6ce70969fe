"""Every path of the repository that the documents and the code name is there."""

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "advisor", "tests", "catalog", "benchmarks", "tools", "pages")
DOCUMENTS = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    # Decision records are history: they name what was there when they were written, and are never
    # edited. The changelog is history too.
    if "decisions" not in path.parts and path.name != "CHANGELOG.md"
)
CODE = sorted(
    [
        *(ROOT / "advisor").rglob("*.py"),
        *(ROOT / "pages").rglob("*.py"),
        ROOT / "app.py",
        ROOT / "asgi.py",
    ]
)
NAMED = re.compile(rf"(?<![\w./<{{-])(?:{'|'.join(FOLDERS)})/[\w./<>*{{}}@-]*")
LINKED = re.compile(r"\]\(([^)\s]+)\)")
MADE = ("catalog/schema",)
"""What commands write and git ignores."""


def named(text: str) -> set[str]:
    """Paths of the repository in a text; not those with a placeholder."""
    paths = {path.rstrip(".-") for path in NAMED.findall(text)}
    return {path for path in paths if not re.search(r"[<*{]", path) and not path.startswith(MADE)}


def missing(text: str, folder: Path | None = None) -> list[str]:
    """What a text names and is not there; of a Markdown file in `folder`, what it links to too."""
    links = LINKED.findall(text) if folder else []
    places = {link.partition("#")[0] for link in links if "://" not in link}
    return sorted(
        [path for path in named(text) if not (ROOT / path).exists()]
        + [place for place in places if folder and not (folder / place).exists()]
    )


def words(path: Path) -> str:
    """The strings and comments of a file of Python: its docstrings are among them."""
    source = io.StringIO(path.read_text(encoding="utf-8"))
    kinds = (tokenize.STRING, tokenize.COMMENT)
    return "\n".join(t.string for t in tokenize.generate_tokens(source.readline) if t.type in kinds)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_is_there(path):
    assert missing(path.read_text(encoding="utf-8"), path.parent) == []


def test_what_the_code_names_is_there():
    wrong = {str(path.relative_to(ROOT)): missing(words(path)) for path in CODE}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("see `docs/no-such.md`, and docs/load.md.", ["docs/no-such.md"]),
        (
            "[it](docs/load.md#what), [not](nowhere.md), [web](https://a.b/docs/x.md)",
            ["nowhere.md"],
        ),
        ("`tests/decide/test_evidence.py::test_x` and `tests/gone.py::test_x`", ["tests/gone.py"]),
        ("`catalog/offers/<provider>.yaml`, `tests/pins/*.txt`, `docs/{a,b}.md`", []),
        ("`https://host/docs/x.md`, `../docs/x.md`, my-docs/x.md", []),
    ],
)
def test_a_path_that_is_gone_is_seen(text, gone):
    assert missing(text, ROOT) == gone


def test_there_is_something_to_hold():
    assert len(DOCUMENTS) > 10 and sum(len(named(words(path))) for path in CODE) > 3
