"""Which published scores may be compared for a workload, and what they leave out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from advisor.ask.labels import language
from advisor.base import formatting
from advisor.catalog.cache import once_per_catalog
from advisor.catalog.model import Catalog
from advisor.catalog.schema import EvidenceSet

EQUAL_POINTS = 0.5
"""Scores less than this apart count as equal: two source sets differ by as much (decision 0013)."""
LONG_TOKENS = 1000
"""Typical parts over this length are judged by long documents first (0004, 0016)."""
LONG_DOCUMENTS = "long documents"


@dataclass(frozen=True)
class Evidence:
    """The scores that may be compared for one workload, in points of 100 by variant id."""

    set: EvidenceSet | None
    scores: dict[str, float]
    ranks: bool
    """Whether a score decides: false where no candidate has one."""
    unranked: dict[str, str]
    """Why each other candidate has no score here."""
    measured: frozenset[str] = frozenset()
    """The candidates with a complete score on some set that speaks for the workload."""
    shared_tasks: tuple[str, ...] = ()
    weak: bool = False
    """Whether the tasks that all have are too few to stand for the set."""
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
    catalog: Catalog, chosen: EvidenceSet, languages: Sequence[str] = (), shared: Sequence[str] = ()
) -> str:
    """`MTEB(eng, v1) retrieval (nDCG@10, 15 tasks, MTEB results repository)`."""
    parts = [catalog.metrics[chosen.metric].name]
    if chosen.by_language:
        names = formatting.listed([language(code) for code in languages])
        parts.append(names or "by language")
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

    By language or by task: the mean of the variants that have all languages asked, or all tasks.
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
    rows = _of_set(catalog, chosen)
    rows = rows[(rows["variant"] == chosen.first_stage) & (rows["with_retriever"] == "")]
    rows = rows[rows["aspect"].isin(languages if chosen.by_language else ("retrieval",))]
    return float(rows["score"].mean()) if len(rows) else None


class ScoresWanted(NamedTuple):
    """What scores are needed for."""

    kind: str
    languages: tuple[str, ...]
    long: bool = False  # typical parts are over LONG_TOKENS
    first_stage: str | None = None  # the embedder that a reranker follows


def admissible(catalog: Catalog, needs: ScoresWanted) -> list[EvidenceSet]:
    """Sets that speak for what is needed, most preferred first.

    Domain sets are not among them, but where parts are long those of long documents come first;
    of a reranker's sets those over the embedder that it follows come first.
    """
    sets = _speaking_for(catalog, needs.kind, needs.languages)
    long = (LONG_DOCUMENTS,) if needs.long else ()
    behind = (needs.first_stage,) if needs.first_stage else ()
    return sorted(
        (s for s in sets if s.selects or s.domain in long),
        key=lambda s: (s.domain not in long, s.first_stage not in behind, s.rank, s.id),
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

    A candidate is measured where some admissible set holds a complete score of it, even alone.
    (1) the preferred set that is complete for every one that is measured; (2) the mean over the
    tasks that all these have, if they are enough of the set; (3) the preferred set that compares at
    least two, the others being unranked; (4) the tasks that most share, however few; (5) the
    preferred set that scores one. A `set_id` that was asked for is taken if it speaks for the kind
    and the languages and compares two.
    """
    return _chosen(catalog, needs, frozenset(candidates), set_id)


@once_per_catalog(512)
def _chosen(
    catalog: Catalog, needs: ScoresWanted, candidates: frozenset[str], set_id: str | None
) -> Evidence:
    wanted, languages = sorted(candidates), needs.languages

    def scored(chosen: EvidenceSet) -> dict[str, float]:
        return {v: x for v, x in scores(catalog, chosen.id, languages).items() if v in wanted}

    preferred = catalog.evidence_sets.get(set_id or "")
    sets = admissible(catalog, needs)
    compared = [(chosen, scored(chosen)) for chosen in sets]
    measured = sorted({variant for _, own in compared for variant in own})
    if preferred is not None and preferred in offered(catalog, needs.kind, languages, candidates):
        return _evidence(catalog, preferred, scored(preferred), wanted, measured, needs)
    for chosen, own in compared:
        if measured and len(own) == len(measured):
            return _evidence(catalog, chosen, own, wanted, measured, needs)
    for chosen in sets:
        shared = shared_tasks(catalog, chosen, measured)
        if chosen.tasks and len(shared) / chosen.tasks >= catalog.least_shared_share:
            means = means_of(catalog, chosen, measured, shared)
            return _evidence(catalog, chosen, means, wanted, measured, needs, shared=shared)
    for chosen, own in compared:
        if len(own) > 1:
            return _evidence(catalog, chosen, own, wanted, measured, needs)
    for chosen in sets:
        for shared, sharing in _shared_by_most(catalog, chosen, measured or wanted):
            means = means_of(catalog, chosen, sharing, shared)
            return _evidence(
                catalog, chosen, means, wanted, measured, needs, shared=shared, weak=True
            )
    for chosen, own in compared:
        if own:
            return _evidence(catalog, chosen, own, wanted, measured, needs)
    nowhere = "not tested on any benchmark for this task and these languages"
    return Evidence(None, {}, False, dict.fromkeys(wanted, nowhere))


def _shared_by_most(
    catalog: Catalog, chosen: EvidenceSet, candidates: Collection[str]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Of a set by task, the tasks that the most candidates share, and these; none below two."""
    if chosen.aspect is not None or chosen.by_language:
        return
    rows = _rows(catalog, chosen)
    rows = rows[rows["variant"].isin(candidates) & (rows["aspect"] != "average")]
    sharing = sorted(set(rows["variant"]))
    while len(sharing) > 1:
        if shared := shared_tasks(catalog, chosen, sharing):
            yield shared, sharing
            return
        counts = rows[rows["variant"].isin(sharing)].groupby("variant")["aspect"].nunique()
        fewest = min(sharing, key=lambda variant: (counts[variant], variant))
        sharing = [variant for variant in sharing if variant != fewest]


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
    measured: Collection[str],
    needs: ScoresWanted,
    *,
    shared: tuple[str, ...] = (),
    weak: bool = False,
) -> Evidence:
    rows, others = _rows(catalog, chosen), [v for v in wanted if v not in compared]
    return Evidence(
        set=chosen,
        scores=compared,
        ranks=True,
        unranked={v: _why_unranked(catalog, chosen, v, [*compared], needs) for v in others},
        measured=frozenset(measured),
        shared_tasks=shared,
        weak=weak,
        first_stage_score=first_stage_score(catalog, chosen, needs.languages),
        source_ids=tuple(sorted(set(rows[rows["variant"].isin(compared)]["source_id"]))),
        title=describe(catalog, chosen, needs.languages, shared),
        meaning=metric_meaning(catalog, chosen),
    )


def _why_unranked(
    catalog: Catalog, chosen: EvidenceSet, variant: str, others: list[str], needs: ScoresWanted
) -> str:
    """Why a candidate has no score here, with what it does share with the others."""
    # what others measured says nothing of the visitor's data
    for other in [] if chosen.source_set == "yours" else admissible(catalog, needs):
        shared = shared_tasks(catalog, other, [variant, *others])
        if shared:
            means = _means(_rows(catalog, other), list(shared))
            rest = [means[v] for v in others]
            figures = (means[variant], min(rest), max(rest))
            own, least, most = map(formatting.points, figures)
            return (
                f"no complete score on {chosen.name}. On the {len(shared)} of {other.tasks} "
                f"{other.name.split(',')[0]} tasks that {catalog.variants[variant].name} shares "
                f"with the others ({', '.join(shared)}) its mean is {own} against {least} to "
                f"{most}: too few to rank by"
            )
    return f"not tested on {chosen.name}"


def _speaking_for(catalog: Catalog, kind: str, languages: tuple[str, ...]) -> list[EvidenceSet]:
    """The sets of a kind for all the languages; one of many says little of English alone."""
    return [
        s
        for s in catalog.evidence_sets.values()
        if s.kind == kind
        and (languages != ("en",) if s.languages is None else set(languages) <= set(s.languages))
    ]


def _of_set(catalog: Catalog, chosen: EvidenceSet) -> pd.DataFrame:
    """Rows of one benchmark, source set and metric: the only ones that may be compared."""
    table = catalog.quality if chosen.table == "quality" else catalog.quality_by_language
    return table[
        (table["benchmark"] == chosen.benchmark)
        & (table["source_set"] == chosen.source_set)
        & (table["metric"] == chosen.metric)
    ]


def _rows(catalog: Catalog, chosen: EvidenceSet) -> pd.DataFrame:
    """The rows with a score behind the set's own first stage, in its mode or aspect."""
    rows = _of_set(catalog, chosen)
    rows = rows[(rows["with_retriever"] == (chosen.first_stage or "")) & rows["score"].notna()]
    if chosen.table == "quality_by_language":
        return rows[rows["mode"] == (chosen.mode or "")]
    return rows if chosen.aspect is None else rows[rows["aspect"] == chosen.aspect]


def _tasks(rows: pd.DataFrame) -> list[str]:
    return sorted(set(rows["aspect"]) - {"average"})


def means_of(
    catalog: Catalog, chosen: EvidenceSet, variants: Collection[str], aspects: Collection[str]
) -> dict[str, float]:
    """Means of some variants over some aspects of a set."""
    rows = _rows(catalog, chosen)
    return _means(rows[rows["variant"].isin(variants)], list(aspects))


def _means(rows: pd.DataFrame, aspects: list[str]) -> dict[str, float]:
    """Mean over `aspects` of the variants that have every one of them."""
    wanted = rows[rows["aspect"].isin(aspects)]
    grouped = wanted.groupby("variant")["score"].agg(["mean", "count"])
    grouped = grouped[grouped["count"] == len(aspects)]
    return {str(v): float(row["mean"]) for v, row in grouped.iterrows()}
