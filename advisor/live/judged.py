"""Passages, queries and judgements of a visitor's own, read from files that nobody vouches for.

Nothing here writes to disk, logs a text, or keeps one after the caller has let go of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from advisor.base.errors import AdvisorError, Fault
from advisor.base.formatting import counted
from advisor.base.text_rows import TextRows, decoded, without_lone_surrogates

SHOWN_FAULTS = 10
MOST_FAULTS = 1_000  # after so many nothing is read any more
HIGHEST_GRADE = 100

_SUFFIX = re.compile(r"\.(csv|tsv|jsonl|ndjson)$", re.IGNORECASE)
_GRADE = re.compile(r"[+-]?[0-9]{1,4}(\.0)?")
# Names that the columns of a table of judgements may have: BEIR's first.
_COLUMNS = (
    ("query-id", "query_id", "qid", "query"),
    ("corpus-id", "corpus_id", "passage", "docid"),
    ("score", "grade", "relevance"),
)
_FOUR_COLUMNS = "Write: query 0 passage grade; or begin with a header query-id, corpus-id, score."


class JudgedLimits(NamedTuple):
    """The largest data that is taken. NFCorpus and SciFact fit (3,633 and 5,183 passages)."""

    largest_bytes: int = 10_000_000
    most_passages: int = 6_000
    most_queries: int = 1_000  # with a relevant passage
    most_judgements: int = 100_000
    longest_passage: int = 100_000  # characters
    longest_query: int = 5_000  # characters
    longest_id: int = 200  # characters
    # characters; JSON takes up to 20 times as much memory, a row of commas 8 times
    longest_line: int = 1_000_000
    most_lines: int = 500_000  # of one file
    most_entries: int = 500  # of a zip
    largest_unpacked_bytes: int = 50_000_000
    largest_ratio: int = 200  # unpacked to packed; texts come to 3 to 10, deflate can do 1,000


LIMITS = JudgedLimits()


class UploadedText(NamedTuple):
    """An upload or a pasted text; `name` is for messages, its ending, if any, says the form."""

    name: str
    content: bytes


class OwnDataError(AdvisorError):
    """Data that cannot be used: the first faults with file and line, and how many more."""

    def __init__(self, faults: Sequence[Fault], more: int = 0, *, at_least: bool = False) -> None:
        self.faults = tuple(faults)
        lines = [str(fault) for fault in faults]
        if more:
            lines.append(f"And {'at least ' if at_least else ''}{counted(more, 'more fault')}.")
        super().__init__("\n".join(lines))


@dataclass(frozen=True, eq=False)
class JudgedData:
    """Passages and queries by id, and for each query the grades of passages.

    A grade over 0 is relevant, the higher the better. Every query has a relevant passage; every
    judged id exists. Languages are ISO 639 codes by id, without those that are not stated."""

    passages: Mapping[str, str]
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]
    passage_languages: Mapping[str, str] = field(default_factory=dict)
    query_languages: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of passages and queries, as far as they are stated."""
        return tuple(sorted({*self.passage_languages.values(), *self.query_languages.values()}))

    def part(self, languages: Collection[str]) -> JudgedData:
        """The passages in these languages, and the queries with a relevant one among them."""
        spoken = {k: code for k, code in self.passage_languages.items() if code in languages}
        passages = {key: text for key, text in self.passages.items() if key in spoken}
        grades = {
            key: {p: grade for p, grade in self.judgements[key].items() if p in passages}
            for key in self.queries
            if self.query_languages.get(key) in languages
        }
        judgements = _relevant(grades)
        queries = {key: self.queries[key] for key in judgements}
        query_languages = {key: self.query_languages[key] for key in judgements}
        return JudgedData(passages, queries, judgements, spoken, query_languages)


def _relevant(judgements: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """The judgements of the queries that have a relevant passage."""
    return {q: grades for q, grades in judgements.items() if max(grades.values(), default=0) > 0}


def read(
    passages: UploadedText,
    queries: UploadedText,
    judgements: UploadedText,
    limits: JudgedLimits = LIMITS,
) -> JudgedData:
    """The data of three files: texts as CSV, TSV or JSONL, judgements as TREC qrels or a table.

    Texts have a header `id,text` and may have `title` (put before the text, as BEIR does) and
    `language`; JSONL may say `_id`. Judgements have TREC's four columns (query, 0, passage, grade),
    or BEIR's header with `query-id`, `corpus-id` and `score`. A grade of 0 or less is not relevant.
    Queries without a relevant passage are left out; `notes` counts them.
    Raises OwnDataError: everything that is wrong, with file and line."""
    faults = _Faults()
    passage_texts = _texts(_Reader(passages, "passage", faults, limits))
    query_texts = _texts(_Reader(queries, "query", faults, limits))
    # Where a text could not be read, judgements of it are no faults of their own.
    ids = (None, None) if faults.shown else (passage_texts.texts, query_texts.texts)
    reader = _Reader(judgements, "judgement", faults, limits)
    relevant = _relevant(_judgements(reader, *ids))
    faults.raise_any()
    if not relevant:
        remedy = "Give at least one passage a grade of 1 or more."
        reader.fault(0, "no query has a relevant passage.", remedy)
    elif len(relevant) > (most := limits.most_queries):
        problem = f"{len(relevant):,} queries are judged, more than the {most:,} that are run."
        reader.fault(0, problem, "Judge fewer.")
    faults.raise_any()
    run = {key: text for key, text in query_texts.texts.items() if key in relevant}
    query_languages = {key: code for key, code in query_texts.languages.items() if key in run}
    total, left_out = len(query_texts.texts), len(query_texts.texts) - len(run)
    has, is_left = ("has", "is") if left_out == 1 else ("have", "are")
    note = f"{left_out:,} of {total:,} queries {has} no relevant passage and {is_left} left out."
    return JudgedData(
        passages=passage_texts.texts,
        queries=run,
        judgements={key: relevant[key] for key in run},
        passage_languages=passage_texts.languages,
        query_languages=query_languages,
        notes=(note,) if left_out else (),
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

    def raise_any(self) -> None:
        """Raises the faults so far."""
        if self.shown:
            raise OwnDataError(self.shown, self.more)


class _Reader:
    """One file, what each of its rows is, where its faults go, and the limits."""

    def __init__(
        self, file: UploadedText, what: str, faults: _Faults, limits: JudgedLimits
    ) -> None:
        self.file, self.what, self.faults, self.limits = file, what, faults, limits
        plural = {"passage": "passages", "query": "queries", "judgement": "judgements"}[what]
        self.name = shown(file.name) or plural

    def fault(self, line: int, problem: str, remedy: str) -> None:
        self.faults.add(self.name, f"line {line:,}" if line else "", problem, remedy)

    def rows(self) -> TextRows:
        """The rows of the file; none, with a fault, where it is empty or not to be read."""
        most = self.limits.most_lines
        text = decoded(self.file.content, self.fault, self.limits.largest_bytes)
        if text is not None and not text.strip():
            self.fault(0, "it is empty.", f"Give at least one {self.what}.")
        if text is not None and (lines := text.count("\n")) > most:
            problem = f"{lines:,} lines, more than the {most:,} that are read."
            self.fault(0, problem, "Take a part of it.")
            text = None
        return TextRows(text or "", self.fault, self.limits.longest_line)


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
    texts, languages = _JudgedTexts({}, {})
    limits, what = reader.limits, reader.what
    longest = limits.longest_passage if what == "passage" else limits.longest_query
    for line, row in _text_rows(reader):
        key, text = _id(row), _text(row)
        if not key or len(key) > limits.longest_id:
            problem = f"no id of 1 to {limits.longest_id} characters."
            remedy = f"Give each {what} an id of its own, under 'id' or '_id'."
        elif key in texts:
            problem = f"the id '{shown(key)}' is used twice."
            remedy = "Ids are unique: rename one."
        elif not text:
            problem = "the text is empty, or no text."
            remedy = "Fill it in under 'text', or delete the line."
        elif len(text) > longest:
            problem = f"{len(text):,} characters, more than the {longest:,} that a {what} may have."
            remedy = "Split or shorten it."
        elif what == "passage" and len(texts) == limits.most_passages:
            problem = f"more than {limits.most_passages:,} passages."
            reader.fault(line, problem, "Leave out what begins at this line.")
            break
        else:
            texts[key] = text
            language = row.get("language")
            if isinstance(language, str) and language.strip():
                languages[key] = language.strip().lower()[:20]
            continue
        reader.fault(line, problem, remedy)
    return _JudgedTexts(texts, languages)


def _text_rows(reader: _Reader) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(line, values by field) of each row of the passages or queries."""
    rows = reader.rows()
    suffix = _SUFFIX.search(reader.file.name)
    kind = suffix[1].lower() if suffix else ""
    if kind in ("jsonl", "ndjson") or (not kind and rows.first_line().startswith("{")):
        yield from rows.objects(reader.what, '{"id": "...", "text": "..."}')
        return
    header, values = rows.table("\t" if kind == "tsv" else rows.delimiter())
    names = [name.strip().lower() for name in header]
    if names and not ("text" in names and {"id", "_id"} & set(names)):
        problem = f"the header '{shown(', '.join(names))}' has no id and text."
        reader.fault(1, problem, "Begin with a header: id,text.")
        return
    for line, row in values:
        yield line, dict(zip(names, row, strict=True))


def _id(row: Mapping[str, Any]) -> str:
    """The id of a row; empty where there is none."""
    value = row.get("_id", row.get("id"))
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return without_lone_surrogates(str(value)).strip()


def _text(row: Mapping[str, Any]) -> str:
    """The text of a row, its title before it; empty where there is none."""
    title, body = row.get("title") or "", row.get("text") or ""
    if not isinstance(title, str) or not isinstance(body, str):
        return ""
    return without_lone_surrogates(f"{title} {body}".strip())


# Judgements


def _judgements(
    reader: _Reader, passages: Collection[str] | None, queries: Collection[str] | None
) -> dict[str, dict[str, int]]:
    """Grades by query and passage; ids are looked up where they are known."""
    judgements: dict[str, dict[str, int]] = {}
    for number, (line, (query, passage, grade)) in enumerate(_judgement_rows(reader)):
        if number == reader.limits.most_judgements:
            problem = f"more than {number:,} judgements."
            reader.fault(line, problem, "Leave out what begins at this line.")
            break
        if not _GRADE.fullmatch(grade) or int(float(grade)) > HIGHEST_GRADE:
            problem = f"'{shown(grade)}' is no grade."
            remedy = f"Write a whole number up to {HIGHEST_GRADE}; 0 is not relevant."
        elif queries is not None and query not in queries:
            problem = f"there is no query '{shown(query)}'."
            remedy = "Add the query, or delete the line."
        elif passages is not None and passage not in passages:
            problem = f"there is no passage '{shown(passage)}'."
            remedy = "Add the passage, or delete the line."
        elif passage in (grades := judgements.setdefault(query, {})):
            problem = f"query '{shown(query)}' and passage '{shown(passage)}' were judged before."
            remedy = "Keep one of the lines."
        else:
            grades[passage] = int(float(grade))
            continue
        reader.fault(line, problem, remedy)
    return judgements


def _judgement_rows(reader: _Reader) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """(line, (query, passage, grade)) of TREC qrels, or of a table with a header."""
    rows = reader.rows()
    delimiter = rows.delimiter("\t,;")
    header = [name.strip().strip('"').lower() for name in rows.first_line().split(delimiter)]
    columns = ([name for name in names if name in header] for names in _COLUMNS)
    places = [header.index(names[0]) if names else -1 for names in columns]
    if min(places) >= 0:
        for line, row in rows.table(delimiter)[1]:
            query, passage, grade = (row[place].strip() for place in places)
            yield line, (query, passage, grade)
        return
    for line, text in rows.lines():
        match text.split():
            case [query, _, passage, grade]:
                yield line, (query, passage, grade)
            case [_, *_]:
                reader.fault(line, "no four columns.", _FOUR_COLUMNS)
