"""What decides: metrics, sets of scores, rules, workloads with an expert's answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from advisor.catalog.schema.fields import Entry, Id, Positive, Ref, SourceId, Text, VariantId, maybe


class Metric(Entry):
    """What a score measures."""

    id: Annotated[
        str, Field(pattern=r"^[a-z0-9_]+$", description="the metric's name in the evidence tables")
    ]
    name: Text
    meaning: Text = Field(description="what it says, in plain words")


class EvidenceSet(Entry):
    """Scores that may be compared with one another: one benchmark, one metric, one source set."""

    id: Id
    name: Text = Field(description="as shown, with the metric's name apart")
    plain: Text | None = maybe(
        "what it tests, in a few words for a chart; null: the name. Sets of one kind with the same "
        "plain name are the same test, of which a comparison shows one"
    )
    table: Literal["quality", "quality_by_language"]
    benchmark: Text
    source_set: Text
    metric: Annotated[Text, Ref("metric")]
    aspect: Text | None = Field(
        description="the aspect of quality.csv; null: the mean over tasks or languages of the "
        "workload"
    )
    mode: Text | None = maybe("output type of the by-language rows")
    first_stage: Annotated[Id, Ref("first stage")] | None = maybe(
        "with_retriever of a reranker's rows"
    )
    kind: Literal["embedder", "reranker"]
    languages: list[str] | None = Field(
        description="languages it speaks for; null: many; see by_language"
    )
    by_language: bool = Field(
        False, description="its aspects are language codes; the workload's languages select them"
    )
    tasks: Positive | None = Field(description="tasks of the complete set")
    domain: Text = Field(description="general, or the domain it is limited to")
    rank: Positive = Field(description="order of preference; 1 is tried first")
    selects: bool = Field(
        description="false: shown, but never chosen unless the visitor asks (domain sets)"
    )
    allow_incomplete: bool = Field(
        False, description="rows marked incomplete are comparable within this set"
    )
    publisher_of_scores: Text = Field(description="who computed them, as shown")
    caveat: Text | None = None
    counts_losses: bool = Field(
        False,
        description="its data sets are counted one by one for those on which a reranker does worse",
    )


class PrecisionComparison(Entry):
    """Scores of one study at full precision and at a lower one, as benchmarks of quality.csv."""

    id: Id
    precision: Literal["fp16", "int8"]
    aspect: Text
    full: Text = Field(description="benchmark of the scores at full precision")
    lower: Text = Field(description="benchmark of the scores at the lower precision")


class Rule(Entry):
    """One rule over plan and workload columns."""

    id: Id
    when: Annotated[str, Field(min_length=1)] = Field(
        description="expression over columns, with true, false and unknown"
    )
    effect: Literal["exclude", "warn", "note"]
    job: bool = Field(
        False,
        description="says which models do the job at all, and so which scores are compared; every "
        "other rule that excludes is a limit, which takes plans away and moves no score",
    )
    if_unknown: Literal["exclude", "warn", "note", "ignore"] = "ignore"
    because: Text = Field(description="one sentence for the visitor, with {column} figures")
    because_unknown: Text | None = None
    sources: list[SourceId] = Field(min_length=1)
    example: RuleExample

    @model_validator(mode="after")
    def _unknown_is_explained(self) -> Self:
        if self.if_unknown != "ignore" and self.because_unknown is None:
            raise PydanticCustomError(
                "because_unknown",
                "if_unknown is set but because_unknown is missing. Write the sentence shown then.",
            )
        return self


class RuleExample(Entry):
    """Rows of column values that the rule matches, spares, and cannot decide."""

    matches: dict[str, Any] = Field(alias="takes")
    spares: dict[str, Any] = Field(alias="leaves")
    unknown: dict[str, Any] | None = None


class Expert(Entry):
    """What someone who knows retrieval would answer, written down before the engine was asked."""

    embedder: VariantId | None
    reranker: VariantId | None
    placement: Literal["hosted", "own"]
    why: Text
    sources: list[SourceId] = Field(min_length=1)


class Preset(Entry):
    """A workload with the answer that the engine is held to."""

    id: Id
    name: Text
    about: Text
    shown: bool = Field(True, description="a visitor can start from it; false: for tests alone")
    workload: Annotated[dict[str, Any], Ref("store", key="vector_store")]
    expert: Expert
