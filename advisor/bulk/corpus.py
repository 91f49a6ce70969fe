"""A corpus on disk: its files, their checksums, and its rows: passages, or set aside and why."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from advisor.base.errors import EncodeError
from advisor.bulk import csv_rows

FORMS = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
LONGEST_ID = 1_000
"""Characters of an id, at most: ids stand in the journal and the manifest."""
PARQUET_ROWS = 256
"""Rows read at once; with texts of `longest_bytes` each that bounds the memory."""
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class ReadingOptions:
    """How a corpus is read. `longest_bytes` bounds a text; `number_rows` makes ids of places."""

    id_column: str = "id"
    text_column: str = "text"
    longest_bytes: int = 1_000_000
    number_rows: bool = False

    @property
    def longest_row(self) -> int:
        """Bytes of a row of text, at most: JSON may escape a byte as six, beside other columns."""
        return 8 * self.longest_bytes


class CorpusFile(NamedTuple):
    """One file of the corpus: `name` is its path within, `size` in bytes, `changed_ns` when."""

    name: str
    path: Path
    form: str
    size: int
    changed_ns: int

    def is_as_it_was(self) -> bool:
        """Whether nobody has changed the file since."""
        with contextlib.suppress(OSError):
            stat = self.path.stat()
            return (stat.st_size, stat.st_mtime_ns) == (self.size, self.changed_ns)
        return False


class CorpusRow(NamedTuple):
    """One row; `number` counts lines in JSON and CSV, rows in parquet, from 1. `reason` says why it
    is set aside (empty: a passage), `share` how much of its file has been read, 0 to 1."""

    file: str
    number: int
    id: str
    text: str
    reason: str
    share: float


def files(corpus: Path) -> tuple[list[CorpusFile], int]:
    """Files of a corpus by name, and how many of another kind are left out, hidden ones apart.

    Raises EncodeError where there is none."""
    if corpus.is_file():
        paths, within = [corpus], corpus.parent
    elif corpus.is_dir():
        within, paths = corpus, []
        for path in filter(Path.is_file, corpus.rglob("*")):
            if not any(part.startswith(".") for part in path.relative_to(corpus).parts):
                paths.append(path)
    else:
        raise EncodeError(
            f"There is no file or folder {corpus}. Name the corpus: parquet, JSONL or CSV."
        )
    known = [_file(path, within, form) for path in paths if (form := _form(path))]
    if not known:
        forms = f"{', '.join(FORMS)} (the text forms also with .gz)"
        raise EncodeError(f"{corpus} holds no file whose name ends in {forms}. Name another.")
    return sorted(known), len(paths) - len(known)


def _file(path: Path, within: Path, form: str) -> CorpusFile:
    name, stat = path.relative_to(within).as_posix(), path.stat()
    return CorpusFile(name, path, form, stat.st_size, stat.st_mtime_ns)


def _form(path: Path) -> str | None:
    """The form that a name tells."""
    inner = path.with_suffix("") if path.suffix == ".gz" else path
    form = FORMS.get(inner.suffix.lower())
    return None if form == "parquet" and inner is not path else form


def sha256(path: Path) -> str:
    """Checksum of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def facts(files: list[CorpusFile]) -> list[dict[str, Any]]:
    """What the journal and the manifest say of a corpus: name, bytes and checksum of each file."""
    return [{"file": file.name, "bytes": file.size, "sha256": sha256(file.path)} for file in files]


def rows(file: CorpusFile, reading: ReadingOptions) -> Iterator[CorpusRow]:
    """The rows of one file, ids not compared; raises EncodeError: broken, or lacking a column."""
    reader = {"parquet": _parquet, "jsonl": _jsonl, "csv": _csv}[file.form]
    try:
        yield from reader(file, reading)
    # gzip's own errors are OSErrors
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise EncodeError(
            f"{file.name} cannot be read to its end ({type(error).__name__}): "
            "fix or replace the file."
        ) from None


def _row(
    file: CorpusFile, number: int, values: tuple[Any, Any], reading: ReadingOptions, share: float
) -> CorpusRow:
    """A row from what stands under its two columns."""
    key, text = values
    if isinstance(key, int) and not isinstance(key, bool):
        key = str(key)
    if key in (None, "") and reading.number_rows:
        key = f"{file.name}:{number}"
    reason, shown = "", key if isinstance(key, str) else ""
    if key in (None, ""):
        reason = "no id"
    elif not isinstance(key, str):
        reason = "the id is neither text nor a whole number"
    elif len(key) > LONGEST_ID:
        reason, shown = f"the id is longer than {LONGEST_ID:,} characters", key[:40]
    elif text is None:
        reason = "no text"
    elif not isinstance(text, str):
        reason = "the text is not text"
    elif not text.strip():
        reason = "empty text"
    else:
        with contextlib.suppress(UnicodeError):
            large = len(text.encode()) > reading.longest_bytes
            key.encode()
            if large:
                return CorpusRow(file.name, number, "", "", too_large(reading), share)
            return CorpusRow(file.name, number, key, text, "", share)
        reason = "not UTF-8"
    shown = shown.encode("utf-8", "replace").decode()
    return CorpusRow(file.name, number, shown, "", reason, share)


def too_large(reading: ReadingOptions) -> str:
    """The reason of a row that is over the limit."""
    return f"too large: a text takes {reading.longest_bytes:,} bytes at most"


@contextlib.contextmanager
def _opened(file: CorpusFile) -> Iterator[tuple[IO[bytes], Any]]:
    """The bytes of a text form, unpacked, and a function for the share of the file that is read."""
    with file.path.open("rb") as raw:
        stream: Any = gzip.GzipFile(fileobj=raw) if file.path.suffix == ".gz" else raw
        yield stream, lambda: min(1.0, raw.tell() / max(file.size, 1))


def _lines(stream: IO[bytes], longest: int) -> Iterator[tuple[bytes, bool]]:
    """Lines in pieces of `longest` bytes at most, each with whether its line goes on."""
    first = True
    while piece := stream.readline(longest):
        if first and piece.startswith(b"\xef\xbb\xbf"):
            piece = piece[3:]
        first = False
        yield piece, len(piece) >= longest - 3 and not piece.endswith(b"\n")


def _jsonl(file: CorpusFile, reading: ReadingOptions) -> Iterator[CorpusRow]:
    with _opened(file) as (stream, share):
        number, inside = 1, False
        for piece, goes_on in _lines(stream, reading.longest_row):
            if goes_on and not inside:
                yield CorpusRow(file.name, number, "", "", too_large(reading), share())
            elif not inside and piece.strip():
                yield _of_json(file, number, piece, reading, share())
            inside = goes_on
            number += not goes_on


def _of_json(
    file: CorpusFile, number: int, line: bytes, reading: ReadingOptions, share: float
) -> CorpusRow:
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError:
        return CorpusRow(file.name, number, "", "", "not UTF-8", share)
    except (ValueError, RecursionError):
        return CorpusRow(file.name, number, "", "", "not JSON", share)
    if not isinstance(value, dict):
        return CorpusRow(file.name, number, "", "", "no JSON object", share)
    columns = (value.get(reading.id_column), value.get(reading.text_column))
    return _row(file, number, columns, reading, share)


def _columns(file: CorpusFile, names: list[str], reading: ReadingOptions) -> tuple[int | None, int]:
    """Places of the id (None: rows are numbered) and text; raises EncodeError if not there once."""
    id_name, text_name = reading.id_column, reading.text_column
    without_id = reading.number_rows and id_name not in names
    for name in [text_name] if without_id else [id_name, text_name]:
        if names.count(name) != 1:
            here = ", ".join(each[:40] for each in names[:12])
            count = "more than one" if name in names else "no"
            how = "--id-column, or let --number-rows make ids"
            if name == text_name:
                how = "--text-column"
            raise EncodeError(
                f"{file.name} has {count} column '{name}' (it has: {here}). Name it with {how}."
            )
    return None if without_id else names.index(id_name), names.index(text_name)


def _csv(file: CorpusFile, reading: ReadingOptions) -> Iterator[CorpusRow]:
    with _opened(file) as (stream, share):
        records = csv_rows.records(_lines(stream, _READ_BYTES), reading.longest_row)
        header = next(records, None)
        if header is None or header.fields is None:
            raise EncodeError(
                f"{file.name} has no line with the names of its columns. "
                "Add one, or leave the file out."
            )
        id_place, text_place = _columns(file, header.fields, reading)
        for number, fields, problem in records:
            if fields is None:
                yield CorpusRow(file.name, number, "", "", problem or too_large(reading), share())
            elif len(fields) != len(header.fields):
                reason = f"{len(fields)} fields, and the first line names {len(header.fields)}"
                yield CorpusRow(file.name, number, "", "", reason, share())
            else:
                key = None if id_place is None else fields[id_place]
                yield _row(file, number, (key, fields[text_place]), reading, share())


def _parquet(file: CorpusFile, reading: ReadingOptions) -> Iterator[CorpusRow]:
    with pq.ParquetFile(file.path) as parquet:
        id_place, text_place = _columns(file, parquet.schema_arrow.names, reading)
        places = [place for place in (id_place, text_place) if place is not None]
        names = [parquet.schema_arrow.names[place] for place in places]
        number, count = 0, max(parquet.metadata.num_rows, 1)
        for batch in parquet.iter_batches(PARQUET_ROWS, columns=names, use_threads=False):
            columns = [_values(batch.column(name)) for name in names]
            for values in zip(*columns, strict=True):
                number += 1
                key = None if id_place is None else values[0]
                if isinstance(key, UnicodeError) or isinstance(values[-1], UnicodeError):
                    yield CorpusRow(file.name, number, "", "", "not UTF-8", number / count)
                else:
                    yield _row(file, number, (key, values[-1]), reading, number / count)


def _values(column: Any) -> list[Any]:
    """A column's values; a UnicodeError in place of bytes not UTF-8, which arrow does not check."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type not in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        return list(column.to_pylist())
    return [_decoded(value) for value in column.cast(pa.large_binary()).to_pylist()]


def _decoded(value: bytes | None) -> str | UnicodeError | None:
    try:
        return None if value is None else value.decode()
    except UnicodeError as error:
        return error
