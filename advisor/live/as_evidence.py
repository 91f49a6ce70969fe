"""What a visitor measured on data of their own, as evidence that Advise can take when they choose it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from advisor.catalog import Catalog
from advisor.catalog.schema import EvidenceSet, Source
from advisor.live.relevance import METRICS, TOO_FEW, Measured, compare

EMBEDDERS = "your-data"
"""Id of the set that compares embedders; that of rerankers over one of them is `rerankers_over(embedder)`."""
SOURCE = "your-own-data"
BENCHMARK = "your own data"
METRIC = "ndcg_at_10"  # METRICS[0], as the catalog calls it


def rerankers_over(embedder: str) -> str:
    """Id of the set that compares rerankers over an embedder."""
    return f"{EMBEDDERS}-over-{embedder}"


def with_yours(
    catalog: Catalog, results: Sequence[Measured], languages: Sequence[str], today: date
) -> Catalog:
    """The catalog with a set of evidence for each kind of which the visitor measured two variants; the catalog itself where there is none.

    The set stands first among those on offer and is taken only when it is asked for (`asked_sets` of `recommend`), never by itself: it may
    hold two of the candidates where a published one holds all. It speaks for `languages`. All results are of one data set; of two of one
    variant the later counts, and a stand-in has no part. A reranker's set holds those that read as many passages again over one embedder.
    No set is made of fewer than `TOO_FEW` queries; `why_not` says so.
    """
    groups = _groups(results)
    sets = [
        EvidenceSet(
            id=EMBEDDERS if stage is None else rerankers_over(stage),
            name=f"your own data, {_queries(found):,} queries",
            table="quality",
            benchmark=BENCHMARK,
            source_set="yours",
            metric=METRIC,
            aspect="retrieval",
            kind="embedder" if stage is None else "reranker",
            first_stage=stage,
            languages=sorted(set(languages)),
            tasks=None,
            domain="yours",
            rank=1,
            selects=False,
            publisher_of_scores="measured by you",
            caveat=_caveat(found),
        )
        for stage, found in groups.items()
        if not _fault(found, results)
    ]
    if not sets:
        return catalog
    rows = [
        _row(stage, variant, one)
        for stage, found in groups.items()
        for variant, one in found.items()
    ]
    digest = hashlib.sha256(repr([today, sorted(languages), rows]).encode()).hexdigest()[:8]
    later = {
        key: other.model_copy(update={"rank": other.rank + 1})
        for key, other in catalog.evidence_sets.items()
    }
    source = Source(
        id=SOURCE,
        title="Your own data, measured in this visit",
        url=None,
        tier="own",
        accessed=today,
    )
    return replace(
        catalog,
        evidence_sets={**{chosen.id: chosen for chosen in sets}, **later},
        quality=pd.concat(
            [catalog.quality, pd.DataFrame(rows, columns=list(catalog.quality.columns))],
            ignore_index=True,
        ),
        sources={**catalog.sources, SOURCE: source},
        version=f"{catalog.version}+yours-{digest}",
        own={},
    )


def why_not(results: Sequence[Measured]) -> str:
    """Why no set of evidence is made of these results, with the next step; empty where one is."""
    faults = [_fault(found, results) for found in _groups(results).values()] or [
        _fault({}, results)
    ]
    return "" if "" in faults else faults[0]


def _groups(results: Iterable[Measured]) -> dict[str | None, dict[str, Measured]]:
    """Results by variant, of embedders under None, of rerankers under the embedder whose passages they read again."""
    groups: dict[str | None, dict[str, Measured]] = {}
    for one in results:
        first, second = one.run.about, one.run.reranker
        if first.variant_id is None or first.standin:
            continue
        if second is None:
            groups.setdefault(None, {})[first.variant_id] = one
        elif second.variant_id is not None and not second.standin:
            groups.setdefault(first.variant_id, {})[second.variant_id] = one
    return groups


def _fault(found: dict[str, Measured], results: Sequence[Measured]) -> str:
    """Why results of one kind make no set."""
    if len(found) < 2:
        return "Advise compares variants: measure at least two embedders, or two rerankers over one embedder, on the same data."
    if (
        len({one.queries for one in results}) > 1
        or len({one.run.reranked for one in found.values()}) > 1
    ):
        return "These were measured on different data, or with different numbers of passages reranked. Measure them again on the same."
    if _queries(found) < TOO_FEW:
        return f"Too few queries to decide: {_queries(found)}. Judge at least {TOO_FEW}."
    return ""


def _queries(found: dict[str, Measured]) -> int:
    return len(next(iter(found.values())).queries)


def _row(stage: str | None, variant: str, one: Measured) -> dict[str, object]:
    """A row of `quality` for one result."""
    return {
        "variant": variant,
        "benchmark": BENCHMARK,
        "aspect": "retrieval",
        "metric": METRIC,
        "score": 100 * one.means[METRICS[0]].value,
        "source_set": "yours",
        "complete": "1",
        "with_retriever": stage or "",
        "tasks": 1,
        "source_id": SOURCE,
        "note": "",
    }


def _caveat(found: dict[str, Measured]) -> str:
    """Which variants can be told from the best."""
    best, *others = sorted(found.values(), key=lambda one: -one.means[METRICS[0]].value)
    return " ".join(compare(best, other).sentence for other in others)


def asked(catalog: Catalog) -> dict[str, str]:
    """The sets of the visitor's own, one a kind, to be asked for."""
    return {
        chosen.kind: key
        for key, chosen in reversed(catalog.evidence_sets.items())
        if chosen.source_set == "yours"
    }
