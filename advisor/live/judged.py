"""Passages, queries and judgements of a visitor's own, read from files that nobody vouches for.

Nothing here writes to disk, logs a text, or keeps one after the caller has let go of it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from advisor.base.errors import AdvisorError, Fault

SHOWN_FAULTS = 10
MOST_FAULTS = 1_000
"""After so many nothing is read any more."""
HIGHEST_GRADE = 100

_SUFFIX = re.compile(r"\.(csv|tsv|jsonl|ndjson)$", re.IGNORECASE)
LINE = re.compile(r"^.*$", re.MULTILINE)
"""One line after the other: to split a text makes all of them at once."""
_GRADE = re.compile(r"[+-]?[0-9]{1,4}(\.0)?")
_COLUMNS = (
    ("query-id", "query_id", "qid", "query"),
    ("corpus-id", "corpus_id", "passage", "docid"),
    ("score", "grade", "relevance"),
)
"""Names that the columns of a table of judgements may have: BEIR's first."""


class JudgedLimits(NamedTuple):
    """The largest data that is taken. NFCorpus and SciFact of BEIR fit (3,633 and 5,183 passages)."""

    largest_bytes: int = 10_000_000
    most_passages: int = 6_000
    most_queries: int = 1_000  # with a relevant passage
    most_judgements: int = 100_000
    longest_passage: int = 100_000  # characters
    longest_query: int = 5_000  # characters
    longest_id: int = 200  # characters
    longest_line: int = (
        1_000_000  # characters; JSON takes up to 20 times as much memory, a row of commas 8 times
    )
    most_lines: int = 500_000  # of one file
    most_entries: int = 500  # of a zip
    largest_unpacked_bytes: int = 50_000_000
    largest_ratio: int = 200  # unpacked to packed; texts come to 3 to 10, deflate can do 1,000


LIMITS = JudgedLimits()


class UploadedText(NamedTuple):
    """An upload or a pasted text; `name` is shown in messages, and its ending says CSV, TSV or JSONL where the visitor gave one."""

    name: str
    content: bytes


class OwnDataError(AdvisorError):
    """Data that cannot be used: the first faults with file and line, and how many more there are, at least."""

    def __init__(self, faults: Sequence[Fault], more: int = 0, *, at_least: bool = False) -> None:
        self.faults = tuple(faults)
        lines = [str(fault) for fault in faults]
        if more:
            lines.append(
                f"And {'at least ' if at_least else ''}{more:,} more {'fault' if more == 1 else 'faults'}."
            )
        super().__init__("\n".join(lines))


@dataclass(frozen=True, eq=False)
class JudgedData:
    """Passages and queries by id, and for each query the grades of passages: over 0 relevant, the higher the better, else not relevant.

    Every query has a relevant passage; every judged id exists. Languages are ISO 639 codes by id, empty where they are not told.
    """

    passages: Mapping[str, str]
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]
    passage_languages: Mapping[str, str] = field(default_factory=dict)
    query_languages: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of passages and queries, as far as they are told."""
        return tuple(sorted({*self.passage_languages.values(), *self.query_languages.values()}))

    def part(self, languages: Collection[str]) -> JudgedData:
        """The passages in these languages, and the queries in them with a relevant passage among those."""
        passages = {
            key: text
            for key, text in self.passages.items()
            if self.passage_languages.get(key) in languages
        }
        asked = {
            key: text
            for key, text in self.queries.items()
            if self.query_languages.get(key) in languages
        }
        judgements = {
            key: {p: grade for p, grade in self.judgements[key].items() if p in passages}
            for key in asked
        }
        kept = {
            key: graded
            for key, graded in judgements.items()
            if any(grade > 0 for grade in graded.values())
        }
        return JudgedData(
            passages=passages,
            queries={key: asked[key] for key in kept},
            judgements=kept,
            passage_languages={key: self.passage_languages[key] for key in passages},
            query_languages={key: self.query_languages[key] for key in kept},
        )


def read(
    passages: UploadedText,
    queries: UploadedText,
    judgements: UploadedText,
    limits: JudgedLimits = LIMITS,
) -> JudgedData:
    """The data of three files: texts as CSV, TSV or JSONL, judgements as TREC qrels or as BEIR's table.

    Texts have a header `id,text` and may have `title` (put before the text, as BEIR does) and `language`; JSONL may say `_id`. Judgements
    have TREC's four columns (query, 0, passage, grade), or a header with `query-id`, `corpus-id` and `score`. A grade of 0 or less says
    that the passage is not relevant. Queries without a relevant passage are left out, and counted in `notes`.

    Raises:
        OwnDataError: everything that is wrong, with file and line.
    """
    faults = _Faults()
    readers = [
        _Reader(file, what, faults, limits)
        for file, what in ((passages, "passage"), (queries, "query"), (judgements, "judgement"))
    ]
    found, asked = _texts(readers[0]), _texts(readers[1])
    # Where a text could not be read, judgements of it are no faults of their own.
    graded = _judgements(
        readers[2], *((found.texts, asked.texts) if not faults.shown else (None, None))
    )
    faults.tell()
    relevant = {
        query: grades
        for query, grades in graded.items()
        if any(grade > 0 for grade in grades.values())
    }
    kept = {key: text for key, text in asked.texts.items() if key in relevant}
    if not kept:
        readers[2].fault(
            0, "no query has a relevant passage.", "Give at least one passage a grade of 1 or more."
        )
    elif len(kept) > (most := limits.most_queries):
        readers[2].fault(
            0,
            f"{len(kept):,} queries are judged, more than the {most:,} that are run.",
            "Judge fewer.",
        )
    faults.tell()
    left_out = len(asked.texts) - len(kept)
    return JudgedData(
        passages=found.texts,
        queries=kept,
        judgements={key: relevant[key] for key in kept},
        passage_languages=found.languages,
        query_languages={key: language for key, language in asked.languages.items() if key in kept},
        notes=(
            f"{left_out:,} of {len(asked.texts):,} queries have no relevant passage and are left out.",
        )
        if left_out
        else (),
    )


# Faults


class _Faults:
    """The first faults, and how many more."""

    def __init__(self) -> None:
        self.shown: list[Fault] = []
        self.more = 0

    def add(self, file: str, place: str, problem: str, remedy: str) -> None:
        if len(self.shown) < SHOWN_FAULTS:
            self.shown.append(Fault(file, place, "", problem, remedy))
        else:
            self.more += 1
        if len(self.shown) + self.more == MOST_FAULTS:
            raise OwnDataError(self.shown, self.more, at_least=True)

    def tell(self) -> None:
        """Raises what was found."""
        if self.shown:
            raise OwnDataError(self.shown, self.more)


class _Reader:
    """One file, what each of its rows is, where its faults go, and the limits."""

    def __init__(
        self, file: UploadedText, what: str, faults: _Faults, limits: JudgedLimits
    ) -> None:
        self.file, self.what, self.faults, self.limits = file, what, faults, limits
        self.name = shown(file.name) or {"passage": "passages", "query": "queries"}.get(
            what, "judgements"
        )

    def fault(self, line: int, problem: str, remedy: str) -> None:
        self.faults.add(self.name, f"line {line:,}" if line else "", problem, remedy)

    def text(self) -> str:
        """The file as text with plain line ends; empty, with a fault, where it is none."""
        raw, most = self.file.content, self.limits.largest_bytes
        if len(raw) > most:
            self.fault(
                0,
                f"{len(raw):,} bytes, more than the {most:,} that are taken.",
                "Take a part of it.",
            )
            return ""
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            self.fault(1, "it is UTF-16.", "Save the file as UTF-8.")
            return ""
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.fault(
                raw.count(b"\n", 0, error.start) + 1, "it is not UTF-8.", "Save the file as UTF-8."
            )
            return ""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not text.strip():
            self.fault(0, "it is empty.", f"Give at least one {self.what}.")
        if (lines := text.count("\n")) > self.limits.most_lines:
            self.fault(
                0,
                f"{lines:,} lines, more than the {self.limits.most_lines:,} that are read.",
                "Take a part of it.",
            )
            return ""
        return text

    def lines(self, text: str) -> Iterator[tuple[int, str]]:
        """(number, line), up to one that is too long."""
        most = self.limits.longest_line
        for number, found in enumerate(LINE.finditer(text), 1):
            if (length := found.end() - found.start()) > most:
                self.fault(
                    number,
                    f"{length:,} characters, more than the {most:,} of a line that is read.",
                    "Split or shorten it.",
                )
                return
            yield number, found[0]

    def first(self, text: str) -> str:
        """The first line that is not blank, as far as it is read."""
        return text.lstrip()[: self.limits.longest_line].partition("\n")[0]

    def rows(self, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """(line it begins at, values) of each row of a delimited text that is not blank."""
        reader = csv.reader(
            (f"{line}\n" for _, line in self.lines(text)), delimiter=delimiter, strict=True
        )
        line = 1
        try:
            for row in reader:
                if any(map(str.strip, row)):
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            self.fault(
                line,
                f"not readable as a table ({error}).",
                "Mend the line, or save the texts as .jsonl.",
            )

    def fields(self, text: str, delimiter: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """(line, values by column) of each row below the header."""
        rows = self.rows(text, delimiter)
        header = [name.strip().lower() for name in next(rows, (0, []))[1]]
        if header and not ("text" in header and {"id", "_id"} & set(header)):
            self.fault(
                1,
                f"the header '{shown(', '.join(header))}' has no id and text.",
                "Begin with a header: id,text.",
            )
            return
        for line, row in rows:
            if len(row) == len(header):
                yield line, dict(zip(header, row, strict=True))
            else:
                self.fault(
                    line,
                    f"{len(row)} values, but the header has {len(header)}.",
                    "Put quotes around texts that hold the delimiter.",
                )

    def objects(self, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """(line, object) of each line that is not blank."""
        for number, line in self.lines(text):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                yield number, value
            else:
                self.fault(
                    number,
                    "no JSON object.",
                    'Write each on a line of its own, as {"id": "...", "text": "..."}.',
                )


def shown(words: str) -> str:
    """Words of the visitor's as they may stand in a message: printable, at most 80 characters."""
    words = "".join(c if c.isprintable() else "?" for c in words[:81])
    return words if len(words) <= 80 else f"{words[:77]}..."


# Texts


class _JudgedTexts(NamedTuple):
    texts: dict[str, str]
    languages: dict[str, str]


def _texts(reader: _Reader) -> _JudgedTexts:
    """Texts and languages by id of the passages or queries."""
    found = _JudgedTexts({}, {})
    limits, what = reader.limits, reader.what
    longest = limits.longest_passage if what == "passage" else limits.longest_query
    content = reader.text()
    first = reader.first(content)
    suffix = match[1].lower() if (match := _SUFFIX.search(reader.file.name)) else ""
    if suffix in ("jsonl", "ndjson") or (not suffix and first.startswith("{")):
        rows = reader.objects(content)
    else:
        rows = reader.fields(content, "\t" if suffix == "tsv" else max(",;\t", key=first.count))
    for line, row in rows:
        key = _id(row)
        title, body = row.get("title") or "", row.get("text") or ""
        text = (
            _valid(f"{title} {body}".strip())
            if isinstance(title, str) and isinstance(body, str)
            else ""
        )
        if not key or len(key) > limits.longest_id:
            reader.fault(
                line,
                f"no id of 1 to {limits.longest_id} characters.",
                f"Give each {what} an id of its own, under 'id' or '_id'.",
            )
        elif key in found.texts:
            reader.fault(
                line, f"the id '{shown(key)}' is used twice.", "Ids are unique: rename one."
            )
        elif not text:
            reader.fault(
                line,
                "the text is empty, or no text.",
                "Fill it in under 'text', or delete the line.",
            )
        elif len(text) > longest:
            reader.fault(
                line,
                f"{len(text):,} characters, more than the {longest:,} that a {what} may have.",
                "Split or shorten it.",
            )
        elif what == "passage" and len(found.texts) == limits.most_passages:
            reader.fault(
                line,
                f"more than {limits.most_passages:,} passages.",
                "Leave out what begins at this line.",
            )
            break
        else:
            found.texts[key] = text
            if isinstance(language := row.get("language"), str) and language.strip():
                found.languages[key] = language.strip().lower()[:20]
    return found


def _id(row: Mapping[str, Any]) -> str:
    """The id of a row; empty where there is none."""
    value = row.get("_id", row.get("id"))
    return (
        _valid(str(value)).strip()
        if isinstance(value, (str, int)) and not isinstance(value, bool)
        else ""
    )


def _valid(text: str) -> str:
    """The text with lone surrogates, which JSON can hold and no model takes, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


# Judgements


def _judgements(
    reader: _Reader, passages: Collection[str] | None, queries: Collection[str] | None
) -> dict[str, dict[str, int]]:
    """Grades by query and passage; ids are looked up where they are known."""
    found: dict[str, dict[str, int]] = {}
    for number, (line, (query, passage, grade)) in enumerate(_judgement_rows(reader)):
        if number == reader.limits.most_judgements:
            reader.fault(
                line, f"more than {number:,} judgements.", "Leave out what begins at this line."
            )
            break
        if not _GRADE.fullmatch(grade) or int(float(grade)) > HIGHEST_GRADE:
            reader.fault(
                line,
                f"'{shown(grade)}' is no grade.",
                f"Write a whole number up to {HIGHEST_GRADE}; 0 is not relevant.",
            )
        elif queries is not None and query not in queries:
            reader.fault(
                line, f"there is no query '{shown(query)}'.", "Add the query, or delete the line."
            )
        elif passages is not None and passage not in passages:
            reader.fault(
                line,
                f"there is no passage '{shown(passage)}'.",
                "Add the passage, or delete the line.",
            )
        elif passage in (grades := found.setdefault(query, {})):
            reader.fault(
                line,
                f"query '{shown(query)}' and passage '{shown(passage)}' were judged before.",
                "Keep one of the lines.",
            )
        else:
            grades[passage] = int(float(grade))
    return found


def _judgement_rows(reader: _Reader) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """(line, (query, passage, grade)) of TREC qrels, or of a table with a header."""
    content = reader.text()
    first = reader.first(content)
    delimiter = max("\t,;", key=first.count)
    header = [name.strip().strip('"').lower() for name in first.split(delimiter)]
    places = [
        next((header.index(name) for name in names if name in header), -1) for names in _COLUMNS
    ]
    if min(places) >= 0:
        rows = reader.rows(content, delimiter)
        next(rows, None)
        for line, row in rows:
            if len(row) == len(header):
                query, passage, grade = (row[place].strip() for place in places)
                yield line, (query, passage, grade)
            else:
                reader.fault(
                    line,
                    f"{len(row)} values, but the header has {len(header)}.",
                    "Write a value for each column.",
                )
        return
    for line, text in reader.lines(content):
        match text.split():
            case [query, _, passage, grade]:
                yield line, (query, passage, grade)
            case [_, *_]:
                reader.fault(
                    line,
                    "no four columns.",
                    "Write: query 0 passage grade; or begin with a header query-id, corpus-id, score.",
                )
