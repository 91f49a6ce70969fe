"""One piece of code to copy, and the parts that all of them are made of."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog.instructions import TASK, instructed
from advisor.catalog.schema import Variant

QUERY = "your query"
PASSAGES = ("a passage", "another passage")
UNIT_LENGTH = "Vectors have length 1: their dot product is the cosine."
SCORES = "Scores lie between 0 and 1; compare them for one query only."


@dataclass(frozen=True)
class Snippet:
    """Code to copy. `code` and `language` are empty where `notes` say why there is none."""

    id: str
    label: str
    language: Literal["bash", "python", ""]
    code: str
    notes: tuple[str, ...] = ()


def literal(value: Any) -> str:
    """Text, or a list of texts, as Python and JSON both write it."""
    return json.dumps(value, ensure_ascii=False)


def curl(url: str, body: Mapping[str, Any], key_env: str | None = None) -> str:
    """A shell command that posts `body` as JSON; the key is the shell's variable `key_env`."""
    # double quotes where the shell fills in a variable, which addresses of the catalog allow
    lines = [f'curl "{url}"' if "$" in url else f"curl {shlex.quote(url)}"]
    if key_env:
        lines.append(f'-H "Authorization: Bearer ${key_env}"')
    lines.append('-H "Content-Type: application/json"')
    lines.append("-d " + shlex.quote(json.dumps(body, ensure_ascii=False, indent=2)))
    return " \\\n  ".join(lines) + "\n"


def embedded(variant: Variant) -> list[str]:
    """What a request for vectors sends: the query with its instruction, then the passages."""
    return [instructed(variant, QUERY), *PASSAGES]


def text_notes(variant: Variant, limit: int | None, workload: Workload | None) -> list[str]:
    """What to mind of the texts: instruction, length, parts. `limit` is in tokens."""
    notes = []
    instruction = variant.query_instruction
    if variant.kind == "embedder" and not instruction:
        notes.append("Queries and passages need no instruction.")
    elif variant.kind == "embedder" and variant.query_instruction_required:
        notes.append("Put the model's instruction before queries, never before passages.")
    elif variant.kind == "embedder":
        notes.append(
            "The instruction before queries is optional, and its tokens are not in the cost. "
            "Passages never take one."
        )
    if instruction and "{task}" in instruction:
        notes.append(f'Replace "{TASK}" with your own task, in one sentence.')
    recommended = variant.recommended_tokens
    if limit and recommended and recommended < limit:
        by = variant.recommended_by or "the publisher"
        notes.append(f"The {by} recommends at most {formatting.count(recommended)} tokens.")
    if workload and workload.chunk_tokens and workload.passage_tokens_p95 > workload.chunk_tokens:
        shared = f", {workload.overlap} of them shared" if workload.overlap else ""
        notes.append(
            f"Cut long passages into parts of {workload.chunk_tokens} tokens{shared}, "
            "as the cost assumes."
        )
    return notes


def cut_note(variant: Variant, limit: int | None) -> str:
    """Where code that cuts by itself cuts, in tokens."""
    if limit is None:
        return "At how many tokens the model cuts is not known."
    tokens = formatting.count(limit)
    if variant.kind == "reranker":
        return f"Query and passage together take {tokens} tokens; text beyond that is cut."
    return f"Text beyond {tokens} tokens is cut."
