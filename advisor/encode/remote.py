"""The remote engine: texts go to an endpoint by HTTP, in the protocol that its server speaks.

An answer is checked before it is used. No sentence made here holds the key or a server's words."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from advisor.base.errors import EncodeError
from advisor.catalog.schema import Variant
from advisor.encode import engine as engines
from advisor.encode.dialects import EMBED, RERANK, SCALE_NOT_SAID, EndpointRequest, server_root
from advisor.encode.endpoint_refusals import no_answer, refusal
from advisor.encode.endpoints import Endpoint
from advisor.encode.engine import DENSE, About, Outputs, Role, Scores, TextRefusedError, Vectors
from advisor.net import client
from advisor.net.addresses import parsed
from advisor.net.client import Client, Reply, RequestLimits

LIMITS = RequestLimits()
TASK = "Given a question, retrieve passages that answer it"
"""What `{task}` stands for in an instruction, as in Gemma2's, unless the caller says otherwise."""
MOST_ITEMS = 256
"""Texts in a request at most: an answer of 4,096 numbers a text stays below the largest read."""
MOST_BYTES = 300_000
"""Bytes of texts in a request: OpenAI takes 300,000 tokens [openai-openapi], of 1 byte or more."""
LARGEST = 1e6  # of a number in a vector; unit_length reckons in float32
LARGEST_LOGIT = 500.0  # rerankers stay within some tens; exp() overflows past 709

_KEY = re.compile(r"[\x21-\x7e]{1,500}")
_PRECISIONS: dict[object, Literal["fp32", "fp16"]] = {"float32": "fp32", "float16": "fp16"}


@dataclass(frozen=True)
class _Answers:
    """Vectors or scores in the order of the texts, the count in all, and the requests' seconds."""

    values: list[Any]
    counted: int | None
    seconds: float


class Gate:
    """Lets so many requests of all visitors through to an endpoint; who comes then is refused."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.free = threading.Semaphore(most)

    @contextlib.contextmanager
    def place(self, name: str) -> Iterator[None]:
        """A place among those who ask `name`; raises FullError where none is free."""
        if not self.free.acquire(blocking=False):
            raise engines.queue_full(self.most, name)
        try:
            yield
        finally:
            self.free.release()


class Remote:
    """A model at an endpoint, asked first with the first text; `about` may say more after it.

    `variants` are the catalog's; `key` goes before the environment's; `private` allows addresses of
    this machine and its network. `longest` bounds the characters of a text, `gate` the requests of
    all who share it; None: no bound. Raises EncodeError for an unusable key or variant."""

    def __init__(
        self,
        endpoint: Endpoint,
        variants: Mapping[str, Variant],
        *,
        key: str | None = None,
        task: str = TASK,
        limits: RequestLimits = LIMITS,
        private: bool = True,
        longest: int | None = None,
        gate: Gate | None = None,
    ) -> None:
        key = key or endpoint.key()
        if key and not _KEY.fullmatch(key):
            raise EncodeError(
                f"The key of {endpoint.name} holds a space, a line break or the like. "
                "Copy it again, whole and alone."
            )
        if endpoint.variant is not None and endpoint.variant not in variants:
            raise EncodeError(
                f"The catalog has no variant '{endpoint.variant}', which {endpoint.name} names. "
                "Fix its variant."
            )
        self._endpoint, self._key, self._task = endpoint, key, task
        self._limits, self._private, self._longest, self._gate = limits, private, longest, gate
        self._variant = variants[endpoint.variant] if endpoint.variant else None
        self._dialect = (EMBED if endpoint.kind == "embedder" else RERANK)[endpoint.shape]
        self._most = self._dialect.most
        self._asked_info = endpoint.shape != "tei"
        self._about = About(
            variant_id=endpoint.variant,
            model=endpoint.model,
            kind=endpoint.kind,
            engine="remote",
            where=endpoint.name,
            precision=endpoint.precision,
            max_tokens=endpoint.max_tokens or (self._variant.max_tokens if self._variant else None),
            standin=self._variant is None and "bge" not in endpoint.model.lower(),
            notes=self._dialect.notes,
        )
        if endpoint.kind == "reranker" and self._dialect.scale is None:
            self._note(SCALE_NOT_SAID)

    def __repr__(self) -> str:
        return f"Remote({self._endpoint.id!r})"

    @property
    def about(self) -> About:
        """Who answers, as far as the settings and the server's answers up to now tell."""
        return self._about

    def embed(
        self, texts: Sequence[str], role: Role, *, instruct: bool = True, outputs: Outputs = DENSE
    ) -> Vectors:
        """Dense vectors, shape (texts, dim).

        Raises EncodeError for a reranker, another output, or a missing or unusable answer."""
        engines.refuse_other_kind(self._about.where, self._about.kind, "embedder")
        engines.refuse_other_outputs("Endpoints give", outputs)
        instruction, variant = None, self._variant
        if instruct and variant:
            for_query, for_passage = variant.query_instruction, variant.passage_instruction
            instruction = for_query if role == "query" else for_passage
        with_instruction = [instructed(text, instruction, self._task) for text in texts]
        answers = self._answers(EndpointRequest(self._about.model, with_instruction, role))
        dense, counted_in = self._dense(answers.values), self._dialect.counted_in
        return Vectors(dense, answers.seconds, counted=answers.counted, counted_in=counted_in)

    def rerank(self, query: str, passages: Sequence[str]) -> Scores:
        """Scores, shape (passages,): logits where the server gives them, else between 0 and 1.

        Raises EncodeError for an embedder, or a missing or unusable answer."""
        engines.refuse_other_kind(self._about.where, self._about.kind, "reranker")
        answers = self._answers(EndpointRequest(self._about.model, list(passages), query=query))
        if not set(map(type, answers.values)) <= {int, float} or not all(
            -LARGEST_LOGIT <= score <= LARGEST_LOGIT for score in answers.values
        ):
            raise EncodeError(
                f"{self._about.where} returned a score that is no number, or out of all bounds. "
                "Look at its own log."
            )
        within = all(0 <= score <= 1 for score in answers.values)
        if self._dialect.scale == "sigmoid" and not within:
            raise EncodeError(
                f"{self._about.where} returned scores outside of 0 to 1, where it was asked for "
                "such. Check its shape."
            )
        scale = self._dialect.scale or ("sigmoid" if within else "logit")
        raw, counted_in = np.array(answers.values, np.float32), self._dialect.counted_in
        return Scores(raw, scale, answers.seconds, counted=answers.counted, counted_in=counted_in)

    def _note(self, sentence: str) -> None:
        if sentence not in self._about.notes:
            self._about = replace(self._about, notes=(*self._about.notes, sentence))

    def _answers(self, request: EndpointRequest) -> _Answers:
        """The answers to all texts, batch by batch, within the deadline."""
        if not all(text.strip() for text in [*request.texts, request.query or "-"]):
            raise TextRefusedError("One of the texts is empty, which no model reads. Leave it out.")
        if not request.texts:
            return _Answers([], None, 0.0)
        if self._longest is not None:
            engines.refuse_long([*request.texts, request.query], self._longest)
        name, limits, base = self._about.where, self._limits, parsed(self._endpoint.base_url)

        def answers() -> _Answers:
            # the gate in here too, because a request that was given up on may still run
            with (
                self._gate.place(name) if self._gate else contextlib.nullcontext(),
                client.to_endpoint(name, base, self._key, limits, private=self._private) as http,
            ):
                self._ask_info(http, base.path)
                parts = [
                    self._batch(http, base.path, request._replace(texts=texts))
                    for texts in self._batches(request.texts)
                ]
            counts = [part.counted for part in parts if part.counted is not None]
            return _Answers(
                [value for part in parts for value in part.values],
                sum(counts) if len(counts) == len(parts) else None,
                sum(part.seconds for part in parts),
            )

        return client.within(limits.deadline_s, answers, no_answer(name, base, limits))

    def _batches(self, texts: list[str]) -> Iterator[list[str]]:
        """The texts in requests of as many as the server, the settings and this module allow."""
        most = min(self._most, self._endpoint.max_batch or self._most, MOST_ITEMS)
        batch: list[str] = []
        filled = 0
        for text in texts:
            size = len(_packed(text))
            if batch and (len(batch) == most or filled + size > MOST_BYTES):
                yield batch
                batch, filled = [], 0
            batch.append(text)
            filled += size
        yield batch

    def _batch(self, http: Client, path: str, request: EndpointRequest) -> _Answers:
        """The values of one request, in the order of its texts."""
        dialect = self._dialect
        path = dialect.base(path) + dialect.path.format(model=request.model)
        reply = http.ask(path, _packed(dialect.body(request)))
        if reply.status != 200:
            raise self._refusal(reply)
        name, shape = self._about.where, self._endpoint.shape
        try:
            answer = json.loads(reply.body)
            values = dialect.values(answer)
        except (ValueError, RecursionError, LookupError, TypeError):
            values = None
        if values is None:
            raise EncodeError(
                f"{name} did not answer as a server of shape {shape} does. "
                "Check its shape and base address."
            )
        places = [place for place, _ in values]
        if not set(map(type, places)) <= {int} or sorted(places) != list(range(len(request.texts))):
            raise EncodeError(
                f"{name} answered with {len(places):,} results for {len(request.texts):,} texts, "
                "or mixed them up. Check its shape."
            )
        counted = dialect.counted(answer, reply.headers)
        if not isinstance(counted, int) or isinstance(counted, bool) or not 0 <= counted < 10**12:
            counted = None
        ordered = [value for _, value in sorted(values, key=lambda pair: pair[0])]
        return _Answers(ordered, counted, reply.seconds)

    def _dense(self, values: list[Any]) -> NDArray[np.float32]:
        """Vectors of unit length, once each number is known to be one."""
        expected, name = self._variant.embedding_dim if self._variant else None, self._about.where
        if not values:
            return np.empty((0, expected or 0), np.float32)
        try:
            rows = [_vector(value) for value in values]
        except (ValueError, TypeError, OverflowError):
            rows = []
        if not rows or len({row.size for row in rows}) != 1:
            raise TextRefusedError(
                f"{name} returned vectors that hold something else than numbers, or differ in "
                "length. Check its shape."
            )
        matrix = np.stack(rows)
        if self._variant and expected and matrix.shape[1] != expected:
            raise EncodeError(
                f"{name} returned {matrix.shape[1]:,} numbers a text; {self._variant.name} has "
                f"{expected:,}: another model answers there. Check its model and variant."
            )
        bounded = bool((np.abs(matrix) <= LARGEST).all())  # NaN is not <= either
        lengths = np.linalg.norm(matrix, axis=1) if bounded else np.zeros(1)
        if lengths.min() < 1 / LARGEST:
            raise TextRefusedError(
                f"{name} returned vectors of zeros or of numbers out of all bounds, as half "
                "precision can. Look at its own log."
            )
        if np.abs(lengths - 1).max() > 0.01:
            self._note("Its vectors were not of unit length; they were brought to it here.")
        return engines.unit_length(matrix)

    def _ask_info(self, http: Client, path: str) -> None:
        """Asks TEI once for its limits, its precision and its pooling."""
        if self._asked_info:
            return
        reply = http.ask(server_root(path) + "/info")
        if reply.status not in (200, 404, 405):
            raise self._refusal(reply)
        try:
            info = json.loads(reply.body)
        except (ValueError, RecursionError):
            info = None
        if not isinstance(info, dict):
            self._note("It does not tell its limits, its precision or its pooling.")
            info = {}
        stated = {name: n for name, n in info.items() if type(n) is int and 0 < n < 10**9}
        self._most = stated.get("max_client_batch_size", self._most)
        limits = [stated.get("max_input_length"), stated.get("max_batch_tokens")]
        max_tokens = min(filter(None, [*limits, self._about.max_tokens]), default=None)
        precision = self._about.precision
        if precision is None and isinstance(info.get("model_dtype"), str):
            precision = _PRECISIONS.get(info["model_dtype"])
        self._about = replace(self._about, max_tokens=max_tokens, precision=precision)
        named, hub_id = info.get("model_id"), self._variant.hub_id if self._variant else None
        if hub_id and isinstance(named, str) and _last(named) != _last(hub_id):
            other = f"It names its model otherwise than {hub_id}"
            self._note(f"{other}: check that it serves that one.")
        kinds = info.get("model_type")
        embedding = kinds.get("embedding") if isinstance(kinds, dict) else None
        pooling = embedding.get("pooling") if isinstance(embedding, dict) else None
        if self._variant and pooling and pooling != self._variant.pooling:
            self._note(
                f"It pools otherwise than {self._variant.name} ({self._variant.pooling}), so its "
                "vectors are not that model's."
            )
        self._asked_info = True

    def _refusal(self, reply: Reply) -> EncodeError:
        return refusal(self._about.where, reply, with_key=bool(self._key))


def instructed(text: str, instruction: str | None, task: str = TASK) -> str:
    """The text with its instruction before it, or around it where the instruction holds {query};
    {task} stands for the task.

    >>> instructed("how do cats purr?", "<instruct>{task}\\n<query>{query}", "Find answers")
    '<instruct>Find answers\\n<query>how do cats purr?'
    """
    before, _, after = (instruction or "").replace("{task}", task).partition("{query}")
    return before + text + after


def _vector(value: object) -> NDArray[np.float64]:
    """One vector, of numbers or base64 of little-endian float32, as OpenAI's [openai-openapi]."""
    if isinstance(value, str):
        value = np.frombuffer(base64.b64decode(value, validate=True), "<f4").tolist()
    if not isinstance(value, list) or not value or not set(map(type, value)) <= {int, float}:
        raise TypeError
    return np.array(value, np.float64)


def _last(model: str) -> str:
    return model.lower().rstrip("/").rpartition("/")[2]


def _packed(value: object) -> bytes:
    """JSON in UTF-8; half of a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
