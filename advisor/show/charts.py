"""Charts as Vega-Lite specifications, each with title and text alternative.

Colours are slots of the page's theme: see `slots`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from advisor.base import formatting
from advisor.explain.sensitivity import Swing
from advisor.explain.sentences import parts_in_words, usd
from advisor.family.facts import Release
from advisor.show.slots import (
    Spec,
    colour,
    headings,
    layered,
    legend,
    name,
    number,
    of_row,
    row_by_row,
    tooltip,
    words,
)


class Chart(NamedTuple):
    """A chart with the sentence above it and the words for those who do not see it."""

    title: str
    chart: Spec
    alt: str


def left_out(not_known: Collection[str]) -> str:
    """` Not known and not drawn: vector storage.`, or nothing: the end of a text alternative."""
    return f" Not known and not drawn: {parts_in_words(not_known)}." if not_known else ""


def release_timeline(
    releases: list[Release], prefix: str, replaced: Collection[str] = ()
) -> Chart | None:
    """Releases over time, a mark a variant, its kind by shape; `prefix` is left out of names.

    Those `replaced`, by name, are not called the latest.
    """
    if not releases:
        return None
    rows = _release_rows(releases, prefix)
    first, last = rows[0]["released"], rows[-1]["released"]
    quarters = {"format": "%b %Y", "tickCount": {"interval": "month", "step": 3}, "grid": False}
    marks: Spec = {
        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
        "encoding": {
            "shape": name("kind", title=None, legend=legend("three", 2)),
            "color": colour("three"),
            "tooltip": tooltip({"model": "Model", "released": "Released", "kind": "Kind"}),
        },
    }
    names = words("short", baseline="middle", **of_row("dx", "align"))
    x = {
        "field": "released", "type": "temporal", "title": None, "axis": quarters,
        "scale": {"padding": 40},
    }  # fmt: skip
    y = {"field": "row", "type": "ordinal", "axis": None}
    height = 24 * len(rows) + 60
    spec = layered([marks, names], rows, encoding={"x": x, "y": y}, height=height)
    current = [row for row in rows if row["model"] not in replaced]
    newest = max((row["released"] for row in current), default="")
    latest = [row["model"] for row in current if row["released"] == newest]
    span = f"in {first[:7]}" if first[:7] == last[:7] else f"from {first[:7]} to {last[:7]}"
    title = f"{formatting.counted(len(rows), 'release')} {span}"
    if 0 < len(latest) < len(rows):
        title += f"; the latest {'is' if len(latest) == 1 else 'are'} {formatting.listed(latest)}"
    sentences = "; ".join(f"{row['released']}: {row['model']} ({row['kind']})" for row in rows)
    return Chart(title, spec, f"Release dates. {sentences}.")


def _release_rows(releases: list[Release], prefix: str) -> list[dict[str, Any]]:
    """The earliest first, each in a row of its own.

    Names of the later half of the time stand left of their marks, where there is room.
    """
    days = [date.fromisoformat(release.day).toordinal() for release in releases]
    middle = (min(days) + max(days)) / 2
    rows = []
    for place, release in enumerate(sorted(releases, key=lambda r: (r.day, r.name))):
        late = date.fromisoformat(release.day).toordinal() > middle
        rows.append(
            {
                "model": release.name,
                "released": release.day,
                "kind": release.kind,
                "short": release.name.removeprefix(prefix).strip(),
                "row": place,
                "dx": -9 if late else 9,
                "align": "right" if late else "left",
            }
        )
    return rows


def tornado(swings: Sequence[Swing]) -> Chart | None:
    """What each assumption alone does to the monthly total, the widest on top; None without any."""
    if not swings:
        return None
    first, base, missing = swings[0], swings[0].base_usd, swings[0].not_known
    rows = [
        {"place": place, "label": swing.name, "usd": amount, "from": base, "first": first_end}
        | {"shown": f"{end}: {usd(amount, swing.not_known)}"}
        for place, swing in enumerate(swings)
        for first_end, end, amount in (
            (True, swing.first, swing.first_usd),
            (False, swing.second, swing.second_usd),
        )
    ]
    known = ", as far as is known" if missing else ""
    axis = {"format": "$,~r", "grid": False, "tickCount": 4}
    x = number("usd", title=f"$ per month{known}", axis=axis, scale={"zero": False, "padding": 95})
    bars: Spec = {
        "mark": {"type": "bar", "height": 12, "yOffset": 9},
        "encoding": {
            "x": x,
            "x2": {"field": "from"},
            "color": colour("three"),
            "tooltip": tooltip({"label": "Assumption", "shown": "$ per month"}),
        },
    }
    ends = [
        words("shown", fontSize=11, align=align, dx=dx, dy=9, baseline="middle")
        | {"transform": [{"filter": f"datum.usd {sign} datum.from"}]}
        for sign, align, dx in (("<", "right", -5), (">", "left", 5))
    ]
    for end in ends:
        end["encoding"]["x"] = number("usd")
    line: Spec = {
        "data": {"values": [{"usd": base}]},
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {"x": number("usd"), "y": {"value": 0}, "y2": {"value": "height"}}
        | {"color": colour("ink")},
    }
    names = headings()[0] | {"transform": [{"filter": "datum.first"}]}
    title = (
        f"The total moves most with {first.name[0].lower()}{first.name[1:]}: "
        f"{usd(first.first_usd, missing)} ({first.first}) to {usd(first.second_usd, missing)} "
        f"({first.second}), from {usd(base, missing)}"
    )
    sentences = "; ".join(
        f"{swing.name}: {swing.first} {usd(swing.first_usd, missing)}, {swing.second} "
        f"{usd(swing.second_usd, missing)}"
        for swing in swings
    )
    return Chart(
        title,
        row_by_row([bars, *ends, line, names], rows, axis=50),
        f"What each assumption does to the monthly total of {usd(base, missing)}. {sentences}."
        f"{left_out(missing)}",
    )
