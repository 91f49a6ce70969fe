"""What the address of a page says, by its ids: put into the widgets where it is new, and written
back once a run.

Streamlit 1.67 can bind a widget by itself, but puts its label into the address, drops a link that
has the id, and makes a step for the browser's Back of each widget
(docs/decisions/0018-names-on-screen-ids-in-links.md).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.old_links import NOW, under_new_names

T = TypeVar("T")
CARRIED = "address_carried"  # the question of the visit, where the address states none
STATED = "address_stated"  # what it says in this run, under the names of now
READ = "address_read"  # by widget: what the address said of it when it was last read or written
FILLED = "address_filled"  # by widget: what it was filled with since a run last came to its end
LINKED = "address_linked"  # by widget: what the address filled it with, until it is changed
SAYS = "address_says"  # by widget: what it says in this run
HELD = "address_held"  # widgets of a form, of which the address says all or nothing new
FORM = "address_form"  # what the address said of all widgets of the form when it was last read
NEW = ["\0"]  # what no address says
SAID = "address_said"  # by widget: what it said when it was filled, or last written
DEFAULTS = "address_defaults"  # by widget: its default in the last run
ADDRESSES = "addresses"  # those that were written over while the browser may lag, then the latest


def enter(question: Mapping[str, str | list[str]], names: Collection[str]) -> None:
    """Forgets what the address of another page said.

    `question` is that of the visit: an address that states none of `names` is read as if it had it.
    """
    _take(_of_the_browser())
    is_stated = any(name in names for name in _as_it_is())
    listed = {name: [v] if isinstance(v, str) else v for name, v in question.items()}
    st.session_state[CARRIED] = {} if is_stated else listed
    for store in (READ, SAID, DEFAULTS, FILLED, LINKED):
        st.session_state[store] = {}
    st.session_state[FORM] = None


def begin() -> None:
    """Begins a run of a page.

    A visitor who changes a second thing before the browser has heard what was written of the first
    sends the address of before: that is news only where it was brought back by Back or Forward.
    """
    st.session_state[SAYS], st.session_state[HELD] = {}, ()
    context, here = get_script_run_ctx(), _of_the_browser()
    is_back = context is not None and context.is_history_navigation
    if is_back or here not in st.session_state[ADDRESSES][:-1]:
        _take(here)
    st.session_state[STATED] = st.session_state[CARRIED] | under_new_names(_as_it_is())


def stated() -> dict[str, list[str]]:
    """What the address says, under the names of now."""
    here: dict[str, list[str]] = st.session_state[STATED]
    return here


def _as_it_is() -> dict[str, list[str]]:
    addresses: list[dict[str, list[str]]] = st.session_state[ADDRESSES]
    return addresses[-1]


def _of_the_browser() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _take(address: dict[str, list[str]]) -> None:
    st.session_state[ADDRESSES] = [address]


def fill(
    key: str,
    default: T,
    parse: Callable[[Sequence[str]], T | None],
    is_valid: Callable[[Any], bool] = lambda value: True,
    *,
    again: bool = False,
) -> T:
    """Gives a widget that is about to be drawn its value: what the address says where that is new.

    `parse` gives None for what the widget cannot hold; then it has its default. One that was left
    at its default follows it.

    The value that is given back is to be drawn as the widget's default: Streamlit 1.67 sends a
    value once, and a browser that has yet to mount the widget (its script is on its way, its
    section is closed) when the next run comes mounts it with the default. Where an emptied widget
    is to return to its own default, a link's value is sent `again` until it is changed.
    """
    read, defaults = st.session_state[READ], st.session_state[DEFAULTS]
    linked = st.session_state[LINKED]
    before, defaults[key] = defaults.get(key, default), default
    here = stated().get(key, [])
    if key not in st.session_state or read.get(key) != here:
        read[key] = here
        value = parse(here) if here else None
        value = default if value is None else value
        st.session_state[FILLED][key] = linked[key] = value
        if key not in st.session_state and not (again and value != default):
            return value  # one that is set arrives later, over what was chosen meanwhile
        st.session_state[key] = value
    elif (st.session_state[key] == before != default and not here) or not is_valid(
        st.session_state[key]
    ):
        st.session_state[key] = default
    elif again and key in linked and linked[key] == st.session_state[key] != default:
        st.session_state[key] = linked[key]
    else:
        linked.pop(key, None)
    current: T = st.session_state[key]
    return current


def is_silent(key: str) -> bool:
    """Whether the address says nothing of a widget; counts as reading it."""
    here = st.session_state[READ][key] = stated().get(key, [])
    return not here


def put(key: str, value: object) -> None:
    """Gives a widget that may not have been drawn yet a value, as if it was chosen there."""
    st.session_state[READ][key] = stated().get(key, [])
    st.session_state[key] = value


def says(key: str, values: Iterable[str]) -> None:
    """What the address is to say of a widget; nothing where it is at its default."""
    if key not in st.session_state[HELD]:
        st.session_state[SAYS][key] = list(values)


def hold(keys: Collection[str]) -> None:
    """Widgets of one form, of which the address says what it did until all go together.

    An address that says something else of one gives all their values anew, so that Back also takes
    away a fault, of which the address never heard.
    """
    state, here = st.session_state, {key: v for key, v in stated().items() if key in keys}
    if state[FORM] != here:
        state[FORM] = here
        state[READ] |= dict.fromkeys(state[READ].keys() & set(keys), NEW)
    state[HELD] = keys


def says_together(values: Mapping[str, str | list[str]]) -> None:
    """What the address is to say of the widgets of a form; nothing of those at their default."""
    for key in st.session_state[HELD]:
        value = values.get(key, [])
        st.session_state[SAYS][key] = [value] if isinstance(value, str) else value


def write() -> None:
    """Brings the address up to what the widgets say; not in the run that read it.

    A write is a step for the browser's Back: one where nothing was changed would hold a visitor on
    the page.
    """
    state = st.session_state
    said, read, now = state[SAID], state[READ], state[SAYS]
    addresses: list[dict[str, list[str]]] = state[ADDRESSES]
    for key, value in state[FILLED].items():
        # A visitor may have changed it meanwhile, while the run that filled it was still going on.
        if key in now and state.get(key) == value:
            said[key] = now[key]
    state[FILLED].clear()  # also of a form with a fault: its mending is a change
    if all(values == said.get(key, read.get(key, [])) for key, values in now.items()):
        return
    others = {n: v for n, v in addresses[-1].items() if n not in now and n not in NOW}
    address = others | {key: values for key, values in now.items() if values}
    st.query_params.from_dict(address)
    # A run that a newer one stops ends where it next uses the session: not between these.
    addresses.append(address)
    state[CARRIED] = {}
    if state[HELD]:
        state[FORM] = {key: values for key, values in address.items() if key in state[HELD]}
    for key in now:
        said[key], read[key] = now[key], address.get(key, [])
