"""A family of models: variants, the listing, corrections, questions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from advisor.catalog.schema.fields import (
    Context,
    Count,
    Entry,
    Id,
    LanguageCode,
    Measure,
    Month,
    Positive,
    Ref,
    Sourced,
    SourceId,
    Text,
    Usd,
    VariantId,
    maybe,
)


class Licence(Sourced):
    """Terms under which weights may be used."""

    id: Id
    name: Text
    permissive: bool | None = Field(description="an OSI permissive licence")
    commercial_use: bool | None = Field(
        description="commercial use allowed; null: its text was not checked"
    )
    url: Text | None
    note: Text | None = None


class Runtime(Entry):
    """What one serving runtime does with a variant."""

    support: Literal["listed", "architecture", "partial", "no"] | None = Field(
        description="listed: named or tested; architecture: its architecture is; "
        "partial: some modes; null: not found"
    )
    outputs: list[Literal["dense", "sparse", "multi_vector"]] | None = maybe(
        "outputs that it returns; null: not stated"
    )
    python_class: Literal["FlagModel", "BGEM3FlagModel", "FlagLLMModel", "FlagReranker"] | None = (
        maybe("FlagEmbedding's class for it; null: not stated, or another runtime")
    )
    note: Text | None = None
    sources: list[SourceId]


class OnnxExport(Entry):
    """A published ONNX export."""

    publisher: Text
    repo: Text
    path: Text | None = None
    note: Text | None = None
    sources: list[SourceId] = Field(default=[])


class LocalFiles(Entry):
    """The files that fastembed loads on this machine."""

    repo: Text = Field(description="owner/name on the Hugging Face hub")
    model_file: Text = Field(description="the ONNX file, relative to the repository")
    others: list[Text] = Field([], description="further files of the weights, as external data")
    built_in: bool = Field(description="fastembed names it; false: registered as a custom model")
    precision: Literal["fp32", "fp16", "int8"] | None = Field(
        description="of the weights; null: not known"
    )
    gigabytes: Measure | None = maybe("size of the weights as stated, in GB; null: not known")
    note: Text | None = None
    sources: list[SourceId]


class Successor(Entry):
    """A newer variant that the publisher recommends for some uses (advice, not status)."""

    variant: VariantId
    use_for: Text
    note: Text | None = None


class HostLimit(Entry):
    """A limit that one host sets below the model's own."""

    provider: Text
    tokens: Positive
    sources: list[SourceId]


class Variant(Sourced):
    """One model of a family, with the sources of its facts."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {
        "computed", "runtimes", "languages_note", "local_files",
    }  # fmt: skip

    name: Text
    hub_id: Text | None = Field(description="owner/name on the Hugging Face hub")
    kind: Literal["embedder", "reranker", "language-model"]
    outputs: list[Literal["dense", "sparse", "multi_vector", "score", "text"]] = Field(
        description="what it gives for a text or pair"
    )
    released: date | None = Field(description="day of the publisher's announcement")
    hub_first_commit: date | None = None
    max_tokens: Positive | None = Field(description="longest input in tokens; see max_tokens_scope")
    max_tokens_scope: Literal["each text", "query and passage together"] | None = None
    recommended_tokens: Positive | None = maybe(
        "length that the publisher or a maintainer recommends, in tokens"
    )
    recommended_by: Text | None = None
    special_tokens_per_text: Count | None = maybe("tokens added to a single text")
    special_tokens_per_pair: Count | None = maybe("tokens added to a query-passage pair")
    tokenizer: Text | None = None
    vocab_size: Positive | None = None
    parameters: Positive | None = Field(
        description="all parameters, embeddings included (decides memory)"
    )
    parameters_nominal: Text | None = maybe("the publisher's rounded size, as 7B")
    parameters_extra_heads: dict[str, Positive] | None = maybe(
        "parameters of heads outside `parameters`"
    )
    non_embedding_parameters: Positive | None = maybe(
        "parameters without the token table (decides compute)"
    )
    hub_tensor_total: Positive | None = maybe("total the hub shows, index buffers included")
    layers: Positive | None = None
    hidden_size: Positive | None = None
    heads: Positive | None = None
    kv_heads: Positive | None = None
    head_dim: Positive | None = None
    intermediate_size: Positive | None = None
    sliding_window: Positive | None = None
    embedding_dim: Positive | None = maybe("values in a dense vector; null for a reranker")
    sparse_dim: Positive | None = None
    multi_vector_dim: Positive | None = None
    pooling: Literal["cls", "mean", "last_token", "none"] | None = maybe(
        "how token states become one vector"
    )
    normalised: bool | None = maybe("vectors have unit length")
    score: Text | None = maybe("what a reranker's score is")
    query_instruction: str | None = maybe("text put before a query")
    query_instruction_required: bool | None = None
    query_instruction_tokens: Count | None = maybe(
        "tokens that the instruction adds to a query; null: not known, and estimated"
    )
    passage_instruction: str | None = None
    languages: list[LanguageCode] | None = Field(
        description="ISO 639 codes; null: no list published"
    )
    languages_complete: bool | None = maybe(
        "false: the publisher names these and says there are more"
    )
    languages_note: Text | None = None
    languages_training: Text | None = None
    licence: Annotated[Id, Ref("licence")] | None
    licence_url: Text | None = None
    commercial_use: bool | None = None
    base_model: Text | None = None
    weights_bytes: dict[Literal["fp32", "fp16", "int8"], Positive] | None = maybe(
        "bytes of the weights by precision: the published file where its size is "
        "known, else parameters x bytes"
    )
    onnx_available: list[OnnxExport] = Field(default=[])
    local_files: LocalFiles | None = maybe("what the local engine loads; null: it cannot run there")
    runtimes: dict[str, Runtime] = Field(default={})
    hosted_limit_seen: list[HostLimit] = Field(default=[])
    replaced_by: VariantId | None = maybe(
        "variant that replaces this one; null: nobody has withdrawn it"
    )
    successors: list[Successor] = Field(default=[])
    replaces: list[str] = Field(
        [], description="older models it replaces, by their publisher's word"
    )
    computed: dict[str, str] = Field(
        {}, description="formula of each figure that was computed, by field"
    )
    caveats: list[Text] = Field(default=[])
    notes: list[Text] = Field(default=[])

    @model_validator(mode="after")
    def _kind_fits_outputs(self) -> Self:
        wanted = {"embedder": "dense", "reranker": "score", "language-model": "text"}[self.kind]
        if wanted not in self.outputs:
            sentence = "a {kind} gives {wanted}. Add it to outputs, or fix kind."
            raise PydanticCustomError("outputs", sentence, {"kind": self.kind, "wanted": wanted})
        return self


class Family(Sourced):
    """A family of variants by one developer."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"compared_with", "comparisons"}

    name: Text
    developer: Text
    about: Text = Field(description="what the family is, in this project's words")
    compared_with: Annotated[Id, Ref("family")] | None = maybe(
        "family that the FAQ compares it with"
    )
    comparisons: list[Annotated[list[VariantId], Field(min_length=2, max_length=4)]] = Field(
        default=[],
        description="variants that are often weighed against one another; Compare opens with the "
        "first of the first family that has any",
    )
    notes: list[Text] = Field(default=[])


class ListingVariant(Entry):
    """One row of the listing, as it states it; null is a dash there."""

    name: Text
    variant: VariantId = Field(description="id of the verified variant")
    released: Month
    capability: Text | None = Field(description="the capability it states for the row")
    context: Context | None
    parameters: Text | None
    replaced_by: Text | None = None


class ListingPrice(Entry):
    """One row of the listing's price table."""

    variant: Text
    provider: Text
    input_usd_per_1m: Usd | None
    output_usd_per_1m: Usd | None
    type: Text


class ListingProvider(Entry):
    """A provider that the listing counts, and where it names it."""

    name: Text
    named_under: Text
    inferred: bool = Field(
        description="true: its place in the count is inferred from another section"
    )


class RelatedFamily(Entry):
    """What the listing says of the related family, which `compared_with` in family.yaml names."""

    name: Text | None = maybe("only for a family that the catalog does not have")
    developer: Text | None = maybe("only for a family that the catalog does not have")
    strongest_capability: Text | None = maybe("what the listing says to check it for")
    max_context: Context | None = None


class Listing(Entry):
    """What a family's listing states: counts, groups, sentences and answers come from it."""

    about: Text
    use_when_note: Text
    provider_count: Count
    capabilities: list[Text]
    variants: list[ListingVariant] = Field(min_length=1)
    providers: list[ListingProvider]
    pricing: list[ListingPrice]
    related: RelatedFamily | None = maybe("null: the listing names no related family")
    faq_questions: list[Text] = Field(min_length=3, max_length=3)
    source: SourceId = Field(description="source id of the listing")


class Correction(Sourced):
    """A place where the verified figure differs from the listing."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"variant", "field", "section"}

    id: Id
    variant: VariantId | None = Field(description="null: the family as a whole")
    field: Text = Field(description="what differs, as released, context, parameters")
    listed: Text
    verified: Text
    why: Text


class Question(Sourced):
    """A question that users of the family ask, with an answer that rests on sources."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"question"}

    id: Id
    question: Text
    answer: Text
