"""What a visitor measured on data of their own, as evidence that Advise can take if chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from advisor.catalog import Catalog
from advisor.catalog.schema import EvidenceSet, Source
from advisor.live.relevance import METRICS, TOO_FEW, Measured, best_first, compare

EMBEDDERS = "your-data"  # id of the set that compares embedders
SOURCE = "your-own-data"
BENCHMARK = "your own data"
METRIC = "ndcg_at_10"  # METRICS[0], as the catalog calls it


def rerankers_over(embedder: str) -> str:
    """Id of the set that compares rerankers over an embedder."""
    return f"{EMBEDDERS}-over-{embedder}"


def with_yours(
    catalog: Catalog, results: Sequence[Measured], languages: Sequence[str], today: date
) -> Catalog:
    """The catalog with a set of evidence for each kind of which two variants were measured.

    The set stands first among those on offer and is taken only when it is asked for (`asked_sets`
    of `recommend`), never by itself: it may hold two of the candidates where a published one holds
    all. It speaks for `languages`. All results are of one data set; of two of one variant the later
    counts, and a stand-in has no part. A reranker's set holds those that read as many passages
    again over one embedder. The catalog itself comes back where `reason_no_evidence` gives one."""
    groups = _groups(results)
    usable = {stage: group for stage, group in groups.items() if not _fault(group, results)}
    sets = {_id(stage): _set(stage, group, languages) for stage, group in usable.items()}
    if not sets:
        return catalog
    rows = [_row(s, v, result) for s, group in groups.items() for v, result in group.items()]
    digest = hashlib.sha256(repr([today, sorted(languages), rows]).encode()).hexdigest()[:8]
    for key, other in catalog.evidence_sets.items():
        sets[key] = other.model_copy(update={"rank": other.rank + 1})
    title = "Your own data, measured in this visit"
    source = Source(id=SOURCE, title=title, url=None, tier="own", accessed=today)
    yours = pd.DataFrame(rows, columns=list(catalog.quality.columns))
    return replace(
        catalog,
        evidence_sets=sets,
        quality=pd.concat([catalog.quality, yours], ignore_index=True),
        sources={**catalog.sources, SOURCE: source},
        version=f"{catalog.version}+yours-{digest}",
        own={},
    )


def _id(stage: str | None) -> str:
    return EMBEDDERS if stage is None else rerankers_over(stage)


def _set(stage: str | None, group: dict[str, Measured], languages: Sequence[str]) -> EvidenceSet:
    """The set of embedders, or of rerankers over the embedder `stage`."""
    return EvidenceSet(
        id=_id(stage),
        name=f"your own data, {_queries(group):,} queries",
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
        caveat=_caveat(group),
    )


def reason_no_evidence(results: Sequence[Measured]) -> str:
    """Why no set of evidence is made of these results, with the next step; empty where one is."""
    groups = list(_groups(results).values()) or [{}]
    faults = [_fault(group, results) for group in groups]
    return "" if "" in faults else faults[0]


def _groups(results: Iterable[Measured]) -> dict[str | None, dict[str, Measured]]:
    """Results by variant: embedders under None, rerankers under the embedder they read after."""
    groups: dict[str | None, dict[str, Measured]] = {}
    for result in results:
        first, second = result.run.about, result.run.reranker
        if first.variant_id is None or first.standin:
            continue
        if second is None:
            groups.setdefault(None, {})[first.variant_id] = result
        elif second.variant_id is not None and not second.standin:
            groups.setdefault(first.variant_id, {})[second.variant_id] = result
    return groups


def _fault(group: dict[str, Measured], results: Sequence[Measured]) -> str:
    """Why results of one kind make no set; empty where they do."""
    if len(group) < 2:
        least = "at least two embedders, or two rerankers over one embedder, on the same data"
        return f"A recommendation compares models: measure {least}."
    depths = {result.run.reranked for result in group.values()}
    if len({result.queries for result in results}) > 1 or len(depths) > 1:
        apart = "on different data, or with different numbers of passages reranked"
        return f"These were measured {apart}. Measure them again on the same."
    if _queries(group) < TOO_FEW:
        return f"Too few queries to decide: {_queries(group)}. Judge at least {TOO_FEW}."
    return ""


def _queries(group: dict[str, Measured]) -> int:
    return len(next(iter(group.values())).queries)


def _row(stage: str | None, variant: str, result: Measured) -> dict[str, object]:
    """A row of `quality` for one result."""
    return {
        "variant": variant,
        "benchmark": BENCHMARK,
        "aspect": "retrieval",
        "metric": METRIC,
        "score": 100 * result.means[METRICS[0]].value,
        "source_set": "yours",
        "complete": "1",
        "with_retriever": stage or "",
        "tasks": 1,
        "source_id": SOURCE,
        "note": "",
    }


def _caveat(group: dict[str, Measured]) -> str:
    """Which variants can be told from the best."""
    best, *others = best_first(group.values())
    return " ".join(compare(best, other).sentence for other in others)


def sets_of_yours(catalog: Catalog) -> dict[str, str]:
    """The sets of the visitor's own, one a kind, to be asked for."""
    sets = reversed(catalog.evidence_sets.items())
    return {chosen.kind: key for key, chosen in sets if chosen.source_set == "yours"}
