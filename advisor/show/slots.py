"""Colours of charts by name, and the pieces that every Vega-Lite specification here shares.

A colour is a *slot*: a value on one nominal scale without a range. Streamlit's theme gives such a
scale `chartCategoricalColors` of `.streamlit/config.toml`, in the browser and for the mode shown
there, so that charts follow light and dark without the server knowing which it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SLOTS = ("one", "two", "three", "four", "track", "ink", "soft", "good")
"""In the order of `chartCategoricalColors`.

one: the recommendation, model A, the vector index, hosted lines. two: model B, encoding.
three: other models, machines of your own. four: outside the family. track: grid and joins, never
information alone. ink: words at marks. soft: axes. good: reranking's part of a bill, and right
answers; never an option that another beats.
"""
MARKDOWN = {"one": "blue", "two": "orange", "three": "gray", "four": "violet", "good": "green"}
"""Streamlit's name of each slot's colour, for a key in text: `:blue[■]`."""
STEP = 46
"""Pixels from one row of bars to the next: a name, and its bar beneath."""
_SCALE = {"domain": list(SLOTS)}
Spec = dict[str, Any]


def colour(slot: str) -> Spec:
    """The colour channel of a whole layer in one slot."""
    # Vega-Lite reads the scale, though its schema has none beside a datum
    return {"datum": slot, "type": "nominal", "scale": _SCALE, "legend": None}


def colour_by(field: str) -> Spec:
    """The colour channel where `field` holds the slot of each mark."""
    return {"field": field, "type": "nominal", "scale": _SCALE, "legend": None}


def paint(slot: str) -> Spec:
    """A slot's colour for what is no channel: axes, and the stroke or fill of a mark.

    Some layer of the chart must have a colour channel, or there is no scale to read.
    """
    return {"expr": f"scale('color', '{slot}')"}


def number(field: str, **named: Any) -> Spec:
    """A quantitative channel; `named` is Vega-Lite's."""
    return {"field": field, "type": "quantitative", **named}


def name(field: str, **named: Any) -> Spec:
    """A nominal channel; `named` is Vega-Lite's."""
    return {"field": field, "type": "nominal", **named}


def words(field: str, slot: str = "ink", **mark: Any) -> Spec:
    """A layer that writes `field` at its place; `mark` is Vega-Lite's, 12 pixels unless given."""
    return {
        "mark": {"type": "text", "fontSize": 12, **mark},
        "encoding": {"text": name(field), "color": colour(slot)},
    }


def of_row(*properties: str) -> dict[str, Any]:
    """Properties of a mark that each row gives for itself, in fields of the same name."""
    return {each: {"expr": f"datum.{each}"} for each in properties}


def tooltip(titles: Mapping[str, str]) -> list[Spec]:
    """The fields shown at a mark, with their titles."""
    return [name(field, title=title) for field, title in titles.items()]


def legend(slot: str, columns: int = 1, **named: Any) -> Spec:
    """A legend of shapes or dashes over the chart, drawn in one slot; `named` is Vega-Lite's."""
    symbols = {"symbolFillColor": paint(slot), "symbolStrokeColor": paint(slot)}
    labels = {"labelColor": paint("soft"), "labelLimit": 420, "rowPadding": 2}
    return {"orient": "top", "columns": columns, **symbols, **labels, **named}


def headings() -> list[Spec]:
    """The `label` over each row's bar and its `total` at the right end, bold if `recommended`."""
    weight = {"expr": "datum.recommended ? 700 : 400"}
    room = {"expr": "max(60, width - 80)"}  # the total stands in the rest
    above: Spec = {"fontSize": 13, "dy": -10, "baseline": "middle"}
    label = words("label", **above, fontWeight=weight, align="left", limit=room)
    total = words("total", **above, fontWeight=weight, align="right")
    label["encoding"]["x"], total["encoding"]["x"] = {"value": 0}, {"value": "width"}
    return [label, total]


def row_by_row(layers: Sequence[Spec], rows: Sequence[Mapping[str, Any]], axis: int = 0) -> Spec:
    """Layers in rows under one another, by the `place` of each of `rows`, without a vertical axis:
    names stand over their bars, so that a phone has room for both. `axis`: pixels beneath.
    """
    y = {"field": "place", "type": "ordinal", "axis": None, "scale": {"padding": 0}}
    height = STEP * len({row["place"] for row in rows})
    return layered(
        layers,
        rows,
        encoding={"y": y},
        height=height + axis,
        padding={"left": 0, "top": 8, "right": 4, "bottom": 0},
    )


def layered(layers: Sequence[Spec], rows: Iterable[Mapping[str, Any]] = (), **named: Any) -> Spec:
    """Layers over one another, from the back, on `rows` that they share; `named` is Vega-Lite's.

    Marks that say nothing of `aria` are hidden from screen readers: the text alternative of the
    chart has their figures.
    """
    axis = {
        "labelColor": paint("soft"),
        "titleColor": paint("soft"),
        "gridColor": paint("track"),
        "gridOpacity": 0.6,
        "ticks": False,
        "domain": False,
    }
    config = {"aria": False, "axis": axis, "view": {"stroke": None}}
    return {
        "data": {"values": [dict(row) for row in rows]},
        "config": config,
        **named,
        # the configuration alone leaves their groups in the tree, as images without a name
        "layer": [layer | {"mark": {"aria": False} | layer["mark"]} for layer in layers],
    }
