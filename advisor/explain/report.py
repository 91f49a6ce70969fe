"""A recommendation as plain text and as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload, unused
from advisor.catalog import Catalog
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain import lifting, reasons, sentences, taken_for_granted, what_would_change
from advisor.explain.firm import firm
from advisor.explain.other_plans import alternatives
from advisor.explain.record import Record

OF_PARTS = ("chunk_tokens", "chunk_overlap_tokens")
"""Fields that say how passages are cut."""
NAMED = 3
"""Machines that a line of rejections names before it counts the rest."""
REPLAY = (
    "To see what has changed since, run `python -m advisor recommend --record decision.json` "
    "with the JSON record."
)


def headline(recommendation: Recommendation) -> str:
    """The answer in one sentence, with its monthly cost."""
    pick = recommendation.pick
    return f"Use {pick.named}: {cost(pick)}." if pick else "Nothing fits this workload."


def cost(pick: Pipeline) -> str:
    """`about $34.90 a month ($31.12 to $52.97), and $2.02 once to encode the corpus`."""
    amount, once = pick.monthly_usd, pick.one_off_usd
    text = f"{'' if amount.at_least else 'about '}{sentences.a_month(amount)}"
    if not once.base:
        return f"{text}; the cost of encoding the corpus is not known" if once.at_least else text
    hours = next((part.plan.first_hours for part in pick.parts if part.kind == "embedder"), None)
    time = f" ({hours.base:,.0f} hours on one machine)" if hours and hours.base >= 1 else ""
    encode = f"once to encode the corpus{time}{sentences.missing(once)}"
    return f"{text}, and {sentences.usd_of(once)} {encode}"


def as_text(recommendation: Recommendation, plans: bool = False) -> str:
    """The answer, its reasons, the alternatives, how firm it is and what would change it.

    Then the assumptions; `plans` adds why options do not fit.
    """
    lines = [headline(recommendation), "", *_why_and_what_else(recommendation)]
    if firmness := firm(recommendation).sentence:
        lines += ["", firmness]
    changes = what_would_change.changes(recommendation.catalog, recommendation)
    if changes or recommendation.pick:
        nothing = [f"Nothing that we tried: {what_would_change.TRIED}."]
        texts = [change.text for change in changes]
        lines += ["", "What would change the answer, each alone:", *_bullets(texts or nothing)]
    if recommendation.rejected:
        lines += ["", _ruled_out(recommendation) + (":" if plans else ": --plans says why.")]
        lines += _bullets(rejections(recommendation)) if plans else []
    granted = taken_for_granted.assumptions(recommendation)
    lines += ["", "Assumptions:", *_bullets(granted), "", _as_of(recommendation)]
    return "\n".join(lines) + "\n"


def as_short_markdown(recommendation: Recommendation) -> str:
    """The answer, its reasons, the alternatives, how firm it is and what of it is estimated."""
    lines = [f"**{headline(recommendation)}**", "", *_why_and_what_else(recommendation), ""]
    firmness = firm(recommendation).sentence
    last = [firmness, *taken_for_granted.estimated_tokens(recommendation), _as_of(recommendation)]
    return "\n".join([*lines, " ".join(filter(None, last))]) + "\n"


def _why_and_what_else(recommendation: Recommendation) -> list[str]:
    """Lines for the reasons, or what to loosen where nothing fits, and for the alternatives."""
    why = reasons.reasons(recommendation) or lifting.loosen(recommendation)
    lines = _bullets(reason.text for reason in why)
    for step in recommendation.steps:
        others = [
            f"{other.judged.named}, {sentences.month(other.judged.cost)}. {other.text}"
            for other in alternatives(recommendation, step.kind)
        ]
        if others:
            lines += ["", f"Alternative {step.kind}s:", *_bullets(others)]
    return lines


def _as_of(recommendation: Recommendation) -> str:
    version, day = recommendation.catalog.version, recommendation.today.isoformat()
    return f"Catalog {version}; the age of prices is as of {day}."


def as_markdown(catalog: Catalog, recommendation: Recommendation, plans: bool = False) -> str:
    """The decision record as a page to read; `plans` adds by which rules plans are ruled out."""
    record = Record.of(catalog, recommendation, plans)  # with the sources of all plans
    lines = [
        f"# {headline(recommendation)}",
        "",
        f"Answered on {record.date.isoformat()} with catalog {record.catalog_version}.",
        "",
    ]
    for title, section in _sections(record, recommendation, plans):
        lines += [f"## {title}", "", *section, ""]
    return "\n".join([*lines, REPLAY]) + "\n"


def _sections(
    record: Record, recommendation: Recommendation, plans: bool
) -> Iterator[tuple[str, Iterable[str]]]:
    """Each section's title and lines."""
    yield "Question", _bullets(_question(recommendation))
    yield "Why" if record.pick else "Why, and what would help", _bullets(_why(record))
    for step in recommendation.steps:
        others = [
            f"{other.judged.named}: {sentences.month(other.judged.cost)}. {other.text}"
            for other in alternatives(recommendation, step.kind)
        ]
        yield f"Alternative {step.kind}s", _bullets(others) or ["- None."]
    yield "What would change the answer", _bullets(record.would_change) or ["- Nothing we tried."]
    if plans:
        yield _ruled_out(recommendation), _bullets(rejections(recommendation)) or ["- None."]
    if record.pick:
        numbered = [f"{number}. {line}" for number, line in enumerate(record.formula, 1)]
        yield "How the cost is calculated", numbered
        yield "Try it", ["```python", record.start.rstrip(), "```"]
    yield "Assumptions", _bullets(record.assumptions)
    sources = [
        f"[{key}] {source.title}, read {source.accessed}. {source.url or ''}".rstrip()
        for key, source in record.sources.items()
    ]
    yield "Sources", _bullets(sources)


def _question(recommendation: Recommendation) -> Iterator[str]:
    """The fields of the workload that count, and the assumptions that were changed."""
    catalog, workload = recommendation.catalog, recommendation.workload
    stated = workload.stated()
    for name, value in workload.model_dump().items():
        if name in unused(workload.task) or (name in OF_PARTS and workload.chunk_tokens is None):
            continue
        words = "not set" if value is None else sentences.value_in_words(catalog, name, value)
        default = "" if value is None or name in stated else " (default)"
        yield f"{Workload.model_fields[name].title}: {words}{default}"
    if workload.chunk_tokens is None:
        yield "Passages are kept whole"
    for name, value in recommendation.assumptions.stated().items():
        title = Assumptions.model_fields[name].title
        yield f"{title}: {sentences.value_in_words(catalog, name, value)} (changed assumption)"


def _why(record: Record) -> Iterator[str]:
    """The reasons with their sources, what the scores mean, and how firm the answer is."""
    for reason in record.pick.reasons if record.pick else record.loosen:
        yield reason.text + "".join(f" [{key}]" for key in dict.fromkeys(reason.sources))
    for evidence in record.evidence.values():
        if evidence.meaning:
            yield f"{evidence.meaning}."
        if evidence.caveat:
            yield f"Note: {evidence.caveat}"
    if record.firmness:
        yield record.firmness


def _ruled_out(recommendation: Recommendation) -> str:
    out, all_of_them = len(recommendation.rejected), len(recommendation.judged)
    return f"Options that do not fit ({out} of {all_of_them})"


def _bullets(texts: Iterable[str]) -> list[str]:
    return [f"- {text}" for text in texts]


def rejections(recommendation: Recommendation) -> list[str]:
    """One sentence for each variant and rule that ruled plans of it out first, with the places.

    Of own machines the first few are named.
    """
    groups: dict[tuple[str, bool, str], list[JudgedPlan]] = {}
    for judged in recommendation.rejected:
        hosted = judged.hosted
        # an endpoint's sentence is its own, a rule's differs from machine to machine in its figures
        first = judged.excluded[0].text if hosted else recommendation.rules.excluding(judged.row)[0]
        groups.setdefault((judged.plan.variant.name, hosted, first), []).append(judged)
    lines = []
    for (name, hosted, _), group in sorted(groups.items()):
        # the cheapest speaks for the others; not known last
        group.sort(key=lambda judged: (judged.monthly != judged.monthly, judged.monthly))
        places = list(dict.fromkeys(judged.plan.where for judged in group))
        text = group[0].excluded[0].text
        if hosted:
            lines.append(f"{name} ({', '.join(places)}): {text}")
            continue
        more = f" and {len(places) - NAMED} more machines" if len(places) > NAMED else ""
        differ = len(group) > 1 and group[-1].excluded[0].text != text
        lead = ". For example: " if differ else ": "
        lines.append(f"{name} ({', '.join(places[:NAMED])}{more}){lead}{text}")
    return lines
