"""The models that answer on Live: choosing one, getting one, and asking it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, get_args

import streamlit as st

from advisor import telemetry
from advisor.base.errors import EncodeError
from advisor.encode import available_models, downloads, endpoints
from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import LONGEST_CHARACTERS, About, Engine, Scores, Vectors
from advisor.encode.pool import OnStatus, Pool, PoolLimits, most_resident
from advisor.encode.remote import Gate, Remote
from advisor.live import results
from advisor.net.addresses import parsed
from pages.parts import session
from pages.parts.form_fields import encoders
from pages.parts.inputs import from_list, take_button
from pages.parts.markdown import bullets, plain, small

Result = TypeVar("Result")

FOLDERS = "model_folders"
TYPED = "typed_endpoint"
# Where the key of a typed endpoint is kept for the visit, after the origin that it is for.
SECRET = "typed_endpoint_key"  # noqa: S105  # its name
# Characters of an address, a name, a key or a folder: more than any may have, so that one that is
# too long is told and not cut.
MOST_TYPED = 5_000
# Taken where nothing was chosen and none is at hand: the smallest.
FIRST = ("standin", "bge-small-en-v1.5", "bge-reranker-base")
MIND = ":material/warning:"
STANDIN = f"{MIND} A stand-in shows how the page works. It is not BGE: judge no BGE model by it."
NOT_BGE = f"{MIND} No model of the catalog is named for this endpoint: take it as not BGE."
CHANGED = "What is asked has changed since: press the button for new results."
CHECKED = (
    "For this visit only. Its address is checked before anything is sent, "
    "and no redirect is followed."
)
KEY_HELP = "Sent to that address only; forgotten with this visit, or when the address is changed."
NO_VARIANT = "none of these"
KINDS = ["embedder", "reranker"]

# For all visitors, so not in Streamlit's caches: 1.67 clears those for any visitor's
# BackMsg.clear_cache.
POOL = Pool(PoolLimits(most_resident()))
telemetry.watch_models("encode", POOL)
DOWNLOADS = downloads.Downloads()  # one at a time
SHELF = results.Shelf()  # vectors of the sample's passages
GATES: dict[str, Gate] = {}  # how many ask each of the operator's endpoints now, by choice
MOST_AT_ONCE = 8  # requests to one of the operator's endpoints; as many wait for a model here
Choices = dict[str, ModelChoice]  # by id


def all_choices() -> Choices:
    """What can be chosen here; faults of the file of the operator's endpoints are told."""
    catalog = session.the_catalog()
    try:
        served = endpoints.load(catalog.variants)
    except EncodeError as error:
        st.warning(plain(f"The endpoints of this server cannot be used. {error}"))
        served = {}
    served_and_typed = available_models.endpoints_by_choice(served, st.session_state.get(TYPED))
    return available_models.all_of(catalog, served_and_typed, st.session_state.get(FOLDERS, {}))


def choose(
    choices: Choices, kind: str, label: str, key: str, outputs: str = "dense", avoid: str = ""
) -> ModelChoice | None:
    """Asks for a model of a kind, if there is any, and shows how to get it if it is not at hand."""
    of_kind = [choice for choice in choices.values() if choice.kind == kind]
    if outputs != "dense":
        of_kind = [c for c in of_kind if c.model is not None and outputs in c.model.outputs]
    ids = [choice.id for choice in of_kind]
    if not ids:
        return None
    at_hand = [each for each in ids if not choices[each].missing and each != avoid]
    smallest = [each for each in FIRST if each in ids and each != avoid]
    names = {key: choices[key].label for key in ids}
    chosen_id = from_list(label, names, key, (at_hand or smallest or ids)[0])
    chosen = choices[chosen_id]
    small(plain(f"{chosen.label} is {'not ' if chosen.missing else ''}at hand."))
    if chosen.model is not None and chosen.model.standin and outputs == "dense":
        st.caption(STANDIN)
    if chosen.endpoint is not None and chosen.endpoint.variant is None:
        st.caption(NOT_BGE)
    if chosen.missing:
        show_how_to_get(chosen)
    return chosen


def engine(chosen: ModelChoice, on_status: OnStatus) -> Engine:
    """The engine of a choice; a model of this machine begins to load.

    Raises EncodeError: it is not at hand, or no place is free for it."""
    if chosen.missing:
        raise EncodeError(chosen.missing)
    endpoint = chosen.endpoint
    if endpoint is None:
        assert chosen.model is not None
        return POOL.engine(chosen.model, on_status)
    if chosen.id == available_models.TYPED:
        gate = None
        origin, key = st.session_state.get(SECRET, (None, ""))
        if origin != parsed(endpoint.base_url).origin:
            key = ""
    else:
        gate = GATES.setdefault(chosen.id, Gate(MOST_AT_ONCE))
        key = session.secret(endpoint.key_env) if endpoint.key_env else ""
    variants = session.the_catalog().variants
    return Remote(endpoint, variants, key=key or None, longest=LONGEST_CHARACTERS, gate=gate)


def result_on_click(
    key: str, inputs: object, label: str, work: Callable[[OnStatus], Result], disabled: bool
) -> Result | None:
    """What `work` gave for these inputs, remembered for the visit and worked out by the button.

    None where there is nothing to show. `work` takes a function that shows where it stands; its
    EncodeError is shown as one sentence."""
    pressed = st.button(label, key=f"{key}_go", icon=":material/play_arrow:", disabled=disabled)
    spot = st.empty()

    def on_status(words: str) -> None:
        spot.caption(plain(words))

    if pressed:
        st.session_state.pop(key, None)
        on_status("Working.")
        try:
            st.session_state[key] = (inputs, work(on_status))
        except EncodeError as error:
            spot.warning(plain(str(error)))
            return None
        spot.empty()
    remembered: tuple[object, Result] | None = st.session_state.get(key)
    if remembered is None:
        return None
    if remembered[0] != inputs:
        st.caption(CHANGED)
        return None
    return remembered[1]


def show_answerer(about: About, outcome: Vectors | Scores) -> None:
    """Who answered, in which time, and what is to be known of it."""
    who = results.who(about, outcome.seconds, outcome.counted, outcome.counted_in)
    st.caption(plain(who))
    show_notes(about)


def show_notes(about: About) -> None:
    """What is to be known of an engine."""
    if about.notes:
        with st.expander("About this engine", icon=":material/info:"):
            st.markdown(bullets(about.notes))


def show_how_to_get(chosen: ModelChoice) -> None:
    """How to get a model that is not at hand: from the hub on a click, or from a folder."""
    with st.container(border=True):
        st.markdown(f"**{plain(chosen.label)}** — {plain(chosen.missing)}")
        if chosen.note:
            st.caption(plain(chosen.note))
        if not chosen.fetchable:
            return
        current = DOWNLOADS.current
        running = current is not None and current.running
        # Looks again only while something moves.
        st.fragment(fetch, run_every=1.0 if running else None)(chosen)
        if endpoints.typing_allowed():
            ask_folder(chosen.id)


def ask_folder(choice_id: str) -> None:
    """A folder of this machine that holds a model's files."""
    label, key = "Or a folder on this machine that holds its files", f"folder_{choice_id}"
    folder = st.text_input(label, key=key, max_chars=MOST_TYPED)
    if folder and st.button("Use this folder", key=f"{key}_go", icon=":material/folder_open:"):
        folders = st.session_state.get(FOLDERS, {})
        st.session_state[FOLDERS] = folders | {choice_id: available_models.folder(folder)}
        st.rerun()


def fetch(chosen: ModelChoice) -> None:
    """A download that the visitor may start, watch, and cancel."""
    assert chosen.files is not None
    current = DOWNLOADS.current
    mine = current is not None and current.files == chosen.files
    if current is not None and mine and current.running:
        st.session_state["fetching"] = chosen.id
        st.progress(current.share, text=plain(current.sentence))
        if st.button("Cancel", key=f"cancel_{chosen.id}", icon=":material/close:"):
            current.cancel()
            st.rerun(scope="app")
        return
    folders = st.session_state.get(FOLDERS, {})
    ended = st.session_state.pop("fetching", None) == chosen.id  # the page stops looking
    # It may have come while this page was being made. Files of the hub are not looked at where a
    # folder is named.
    come = mine and chosen.id not in folders and downloads.at_hand(chosen.files)
    if ended or come:
        st.rerun(scope="app")
    st.caption(plain(chosen.room))
    if st.button("Fetch it from the hub", key=f"fetch_{chosen.id}", icon=":material/download:"):
        try:
            DOWNLOADS.start(chosen.files)
        except EncodeError as error:
            st.warning(plain(str(error)))
            return
        folders.pop(chosen.id, None)  # a folder named before would go first
        st.rerun(scope="app")
    if current is not None and mine and current.state in ("failed", "cancelled"):
        st.warning(plain(current.sentence))


def ask_endpoint() -> None:
    """An endpoint that the person at this machine types in, where the operator allows it."""
    if not endpoints.typing_allowed():
        return
    with st.expander("An endpoint of yours", icon=":material/lan:"):
        st.caption(CHECKED)
        base_url = ask_line("Base address", "typed_base", "http://127.0.0.1:8080", forget_endpoint)
        shapes = list(get_args(endpoints.EndpointShape))
        shape = st.selectbox("It speaks as", shapes, key="typed_shape", persist_state="session")
        model = ask_line("Model name that it knows", "typed_model", "BAAI/bge-m3")
        variants = [NO_VARIANT, *encoders(session.the_catalog())]
        label = "It is the catalog's"
        named = st.selectbox(label, variants, key="typed_variant", persist_state="session")
        variant = None if named == NO_VARIANT else named
        first = KINDS[0]
        kind = st.segmented_control(
            "Kind", KINDS, default=first, required=True, key="typed_kind", persist_state="session"
        )
        st.text_input("Key, if it asks for one", "", MOST_TYPED, "typed_key", "password", KEY_HELP)
        values = (base_url, shape, model, kind, variant)
        take_button("Use it", take_endpoint, *values, disabled=not (base_url and model))
        if problem := st.session_state.pop("typed_problem", None):
            st.warning(plain(problem))


def ask_line(label: str, key: str, hint: str, on_change: Callable[[], None] | None = None) -> str:
    """A line that the visitor types."""
    return st.text_input(
        label, "", MOST_TYPED, key, on_change=on_change, placeholder=hint, persist_state="session"
    )


def drop_endpoint() -> None:
    """Leaves out the endpoint that was typed in, and its key."""
    st.session_state.pop(TYPED, None)
    st.session_state.pop(SECRET, None)


def forget_endpoint() -> None:
    """Drops the endpoint and its key when another address is typed: a key is for one address."""
    drop_endpoint()
    # Not for the first address: a key that is typed while this run is under way would be lost.
    if st.session_state.get("typed_before"):
        st.session_state["typed_key"] = ""
    st.session_state["typed_before"] = st.session_state["typed_base"]


def take_endpoint(base_url: str, shape: str, model: str, kind: str, variant: str | None) -> None:
    """Chooses the endpoint that was typed in, or has the page say what is wrong with it."""
    fields = dict(base_url=base_url, shape=shape, model=model, kind=kind, variant=variant)
    try:
        st.session_state[TYPED] = endpoints.typed(session.the_catalog().variants, **fields)
        key = st.session_state.get("typed_key", "").strip()
        st.session_state[SECRET] = (parsed(base_url).origin, key)
        st.session_state[kind] = available_models.TYPED  # in the box that chooses such a model
    except EncodeError as error:
        drop_endpoint()
        st.session_state["typed_problem"] = str(error)
