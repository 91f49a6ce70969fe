"""What the values of a question are called on the screen and in sentences: names, never ids."""

from __future__ import annotations

from advisor.ask import languages

_PRECISIONS = {"fp32": "fp32", "fp16": "fp16", "int8": "int8"}
LABELS: dict[str, dict[str, str]] = {
    "task": {
        "retrieve": "Search",
        "retrieve-and-rerank": "Search + rerank",
        "rerank": "Rerank only",
    },
    "outputs": {
        "dense": "Dense",
        "sparse": "Sparse (keywords)",
        "multi_vector": "Multi-vector (ColBERT)",
    },
    "placement": {"any": "Anywhere", "hosted": "Hosted API", "own": "Our own machines"},
    "hardware": {"any": "Any", "cpu": "CPU only", "gpu": "GPU"},
    "licence": {
        "any": "Any",
        "commercial": "Commercial use",
        "permissive": "Permissive (MIT, Apache-2.0)",
    },
    "vector_store": {"ram": "In memory (self-run)", "none": "Not included"},
    "vector_type": {
        "float32": "float32",
        "float16": "float16",
        "int8": "int8",
        "binary": "binary",
    },
    "priority": {"balanced": "Balanced", "quality": "Quality", "cost": "Cost"},
    "machine_prices": {"on-demand": "On demand", "spot": "Spot"},
    "precision": {"default": "Default", **_PRECISIONS},
    "measured_precision": _PRECISIONS,
}
"""By field of `Workload` and `Assumptions`, what each of its values is called.

A vector store or a model of the catalog is not here: its name is a fact of the catalog.
"""


def label(field: str, value: object) -> str:
    """What a value is called; a language has its English name, other text stays as it is.

    >>> label("task", "retrieve"), label("languages", "de"), label("vector_store", "pgvector")
    ('Search', 'German', 'pgvector')
    """
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if field == "languages":
        return language(str(value))
    return LABELS.get(field, {}).get(str(value), str(value))


def language(code: str) -> str:
    """The usual English name of a language; its code where no standard names it.

    >>> language("de"), language("el"), language("xx")
    ('German', 'Greek', 'xx')
    """
    return languages.english(code)
