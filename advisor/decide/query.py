"""One question, as a flat mapping with the names of the pages' addresses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from advisor.ask.assumptions import Assumptions
from advisor.ask.old_names import OLD_NAMES, OldNameError, remedy, renamed
from advisor.ask.stated import WRITTEN_NULL, StatedFields
from advisor.ask.workload import LISTS, NULLABLE, Workload, bounds
from advisor.base import validation
from advisor.base.errors import Fault, WorkloadError, did_you_mean
from advisor.catalog.model import Catalog
from advisor.decide import stores

SCORES = {"embedder": "scores", "reranker": "rerank_scores"}
"""The parameter of the published scores that rank each kind."""
VIEW = (
    "plan", "offer", "embed", "embed_options", "part", "volume", "index_model",
    "break_even_embedder", "break_even_reranker", "machine_embedder", "machine_reranker",
    "misfit_embedders", "misfit_rerankers",
)  # fmt: skip
"""Parameters of a page's address that choose what it shows; the answer does not depend on them."""


MOST_FAULTS = 20
"""Faults of a question that are named; the rest are counted."""
MOST_ENTRIES = 200
"""Entries of a list that are looked at; there are fewer languages."""
TRUTHS = tuple(name for name, field in Workload.model_fields.items() if field.annotation is bool)
_LEAVE = "Leave it out: it is neither a field of the workload nor an assumption."


class QuestionError(WorkloadError):
    """A question that cannot be answered, with its first faults, their fields and remedies."""

    def __init__(self, faults: Sequence[Fault], more: int = 0) -> None:
        more += max(0, len(faults) - MOST_FAULTS)
        rest = [_fault("", f"{more:,} more faults.", "Fix these first.")] if more else []
        self.faults = (*faults[:MOST_FAULTS], *rest)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class AdviceQuestion:
    """What is asked. `asked_sets` are ids of evidence sets, one a kind at most."""

    workload: Workload
    assumptions: Assumptions
    asked_sets: tuple[str, ...] = ()


def of_json(catalog: Catalog, stated: Mapping[str, Any]) -> AdviceQuestion:
    """The question with the stated fields, or a `QuestionError`; a number is no text, nor true."""
    return _of(catalog, {name: _as_python(value) for name, value in stated.items()}, strict=True)


def _as_python(value: Any) -> Any:
    """JSON has lists for tuples, and 5.0 is a whole number in it; tables have numpy's numbers."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, np.integer | np.ndarray):
        return _as_python(value.tolist())
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _of(catalog: Catalog, stated: Mapping[str, Any], *, strict: bool) -> AdviceQuestion:
    faults = []
    try:
        stated = renamed(stated, strict=strict)
    except OldNameError as error:
        faults.append(error.fault)
        stated = {name: value for name, value in stated.items() if name not in OLD_NAMES}
    known = {*Workload.model_fields, *Assumptions.model_fields, *SCORES.values()}
    unknown = [name for name in stated if name not in known]
    faults += [
        _fault(name[:60], "no such field.", did_you_mean(name[:60], known) or _LEAVE)
        for name in unknown[:MOST_FAULTS]
    ]
    lists = {name: value for name, value in stated.items() if isinstance(value, (list, tuple))}
    long = {name: len(value) for name, value in lists.items() if len(value) > MOST_ENTRIES}
    faults += [
        _fault(name[:60], f"{entries:,} entries.", f"State at most {MOST_ENTRIES}.")
        for name, entries in long.items()
        if name in known
    ]
    stated = {name: value for name, value in stated.items() if name not in long}
    faults += _unknown_ids(catalog, stated)
    need = {name: value for name, value in stated.items() if name in Workload.model_fields}
    assumed = {name: value for name, value in stated.items() if name in Assumptions.model_fields}
    faults += _faults(Workload, need, strict) + _faults(Assumptions, assumed, strict)
    if faults:
        raise QuestionError(faults, more=len(unknown[MOST_FAULTS:]))
    try:
        assumptions = Assumptions.of(assumed)
    except WorkloadError as error:  # fields that are stated together or not at all
        raise QuestionError([_fault("measured_variant", str(error), "")]) from None
    asked_sets = tuple(stated[name] for name in SCORES.values() if stated.get(name))
    return AdviceQuestion(Workload.of(need), assumptions, asked_sets)


def of_params(catalog: Catalog, params: Mapping[str, Sequence[str]]) -> AdviceQuestion:
    """The question of an address, or a `QuestionError`; lists repeat, an empty value is none."""
    stated: dict[str, Any] = {}
    faults = []
    for name, values in params.items():
        if name in VIEW or not any(values):
            continue
        if name in LISTS:
            stated[name] = list(values)
        elif len(values) > 1:
            faults.append(_fault(name[:60], f"given {len(values)} times.", "Give it once."))
        elif name in (*TRUTHS, *OLD_NAMES) and values[0] not in ("true", "false"):
            problem = f"{values[0][:60]!r} is neither true nor false."
            advice = remedy(name) if name in OLD_NAMES else "Write true or false."
            faults.append(_fault(name, problem, advice))
        elif name in NULLABLE and values[0] == WRITTEN_NULL:
            stated[name] = None
        else:
            stated[name] = values[0]
    if faults:
        raise QuestionError(faults)
    return _of(catalog, stated, strict=False)


def _faults(model: type[StatedFields], stated: Mapping[str, Any], strict: bool) -> list[Fault]:
    """What of a model's own fields does not fit."""
    try:
        model.model_validate(stated, strict=strict)
    except ValidationError as error:
        return model.faults_of(error)
    return []


def _unknown_ids(catalog: Catalog, stated: Mapping[str, Any]) -> list[Fault]:
    """Names of things that the catalog does not hold."""
    encoders = [key for key, v in catalog.variants.items() if v.kind in ("embedder", "reranker")]
    choices = {
        "vector_store": ["ram", "none", *stores.index_stores(catalog)],
        "your_price_variant": encoders,
        "measured_variant": encoders,
    }
    for kind, name in SCORES.items():
        choices[name] = [key for key, s in catalog.evidence_sets.items() if s.kind == kind]
    faults = []
    for name, known in choices.items():
        value = stated.get(name)
        if value not in (None, "") and value not in known:
            near = did_you_mean(value[:60] if isinstance(value, str) else "", known)
            problem = f"the catalog has no {validation.shown(value)}."
            faults.append(_fault(name, problem, near or f"Known: {', '.join(known)}."))
    return faults


def _fault(field: str, problem: str, remedy: str) -> Fault:
    return Fault("", "", field, problem, remedy)


def ignored(
    params: Mapping[str, Sequence[str]],
    choices: Mapping[str, Collection[str]],
    others: Collection[str] = (),
    models: Sequence[type[BaseModel]] = (Workload,),
    gone: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """What a page cannot take of an address, a sentence for each; it has its default there.

    By parameter: `choices` that a list of the page offers, `others` that it reads itself, and the
    fields of the form's `models`. `gone` says of a choice that there was what became of it.
    """
    fields = {name: model for model in models for name in model.model_fields}
    fields |= {old: Workload for old in OLD_NAMES if Workload in models}
    sentences = []
    for name, values in params.items():
        shown = f"{name[:40]}={','.join(values)[:60]}"
        if name not in fields and name not in choices and name not in others:
            sentences.append(f"{shown}: no such field. {did_you_mean(name[:40], fields)}".strip())
        elif name not in LISTS and len(values) > 1 and (name not in others or name in choices):
            sentences.append(f"{shown}: given {len(values)} times; the last one is taken.")
        elif name in choices and (odd := [value for value in values if value not in choices[name]]):
            nearest = did_you_mean(odd[0][:40], choices[name])
            problem = f"no such choice as '{odd[0][:40]}'. {nearest}".strip()
            fate = gone.get(odd[0], problem)
            again = any(sentence.endswith(f": {fate}") for sentence in sentences)
            sentences.append(f"{shown}: {'the same offer.' if again and odd[0] in gone else fate}")
        elif name in fields and name not in choices:
            problem = _unreadable(fields[name], name, list(values))
            sentences += [f"{shown}: {problem}"] if problem else []
    return sentences


_WIDEST = {"passage_tokens": 1, "chunk_tokens": bounds("chunk_tokens")[1]}
"""Beside which a field of the workload may be anything within its bounds."""


def _unreadable(model: type[BaseModel], name: str, values: list[str]) -> str:
    """Why a field cannot take the text of an address; empty where it can."""
    stated: Any = values if name in LISTS else values[0] if values else ""
    if stated == "" or (name in NULLABLE and stated == WRITTEN_NULL):
        return ""  # an empty parameter clears the field
    if name in (*TRUTHS, *OLD_NAMES) and stated not in ("true", "false"):
        return "write true or false."
    if name in OLD_NAMES:
        return ""
    # the others are not below it, nor half of it
    beside = {"passage_tokens": {"passage_tokens_p95": 10**6}, "chunk_tokens": {}}
    try:
        model.model_validate(
            beside.get(name, _WIDEST if model is Workload else {}) | {name: stated}
        )
    except ValidationError as error:
        first = validation.faults(error, show_values=False)[0]
        return f"{first.problem} {first.remedy}".rstrip()
    return ""
