"""The sample that ships with the catalog: passages, queries and judgements in nine languages."""

from __future__ import annotations

from pathlib import Path

from advisor.base.errors import CatalogError, Fault
from advisor.catalog.load import folder
from advisor.live.judged import JudgedData, JudgedLimits, OwnDataError, UploadedText, read

FILES = ("passages.jsonl", "queries.jsonl", "judgements.tsv")
ENGLISH = ("en",)


def load(root: Path | None = None) -> JudgedData:
    """The sample in `corpus/` of the catalog in `root` (default: `folder()`).

    `part(ENGLISH)` of it is its English half. It is read as a visitor's own files are, and
    stricter: every text has a language, no two passages are alike, every query is judged.
    Raises CatalogError, which holds the faults."""
    corpus = (root or folder()) / "corpus"
    name = f"{corpus.parent.name}/{corpus.name}"
    try:
        files = [UploadedText(f"{name}/{file}", (corpus / file).read_bytes()) for file in FILES]
    except OSError as error:
        file = Path(error.filename or FILES[0]).name
        problem = f"it cannot be read ({error.strerror})."
        raise CatalogError([Fault(f"{name}/{file}", "", "", problem, "Restore it.")]) from None
    try:
        sample = read(files[0], files[1], files[2], JudgedLimits())
    except OwnDataError as error:
        raise CatalogError(error.faults) from None
    if faults := _faults(sample, name):
        raise CatalogError(faults)
    return sample


def _faults(sample: JudgedData, name: str) -> list[Fault]:
    """What a visitor's data may lack and the sample may not."""
    remedy = "Judge a passage for each query."
    faults = [Fault(f"{name}/queries.jsonl", "", "", note, remedy) for note in sample.notes]
    seen: dict[str, str] = {}
    for key, text in sample.passages.items():
        if (other := seen.setdefault(" ".join(text.lower().split()), key)) != key:
            file, problem = f"{name}/passages.jsonl", f"the text of {other}."
            remedy = "Write another, or delete one."
            faults.append(Fault(file, f"passage {key}", "text", problem, remedy))
    for file, texts, languages in (
        ("passages.jsonl", sample.passages, sample.passage_languages),
        ("queries.jsonl", sample.queries, sample.query_languages),
    ):
        problem, remedy = "the field is missing.", "Write an ISO 639 code, as en."
        faults += [
            Fault(f"{name}/{file}", key, "language", problem, remedy)
            for key in sorted(set(texts) - set(languages))
        ]
    return faults
