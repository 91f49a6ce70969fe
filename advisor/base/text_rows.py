"""Rows of a small text that nobody vouches for: its lines, a table, or an object of JSON a line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from advisor.base.formatting import counted

OnFault = Callable[[int, str, str], None]
"""Gets line (0: the whole text), problem and remedy. It may raise; else the row is left out."""
DELIMITERS = ",;\t"
_LINE = re.compile(r"^.*$", re.MULTILINE)
"""One line after the other: to split a text makes all of them at once."""


def decoded(content: bytes, on_fault: OnFault, largest_bytes: int) -> str | None:
    """The content as text with plain line ends; None, with a fault, where it is none."""
    if len(content) > largest_bytes:
        problem = f"{len(content):,} bytes, more than the {largest_bytes:,} that are taken."
        on_fault(0, problem, "Take a part of it.")
        return None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        on_fault(1, "it is UTF-16.", "Save the file as UTF-8.")
        return None
    try:
        text = content.decode()  # not utf-8-sig, which counts an error's place from after the mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        on_fault(line, "it is not UTF-8.", "Save the file as UTF-8.")
        return None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def without_lone_surrogates(text: str) -> str:
    """The text with lone surrogates, which JSON can hold and no model takes, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


class TextRows:
    """The rows of a text, each with the line on which it begins; blank ones are none."""

    def __init__(self, text: str, on_fault: OnFault, longest_line: int) -> None:
        self._text, self._on_fault, self._longest_line = text, on_fault, longest_line

    def lines(self) -> Iterator[tuple[int, str]]:
        """(number, line) of every line, blank ones too, up to one that is too long."""
        for number, match in enumerate(_LINE.finditer(self._text), 1):
            length = match.end() - match.start()
            if length > self._longest_line:
                most = f"{self._longest_line:,}"
                problem = f"{length:,} characters, more than the {most} of a line that is read."
                self._on_fault(number, problem, "Split or shorten it.")
                return
            yield number, match[0]

    def first_line(self) -> str:
        """The first line that is not blank, as far as it is read."""
        return self._text.lstrip()[: self._longest_line].partition("\n")[0]

    def delimiter(self, candidates: str = DELIMITERS) -> str:
        """The candidate that the first line has most of; of equals the first."""
        return max(candidates, key=self.first_line().count)

    def table(self, delimiter: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
        """The header, and (line, values) of each row below it that is as long."""
        rows = self._records(delimiter)
        _, header = next(rows, (0, []))
        return header, self._as_long_as(header, rows)

    def objects(self, what: str, example: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """(line, object) of each line; `what` one is, and an `example` of it, are for faults."""
        for number, line in self.lines():
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                yield number, value
            else:
                remedy = f"Write each {what} on a line of its own, as {example}."
                self._on_fault(number, "no JSON object.", remedy)

    def _records(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        lines = (f"{line}\n" for _, line in self.lines())
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        line = 1
        try:
            for row in reader:
                if any(map(str.strip, row)):
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            remedy = "Fix the line, or save the texts as .jsonl."
            self._on_fault(line, f"not readable as a table ({error}).", remedy)

    def _as_long_as(
        self, header: list[str], rows: Iterator[tuple[int, list[str]]]
    ) -> Iterator[tuple[int, list[str]]]:
        for line, row in rows:
            if len(row) == len(header):
                yield line, row
            else:
                problem = f"{counted(len(row), 'value')}, but the header has {len(header)}."
                remedy = "Write a value for each column; put quotes around one with the delimiter."
                self._on_fault(line, problem, remedy)
