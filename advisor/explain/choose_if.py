"""What speaks for a model over those of its kind that it is compared with, in clauses.

Each claim holds against every one of them, and none rests on a figure that is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from advisor.base import formatting
from advisor.explain import fact_claims, score_claims
from advisor.explain.compared import Compared, Finding
from advisor.explain.reasons import OF_LENGTH

Claim = Callable[[Compared, str], Iterator[Finding]]
WITHIN_BUDGET = "within-budget"
"""The rule of the budget."""
TELLING: tuple[tuple[Claim, tuple[str, ...]], ...] = (
    (fact_claims.longer_input, OF_LENGTH),
    (fact_claims.outputs, ("variant-gives-outputs",)),
)
"""The claim that says why others do not fit, by the rules that rule them out."""
JOBS = {
    "embedder": Finding("you search a corpus: it finds the passages", "to find passages"),
    "reranker": Finding("you have a search: it reranks what that finds", "to rerank passages"),
}
"""What speaks for the only model of its kind."""
FIRST = Finding(
    "your workload is as stated: by your priorities it comes first", "for your workload"
)
"""What speaks for the recommended model where no single figure does; the reason says why."""


def findings(compared: Compared, variant_id: str) -> list[Finding]:
    """What speaks for a model, the most important first."""
    if variant_id not in compared.doing_the_job:
        return list(score_claims.own_language(compared, variant_id))
    if variant_id not in compared.options and _too_long(compared, variant_id):
        return []
    if len(compared.ids) == 1:
        return [JOBS[compared.kind]]
    every = [finding for claim in _claims(compared) for finding in claim(compared, variant_id)]
    if not every and variant_id == compared.recommended:
        return [FIRST]
    return list(dict.fromkeys(every))


def _too_long(compared: Compared, variant_id: str) -> bool:
    """Whether a model cannot read the texts, so that nothing else can speak for it."""
    result = compared.obstacles[variant_id]
    return result is not None and result.rule in OF_LENGTH


def _claims(compared: Compared) -> tuple[Claim, ...]:
    """The claims in order of importance, those of scores and costs by what the visitor wants."""
    first: tuple[Claim, ...] = (score_claims.score, score_claims.cost)
    if compared.recommendation.workload.priority == "cost":
        first = (score_claims.cost, score_claims.score)
    return (
        fact_claims.languages_asked,
        _only_one,
        *first,
        score_claims.value,
        score_claims.only_score,
        fact_claims.more_languages,
        fact_claims.longer_input,
        fact_claims.outputs,
        fact_claims.licence,
        fact_claims.hosted_price,
        fact_claims.smaller_weights,
        fact_claims.smaller_vectors,
        fact_claims.no_instruction,
        score_claims.domains,
    )


def _only_one(compared: Compared, variant_id: str) -> Iterator[Finding]:
    """That it alone fits, for another reason than its languages."""
    if [*compared.options] != [variant_id] or [*fact_claims.languages_asked(compared, variant_id)]:
        return
    others = [key for key in compared.ids if key != variant_id]
    rules = {result.rule for key in others if (result := compared.obstacles[key])}
    telling = next((claim for claim, ids in TELLING if rules and rules <= set(ids)), None)
    if telling and (claims := [*telling(compared, variant_id)]):
        yield from claims
        return
    budget = compared.recommendation.workload.budget_usd_per_month
    if budget is not None and rules == {WITHIN_BUDGET}:
        verb = "costs" if len(others) == 1 else "cost"
        text = f"you spend at most {formatting.usd(budget)} per month: {compared.named(others)}"
        yield Finding(f"{text} {verb} more", "within your budget")
        return
    verb = "does" if len(others) == 1 else "do"
    text = f"your workload stays as it is: {compared.named(others)} {verb} not fit it"
    yield Finding(text, "for your workload")
