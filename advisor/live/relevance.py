"""How well an engine finds what judgements call relevant, with the uncertainty of few queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from advisor.base.errors import EncodeError
from advisor.base.formatting import counted
from advisor.encode.engine import About, Engine, Float32s, Role
from advisor.live.judged import JudgedData

METRICS = ("nDCG@10", "Recall@10", "Recall@100", "MRR@10")
# Queries below which no verdict is given: with fewer, a bootstrap's interval is too narrow. Drawn
# from differences as they are seen between rankings, 95 % intervals hold the true mean in 84 of 100
# cases with 8 queries, 90 with 20, 94 with 30 (tests/live/test_relevance_verdicts.py).
TOO_FEW = 30
DEPTH = 100  # passages kept a query, for Recall@100
RERANKED = 20  # passages a query that a reranker reads again
RESAMPLES = 2_000

_BATCH = 32  # texts between two reports of progress
_QUERIES = 256  # a block of scores is this many queries by all passages
_DECIMALS = 6  # of a cosine; what is beyond differs between machines
_TIE = 1e-9

Float64s = NDArray[np.float64]
# Gets how many texts of how many are encoded, then how many queries of how many are reranked. What
# it raises ends the run.
OnScored = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class EngineRun:
    """Passages that an engine found for each query, best first, at most `DEPTH`.

    `seconds` are the engines' own. `reranker`, if any, read each query's first `reranked` again."""

    about: About
    seconds: float
    ranking: Mapping[str, tuple[str, ...]]
    reranker: About | None = None
    reranked: int = 0

    @property
    def name(self) -> str:
        """The model, or both of them; a stand-in is marked."""
        models = [about for about in (self.about, self.reranker) if about]
        return " with ".join(f"{m.model} (not BGE)" if m.standin else m.model for m in models)


class Interval(NamedTuple):
    """A mean over queries and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Measured:
    """Each metric for each query, 0 to 1. Shapes: `values` (queries,), float64, as `queries`."""

    run: EngineRun
    queries: tuple[str, ...]
    values: Mapping[str, Float64s]

    @cached_property
    def means(self) -> Mapping[str, Interval]:
        """Mean of each metric with its interval."""
        return {metric: bootstrap(values) for metric, values in self.values.items()}


@dataclass(frozen=True)
class Comparison:
    """Two runs over the same queries: `difference` is first less second, `wins` are the first's."""

    metric: str
    difference: Interval
    wins: tuple[str, ...]
    losses: tuple[str, ...]
    ties: tuple[str, ...]
    verdict: Literal["first", "second", "equal", "too few"]
    sentence: str


def run(
    engine: Engine,
    judged: JudgedData,
    reranker: Engine | None = None,
    depth: int = RERANKED,
    on_scored: OnScored = lambda done, total: None,
) -> EngineRun:
    """What an embedder finds; with a reranker, its order of each query's first `depth` passages.

    Raises EncodeError: an engine could not answer."""
    before, total = len(judged.passages), len(judged.passages) + len(judged.queries)
    passages, passage_seconds = _vectors(
        engine, list(judged.passages.values()), "passage", lambda done: on_scored(done, total)
    )
    queries, query_seconds = _vectors(
        engine, list(judged.queries.values()), "query", lambda done: on_scored(before + done, total)
    )
    _refuse_two_lengths(engine.about, [passages, queries])
    rankings = ranked(queries, passages, list(judged.passages), DEPTH)
    ranking = dict(zip(judged.queries, rankings, strict=True))
    first = EngineRun(engine.about, passage_seconds + query_seconds, ranking)
    return first if reranker is None else reranked(first, judged, reranker, depth, on_scored)


def reranked(
    first: EngineRun,
    judged: JudgedData,
    reranker: Engine,
    depth: int = RERANKED,
    on_scored: OnScored = lambda done, total: None,
) -> EngineRun:
    """A run with the first `depth` passages of each query in a reranker's order, then the rest.

    Raises EncodeError: the reranker could not answer."""
    ranking: dict[str, tuple[str, ...]] = {}
    seconds = first.seconds
    for done, (query, passages) in enumerate(first.ranking.items(), 1):
        top = passages[:depth]
        scores = reranker.rerank(judged.queries[query], [judged.passages[key] for key in top])
        _check(scores.raw, (len(top),), reranker.about)
        seconds += scores.seconds
        order = np.argsort(-scores.raw, kind="stable")
        ranking[query] = (*(top[place] for place in order), *passages[depth:])
        on_scored(done, len(first.ranking))
    return replace(first, seconds=seconds, ranking=ranking, reranker=reranker.about, reranked=depth)


def _vectors(
    engine: Engine, texts: Sequence[str], role: Role, on_done: Callable[[int], None]
) -> tuple[Float32s, float]:
    """Vectors of all texts, shape (texts, dim), and the seconds they took."""
    blocks, seconds = [], 0.0
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        vectors = engine.embed(batch, role)
        _check(vectors.dense, (len(batch), vectors.dense.shape[-1]), engine.about)
        blocks.append(vectors.dense)
        seconds += vectors.seconds
        on_done(start + len(batch))
    _refuse_two_lengths(engine.about, blocks)
    return np.concatenate(blocks), seconds


def _refuse_two_lengths(about: About, blocks: Sequence[Float32s]) -> None:
    if len({block.shape[1] for block in blocks}) != 1:
        remedy = "Check that one model answers at its address."
        raise EncodeError(f"{about.model} gave vectors of two lengths. {remedy}")


def _check(values: Float32s, shape: tuple[int, ...], about: About) -> None:
    """Raises where an engine gave too little: a ranking of it would look like any other."""
    if values.shape != shape or not np.isfinite(values).all():
        problem = "gave too few values, or some that are no numbers"
        remedy = "Try another precision or place."
        raise EncodeError(f"{about.model} at {about.where} {problem}. {remedy}")


def ranked(
    queries: Float32s, passages: Float32s, ids: Sequence[str], depth: int = DEPTH
) -> list[tuple[str, ...]]:
    """Ids of the `depth` passages with the highest cosine for each query; equal ones by id.

    Every passage is compared. Shapes: `queries` (queries, dim), `passages` (passages, dim), rows of
    length one."""
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__))
    columns = passages[order].T
    rankings = []
    for start in range(0, len(queries), _QUERIES):
        scores = np.round(queries[start : start + _QUERIES] @ columns, _DECIMALS)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
        rankings += [tuple(ids[place] for place in order[row]) for row in best]
    return rankings


def measured(judged: JudgedData, run: EngineRun) -> Measured:
    """nDCG@10, Recall@10, Recall@100 and MRR@10 of a run, by ir-measures.

    nDCG has linear gains, the grade itself, as trec_eval and BEIR compute it. A passage of grade 0
    or less, or without a grade, is not relevant. A query for which nothing was found counts as 0.
    Raises EncodeError: ir-measures is not installed."""
    try:
        import ir_measures  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        problem = "Measuring needs ir-measures, which is not installed."
        raise EncodeError(f"{problem} Install the app with its 'live' extra.") from None
    wanted = (ir_measures.nDCG @ 10, ir_measures.R @ 10, ir_measures.R @ 100, ir_measures.RR @ 10)
    queries = tuple(judged.queries)
    # Grades below 0 are cut off: one of the programs behind ir-measures has no place for them.
    relevant = {q: {key: max(g, 0) for key, g in judged.judgements[q].items()} for q in queries}
    # A score of its own for each place, since programs differ in how they order ties.
    scores = {q: {key: float(-n) for n, key in enumerate(run.ranking.get(q, ()))} for q in queries}
    metrics = ir_measures.iter_calc(wanted, relevant, scores)
    values: dict[tuple[Any, str], float] = {(m.measure, m.query_id): m.value for m in metrics}
    rows = (np.array([values[measure, query] for query in queries]) for measure in wanted)
    return Measured(run, queries, dict(zip(METRICS, rows, strict=True)))


def bootstrap(values: Float64s, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Mean of values and its 95 % interval: percentiles of means over resampled queries.

    Queries are drawn with replacement, the same draws each time."""
    drawn = np.random.default_rng(seed).integers(0, len(values), (resamples, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return Interval(float(values.mean()), float(low), float(high))


def compare(first: Measured, second: Measured, metric: str = METRICS[0]) -> Comparison:
    """Wins, losses and ties by query, the mean difference, and a sentence for which finds more.

    Raises ValueError: the runs are not over the same queries."""
    if first.queries != second.queries:
        raise ValueError("the runs are not over the same queries")
    apart = first.values[metric] - second.values[metric]
    difference = bootstrap(apart)
    verdict: Literal["first", "second", "equal", "too few"] = "equal"
    if len(apart) < TOO_FEW:
        verdict = "too few"
    elif difference.low > 0:
        verdict = "first"
    elif difference.high < 0:
        verdict = "second"
    apart_on = dict(zip(first.queries, apart.tolist(), strict=True))
    return Comparison(
        metric=metric,
        difference=difference,
        wins=tuple(query for query, by in apart_on.items() if by > _TIE),
        losses=tuple(query for query, by in apart_on.items() if by < -_TIE),
        ties=tuple(query for query, by in apart_on.items() if abs(by) <= _TIE),
        verdict=verdict,
        sentence=_sentence(first, second, metric, difference, verdict),
    )


def _sentence(
    first: Measured, second: Measured, metric: str, difference: Interval, verdict: str
) -> str:
    """The verdict with its figures; the better run comes first."""
    value, low, high = difference
    if value < 0 or verdict == "second":
        first, second, value, low, high = second, first, -value, -high, -low
    # + 0.0: no minus before a zero
    value, low, high = (round(figure, 3) + 0.0 for figure in (value, low, high))
    ahead, behind = first.run.name, second.run.name
    means = [run.values[metric].mean() for run in (first, second)]
    figures = f"{metric} {means[0]:.3f} against {means[1]:.3f}"
    queries = counted(len(first.queries), "query", "queries")
    interval = f"difference {value:.3f} (95 % between {low:.3f} and {high:.3f}) on {queries}"
    interval = interval.replace("-", "\u2212")
    if verdict == "too few":
        which = f"{figures} for {ahead} and {behind} on {queries}"
        return f"Too few queries to decide: {which}; judge at least {TOO_FEW}."
    if verdict == "equal":
        return f"{ahead} and {behind} cannot be told apart: {figures}, {interval}."
    return f"{ahead} finds more than {behind}: {figures}, {interval}."


def rows(results: Sequence[Measured]) -> list[dict[str, str]]:
    """Each run with its metrics and their 95 % intervals, the highest nDCG@10 first."""
    return [
        {"Run": result.run.name}
        | {m: f"{i.value:.3f} ({i.low:.3f} to {i.high:.3f})" for m, i in result.means.items()}
        | {"Queries": f"{len(result.queries):,}", "Seconds": f"{result.run.seconds:,.1f}"}
        for result in best_first(results)
    ]


def best_first(results: Iterable[Measured]) -> list[Measured]:
    """Results by their mean nDCG@10, the highest first."""
    return sorted(results, key=lambda result: -result.means[METRICS[0]].value)


def verdicts(results: Sequence[Measured]) -> list[str]:
    """The best run against each other one, a sentence each, with the queries won and lost."""
    if len(results) < 2:
        return []
    best, *others = best_first(results)
    sentences = []
    for other in others:
        comparison = compare(best, other)
        won = counted(len(comparison.wins), "query", "queries")
        lost, alike = len(comparison.losses), len(comparison.ties)
        sentences.append(f"{comparison.sentence} {won} won, {lost} lost, {alike} alike.")
    return sentences


def query_rows(judged: JudgedData, results: Sequence[Measured]) -> list[dict[str, str | float]]:
    """nDCG@10 of each run on each query, the queries on which the runs differ most first."""
    columns: dict[str, Float64s] = {}
    for number, result in enumerate(results, 1):
        name = result.run.name
        columns[f"{name} ({number})" if name in columns else name] = result.values[METRICS[0]]
    table: list[dict[str, str | float]] = [
        {"Query": judged.queries[query]}
        | {name: round(float(values[place]), 3) for name, values in columns.items()}
        for place, query in enumerate(results[0].queries)
    ]
    spread = np.ptp(np.array(list(columns.values())), axis=0)
    return [table[place] for place in np.argsort(-spread, kind="stable")]


def data_sentence(judged: JudgedData) -> str:
    """What the data hold, and whether they can decide, as a sentence."""
    relevant = sum(grade > 0 for grades in judged.judgements.values() for grade in grades.values())
    passages = counted(len(judged.passages), "passage")
    queries = counted(len(judged.queries), "query", "queries")
    sentence = f"{passages}, {queries} with {counted(relevant, 'relevant passage')}."
    few = f"Fewer than {TOO_FEW} queries decide nothing: figures are shown, no verdict."
    return " ".join([sentence, *judged.notes, *([few] if len(judged.queries) < TOO_FEW else [])])
