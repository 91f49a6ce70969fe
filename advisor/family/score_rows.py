"""Published scores of a few variants, a row a test or a language, by the lead of the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from advisor.ask.labels import language
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import EvidenceSet
from advisor.decide import evidence


class ScoreRow(NamedTuple):
    """Scores that all variants have of one test, or of one language of it."""

    label: str
    """What is tested, `Long documents`, or a language by its English name."""
    scores: tuple[float, ...]
    """In points of 100, one for each variant in the order given."""
    partial: str
    """`5 of 15 tests` where these are means over the tasks that all share; empty if complete."""
    set: EvidenceSet

    @property
    def note(self) -> str:
        """What to mind of its scores; empty where nothing is known."""
        domain = "" if self.set.domain == "general" else f"one domain only, {self.set.domain}."
        caveat = " ".join(filter(None, (domain, self.set.caveat)))
        return caveat and f"{self.set.name}: {caveat}"

    @property
    def lead(self) -> float:
        """Points by which the first is ahead of the best of the others; below zero behind it."""
        return self.scores[0] - max(self.scores[1:])

    @property
    def margin(self) -> float:
        """Points between the two highest scores."""
        best, second = sorted(self.scores, reverse=True)[:2]
        return best - second

    @property
    def leader(self) -> int | None:
        """The place of the highest score; None where the next is equal to it as shown."""
        best = self.scores.index(max(self.scores))
        return best if formatting.points(self.margin) != formatting.points(0) else None


def benchmark_rows(
    catalog: Catalog, variant_ids: Sequence[str], deciding: EvidenceSet | None = None
) -> list[ScoreRow]:
    """Each test that compares two or more variants of one kind, whatever language it is in.

    A test of which some lack a score has a partial row where tasks are shared; those come last.
    Of several sets of the same test the one that is `deciding` is preferred. Sets by language are
    left to `language_rows`.
    """
    sets = [s for s in _sets(catalog, variant_ids, deciding) if not s.by_language]
    tests: dict[str, ScoreRow] = {}
    for rows_of in (_complete, _partial):
        for row in rows_of(catalog, [s for s in sets if _name(s) not in tests], variant_ids):
            tests.setdefault(row.label, row)
    return _sorted(tests.values())


def language_rows(
    catalog: Catalog, variant_ids: Sequence[str]
) -> tuple[EvidenceSet, list[ScoreRow]] | None:
    """The set that compares two or more variants in most languages, with a row for each of these.

    Of two with as many, one that can decide by itself; None where no set compares them.
    """
    by_set = [
        (chosen, _by_language(catalog, chosen, variant_ids))
        for chosen in _sets(catalog, variant_ids)
        if chosen.by_language
    ]
    chosen, rows = max(by_set, key=lambda each: (len(each[1]), each[0].selects), default=(None, []))
    return (chosen, _sorted(rows)) if chosen is not None and rows else None


def fewer(rows: Sequence[ScoreRow], languages: Iterable[str], most: int = 8) -> list[ScoreRow]:
    """The rows of some languages, by code, and those with the widest margins, `most` at least."""
    spoken = {language(code) for code in languages}
    widest = sorted(rows, key=lambda row: (row.label not in spoken, -row.margin))
    shown = {row.label for row in widest[: max(most, len(spoken))]}
    return [row for row in rows if row.label in shown]


def sources(catalog: Catalog, rows: Iterable[ScoreRow]) -> list[str]:
    """Ids of the sources of the scores of these rows' tests, each once."""
    tests = dict.fromkeys((row.set.table, row.set.benchmark) for row in rows)
    tables = ((getattr(catalog, table), benchmark) for table, benchmark in tests)
    ids = (scores[scores["benchmark"] == name]["source_id"] for scores, name in tables)
    return sorted({key for column in ids for key in column})


def _sets(
    catalog: Catalog, variant_ids: Sequence[str], deciding: EvidenceSet | None = None
) -> list[EvidenceSet]:
    """The sets of the variants' kind, most preferred first."""
    kind = catalog.variants[variant_ids[0]].kind
    sets = (s for s in catalog.evidence_sets.values() if s.kind == kind)
    return sorted(sets, key=lambda s: (s != deciding, s.rank, s.id))


def _complete(
    catalog: Catalog, sets: Sequence[EvidenceSet], variant_ids: Sequence[str]
) -> Iterator[ScoreRow]:
    for chosen in sets:
        scores = evidence.scores(catalog, chosen.id)
        if all(key in scores for key in variant_ids):
            yield ScoreRow(_name(chosen), tuple(scores[key] for key in variant_ids), "", chosen)


def _partial(
    catalog: Catalog, sets: Sequence[EvidenceSet], variant_ids: Sequence[str]
) -> Iterator[ScoreRow]:
    for chosen in sets:
        if shared := evidence.shared_tasks(catalog, chosen, variant_ids):
            means = evidence.means_of(catalog, chosen, variant_ids, shared)
            scores = tuple(means[key] for key in variant_ids)
            tests = formatting.counted(chosen.tasks or len(shared), "test")
            part = f"{len(shared)} of {tests}" if chosen.tasks else tests
            yield ScoreRow(_name(chosen), scores, part, chosen)


def _by_language(
    catalog: Catalog, chosen: EvidenceSet, variant_ids: Sequence[str]
) -> list[ScoreRow]:
    by_code = {
        code: evidence.scores(catalog, chosen.id, (code,)) for code in chosen.languages or ()
    }
    return [
        ScoreRow(language(code), tuple(scores[key] for key in variant_ids), "", chosen)
        for code, scores in by_code.items()
        if all(key in scores for key in variant_ids)
    ]


def _name(chosen: EvidenceSet) -> str:
    name = chosen.plain or chosen.name
    return f"{name[0].upper()}{name[1:]}"


def _sorted(rows: Iterable[ScoreRow]) -> list[ScoreRow]:
    return sorted(rows, key=lambda row: (bool(row.partial), -row.lead, row.label))
