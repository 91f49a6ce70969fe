"""Which published scores may be compared for a workload, and what they leave out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.cache import once_per_catalog
from advisor.catalog.schema import EvidenceSet

EQUAL_POINTS = 0.5
"""Scores less than this apart count as equal: two source sets differ by as much (decision 0013)."""
LONG_TOKENS = 1000
"""Typical passages from this length on, kept whole, are judged by long documents first (0004)."""
LONG_DOCUMENTS = "long documents"


@dataclass(frozen=True)
class Evidence:
    """The scores that may be compared for one workload.

    `scores` and `uplift` are in points of 100 by variant id. `ranks` is false where no two
    candidates share a set: then the scores stand alone and decide nothing. `unranked` says of each
    other candidate why it has no score here. `title` states the set as on the screen (name, metric,
    tasks, who computed it), `meaning` what the metric says.
    """

    set: EvidenceSet | None
    scores: dict[str, float]
    ranks: bool
    unranked: dict[str, str]
    shared_tasks: tuple[str, ...] = ()
    first_stage_score: float | None = None
    source_ids: tuple[str, ...] = ()
    title: str = "no published comparison"
    meaning: str = ""

    @property
    def uplift(self) -> dict[str, float]:
        """Points gained over the first stage of the same table; empty where the table has none."""
        if self.first_stage_score is None:
            return {}
        return {variant: score - self.first_stage_score for variant, score in self.scores.items()}


def describe(
    catalog: Catalog,
    chosen: EvidenceSet,
    languages: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
) -> str:
    """`MTEB(eng, v1) retrieval (nDCG@10, 15 tasks, MTEB results repository)`."""
    parts = [catalog.metrics[chosen.metric].name]
    if chosen.by_language:
        noun = "languages" if len(languages) > 1 else "language"
        parts.append(f"{noun} {', '.join(languages)}" if languages else "by language")
    elif shared:
        parts.append(f"mean of the {len(shared)} of {chosen.tasks} tasks that all have")
    elif chosen.tasks:
        parts.append("1 data set" if chosen.tasks == 1 else f"{chosen.tasks} tasks")
    return f"{chosen.name} ({', '.join([*parts, chosen.publisher_of_scores])})"


def metric_meaning(catalog: Catalog, chosen: EvidenceSet) -> str:
    """`nDCG@10: how well the first ten results are ordered, ...`."""
    metric = catalog.metrics[chosen.metric]
    return f"{metric.name}: {metric.meaning}"


@once_per_catalog(512)
def scores(catalog: Catalog, set_id: str, languages: tuple[str, ...] = ()) -> Mapping[str, float]:
    """Scores of one set by variant id, in points of 100: only rows that are complete for it.

    A set by language gives the mean over `languages` for the variants that have them all; a set by
    task gives the mean of the variants that have every task.
    """
    chosen = catalog.evidence_sets[set_id]
    rows = _rows(catalog, chosen)
    if chosen.aspect is not None:
        by_count = chosen.allow_incomplete
        rows = rows[rows["tasks"] == chosen.tasks if by_count else rows["complete"] == "1"]
        return dict(zip(rows["variant"], rows["score"].astype(float), strict=True))
    wanted = list(languages) if chosen.by_language else _tasks(rows)
    return _means(rows, wanted) if wanted else {}


def first_stage_score(
    catalog: Catalog, chosen: EvidenceSet, languages: tuple[str, ...]
) -> float | None:
    """Score of a reranker table's first stage in the same table, in points of 100, or None."""
    if chosen.first_stage not in catalog.variants:
        return None
    table = catalog.quality if chosen.table == "quality" else catalog.quality_by_language
    rows = table[
        (table["benchmark"] == chosen.benchmark)
        & (table["source_set"] == chosen.source_set)
        & (table["metric"] == chosen.metric)
        & (table["variant"] == chosen.first_stage)
        & (table["with_retriever"] == "")
    ]
    rows = rows[rows["aspect"].isin(languages if chosen.by_language else ("retrieval",))]
    return float(rows["score"].mean()) if len(rows) else None


class ScoresWanted(NamedTuple):
    """What scores are needed for.

    `long`: whole passages are long; `first_stage`: the embedder that a reranker follows.
    """

    kind: str
    languages: tuple[str, ...]
    long: bool = False
    first_stage: str | None = None


def admissible(catalog: Catalog, needs: ScoresWanted) -> list[EvidenceSet]:
    """Sets that speak for what is needed, most preferred first.

    Domain sets are not among them, but where passages are long those of long documents come first;
    of a reranker's sets those over the embedder that it follows come first.
    """
    sets = _speaking_for(catalog, needs.kind, needs.languages)
    long = (LONG_DOCUMENTS,) if needs.long else ()
    return sorted(
        (s for s in sets if s.selects or s.domain in long),
        key=lambda s: (
            s.domain not in long,
            needs.first_stage is not None and s.first_stage != needs.first_stage,
            s.rank,
            s.id,
        ),
    )


def offered(
    catalog: Catalog, kind: str, languages: tuple[str, ...], candidates: Collection[str]
) -> list[EvidenceSet]:
    """Sets that a visitor may choose, domain sets included: those that compare two candidates."""
    sets = _speaking_for(catalog, kind, languages)
    return sorted(
        (s for s in sets if len(set(scores(catalog, s.id, languages)) & set(candidates)) > 1),
        key=lambda s: (s.rank, s.id),
    )


def choose(
    catalog: Catalog, needs: ScoresWanted, candidates: Collection[str], set_id: str | None = None
) -> Evidence:
    """The evidence for a workload, by the ladder of docs/decisions/0004-evidence-ladder.md.

    (1) the preferred set that is complete for every candidate; (2) the mean over the tasks that all
    have, if they are enough of the set; (3) the preferred set that compares at least two, the
    others being unranked; and where no set does, no comparison. A `set_id` that was asked for is
    taken if it speaks for the kind and the languages and compares two.
    """
    return _chosen(catalog, needs, frozenset(candidates), set_id)


@once_per_catalog(512)
def _chosen(
    catalog: Catalog, needs: ScoresWanted, candidates: frozenset[str], set_id: str | None
) -> Evidence:
    wanted, languages = sorted(candidates), needs.languages
    preferred = catalog.evidence_sets.get(set_id or "")
    if preferred is not None and preferred in offered(catalog, needs.kind, languages, candidates):
        own = {v: x for v, x in scores(catalog, preferred.id, languages).items() if v in wanted}
        return _evidence(catalog, preferred, own, wanted, needs, ranks=True)
    sets = admissible(catalog, needs)
    compared = {
        s.id: {v: x for v, x in scores(catalog, s.id, languages).items() if v in wanted}
        for s in sets
    }
    measured = [
        v
        for v in wanted
        if any(v in scored for scored in compared.values())
        or any(v in set(_rows(catalog, s)["variant"]) for s in sets)
    ]
    ranks = len(measured) > 1 or len(wanted) == 1
    for chosen in sets:
        if measured and len(compared[chosen.id]) == len(measured):
            return _evidence(catalog, chosen, compared[chosen.id], wanted, needs, ranks=ranks)
    for chosen in sets:
        shared = shared_tasks(catalog, chosen, measured)
        if chosen.tasks and len(shared) / chosen.tasks >= catalog.least_shared_share:
            rows = _rows(catalog, chosen)
            means = _means(rows[rows["variant"].isin(measured)], list(shared))
            return _evidence(catalog, chosen, means, wanted, needs, ranks=ranks, shared=shared)
    for least in (2, 1):
        for chosen in sets:
            if len(compared[chosen.id]) >= least:
                return _evidence(
                    catalog, chosen, compared[chosen.id], wanted, needs, ranks=least > 1
                )
    nowhere = "not measured on any set for this task and these languages"
    return Evidence(None, {}, False, dict.fromkeys(wanted, nowhere))


def shared_tasks(
    catalog: Catalog, chosen: EvidenceSet, candidates: Collection[str]
) -> tuple[str, ...]:
    """Tasks of a set by task that every candidate has; empty for other sets."""
    if chosen.aspect is not None or chosen.by_language or not candidates:
        return ()
    rows = _rows(catalog, chosen)
    rows = rows[rows["variant"].isin(candidates)]
    counts = rows.groupby("aspect")["variant"].nunique()
    return tuple(task for task in _tasks(rows) if counts[task] == len(set(candidates)))


def _evidence(
    catalog: Catalog,
    chosen: EvidenceSet,
    compared: dict[str, float],
    wanted: list[str],
    needs: ScoresWanted,
    *,
    ranks: bool,
    shared: tuple[str, ...] = (),
) -> Evidence:
    rows = _rows(catalog, chosen)
    return Evidence(
        set=chosen,
        scores=compared,
        ranks=ranks,
        unranked={
            v: _why_unranked(catalog, chosen, v, compared, needs)
            for v in wanted
            if v not in compared
        },
        shared_tasks=shared,
        first_stage_score=first_stage_score(catalog, chosen, needs.languages),
        source_ids=tuple(sorted(set(rows[rows["variant"].isin(compared)]["source_id"]))),
        title=describe(catalog, chosen, needs.languages, shared),
        meaning=metric_meaning(catalog, chosen),
    )


def _why_unranked(
    catalog: Catalog,
    chosen: EvidenceSet,
    variant: str,
    compared: dict[str, float],
    needs: ScoresWanted,
) -> str:
    """Why a candidate has no score here, with what it does share with the others."""
    names = catalog.variants
    if chosen.source_set == "yours":  # what others measured says nothing of the visitor's data
        return f"not measured on {chosen.name}"
    for other in admissible(catalog, needs):
        shared = shared_tasks(catalog, other, [variant, *compared])
        if shared:
            means = _means(_rows(catalog, other), list(shared))
            rest = [means[v] for v in compared]
            own, least, most = (
                formatting.points(mean) for mean in (means[variant], min(rest), max(rest))
            )
            return (
                f"no complete score on {chosen.name}; on the {len(shared)} of {other.tasks}"
                f" {other.name.split(',')[0]} tasks that {names[variant].name} shares with the"
                f" others ({', '.join(shared)}) its mean is {own} against {least} to {most};"
                " too few to rank by"
            )
    return f"not measured on {chosen.name}"


def _speaking_for(catalog: Catalog, kind: str, languages: tuple[str, ...]) -> list[EvidenceSet]:
    """The sets of a kind for all the languages; one of many says little of English alone."""
    return [
        s
        for s in catalog.evidence_sets.values()
        if s.kind == kind
        and (languages != ("en",) if s.languages is None else set(languages) <= set(s.languages))
    ]


def _rows(catalog: Catalog, chosen: EvidenceSet) -> pd.DataFrame:
    """Rows of one benchmark, source set and metric: the only ones that may be compared."""
    table = catalog.quality if chosen.table == "quality" else catalog.quality_by_language
    mask = (
        (table["benchmark"] == chosen.benchmark)
        & (table["source_set"] == chosen.source_set)
        & (table["metric"] == chosen.metric)
        & (table["with_retriever"] == (chosen.first_stage or ""))
        & table["score"].notna()
    )
    if chosen.table == "quality_by_language":
        mask &= table["mode"] == (chosen.mode or "")
    elif chosen.aspect is not None:
        mask &= table["aspect"] == chosen.aspect
    return table[mask]


def _tasks(rows: pd.DataFrame) -> list[str]:
    return sorted(set(rows["aspect"]) - {"average"})


def _means(rows: pd.DataFrame, aspects: list[str]) -> dict[str, float]:
    """Mean over `aspects` of the variants that have every one of them."""
    wanted = rows[rows["aspect"].isin(aspects)]
    grouped = wanted.groupby("variant")["score"].agg(["mean", "count"])
    return {
        str(v): float(row["mean"])
        for v, row in grouped[grouped["count"] == len(aspects)].iterrows()
    }
