"""Where variants run and what that costs: offers, machines, stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from advisor.catalog.schema.fields import (
    Entry,
    Id,
    Measure,
    Positive,
    Ref,
    Sourced,
    SourceId,
    Text,
    Usd,
    VariantId,
    maybe,
)


class Withdrawal(Entry):
    """That a provider no longer makes an offer; it names sources of its own."""

    on: date = Field(description="the day it was found gone")
    reason: Text = Field(description="why it counts as withdrawn, in one sentence")
    sources: list[SourceId] = Field(min_length=1)


class Offer(Sourced):
    """One provider's price for one variant."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"variant", "withdrawn"}

    id: Id
    variant: VariantId
    model: Text = Field(description="the provider's own model id")
    type: Literal["serverless", "trial"] = Field(
        description="trial: listed at no charge, never a price"
    )
    usd_per_1m_input: Usd | None = Field(
        description="US dollars per 1,000,000 input tokens; null: not known"
    )
    usd_per_1m_output: Usd | None = Field(
        description="US dollars per 1,000,000 output tokens; null: none stated"
    )
    billing_unit: Text | None
    as_of: date | None = Field(
        description="date of the page or package the price was read in; null: undated"
    )
    max_tokens: Positive | None = Field(
        description="longest input the provider states, in tokens; null: not stated"
    )
    requests_per_minute: Positive | None = maybe("most requests a minute; null: not stated")
    tier: Literal["listing", "provider-page", "aggregator"] = Field(
        description="who states the price"
    )
    native_currency: Literal["USD", "EUR"] | None = Field(
        description="currency of the provider's own list; null: not known"
    )
    outputs: list[Literal["dense", "sparse", "multi_vector", "score"]] | None = maybe(
        "outputs the endpoint is said to return; null: not stated"
    )
    default_pooling: Literal["cls", "mean"] | None = maybe(
        "pooling unless the request asks otherwise; null: not stated"
    )
    note: Text | None = None
    withdrawn: Withdrawal | None = maybe("since when it is gone, and why; null: it stands")

    def all_source_ids(self) -> Iterator[tuple[str, str]]:
        """Every (field, source id) pair named here, those of a withdrawal too."""
        yield from super().all_source_ids()
        if self.withdrawn is not None:
            yield from (("withdrawn.sources", source) for source in self.withdrawn.sources)


Address = Annotated[
    str,
    Field(
        pattern=r"^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._@{}-]+)+$",
        description="whole address; {model} and {account_id} stand for what is filled in",
    ),
]
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


class ProviderApi(Entry):
    """The addresses that a provider's documents state, and how they are asked."""

    shape: Literal["openai", "cloudflare"] = Field(
        description="openai: OpenAI's embeddings, and a rerank call beside them"
    )
    embeddings: Address | None = Field(description="null: not known")
    rerank: Address | None = Field(description="null: not known, or there is none")
    key_env: Variable = Field(description="environment variable that code to copy reads")
    account_env: Variable | None = maybe("the one for {account_id}; null: there is none")
    sources: list[SourceId] = Field(min_length=1)

    @model_validator(mode="after")
    def _account_has_a_variable(self) -> Self:
        if "{account_id}" in f"{self.embeddings} {self.rerank}" and self.account_env is None:
            sentence = "{place} stands in an address. Name its variable in account_env."
            raise PydanticCustomError("account_env", sentence, {"place": "{account_id}"})
        return self


class Provider(Entry):
    """A provider of hosted endpoints and its offers."""

    name: Text
    router: bool = Field(False, description="passes requests on to other providers")
    api: ProviderApi | None = maybe("null: no document that states an address was read")
    free_allocation: Text | None = maybe("what is free, in the provider's unit")
    free_usd_per_day: Usd | None = maybe(
        "US dollars a day that the free allocation is worth, for a whole account"
    )
    free_sources: list[SourceId] = Field(default=[])
    notes: list[Text] = Field(default=[])
    offers: list[Offer]

    @property
    def standing_offers(self) -> list[Offer]:
        """The offers that can be taken up: those that were not withdrawn."""
        return [offer for offer in self.offers if offer.withdrawn is None]


class DockerImages(Entry):
    """Images of one runtime, by the processor they are for; null: there is none."""

    cpu_x86: Text | None
    cpu_arm: Text | None
    cuda: Text | None
    cuda_capability_from: Measure = Field(description="least CUDA compute capability")


class RuntimeInstall(Sourced):
    """How a runtime that variants name is installed on a machine of one's own."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"tried"}

    id: Id
    name: Text = Field(description="as under `runtimes` of a variant")
    packages: list[Text] = Field([], description="what pip installs")
    images: DockerImages | None = None
    tried: Text | None = maybe("versions that its code to copy ran with; null: it was not run")
    note: Text | None = None


class Peaks(Entry):
    """Dense peak rates in TFLOP/s (int8: TOP/s); null: there is no such mode, or no figure."""

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
    memory_gb: Measure | None = Field(
        description="memory in GB (1e9 bytes) as data sheets print it"
    )
    memory_options_gb: list[Measure] = Field(default=[])
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
    example_instances: list[Text] = Field(default=[])
    sources: list[SourceId] = Field(
        description="source ids; empty: derived from the width of the instruction set, see note"
    )
    note: Text


class Cloud(Entry):
    """Who lets machines by the hour."""

    id: Id
    name: Text


class Instance(Sourced):
    """A machine rented by the hour."""

    NOT_FACTS: ClassVar[frozenset[str]] = Sourced.NOT_FACTS | {"accelerator_count", "marketplace"}

    id: Id
    cloud: Annotated[Text, Ref("cloud")]
    instance: Text
    region: Text | None
    kind: Literal["gpu", "cpu", "accelerator", "mac"]
    vcpu: Measure | None
    ram_gib: Measure | None
    accelerator: Annotated[Id, Ref("accelerator")] | None
    accelerator_count: Measure = Field(
        description="accelerators in the instance; a fraction for a shared one"
    )
    cpu: Annotated[Id, Ref("CPU class")] | None = maybe(
        "CPU class; null: not known, or of no interest beside an accelerator"
    )
    marketplace: bool = Field(
        False,
        description="rented out by third parties through the cloud, at a price that changes daily",
    )
    on_demand_usd_per_h: Usd | None = Field(description="US dollars an hour for the whole instance")
    spot_usd_per_h: Usd | None
    as_of: date | None
    note: Text | None = None


class QueryStep(Entry):
    """From a size on, what queries read costs less."""

    above_gb: Usd = Field(description="GB (1e9 bytes) held, above which a GB costs less")
    discount: Usd = Field(description="share of the price that is taken off there, as 0.8")


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
    query_steps: list[QueryStep] = Field(
        [], description="those discounts in figures, the smallest size first"
    )
    returned_usd_per_gb: Usd | None = None
    minimum_usd_per_month: Usd | None = None
    floor_usd_per_month: Usd | None = None
    as_of: str | None = None
    max_dims: Positive | dict[str, Positive] | None = maybe("largest dimension, or by index type")
    vector_types: list[Literal["float32", "float16", "int8", "binary"]] | None = maybe(
        "types it takes; null: not stated"
    )
    max_vectors_per_index: Positive | None = None
    max_vectors_per_put: Positive | None = None
    max_top_k: Positive | None = None
    max_request_mib: Positive | None = None
    index_types: list[Text] = Field(default=[])
    hnsw_defaults: dict[str, Positive] | None = None
    vector_bytes: dict[str, Any] | None = None
    free_tier: dict[str, Any] | None = None
    other_plans: list[dict[str, Any]] = Field(default=[])
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
    sources: list[SourceId]
