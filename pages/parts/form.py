"""The form of a question, bound to the address; and what of an address it cannot take."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Literal, TypedDict

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor import catalog as catalogs
from advisor import telemetry
from advisor.ask import languages as iso639
from advisor.ask.assumptions import MEASURED, PRECISIONS, Assumptions
from advisor.ask.stated import WRITTEN_NULL
from advisor.ask.workload import Workload, bounds, unused
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.catalog import Catalog
from advisor.decide import build, evidence, recommend
from advisor.decide.build import KINDS_FOR_TASK
from advisor.decide.priced import priced
from advisor.decide.query import SCORES, VIEW, AdviceQuestion, ignored, infinite
from advisor.decide.recommend import Recommendation
from advisor.decide.stores import index_stores
from advisor.explain import sentences
from advisor.family.price_list import gone_plans
from pages.parts import answer, links, old_links, session
from pages.parts.form_faults import (
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
from pages.parts.markdown import bullets, plain

IGNORED = "This link could not be read in full. Unless it says otherwise, the default is used:"
MEASURED_MACHINE = (
    "A machine of yours, as measured: Live measures this one and fills these in. "
    "All of it, or none."
)
SCORES_HELP = (
    "Left empty, the most general set that compares the models that fit. "
    "Each set is a benchmark with one metric, measured by one party; sets are never mixed."
)
WAITS = "Fix what is marked in the form to get an answer."
MOST_DIFFERENCES = 3  # that the mark of an old answer names


class FieldWords(TypedDict):
    """What every field of the form is given: its name, its help, and its place in the address."""

    label: str
    help: str
    key: str
    bind: Literal["query-params"]


def ask(title: str) -> tuple[Recommendation, DeltaGenerator, bool]:
    """The form on the left; a recommendation, the place on the right for it, and whether it is for
    what the form says.

    While the form has faults it is the last one of this visit; stops where there was none.
    """
    st.title(title)
    show_ignored()
    form, place = st.columns([1, 2], gap="large")
    before = session.last_question()
    with form:
        needs, beside_tolerance = ask_workload()
        known = [text for text in needs.values["languages"] if iso639.code(text)]
        last = (before.workload if before else DEFAULT).languages
        sets = ask_scores(needs.values["task"], known or last)
        assumed = ask_assumptions()
    workload, assumptions = needs.whole(), assumed.whole()
    if workload is not None and assumptions is not None:
        question, updated = AdviceQuestion(workload, assumptions, tuple(sets)), True
    elif before is not None:
        question, updated = before, False
        place.warning(plain(_not_updated(needs, assumed, before)))
    else:
        place.info(WAITS)
        st.stop()
    recommendation = _recommendation(question)
    if updated:
        beside_tolerance.caption(plain(" ".join(sentences.yardsticks(recommendation))))
        st.session_state[session.STORED] = links.params(recommendation)
    return recommendation, place, updated


def _not_updated(
    needs: Entries[Workload], assumed: Entries[Assumptions], before: AdviceQuestion
) -> str:
    """Says what the last answer is for, where the form says something else."""
    figures = needs.differences(before.workload) + assumed.differences(before.assumptions)
    few = 0 < len(figures) <= MOST_DIFFERENCES
    what = f"with {formatting.listed(figures)}" if few else "for the figures before"
    return f"{answer.NOT_UPDATED} this is the answer {what}. Fix what is marked in the form."


def _recommendation(question: AdviceQuestion) -> Recommendation:
    """Today's recommendation for a question."""
    catalog, today = session.the_catalog(), catalogs.today()
    with telemetry.RECOMMEND_SECONDS.labels("page").time():
        return recommend.recommend(
            catalog, question.workload, today, question.asked_sets, question.assumptions
        )


def show_ignored() -> None:
    """Says what of the address could not be taken, and leaves in it what can."""
    if session.IGNORED not in st.session_state:
        params = {name: st.query_params.get_all(name) for name in st.query_params}
        catalog, models = session.the_catalog(), (Workload, Assumptions)
        # What is no language is a fault of its field, with what mends it.
        others = {n: values for n, values in params.items() if n != old_links.LANGUAGES}
        lines = ignored(others, _choices(catalog), VIEW, models, gone_plans(catalog))
        st.session_state[session.IGNORED] = [*lines, *old_links.stated_twice(params)]
        # Streamlit 1.67 ends the page with an error where it binds endless numbers to a whole one,
        # and takes any text for a length of parts.
        odd = {PARTS} if not is_length(params.get(PARTS, [WRITTEN_NULL])[-1]) else set()
        clean = old_links.under_new_names(params)
        clean = {n: v for n, v in clean.items() if n not in {*infinite(params), *odd}}
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
            st.session_state[field] = in_box(field, value)


def ask_workload() -> tuple[Entries[Workload], DeltaGenerator]:
    """The form, and the place beside the tolerance for the model that it is measured from."""
    top, needs = st.container(), Entries(Workload)
    with st.container(border=True):
        _ask_need(needs)
    _ask_texts(needs)
    _ask_place(needs)
    beside_tolerance = _ask_limits(needs)
    with top:
        _ask_preset(session.the_catalog(), needs.whole())
    return needs, beside_tolerance


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


def _ask_need(needs: Entries[Workload]) -> None:
    """The job, the languages, the volumes and the lengths."""
    task = _choice("task", list(KINDS_FOR_TASK))
    off = unused(task)
    needs.add({"task": task, "languages": ask_languages()})
    volumes, lengths = st.columns(2)
    with volumes:
        passages = _number("passages", off="passages" in off)
        queries = _number("queries_per_month")
    with lengths:
        typical, p95 = _number(TYPICAL), _number(P95)
    needs.add({TYPICAL: typical, P95: p95, "passages": passages, "queries_per_month": queries})
    left, right = st.columns(2)
    with left:
        tokens = _number("query_tokens")
    with right:
        candidates = _number("rerank_candidates", off="rerank_candidates" in off)
    corpus = "" if "passages" in off else f"{formatting.large(passages)} passages, "
    st.caption(f"{corpus}{formatting.large(queries)} queries a month")
    new = "new_passages_per_month"
    changed = _number(new, off=new in off)
    needs.add({"query_tokens": tokens, "rerank_candidates": candidates, new: changed})


def ask_languages() -> list[str]:
    """Languages by code; what was typed and is none stands as it is, for a fault to name it."""
    typed = st.multiselect(
        **_words("languages"),
        options=languages(session.the_catalog()),
        default=list(DEFAULT.languages),
        accept_new_options=True,
        select_all=False,  # which a second Enter would choose
        placeholder="A code, or a name: German",
        on_change=_tidy_languages,
    )
    return iso639.codes(typed)


def _tidy_languages() -> None:
    typed = st.session_state["languages"]
    if (codes := iso639.codes(typed)) != typed:
        st.session_state["languages"] = codes


def _ask_texts(needs: Entries[Workload]) -> None:
    """How texts are cut, what vectors are wanted, and where they are kept."""
    off = unused(needs.values["task"])
    with needs.section("Texts and outputs", ":material/article:"):
        outputs = ["dense", "sparse", "multi_vector"]
        unasked = list(DEFAULT.outputs) if "outputs" in off else []
        types = ["float32", "float16", "int8", "binary"]
        kept_in = stores(session.the_catalog())
        _ask_parts(needs)
        needs.add(
            {
                "cross_lingual": _yes("cross_lingual"),
                "outputs": _several("outputs", outputs, off="outputs" in off) or unasked,
            }
        )
        needs.add(
            {
                "vector_store": _listed("vector_store", kept_in, off="vector_store" in off),
                "vector_type": _listed("vector_type", types, off="vector_type" in off),
            }
        )


def _ask_parts(needs: Entries[Workload]) -> None:
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
    needs.add(stated)
    if not faults_in(Workload, stated):
        st.caption(plain(_parts_in_words(Workload.of(stated))))


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


def _ask_place(needs: Entries[Workload]) -> None:
    """Hosted or own, and what own machines have to be."""
    with needs.section("Where it runs", ":material/dns:"):
        placement = _choice("placement", ["any", "hosted", "own"])
        hosted = placement == "hosted"
        needs.add(
            {
                "placement": placement,
                "hardware": _choice("hardware", ["any", "cpu", "gpu"], off=hosted),
                "data_may_leave": _yes("data_may_leave"),
                "redundancy": _yes("redundancy", off=hosted),
                "peak_queries_per_second": _fraction("peak_queries_per_second"),
            }
        )


def _ask_limits(needs: Entries[Workload]) -> DeltaGenerator:
    """What must not be exceeded, and what decides; the place beside the tolerance."""
    with needs.section("Limits and licence", ":material/rule:"):
        needs.add(
            {
                "budget_usd_per_month": _fraction("budget_usd_per_month"),
                "latency_ms_p95": _fraction("latency_ms_p95"),
                "licence": _choice("licence", ["any", "commercial", "permissive"]),
            }
        )
    with needs.section("How to choose", ":material/tune:"):
        priority = _choice("priority", ["balanced", "quality", "cost"])
        tolerance = _fraction("quality_tolerance")
        beside_tolerance = st.empty()
        point = _fraction("material_usd")
        needs.add({"priority": priority, "quality_tolerance": tolerance, "material_usd": point})
    return beside_tolerance


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


def ask_assumptions() -> Entries[Assumptions]:
    """What the estimates take for granted."""
    default, assumed = Assumptions(), Entries(Assumptions)
    changed = [name for name in session.ASSUMED if _is_changed(name, getattr(default, name))]
    label = f"Assumptions ({len(changed)} changed)" if changed else "Assumptions"
    stated: dict[str, object] = {}
    with assumed.section(label, ":material/science:", "Assumptions"):
        for name in session.ASSUMED:
            if name == MEASURED[0]:
                st.caption(MEASURED_MACHINE)
            words = _words(name, Assumptions, " (changed)" if name in changed else "")
            stated[name] = _ask_assumption(name, words, getattr(default, name))
        assumed.add(stated)  # at once: of a measured machine all is stated together
        icon = ":material/restart_alt:"
        st.button("Reset all", on_click=reset_assumptions, disabled=not changed, icon=icon)
    return assumed


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


def ask_scores(task: str, spoken: Collection[str]) -> list[str]:
    """The sets of published scores to rank by, where others than the preferred are asked for."""
    catalog, codes = session.the_catalog(), tuple(sorted(set(spoken)))
    chosen = []
    for kind in KINDS_FOR_TASK[task]:
        sets = evidence.offered(catalog, kind, codes, catalog.variants)
        label, hint = f"Published scores to rank {kind}s by", "the set that fits best"
        ids = [each.id for each in sets]
        key = SCORES[kind]
        set_id = st.selectbox(
            label, ids, None, key=key, bind="query-params", placeholder=hint, help=SCORES_HELP
        )
        chosen += [set_id] if set_id else []
    return chosen
