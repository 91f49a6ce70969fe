"""What a catalog file may hold: every field with its unit and meaning.

The models refuse extra keys, floats where money is meant, and facts without a source. They say what is wrong
in one sentence each; `load` adds the file and the entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from advisor.base.errors import did_you_mean
from advisor.base.ids import ID_PATTERN

Id = Annotated[str, Field(pattern=ID_PATTERN, description="kebab-case id, never reused")]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="year and month, as 2024-06")]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
Measure = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _quoted_decimal(value: object) -> object:
    """`value` as Decimal if it is quoted text; YAML numbers are refused, because floats lose digits."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, (float, int)):
        kind = "float" if isinstance(value, float) else "number"
        raise PydanticCustomError(
            "unquoted_price", '{value} is a YAML {kind}. Write it in quotes: "{value}".', {"value": str(value), "kind": kind}
        )
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise PydanticCustomError("not_a_price", "'{value}' is not a decimal number. Write it as \"0.01\".", {"value": str(value)[:60]})
    if number < 0:
        raise PydanticCustomError("negative_price", "{value} is negative. Write a price of 0 or more.", {"value": str(value)})
    return number


Usd = Annotated[Decimal, BeforeValidator(_quoted_decimal, json_schema_input_type=str)]


class Entry(BaseModel):
    """A part of a catalog file that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = [key for key in data if key not in cls.model_fields]
            if unknown:
                names = "; ".join(f"no field '{key}'. {did_you_mean(str(key), cls.model_fields)}".strip() for key in unknown)
                raise PydanticCustomError("unknown_field", "{names}", {"names": names})
        return data


class Sourced(Entry):
    """An entry whose facts each name the sources they were read in.

    `sources` is a mapping from field to source ids, or a list of ids that covers every fact of the entry.
    """

    NOT_FACTS: ClassVar[frozenset[str]] = frozenset({"id", "name", "note", "notes", "sources"})

    sources: dict[str, list[str]] | list[str] = Field(description="source ids, by field or for the whole entry")

    def source_ids(self, field: str) -> tuple[str, ...]:
        """Ids of the sources of one field; empty where none is named."""
        if isinstance(self.sources, list):
            return tuple(self.sources)
        return tuple(self.sources.get(field, ()))

    def all_source_ids(self) -> Iterator[tuple[str, str]]:
        """Every (field, source id) pair named here."""
        if isinstance(self.sources, list):
            yield from (("sources", source) for source in self.sources)
        else:
            yield from ((f"sources.{field}", source) for field, ids in self.sources.items() for source in ids)

    @model_validator(mode="after")
    def _every_fact_has_a_source(self) -> Self:
        if isinstance(self.sources, dict):
            odd = [name for name in self.sources if name not in type(self).model_fields]
            if odd:
                raise PydanticCustomError(
                    "unknown_field",
                    "{names}",
                    {"names": "; ".join(f"sources names no field '{n}'. {did_you_mean(n, type(self).model_fields)}" for n in odd)},
                )
        bare = [
            name
            for name in type(self).model_fields
            if name not in self.NOT_FACTS and getattr(self, name) not in (None, [], {}, ()) and not self.source_ids(name)
        ]
        if bare:
            raise PydanticCustomError(
                "no_source",
                "no source for {fields}. Name under `sources:` where each was read, or write null.",
                {"fields": ", ".join(bare)},
            )
        return self


class Source(Entry):
    """Where a figure was read, and when."""

    id: Id
    title: Text
    url: Text | None = Field(description="address, or the name of the package the copy came from")
    publisher: Text | None = None
    tier: Literal["first_party", "secondary", "aggregator", "listing", "own"] | None = Field(
        default=None, description="who says it; null where it was not graded; own: a decision or measurement of this project"
    )
    accessed: date = Field(description="the day it was read")
    copy_date: str | None = Field(default=None, description="date of the copy that was read, as far as it is known")
    what: Text | None = Field(default=None, description="what was read there")


class Licence(Sourced):
    """Terms under which weights may be used."""

    id: Id
    name: Text
    permissive: bool | None = Field(description="an OSI permissive licence")
    commercial_use: bool | None = Field(description="commercial use allowed; null: its text was not checked")
    url: Text | None
    note: Text | None = None


class Runtime(Entry):
    """What one serving runtime does with a variant."""

    support: Literal["listed", "architecture", "partial", "no"] | None = Field(
        description="listed: named or tested; architecture: its architecture is; partial: some modes; null: not found"
    )
    outputs: list[Literal["dense", "sparse", "multi_vector"]] | None = Field(
        default=None, description="outputs that it returns; null: not stated"
    )
    note: Text | None = None
    sources: list[str]


class OnnxExport(Entry):
    """A published ONNX export."""

    publisher: Text
    repo: Text
    path: Text | None = None
    note: Text | None = None
    sources: list[str] = []


class LocalFiles(Entry):
    """The files that fastembed loads on this machine."""

    repo: Text = Field(description="owner/name on the Hugging Face hub")
    model_file: Text = Field(description="the ONNX file, relative to the repository")
    others: list[Text] = Field(default=[], description="further files of the weights, as external data")
    built_in: bool = Field(description="fastembed names it; false: registered as a custom model")
    precision: Literal["fp32", "fp16", "int8"] | None = Field(description="of the weights; null: not known")
    gigabytes: Measure | None = Field(default=None, description="size of the weights as stated, in GB; null: not known")
    note: Text | None = None
    sources: list[str]


class Successor(Entry):
    """A newer variant that the publisher recommends for some uses (advice, not status)."""

    variant: Id
    use_for: Text
    note: Text | None = None


class HostLimit(Entry):
    """A limit that one host sets below the model's own."""

    provider: Text
    tokens: Positive
    sources: list[str]


class Variant(Sourced):
    """One model of a family, with the sources of its facts."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"family", "computed", "runtimes", "languages_note", "local_files"}

    name: Text
    hub_id: Text | None = Field(description="owner/name on the Hugging Face hub")
    kind: Literal["embedder", "reranker", "language-model"]
    outputs: list[Literal["dense", "sparse", "multi_vector", "score", "text"]] = Field(description="what it gives for a text or pair")
    released: date | None = Field(description="day of the publisher's announcement")
    hub_first_commit: date | None = None
    max_tokens: Positive | None = Field(description="longest input in tokens; see max_tokens_scope")
    max_tokens_scope: Literal["each text", "query and passage together"] | None = None
    recommended_tokens: Positive | None = Field(default=None, description="length that the publisher or a maintainer recommends, in tokens")
    recommended_by: Text | None = None
    special_tokens_per_text: Count | None = Field(default=None, description="tokens added to a single text")
    special_tokens_per_pair: Count | None = Field(default=None, description="tokens added to a query-passage pair")
    tokenizer: Text | None = None
    vocab_size: Positive | None = None
    parameters: Positive | None = Field(description="all parameters, embeddings included (decides memory)")
    parameters_nominal: Text | None = Field(default=None, description="the publisher's rounded size, as 7B")
    parameters_extra_heads: dict[str, Positive] | None = Field(default=None, description="parameters of heads outside `parameters`")
    non_embedding_parameters: Positive | None = Field(default=None, description="parameters without the token table (decides compute)")
    hub_tensor_total: Positive | None = Field(default=None, description="total the hub shows, index buffers included")
    layers: Positive | None = None
    hidden_size: Positive | None = None
    heads: Positive | None = None
    kv_heads: Positive | None = None
    head_dim: Positive | None = None
    intermediate_size: Positive | None = None
    sliding_window: Positive | None = None
    embedding_dim: Positive | None = Field(default=None, description="values in a dense vector; null for a reranker")
    sparse_dim: Positive | None = None
    multi_vector_dim: Positive | None = None
    pooling: Literal["cls", "mean", "last_token", "none"] | None = Field(default=None, description="how token states become one vector")
    normalised: bool | None = Field(default=None, description="vectors have unit length")
    score: Text | None = Field(default=None, description="what a reranker's score is")
    query_instruction: str | None = Field(default=None, description="text put before a query")
    query_instruction_required: bool | None = None
    passage_instruction: str | None = None
    languages: list[str] | None = Field(description="ISO 639 codes; null: no list published")
    languages_complete: bool | None = Field(default=None, description="false: the publisher names these and says there are more")
    languages_note: Text | None = None
    languages_training: Text | None = None
    licence: Id | None
    licence_url: Text | None = None
    commercial_use: bool | None = None
    base_model: Text | None = None
    weights_bytes: dict[Literal["fp32", "fp16", "int8"], Positive] | None = Field(
        default=None, description="bytes of the weights by precision: the published file where its size is known, else parameters x bytes"
    )
    onnx_available: list[OnnxExport] = []
    local_files: LocalFiles | None = Field(default=None, description="what the local engine loads; null: it cannot run there")
    runtimes: dict[str, Runtime] = {}
    hosted_limit_seen: list[HostLimit] = []
    replaced_by: Id | None = Field(default=None, description="variant that replaces this one; null: nobody has withdrawn it")
    successors: list[Successor] = []
    replaces: list[str] = Field(default=[], description="older models it replaces, by their publisher's word")
    computed: dict[str, str] = Field(default={}, description="formula of each figure that was computed, by field")
    caveats: list[Text] = []
    notes: list[Text] = []

    @model_validator(mode="after")
    def _kind_fits_outputs(self) -> Self:
        wanted = {"embedder": "dense", "reranker": "score", "language-model": "text"}[self.kind]
        if wanted not in self.outputs:
            raise PydanticCustomError(
                "outputs", "a {kind} gives {wanted}. Add it to outputs, or mend kind.", {"kind": self.kind, "wanted": wanted}
            )
        return self


class Family(Sourced):
    """A family of variants by one developer."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"short_names", "compared_with", "question"}

    name: Text
    developer: Text
    about: Text = Field(description="what the family is, in this project's words")
    compared_with: Id | None = Field(default=None, description="family that the FAQ compares it with")
    notes: list[Text] = []


class ListingVariant(Entry):
    """One row of the listing, as it states it; null is a dash there."""

    name: Text
    variant: Id = Field(description="id of the verified variant")
    released: Month
    capability: Text | None = Field(description="the capability it states for the row")
    context: Text | None
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
    inferred: bool = Field(description="true: its place in the count is inferred from another section")


class RelatedFamily(Entry):
    """What the listing says of the related family."""

    name: Text
    developer: Text
    strongest_capability: Text
    max_context: Text


class Listing(Entry):
    """What a family's listing states. Counts, groups, sentences and answers are computed from it."""

    about: Text
    use_when_note: Text
    provider_count: Count
    capabilities: list[Text]
    variants: list[ListingVariant]
    providers: list[ListingProvider]
    pricing: list[ListingPrice]
    related: RelatedFamily
    faq_questions: list[Text] = Field(min_length=3, max_length=3)
    source: str = Field(description="source id of the listing")


class Correction(Sourced):
    """A place where the verified figure differs from the listing."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"variant", "field", "section"}

    id: Id
    variant: Id | None = Field(description="null: the family as a whole")
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


class Offer(Sourced):
    """One provider's price for one variant."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"variant"}

    id: Id
    variant: Id
    model: Text = Field(description="the provider's own model id")
    type: Literal["serverless", "trial"] = Field(description="trial: listed at no charge, never a price")
    usd_per_1m_input: Usd | None = Field(description="US dollars per 1,000,000 input tokens; null: not known")
    usd_per_1m_output: Usd | None = Field(description="US dollars per 1,000,000 output tokens; null: none stated")
    billing_unit: Text | None
    as_of: date | None = Field(description="date of the page or package the price was read in; null: undated")
    max_tokens: Positive | None = Field(description="longest input the provider states, in tokens; null: not stated")
    requests_per_minute: Positive | None = Field(default=None, description="most requests a minute; null: not stated")
    tier: Literal["listing", "provider-page", "aggregator"] = Field(description="who states the price")
    native_currency: Literal["USD", "EUR"] | None = Field(description="currency of the provider's own list; null: not known")
    outputs: list[Literal["dense", "sparse", "multi_vector", "score"]] | None = Field(
        default=None, description="outputs the endpoint is said to return; null: not stated"
    )
    default_pooling: Literal["cls", "mean"] | None = Field(
        default=None, description="pooling unless the request asks otherwise; null: not stated"
    )
    note: Text | None = None


class Provider(Entry):
    """A provider of hosted endpoints and its offers."""

    name: Text
    router: bool = Field(default=False, description="passes requests on to other providers")
    free_allocation: Text | None = Field(default=None, description="what is free, in the provider's unit")
    free_usd_per_day: Usd | None = Field(
        default=None, description="US dollars a day that the free allocation is worth, for a whole account"
    )
    free_sources: list[str] = []
    notes: list[Text] = []
    offers: list[Offer]


class Peaks(Entry):
    """Dense peak rates in TFLOP/s (int8: TOP/s); null: the part has no such mode, or no figure was found."""

    fp32: Measure | None
    tf32: Measure | None
    fp16: Measure | None
    bf16: Measure | None
    int8_tops: Measure | None
    fp8: Measure | None


class Accelerator(Sourced):
    """A GPU or other accelerator."""

    id: Id
    name: Text
    vendor: Text
    memory_gb: Measure | None = Field(description="memory in GB (1e9 bytes) as data sheets print it")
    memory_options_gb: list[Measure] = []
    memory_bandwidth_gb_per_s: Measure | None
    peak_dense_tflops: Peaks
    tdp_w: Measure | None
    compute_capability: Measure | None
    note: Text | None = None


class Cpu(Entry):
    """A CPU class with theoretical peaks."""

    id: Id
    isa: Text
    microarchitecture: Text
    clock_mhz: Measure | None
    fp32_flop_per_cycle_per_core: Measure | None
    fp32_gflops_per_core: Measure | None
    fp32_gflops_per_vcpu: Measure | None
    int8_op_per_cycle_per_core: Measure | None
    int8_gops_per_vcpu: Measure | None
    bf16_flop_per_cycle_per_core: Measure | None
    bf16_gflops_per_vcpu: Measure | None
    vcpus_per_core: Measure | None
    example_instances: list[Text] = []
    sources: list[str] = Field(description="source ids; empty: derived from the width of the instruction set, see note")
    note: Text


class Instance(Sourced):
    """A machine rented by the hour."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"accelerator_count", "marketplace"}

    id: Id
    cloud: Text
    instance: Text
    region: Text | None
    kind: Literal["gpu", "cpu", "accelerator", "mac"]
    vcpu: Measure | None
    ram_gib: Measure | None
    accelerator: Id | None
    accelerator_count: Measure = Field(description="accelerators in the instance; a fraction for a shared one")
    cpu: Id | None = Field(default=None, description="CPU class; null: not known, or of no interest beside an accelerator")
    marketplace: bool = Field(default=False, description="let by third parties through the cloud, at a price that moves by the day")
    on_demand_usd_per_h: Usd | None = Field(description="US dollars an hour for the whole instance")
    spot_usd_per_h: Usd | None
    as_of: date | None
    note: Text | None = None


class Store(Sourced):
    """A vector store: prices and limits."""

    id: Id
    name: Text
    type: Literal["self_hosted", "managed", "disk"]
    usd_per_gb_month: Usd | None = None
    usd_per_gb_month_unindexed: Usd | None = None
    usd_per_gib_month: Usd | None = None
    backup_usd_per_gib_month: Usd | None = None
    read_usd_per_million_units: Usd | None = None
    write_usd_per_million_units: Usd | None = None
    write_usd_per_gb: Usd | None = None
    write_minimum_bytes: Positive | None = None
    query_usd_per_pb: Usd | None = None
    query_usd_per_million: Usd | None = None
    query_processed_usd_per_tb: Usd | None = None
    query_minimum_gb: Usd | None = None
    query_discounts: Text | None = None
    returned_usd_per_gb: Usd | None = None
    minimum_usd_per_month: Usd | None = None
    floor_usd_per_month: Usd | None = None
    as_of: str | None = None
    max_dims: Positive | dict[str, Positive] | None = Field(default=None, description="largest dimension, or by index type")
    vector_types: list[Literal["float32", "float16", "int8", "binary"]] | None = Field(
        default=None, description="types it takes; null: not stated"
    )
    max_vectors_per_index: Positive | None = None
    max_vectors_per_put: Positive | None = None
    max_top_k: Positive | None = None
    max_request_mib: Positive | None = None
    index_types: list[Text] = []
    hnsw_defaults: dict[str, Positive] | None = None
    vector_bytes: dict[str, Any] | None = None
    free_tier: dict[str, Any] | None = None
    other_plans: list[dict[str, Any]] = []
    gb: Text | None = None
    included_iops: Positive | None = None
    included_mb_per_s: Positive | None = None
    egress_note: Text | None = None
    read_unit_note: Text | None = None
    price_note: Text | None = None
    note: Text | None = None


class StorageFormula(Entry):
    """Bytes of an index by store and vector type (n vectors, d dimensions)."""

    id: Id
    bytes_per_vector: Text | None = None
    total_bytes: Text | None = None
    note: Text | None = None
    sources: list[str]


class Metric(Entry):
    """What a score measures."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$", description="the metric's name in the evidence tables")]
    name: Text
    meaning: Text = Field(description="what it says, in plain words")


class EvidenceSet(Entry):
    """Scores that may be compared with one another: one benchmark, one metric, one source set."""

    id: Id
    name: Text = Field(description="as shown, with the metric's name apart")
    table: Literal["quality", "quality_by_language"]
    benchmark: Text
    source_set: Text
    metric: Text
    aspect: Text | None = Field(description="the aspect of quality.csv; null: the mean over tasks or languages of the workload")
    mode: Text | None = Field(default=None, description="output type of the by-language rows")
    first_stage: Id | None = Field(default=None, description="with_retriever of a reranker's rows")
    kind: Literal["embedder", "reranker"]
    languages: list[str] | None = Field(description="languages it speaks for; null: many; see by_language")
    by_language: bool = Field(default=False, description="its aspects are language codes; the workload's languages select them")
    tasks: Positive | None = Field(description="tasks of the complete set")
    domain: Text = Field(description="general, or the domain it is limited to")
    rank: Positive = Field(description="order of preference; 1 is tried first")
    selects: bool = Field(description="false: shown, but never chosen unless the visitor asks (domain sets)")
    allow_incomplete: bool = Field(default=False, description="rows marked incomplete are comparable within this set")
    publisher_of_scores: Text = Field(description="who computed them, as shown")
    caveat: Text | None = None


class Rule(Entry):
    """One rule over plan and workload columns."""

    id: Id
    when: Annotated[str, Field(min_length=1)] = Field(description="expression over columns, with true, false and unknown")
    effect: Literal["exclude", "warn", "note"]
    if_unknown: Literal["exclude", "warn", "note", "ignore"] = "ignore"
    because: Text = Field(description="one sentence for the visitor, with {column} figures")
    because_unknown: Text | None = None
    sources: list[str] = Field(min_length=1)
    example: RuleExample

    @model_validator(mode="after")
    def _unknown_is_explained(self) -> Self:
        if self.if_unknown != "ignore" and self.because_unknown is None:
            raise PydanticCustomError("because_unknown", "if_unknown is set but because_unknown is missing. Write the sentence shown then.")
        return self


class RuleExample(Entry):
    """Rows of column values that the rule takes, leaves, and cannot decide."""

    takes: dict[str, Any]
    leaves: dict[str, Any]
    unknown: dict[str, Any] | None = None


class Expert(Entry):
    """What someone who knows retrieval would answer, written down before the engine was asked."""

    embedder: Id | None
    reranker: Id | None
    placement: Literal["hosted", "own"]
    why: Text
    sources: list[str] = Field(min_length=1)


class Preset(Entry):
    """A workload that a visitor can start from."""

    id: Id
    name: Text
    about: Text
    workload: dict[str, Any]
    expert: Expert
