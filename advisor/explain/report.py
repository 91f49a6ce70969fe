"""A recommendation as plain text and as a page in Markdown."""

from __future__ import annotations

from advisor.catalog import Catalog
from advisor.decide.recommend import JudgedPlan, Pipeline, Recommendation
from advisor.explain import (
    decision,
    lifting,
    reasons,
    sentences,
    taken_for_granted,
    what_would_change,
)
from advisor.explain.cited import bullets
from advisor.explain.firm import firm
from advisor.explain.other_plans import alternatives

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
        lines += ["", "What would change the answer, each alone:", *bullets(texts or nothing)]
    if recommendation.rejected:
        lines += ["", _ruled_out(recommendation) + (":" if plans else ": --plans says why.")]
        lines += bullets(rejections(recommendation)) if plans else []
    granted = taken_for_granted.assumptions(recommendation)
    lines += ["", "Assumptions:", *bullets(granted), "", _as_of(recommendation)]
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
    lines = bullets(reason.text for reason in why)
    for step in recommendation.steps:
        others = [
            f"{other.judged.named}, {sentences.month(other.judged.cost)}. {other.text}"
            for other in alternatives(recommendation, step.kind)
        ]
        if others:
            lines += ["", f"Alternative {step.kind}s:", *bullets(others)]
    return lines


def _as_of(recommendation: Recommendation) -> str:
    version, day = recommendation.catalog.version, recommendation.today.isoformat()
    return f"Catalog {version}; the age of prices is as of {day}."


def as_markdown(catalog: Catalog, recommendation: Recommendation, plans: bool = False) -> str:
    """The decision as a page of two sheets; the record has all that it rests on.

    Only warnings and code can make it longer, and `plans`, which adds the rules that rule
    options out.
    """
    top = [f"# {headline(recommendation)}", "", f"Answered on {_answered(recommendation)}.", ""]
    if firmness := firm(recommendation).sentence:
        top += [firmness, ""]
    page = decision.page(catalog, recommendation, top, REPLAY)
    if not plans:
        return page
    ruled_out = bullets(rejections(recommendation)) or ["- None."]
    more = [f"## {_ruled_out(recommendation)}", *ruled_out, "", REPLAY]
    return page.removesuffix(f"{REPLAY}\n") + "\n".join(more) + "\n"


def _answered(recommendation: Recommendation) -> str:
    version, day = recommendation.catalog.version, recommendation.today.isoformat()
    return f"{day} with catalog {version}"


def _ruled_out(recommendation: Recommendation) -> str:
    out, all_of_them = len(recommendation.rejected), len(recommendation.judged)
    return f"Options that do not fit ({out} of {all_of_them})"


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
