"""What several pages share: the catalog, the workload's form, links to sources and pages."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from advisor import catalog, evidence, plans, prices, reasons, recommend, storage, units
from advisor.assumptions import Assumptions
from advisor.catalog import Catalog
from advisor.charts import Chart
from advisor.errors import CatalogError, WorkloadError
from advisor.plans import KINDS_FOR_TASK
from advisor.recommend import Recommendation
from advisor.workload import Workload, bounds, ignored, unused

WITH_WORKLOAD = ("advise", "cost")
OTHERS = (
    "embed",
    "embed_options",
    "part",
    "volume",
    "index_model",
    "break_even_embedder",
    "break_even_reranker",
    "machine_embedder",
    "machine_reranker",
)
"""Parameters of the address that pages read beside the question."""
FIELDS = tuple(Workload.model_fields)
ASSUMED = tuple(Assumptions.model_fields)
STORED = "workload"
LIVE = "live_prices"
SCORES = {"embedder": "scores", "reranker": "rerank_scores"}
"""The address parameter of the scores that rank each kind."""
# Streamlit 1.67 writes multiselect tags in white on the primary colour in either theme: 2.2:1 on our dark one.
TAGS = ", ".join(f".st-key-{key} [data-tag]" for key in ("languages", "outputs", "variants")) + " {background-color: #0f5f8c}"


def start(page: Any) -> None:
    """Loads the catalog, or shows what is wrong with it; brings the workload along to the pages that use it."""
    st.html(f"<style>{TAGS}</style>")
    try:
        the_catalog()
    except CatalogError as error:
        show_faults(error)
        st.stop()
    entered = st.session_state.get("page") != page.url_path
    if entered:
        st.session_state["ignored"] = _ignored() if page.url_path in WITH_WORKLOAD else []
    st.session_state["page"] = page.url_path
    stored = st.session_state.get(STORED)
    asked = {*FIELDS, *ASSUMED, *SCORES.values()} & set(st.query_params)
    if entered and stored and page.url_path in WITH_WORKLOAD and not asked:
        st.switch_page(page, query_params=stored)


def _ignored() -> list[str]:
    """What the page cannot take of the address that it was opened by."""
    found = the_catalog()
    given = {name: st.query_params.get_all(name) for name in st.query_params}
    return ignored(given, _choices(found), OTHERS, (Workload, Assumptions))


def _choices(found: Catalog) -> dict[str, list[str]]:
    """The values that the lists of the form offer, by parameter."""
    return {
        "task": list(KINDS_FOR_TASK),
        "languages": languages(found),
        "vector_store": stores(found),
        "your_price_variant": [key for key, v in found.variants.items() if v.kind in ("embedder", "reranker")],
        "plan": plans.ids(found),
        "offer": plans.ids(found),
        **{SCORES[kind]: [key for key, s in found.evidence_sets.items() if s.kind == kind] for kind in SCORES},
    }


def languages(found: Catalog) -> list[str]:
    """Codes of all languages that some variant lists."""
    return sorted({code for v in found.variants.values() for code in v.languages or ()})


def stores(found: Catalog) -> list[str]:
    """What the index may be kept in."""
    return ["ram", "none", *storage.stores(found)]


def show_ignored() -> None:
    """Says what of the address could not be taken."""
    told = st.session_state.get("ignored", [])
    if told:
        st.warning(
            "Of the link these could not be taken as they stand; where nothing else is said, the form has its default:\n"
            + "\n".join(f"- {plain(line)}" for line in told)
        )


def routed() -> None:
    """Hands a page that was opened first of all on a fresh server to app.py.

    Streamlit 1.67 runs files of a `pages` folder by themselves until `st.navigation` has been called once in the
    process; a deep link as the very first visit would show a bare page without navigation.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


@st.cache_resource(max_entries=2, show_spinner="Reading the catalog")
def _load(root: Path, mark: str) -> Catalog:
    return catalog.load(root)


def the_catalog() -> Catalog:
    """The catalog, read again when its files change; with live prices in it where this visit uses them."""
    root = catalog.folder()
    found = _load(root, catalog.fingerprint(root))
    live = st.session_state.get(LIVE)
    return _with_live(found, tuple(sorted(live.items()))) if live else found


@lru_cache(maxsize=8)
def _with_live(found: Catalog, live: tuple[tuple[str, Any], ...]) -> Catalog:
    """One catalog for the same live prices, so that what is worked out from it is kept."""
    return prices.with_prices(found, dict(live))


def novita_key() -> str:
    """The operator's key for Novita, from the environment or the secrets; empty where there is none."""
    if os.environ.get("NOVITA_API_KEY"):
        return os.environ["NOVITA_API_KEY"]
    try:
        return str(st.secrets.get("NOVITA_API_KEY", ""))
    except FileNotFoundError:
        return ""


def show_faults(error: CatalogError) -> None:
    """The page of a catalog that cannot be used."""
    st.title("The catalog cannot be used")
    noun = "fault" if len(error.faults) == 1 else "faults"
    st.markdown(
        f"{len(error.faults)} {noun} found. Mend the files below and reload this page; `python -m advisor validate` prints the same list."
    )
    rows = [
        {"Where": ", ".join(p for p in (f.file, f.entry, f.field) if p), "What is wrong": f.problem, "What to do": f.remedy}
        for f in error.faults[:200]
    ]
    st.table([{key: plain(text) for key, text in row.items()} for row in rows], hide_index=True)
    if len(error.faults) > len(rows):
        st.caption(f"The first {len(rows)} of {len(error.faults)} are shown.")


def plain(text: str) -> str:
    """Text for Markdown in which nothing is a formula, a link, or markup."""
    for sign in "\\`*_{}[]<>#~$|":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ").replace(":", "\\:")


def money(text: str) -> str:
    """Our own Markdown with dollar signs that start no formula."""
    return text.replace("$", "\\$")


def source_links(ids: Iterable[str]) -> str:
    """Links to sources, with title and reading date on hover."""
    known = the_catalog().sources
    links = []
    for number, key in enumerate(dict.fromkeys(ids), 1):
        source = known.get(key)
        if source is None:
            continue
        address = source.url if source.url and source.url.startswith("https://") else f"/sources?source={key}"
        title = f"{source.title}, read {source.accessed.isoformat()}".replace('"', "'").replace("\n", " ")
        links.append(f'[{"source" if number == 1 else number}]({address.replace(" ", "%20").replace(")", "%29")} "{money(title)}")')
    return " ".join(links)


def bullets(sentences: Iterable[tuple[str, Iterable[str]]]) -> str:
    """A list of sentences, each with the links to its sources."""
    return "\n".join(f"- {money(text)} {source_links(ids)}" for text, ids in sentences)


def small(text: str) -> None:
    """A small line under a figure; unlike a caption its links keep the contrast of links."""
    st.markdown(f":small[{text}]")


def variant_link(variant_id: str, name: str) -> str:
    """A link to a variant's page."""
    return f"[{plain(name)}](/variant?variant={variant_id})"


def variant_pages(names: dict[str, str]) -> None:
    """Links to the pages of variants (id to name) that stay in this tab; links in Streamlit's Markdown open another."""
    with st.container(horizontal=True):
        for key, name in names.items():
            st.page_link("pages/variant.py", label=name, icon=":material/info:", query_params={"variant": key})


def show_chart(chart: Chart | None, key: str) -> None:
    """A chart under the sentence that says what to see."""
    if chart is None:
        return
    st.markdown(f"**{money(chart.title)}**")
    st.altair_chart(chart.chart, width="stretch", alt=chart.alt, key=key)


def theme() -> str:
    """`light` or `dark`, for the marks that do not follow the theme by themselves."""
    return "dark" if st.context.theme.type == "dark" else "light"


def params(found: Recommendation) -> dict[str, str | list[str]]:
    """The question of a recommendation as address parameters: its workload, changed assumptions, and the scores that were asked for."""
    kinds = {key: found.catalog.evidence_sets[key].kind for key in found.asked_sets}
    return found.workload.params() | found.assumptions.params() | {SCORES[kind]: key for key, kind in kinds.items()}


def link_to(page: str, found: Recommendation) -> str:
    """The address of a page with the question of a recommendation."""
    base = st.context.url or ""
    root = base.rsplit("/", 1)[0] if base.count("/") > 2 else base
    query = urlencode(params(found), doseq=True)
    return f"{root}/{page}?{query}" if query else f"{root}/{page}"


def _preset_chosen() -> None:
    """Puts the chosen preset's figures into the form."""
    chosen = st.session_state.get("preset")
    presets = the_catalog().presets
    if chosen in presets:
        put(Workload.of(presets[chosen].workload))


def put(workload: Workload) -> None:
    """Puts a workload into the form; for the callbacks of buttons and lists."""
    for field, value in workload.model_dump().items():
        if field in st.session_state:
            st.session_state[field] = list(value) if isinstance(value, tuple) else value


def ask_workload() -> Workload | None:
    """The form, bound to the address; None, with the reason on the screen, while its figures do not go together."""
    found = the_catalog()
    top = st.container()
    default = Workload()

    def words(field: str) -> dict[str, str | None]:
        info = Workload.model_fields[field]
        return {"label": info.title or field, "help": money(info.description or ""), "key": field, "bind": "query-params"}

    def number(field: str, *, whole: bool = True, off: bool = False):
        value = getattr(default, field)
        kind = int if whole else float
        least, most = bounds(field)
        return st.number_input(
            **words(field), min_value=kind(least), max_value=kind(most), value=None if value is None else kind(value), disabled=off
        )

    def one(field: str, options: list[str]):
        return st.segmented_control(**words(field), options=options, default=getattr(default, field), required=True)

    stated: dict[str, object] = {}
    with st.container(border=True):
        stated["task"] = one("task", list(KINDS_FOR_TASK))
        off = unused(Workload.model_construct(task=stated["task"]))
        stated["languages"] = st.multiselect(**words("languages"), options=languages(found), default=list(default.languages))
        left, right = st.columns(2)
        with left:
            stated["passages"] = number("passages", off="passages" in off)
            stated["queries_per_month"] = number("queries_per_month")
            stated["query_tokens"] = number("query_tokens")
        with right:
            stated["passage_tokens"] = number("passage_tokens")
            stated["passage_tokens_p95"] = number("passage_tokens_p95")
            stated["rerank_candidates"] = number("rerank_candidates", off="rerank_candidates" in off)
        passages, queries = stated["passages"], stated["queries_per_month"]
        corpus = "" if "passages" in off else f"{units.large(passages)} passages, "
        st.caption(f"{corpus}{units.large(queries)} queries a month")
        stated["new_passages_per_month"] = number("new_passages_per_month", off="new_passages_per_month" in off)
    with st.expander("Texts and outputs", icon=":material/article:"):
        stated["split_long_passages"] = st.toggle(**words("split_long_passages"), value=default.split_long_passages)
        stated["cross_lingual"] = st.toggle(**words("cross_lingual"), value=default.cross_lingual)
        stated["outputs"] = st.multiselect(
            **words("outputs"), options=["dense", "sparse", "multi_vector"], default=list(default.outputs), disabled="outputs" in off
        )
        stated["vector_store"] = st.selectbox(**words("vector_store"), options=stores(found), disabled="vector_store" in off)
        stated["vector_type"] = st.selectbox(
            **words("vector_type"), options=["float32", "float16", "int8", "binary"], disabled="vector_type" in off
        )
    with st.expander("Where it runs", icon=":material/dns:"):
        stated["placement"] = one("placement", ["any", "hosted", "own"])
        hosted = stated["placement"] == "hosted"
        stated["hardware"] = st.segmented_control(
            **words("hardware"), options=["any", "cpu", "gpu"], default=default.hardware, required=True, disabled=hosted
        )
        stated["data_may_leave"] = st.toggle(**words("data_may_leave"), value=default.data_may_leave)
        stated["redundancy"] = st.toggle(**words("redundancy"), value=default.redundancy, disabled=hosted)
        stated["peak_queries_per_second"] = number("peak_queries_per_second", whole=False)
    with st.expander("Limits and licence", icon=":material/rule:"):
        stated["budget_usd_per_month"] = number("budget_usd_per_month", whole=False)
        stated["latency_ms_p95"] = number("latency_ms_p95", whole=False)
        stated["licence"] = one("licence", ["any", "commercial", "permissive"])
    with st.expander("How to choose", icon=":material/tune:"):
        stated["priority"] = one("priority", ["balanced", "quality", "cost"])
        stated["quality_tolerance"] = number("quality_tolerance", whole=False)
        stated["material_usd"] = number("material_usd", whole=False)
    workload = _checked(stated, default)
    with top:
        _ask_preset(found, workload)
    return workload


def _checked(stated: dict[str, object], default: Workload) -> Workload | None:
    """The workload that was stated, remembered for the other pages; None with the reason shown."""
    empty = [Workload.model_fields[field].title for field in ("languages", "outputs") if not stated[field]]
    if empty:
        st.error(f"{units.listed([str(name) for name in empty])}: choose at least one.")
        return None
    kept = {
        field: getattr(default, field) if value is None and getattr(default, field) is not None else value
        for field, value in stated.items()
    }
    try:
        workload = Workload.of(kept)
    except WorkloadError as error:
        st.error(money(str(error)))
        return None
    return workload


def _ask_preset(found: Catalog, workload: Workload | None) -> None:
    """The cases to start from; shows the one that the form holds."""
    same = [key for key, preset in found.presets.items() if workload == Workload.of(preset.workload)]
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


def ask(title: str) -> tuple[Recommendation, Any]:
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
    found = recommend.recommend(the_catalog(), workload, catalog.today(), asked, assumptions)
    st.session_state[STORED] = params(found)
    return found, place


def ask_assumptions() -> Assumptions | None:
    """What the estimates take for granted, to change and to reset; None, with the reason on the screen, where they cannot be."""
    fields, default = Assumptions.model_fields, Assumptions()
    changed = [name for name in ASSUMED if name in st.session_state and st.session_state[name] != getattr(default, name)]
    label = f"Assumptions ({len(changed)} changed)" if changed else "Assumptions"
    stated: dict[str, object] = {}
    with st.expander(label, icon=":material/science:"):
        for name in ASSUMED:
            mark = " (changed)" if name in changed else ""
            words = {
                "label": f"{fields[name].title}{mark}",
                "help": money(fields[name].description or ""),
                "key": name,
                "bind": "query-params",
            }
            value = getattr(default, name)
            if name == "machine_prices":
                stated[name] = st.segmented_control(**words, options=["on-demand", "spot"], default=value, required=True)
            elif name == "precision":
                stated[name] = st.segmented_control(**words, options=["default", "int8"], default=value, required=True)
            elif name == "your_price_variant":
                options = [key for key, v in the_catalog().variants.items() if v.kind in ("embedder", "reranker")]
                stated[name] = st.selectbox(**words, options=options, index=options.index(value) if value in options else 0)
            else:
                least, most = bounds(name, Assumptions)
                stated[name] = st.number_input(**words, min_value=float(least), max_value=float(most), value=value, format="%g")
        st.button("Reset all", on_click=reset_assumptions, disabled=not changed, icon=":material/restart_alt:")
    try:
        return Assumptions.of({name: value for name, value in stated.items() if value is not None or getattr(default, name) is None})
    except WorkloadError as error:
        st.error(money(str(error)))
        return None


def reset_assumptions() -> None:
    """Puts every assumption back to its default."""
    for name, value in Assumptions().model_dump().items():
        if name in st.session_state:
            st.session_state[name] = value


def ask_scores(workload: Workload) -> list[str]:
    """The sets of published scores to rank by, where others than the preferred ones are asked for."""
    found = the_catalog()
    kinds = KINDS_FOR_TASK[workload.task]
    asked = []
    for kind in kinds:
        sets = {s.id: s for s in evidence.offered(found, kind, tuple(sorted(set(workload.languages))), found.variants)}
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


def copy_link(page: str, found: Recommendation) -> None:
    """A button that shows the address of a page with a question, to copy."""
    with st.popover("Copy link", icon=":material/link:"):
        st.code(link_to(page, found), language=None, wrap_lines=True)


def table(rows: list[dict[str, str]], alt: str) -> None:
    """Rows of Markdown as a table that wraps and scrolls within itself."""
    st.table(rows, hide_index=True, border="horizontal", alt=alt)


def figures_table(rows: list[dict[str, str]], alt: str) -> None:
    """Rows of plain figures as a table; says so where there is none."""
    if rows:
        table([figures(row) for row in rows], alt)
    else:
        st.markdown("Nothing to show.")


def figures(row: dict[str, str]) -> dict[str, str]:
    """A row of figures for a table, without its ids, whose dollar signs start no formula."""
    return {key: money(text) for key, text in row.items() if key not in ("id", "offer")}


@st.cache_resource(max_entries=4, show_spinner=False)
def _picks(version: str, day: date) -> dict[str, tuple[str, ...]]:
    found = the_catalog()
    picked = {key: recommend.recommend(found, Workload.of(preset.workload), day).pick for key, preset in found.presets.items()}
    return {key: tuple(part.variant_id for part in pick.parts) for key, pick in picked.items() if pick}


@st.cache_resource(max_entries=4, show_spinner=False)
def _won(version: str, day: date, preset: str) -> str:
    found = the_catalog()
    return reasons.won(recommend.recommend(found, Workload.of(found.presets[preset].workload), day))


def won(preset: str) -> str:
    """What a preset's pick costs and why it won."""
    return _won(the_catalog().version, catalog.today(), preset)


def preset_picks() -> dict[str, tuple[str, ...]]:
    """The variants that the engine picks for each preset."""
    return _picks(the_catalog().version, catalog.today())
