"""Records of a CSV file in bounded memory: one that is too large is skipped, the next one is whole.

The standard library's reader holds a record whole, and cannot go on after one that it gave up. Past
the limit it therefore gets each line without what cannot change its state: a run of other
characters is one character, and a line without a quote, inside of a quoted field, nothing at all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

_RUN = re.compile(rb'[^",\r\n]+')
_MOST_LEFT = 1_000_000
"""Bytes of quotes, commas and line ends that may be left of one record past the limit."""
NEVER_ENDS = "a quote is never closed, or the record has no end: the rest of the file is left out"


class CsvRecord(NamedTuple):
    """A record's fields, and its first line; None: too large, or broken, as `problem` says."""

    line: int
    fields: list[str] | None
    problem: str = ""


class _Lines:
    """Feeds the reader, and knows how much of the present record it has fed."""

    def __init__(self, pieces: Iterator[tuple[bytes, bool]], longest: int) -> None:
        self._pieces, self._longest = pieces, longest
        self.number = self.begun = self.fed = self.left = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line, first = bytearray(), self.number == self.begun
        for piece, goes_on in self._pieces:
            before, self.fed = self.fed, self.fed + len(piece)
            if self.fed > self._longest:
                if before <= self._longest:
                    line = bytearray(_RUN.sub(b"x", line))
                piece = _RUN.sub(b"x", piece)
            line += piece
            if self.fed > self._longest and self.left + len(line) > _MOST_LEFT:
                raise csv.Error(NEVER_ENDS)
            if not goes_on:
                break
        else:
            if not line:
                raise StopIteration
        self.number += 1
        if self.fed > self._longest:
            if not first and b'"' not in line:
                return ""
            self.left += len(line)
        # bytes that are no UTF-8 become lone surrogates, which the caller finds
        return line.decode("utf-8", "surrogateescape")

    def next_record(self) -> None:
        """The next line begins a record."""
        self.begun, self.fed, self.left = self.number, 0, 0


def records(pieces: Iterator[tuple[bytes, bool]], longest: int) -> Iterator[CsvRecord]:
    """Records, not blank, of lines in pieces (see `corpus`), each of `longest` bytes at most."""
    csv.field_size_limit(max(csv.field_size_limit(), 2 * longest + _MOST_LEFT))
    lines = _Lines(pieces, longest)
    reader = csv.reader(lines)
    while True:
        lines.next_record()
        try:
            fields = next(reader, None)
        except csv.Error as error:
            if NEVER_ENDS in str(error):
                yield CsvRecord(lines.begun + 1, None, NEVER_ENDS)
                return
            yield CsvRecord(lines.begun + 1, None, "not CSV")
            reader = csv.reader(lines)
            continue
        if fields is None:
            return
        if lines.fed > longest:
            yield CsvRecord(lines.begun + 1, None)
        elif fields:
            yield CsvRecord(lines.begun + 1, fields)
