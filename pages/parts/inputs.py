"""Boxes and buttons that every page asks with: names for people on the screen, ids in the address.

Where `key` is said the address has the value under that name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from advisor.ask.stops import nearest
from advisor.base import formatting
from pages.parts import address

TRUTHS = {"true": True, "false": False}  # in any case


def labelled(options: Iterable[str]) -> dict[str, str]:
    """Options that are their own labels."""
    return {option: option for option in options}


def one_of(
    label: str,
    options: Mapping[str, str],
    key: str,
    default: str = "",
    hint: str | None = None,
    *,
    off: bool = False,
) -> str:
    """One of choices (id to label) that stand side by side; the first where none is the default."""
    ids = list(options)
    default = default or ids[0]
    now = address.fill(key, default, _last_of(options), options.__contains__)
    chosen = st.segmented_control(
        label,
        ids,
        default=now,
        required=True,
        key=key,
        format_func=options.__getitem__,
        help=hint,
        disabled=off,
    )
    address.says(key, [str(chosen)] if chosen != default else [])
    return str(chosen)


def from_list(
    label: str,
    options: Mapping[str, str],
    key: str,
    default: str | None = None,
    **named: Any,
) -> str:
    """One of a list, as `one_or_none`; the first where none is the default."""
    first = next(iter(options))
    return one_or_none(label, options, key, default or first, **named) or first


def one_or_none(
    label: str,
    options: Mapping[str, str],
    key: str,
    default: str | None = None,
    hint: str | None = None,
    *,
    off: bool = False,
    **named: Any,
) -> str | None:
    """One of a list (id to label), or nothing; `named` is Streamlit's."""
    ids = list(options)
    clears = default is None
    is_valid: Callable[[Any], bool] = {None, *ids}.__contains__
    now = address.fill(key, default, _last_of(options), is_valid, again=clears)
    chosen: str | None = st.selectbox(
        label,
        ids,
        None if clears or now is None else ids.index(now),
        key=key,
        format_func=options.__getitem__,
        help=hint,
        disabled=off,
        **named,
    )
    # One that a link names is kept where the default moves on to another.
    by_link = address.stated().get(key) == [chosen]
    address.says(key, [chosen] if chosen and (chosen != default or by_link) else [])
    return chosen


def some_of(
    label: str,
    options: Mapping[str, str],
    default: Sequence[str],
    key: str,
    hint: str | None = None,
    *,
    off: bool = False,
    **named: Any,
) -> list[str]:
    """Some of a list (id to label), in the order of the address, then of choosing."""

    def parse(values: Sequence[str]) -> list[str] | None:
        known = [value for value in dict.fromkeys(values) if value in options]
        known = known[: named.get("max_selections")]
        return known if known or not any(values) else None

    def is_valid(values: Collection[str]) -> bool:
        return all(value in options for value in values)

    now = address.fill(key, list(default), parse, is_valid)
    chosen = st.multiselect(
        label,
        list(options),
        now,
        key=key,
        format_func=options.__getitem__,
        help=hint,
        disabled=off,
        **named,
    )
    address.says(key, (chosen or [""]) if chosen != list(default) else [])
    return chosen


def yes(label: str, key: str, hint: str | None = None, *, default: bool = False) -> bool:
    """A switch."""
    now = address.fill(key, default, lambda values: TRUTHS.get(values[-1].lower()))
    on = st.toggle(label, now, key, hint)
    address.says(key, [str(on).lower()] if on != default else [])
    return on


def amount(
    label: str,
    key: str,
    default: float | None,
    bounds: tuple[float, float | None],
    hint: str | None = None,
    **named: Any,
) -> Any:
    """A number within bounds, whole where the least is; None where it is empty and may be."""
    least, most = bounds

    def parse(values: Sequence[str]) -> float | None:
        try:
            value = float(values[-1])
        except ValueError:
            return None
        if not math.isfinite(value) or not least <= value <= (value if most is None else most):
            return None
        return int(value) if isinstance(least, int) else value

    address.fill(key, default, parse, again=True)
    value = st.number_input(label, least, most, default, key=key, help=hint, **named)
    address.says(key, [f"{value:.15g}"] if value not in (None, default) else [])
    return value


def amount_on_scale(
    label: str,
    key: str,
    default: int,
    bounds: tuple[int, int],
    stops: Sequence[int],
    hint: str | None = None,
    *,
    off: bool = False,
    **named: Any,
) -> Any:
    """A whole number as `amount`, with a slider beside it whose `stops` may be decades apart."""
    slider = f"{key}_slider"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        left, right = st.container(), st.container(width=150)
    with right:
        named |= {"disabled": off, "label_visibility": "collapsed"}
        value = amount(f"{label}: the exact number", key, default, bounds, **named)
    near = nearest(stops, default if value is None else value)
    if st.session_state.get(slider, near) != near:
        st.session_state[slider] = near
    left.select_slider(
        label,
        stops,
        near,
        formatting.short,
        slider,
        hint,
        on_change=_take_stop,
        args=(slider, key),
        disabled=off,
    )
    return value


def _take_stop(slider: str, key: str) -> None:
    st.session_state[key] = st.session_state[slider]


def typed(
    label: str,
    key: str,
    default: str,
    most: int,
    hint: str | None = None,
    parse: Callable[[Sequence[str]], str | None] | None = None,
    **named: Any,
) -> str:
    """A short text; what a link has beyond `most` characters is cut off."""
    now = address.fill(key, default, parse or (lambda values: values[-1][:most]))
    text: str = st.text_input(label, now, most, key, help=hint, **named)
    address.says(key, [text] if text != default else [])
    return text


def _last_of(options: Collection[str]) -> Callable[[Sequence[str]], str | None]:
    """What of a link is one of the options; the last of several that are."""
    return lambda values: next((value for value in values[::-1] if value in options), None)


def ask_text(label: str, default: str, key: str, height: int, most: int) -> str:
    """A text of at most `most` characters, kept for the visit; in no address."""
    return st.text_area(label, default, height, most, key, persist_state="session")


def take_button(label: str, take: Callable[..., None], *values: object, disabled: bool) -> None:
    """A button that takes what is offered."""
    st.button(label, on_click=take, args=values, disabled=disabled, icon=":material/check:")
