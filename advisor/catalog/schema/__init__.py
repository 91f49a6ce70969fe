"""The catalog's schema: what each kind of entry may hold, and where its facts were read."""

from advisor.catalog.schema.family import (
    Correction,
    Family,
    HostLimit,
    Licence,
    Listing,
    ListingPrice,
    ListingProvider,
    ListingVariant,
    LocalFiles,
    OnnxExport,
    Question,
    RelatedFamily,
    Runtime,
    Successor,
    Variant,
)
from advisor.catalog.schema.fields import (
    Citation,
    Entry,
    Id,
    Measure,
    Positive,
    Ref,
    Source,
    Sourced,
    Usd,
    context_tokens,
)
from advisor.catalog.schema.judging import (
    EvidenceSet,
    Expert,
    Metric,
    PrecisionComparison,
    Preset,
    Rule,
    RuleExample,
)
from advisor.catalog.schema.serving import (
    Accelerator,
    Cloud,
    Cpu,
    DockerImages,
    Instance,
    Offer,
    Peaks,
    Provider,
    ProviderApi,
    QueryStep,
    RuntimeInstall,
    StorageFormula,
    Store,
    Withdrawal,
)

__all__ = [
    "Accelerator", "Citation", "Cloud", "Correction", "Cpu", "DockerImages", "Entry", "EvidenceSet",
    "Expert", "Family", "HostLimit", "Id", "Instance", "Licence", "Listing", "ListingPrice",
    "ListingProvider", "ListingVariant", "LocalFiles", "Measure", "Metric", "Offer", "OnnxExport",
    "Peaks", "Positive", "PrecisionComparison", "Preset", "Provider", "ProviderApi", "QueryStep",
    "Question", "Ref", "RelatedFamily", "Rule", "RuleExample", "Runtime", "RuntimeInstall",
    "Source", "Sourced", "StorageFormula", "Store", "Successor", "Usd", "Variant", "Withdrawal",
    "context_tokens",
]  # fmt: skip
