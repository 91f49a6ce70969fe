"""The corpus as blocks: spans of its rows, cut alike in every run, so that each is done once."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Container, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from advisor.bulk import corpus
from advisor.bulk.corpus import CorpusFile, CorpusRow, ReadingOptions

MOST_CHARACTERS = 32_000_000
"""Characters of texts in one block, whatever its rows: what a worker holds at once."""
AGAIN = "an id that an earlier row has"


class RowPlace(NamedTuple):
    """A row of the corpus."""

    file: str
    row: int


class SetAside(NamedTuple):
    """A row that gets no vector, and why."""

    file: str
    row: int
    id: str
    reason: str


@dataclass
class Block:
    """Rows that follow one another: passages in three lists of one length, and those set aside.

    `done` is the share of the corpus read at its end, 0 to 1, by bytes."""

    number: int
    ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    places: list[RowPlace] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    done: float = 0.0

    @property
    def read(self) -> int:
        """Rows of the corpus that it stands for."""
        return len(self.ids) + len(self.set_aside)


class CorpusEnd(NamedTuple):
    """What was read in all, once the corpus has been read to its end."""

    blocks: int
    read: int


class SeenIds:
    """Ids seen: a table of 16-byte digests on disk, so that the memory does not grow with them.

    It lies in the folder for temporary files (TMPDIR) and takes about 25 bytes an id."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="advisor-ids-")
        self._ids = sqlite3.connect(Path(self._folder.name) / "ids", isolation_level=None)
        for setting in ("journal_mode = off", "synchronous = off", "locking_mode = exclusive"):
            self._ids.execute(f"pragma {setting}")
        self._ids.execute("pragma cache_size = -65536")  # 64 MiB
        self._ids.execute("create table ids (digest blob primary key) without rowid")
        self._ids.execute("begin")

    def first(self, key: str) -> bool:
        """Whether this id was not asked for before."""
        digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
        return self._ids.execute("insert or ignore into ids values (?)", (digest,)).rowcount == 1

    def close(self) -> None:
        """Removes the table."""
        self._ids.close()
        self._folder.cleanup()


def plan(
    files: list[CorpusFile], reading: ReadingOptions, rows: int, skip: Container[int] = ()
) -> Iterator[Block | CorpusEnd]:
    """The blocks of a corpus in order, without those of `skip`, and the end; of `rows` passages and
    as many rows set aside at most. Raises EncodeError where a file is broken, or lacks a column."""
    read = 0
    block, filled = Block(0), 0
    with closing(SeenIds()) as seen:
        for row, done in _rows(files, reading):
            size = len(row.text)
            too_large = filled and filled + size > MOST_CHARACTERS
            if too_large or rows in (len(block.ids), len(block.set_aside)):
                if block.number not in skip:
                    yield block
                block, filled = Block(block.number + 1), 0
            read += 1
            filled += size
            block.done = done
            if not row.reason and seen.first(row.id):
                block.ids.append(row.id)
                block.texts.append(row.text)
                block.places.append(RowPlace(row.file, row.number))
            else:
                block.set_aside.append(SetAside(row.file, row.number, row.id, row.reason or AGAIN))
    if block.read and block.number not in skip:
        yield block
    yield CorpusEnd(block.number + bool(block.read), read)


def _rows(files: list[CorpusFile], reading: ReadingOptions) -> Iterator[tuple[CorpusRow, float]]:
    """The rows of all files, and the share of the corpus read at each."""
    total, before = max(sum(file.size for file in files), 1), 0
    for file in files:
        for row in corpus.rows(file, reading):
            yield row, min(1.0, (before + row.share * file.size) / total)
        before += file.size
