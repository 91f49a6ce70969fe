"""The decision record: one recommendation with all that it rests on, saved, told, and replayed."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload, unused
from advisor.base import formatting, validation
from advisor.base.errors import AdvisorError
from advisor.catalog import Catalog
from advisor.catalog.schema import Variant
from advisor.decide.evidence import Evidence
from advisor.decide.recommend import Recommendation, recommend
from advisor.explain import formula, reasons, report, what_would_change

LARGEST = 5_000_000  # bytes of a record that is read


class Saved(BaseModel):
    """The parts of a record that a replay reads; the rest is for people."""

    model_config = ConfigDict(extra="ignore")

    class Scores(BaseModel):
        """The scores that one step compared."""

        title: str
        scores: dict[str, float]

    class Range(BaseModel):
        """US dollars a month."""

        base: float

    class Pick(BaseModel):
        """What was picked."""

        plans: list[str]
        named: str
        monthly_usd: Saved.Range

    version: Literal["bge-advisor/recommendation@1"] = Field(alias="schema")
    workload: dict[str, Any]
    asked_sets: Annotated[list[str], Field(max_length=20)]
    assumed: dict[str, Any] = {}
    date: date
    catalog_version: str
    evidence: Annotated[dict[str, Scores], Field(max_length=10)]
    picked: Pick | None
    prices: Annotated[dict[str, str | None], Field(max_length=100_000)]
    rules: Annotated[dict[str, str], Field(max_length=100_000)]


class Replayed(NamedTuple):
    """The recommendation for a record's question today, and what has changed since it was saved."""

    found: Recommendation
    since: date
    changed: tuple[str, ...]


def as_json(catalog: Catalog, found: Recommendation, plans: bool = True) -> dict[str, Any]:
    """The record as plain data: the recommendation, and prices, rules, formulas and sources to replay and check it."""
    pick = found.pick
    saved = report.as_json(found, plans=plans) | {
        "asked_sets": list(found.asked_sets),
        "assumed": found.assumptions.stated(),
        "picked": pick
        and {
            "plans": [part.id for part in pick.parts],
            "named": pick.named,
            "monthly_usd": {"base": pick.monthly},
        },
        "prices": _prices(catalog),
        "rules": _rules(catalog),
        "firmness": what_would_change.firmness(found),
        "would_change": [change.text for change in what_would_change.changes(catalog, found)],
        "formula": [
            line
            for part in (pick.parts if pick else ())
            for line in formula.cost_formula(part, found)
        ],
        "start": "\n".join(start(part.plan.variant) for part in (pick.parts if pick else ())),
    }
    named = sorted(_source_ids(saved) & set(catalog.sources))
    return saved | {
        "sources": {
            key: catalog.sources[key].model_dump(mode="json", exclude={"id"}) for key in named
        }
    }


def as_markdown(catalog: Catalog, found: Recommendation) -> str:
    """The record as a page to read: question, answer, reasons, alternatives, ruled out, what would change it, figures and sources."""
    saved = as_json(catalog, found, plans=False)
    pick = found.pick
    stated = found.workload.stated()
    fields = Workload.model_fields
    lines = [
        f"# {report.headline(found)}",
        "",
        f"Asked on {found.today.isoformat()} of catalog {found.catalog.version}.",
        "",
        "## Question",
        "",
    ]
    for name, value in found.workload.model_dump().items():
        if name in unused(found.workload.task):
            continue
        words = (
            "not stated"
            if value is None
            else f"{formatting.value(value)}{'' if name in stated else ' (the default)'}"
        )
        lines.append(f"- {fields[name].title}: {words}")
    for name, value in found.assumptions.stated().items():
        lines.append(
            f"- {Assumptions.model_fields[name].title}: {formatting.value(value)} (an assumption that was changed)"
        )
    lines += ["", "## Why" if pick else "## What would help", ""]
    lines += [
        f"- {reason.text}{_marks(reason.sources)}"
        for reason in reasons.reasons(found) or reasons.loosen(found)
    ] or ["- No single requirement alone keeps a plan out."]
    for step in found.steps:
        caveat = step.evidence.set.caveat if step.evidence.set else None
        lines += [
            f"- {text}"
            for text in (
                f"{step.evidence.meaning}." if step.evidence.meaning else "",
                f"Mind: {caveat}" if caveat else "",
            )
            if text
        ]
    lines += [f"- {saved['firmness']}"] if saved["firmness"] else []
    for step in found.steps:
        lines += ["", f"## Also possible as {step.kind}", ""]
        others = reasons.alternatives(found, step.kind)
        lines += [
            f"- {o.judged.named}: {formatting.usd(o.judged.cost.base)} a month. {o.text}"
            for o in others
        ] or ["- Nothing else."]
    lines += ["", "## What would change it", ""]
    lines += [f"- {text}" for text in saved["would_change"]] or ["- No step of the grid."]
    lines += ["", f"## Ruled out ({len(found.rejected)} of {len(found.judged)} plans)", ""]
    lines += [f"- {text}" for text in report.rejections(found)] or ["- None."]
    if pick:
        lines += ["", "## How the cost is worked out", ""] + [
            f"{n}. {line}" for n, line in enumerate(saved["formula"], 1)
        ]
        lines += ["", "## To try it", "", "```python", saved["start"].rstrip(), "```"]
    lines += ["", "## Taken for granted", ""] + [f"- {text}" for text in reasons.assumptions(found)]
    lines += ["", "## Sources", ""]
    for key, source in saved["sources"].items():
        lines.append(
            f"- [{key}] {source['title']}, read {source['accessed']}. {source['url'] or ''}".rstrip()
        )
    lines += [
        "",
        "Replay: `python -m advisor recommend --record record.json` with the JSON record says what has changed since.",
    ]
    return "\n".join(lines) + "\n"


def read(path: str) -> Saved:
    """The record in a JSON file.

    Raises:
        AdvisorError: the file cannot be read or holds no record.
    """
    try:
        file = Path(path)
        if file.stat().st_size > LARGEST:
            raise AdvisorError(
                f"{path}: more than {LARGEST:,} bytes. A record is smaller: give the JSON that Advise saved."
            )
        return Saved.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise AdvisorError(
            f"{path}: {error.strerror}. Give the JSON record that Advise saved."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise AdvisorError(
            f"{path}: not JSON. Give the JSON record that Advise saved, not the Markdown one."
        ) from None
    except ValidationError as error:
        fault = validation.faults(error)[0]
        raise AdvisorError(
            f"{path}, {fault.field or 'record'}: {fault.problem} Give the JSON record as Advise saved it."
        ) from None


def replay(catalog: Catalog, saved: Saved, today: date) -> Replayed:
    """The record's question asked again.

    Raises:
        WorkloadError: its workload is no workload of this version.
    """
    found = recommend(
        catalog, Workload.of(saved.workload), today, saved.asked_sets, Assumptions.of(saved.assumed)
    )
    return Replayed(found, saved.date, tuple(_changed(catalog, saved, found)))


def _changed(catalog: Catalog, saved: Saved, found: Recommendation) -> list[str]:
    """What differs between a record and today, the answer first; empty where nothing does."""
    lines = []
    now = found.pick.named if found.pick else "nothing fits"
    before = saved.picked.named if saved.picked else "nothing fits"
    if list(found.answer or ()) != (saved.picked.plans if saved.picked else []):
        lines.append(f"The answer: {now} instead of {before}.")
    if (
        found.pick
        and saved.picked
        and abs(found.pick.monthly - saved.picked.monthly_usd.base) >= 0.005
    ):
        lines.append(
            f"The cost of the pick: {formatting.usd(found.pick.monthly)} a month instead of {formatting.usd(saved.picked.monthly_usd.base)}."
        )
    prices = _prices(catalog)
    for key in sorted({*prices, *saved.prices}):
        if key not in prices:
            lines.append(f"{key} is gone.")
        elif key not in saved.prices:
            lines.append(f"{key} is new, at {_shown(prices[key])}.")
        elif prices[key] != saved.prices[key]:
            lines.append(
                f"Price of {key}: {_shown(prices[key])} instead of {_shown(saved.prices[key])}."
            )
    rules = _rules(catalog)
    for key in sorted({*rules, *saved.rules}):
        if rules.get(key) != saved.rules.get(key):
            lines.append(
                f"Rule {key} {'is gone' if key not in rules else 'is new' if key not in saved.rules else 'reads otherwise'}."
            )
    for step in found.steps:
        lines += _changed_scores(step.evidence, saved.evidence.get(step.kind))
    if not lines and saved.catalog_version != found.catalog.version:
        lines.append(
            "The catalog has another version, but no price, rule or score that this answer compares has changed."
        )
    return lines


def _changed_scores(now: Evidence, before: Saved.Scores | None) -> list[str]:
    """What differs between the scores that a step compares and those that it compared."""
    if before is None or now.title != before.title:
        return [f"Scores: {now.title} instead of {before.title if before else 'none'}."]
    lines = []
    for key in sorted({*now.scores, *before.scores}):
        new, old = now.scores.get(key), before.scores.get(key)
        if new is None or old is None or abs(new - old) >= 0.00005:
            lines.append(
                f"Score of {key}: {formatting.points(new)} instead of {formatting.points(old)}."
            )
    return lines


def start(variant: Variant) -> str:
    """Python that runs the variant on one's own machine, with its weights from the hub."""
    if variant.hub_id is None:
        return "# Where its weights are published is not known.\n"
    if variant.kind == "reranker":
        return (
            f"# pip install FlagEmbedding\nfrom FlagEmbedding import FlagReranker\n\nreranker = FlagReranker({variant.hub_id!r})\n"
            "print(reranker.compute_score([['your query', 'a passage']]))\n"
        )
    told = variant.query_instruction or ""
    template = told if "{query}" in told else told + "{query}"
    query = template.replace(
        "{task}", "Given a question, retrieve passages that answer it"
    ).replace("{query}", "your query")
    return (
        f"# pip install sentence-transformers\nfrom sentence_transformers import SentenceTransformer\n\nmodel = SentenceTransformer({variant.hub_id!r})\n"
        f"query = {query!r}\nvectors = model.encode([query, 'a passage'], normalize_embeddings=True)\nprint(vectors[0] @ vectors[1])\n"
    )


def _prices(catalog: Catalog) -> dict[str, str | None]:
    """What each offer asks for a million tokens, and each machine for an hour, as text; None where not known."""
    kinds = ("embedder", "reranker")
    offers = [
        offer for _, _, offer in catalog.offers() if catalog.variants[offer.variant].kind in kinds
    ]
    found = {
        f"Offer {o.id}": None if o.usd_per_1m_input is None else f"{o.usd_per_1m_input} / 1M"
        for o in offers
    }
    for key, instance in catalog.instances.items():
        found[f"Machine {key}"] = (
            None
            if instance.on_demand_usd_per_h is None
            else f"{instance.on_demand_usd_per_h} / hour"
        )
    return dict(sorted(found.items()))


def _shown(price: str | None) -> str:
    return formatting.NOT_KNOWN if price is None else f"${price}"


def _rules(catalog: Catalog) -> dict[str, str]:
    """A fingerprint of what each rule says."""
    return {
        key: hashlib.sha256(rule.entry.model_dump_json().encode()).hexdigest()[:12]
        for key, rule in sorted(catalog.rules.items())
    }


def _marks(sources: tuple[str, ...]) -> str:
    return "".join(f" [{key}]" for key in dict.fromkeys(sources))


def _source_ids(value: Any) -> set[str]:
    """Every id under a key `sources`, at any depth."""
    if isinstance(value, dict):
        own = (
            {key for key in value.get("sources", ()) if isinstance(key, str)}
            if isinstance(value.get("sources"), list)
            else set()
        )
        return own.union(*(_source_ids(item) for item in value.values()))
    return set().union(*(_source_ids(item) for item in value)) if isinstance(value, list) else set()
