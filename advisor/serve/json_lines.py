"""Many questions in JSON Lines: an answer, or what is wrong, for each line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from typing import BinaryIO, NamedTuple

from advisor.base.errors import Fault, WorkloadError
from advisor.catalog import Catalog, files
from advisor.serve import answers

FIELD = re.compile(rb"\s*[a-z_]+:(\s|$)")
"""Begins a line of a workload in YAML."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors put it before the first line


class AnsweredLine(NamedTuple):
    """One line of JSON, with its end; `faulty` where the question could not be answered."""

    text: bytes
    faulty: bool


def answered(
    catalog: Catalog, pieces: Iterable[bytes], today: date, plans: bool
) -> Iterator[AnsweredLine]:
    """The answer to each line that holds a workload, in order; an empty line has none.

    A faulty line is answered with its number, the error and the faults. `pieces` are those of
    `pieces_of`.
    """
    for number, line in enumerate(_lines(iter(pieces)), 1):
        if not line.strip():
            continue
        try:
            question = answers.question_of(catalog, line.strip())
        except WorkloadError as error:
            # in ASCII: what was sent and a sentence quotes need not be text that UTF-8 can carry
            refusal = {"line": number, **answers.refusal(error)}
            yield AnsweredLine(json.dumps(refusal).encode() + b"\n", faulty=True)
        else:
            answer = answers.recommendation(catalog, question, today, plans)
            yield AnsweredLine(answer + b"\n", faulty=False)


def pieces_of(stream: BinaryIO) -> tuple[Iterator[bytes], str | None]:
    """The lines of a stream, long ones in pieces, and its text where it is one workload in YAML.

    The command took that before it took JSON Lines. Its first line is no JSON, and the whole is a
    mapping, or was meant as one: it has lines `field: value`, and none that begins as JSON does. So
    a first line that is faulty is answered when all is read, or LARGEST_QUESTION bytes of it.
    """
    pieces = iter(lambda: stream.readline(answers.LARGEST_QUESTION + 2), b"")
    head: list[bytes] = []
    for piece in pieces:
        is_first = not any(line.strip() for line in head)
        head.append(piece if head else piece.removeprefix(BYTE_ORDER_MARK))
        is_long = sum(map(len, head)) > answers.LARGEST_QUESTION
        if is_long or (is_first and _is_json(head[-1])):
            return chain(head, pieces), None
    text = b"".join(head).decode("utf-8", "replace")
    has_json = any(line.lstrip()[:1] in (b"{", b"[") for line in head)
    is_meant_as_yaml = not has_json and any(map(FIELD.match, head))
    if is_meant_as_yaml or not isinstance(files.parse_mapping(text, "standard input"), Fault):
        return iter(()), text
    return iter(head), None


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The lines; of one that is too long, no more than shows that it is."""
    for piece in pieces:
        yield piece
        while piece and not piece.endswith(b"\n"):
            piece = next(pieces, b"")
