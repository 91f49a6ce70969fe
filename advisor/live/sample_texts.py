"""Passages of a pasted text or an uploaded file, to count their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby, islice
from pathlib import PurePath
from typing import Any, Literal, NamedTuple, NoReturn

from advisor.base.text_rows import TextRows, decoded, without_lone_surrogates
from advisor.base.token_estimate import CJK
from advisor.live.tokenizer_faults import TokenCountError

SplitAt = Literal["blank-line", "line"]


class SampleLimits(NamedTuple):
    """The largest sample that is counted."""

    largest_bytes: int = 5_000_000
    most_passages: int = 20_000
    longest_characters: int = 131_072  # in one passage; as much as Python's csv takes in a field


SAMPLE_LIMITS = SampleLimits()


def refuse_none(texts: Sequence[str]) -> None:
    """Raises TokenCountError where a sample holds no text at all."""
    if not texts:
        remedy = "Paste passages, or upload a .txt, .csv or .jsonl file that has some."
        raise TokenCountError(f"The sample holds no text. {remedy}")


def passages(
    content: str | bytes,
    name: str = "",
    split: SplitAt = "blank-line",
    limits: SampleLimits = SAMPLE_LIMITS,
) -> list[str]:
    """Passages of a pasted text or an uploaded file, whose form the ending of `name` says.

    None or .txt: divided as `split` says; .csv with a header, delimited by , ; or tab; .jsonl. Of
    these two the column or field `text` is taken, else the first with more than a word in it.
    Raises TokenCountError: it is not UTF-8, not to be read, over `limits`, or has no text."""
    kind = PurePath(name).suffix.lower()
    if kind not in ("", ".txt", ".csv", ".jsonl"):
        raise TokenCountError(f"A {kind[:20]} file is not read here. Upload .txt, .csv or .jsonl.")
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    text = decoded(raw, _refuse, limits.largest_bytes) or ""
    rows = TextRows(text, _refuse, longest_line=limits.largest_bytes)
    if kind in (".csv", ".jsonl"):
        objects = _csv_rows(rows) if kind == ".csv" else rows.objects("passage", '{"text": "..."}')
        numbered = _of_field(objects, limits.most_passages + 1)
    else:
        numbered = _of_text(rows, split)
    sample: list[str] = []
    for line, passage in numbered:
        if not (passage := without_lone_surrogates(passage.strip())):
            continue
        if (length := len(passage)) > (longest := limits.longest_characters):
            problem = f"{length:,} characters, more than the {longest:,} that a passage may have."
            _refuse(line, problem, "Split it.")
        if len(sample) == limits.most_passages:
            problem = f"more than {limits.most_passages:,} passages."
            _refuse(line, problem, "Leave out what begins at this line.")
        sample.append(passage)
    refuse_none(sample)
    return sample


def _refuse(line: int, problem: str, remedy: str) -> NoReturn:
    """Raises the first fault of a sample, which is counted as a whole or not at all."""
    place = f"Line {line:,}" if line else "The sample"
    raise TokenCountError(f"{place}: {problem} {remedy}")


def _of_text(rows: TextRows, split: SplitAt) -> Iterator[tuple[int, str]]:
    """(line it begins at, passage) of a plain text."""
    if split == "line":
        yield from rows.lines()
        return
    for blank, group in groupby(rows.lines(), key=lambda numbered: not numbered[1].strip()):
        block = list(group)
        if not blank:
            yield block[0][0], "\n".join(line for _, line in block)


def _csv_rows(rows: TextRows) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line it begins at, values by column) of each row below the header."""
    header, values = rows.table(rows.delimiter())
    return ((line, dict(zip(header, row, strict=True))) for line, row in values)


def _of_field(rows: Iterator[tuple[int, dict[str, Any]]], most: int) -> Iterator[tuple[int, str]]:
    """(line, passage) of the column or field of texts, which the first `most` rows tell."""
    first = list(islice(rows, most))
    field = _text_field([row for _, row in first]) if first else ""
    for line, row in chain(first, rows):
        value = row.get(field)
        if not isinstance(value, str):
            _refuse(line, f"no text under '{field[:40]}'.", "Fill it in, or delete the line.")
        yield line, value


def _text_field(rows: Sequence[dict[str, Any]]) -> str:
    """The column or field `text`, else the first with more than a word, else with a letter."""
    names = list(rows[0])
    for name in names:
        if name.strip().lower() == "text":
            return name
    for least in (2, 1):  # words: an id is one, a text has more
        for name in names:
            values = (row.get(name) for row in rows)
            if any(isinstance(value, str) and _words(value) >= least for value in values):
                return name
    raise TokenCountError("No column or field holds text. Name the one with the passages 'text'.")


def _words(text: str) -> int:
    """Words with a letter in them, each CJK character being one."""
    return len(CJK.findall(text)) + sum(
        any(map(str.isalpha, word)) for word in text.split() if not CJK.search(word)
    )
