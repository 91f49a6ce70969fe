"""The form of a question: workload, scores and assumptions, bound to the address; and what of an address it cannot take."""

from __future__ import annotations

from typing import Literal, TypedDict

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor import catalog, telemetry
from advisor.ask.assumptions import MEASURED, PRECISIONS, Assumptions
from advisor.ask.workload import Workload, bounds, unused
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.catalog import Catalog
from advisor.decide import build, evidence, recommend
from advisor.decide.build import KINDS_FOR_TASK
from advisor.decide.priced import priced
from advisor.decide.query import SCORES, VIEW, ignored, infinite
from advisor.decide.recommend import Recommendation
from advisor.decide.stores import index_stores
from pages.parts import links, markdown, session

DEFAULT = Workload()


class FieldWords(TypedDict):
    """What every field of the form is given: its name, its help, and its place in the address."""

    label: str
    help: str
    key: str
    bind: Literal["query-params"]


def _ignored() -> list[str]:
    """What the page cannot take of the address that it was opened by."""
    found = session.the_catalog()
    given = {name: st.query_params.get_all(name) for name in st.query_params}
    return ignored(given, _choices(found), VIEW, (Workload, Assumptions))


def _choices(found: Catalog) -> dict[str, list[str]]:
    """The values that the lists of the form offer, by parameter."""
    return {
        "task": list(KINDS_FOR_TASK),
        "languages": languages(found),
        "vector_store": stores(found),
        "your_price_variant": models(found),
        "measured_variant": models(found),
        "measured_precision": list(PRECISIONS),
        "plan": build.plan_ids(priced(found, _assumed())),
        "offer": build.plan_ids(priced(found, _assumed())),
        **{
            SCORES[kind]: [key for key, s in found.evidence_sets.items() if s.kind == kind]
            for kind in SCORES
        },
    }


def _assumed() -> Assumptions:
    """The assumptions that the address states; the defaults where they do not go together, of which the form tells."""
    stated = {name: st.query_params[name] for name in session.ASSUMED if st.query_params.get(name)}
    try:
        return Assumptions.of(stated)
    except WorkloadError:
        return Assumptions()


def models(found: Catalog) -> list[str]:
    """Ids of all embedders and rerankers."""
    return [key for key, v in found.variants.items() if v.kind in ("embedder", "reranker")]


def languages(found: Catalog) -> list[str]:
    """Codes of all languages that some variant lists."""
    return sorted({code for v in found.variants.values() for code in v.languages or ()})


def stores(found: Catalog) -> list[str]:
    """What the index may be kept in."""
    return ["ram", "none", *index_stores(found)]


def show_ignored() -> None:
    """Says what of the address could not be taken."""
    if session.IGNORED not in st.session_state:
        st.session_state[session.IGNORED] = _ignored()
        endless = infinite({name: st.query_params.get_all(name) for name in st.query_params})
        if endless:  # Streamlit 1.67 ends the page with an error when it binds them to a field of whole numbers
            for name in endless:
                del st.query_params[name]
            st.rerun()
    if told := st.session_state[session.IGNORED]:
        st.warning(
            "Of the link these could not be taken as they stand; where nothing else is said, the form has its default:\n"
            + "\n".join(f"- {markdown.plain(line)}" for line in told)
        )


def _preset_chosen() -> None:
    """Puts the chosen preset's figures into the form."""
    chosen = st.session_state.get("preset")
    presets = session.the_catalog().presets
    if chosen in presets:
        put(Workload.of(presets[chosen].workload))


def put(workload: Workload) -> None:
    """Puts a workload into the form; for the callbacks of buttons and lists."""
    for field, value in workload.model_dump().items():
        if field in st.session_state:
            st.session_state[field] = list(value) if isinstance(value, tuple) else value


def ask_workload() -> Workload | None:
    """The form, bound to the address; None, with the reason on the screen, while its figures do not go together."""
    top = st.container()
    with st.container(border=True):
        stated = _ask_need()
    stated |= _ask_texts(stated["task"]) | _ask_place() | _ask_limits()
    workload = _checked(stated, DEFAULT)
    with top:
        _ask_preset(session.the_catalog(), workload)
    return workload


def _words(field: str) -> FieldWords:
    info = Workload.model_fields[field]
    return {
        "label": info.title or field,
        "help": markdown.plain(info.description or ""),
        "key": field,
        "bind": "query-params",
    }


def _number(field: str, *, off: bool = False) -> int | None:
    """A field of whole numbers."""
    value: int | None = getattr(DEFAULT, field)
    least, most = bounds(field)
    return st.number_input(
        **_words(field), min_value=int(least), max_value=int(most), value=value, disabled=off
    )


def _fraction(field: str) -> float | None:
    """A field of numbers that need not be whole."""
    value: float | None = getattr(DEFAULT, field)
    least, most = bounds(field)
    return st.number_input(
        **_words(field), min_value=float(least), max_value=float(most), value=value
    )


def _one(field: str, options: list[str], *, off: bool = False) -> str:
    value: str = getattr(DEFAULT, field)
    return st.segmented_control(
        **_words(field), options=options, default=value, required=True, disabled=off
    )


def _yes(field: str, *, off: bool = False) -> bool:
    return st.toggle(**_words(field), value=getattr(DEFAULT, field), disabled=off)


def _several(field: str, options: list[str], *, off: bool = False) -> list[str]:
    return st.multiselect(
        **_words(field), options=options, default=list(getattr(DEFAULT, field)), disabled=off
    )


def _ask_need() -> dict[str, object]:
    """The job, the languages, the volumes and the lengths."""
    stated: dict[str, object] = {"task": _one("task", list(KINDS_FOR_TASK))}
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
    stated["new_passages_per_month"] = _number(
        "new_passages_per_month", off="new_passages_per_month" in off
    )
    return stated


def _ask_texts(task: object) -> dict[str, object]:
    """How texts are cut, what vectors are wanted, and where they are kept."""
    off = unused(task)
    with st.expander("Texts and outputs", icon=":material/article:"):
        return {
            "split_long_passages": _yes("split_long_passages"),
            "cross_lingual": _yes("cross_lingual"),
            "outputs": _several(
                "outputs", ["dense", "sparse", "multi_vector"], off="outputs" in off
            ),
            "vector_store": st.selectbox(
                **_words("vector_store"),
                options=stores(session.the_catalog()),
                disabled="vector_store" in off,
            ),
            "vector_type": st.selectbox(
                **_words("vector_type"),
                options=["float32", "float16", "int8", "binary"],
                disabled="vector_type" in off,
            ),
        }


def _ask_place() -> dict[str, object]:
    """Hosted or own, and what own machines have to be."""
    with st.expander("Where it runs", icon=":material/dns:"):
        placement = _one("placement", ["any", "hosted", "own"])
        return {
            "placement": placement,
            "hardware": _one("hardware", ["any", "cpu", "gpu"], off=placement == "hosted"),
            "data_may_leave": _yes("data_may_leave"),
            "redundancy": _yes("redundancy", off=placement == "hosted"),
            "peak_queries_per_second": _fraction("peak_queries_per_second"),
        }


def _ask_limits() -> dict[str, object]:
    """What must not be exceeded, and what decides."""
    with st.expander("Limits and licence", icon=":material/rule:"):
        stated: dict[str, object] = {
            "budget_usd_per_month": _fraction("budget_usd_per_month"),
            "latency_ms_p95": _fraction("latency_ms_p95"),
            "licence": _one("licence", ["any", "commercial", "permissive"]),
        }
    with st.expander("How to choose", icon=":material/tune:"):
        return stated | {
            "priority": _one("priority", ["balanced", "quality", "cost"]),
            "quality_tolerance": _fraction("quality_tolerance"),
            "material_usd": _fraction("material_usd"),
        }


def _checked(stated: dict[str, object], default: Workload) -> Workload | None:
    """The workload that was stated, remembered for the other pages; None with the reason shown."""
    empty = [
        Workload.model_fields[field].title
        for field in ("languages", "outputs")
        if not stated[field]
    ]
    if empty:
        st.error(f"{formatting.listed([str(name) for name in empty])}: choose at least one.")
        return None
    kept = {
        field: getattr(default, field)
        if value is None and getattr(default, field) is not None
        else value
        for field, value in stated.items()
    }
    try:
        workload = Workload.of(kept)
    except WorkloadError as error:
        st.error(markdown.plain(str(error)))
        return None
    return workload


def _ask_preset(found: Catalog, workload: Workload | None) -> None:
    """The cases to start from; shows the one that the form holds."""
    same = [
        key for key, preset in found.presets.items() if workload == Workload.of(preset.workload)
    ]
    st.session_state["preset"] = same[0] if same else None
    st.selectbox(
        "Start from",
        list(found.presets),
        index=None,
        key="preset",
        format_func=lambda key: found.presets[key].name,
        placeholder="your own figures",
        on_change=_preset_chosen,
        help="A typical case, put into the form below.",
    )


def ask(title: str) -> tuple[Recommendation, DeltaGenerator]:
    """The form on the left, the recommendation for it today, and the place on the right for the answer; stops where the form has faults."""
    st.title(title)
    show_ignored()
    form, place = st.columns([1, 2], gap="large")
    with form:
        workload = ask_workload()
    if workload is None:
        place.info("The answer comes when the figures on the form go together.")
        st.stop()
    with form:
        asked = ask_scores(workload)
        assumptions = ask_assumptions()
    if assumptions is None:
        place.info("The answer comes when the assumptions go together.")
        st.stop()
    with telemetry.RECOMMEND_SECONDS.labels("page").time():
        found = recommend.recommend(
            session.the_catalog(), workload, catalog.today(), asked, assumptions
        )
    st.session_state[session.STORED] = links.params(found)
    return found, place


def ask_assumptions() -> Assumptions | None:
    """What the estimates take for granted, to change and to reset; None, with the reason on the screen, where they cannot be."""
    fields, default = Assumptions.model_fields, Assumptions()
    changed = [name for name in session.ASSUMED if _is_changed(name, getattr(default, name))]
    label = f"Assumptions ({len(changed)} changed)" if changed else "Assumptions"
    stated: dict[str, object] = {}
    with st.expander(label, icon=":material/science:"):
        for name in session.ASSUMED:
            if name == MEASURED[0]:
                st.caption(
                    "A machine of yours, as measured: Live measures this one and fills these in. All of it, or none."
                )
            mark = " (changed)" if name in changed else ""
            words: FieldWords = {
                "label": f"{fields[name].title}{mark}",
                "help": markdown.plain(fields[name].description or ""),
                "key": name,
                "bind": "query-params",
            }
            value = getattr(default, name)
            if name == "machine_prices":
                stated[name] = st.segmented_control(
                    **words, options=["on-demand", "spot"], default=value, required=True
                )
            elif name == "precision":
                stated[name] = st.segmented_control(
                    **words,
                    options=["default", "fp32", "fp16", "int8"],
                    default=value,
                    required=True,
                )
            elif name == "your_price_variant":
                options = models(session.the_catalog())
                stated[name] = st.selectbox(
                    **words, options=options, index=options.index(value) if value in options else 0
                )
            elif name == "measured_variant":
                stated[name] = st.selectbox(
                    **words, options=models(session.the_catalog()), index=None, placeholder="none"
                )
            elif name == "measured_precision":
                stated[name] = st.selectbox(
                    **words, options=PRECISIONS, index=None, placeholder="none"
                )
            elif name == "measured_on":
                stated[name] = st.text_input(**words, value=value, max_chars=10) or None
            elif name == "measured_tokens":
                least, most = bounds(name, Assumptions)
                stated[name] = st.number_input(
                    **words, min_value=int(least), max_value=int(most), value=value
                )
            else:
                least, most = bounds(name, Assumptions)
                stated[name] = st.number_input(
                    **words, min_value=float(least), max_value=float(most), value=value, format="%g"
                )
        st.button(
            "Reset all",
            on_click=reset_assumptions,
            disabled=not changed,
            icon=":material/restart_alt:",
        )
    try:
        return Assumptions.of(
            {
                name: value
                for name, value in stated.items()
                if value is not None or getattr(default, name) is None
            }
        )
    except WorkloadError as error:
        st.error(markdown.plain(str(error)))
        return None


def _is_changed(name: str, default: object) -> bool:
    """Whether an assumption is not its default; the first run of a link has it in the address alone."""
    return (
        st.session_state[name] not in (default, "")
        if name in st.session_state
        else bool(st.query_params.get(name))
    )


def reset_assumptions() -> None:
    """Puts every assumption back to its default."""
    for name, value in Assumptions().model_dump().items():
        if name in st.session_state:
            st.session_state[name] = value


def ask_scores(workload: Workload) -> list[str]:
    """The sets of published scores to rank by, where others than the preferred ones are asked for."""
    found = session.the_catalog()
    kinds = KINDS_FOR_TASK[workload.task]
    asked = []
    for kind in kinds:
        sets = {
            s.id: s
            for s in evidence.offered(
                found, kind, tuple(sorted(set(workload.languages))), found.variants
            )
        }
        chosen = st.selectbox(
            f"Published scores to rank {kind}s by",
            list(sets),
            index=None,
            key=SCORES[kind],
            bind="query-params",
            placeholder="the set that fits best",
            help="Left empty, the most general set that compares the models that fit. Each set is a benchmark with one metric, measured by one party; sets are never mixed.",
        )
        asked += [chosen] if chosen else []
    return asked
