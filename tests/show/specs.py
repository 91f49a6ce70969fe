"""Charts held to Vega-Lite's schema, and what tests read of them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import altair as alt

from advisor.show.charts import Chart
from advisor.show.slots import SLOTS

SCALE = {"domain": list(SLOTS)}
FROM_SLOT = re.compile(r"scale\('color', ('(?P<slot>\w+)'|datum\.slot)\)")
PAINTED = {"color", "fill", "stroke"} | {
    f"{of}Color" for of in ("label", "title", "grid", "symbolFill", "symbolStroke")
}


def valid(chart: Chart) -> dict[str, Any]:
    """The chart's specification, held to the schema of Vega-Lite and to the colours by slot."""
    spec = json.loads(json.dumps(chart.chart))
    alt.LayerChart.from_dict(without_scales_of_datums(spec), validate=True)
    problems = list(unslotted(spec))
    assert not problems, problems
    return spec


def without_scales_of_datums(part: Any) -> Any:
    """The schema knows no scale beside a datum, which Vega-Lite itself reads: a browser test shows
    that the colours come out right.
    """
    if isinstance(part, list):
        return [without_scales_of_datums(item) for item in part]
    if not isinstance(part, dict):
        return part
    dropped = {"scale", "legend"} if "datum" in part else set()
    return {key: without_scales_of_datums(part[key]) for key in part.keys() - dropped}


def unslotted(part: Any) -> Iterator[Any]:
    """Every colour of a specification that is not a slot of the theme."""
    if isinstance(part, list):
        for item in part:
            yield from unslotted(item)
    elif isinstance(part, dict):
        if part.get("slot", "one") not in SLOTS:
            yield part
        for name in PAINTED & part.keys():
            if not is_slot(part[name]):
                yield name, part[name]
        for name, item in part.items():
            if name not in PAINTED:
                yield from unslotted(item)


def is_slot(colour: Any) -> bool:
    """Whether a colour is a channel on the theme's scale, or reads that scale."""
    if not isinstance(colour, dict):
        return colour is None  # nothing is drawn
    if "expr" in colour:
        match = FROM_SLOT.fullmatch(colour["expr"])
        return match is not None and match["slot"] in (*SLOTS, None)
    named = colour.get("field") == "slot" or colour.get("datum") in SLOTS
    return named and colour.get("scale") == SCALE and colour.get("legend", "") is None


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that the layers of a chart share."""
    return spec["data"]["values"]


def layers(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    """The layers of one mark."""
    return [each for each in spec["layer"] if each["mark"]["type"] == mark]
