"""Workloads of all kinds, for properties that hold of every one: each field over its whole range."""

from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from hypothesis import strategies as st

from advisor.ask.workload import Workload

STORES = {
    "shipped": (
        "opensearch-serverless", "pgvector", "pinecone-standard", "qdrant-cloud", "s3-vectors",
        "turbopuffer-launch", "weaviate-cloud-flex",
    ),
    "made up": ("drawer", "own-database", "shelf"),
}  # fmt: skip
"""The stores of each catalog; a test holds them to the catalogs."""
LANGUAGES = (
    "en", "zh", "de", "ja", "ko", "fr", "es", "ar", "fi", "th", "no", "mt", "eo", "sw", "tlh", "haw",
)  # fmt: skip
"""Measured ones, ones that some model covers, ones that nobody measured, and two that do not exist."""
USUAL = {
    "passages": (1_000, 10**8),
    "passage_tokens": (10, 1_500),
    "passage_tokens_p95": (100, 4_000),
    "chunk_tokens": (50, 1_500),
    "chunk_overlap_tokens": (0, 200),
    "new_passages_per_month": (100, 10**7),
    "queries_per_month": (100, 10**8),
    "query_tokens": (2, 300),
    "rerank_candidates": (5, 200),
    "peak_queries_per_second": (0.1, 200),
    "budget_usd_per_month": (1, 5_000),
    "latency_ms_p95": (5, 3_000),
    "quality_tolerance": (0.5, 12),
    "material_usd": (0.5, 100),
}
"""What is drawn as often as the whole range, which mostly holds what fits nowhere."""
LARGEST = {"material_usd": 1e4}
"""Where the whole range would say little: above it, hardly a cost differs."""
OFTEN = {
    "task": 2, "priority": 0, "vector_store": 3, "languages": 5, "passage_tokens_p95": 7,
    "query_tokens": 6, "chunk_overlap_tokens": 5, "outputs": 8, "placement": 5, "hardware": 7, "data_may_leave": 8,
    "licence": 7, "redundancy": 7, "cross_lingual": 7, "budget_usd_per_month": 7,
    "latency_ms_p95": 7, "peak_queries_per_second": 7, "material_usd": 6, "vector_type": 5,
}  # fmt: skip
"""In how many of ten workloads at least a field stays at its default; else in four."""


SHARES = st.sampled_from([number / 100 for number in range(101)])
"""From 0 to 1; hypothesis' own floats are mostly near 0, 1 and halves."""


class Stated(dict[str, Any]):
    """Every field of a workload; told by those that are not at their default."""

    def __repr__(self) -> str:
        now = Workload.model_validate(self)
        return repr(now.stated())


class Question(NamedTuple):
    """What is asked, and of which catalog."""

    catalog: str
    assumed: dict[str, Any]
    stated: Stated


def between(least: float, most: float, share: float) -> float:
    """From `least` (0) to `most` (1), each power of ten as likely as the next; a 0 is the least itself."""
    if share in (0, 1):
        return most if share else least
    start = least or min(1.0, most / 1000)
    return min(most, max(least, start * (most / start) ** share))


def bounds_of(name: str) -> tuple[float, float, type]:
    """Least and most of a number field, and whether it is whole."""
    parts = parts_of(Workload.model_fields[name])
    kind = int if int in parts else float
    marks = {
        key: getattr(part, key)
        for part in parts
        for key in ("ge", "gt", "le", "lt")
        if hasattr(part, key)
    }
    least = marks["ge"] if "ge" in marks else marks["gt"] + (1 if kind is int else 1e-6)
    return least, marks["le"], kind


def parts_of(info: Any) -> list[Any]:
    """The types and bounds that a field is made of, however they are nested."""
    whole: list[Any] = list(info.metadata)

    def unfold(annotation: Any) -> None:
        if get_origin(annotation) is Annotated:
            base, *marks = get_args(annotation)
            for mark in marks:
                whole.extend(getattr(mark, "metadata", [mark]))
            unfold(base)
        elif get_origin(annotation) in (None, Literal):
            whole.append(annotation)
        else:
            for part in get_args(annotation):
                unfold(part)

    unfold(info.annotation)
    return whole


def values_of(name: str) -> st.SearchStrategy[Any]:
    """Every value that a field may have; a field of a kind that is not known here is an error."""
    if name == "languages":
        measured, every = (st.sampled_from(codes) for codes in (LANGUAGES[:6], LANGUAGES))
        return st.one_of(
            st.lists(codes, min_size=1, max_size=4, unique=True) for codes in (measured, every)
        )
    if name == "vector_store":
        return st.sampled_from(("ram", "none"))  # and those of the catalog
    info = Workload.model_fields[name]
    parts = parts_of(info)
    choices = next((get_args(part) for part in parts if get_origin(part) is Literal), None)
    if choices and get_origin(info.annotation) is tuple:
        return st.lists(st.sampled_from(choices), min_size=1, unique=True)
    if choices:
        return st.sampled_from(choices)
    if bool in parts:
        return st.booleans()
    if int not in parts and float not in parts:
        raise TypeError(f"{name}: draw it here; {info.annotation} is not known")
    least, most, kind = bounds_of(name)
    ranges = [(least, LARGEST.get(name, most)), *([USUAL[name]] if name in USUAL else [])]
    drawn = [SHARES.map(lambda share, ends=ends: kind(between(*ends, share))) for ends in ranges]
    return st.one_of(*([st.none()] if NoneType in parts else []), *drawn)


VALUES = {name: values_of(name) for name in Workload.model_fields}
TENTHS = st.integers(0, 9)


@st.composite
def workloads(draw: st.DrawFn, catalog: str = "shipped") -> Stated:
    """Every field of a workload for one of the two catalogs."""
    stated = Stated()
    for name, values in VALUES.items():
        default = Workload.model_fields[name].default
        if draw(TENTHS) < OFTEN.get(name, 4):
            stated[name] = list(default) if isinstance(default, tuple) else default
        elif name == "vector_store":
            stated[name] = draw(st.sampled_from(("ram", "none", *STORES[catalog])))
        else:
            stated[name] = draw(values)
    return fitted(stated)


def fitted(stated: Mapping[str, Any]) -> Stated:
    """The fields with those changed that do not go with the others: a percentile, an overlap.

    An overlap over half of a part becomes any other up to half, not mostly half itself.
    """
    longest = max(stated["passage_tokens"], stated["passage_tokens_p95"])
    chunk, overlap = stated["chunk_tokens"], stated["chunk_overlap_tokens"]
    shared = overlap if chunk is None or overlap <= chunk // 2 else overlap % (chunk // 2 + 1)
    return Stated({**stated, "passage_tokens_p95": longest, "chunk_overlap_tokens": shared})


WORKLOADS = workloads()
ASSUMED = {
    "target_utilisation": st.floats(0.05, 1),
    "machine_prices": st.just("spot"),
    "precision": st.sampled_from(["fp32", "fp16", "int8"]),
    "hosted_discount_percent": st.sampled_from([10.0, 100.0]),  # each is a catalog of its own
    "speed_percent": st.floats(1, 1000),
}


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A workload of either catalog; one in five is asked under an assumption that is not the default."""
    catalog = draw(st.sampled_from(["shipped", "made up"]))
    assumed = {}
    if draw(TENTHS) >= 8:
        name = draw(st.sampled_from(sorted(ASSUMED)))
        assumed[name] = draw(ASSUMED[name])
    return Question(catalog, assumed, draw(workloads(catalog)))
