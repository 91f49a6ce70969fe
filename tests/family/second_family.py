"""Edits of the family of tests/second_family, each of which leaves out what BGE has."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from advisor.catalog import Catalog
from advisor.family import faq
from advisor.family.advice import use_when

ONLY = "nova-short"
"""The variant of which the least is known."""


def changed(path: Path, change: Callable[[dict], None]) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def listing_of(root: Path, **stated) -> None:
    changed(root / "families/nova/listing.yaml", lambda content: content.update(stated))


def only(root: Path, variant: str) -> None:
    """The family with one variant alone."""
    for path in (root / "families/nova/variants").iterdir():
        if path.stem != variant:
            path.unlink()
    changed(
        root / "offers/nova-cloud.yaml",
        lambda content: content.update(
            offers=[o for o in content["offers"] if o["variant"] == variant]
        ),
    )
    changed(
        root / "families/nova/listing.yaml",
        lambda content: content.update(
            variants=[row for row in content["variants"] if row["variant"] == variant], pricing=[]
        ),
    )
    (root / "families/nova/corrections.yaml").unlink()


def no_contexts(root: Path) -> None:
    def change(content: dict) -> None:
        for row in content["variants"]:
            row["context"] = None

    changed(root / "families/nova/listing.yaml", change)


def no_figures(root: Path) -> None:
    """Neither lengths nor days of release."""
    for path in (root / "families/nova/variants").iterdir():
        changed(path, lambda content: content.update(max_tokens=None, released=None))


def no_prices(root: Path) -> None:
    (root / "offers/nova-cloud.yaml").unlink()
    listing_of(root, pricing=[], providers=[], provider_count=0)


def no_comparison(root: Path) -> None:
    listing_of(root, related=None)
    changed(root / "families/nova/family.yaml", lambda content: content.pop("compared_with"))


def no_listing(root: Path) -> None:
    (root / "families/nova/listing.yaml").unlink()
    (root / "families/nova/corrections.yaml").unlink()


def all_replaced(root: Path) -> None:
    for path in (root / "families/nova/variants").iterdir():
        is_reranker = "kind: reranker" in path.read_text(encoding="utf-8")
        successor = "bge-reranker-v2-m3" if is_reranker else "bge-m3"
        replaced = {"replaced_by": successor, "sources": ["nova-facts"]}
        changed(path, lambda content, replaced=replaced: content.update(replaced))


EDITS: dict[str, Callable[[Path], None]] = {
    "as it is": lambda root: None,
    "one variant": lambda root: only(root, ONLY),
    "one reranker": lambda root: only(root, "nova-rank"),
    "no capabilities": lambda root: listing_of(root, capabilities=[]),
    "no contexts": no_contexts,
    "no lengths and no days": no_figures,
    "no prices": no_prices,
    "no related family": lambda root: listing_of(root, related=None),
    "no comparison": no_comparison,
    "no listing": no_listing,
    "all replaced": all_replaced,
}

FAULTS = {
    "None": re.compile(r"\bNone\b(?! (for|of) )"),
    "nan": re.compile(r"\bnan\b"),
    "one of several": re.compile(r"(?<![\d.,])1 (?:\w+ )?(?!is\b|was\b|has\b)\w+[^s\W]s\b"),
    "nothing as a figure": re.compile(r"(?<![\d.,])0 tokens"),
    "an unknown as a figure": re.compile(r"not known tokens"),
    "spaces": re.compile(r"\S  +\S| [,.;]|\.\.$"),
}


def faults_of(text: str) -> list[str]:
    """What no sentence may hold, of a text."""
    return [name for name, pattern in FAULTS.items() if pattern.search(text)]


def sentences(catalog: Catalog) -> Iterator[str]:
    """All that is said of the family and its variants."""
    family = catalog.families["nova"]
    for view in ("verified", "listed"):
        for answer in faq.answers(catalog, family, view):
            yield answer.answer
    for key in family.variants:
        advice = use_when(catalog, key)
        yield advice.sentence
        yield from (claim.text for claim in (*advice.wins, *advice.not_when))
