"""The models that answer on Live: choosing one, getting one, and asking it. Shared by the parts of that page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict, TypeVar, get_args

import streamlit as st

from advisor import telemetry
from advisor.base.errors import EncodeError
from advisor.encode import available_models, downloads, endpoints
from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import LONGEST_CHARACTERS, About, Engine
from advisor.encode.pool import OnStatus, Pool, PoolLimits, most_resident
from advisor.encode.remote import Gate, Remote
from advisor.live import results
from advisor.net.addresses import parsed
from pages.parts import markdown, session

Result = TypeVar("Result")

FOLDERS = "model_folders"
TYPED = "typed_endpoint"
SECRET = "typed_endpoint_key"  # noqa: S105  # its name
"""Where the key of a typed endpoint is kept for the visit, after the origin that it was entered for."""
MOST_TYPED = 5_000
"""Characters of an address, a name, a key or a folder: more than any may have, so that one that is too long is told and not cut."""
FIRST = ("standin", "bge-small-en-v1.5", "bge-reranker-base")
"""Taken where nothing was chosen and none is at hand: the smallest."""


# For all visitors, so not in Streamlit's caches: 1.67 clears those for any visitor's BackMsg.clear_cache.
POOL = Pool(PoolLimits(most_resident()))
"""The models of this server."""
telemetry.watch_models("encode", POOL)
DOWNLOADS = downloads.Downloads()
"""The one download of this server."""
SHELF = results.Shelf()
"""Vectors of the sample's passages."""
GATES: dict[str, Gate] = {}
"""How many ask each of the operator's endpoints now, by id of the choice."""
MOST_AT_ONCE = 8
"""Visitors' requests at once to one of the operator's endpoints; as many wait for a model of this server."""


class Fields(TypedDict):
    """What is typed in of an endpoint."""

    base_url: str
    shape: str
    model: str
    kind: str
    variant: str | None


def all_choices() -> dict[str, ModelChoice]:
    """What can be chosen here; the operator's endpoints are left out, and their faults told, where their file is broken."""
    catalog = session.the_catalog()
    try:
        served = endpoints.load(catalog.variants)
    except EncodeError as error:
        st.warning(markdown.plain(f"The endpoints of this server cannot be used. {error}"))
        served = {}
    return available_models.all_of(
        catalog,
        available_models.endpoints_by_choice(served, st.session_state.get(TYPED)),
        st.session_state.get(FOLDERS, {}),
    )


def choose(
    found: dict[str, ModelChoice],
    kind: str,
    label: str,
    key: str,
    outputs: str = "dense",
    avoid: str = "",
) -> ModelChoice | None:
    """Asks for a model of a kind, and says how to get it where it is not at hand; None where there is none to choose."""
    options = [
        one
        for one in found.values()
        if one.kind == kind
        and (outputs == "dense" or (one.model is not None and outputs in one.model.outputs))
    ]
    if not options:
        return None
    at_hand = [one.id for one in options if not one.missing and one.id != avoid]
    smallest = [one for one in FIRST if one in found and found[one] in options and one != avoid]
    first = (at_hand or smallest or [options[0].id])[0]
    ids = [one.id for one in options]
    chosen = found[
        st.selectbox(
            label,
            ids,
            index=ids.index(first),
            key=key,
            bind="query-params",
            help="Models by their id; the name stands below.",
        )
    ]
    markdown.small(
        markdown.plain(chosen.label)
        + (" is at hand." if not chosen.missing else " is not at hand.")
    )
    if chosen.model is not None and chosen.model.standin and outputs == "dense":
        st.caption(
            ":material/warning: A stand-in shows how the page works. It is not BGE: judge no BGE model by it."
        )
    if chosen.endpoint is not None and chosen.endpoint.variant is None:
        st.caption(
            ":material/warning: No model of the catalog is named for this endpoint: take it as not BGE."
        )
    return chosen


def engine(chosen: ModelChoice, told: OnStatus) -> Engine:
    """The engine of a choice; a model of this machine begins to load.

    Raises:
        EncodeError: it is not at hand, or no place is free for it.
    """
    if chosen.missing:
        raise EncodeError(chosen.missing)
    if chosen.endpoint is not None:
        variants, wanted = session.the_catalog().variants, chosen.endpoint.key_env
        if chosen.id == available_models.TYPED:
            entered_for, key = st.session_state.get(SECRET, (None, ""))
            key = key if entered_for == parsed(chosen.endpoint.base_url).origin else ""
            return Remote(chosen.endpoint, variants, key=key or None, longest=LONGEST_CHARACTERS)
        key = session.secret(wanted) if wanted else ""
        return Remote(
            chosen.endpoint,
            variants,
            key=key or None,
            longest=LONGEST_CHARACTERS,
            gate=GATES.setdefault(chosen.id, Gate(MOST_AT_ONCE)),
        )
    assert chosen.model is not None
    return POOL.engine(chosen.model, told)


def once(
    key: str, inputs: object, label: str, work: Callable[[OnStatus], Result], disabled: bool = False
) -> Result | None:
    """What `work` gave for these inputs, kept for the visit and made by the button; None where there is nothing to show.

    `work` takes a function that shows where it stands. Its EncodeError is shown as one sentence.
    """
    pressed = st.button(label, key=f"{key}_go", icon=":material/play_arrow:", disabled=disabled)
    spot = st.empty()

    def told(words: str) -> None:
        spot.caption(markdown.plain(words))

    if pressed:
        st.session_state.pop(key, None)
        spot.caption("Working.")
        try:
            st.session_state[key] = (inputs, work(told))
        except EncodeError as error:
            spot.warning(markdown.plain(str(error)))
            return None
        spot.empty()
    kept: tuple[object, Result] | None = st.session_state.get(key)
    if kept is None:
        return None
    if kept[0] != inputs:
        st.caption("What is asked has changed since: press the button for new results.")
        return None
    return kept[1]


def answered(
    about: About, seconds: float, counted: int | None = None, counted_in: str = "tokens"
) -> None:
    """Who answered, and what is to be known of it."""
    st.caption(markdown.plain(results.who(about, seconds, counted, counted_in)))
    if about.notes:
        with st.expander("About this engine", icon=":material/info:"):
            st.markdown("\n".join(f"- {markdown.plain(note)}" for note in about.notes))


def get(chosen: ModelChoice) -> None:
    """How to get a model that is not at hand: from the hub on a click, or from a folder."""
    with st.container(border=True):
        st.markdown(f"**{markdown.plain(chosen.label)}** — {markdown.plain(chosen.missing)}")
        if chosen.note:
            st.caption(markdown.plain(chosen.note))
        if not chosen.fetchable:
            return
        current = DOWNLOADS.current
        running = current is not None and current.running
        st.fragment(fetch, run_every=1.0 if running else None)(
            chosen
        )  # looks again only while something moves
        if endpoints.typing_allowed():
            named = st.text_input(
                "Or a folder on this machine that holds its files",
                key=f"folder_{chosen.id}",
                max_chars=MOST_TYPED,
            )
            if named and st.button(
                "Use this folder", key=f"folder_{chosen.id}_go", icon=":material/folder_open:"
            ):
                st.session_state[FOLDERS] = st.session_state.get(FOLDERS, {}) | {
                    chosen.id: available_models.folder(named)
                }
                st.rerun()


def fetch(chosen: ModelChoice) -> None:
    """A download that the visitor may start, watch, and cancel."""
    assert chosen.files is not None
    current = DOWNLOADS.current
    mine = current is not None and current.files == chosen.files
    if current is not None and mine and current.running:
        st.session_state["fetching"] = chosen.id
        st.progress(current.share, text=markdown.plain(current.sentence))
        if st.button("Cancel", key=f"cancel_{chosen.id}", icon=":material/close:"):
            current.cancel()
            st.rerun(scope="app")
        return
    ended = st.session_state.pop("fetching", None) == chosen.id  # the page stops looking
    named = chosen.id in st.session_state.get(
        FOLDERS, {}
    )  # then the hub's files would not be looked at
    if ended or (
        mine and not named and downloads.at_hand(chosen.files)
    ):  # it may have come while this page was being made
        st.rerun(scope="app")
    st.caption(markdown.plain(chosen.room))
    if st.button("Fetch it from the hub", key=f"fetch_{chosen.id}", icon=":material/download:"):
        try:
            DOWNLOADS.start(chosen.files)
            st.session_state.get(FOLDERS, {}).pop(
                chosen.id, None
            )  # a folder named before would go first
        except EncodeError as error:
            st.warning(markdown.plain(str(error)))
            return
        st.rerun(scope="app")
    if current is not None and mine and current.state in ("failed", "cancelled"):
        st.warning(markdown.plain(current.sentence))


def ask_endpoint() -> None:
    """An endpoint that the person at this machine types in; nothing where the operator does not let visitors do so."""
    if not endpoints.typing_allowed():
        return
    catalog = session.the_catalog()
    with st.expander("An endpoint of yours", icon=":material/lan:"):
        st.caption(
            "For this visit only. Its address is checked before anything is sent, and no redirect is followed."
        )
        base = st.text_input(
            "Base address",
            key="typed_base",
            max_chars=MOST_TYPED,
            persist_state="session",
            placeholder="http://127.0.0.1:8080",
            on_change=forget_endpoint,
        )
        shape = st.selectbox(
            "It speaks as",
            list(get_args(endpoints.EndpointShape)),
            key="typed_shape",
            persist_state="session",
        )
        model = st.text_input(
            "Model name that it knows",
            key="typed_model",
            max_chars=MOST_TYPED,
            persist_state="session",
            placeholder="BAAI/bge-m3",
        )
        variants = [
            "none of these",
            *(key for key, v in catalog.variants.items() if v.kind in ("embedder", "reranker")),
        ]
        variant = st.selectbox(
            "It is the catalog's", variants, key="typed_variant", persist_state="session"
        )
        kind = st.segmented_control(
            "Kind",
            ["embedder", "reranker"],
            default="embedder",
            required=True,
            key="typed_kind",
            persist_state="session",
        )
        st.text_input(
            "Key, if it asks for one",
            type="password",
            key="typed_key",
            max_chars=MOST_TYPED,
            help="Sent to that address only; forgotten with this visit, or when the address is changed.",
        )
        variant_id = None if variant == variants[0] else variant
        fields: Fields = {
            "base_url": base,
            "shape": shape,
            "model": model,
            "kind": kind,
            "variant": variant_id,
        }
        st.button(
            "Use it",
            icon=":material/check:",
            disabled=not (base and model),
            on_click=take_endpoint,
            args=(fields,),
        )
        if problem := st.session_state.pop("typed_problem", None):
            st.warning(markdown.plain(problem))


def forget_endpoint() -> None:
    """Drops the endpoint and its key when another address is typed: a key is for the address that it was entered for."""
    st.session_state.pop(TYPED, None)
    st.session_state.pop(SECRET, None)
    if st.session_state.get(
        "typed_before"
    ):  # or a key that is typed while this run is under way would be lost
        st.session_state["typed_key"] = ""
    st.session_state["typed_before"] = st.session_state["typed_base"]


def take_endpoint(fields: Fields) -> None:
    """Chooses the endpoint that was typed in, or keeps what is wrong with it for the page to say."""
    try:
        st.session_state[TYPED] = endpoints.typed(session.the_catalog().variants, **fields)
        st.session_state[SECRET] = (
            parsed(fields["base_url"]).origin,
            st.session_state.get("typed_key", "").strip(),
        )
        st.session_state[fields["kind"]] = (
            available_models.TYPED
        )  # the key of the box that chooses such a model
    except EncodeError as error:
        st.session_state.pop(TYPED, None)
        st.session_state.pop(SECRET, None)
        st.session_state["typed_problem"] = str(error)
