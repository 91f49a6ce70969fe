"""How much uploaded data a visit, and the server, hold at once.

Each file has Streamlit's limit, their number has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/_stcore/upload_file/"
A_VISIT = 60_000_000
"""Bytes of a visit's files: the five of ten million that the pages take, and room for another."""
ALL = 600_000_000
"""Bytes of all visits' files."""
NO_LENGTH = "A file needs its Content-Length.\n"
VISIT_FULL = (
    f"This visit has reached its limit of {A_VISIT:,} bytes. "
    "Remove a file, or reload the page to start over.\n"
)
SERVER_FULL = "This server holds as many files as it can. Try again in a few minutes.\n"


class Uploads:
    """ASGI middleware that answers 413 to a file for which there is no room.

    `held` gives the bytes of the files that are there, by visit; files under way count with the
    length that they state.
    """

    def __init__(self, app: ASGIApp, held: Callable[[], Mapping[str, int]]) -> None:
        self._app, self._held = app, held
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers where there is no room; hands on all else."""
        if scope["type"] != "http" or scope["method"] != "PUT" or PATH not in scope["path"]:
            return await self._app(scope, receive, send)
        visit = scope["path"].split(PATH, 1)[1].split("/")[0]
        headers = Headers(scope=scope)
        stated = headers.get("content-length", "")
        is_length = stated.isascii() and stated.isdecimal() and len(stated) < 20
        if not is_length or "transfer-encoding" in headers:
            return await PlainTextResponse(NO_LENGTH, 411)(scope, receive, send)
        size, held = int(stated), self._held()
        if size + held.get(visit, 0) + self._under_way[visit] > A_VISIT:
            return await PlainTextResponse(VISIT_FULL, 413)(scope, receive, send)
        if size + sum(held.values()) + self._under_way.total() > ALL:
            return await PlainTextResponse(SERVER_FULL, 413)(scope, receive, send)
        self._under_way[visit] += size
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way[visit] -= size
            self._under_way += Counter()  # without visits that have none under way
