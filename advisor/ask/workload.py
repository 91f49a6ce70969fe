"""The workload: what the visitor needs, in one shape for the form, the address, YAML and JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from advisor.ask.stated import StatedFields
from advisor.base.formatting import count
from advisor.base.ids import ID_PATTERN, LANGUAGE_PATTERN
from advisor.base.units import HOURS_PER_MONTH

MOST = 10**12
MOST_LANGUAGES = 50
Language = Annotated[str, Field(pattern=LANGUAGE_PATTERN)]
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


class Workload(StatedFields):
    """What the visitor needs. Every field has a default, a unit and bounds; null: not stated."""

    task: Literal["retrieve", "retrieve-and-rerank", "rerank"] = Field(
        "retrieve",
        title="Task",
        description="retrieve: find passages with an embedder. retrieve-and-rerank: then reorder "
        "the best with a reranker. rerank: reorder what another search found.",
    )
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=MOST_LANGUAGES)] = (
        Field(
            ("en",),
            title="Languages",
            description="ISO 639-1 codes of the passages and queries: "
            "en English, zh Chinese, de German, ...",
        )
    )
    cross_lingual: bool = Field(
        False,
        title="Cross-lingual",
        description="Queries in one language find passages in another.",
    )
    passages: int = Field(
        1_000_000, ge=1, le=MOST, title="Passages", description="Passages in the corpus."
    )
    passage_tokens: PassageTokens = Field(
        200,
        title="Tokens each",
        description="Tokens of a typical passage, as the model's tokenizer counts them "
        "(about 4 characters of English a token).",
    )
    passage_tokens_p95: PassageTokens = Field(
        450, title="95th percentile", description="19 of 20 passages have at most this many tokens."
    )
    split_long_passages: bool = Field(
        True,
        title="Long passages may be split",
        description="Passages over a model's limit become several vectors. "
        "If not, a model that would cut them is ruled out.",
    )
    new_passages_per_month: CountFromZero = Field(
        0,
        title="New passages a month",
        description="New or changed passages, encoded again each month.",
    )
    queries_per_month: CountFromZero = Field(
        2_000_000, title="Queries a month", description="Queries in a month."
    )
    query_tokens: int = Field(
        16, ge=1, le=10**5, title="Tokens in a query", description="Tokens of a typical query."
    )
    peak_queries_per_second: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        title="Peak queries a second",
        description="What your own hardware has to carry. Empty: five times the average. "
        "It changes no hosted price.",
    )
    rerank_candidates: int = Field(
        50,
        ge=1,
        le=10_000,
        title="Candidates for a query",
        description="Passages that the reranker scores for each query.",
    )
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)] = Field(
        ("dense",),
        title="Outputs",
        description="dense: one vector a text. sparse: weights of its tokens. "
        "multi_vector: one vector a token.",
    )
    placement: Literal["any", "hosted", "own"] = Field(
        "any",
        title="Placement",
        description="hosted: a provider's endpoint, by the token. "
        "own: machines that you rent by the hour.",
    )
    hardware: Literal["any", "cpu", "gpu"] = Field(
        "any",
        title="Hardware",
        description="What your own machines may compute with: a GPU, or the CPU alone.",
    )
    data_may_leave: bool = Field(
        True,
        title="Texts may be sent to a provider",
        description="If not, every hosted endpoint is ruled out.",
    )
    licence: Literal["any", "commercial", "permissive"] = Field(
        "any",
        title="Licence",
        description="commercial: the weights may be used commercially. "
        "permissive: MIT, Apache-2.0 or the like.",
    )
    vector_store: str = Field(
        "ram",
        pattern=ID_PATTERN,
        max_length=60,
        title="Index",
        description="ram: the vector index in rented memory. none: left out of the cost. "
        "Or a vector store of the catalog, as pgvector.",
    )
    vector_type: Literal["float32", "float16", "int8", "binary"] = Field(
        "float32",
        title="Vector type",
        description="Bytes per value in the index: float32 4, float16 2, int8 1, binary 1/8. "
        "Smaller types cost some quality, which is not counted here.",
    )
    budget_usd_per_month: Annotated[float, Field(ge=0, le=1e12)] | None = Field(
        None,
        title="Budget (US dollars a month)",
        description="Plans above it are ruled out. Empty: no limit.",
    )
    latency_ms_p95: Annotated[float, Field(gt=0, le=1e7)] | None = Field(
        None,
        title="Latency limit (ms, 95th percentile)",
        description="For the model alone, without network and search. On your own hardware slower "
        "plans are ruled out; providers publish no latency, so there it only warns. "
        "Empty: no limit.",
    )
    redundancy: bool = Field(
        False,
        title="Redundancy",
        description="One machine more than the load needs; "
        "machines let by third parties are ruled out.",
    )
    priority: Literal["balanced", "quality", "cost"] = Field(
        "balanced",
        title="Priority",
        description="quality: the best score, then the lowest cost. cost: the lowest cost. "
        "balanced: the lowest cost within the tolerance of the best score.",
    )
    quality_tolerance: Annotated[float, Field(ge=0, le=100)] = Field(
        5.0,
        title="Quality tolerance (points)",
        description="Points of the chosen metric that may be given up for a lower cost.",
    )
    material_usd: Annotated[float, Field(ge=0, le=1e9)] = Field(
        5.0,
        title="Material difference (US dollars a month)",
        description="Monthly differences below this do not decide.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.passage_tokens_p95 < self.passage_tokens:
            figures = {"p95": count(self.passage_tokens_p95), "typical": count(self.passage_tokens)}
            raise PydanticCustomError("p95", _P95_BELOW_TYPICAL, figures)
        return self

    @property
    def peak(self) -> float:
        """Queries a second at the peak; not stated: five times the average; never below it."""
        average = self.queries_per_month / SECONDS_PER_MONTH
        stated = self.peak_queries_per_second
        return PEAK_OVER_AVERAGE * average if stated is None else max(stated, average)


LISTS = ("languages", "outputs")
"""Fields that an address may name several times."""


def unused(task: object) -> tuple[str, ...]:
    """Fields of the workload that a task does not use."""
    if task == "rerank":
        return ("passages", "new_passages_per_month", "outputs", "vector_store", "vector_type")
    return () if task == "retrieve-and-rerank" else ("rerank_candidates",)


def bounds(field: str, model: type[BaseModel] = Workload) -> tuple[float, float]:
    """Least and most of a number field.

    A least that is itself excluded counts as a little above it, or as one for whole numbers.
    """
    info = model.model_fields[field]
    limits = {
        name: getattr(item, name)
        for item in _metadata(info)
        for name in ("ge", "gt", "le")
        if hasattr(item, name)
    }
    step = 1 if info.annotation is int else 1e-6
    return limits.get("ge", limits.get("gt", 0) + step), limits["le"]


def _metadata(info: Any) -> list[Any]:
    """Bounds of a field, also where it may be null."""
    metadata = list(info.metadata)
    for part in getattr(info.annotation, "__args__", ()):
        for item in getattr(part, "__metadata__", ()):
            metadata += item.metadata if hasattr(item, "metadata") else [item]
    return metadata
