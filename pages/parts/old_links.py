"""Links in which a field or a tab has an old name, or a language its English one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from advisor.ask.languages import codes
from advisor.ask.old_names import OLD_NAMES, renamed
from advisor.ask.stated import WRITTEN_NULL
from advisor.ask.workload import Workload

WITH_WORKLOAD = ("advise", "compare", "cost")
"""Pages whose address states a workload."""
NOW = {old: name.now for old, name in OLD_NAMES.items()}
LANGUAGES = "languages"
PART = "part"
OLD_PARTS = {
    "plans": "all-options",
    "what-moves-it": "what-drives-it",
    "index": "vector-store",
    "time": "latency",
}
"""Tabs by the id that they once had."""


def under_new_names(params: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The same question without old names; where a link has both, the new one counts.

    Languages have their codes; what is none stays, to be told about.
    """
    clean = {name: values for name, values in params.items() if name not in NOW}
    for old in NOW.keys() & params.keys():
        if params[old][-1] in ("true", "false"):
            clean = _written(renamed({old: params[old][-1]})) | clean
    if LANGUAGES in clean:
        clean[LANGUAGES] = codes(clean[LANGUAGES])
    if PART in clean:
        clean[PART] = [part_id(value) for value in clean[PART]]
    return clean


def part_id(label: str) -> str:
    """What a link calls a tab, by its label, its id or an old one: `vector-store`.

    Links of before 2026-12 have the label."""
    key = label.lower().replace(" ", "-")
    return OLD_PARTS.get(key, key)


def _written(stated: Mapping[str, object]) -> dict[str, list[str]]:
    """What is not the default, as an address has it."""
    default = Workload().model_dump()
    changed = {name: value for name, value in stated.items() if value != default[name]}
    return {n: [WRITTEN_NULL if value is None else str(value)] for n, value in changed.items()}


def stated_twice(params: Mapping[str, list[str]]) -> list[str]:
    """Says which old names stand beside their new ones."""
    taken = "the link also has {}, its new name, which counts."
    return [
        f"{old}={','.join(params[old])[:60]}: {taken.format(now)}"
        for old, now in NOW.items()
        if {old, now} <= params.keys()
    ]


class ToNewNames:
    """Sends the browser on from a link of before, so that it never has the old one to go Back to.

    One that has to be told about opens as it is: the page says what it takes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with the new address, or hands on."""
        page = scope["path"].rpartition("/")[2] if scope["type"] == "http" else ""
        address = _new_address(page, scope["query_string"]) if page in WITH_WORKLOAD else ""
        answer = RedirectResponse(address) if address else self.app
        await answer(scope, receive, send)


def _new_address(page: str, query: bytes) -> str:
    """Relative, so that it stays below a base path; empty where there is nothing to send on."""
    params = parse_qs(query.decode("ascii", "replace"), keep_blank_values=True)
    old_ones, clean = NOW.keys() & params.keys(), under_new_names(params)
    if (
        clean == params
        or stated_twice(params)
        or not all(params[n] in (["true"], ["false"]) for n in old_ones)
    ):
        return ""
    address = urlencode(clean, doseq=True)
    return f"{page}?{address}" if address else page
