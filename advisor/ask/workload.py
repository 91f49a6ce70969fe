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
    "passage_tokens_p95 is {p95}, below passage_tokens {typical}. The 95th percentile cannot be "
    "below the typical passage: raise it to at least {typical}."
)
_OVERLAP_OVER_HALF = (
    "chunk_overlap_tokens is {overlap}, over half of chunk_tokens ({chunk}): "
    "lower it to at most {half}."
)


class Workload(StatedFields):
    """What the visitor needs. Every field has a default, a unit and bounds; null: not stated."""

    task: Literal["retrieve", "retrieve-and-rerank", "rerank"] = field(
        "retrieve",
        "Task",
        "retrieve: find passages with an embedder. retrieve-and-rerank: then reorder the best "
        "with a reranker. rerank: reorder what another search found.",
    )
    languages: Languages = field(
        ("en",),
        "Languages",
        "Those of the passages and queries, by ISO 639 code or English name: en or English, "
        "zh or Chinese, de or German, ...",
    )
    cross_lingual: bool = field(
        False, "Cross-lingual", "Queries in one language find passages in another."
    )
    passages: int = field(
        1_000_000, "Passages", "Passages in the corpus, before long ones are cut.", ge=1, le=MOST
    )
    passage_tokens: PassageTokens = field(
        200,
        "Tokens each",
        "Tokens of a typical passage, as the model's tokenizer counts them (about 4 characters "
        "of English a token).",
    )
    passage_tokens_p95: PassageTokens = field(
        450, "95th percentile", "19 of 20 passages have at most this many tokens."
    )
    chunk_tokens: Annotated[int | None, Field(ge=16, le=32_768)] = field(
        400,
        "Longest part",
        "Passages over this many tokens are cut into parts, at the same length for every model; a "
        "reranker reads the parts. none (null in JSON and YAML): passages are kept whole, and a "
        "model that would cut one short is ruled out.",
    )
    chunk_overlap_tokens: int = field(
        50,
        "Overlap",
        "Tokens that each part repeats from the one before: at most half of a part. Not stated: "
        "50, or half of a part under 100. Not used where passages are kept whole.",
        ge=0,
        le=16_384,
    )
    new_passages_per_month: CountFromZero = field(
        0, "New passages a month", "New or changed passages, encoded again each month."
    )
    queries_per_month: CountFromZero = field(2_000_000, "Queries a month", "Queries in a month.")
    query_tokens: int = field(16, "Tokens in a query", "Tokens of a typical query.", ge=1, le=10**5)
    peak_queries_per_second: Annotated[float | None, Field(gt=0, le=1e6)] = field(
        None,
        "Peak queries a second",
        "What your own hardware has to carry. Empty: five times the average. It changes no "
        "hosted price.",
    )
    rerank_candidates: Annotated[int, Field(ge=1, le=10_000)] = field(
        50,
        "Candidates for a query",
        "Passages, or parts of long ones, that the reranker scores for each query.",
    )
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)] = field(
        ("dense",),
        "Outputs",
        "dense: one vector a text. sparse: weights of its tokens. multi_vector: one vector a "
        "token.",
    )
    placement: Literal["any", "hosted", "own"] = field(
        "any",
        "Placement",
        "hosted: a provider's endpoint, by the token. own: machines that you rent by the hour.",
    )
    hardware: Literal["any", "cpu", "gpu"] = field(
        "any", "Hardware", "What your own machines may compute with: a GPU, or the CPU alone."
    )
    data_may_leave: bool = field(
        True, "Texts may be sent to a provider", "If not, every hosted endpoint is ruled out."
    )
    licence: Literal["any", "commercial", "permissive"] = field(
        "any",
        "Licence",
        "commercial: the weights may be used commercially. permissive: MIT, Apache-2.0 or the "
        "like.",
    )
    vector_store: Annotated[str, Field(pattern=ID_PATTERN, max_length=60)] = field(
        "ram",
        "Index",
        "ram: the vector index in rented memory. none: left out of the cost. Or a vector store "
        "of the catalog, as pgvector.",
    )
    vector_type: Literal["float32", "float16", "int8", "binary"] = field(
        "float32",
        "Vector type",
        "Bytes per value in the index: float32 4, float16 2, int8 1, binary 1/8. Smaller types "
        "cost some quality, which is not counted here.",
    )
    budget_usd_per_month: Annotated[float | None, Field(ge=0, le=1e12)] = field(
        None, "Budget (US dollars a month)", "Plans above it are ruled out. Empty: no limit."
    )
    latency_ms_p95: Annotated[float | None, Field(gt=0, le=1e7)] = field(
        None,
        "Latency limit (ms, 95th percentile)",
        "For the model alone, without network and search. On your own hardware slower plans are "
        "ruled out; providers publish no latency, so there it only warns. Empty: no limit.",
    )
    redundancy: bool = field(
        False,
        "Redundancy",
        "One machine more than the load needs; machines let by third parties are ruled out.",
    )
    priority: Literal["balanced", "quality", "cost"] = field(
        "balanced",
        "Priority",
        "quality: the best score, then cost. cost: the lowest cost. balanced: cost, among models "
        "within the tolerance of the best one for the job.",
    )
    quality_tolerance: Annotated[float, Field(ge=0, le=100)] = field(
        5.0,
        "Quality tolerance (points)",
        "Points that you would give up against the best model for the job, even where your limits "
        "rule that model out.",
    )
    material_usd: Annotated[float, Field(ge=0, le=1e9)] = field(
        5.0,
        "A point is worth (US dollars a month)",
        "What one more point of score may cost a month. A price that only an aggregator states "
        "counts as five points dearer.",
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
