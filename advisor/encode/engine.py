"""What every engine gives, wherever it runs: vectors, scores, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from advisor.base.errors import EncodeError
from advisor.base.formatting import counted

Float32s = NDArray[np.float32]
Role = Literal["query", "passage"]
Output = Literal["dense", "sparse", "multi_vector"]
Outputs = Sequence[Output]
DENSE: Outputs = ("dense",)


class FullError(EncodeError):
    """The queue is full, or all places are taken: where the visitor stands, and what to do."""


class TextRefusedError(EncodeError):
    """A text is at fault, or the way of asking: asked again, it is refused again."""


class ServerBusyError(EncodeError):
    """A server takes no more for now, whatever the text; it asks to wait `wait_s` (or None)."""

    def __init__(self, sentence: str, wait_s: float | None = None) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


@dataclass(frozen=True)
class About:
    """Who answers: shown beside every result.

    `variant_id` is an id of the catalog, None where the model is none of its variants. `standin`
    marks a model that is not BGE. `precision` is that of the weights, None where it is not known.
    `max_tokens` is the limit of a text, for a reranker of a pair. `where` names the place for a
    reader: "this machine", or the endpoint's name."""

    variant_id: str | None
    model: str
    kind: Literal["embedder", "reranker"]
    engine: Literal["local", "torch", "remote"]
    where: str
    precision: Literal["fp32", "fp16", "int8"] | None = None
    outputs: tuple[Output, ...] = ("dense",)
    max_tokens: int | None = None
    standin: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vectors:
    """Vectors of texts, in the order of the texts.

    Shapes: `dense` (texts, dim), float32, each row of length one; `multi_vector` an array (tokens,
    dim) a text, whose tokens `pieces` names. `sparse` holds weights by token a text. `tokens`
    counts each text as the model would read it without a limit, special tokens and instruction
    included; None where the engine tells no count. `counted` is what was encoded in all, or billed;
    None: not told. `counted_in` says what is counted: an Infinity server counts characters.
    `seconds` is the time that encoding took, without waiting in a queue."""

    dense: Float32s
    seconds: float
    tokens: tuple[int, ...] | None = None
    counted: int | None = None
    counted_in: Literal["tokens", "characters"] = "tokens"
    sparse: tuple[dict[str, float], ...] | None = None
    multi_vector: tuple[Float32s, ...] | None = None
    pieces: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True)
class Scores:
    """Relevance of passages to a query, in the order of the passages; higher is better.

    Shapes: `raw` (passages,), float32: logits where `scale` is "logit", else numbers between 0 and
    1. `tokens` counts each pair as the model would read it without a limit; None: not told."""

    raw: Float32s
    scale: Literal["logit", "sigmoid"]
    seconds: float
    tokens: tuple[int, ...] | None = None
    counted: int | None = None
    counted_in: Literal["tokens", "characters"] = "tokens"

    @property
    def sigmoid(self) -> Float32s:
        """The scores between 0 and 1, shape (passages,)."""
        if self.scale == "sigmoid":
            return self.raw
        return (1 / (1 + np.exp(-self.raw.astype(np.float64)))).astype(np.float32)


class Engine(Protocol):
    """One model that answers; raises EncodeError alone for what a visitor can bring about."""

    @property
    def about(self) -> About:
        """Who answers."""

    def embed(
        self, texts: Sequence[str], role: Role, *, instruct: bool = True, outputs: Outputs = DENSE
    ) -> Vectors:
        """Vectors; `instruct` puts the catalog's instruction for the role, if any, before each."""

    def rerank(self, query: str, passages: Sequence[str]) -> Scores:
        """Relevance of each passage to the query."""


def refuse_other_kind(name: str, kind: str, asked_of: Literal["embedder", "reranker"]) -> None:
    """Raises EncodeError where the model `name` is of another kind than it is asked as."""
    if kind == asked_of:
        return
    if asked_of == "embedder":
        raise EncodeError(f"{name} is a reranker: it gives no vectors. Choose an embedder.")
    raise EncodeError(f"{name} is an embedder: it scores no pairs. Choose a reranker.")


def refuse_other_outputs(who: str, outputs: Outputs) -> None:
    """Raises EncodeError, begun with `who`, where more than dense vectors are asked for."""
    if set(outputs) - {"dense"}:
        raise EncodeError(
            f"{who} dense vectors only. Sparse and multi-vector output need the torch engine."
        )


def queue_full(waiting: int, name: str) -> FullError:
    """The error of a queue in which so many requests wait for `name`."""
    wait = counted(waiting, "request waits", "requests wait")
    return FullError(f"{wait} for {name} already, so yours was not taken. Try again in a minute.")


LONGEST_CHARACTERS = 120_000
"""Characters of a text where many are served: some 4 times the longest context, in English."""


def refuse_long(texts: Iterable[str], most: int = LONGEST_CHARACTERS) -> None:
    """Raises TextRefusedError where a text has more than `most` characters."""
    longest = max(map(len, texts), default=0)
    if longest > most:
        raise TextRefusedError(
            f"A text has {longest:,} characters; this server takes {most:,}. Cut it into passages."
        )


BATCH_TOKENS = 8_192
"""Padded tokens in one batch on this machine, at most; a longer text makes a batch of its own."""


def batches(read: Sequence[int], most: int) -> Iterator[list[int]]:
    """Positions of the texts of each batch, `most` at most, the longest first: alike in length.

    `read` holds the tokens of each text as the model reads it."""
    order = sorted(range(len(read)), key=lambda place: -read[place])
    while order:
        size = max(1, min(most, BATCH_TOKENS // max(read[order[0]], 1)))
        yield order[:size]
        order = order[size:]


def unit_length(rows: NDArray[Any]) -> Float32s:
    """Rows divided by their Euclidean length, shape (rows, dim), float32; zeros stay zero."""
    values = rows.astype(np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return (values / np.where(lengths > 0, lengths, 1)).astype(np.float32)
