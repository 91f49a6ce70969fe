"""The decision as a page of two sheets: what to read before all of the record."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from advisor.ask.workload import Workload, unused
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.decide.recommend import Recommendation
from advisor.explain import lifting, sentences, taken_for_granted, what_would_change
from advisor.explain.bill import bill
from advisor.explain.cited import Section, Sources, bullets
from advisor.explain.lead import decided
from advisor.explain.other_plans import Alternative, alternatives
from advisor.explain.run_it import snippets
from advisor.explain.what_would_change import Change

LINES_OF_A_SHEET, COLUMNS = 55, 95
SHEETS = 2


class Detail(NamedTuple):
    """How much a page says, at most."""

    cited: int
    """Sources of one reason."""
    warned: int
    """Sources of one warning."""
    alternatives: int
    changes: int
    notes: bool
    """What to mind of the code."""


DETAILS = (
    Detail(cited=3, warned=1, alternatives=4, changes=5, notes=True),
    Detail(cited=1, warned=1, alternatives=4, changes=5, notes=True),
    Detail(cited=1, warned=1, alternatives=4, changes=5, notes=False),
    Detail(cited=1, warned=1, alternatives=4, changes=3, notes=False),
    Detail(cited=1, warned=1, alternatives=2, changes=2, notes=False),
    Detail(cited=1, warned=0, alternatives=2, changes=1, notes=False),
)
"""The first that fits is taken. Warnings, caveats and code are never left out, so that there is
less room for the rest where they are long."""
ALWAYS = ("task", "languages", "passages", "passage_tokens", "queries_per_month")
"""Inputs that say what is asked for, and are told where they are defaults too."""
OF_PARTS = ("chunk_tokens", "chunk_overlap_tokens")
"""Fields that say how passages are cut."""
FIRST_CHANGES = (
    "queries_per_month",
    "passages",
    "quality_tolerance",
    "budget_usd_per_month",
    "data_may_leave",
    "placement",
    "languages",
)
"""Fields whose change is told before that of others: volumes, limits, and where it may run."""
NOT_ALL = (
    "The JSON record has all reasons, alternatives, assumptions and sources, and the calculation."
)
BODY = re.compile(r"(?<=-d ')\{.*?\}(?='$)", re.DOTALL | re.MULTILINE)
"""JSON that curl posts."""


def page(catalog: Catalog, recommendation: Recommendation, top: list[str], end: str) -> str:
    """The sections between the lines of `top` and `end`.

    Less is said of what the record has too where they would be longer than two sheets.
    """
    changes = what_would_change.changes(catalog, recommendation)
    text = ""
    for detail in DETAILS:
        lines = list(top)
        for title, section in _sections(catalog, recommendation, changes, detail):
            lines += [f"## {title}", *section, ""]
        text = "\n".join([*lines, end]) + "\n"
        if sheets(text) <= SHEETS:
            break
    return text


def sheets(text: str) -> float:
    """How many sheets of 55 lines of 95 columns a text takes, its long lines wrapped."""
    lines = (textwrap.wrap(line, COLUMNS) or [""] for line in text.splitlines())
    return sum(map(len, lines)) / LINES_OF_A_SHEET


def _sections(
    catalog: Catalog, recommendation: Recommendation, changes: list[Change], detail: Detail
) -> Iterator[Section]:
    """The question, why, costs, alternatives, what would change it, code, assumptions, sources."""
    sources = Sources(catalog)
    yield "Question", bullets(_question(recommendation))
    if recommendation.pick is None:
        help_lines = _in_the_way(recommendation, sources, detail.cited)
        yield "Why, and what would help", bullets(help_lines)
    else:
        why = _reasons(recommendation, sources, detail.cited)
        warnings = _warnings(recommendation, sources, detail.warned)
        yield "Why", bullets(chain(why, _of_scores(recommendation), warnings))
        yield "Where the money goes", bullets(_costs(recommendation))
        yield _alternatives(recommendation, detail.alternatives)
    yield _changes(recommendation, changes, detail.changes)
    if recommendation.pick is not None:
        yield "Try it", list(_code(recommendation, detail.notes))
    granted = taken_for_granted.that_matter(recommendation)
    yield "Assumptions", bullets([*granted, NOT_ALL])
    if sources:
        yield sources.section()


def _question(recommendation: Recommendation) -> Iterator[str]:
    """The inputs that were changed, and the main ones of the others."""
    catalog, workload = recommendation.catalog, recommendation.workload
    skipped, changed = unused(workload.task), workload.stated()
    whole = OF_PARTS if workload.chunk_tokens is None else ()

    def line(name: str) -> str:
        words = sentences.value_in_words(catalog, name, getattr(workload, name))
        return f"{Workload.model_fields[name].title}: {words}"

    yield from (line(name) for name in changed if name not in (*skipped, *whole))
    if whole:
        yield "Passages are kept whole"
    main = [line(name) for name in ALWAYS if name not in changed and name not in skipped]
    yield "Everything else: the defaults" + (f" ({'; '.join(main)})" if main else "")


def _reasons(recommendation: Recommendation, sources: Sources, most: int) -> Iterator[str]:
    """The reasons that decided, in the order in which they did."""
    for reason in decided(recommendation).lead:
        yield f"**{reason.lead}** {reason.text}{sources.cite(reason.sources, most)}"


def _warnings(recommendation: Recommendation, sources: Sources, most: int) -> Iterator[str]:
    """What the rules warn of, each once; the model, where nothing else in it says which step."""
    parts = recommendation.pick.parts if recommendation.pick else ()
    several_places = len({part.plan.where for part in parts}) > 1
    texts: set[str] = set()
    for part in parts:
        name, where = part.plan.variant.name, part.plan.where
        for remark in part.remarks:
            if remark.effect != "warn" or remark.text in texts:
                continue
            texts.add(remark.text)
            of_all = all(remark.text in {other.text for other in each.remarks} for each in parts)
            clear = of_all or name in remark.text or (several_places and where in remark.text)
            of_model = "" if clear else f" ({name})"
            yield f"Warning{of_model}: {remark.text}{sources.cite(remark.sources, most)}"


def _of_scores(recommendation: Recommendation) -> Iterator[str]:
    """What each metric says, once, and what to mind of the scores of each step."""
    meanings: set[str] = set()
    for step in recommendation.steps:
        chosen, meaning = step.evidence.set, step.evidence.meaning
        caveat = f"{chosen.name}: {chosen.caveat}" if chosen and chosen.caveat else ""
        if meaning and meaning not in meanings:
            meanings.add(meaning)
            yield f"{meaning}. {caveat}".rstrip()
        elif caveat:
            yield caveat


def _in_the_way(recommendation: Recommendation, sources: Sources, most: int) -> Iterator[str]:
    """Where nothing fits: what to loosen, or why no model does the job."""
    for reason in lifting.loosen(recommendation):
        yield reason.text + sources.cite(reason.sources, most)
    yield from _of_scores(recommendation)


def _costs(recommendation: Recommendation) -> Iterator[str]:
    """Each part of a month with its share; where that is not all, or one part, a sentence. Then
    the days of the prices.
    """
    assert recommendation.pick is not None
    spent = bill(recommendation.pick)
    if spent.month.at_least or len(spent.parts) < 2:
        yield spent.takeaway
    if len(spent.parts) > 1:
        for part in spent.parts:
            share = spent.share_words[part.slot]
            yield f"{part.label}: {part.amount} per month ({share})"
    plans = {part.plan.where: part.plan for part in recommendation.pick.parts}
    days = [f"{formatting.day(plan.as_of)} ({where})" for where, plan in plans.items()]
    yield f"Price date: {', '.join(days)}"


def _alternatives(recommendation: Recommendation, most: int) -> Section:
    """The best option of each other model first; with two steps, as many of each."""
    each = most // len(recommendation.steps)
    of_steps = [_other_models_first(recommendation, step.kind) for step in recommendation.steps]
    shown = [other for others in of_steps for other in others[:each]]
    lines = bullets(_alternative(other) for other in shown)
    total = sum(map(len, of_steps))
    return f"Alternatives{_some(len(lines), total)}", lines or ["- Nothing else fits."]


def _some(shown: int, total: int) -> str:
    """` (4 of 9)`; empty where all are shown."""
    return f" ({shown} of {total})" if shown < total else ""


def _other_models_first(recommendation: Recommendation, kind: str) -> list[Alternative]:
    """Alternatives of models that are not recommended, one of each, before all others."""
    pick = recommendation.pick.part(kind) if recommendation.pick else None
    seen = {pick.variant_id} if pick else set()
    first: list[Alternative] = []
    rest: list[Alternative] = []
    for other in alternatives(recommendation, kind):
        (rest if other.judged.variant_id in seen else first).append(other)
        seen.add(other.judged.variant_id)
    return [*first, *rest]


def _alternative(other: Alternative) -> str:
    """`BGE M3 at Novita AI: $34.90 per month. The same cost; no comparable score.`"""
    first, _, _ = other.text.partition(". ")  # why it has no score may take three sentences
    return f"{other.judged.named}: {sentences.month(other.judged.cost)}. {first.removesuffix('.')}."


def _changes(recommendation: Recommendation, changes: list[Change], most: int) -> Section:
    """The nearest changes that give another answer: where something fits, one of each field."""
    ordered = list(changes)
    if recommendation.pick is not None:
        places = {name: place for place, name in enumerate(FIRST_CHANGES)}
        ordered.sort(key=lambda change: places.get(change.field, len(places)))
        first = {change.field: change for change in reversed(ordered)}
        ordered.sort(key=lambda change: first[change.field] is not change)
    lines = bullets(change.text for change in ordered[:most])
    title = f"What would change the answer{_some(len(lines), len(changes))}"
    return title, lines or [f"- Nothing that we tried: {what_would_change.TRIED}."]


def _code(recommendation: Recommendation, notes: bool) -> Iterator[str]:
    """Code that runs each step, first where it is recommended; and why there is none there."""
    assert recommendation.pick is not None
    for part in recommendation.pick.parts:
        options = snippets(recommendation, part)
        shown = next((option for option in options if option.code), options[0])
        words = [f"{part.named}."]
        if shown is not options[0]:
            words += [*options[0].notes, f"On your own machine ({shown.label}):"]
        if notes or not shown.code:
            words += shown.notes
        yield " ".join(words)
        if shown.code:
            yield from (f"```{shown.language}", _compact(shown.code), "```")


def _compact(code: str) -> str:
    """Code without blank lines, and with the JSON that curl posts on one line."""
    lines = (line for line in code.splitlines() if line.strip())
    return BODY.sub(_on_one_line, "\n".join(lines))


def _on_one_line(body: re.Match[str]) -> str:
    try:
        return json.dumps(json.loads(body[0]), ensure_ascii=False)
    except ValueError:  # an apostrophe in it, which the shell writes otherwise
        return body[0]
