"""The form of a question, bound to the address; and what of an address it cannot take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, TypedDict, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor import catalog as catalogs
from advisor import telemetry
from advisor.ask import languages as iso639
from advisor.ask.assumptions import MEASURED, PRECISIONS, Assumptions
from advisor.ask.stated import WRITTEN_NULL
from advisor.ask.workload import NULLABLE, Workload, bounds, unused
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.catalog import Catalog
from advisor.decide import build, evidence, recommend
from advisor.decide.build import KINDS_FOR_TASK
from advisor.decide.priced import priced
from advisor.decide.query import SCORES, VIEW, ignored, infinite
from advisor.decide.recommend import Recommendation
from advisor.decide.stores import index_stores
from advisor.explain import sentences
from advisor.family.price_list import gone_plans
from pages.parts import links, old_links, session
from pages.parts.markdown import bullets, plain

Model = TypeVar("Model", Workload, Assumptions)

DEFAULT = Workload()
IGNORED = "This link could not be read in full. Unless it says otherwise, the default is used:"
MEASURED_MACHINE = (
    "A machine of yours, as measured: Live measures this one and fills these in. "
    "All of it, or none."
)
SCORES_HELP = (
    "Left empty, the most general set that compares the models that fit. "
    "Each set is a benchmark with one metric, measured by one party; sets are never mixed."
)
PARTS, OVERLAP = "chunk_tokens", "chunk_overlap_tokens"
WORKLOAD_WAITS = "The answer comes when the figures on the form go together."
ASSUMPTIONS_WAIT = "The answer comes when the assumptions go together."


class FieldWords(TypedDict):
    """What every field of the form is given: its name, its help, and its place in the address."""

    label: str
    help: str
    key: str
    bind: Literal["query-params"]


def ask(title: str) -> tuple[Recommendation, DeltaGenerator]:
    """The form on the left, today's recommendation for it, and the place on the right for it.

    Stops where the form has faults."""
    st.title(title)
    show_ignored()
    form, place = st.columns([1, 2], gap="large")
    with form:
        workload, beside_tolerance = ask_workload()
        if workload is None:
            place.info(WORKLOAD_WAITS)
            st.stop()
        sets = ask_scores(workload)
        assumptions = ask_assumptions()
        if assumptions is None:
            place.info(ASSUMPTIONS_WAIT)
            st.stop()
    catalog, today = session.the_catalog(), catalogs.today()
    with telemetry.RECOMMEND_SECONDS.labels("page").time():
        recommendation = recommend.recommend(catalog, workload, today, sets, assumptions)
    beside_tolerance.caption(plain(" ".join(sentences.yardsticks(recommendation))))
    st.session_state[session.STORED] = links.params(recommendation)
    return recommendation, place


def show_ignored() -> None:
    """Says what of the address could not be taken, and leaves in it what can."""
    if session.IGNORED not in st.session_state:
        params = {name: st.query_params.get_all(name) for name in st.query_params}
        catalog, models = session.the_catalog(), (Workload, Assumptions)
        lines = ignored(params, _choices(catalog), VIEW, models, gone_plans(catalog))
        st.session_state[session.IGNORED] = [*lines, *old_links.stated_twice(params)]
        # Streamlit 1.67 ends the page with an error where it binds endless numbers to a whole one,
        # and takes any text for a length of parts.
        odd = {PARTS} if not _is_length(params.get(PARTS, [WRITTEN_NULL])[-1]) else set()
        clean = old_links.under_new_names(params)
        clean = {n: v for n, v in clean.items() if n not in {*infinite(params), *odd}}
        if stated := clean.get("languages"):
            clean["languages"] = [text for text in stated if text == "" or iso639.code(text)]
        if clean != params:
            # At once: each change of `st.query_params` is a step for the browser's Back.
            st.switch_page(f"pages/{st.session_state['page']}.py", query_params=clean)
    if lines := st.session_state[session.IGNORED]:
        st.warning(f"{IGNORED}\n{bullets(lines)}")


def _choices(catalog: Catalog) -> dict[str, list[str]]:
    """The values that the lists of the form offer, by parameter."""
    plans = build.plan_ids(priced(catalog, _assumed()))
    models = encoders(catalog)
    sets = catalog.evidence_sets
    scores = {SCORES[kind]: [key for key in sets if sets[key].kind == kind] for kind in SCORES}
    return scores | {
        "task": list(KINDS_FOR_TASK),
        "vector_store": stores(catalog),
        "your_price_variant": models,
        "measured_variant": models,
        "measured_precision": list(PRECISIONS),
        "plan": plans,
        "offer": plans,
    }


def _assumed() -> Assumptions:
    """The assumptions that the address states; the defaults where they do not go together."""
    stated = {name: st.query_params[name] for name in session.ASSUMED if st.query_params.get(name)}
    try:
        return Assumptions.of(stated)
    except WorkloadError:
        return Assumptions()


def encoders(catalog: Catalog) -> list[str]:
    """Ids of all embedders and rerankers."""
    return [key for key, v in catalog.variants.items() if v.kind in ("embedder", "reranker")]


def languages(catalog: Catalog) -> list[str]:
    """Codes of all languages that some variant lists."""
    return sorted({code for v in catalog.variants.values() for code in v.languages or ()})


def stores(catalog: Catalog) -> list[str]:
    """What the index may be kept in."""
    return ["ram", "none", *index_stores(catalog)]


def put(workload: Workload) -> None:
    """Puts a workload into the form; for the callbacks of buttons and lists."""
    for field, value in workload.model_dump().items():
        if field in st.session_state:
            st.session_state[field] = _in_box(field, value)


def _in_box(field: str, value: object) -> object:
    """A value as the field's box holds it."""
    if field in NULLABLE:
        return WRITTEN_NULL if value is None else str(value)
    return list(value) if isinstance(value, tuple) else value


def ask_workload() -> tuple[Workload | None, DeltaGenerator]:
    """The form, and the place beside the tolerance for the model that it is measured from.

    None, with the reason on the screen, while its figures do not go together.
    """
    top = st.container()
    with st.container(border=True):
        stated = _ask_need()
    stated |= _ask_texts(stated["task"]) | _ask_place()
    limits, beside_tolerance = _ask_limits()
    stated |= limits
    workload = None
    fields = Workload.model_fields
    empty = [str(fields[field].title) for field in ("languages", "outputs") if not stated[field]]
    if empty:
        st.error(f"{formatting.listed(empty)}: choose at least one.")
    elif not _is_length(stated[PARTS]):
        st.error(plain(_parts_in_words(stated)))
    else:
        workload = _checked(Workload, stated)
    with top:
        _ask_preset(session.the_catalog(), workload)
    return workload, beside_tolerance


def _checked(model: type[Model], stated: Mapping[str, object]) -> Model | None:
    """What was stated, with defaults for fields left empty; None with the reason shown."""
    default = model()
    empty = {n for n in stated if stated[n] is None and getattr(default, n) is not None}
    try:
        return model.of({name: value for name, value in stated.items() if name not in empty})
    except WorkloadError as error:
        st.error(plain(_in_titles(str(error))))
        return None


def _in_titles(text: str) -> str:
    """A sentence that calls the workload's fields what the form calls them."""
    fields = Workload.model_fields
    titles = {name: f"'{info.title}'" for name, info in fields.items() if "_" in name}
    return re.sub(r"\b[a-z0-9_]+\b", lambda name: titles.get(name[0], name[0]), text)


def _words(
    field: str, model: type[Workload] | type[Assumptions] = Workload, mark: str = ""
) -> FieldWords:
    info = model.model_fields[field]
    return {
        "label": f"{info.title or field}{mark}",
        "help": plain(info.description or ""),
        "key": field,
        "bind": "query-params",
    }


def _number(field: str, *, off: bool = False) -> int | None:
    """A field of whole numbers."""
    value: int | None = getattr(DEFAULT, field)
    low, high = (int(bound) for bound in bounds(field))
    return st.number_input(
        **_words(field), min_value=low, max_value=high, value=value, disabled=off
    )


def _fraction(field: str) -> float | None:
    """A field of numbers that need not be whole."""
    value: float | None = getattr(DEFAULT, field)
    low, high = (float(bound) for bound in bounds(field))
    return st.number_input(**_words(field), min_value=low, max_value=high, value=value)


def _choice(field: str, options: list[str], *, off: bool = False) -> str:
    """One of choices that stand side by side."""
    value: str = getattr(DEFAULT, field)
    return st.segmented_control(
        **_words(field), options=options, default=value, required=True, disabled=off
    )


def _yes(field: str, *, off: bool = False) -> bool:
    return st.toggle(**_words(field), value=getattr(DEFAULT, field), disabled=off)


def _listed(field: str, options: list[str], *, off: bool = False) -> str:
    """One of a list, the first where nothing is chosen."""
    return st.selectbox(**_words(field), options=options, disabled=off)


def _several(field: str, options: list[str], *, off: bool = False) -> list[str]:
    default = list(getattr(DEFAULT, field))
    return st.multiselect(**_words(field), options=options, default=default, disabled=off)


def _ask_need() -> dict[str, object]:
    """The job, the languages, the volumes and the lengths."""
    stated: dict[str, object] = {"task": _choice("task", list(KINDS_FOR_TASK))}
    off = unused(stated["task"])
    stated["languages"] = _several("languages", languages(session.the_catalog()))
    left, right = st.columns(2)
    with left:
        stated["passages"] = passages = _number("passages", off="passages" in off)
        stated["queries_per_month"] = queries = _number("queries_per_month")
        stated["query_tokens"] = _number("query_tokens")
    with right:
        stated["passage_tokens"] = _number("passage_tokens")
        stated["passage_tokens_p95"] = _number("passage_tokens_p95")
        stated["rerank_candidates"] = _number("rerank_candidates", off="rerank_candidates" in off)
    corpus = "" if "passages" in off else f"{formatting.large(passages)} passages, "
    st.caption(f"{corpus}{formatting.large(queries)} queries a month")
    new = "new_passages_per_month"
    return stated | {new: _number(new, off=new in off)}


def _ask_texts(task: object) -> dict[str, object]:
    """How texts are cut, what vectors are wanted, and where they are kept."""
    off = unused(task)
    with st.expander("Texts and outputs", icon=":material/article:"):
        outputs = ["dense", "sparse", "multi_vector"]
        types = ["float32", "float16", "int8", "binary"]
        kept_in = stores(session.the_catalog())
        return {
            **_ask_parts(),
            "cross_lingual": _yes("cross_lingual"),
            "outputs": _several("outputs", outputs, off="outputs" in off),
            "vector_store": _listed("vector_store", kept_in, off="vector_store" in off),
            "vector_type": _listed("vector_type", types, off="vector_type" in off),
        }


def _ask_parts() -> dict[str, object]:
    """The length of parts and what they share; the default is left out, it is for long parts."""
    parts, overlap = st.columns(2, vertical_alignment="bottom")
    with parts:
        words = _words(PARTS, mark=f", or {WRITTEN_NULL}")
        # A list that takes other numbers too, as Streamlit 1.67 has it, makes 0 of 4000 typed over
        # 400.
        length = st.text_input(
            **words, value=str(DEFAULT.chunk_tokens), max_chars=12, on_change=_tidy_length
        )
    stated: dict[str, object] = {PARTS: length or str(DEFAULT.chunk_tokens)}
    with overlap:
        shared = _number(OVERLAP, off=length == WRITTEN_NULL)
    if shared not in (None, DEFAULT.chunk_overlap_tokens):
        stated[OVERLAP] = shared
    st.caption(plain(_parts_in_words(stated)))
    return stated


def _parts_in_words(stated: Mapping[str, object]) -> str:
    """What becomes of a passage, or why nothing can."""
    length, name = stated[PARTS], Workload.model_fields[PARTS].title
    if not _is_length(length):
        low, high = map(formatting.count, bounds(PARTS))
        remedy = f"Type a whole number of tokens from {low} to {high}, or {WRITTEN_NULL}."
        return f"{name}: '{length}' cannot be used. {remedy}"
    parts = {field: stated[field] for field in (PARTS, OVERLAP) if field in stated}
    try:
        workload = Workload.of(parts)
    except WorkloadError as error:
        return _in_titles(str(error))
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


def _is_length(stated: object) -> bool:
    """Whether it is a length of parts, or says that passages are kept whole."""
    try:
        Workload.of({PARTS: stated})
    except WorkloadError:
        return False
    return True


def _ask_place() -> dict[str, object]:
    """Hosted or own, and what own machines have to be."""
    with st.expander("Where it runs", icon=":material/dns:"):
        placement = _choice("placement", ["any", "hosted", "own"])
        hosted = placement == "hosted"
        return {
            "placement": placement,
            "hardware": _choice("hardware", ["any", "cpu", "gpu"], off=hosted),
            "data_may_leave": _yes("data_may_leave"),
            "redundancy": _yes("redundancy", off=hosted),
            "peak_queries_per_second": _fraction("peak_queries_per_second"),
        }


def _ask_limits() -> tuple[dict[str, object], DeltaGenerator]:
    """What must not be exceeded, and what decides; a place beside the tolerance."""
    with st.expander("Limits and licence", icon=":material/rule:"):
        stated: dict[str, object] = {
            "budget_usd_per_month": _fraction("budget_usd_per_month"),
            "latency_ms_p95": _fraction("latency_ms_p95"),
            "licence": _choice("licence", ["any", "commercial", "permissive"]),
        }
    with st.expander("How to choose", icon=":material/tune:"):
        stated["priority"] = _choice("priority", ["balanced", "quality", "cost"])
        stated["quality_tolerance"] = _fraction("quality_tolerance")
        beside_tolerance = st.empty()
        stated["material_usd"] = _fraction("material_usd")
    return stated, beside_tolerance


def _ask_preset(catalog: Catalog, workload: Workload | None) -> None:
    """The cases to start from; shows the one that the form holds."""
    presets = catalog.shown_presets
    same = [key for key, preset in presets.items() if workload == Workload.of(preset.workload)]
    st.session_state["preset"] = same[0] if same else None
    st.selectbox(
        "Start from",
        list(presets),
        index=None,
        key="preset",
        format_func=lambda key: presets[key].name,
        placeholder="your own figures",
        on_change=_preset_chosen,
        help="A typical case, put into the form below.",
    )


def _preset_chosen() -> None:
    """Puts the chosen preset's figures into the form."""
    presets, key = session.the_catalog().shown_presets, st.session_state.get("preset")
    if key in presets:
        put(Workload.of(presets[key].workload))


def ask_assumptions() -> Assumptions | None:
    """What the estimates take for granted; None, with the reason shown, where they cannot be."""
    default = Assumptions()
    changed = [name for name in session.ASSUMED if _is_changed(name, getattr(default, name))]
    label = f"Assumptions ({len(changed)} changed)" if changed else "Assumptions"
    stated: dict[str, object] = {}
    with st.expander(label, icon=":material/science:"):
        for name in session.ASSUMED:
            if name == MEASURED[0]:
                st.caption(MEASURED_MACHINE)
            words = _words(name, Assumptions, " (changed)" if name in changed else "")
            stated[name] = _ask_assumption(name, words, getattr(default, name))
        icon = ":material/restart_alt:"
        st.button("Reset all", on_click=reset_assumptions, disabled=not changed, icon=icon)
    return _checked(Assumptions, stated)


_SIDE_BY_SIDE = {"machine_prices": ["on-demand", "spot"], "precision": ["default", *PRECISIONS]}


def _ask_assumption(name: str, words: FieldWords, default: Any) -> object:
    """One of the assumptions, as its kind of value is asked for."""
    if options := _SIDE_BY_SIDE.get(name):
        return st.segmented_control(**words, options=options, default=default, required=True)
    if name == "your_price_variant":
        models = encoders(session.the_catalog())
        index = models.index(default) if default in models else 0
        return st.selectbox(**words, options=models, index=index)
    if name in ("measured_variant", "measured_precision"):
        models = encoders(session.the_catalog())
        options = models if name == "measured_variant" else list(PRECISIONS)
        return st.selectbox(**words, options=options, index=None, placeholder="none")
    if name == "measured_on":
        return st.text_input(**words, value=default, max_chars=10) or None
    least, most = bounds(name, Assumptions)
    if name == "measured_tokens":
        return st.number_input(**words, min_value=int(least), max_value=int(most), value=default)
    low, high = float(least), float(most)
    return st.number_input(**words, min_value=low, max_value=high, value=default, format="%g")


def _is_changed(name: str, default: object) -> bool:
    """Whether an assumption is not its default; the first run of a link has it in the address."""
    if name in st.session_state:
        return st.session_state[name] not in (default, "")
    return bool(st.query_params.get(name))


def reset_assumptions() -> None:
    """Puts every assumption back to its default."""
    for name, value in Assumptions().model_dump().items():
        if name in st.session_state:
            st.session_state[name] = value


def ask_scores(workload: Workload) -> list[str]:
    """The sets of published scores to rank by, where others than the preferred are asked for."""
    catalog, spoken = session.the_catalog(), tuple(sorted(set(workload.languages)))
    chosen = []
    for kind in KINDS_FOR_TASK[workload.task]:
        sets = evidence.offered(catalog, kind, spoken, catalog.variants)
        label, hint = f"Published scores to rank {kind}s by", "the set that fits best"
        ids = [each.id for each in sets]
        key = SCORES[kind]
        set_id = st.selectbox(
            label, ids, None, key=key, bind="query-params", placeholder=hint, help=SCORES_HELP
        )
        chosen += [set_id] if set_id else []
    return chosen
