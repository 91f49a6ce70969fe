"""What a browser says of a page's widgets: a WidgetState for each, as Streamlit 1.67's own page makes it from the element it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from streamlit.proto.Slider_pb2 import Slider
from streamlit.proto.WidgetStates_pb2 import WidgetState

KINDS = (
    "number_input",
    "multiselect",
    "selectbox",
    "button_group",
    "checkbox",
    "slider",
    "text_input",
    "text_area",
)
"""The elements of Advise, Cost and Live that hold a value; buttons and links do not."""

Value = bool | float | str | Sequence[str]


def state(kind: str, widget: Any, value: Value) -> WidgetState:
    """The state of a widget that holds a value."""
    if kind == "number_input":
        return WidgetState(id=widget.id, double_value=float(value))  # type: ignore[arg-type]
    if kind == "checkbox":
        return WidgetState(id=widget.id, bool_value=bool(value))
    if kind in ("multiselect", "button_group", "slider"):
        found = WidgetState(id=widget.id)
        found.string_array_value.data.extend([value] if isinstance(value, str) else value)  # type: ignore[arg-type]
        return found
    return WidgetState(id=widget.id, string_value=str(value))


def sent(kind: str, widget: Any) -> WidgetState | None:
    """What a widget holds that the server has just made, or has put a value into; None where it is empty."""
    value = _put(kind, widget) if widget.set_value else default(kind, widget)
    if value is None:
        return None
    if kind == "slider" and widget.type != Slider.SELECT_SLIDER:
        found = WidgetState(id=widget.id)
        found.double_array_value.data.extend(widget.value if widget.set_value else widget.default)
        return found
    return state(kind, widget, value)


def default(kind: str, widget: Any) -> Value | None:
    """The value that a widget has before anyone touches it."""
    if kind == "multiselect":
        return [widget.options[place] for place in widget.default]
    if kind == "button_group":
        return [widget.options[place].content for place in widget.default]
    if kind == "slider":
        return [
            widget.options[int(place)]
            for place in widget.default
            if int(place) < len(widget.options)
        ]
    if kind == "checkbox":
        return bool(widget.default)
    if not widget.HasField("default"):
        return None
    return str(widget.options[widget.default]) if kind == "selectbox" else widget.default


def _put(kind: str, widget: Any) -> Value | None:
    if kind in ("multiselect", "button_group"):
        return list(widget.raw_values)
    if kind == "slider":
        return list(widget.raw_value)
    if kind == "checkbox":
        return bool(widget.value)
    field = "raw_value" if kind == "selectbox" else "value"
    return getattr(widget, field) if widget.HasField(field) else None


def parameter(value: Value) -> list[str]:
    """A value as the address holds it."""
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, float | int):
        return [f"{value:.15g}"]
    return [value] if isinstance(value, str) else list(value)


def named(widget: Message, name: str) -> bool:
    """Whether a widget is the one with this key: its id ends with it."""
    return str(getattr(widget, "id", "")).endswith(f"-{name}")
