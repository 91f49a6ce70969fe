"""The fields of the form: of the workload, of the published scores, and of the assumptions."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor.ask import languages as iso639
from advisor.ask.assumptions import DEFAULT as ASSUMED
from advisor.ask.assumptions import MEASURED, PRECISIONS, Assumptions
from advisor.ask.labels import LABELS, language
from advisor.ask.stated import WRITTEN_NULL
from advisor.ask.stops import STOPS
from advisor.ask.workload import Workload, bounds, unused
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.decide import evidence
from advisor.decide.build import KINDS_FOR_TASK
from advisor.decide.query import SCORES
from advisor.decide.stores import index_stores
from pages.parts import address, inputs, session
from pages.parts.form_faults import (
    DAY,
    DEFAULT,
    OVERLAP,
    P95,
    PARTS,
    TYPICAL,
    Entries,
    faults_in,
    in_box,
    is_length,
)
from pages.parts.markdown import plain

MEASURED_MACHINE = (
    "Your own measured machine. Try it can measure this one and fill these in. "
    "Complete all of these fields, or none."
)
SCORES_HELP = (
    "Automatic: the most general benchmark that compares the models that fit. "
    "Results of different benchmarks are never mixed."
)
FIND = "Type to find a language"
DRIVERS = (*STOPS, "vector_type")
"""What Cost asks first."""
NAMES = tuple(Assumptions.model_fields)


class FieldWords(NamedTuple):
    """What a field is called, and its help."""

    label: str
    hint: str


def _cells(*, top: bool = False) -> DeltaGenerator:
    """Fields side by side: four, or fewer on a narrow screen; from the `top` where one may grow."""
    alignment: Literal["top", "bottom"] = "top" if top else "bottom"
    return st.grid(4, min_column_width=150, vertical_alignment=alignment)


def words(
    field: str, model: type[Workload] | type[Assumptions] = Workload, mark: str = ""
) -> FieldWords:
    """The words of a field of a model."""
    info = model.model_fields[field]
    return FieldWords(f"{info.title or field}{mark}", plain(info.description or ""))


def encoders(catalog: Catalog) -> dict[str, str]:
    """Names of all embedders and rerankers, by id."""
    variants = catalog.variants.items()
    return {key: v.name for key, v in variants if v.kind in ("embedder", "reranker")}


def languages(catalog: Catalog) -> dict[str, str]:
    """Names of all languages that some variant lists, by code."""
    codes = {code for v in catalog.variants.values() for code in v.languages or ()}
    return {code: language(code) for code in sorted(codes, key=language)}


def stores(catalog: Catalog) -> dict[str, str]:
    """What the vectors may be kept in, by id."""
    names = {key: catalog.stores[key].name for key in index_stores(catalog)}
    return LABELS["vector_store"] | names


def put(workload: Workload) -> None:
    """Puts a workload into the form; for the callbacks of buttons and lists."""
    for field, value in workload.model_dump().items():
        if field in st.session_state:
            st.session_state[field] = in_box(field, value)


class Asking(NamedTuple):
    """What was entered, the place beside the tolerance for the model that it is measured from, and
    the published scores that are asked for."""

    needs: Entries[Workload]
    beside_tolerance: DeltaGenerator
    sets: Sequence[str]


def ask_workload(*, by_volume: bool = False) -> Asking:
    """The fields of a workload: the job first, or the volumes and the vectors that cost money."""
    needs = Entries(Workload)
    first, more = st.container(), st.container()
    if not by_volume:
        with first:
            off = _ask_job(needs)
        with needs.section(more, "More options", ":material/tune:"):
            beside_tolerance, sets = _ask_rest(needs, off)
        with first:
            _ask_sizes(needs, off, ("passages", TYPICAL, "queries_per_month"))
        return Asking(needs, beside_tolerance, sets)
    with first:
        places = dict(zip(DRIVERS, st.columns([3, 3, 2], gap="medium"), strict=True))
    with needs.section(more, "All other inputs", ":material/tune:"):
        off, sizes = _ask_job(needs), st.container()
        beside_tolerance, sets = _ask_rest(needs, off, precision_at=places["vector_type"])
        with sizes:
            _ask_sizes(needs, off, (TYPICAL,))
    for field, stops in STOPS.items():
        with places[field]:
            needs.add({field: _on_scale(field, stops, off=field in off)})
    return Asking(needs, beside_tolerance, sets)


def _on_scale(field: str, stops: Sequence[int], *, off: bool) -> Any:
    """A volume with a slider over seven decades."""
    label, hint = words(field)
    default = getattr(DEFAULT, field)
    low, high = (int(bound) for bound in bounds(field))
    step = formatting.step(st.session_state.get(field, default))
    return inputs.amount_on_scale(
        label, field, default, (low, high), stops, hint, off=off, step=step
    )


def _ask_rest(
    needs: Entries[Workload], off: Collection[str], precision_at: DeltaGenerator | None = None
) -> tuple[DeltaGenerator, Sequence[str]]:
    """What few state: texts, vectors, machines and limits, and what decides between options."""
    _ask_texts(needs, off)
    _ask_vectors(needs, off, precision_at)
    _ask_machines(needs, hosted=needs.values["placement"] == "hosted")
    return _ask_choosing(needs)


def _ask_job(needs: Entries[Workload]) -> Collection[str]:
    """The task, the languages, where it may run and the budget; the fields that it does not use."""
    with _cells(top=True):
        needs.add({"task": _choice("task")})
        with st.container():
            needs.add({"languages": ask_languages()})
        budget = "budget_usd_per_month"
        place = _choice("placement")
        usd = _number(budget, icon=":material/attach_money:", placeholder="none")
    needs.add({"placement": place, budget: usd})
    return unused(needs.values["task"])


def _ask_sizes(needs: Entries[Workload], off: Collection[str], fields: Iterable[str]) -> None:
    """How much there is, and what matters most or how much is reranked."""
    with _cells(top=True):
        for field in fields:
            with st.container():
                needs.add({field: _number(field, off=field in off)})
        if needs.values["task"] == "retrieve":
            needs.add({"priority": _choice("priority")})
        else:
            needs.add({"rerank_candidates": _number("rerank_candidates")})


def _number(field: str, *, off: bool = False, **named: Any) -> Any:
    """A field of numbers, with a step that fits its size."""
    value = getattr(DEFAULT, field)
    is_whole = isinstance(value, int)
    low, high = ((int if is_whole else float)(bound) for bound in bounds(field))
    if not is_whole:
        named["format"] = "%g"
    else:
        named["step"] = formatting.step(st.session_state.get(field, value))
    return inputs.amount(
        words(field).label, field, value, (low, high), words(field).hint, disabled=off, **named
    )


def _choice(field: str, *, off: bool = False) -> str:
    """One of the values of a field, by their labels."""
    label, hint = words(field)
    return inputs.from_list(
        label, LABELS[field], field, getattr(DEFAULT, field), hint=hint, off=off
    )


def _yes(field: str) -> bool:
    label, hint = words(field)
    return inputs.yes(label, field, hint, default=getattr(DEFAULT, field))


def ask_languages() -> list[str]:
    """Languages by code; what was typed and is none stands as it is, for a fault to name it."""
    field, names = "languages", languages(session.the_catalog())
    default, (label, hint) = list(DEFAULT.languages), words(field)
    now = address.fill(field, default, lambda values: iso639.codes(v for v in values if v))
    typed = st.multiselect(
        label,
        # The list stays open, and Enter takes its first line: a second one is to add no language.
        ["", *names, *(code for code in now if code not in names)],
        now,
        key=field,
        format_func=lambda code: (names.get(code) or language(code)) if code else FIND,
        help=hint,
        accept_new_options=True,
        select_all=False,  # which a second Enter would choose
        placeholder="Choose, or type one: German",
        on_change=_tidy_languages,
    )
    codes = iso639.codes(filter(None, typed))
    address.says(field, codes if codes != default else [])
    return codes


def _tidy_languages() -> None:
    typed = st.session_state["languages"]
    if (codes := iso639.codes(filter(None, typed))) != typed:
        st.session_state["languages"] = codes


def _ask_texts(needs: Entries[Workload], off: Collection[str]) -> None:
    """How long texts are, how they are cut, and how many are new."""
    st.markdown("**Texts**")
    with _cells():
        with st.container():
            needs.add({P95: _number(P95)})
        length = _length()
        shared = _number(OVERLAP, off=length == WRITTEN_NULL)
        needs.add({"query_tokens": _number("query_tokens")})
        if "rerank_candidates" in off:  # drawn all the same: one that is not loses its value
            _number("rerank_candidates", off=True)
    stated: dict[str, object] = {PARTS: length}
    if shared not in (None, DEFAULT.chunk_overlap_tokens):
        stated[OVERLAP] = shared
    needs.add(stated)
    if not faults_in(Workload, stated):
        st.caption(plain(_parts_in_words(Workload.of(stated))))
    with _cells():
        new = "new_passages_per_month"
        needs.add({new: _number(new, off=new in off), "cross_lingual": _yes("cross_lingual")})


def _length() -> str:
    """The length of parts as typed; the default where nothing is."""
    label, hint = words(PARTS)
    # A list that takes other numbers too, as Streamlit 1.67 has it, makes 0 of 4000 typed over 400.
    default = str(DEFAULT.chunk_tokens)
    named = f"{label}, or {WRITTEN_NULL}"

    def parse(values: Sequence[str]) -> str | None:
        return values[-1] if is_length(values[-1]) else None

    text = inputs.typed(named, PARTS, default, 12, hint, parse, on_change=_tidy_length)
    return text or default


def _parts_in_words(workload: Workload) -> str:
    """What becomes of a passage."""
    if workload.chunk_tokens is None:
        return "Passages are kept whole."
    cut = f"Passages over {formatting.count(workload.chunk_tokens)} tokens are cut"
    if not workload.overlap:
        return f"{cut}, without overlap."
    shared = formatting.counted(workload.overlap, "token")
    return f"{cut}. Each part repeats the last {shared} of the one before."


def _tidy_length() -> None:
    """What was typed, as the address has it; the default where nothing is left."""
    typed = re.sub(r"[\s,]", "", st.session_state[PARTS]).lower()
    st.session_state[PARTS] = typed or str(DEFAULT.chunk_tokens)


def _ask_vectors(
    needs: Entries[Workload], off: Collection[str], precision_at: DeltaGenerator | None
) -> None:
    """What vectors are wanted, and where they are kept; their precision in another place, if so."""
    st.markdown("**Vectors**")
    default = list(DEFAULT.outputs)
    with _cells():
        with st.container():
            label, hint = words("outputs")
            no = "outputs" in off
            outputs = inputs.some_of(label, LABELS["outputs"], default, "outputs", hint, off=no)
            needs.add({"outputs": outputs or (default if no else [])})
        label, hint = words("vector_store")
        kept_in = stores(session.the_catalog())
        no = "vector_store" in off
        store = inputs.from_list(
            label, kept_in, "vector_store", DEFAULT.vector_store, hint=hint, off=no
        )
        with precision_at or contextlib.nullcontext():
            kind = _choice("vector_type", off="vector_type" in off)
    needs.add({"vector_store": store, "vector_type": kind})


def _ask_machines(needs: Entries[Workload], *, hosted: bool) -> None:
    """What own machines have to be, what may leave the network, and what limits there are."""
    st.markdown("**Machines and limits**")
    with _cells():
        needs.add(
            {
                "hardware": _choice("hardware", off=hosted),
                "peak_queries_per_second": _number("peak_queries_per_second"),
                "latency_ms_p95": _number("latency_ms_p95", placeholder="none"),
                "licence": _choice("licence"),
                "data_may_leave": _yes("data_may_leave"),
                "redundancy": _yes("redundancy"),
            }
        )


def _ask_choosing(needs: Entries[Workload]) -> tuple[DeltaGenerator, Sequence[str]]:
    """What decides between options; the place beside the tolerance, and the published scores."""
    st.markdown("**How to choose**")
    task = needs.values["task"]
    with _cells():
        if task != "retrieve":
            needs.add({"priority": _choice("priority")})
        tolerance = _number("quality_tolerance")
        point = _number("material_usd")
        spoken = [text for text in needs.values["languages"] if iso639.code(text)]
        before = session.last_question()
        last = (before.workload if before else DEFAULT).languages
        sets = _ask_scores(task, spoken or last)
    needs.add({"quality_tolerance": tolerance, "material_usd": point})
    return st.empty(), sets


def _ask_scores(task: str, spoken: Collection[str]) -> list[str]:
    """The sets of published scores to rank by, where others than the preferred are asked for."""
    catalog, codes = session.the_catalog(), tuple(sorted(set(spoken)))
    chosen = []
    for kind in KINDS_FOR_TASK[task]:
        sets = evidence.offered(catalog, kind, codes, catalog.variants)
        names = {each.id: each.name for each in sets}
        label, key = f"Benchmark for {kind}s", SCORES[kind]
        set_id = inputs.one_or_none(label, names, key, hint=SCORES_HELP, placeholder="Automatic")
        chosen += [set_id] if set_id else []
    return chosen


def ask_assumptions() -> Entries[Assumptions]:
    """What the estimates assume."""
    assumed = Entries(Assumptions)
    changed = [name for name in NAMES if _is_changed(name, getattr(ASSUMED, name))]
    label = f"Assumptions ({len(changed)} changed)" if changed else "Assumptions"
    stated: dict[str, object] = {}
    machine = [*MEASURED, DAY]
    with assumed.section(st.container(), label, ":material/science:", "Assumptions"):
        for names, title in (
            ([name for name in NAMES if name not in machine], ""),
            (machine, MEASURED_MACHINE),
        ):
            if title:
                st.caption(title)
            with _cells():
                for name in names:
                    marked = words(name, Assumptions, " (changed)" if name in changed else "")
                    stated[name] = _ask_assumption(name, marked)
        assumed.add(stated)  # at once: of a measured machine all is stated together
        icon = ":material/restart_alt:"
        st.button("Reset all", on_click=reset_assumptions, disabled=not changed, icon=icon)
    return assumed


def _is_changed(name: str, default: object) -> bool:
    """Whether an assumption is not its default; the first run of a link has it in the address."""
    if name in st.session_state:
        return st.session_state[name] not in (default, "")
    return any(address.stated().get(name, ()))


def reset_assumptions() -> None:
    """Puts every assumption back to its default."""
    for name in NAMES:
        if name in st.session_state:
            st.session_state[name] = getattr(ASSUMED, name) or ("" if name == DAY else None)


def _ask_assumption(name: str, marked: FieldWords) -> object:
    """One of the assumptions, as its kind of value is asked for."""
    default, (label, hint) = getattr(ASSUMED, name), marked
    if name == DAY:
        return inputs.typed(label, name, default or "", 10, hint) or None
    options: Mapping[str, str] = LABELS.get(name) or inputs.labelled(PRECISIONS)
    if name in ("your_price_variant", "measured_variant"):
        options = encoders(session.the_catalog())
    if name in ("machine_prices", "precision", "your_price_variant"):
        return inputs.from_list(label, options, name, default, hint=hint)
    if name in ("measured_variant", "measured_precision"):
        return inputs.one_or_none(label, options, name, hint=hint, placeholder="none")
    least, most = bounds(name, Assumptions)
    if name == "measured_tokens":
        return inputs.amount(label, name, default, (int(least), int(most)), hint)
    return inputs.amount(label, name, default, (float(least), float(most)), hint, format="%g")
