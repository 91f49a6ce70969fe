"""Links to sources, to variants, and to a page with a question."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

import streamlit as st

from advisor.decide.query import SCORES
from advisor.decide.recommend import Recommendation
from pages.parts.markdown import plain
from pages.parts.session import the_catalog


def source_links(ids: Iterable[str]) -> str:
    """Links to sources, with title and reading date on hover."""
    known = the_catalog().sources
    links = []
    for number, key in enumerate(dict.fromkeys(ids), 1):
        source = known.get(key)
        if source is None:
            continue
        address = (
            source.url
            if source.url and source.url.startswith("https://")
            else f"/sources?source={key}"
        )
        title = f"{source.title}, read {source.accessed.isoformat()}".replace('"', "'").replace(
            "\n", " "
        )
        links.append(
            f'[{"source" if number == 1 else number}]({address.replace(" ", "%20").replace(")", "%29")} "{plain(title)}")'
        )
    return " ".join(links)


def bullets(sentences: Iterable[tuple[str, Iterable[str]]]) -> str:
    """A list of sentences, each with the links to its sources."""
    return "\n".join(f"- {plain(text)} {source_links(ids)}" for text, ids in sentences)


def variant_link(variant_id: str, name: str) -> str:
    """A link to a variant's page."""
    return f"[{plain(name)}](/variant?variant={variant_id})"


def variant_pages(names: dict[str, str]) -> None:
    """Links to the pages of variants (id to name) that stay in this tab; links in Streamlit's Markdown open another."""
    with st.container(horizontal=True):
        for key, name in names.items():
            st.page_link(
                "pages/variant.py",
                label=plain(name),
                icon=":material/info:",
                query_params={"variant": key},
            )


def params(found: Recommendation) -> dict[str, str | list[str]]:
    """The question of a recommendation as address parameters: its workload, changed assumptions, and the scores that were asked for."""
    kinds = {key: found.catalog.evidence_sets[key].kind for key in found.asked_sets}
    return (
        found.workload.params()
        | found.assumptions.params()
        | {SCORES[kind]: key for key, kind in kinds.items()}
    )


def link_to(page: str, found: Recommendation) -> str:
    """The address of a page with the question of a recommendation."""
    base = st.context.url or ""
    root = base.rsplit("/", 1)[0] if base.count("/") > 2 else base
    query = urlencode(params(found), doseq=True)
    return f"{root}/{page}?{query}" if query else f"{root}/{page}"


def copy_link(page: str, found: Recommendation) -> None:
    """A button that shows the address of a page with a question, to copy."""
    with st.popover("Copy link", icon=":material/link:"):
        st.code(link_to(page, found), language=None, wrap_lines=True)
