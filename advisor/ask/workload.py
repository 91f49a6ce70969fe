"""The workload: what the visitor needs, in one shape for the form, the address, YAML and JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from advisor.ask import languages as iso639
from advisor.ask import old_names
from advisor.ask.stated import WRITTEN_NULL, StatedFields, field
from advisor.base.formatting import count
from advisor.base.ids import ID_PATTERN
from advisor.base.units import HOURS_PER_MONTH
from advisor.base.validation import shown

MOST = 10**12
MOST_LANGUAGES = 50


def _language(stated: object) -> object:
    """Its code; what is no text is refused as such."""
    if not isinstance(stated, str):
        return stated
    if (code := iso639.code(stated)) is None:
        figures = {"stated": shown(stated), "remedy": iso639.remedy(stated)}
        raise PydanticCustomError("language", "{stated} is not a language code or name.", figures)
    return code


def _once(codes: tuple[str, ...]) -> tuple[str, ...]:
    """German and de are one language."""
    return tuple(dict.fromkeys(codes))


Language = Annotated[str, BeforeValidator(_language)]
Languages = Annotated[
    tuple[Language, ...],
    Field(min_length=1, max_length=MOST_LANGUAGES),
    AfterValidator(_once),
]
Output = Literal["dense", "sparse", "multi_vector"]
CountFromZero = Annotated[int, Field(ge=0, le=MOST)]
PassageTokens = Annotated[int, Field(ge=1, le=10**6)]

PEAK_OVER_AVERAGE = 5
"""The peak load where none is stated, in averages."""
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
_P95_BELOW_TYPICAL = (
    "passage_tokens_p95 ({p95}) cannot be below passage_tokens ({typical}). "
    "Raise it to at least {typical}."
)
_OVERLAP_OVER_HALF = (
    "chunk_overlap_tokens ({overlap}) is more than half of chunk_tokens ({chunk}). "
    "Lower it to at most {half}."
)


class Workload(StatedFields):
    """What the visitor needs. Every field has a default, a unit and bounds; null: not stated."""

    task: Literal["retrieve", "retrieve-and-rerank", "rerank"] = field(
        "retrieve",
        "Task",
        "Search finds passages with an embedder. Search + rerank then sorts the best of them with "
        "a reranker. Rerank only sorts what another search found.",
    )
    languages: Languages = field(
        ("en",),
        "Languages",
        "Languages of your passages and queries. Type a name or an ISO 639 code: German or de.",
    )
    cross_lingual: bool = field(
        False,
        "Queries and passages differ in language",
        "A query in one language should find passages in another.",
    )
    passages: int = field(
        1_000_000,
        "Passages",
        "Number of passages in your corpus, before long ones are cut.",
        ge=1,
        le=MOST,
    )
    passage_tokens: PassageTokens = field(
        200,
        "Tokens per passage",
        "Length of a typical passage. One token is about 4 characters of English.",
    )
    passage_tokens_p95: PassageTokens = field(
        450,
        "Long passages (95th percentile, tokens)",
        "19 of 20 passages are no longer than this.",
    )
    chunk_tokens: Annotated[int | None, Field(ge=16, le=32_768)] = field(
        400,
        "Cut passages over (tokens)",
        "Longer passages are cut into parts of this length for every model. Type none (null in "
        "JSON and YAML) to keep passages whole; models that cannot read them are then ruled out.",
    )
    chunk_overlap_tokens: int = field(
        50,
        "Overlap (tokens)",
        "Tokens that each part repeats from the part before, at most half a part. Default: 50, or "
        "half a part if parts are under 100 tokens.",
        ge=0,
        le=16_384,
    )
    new_passages_per_month: CountFromZero = field(
        0, "New passages per month", "New or changed passages to encode each month."
    )
    queries_per_month: CountFromZero = field(
        2_000_000, "Queries per month", "All queries in a month."
    )
    query_tokens: int = field(16, "Tokens per query", "Length of a typical query.", ge=1, le=10**5)
    peak_queries_per_second: Annotated[float | None, Field(gt=0, le=1e6)] = field(
        None,
        "Peak queries per second",
        "The load your own machines must handle. Empty: five times the average. Hosted prices do "
        "not depend on it.",
    )
    rerank_candidates: Annotated[int, Field(ge=1, le=10_000)] = field(
        50,
        "Passages reranked per query",
        "Passages, or parts of long ones, that the reranker scores for each query.",
    )
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)] = field(
        ("dense",),
        "Vectors",
        "Dense gives one vector per text, sparse a weight per keyword, multi-vector one vector per "
        "token.",
    )
    placement: Literal["any", "hosted", "own"] = field(
        "any",
        "Where it may run",
        "A hosted API is a provider's endpoint, paid per token. Your own machines are paid per "
        "hour.",
    )
    hardware: Literal["any", "cpu", "gpu"] = field(
        "any", "Your own machines", "What your own machines compute with: a GPU, or the CPU only."
    )
    data_may_leave: bool = field(
        True,
        "Data may leave our network",
        "If not, hosted APIs, managed vector stores and marketplace machines are ruled out.",
    )
    licence: Literal["any", "commercial", "permissive"] = field(
        "any",
        "Licence",
        "For commercial use the model's licence has to allow it. Permissive is MIT, Apache-2.0 or "
        "similar.",
    )
    vector_store: Annotated[str, Field(pattern=ID_PATTERN, max_length=60)] = field(
        "ram",
        "Vector store",
        "Where the vectors are kept: in rented memory that you run, or in a vector database. Not "
        "included: left out of the cost.",
    )
    vector_type: Literal["float32", "float16", "int8", "binary"] = field(
        "float32",
        "Vector precision",
        "Bytes per value: float32 4, float16 2, int8 1, binary 1/8. Lower precision costs some "
        "quality, which is not counted here.",
    )
    budget_usd_per_month: Annotated[float | None, Field(ge=0, le=1e12)] = field(
        None, "Budget ($ per month)", "Dearer options are ruled out. Empty: no limit."
    )
    latency_ms_p95: Annotated[float | None, Field(gt=0, le=1e7)] = field(
        None,
        "Latency limit (ms, 95th percentile)",
        "Time of a request in the model, without network and search. Slower machines are ruled "
        "out; hosted APIs publish no latency, so they get a warning. Empty: no limit.",
    )
    redundancy: bool = field(
        False,
        "Keep a spare machine",
        "One machine more than the load needs. Marketplace machines are ruled out.",
    )
    priority: Literal["balanced", "quality", "cost"] = field(
        "balanced",
        "What matters most",
        "Quality takes the best score, then cost. Cost takes the lowest cost. Balanced takes the "
        "best value among models close enough to the best one.",
    )
    quality_tolerance: Annotated[float, Field(ge=0, le=100)] = field(
        5.0,
        "Accept up to this many points less quality",
        "Compared with the best model for the job, even if your limits rule that model out. Only "
        "used for Balanced.",
    )
    material_usd: Annotated[float, Field(ge=0, le=1e9)] = field(
        5.0,
        "One point of quality is worth ($ per month)",
        "What you would pay per month for one more point of score. A price that only a third "
        "party states counts as five points dearer.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.passage_tokens_p95 < self.passage_tokens:
            figures = {"p95": count(self.passage_tokens_p95), "typical": count(self.passage_tokens)}
            raise PydanticCustomError("p95", _P95_BELOW_TYPICAL, figures)
        if self.chunk_overlap_tokens > self.overlap and self.chunk_tokens is not None:
            if "chunk_overlap_tokens" in self.model_fields_set:
                overlap, chunk, half = map(
                    count, (self.chunk_overlap_tokens, self.chunk_tokens, self.overlap)
                )
                figures = {"overlap": overlap, "chunk": chunk, "half": half}
                raise PydanticCustomError("overlap", _OVERLAP_OVER_HALF, figures)
            object.__setattr__(self, "chunk_overlap_tokens", self.overlap)
        return self

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Self:
        """As `StatedFields.of`, under the names of before too, with `none` for null and a list's
        only entry by itself."""
        now = old_names.renamed(stated)
        for name, value in now.items():
            if value == WRITTEN_NULL and name in NULLABLE:
                now[name] = None
            elif name in LISTS and isinstance(value, str):
                now[name] = [value]
        return super().of(now)

    @property
    def peak(self) -> float:
        """Queries a second at the peak; not stated: five times the average; never below it."""
        average = self.queries_per_month / SECONDS_PER_MONTH
        stated = self.peak_queries_per_second
        return PEAK_OVER_AVERAGE * average if stated is None else max(stated, average)

    @property
    def overlap(self) -> int:
        """Tokens that neighbouring parts share: as stated, half of a part at most; 0 if whole."""
        return (
            0
            if self.chunk_tokens is None
            else min(self.chunk_overlap_tokens, self.chunk_tokens // 2)
        )

    def parts_of(self, chunk_tokens: int | None) -> dict[str, int | None]:
        """The fields of parts of another length, with no more than half of it shared."""
        half = self.chunk_overlap_tokens if chunk_tokens is None else chunk_tokens // 2
        shared = min(self.chunk_overlap_tokens, half)
        return {"chunk_tokens": chunk_tokens, "chunk_overlap_tokens": shared}

    def part(self, tokens: int) -> int:
        """Tokens of the longest part of a passage of `tokens`: what is sent at once."""
        return tokens if self.chunk_tokens is None else min(tokens, self.chunk_tokens)

    def parts(self, tokens: int) -> int:
        """Parts that a passage of `tokens` is cut into, each but the first with its overlap.

        >>> Workload().parts(400), Workload().parts(401), Workload().parts(6_000)
        (1, 2, 17)
        """
        if self.chunk_tokens is None or tokens <= self.chunk_tokens:
            return 1
        return math.ceil((tokens - self.overlap) / (self.chunk_tokens - self.overlap))


NULLABLE = ("chunk_tokens",)
"""Fields whose null is not their default: an address, where empty is the default, says `none`."""
LISTS = ("languages", "outputs")
"""Fields that an address may name several times."""


def unused(task: object) -> tuple[str, ...]:
    """Fields of the workload that a task does not use."""
    if task == "rerank":
        return ("passages", "new_passages_per_month", "outputs", "vector_store", "vector_type")
    return () if task == "retrieve-and-rerank" else ("rerank_candidates",)


def bounds(field: str, model: type[BaseModel] = Workload) -> tuple[float, float]:
    """Least and most of a number field; a least that is excluded counts as a little above it."""
    limits = {
        name: getattr(mark, name)
        for mark in model.model_fields[field].metadata
        for name in ("ge", "gt", "le")
        if hasattr(mark, name)
    }
    return limits.get("ge", limits.get("gt", 0) + 1e-6), limits["le"]
