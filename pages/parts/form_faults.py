"""What a form's fields say that does not go together: told where it stands, with what mends it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor.ask import languages as iso639
from advisor.ask.assumptions import MEASURED, Assumptions
from advisor.ask.labels import label
from advisor.ask.stated import WRITTEN_NULL
from advisor.ask.workload import MOST_LANGUAGES, NULLABLE, Workload, bounds
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from pages.parts.markdown import plain

Model = TypeVar("Model", Workload, Assumptions)
Values = Mapping[str, Any]

DEFAULT = Workload()
PARTS, OVERLAP = "chunk_tokens", "chunk_overlap_tokens"
TYPICAL, P95 = "passage_tokens", "passage_tokens_p95"
DAY = "measured_on"
IF_NOTHING_CHOSEN = {"languages": "Use English", "outputs": "Ask for dense vectors"}
OPENED = "sections_opened_for_a_fault"


class FormFault(NamedTuple):
    """What does not go together, in a sentence; what a button puts into the form to mend it."""

    sentence: str
    remedy: str = ""  # empty: none is known
    puts: Values = MappingProxyType({})


class Entries(Generic[Model]):
    """What stands in the form for one model; a fault is shown once, below what completes it."""

    def __init__(self, model: type[Model]) -> None:
        self.model: type[Model] = model
        self.values: dict[str, Any] = {}
        self.faults: list[FormFault] = []
        self._section = ""

    @contextlib.contextmanager
    def section(
        self, place: DeltaGenerator, label: str, icon: str, name: str = ""
    ) -> Iterator[None]:
        """A section that is closed at first, and open once there was a fault in it."""
        self._section = name or label
        opened = self._section in st.session_state.get(OPENED, ())
        with place.expander(label, expanded=opened, icon=icon):
            yield
        self._section = ""

    def add(self, values: Values) -> None:
        """Takes what the fields just drawn hold, and shows below them what is wrong with it.

        An empty field stands for its default."""
        fields = self.model.model_fields
        self.values |= {n: fields[n].default if v is None else v for n, v in values.items()}
        for fault in faults_in(self.model, self.values):
            if fault not in self.faults:
                self.faults.append(fault)
                self._show(fault)

    def whole(self) -> Model | None:
        """The model of all that was entered; None while there are faults."""
        return None if self.faults else self.model.of(self.values)

    def differences(self, before: Model) -> list[str]:
        """What another model says in the fields that now hold something else, in words."""
        return [
            f"{_in_words(name, value)} in '{self.model.model_fields[name].title}'"
            for name, value in before.model_dump().items()
            if name in self.values and self.values[name] != in_box(name, value)
        ]

    def _show(self, fault: FormFault) -> None:
        opened: set[str] = st.session_state.setdefault(OPENED, set())
        if self._section and self._section not in opened:
            opened.add(self._section)
            st.rerun()
        st.error(plain(fault.sentence))
        if fault.remedy:
            field, icon = next(iter(fault.puts)), ":material/build:"
            put, key = st.session_state.update, f"mend-{field}"
            st.button(
                fault.remedy, key, on_click=put, args=(fault.puts,), icon=icon, width="stretch"
            )


def in_box(field: str, value: object) -> object:
    """A value as the field's box holds it."""
    if field in NULLABLE:
        return WRITTEN_NULL if value is None else str(value)
    return list(value) if isinstance(value, tuple) else value


def _in_words(field: str, value: object) -> str:
    """A value as a sentence has it; of an empty box `nothing`."""
    if value is None:
        return str(in_box(field, value) or "nothing")
    if isinstance(value, (str, tuple)):
        values = [value] if isinstance(value, str) else value
        return formatting.listed([label(field, each) for each in values])
    return formatting.value(value)


def faults_in(model: type[Workload] | type[Assumptions], values: Values) -> list[FormFault]:
    """All that is wrong with some fields of a model; where no remedy is known, the bare reason."""
    if model is Workload:
        faults = [*_nothing_chosen(values), *_languages(values), *_lengths(values), *_parts(values)]
    else:
        faults = _measured_machine(values)
    reason = "" if faults else _refusal(model, values)
    return [FormFault(reason)] if reason else faults


def _refusal(model: type[Workload] | type[Assumptions], values: Values) -> str:
    """Why the model refuses these values, in the form's words; empty where it takes them."""
    try:
        model.of(values)
    except WorkloadError as error:
        return in_titles(str(error))
    return ""


def in_titles(text: str) -> str:
    """A sentence that calls fields what the form calls them."""
    fields = Workload.model_fields | Assumptions.model_fields
    titles = {name: f"'{info.title}'" for name, info in fields.items() if "_" in name}
    text = re.sub(r" \((\w+)\)", lambda name: "" if name[1] in titles else name[0], text)
    return re.sub(r"\b[a-z0-9_]+\b", lambda name: titles.get(name[0], name[0]), text)


def _nothing_chosen(values: Values) -> list[FormFault]:
    """A list that is empty."""
    faults = []
    for field, remedy in IF_NOTHING_CHOSEN.items():
        if field in values and not values[field]:
            sentence = f"{Workload.model_fields[field].title}: choose at least one."
            faults.append(FormFault(sentence, remedy, {field: list(getattr(DEFAULT, field))}))
    return faults


def _languages(values: Values) -> list[FormFault]:
    """Text that is no language, or too many languages."""
    chosen = values.get("languages") or []
    if odd := [text for text in chosen if iso639.code(text) is None]:
        near = {text: key for text in odd if (key := iso639.nearest(text))}
        names = [f"{iso639.english(key)} ({key})" for key in dict.fromkeys(near.values())]
        left = [text for text in chosen if text not in odd or text in near]
        known = iso639.codes(near.get(text, text) for text in left)
        quoted = [f"'{text[: iso639.MOST_LETTERS]}'" for text in odd]
        is_one = len(odd) == 1
        verb = "is not a language code or name" if is_one else "are not language codes or names"
        sentence = f"{formatting.listed(quoted)} {verb}."
        if len(near) < len(odd):
            sentence += f" {iso639.remedy('')}"
        remedy = (
            f"Use {formatting.listed(names)}" if near else f"Remove {'it' if is_one else 'them'}"
        )
        return [FormFault(sentence, remedy, {"languages": known or list(DEFAULT.languages)})]
    if len(chosen) > MOST_LANGUAGES:
        sentence = f"Languages: {len(chosen)} are chosen, and at most {MOST_LANGUAGES} can be."
        puts = {"languages": chosen[:MOST_LANGUAGES]}
        return [FormFault(sentence, f"Keep the first {MOST_LANGUAGES}", puts)]
    return []


def _lengths(values: Values) -> list[FormFault]:
    """A 95th percentile below the typical passage."""
    typical, p95 = values.get(TYPICAL), values.get(P95)
    if not isinstance(typical, int) or not isinstance(p95, int) or p95 >= typical:
        return []
    least = formatting.count(typical)
    sentence = (
        f"The 95th percentile ({formatting.count(p95)} tokens) can't be below the typical "
        f"passage ({least})."
    )
    return [FormFault(sentence, f"Raise the 95th percentile to {least}", {P95: typical})]


def _parts(values: Values) -> list[FormFault]:
    """A length of parts that is none, or neighbours that share more than half of one."""
    length, shared = values.get(PARTS), values.get(OVERLAP)
    if length is None:
        return []
    low, high = bounds(PARTS)
    if not is_length(length):
        range_of_it = f"from {formatting.count(low)} to {formatting.count(high)}"
        sentence = (
            f"{Workload.model_fields[PARTS].title}: '{length}' cannot be used. "
            f"Type a whole number of tokens {range_of_it}, or {WRITTEN_NULL}."
        )
        nearest = _nearest_length(str(length))
        remedy = f"Set the longest part to {formatting.count(nearest)} tokens"
        return [FormFault(sentence, remedy, {PARTS: str(nearest)})]
    workload = Workload.of({PARTS: length})
    half = workload.model_copy(update={OVERLAP: bounds(OVERLAP)[1]}).overlap
    if workload.chunk_tokens is None or not isinstance(shared, int) or shared <= half:
        return []
    most = formatting.count(half)
    sentence = (
        f"An overlap of {formatting.count(shared)} tokens is over half of the longest part "
        f"({formatting.count(workload.chunk_tokens)})."
    )
    return [FormFault(sentence, f"Lower the overlap to {most}", {OVERLAP: half})]


def is_length(stated: object) -> bool:
    """Whether it is a length of parts, or says that passages are kept whole."""
    return not _refusal(Workload, {PARTS: stated})


def _nearest_length(typed: str) -> int:
    """The nearest length that parts may have; the default where no number was typed."""
    low, high = bounds(PARTS)
    try:
        return round(min(max(float(typed), low), high))
    except ValueError:
        return int(getattr(DEFAULT, PARTS))


def _measured_machine(values: Values) -> list[FormFault]:
    """A day of the measurement that is none, or a machine that is stated in part."""
    day = values.get(DAY)
    try:
        Assumptions.model_validate({DAY: day})
    except ValueError:
        name = Assumptions.model_fields[DAY].title
        sentence = f"{name}: '{day}' is no day. Write it as 2026-11-25."
        return [FormFault(sentence, "Clear the day of the measurement", {DAY: None})]
    reason = _refusal(Assumptions, {n: values[n] for n in (*MEASURED, DAY) if n in values})
    clear = dict.fromkeys((*MEASURED, DAY))
    return [FormFault(reason, "Clear the measured machine", clear)] if reason else []
