"""Links to sources, to variants, and to a page with a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import Source
from advisor.decide.query import SCORES, AdviceQuestion
from advisor.decide.recommend import Recommendation
from pages.parts.markdown import plain
from pages.parts.session import the_catalog

Parameters = Mapping[str, str | list[str]]  # what of a page is stated in its address


def source_links(ids: Iterable[str]) -> str:
    """Links to sources, with title and reading date on hover."""
    sources = the_catalog().sources
    links = []
    for number, key in enumerate(dict.fromkeys(ids), 1):
        if source := sources.get(key):
            label = "source" if number == 1 else str(number)
            hover = f"{source.title}, read {source.accessed.isoformat()}"
            hover = hover.replace('"', "'").replace("\n", " ")
            links.append(f'[{label}]({_address(key, source)} "{plain(hover)}")')
    return " ".join(links)


def _address(key: str, source: Source) -> str:
    """A source's own address, or its place on Sources, in signs that end no link of Markdown."""
    public = source.url is not None and source.url.startswith("https://")
    address = source.url if source.url and public else f"/sources?source={key}"
    return address.replace(" ", "%20").replace(")", "%29")


def sources(ids: Iterable[str]) -> None:
    """The sources of an answer behind one button: title, reading date, address."""
    known = the_catalog().sources
    listed = {key: known[key] for key in dict.fromkeys(ids) if key in known}
    if not listed:
        return
    with st.popover(f"Sources ({len(listed)})", icon=":material/menu_book:", type="tertiary"):
        st.markdown(
            "\n".join(
                f"- [{plain(source.title)}]({_address(key, source)}), "
                f"read {formatting.written_day(source.accessed)}"
                for key, source in listed.items()
            )
        )


def bullets(sentences: Iterable[tuple[str, Iterable[str]]]) -> str:
    """A list of sentences, each with the links to its sources."""
    return "\n".join(f"- {plain(text)} {source_links(ids)}" for text, ids in sentences)


def variant_link(variant_id: str, name: str) -> str:
    """A link to a variant's page."""
    return f"[{plain(name)}](/variant?variant={variant_id})"


def page(name: str, label: str, icon: str, query: Parameters | None = None) -> None:
    """A link to a page that stays in this tab; those of Markdown open another."""
    file = f"pages/{name}.py"
    st.page_link(file, label=plain(label), icon=f":material/{icon}:", query_params=query)


def variant_page(variant_id: str, label: str) -> None:
    """A link to a variant's page."""
    page("variant", label, "info", {"variant": variant_id})


def variant_pages(names: Mapping[str, str]) -> None:
    """Links to the pages of variants (id to name)."""
    with st.container(horizontal=True):
        for key, name in names.items():
            variant_page(key, name)


def cost_page(label: str, query: Parameters, icon: str = "payments") -> None:
    """A link to Cost with a question."""
    page("cost", label, icon, query)


def advise_page(label: str, query: Parameters | None = None) -> None:
    """A link to Advise with a question."""
    page("advise", label, "compass_calibration", query)


def params(recommendation: Recommendation) -> dict[str, str | list[str]]:
    """Its question as address parameters: workload, changed assumptions, and the asked scores."""
    asked_sets = recommendation.asked_sets
    question = AdviceQuestion(recommendation.workload, recommendation.assumptions, asked_sets)
    return question_params(recommendation.catalog, question)


def question_params(catalog: Catalog, question: AdviceQuestion) -> dict[str, str | list[str]]:
    """A question as address parameters."""
    sets = catalog.evidence_sets
    scores = {SCORES[sets[key].kind]: key for key in question.asked_sets}
    return question.workload.params() | question.assumptions.params() | scores


def link_to(page: str, query: Parameters) -> str:
    """The address of a page with what it is asked."""
    base = st.context.url or ""
    root = base.rsplit("/", 1)[0] if base.count("/") > 2 else base
    stated = urlencode(query, doseq=True)
    return f"{root}/{page}?{stated}" if stated else f"{root}/{page}"


def share(place: DeltaGenerator, page: str, query: Parameters) -> DeltaGenerator:
    """A button beside the title with the address of a page and what it is asked; gives what it
    opens, for the files of the page."""
    popover = place.popover(
        "Share", icon=":material/ios_share:", type="primary", key="primary-share"
    )
    popover.markdown("Link to this answer")
    popover.code(link_to(page, query), language=None, wrap_lines=True)
    return popover
