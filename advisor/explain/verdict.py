"""Which of two to four models to choose, and when: what the page Compare says first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from advisor.ask.labels import language
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import Variant
from advisor.decide.query import AdviceQuestion
from advisor.decide.recommend import JudgedPlan
from advisor.explain.ahead import ahead
from advisor.explain.bill import Bill, bill
from advisor.explain.choose_if import findings
from advisor.explain.compared import Compared, Finding
from advisor.family.comparison import of_kinds, recommendations

MOST_CLAUSES = 4
GENERATES_TEXT = (
    "It generates text: it makes no vectors and scores no passages, so it cannot be used for "
    "search."
)
DOES = {
    "embedder": ("finds passages", "find passages"),
    "reranker": ("reranks passages", "rerank passages"),
    "language-model": ("generates text", "generate text"),
}
"""What one model of a kind does, and what several do."""


@dataclass(frozen=True)
class Card:
    """One model: its best option, what that costs a month, and when to choose it.

    `option` and `bill` are None where nothing of it fits, which `why_not` then explains. Each of
    `choose_if` goes on from `Choose it if`; empty where nothing speaks for it over the others.
    """

    variant_id: str
    name: str
    short: str
    option: JudgedPlan | None
    bill: Bill | None
    why_not: str
    choose_if: tuple[str, ...]
    recommended: bool
    """Whether it is the one recommended of those compared of its kind."""

    @property
    def lead(self) -> str:
        """What `choose_if` goes on from; a model that does not fit now is no choice."""
        return "It would suit you if" if self.why_not else "Choose it if"


@dataclass(frozen=True)
class Verdict:
    """The cards, in the order in which the models were chosen, under what they come to."""

    title: str
    cards: tuple[Card, ...]
    same: str
    """`The same: $34.90 per month, 1,024 dimensions, MIT licence.`; empty if nothing is."""
    reason: str
    """Why the recommended model is ahead of the next, and which is recommended of all."""


def verdict(
    catalog: Catalog, variant_ids: Sequence[str], question: AdviceQuestion, today: date
) -> Verdict:
    """Which of some models to choose for a question, by what Advise decides by."""
    names = short_names(catalog, variant_ids)
    by_kind = of_kinds(catalog, sorted(variant_ids))
    answers = recommendations(catalog, by_kind, question, today)
    every = [
        Compared(answers[kind], kind, tuple(ids), {key: names[key] for key in ids})
        for kind, ids in by_kind.items()
    ]
    of_model = {key: compared for compared in every for key in compared.ids}
    speaking = {key: findings(compared, key) for key, compared in of_model.items()}
    cards = [_card(catalog, key, names, of_model.get(key), speaking) for key in variant_ids]
    return Verdict(
        _title(catalog, names, every, speaking),
        tuple(cards),
        _same(catalog, cards),
        " ".join(filter(None, map(ahead, every))),
    )


def short_names(catalog: Catalog, variant_ids: Sequence[str]) -> dict[str, str]:
    """Names by id without those of their families; whole where two would read the same."""
    names = {key: catalog.variants[key].name for key in variant_ids}
    short = {
        key: name.removeprefix(f"{catalog.family_of(key).facts.name} ")
        for key, name in names.items()
    }
    count = Counter(short.values())
    return {key: names[key] if count[short[key]] > 1 else short[key] for key in variant_ids}


def _card(
    catalog: Catalog,
    variant_id: str,
    names: dict[str, str],
    compared: Compared | None,
    speaking: dict[str, list[Finding]],
) -> Card:
    name, short = catalog.variants[variant_id].name, names[variant_id]
    if compared is None:
        return Card(variant_id, name, short, None, None, GENERATES_TEXT, (), False)
    option = compared.options.get(variant_id)
    clauses = tuple(finding.clause for finding in speaking[variant_id][:MOST_CLAUSES])
    why_not = "" if option else compared.why_not(variant_id)
    of_option = bill(option) if option else None
    recommended = variant_id == compared.recommended
    return Card(variant_id, name, short, option, of_option, why_not, clauses, recommended)


def _title(
    catalog: Catalog,
    names: dict[str, str],
    every: list[Compared],
    speaking: dict[str, list[Finding]],
) -> str:
    """`Choose Large EN v1.5 for English, M3 for other languages`, the recommended one first."""
    kinds = [catalog.variants[key].kind for key in names]
    if len(set(kinds)) > 1:
        return f"They do different jobs: {'; '.join(_jobs(catalog, names))}"
    if not every:
        return f"{_none(names)} makes vectors or scores passages"
    compared = every[0]
    if not compared.options:
        return f"{_none(names)} fits your workload"
    # what a limit rules out is no choice, but a model may do another job, as in English only
    of_others = [key for key in compared.ids if key not in compared.doing_the_job]
    ordered = sorted([*compared.options, *of_others], key=lambda key: key != compared.recommended)
    conditions = [f"{names[key]} {speaking[key][0].short}" for key in ordered if speaking[key]]
    if not conditions:
        return "Nothing we know sets these models apart"
    return f"Choose {', '.join(conditions)}"


def _none(names: dict[str, str]) -> str:
    return "Neither of these" if len(names) == 2 else "None of these"


def _jobs(catalog: Catalog, names: dict[str, str]) -> list[str]:
    """`M3 finds passages`, `Reranker Base reranks passages`: what the models of a kind do."""
    jobs = []
    for kind, (one, several) in DOES.items():
        of_kind = sorted(name for key, name in names.items() if catalog.variants[key].kind == kind)
        if of_kind:
            jobs.append(f"{formatting.listed(of_kind)} {one if len(of_kind) == 1 else several}")
    return jobs


def _same(catalog: Catalog, cards: list[Card]) -> str:
    """The figures that all models have alike, in a sentence; empty where there are none."""
    rows = [_figures(catalog, card) for card in cards]
    alike = [first for first, *rest in zip(*rows, strict=True) if first and set(rest) == {first}]
    return f"The same: {', '.join(alike)}." if alike else ""


def _figures(catalog: Catalog, card: Card) -> list[str]:
    """What may be alike, in words; empty where it is not known."""
    variant = catalog.variants[card.variant_id]
    cost = card.option.cost if card.option else None
    licence = catalog.licences.get(variant.licence or "")
    dimensions, most = variant.embedding_dim, variant.max_tokens
    return [
        f"{formatting.usd(cost.base)} per month" if cost and not cost.at_least else "",
        f"{formatting.count(dimensions)} dimensions" if dimensions else "",
        f"{formatting.count(most)} tokens per input" if most else "",
        _only_language(variant),
        licence.name.removeprefix("the ") if licence else "",
    ]


def _only_language(variant: Variant) -> str:
    if not variant.languages_complete or len(variant.languages or ()) != 1:
        return ""
    return f"{language((variant.languages or [''])[0])} only"
