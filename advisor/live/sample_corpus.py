"""The sample corpus that ships with the catalog: short passages, queries and judgements, English and in eight other languages."""

from __future__ import annotations

from pathlib import Path

from advisor.base.errors import CatalogError, Fault
from advisor.catalog.load import folder
from advisor.live.judged import JudgedData, JudgedLimits, OwnDataError, UploadedText, read

FILES = ("passages.jsonl", "queries.jsonl", "judgements.tsv")
ENGLISH = ("en",)


def load(root: Path | None = None) -> JudgedData:
    """The sample in `corpus/` of the catalog in `root` (default: `folder()`); `part(ENGLISH)` of it is its English half.

    Read as a visitor's own files are, and stricter: every text has a language, no two passages are alike, every query is judged.

    Raises:
        CatalogError: the sample cannot be used; holds the faults found.
    """
    place = (root or folder()) / "corpus"
    name = f"{place.parent.name}/{place.name}"
    try:
        files = [UploadedText(f"{name}/{file}", (place / file).read_bytes()) for file in FILES]
    except OSError as error:
        file = Path(error.filename or FILES[0]).name
        raise CatalogError(
            [
                Fault(
                    f"{name}/{file}",
                    "",
                    "",
                    f"it cannot be read ({error.strerror}).",
                    "Restore it.",
                )
            ]
        ) from None
    try:
        found = read(files[0], files[1], files[2], JudgedLimits())
    except OwnDataError as error:
        raise CatalogError(error.faults) from None
    if faults := _faults(found, name):
        raise CatalogError(faults)
    return found


def _faults(found: JudgedData, name: str) -> list[Fault]:
    """What a visitor's data may lack and the sample may not."""
    faults = [
        Fault(f"{name}/queries.jsonl", "", "", note, "Judge a passage for each query.")
        for note in found.notes
    ]
    seen: dict[str, str] = {}
    for key, text in found.passages.items():
        if (other := seen.setdefault(" ".join(text.lower().split()), key)) != key:
            faults.append(
                Fault(
                    f"{name}/passages.jsonl",
                    f"passage {key}",
                    "text",
                    f"the text of {other}.",
                    "Write another, or delete one.",
                )
            )
    told = (
        ("passages", found.passages, found.passage_languages),
        ("queries", found.queries, found.query_languages),
    )
    for kind, texts, languages in told:
        for key in sorted(set(texts) - set(languages)):
            faults.append(
                Fault(
                    f"{name}/{kind}.jsonl",
                    key,
                    "language",
                    "the field is missing.",
                    "Write an ISO 639 code, as en.",
                )
            )
    return faults
