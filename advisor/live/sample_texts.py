"""Passages of a pasted text or an uploaded file, to count their tokens."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain, groupby, islice
from pathlib import PurePath
from typing import Any, Literal, NamedTuple

from advisor.live.tokenizer_faults import TokenCountError

_LINE = re.compile(r"^.*$", re.MULTILINE)
CJK = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)


class SampleLimits(NamedTuple):
    """The largest sample that is counted."""

    largest_bytes: int = 5_000_000
    most_passages: int = 20_000
    longest_characters: int = 131_072  # in one passage; as much as Python's csv takes in a field


SAMPLE_LIMITS = SampleLimits()


def refuse_none(texts: Sequence[str]) -> None:
    """Raises TokenCountError where a sample holds no text at all."""
    if not texts:
        raise TokenCountError(
            "The sample holds no text. Paste passages, or upload a .txt, .csv or .jsonl file that has some."
        )


def passages(
    content: str | bytes,
    name: str = "",
    split: Literal["blank-line", "line"] = "blank-line",
    limits: SampleLimits = SAMPLE_LIMITS,
) -> list[str]:
    """Passages of a pasted text or an uploaded file.

    The ending of `name` says what it is: none or .txt, split at blank lines or at each line; .csv with a header, the delimiter being that of
    , ; and tab which the header has most of; .jsonl, an object a line. Of these two the column or field `text` is taken, else the first one
    with more than a word in it.

    Raises:
        TokenCountError: it is not UTF-8, cannot be read, is larger than `limits`, or holds no text.
    """
    kind = PurePath(name).suffix.lower()
    if kind not in ("", ".txt", ".csv", ".jsonl"):
        raise TokenCountError(f"A {kind[:20]} file is not read here. Upload .txt, .csv or .jsonl.")
    text = _text(content, limits)
    if kind == ".csv":
        found = _of_field(_csv_rows(text), limits.most_passages + 1)
    elif kind == ".jsonl":
        found = _of_field(_json_rows(text), limits.most_passages + 1)
    else:
        found = _of_text(text, split)
    kept: list[str] = []
    for line, passage in found:
        if not (passage := without_lone_surrogates(passage.strip())):
            continue
        if len(passage) > limits.longest_characters:
            raise TokenCountError(
                f"The passage at line {line:,} has {len(passage):,} characters, more than the {limits.longest_characters:,} that one may have. Split it."
            )
        if len(kept) == limits.most_passages:
            raise TokenCountError(
                f"There are more than {limits.most_passages:,} passages. Leave out what begins at line {line:,}."
            )
        kept.append(passage)
    refuse_none(kept)
    return kept


def _text(content: str | bytes, limits: SampleLimits) -> str:
    """The content as text with plain line ends."""
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if len(raw) > limits.largest_bytes:
        raise TokenCountError(
            f"The sample has {len(raw):,} bytes, more than the {limits.largest_bytes:,} that are counted. Take a part of it."
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TokenCountError(
            f"Line {line:,} is not UTF-8. Save the file as UTF-8 and upload it again."
        ) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def without_lone_surrogates(text: str) -> str:
    """The text with lone surrogates, which JSON can hold and no tokenizer takes, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _of_text(text: str, split: Literal["blank-line", "line"]) -> Iterator[tuple[int, str]]:
    """(line it begins at, passage) of a plain text."""
    lines = _lines(text)
    if split == "line":
        yield from lines
        return
    for blank, group in groupby(lines, key=lambda numbered: not numbered[1].strip()):
        block = list(group)
        if not blank:
            yield block[0][0], "\n".join(line for _, line in block)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(number, line); to split a text makes all of them at once."""
    return ((number, line[0]) for number, line in enumerate(_LINE.finditer(text), 1))


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line it begins at, values by column) of each row below the header."""
    first = text.partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True
    )
    header: list[str] = []
    line = 1
    try:
        for row in reader:
            if row and not header:
                header = row
            elif row:
                if len(row) != len(header):
                    raise TokenCountError(
                        f"Line {line:,} has {len(row)} values, but the header {len(header)}. Put quotes around texts that hold the delimiter."
                    )
                yield line, dict(zip(header, row, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise TokenCountError(
            f"Line {line:,} is not readable as CSV ({error}). Mend it, or save the texts as .jsonl."
        ) from None


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, object) of each line that is not blank."""
    for number, line in _lines(text):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise TokenCountError(
                f'Line {number:,} is no JSON object. Write each passage on a line of its own, as {{"text": "..."}}.'
            )
        yield number, value


def _of_field(rows: Iterator[tuple[int, dict[str, Any]]], most: int) -> Iterator[tuple[int, str]]:
    """(line, passage) of the column or field that holds the texts, which the first `most` rows tell."""
    first = list(islice(rows, most))
    field = _text_field([row for _, row in first]) if first else ""
    for line, row in chain(first, rows):
        value = row.get(field)
        if not isinstance(value, str):
            raise TokenCountError(
                f"Line {line:,} has no text under '{field[:40]}'. Fill it in, or delete the line."
            )
        yield line, value


def _text_field(rows: Sequence[dict[str, Any]]) -> str:
    """Name of the column or field `text`, else the first with more than a word in it, else the first with a letter."""
    names = list(rows[0])
    for name in names:
        if name.strip().lower() == "text":
            return name
    for least in (2, 1):  # words: an id is one, a text has more
        for name in names:
            if any(
                isinstance(value := row.get(name), str) and _words(value) >= least for row in rows
            ):
                return name
    raise TokenCountError("No column or field holds text. Name the one with the passages 'text'.")


def _words(text: str) -> int:
    """Words with a letter in them, each CJK character being one."""
    return len(CJK.findall(text)) + sum(
        any(map(str.isalpha, word)) for word in text.split() if not CJK.search(word)
    )
