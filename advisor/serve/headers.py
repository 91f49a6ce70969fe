"""What every answer tells the browser to refuse, and to which names and origins it is given."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HERE = ("127.0.0.1", "localhost", "::1")
"""Names of this machine, which nobody else's name server can give away.

Answered whatever the operator lists.
"""
PROBED = ("/healthz", "/metrics")
"""Answered under any name: probes ask the number of a machine, and neither tells of a visit."""
FOREIGN_NAME = (
    "This server does not answer to that name. "
    "Its operator lists its names in STREAMLIT_SERVER_ALLOWED_HOSTS.\n"
)
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)  # those with attributes load a file
_POWERS = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)


def policy(scripts: Iterable[str]) -> str:
    """The Content-Security-Policy of pages whose own inline scripts are `scripts`.

    These run, and files of this server, nothing else. Styles may be inline because Streamlit 1.67
    writes them so. There is no `unsafe-eval`: its charts do without.
    """
    hashes = (
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    )
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def host_name(host: str) -> str | None:
    """The name in a Host header, lower case, without port and brackets; None where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # a ValueError where it is no number
    except ValueError:
        return None
    odd = (
        parts.username is not None
        or parts.password is not None
        or parts.path
        or parts.query
        or parts.fragment
    )
    return None if odd or parts.hostname is None else parts.hostname.rstrip(".")


def listed(name: str | None, hosts: Iterable[str]) -> bool:
    """Whether a name is this machine's or in the operator's list.

    The list is read as Streamlit reads server.allowedHosts: an empty one allows all.
    """
    patterns = [host.strip().lower().rstrip(".") for host in hosts]
    if name is None:
        return not patterns
    if not patterns or "*" in patterns or name in HERE or name in patterns:
        return True
    return any(pattern.startswith("*.") and name.endswith(pattern[1:]) for pattern in patterns)


class Headers:
    """ASGI middleware: security headers on every answer, none to a foreign name or page.

        Middleware(
            Headers,
            page=Path(st.__file__).with_name("static") / "index.html",
            hosts=lambda: st.get_option("server.allowedHosts"),
            origins=lambda: st.get_option("server.corsAllowedOrigins"),
        )

    `page` is the HTML file whose inline scripts may run. `hosts` and `origins` give the operator's
    lists, as server.allowedHosts and server.corsAllowedOrigins of Streamlit; they are asked anew
    each time, because its settings may be read after the app is made. Streamlit alone checks the
    name for websockets only, and lets pages of any port of localhost open one.
    """

    def __init__(
        self,
        app: ASGIApp,
        page: Path,
        hosts: Callable[[], Iterable[str]],
        origins: Callable[[], Iterable[str]],
    ) -> None:
        self._app, self._hosts, self._origins = app, hosts, origins
        self._sent = {
            "Content-Security-Policy": policy(_INLINE.findall(page.read_text(encoding="utf-8"))),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{power}=()" for power in _POWERS),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or hands on; what is neither HTTP nor a websocket passes through."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        request = RequestHeaders(scope=scope)
        host = request.get("host", "")
        answered = listed(host_name(host), self._hosts())
        if scope["type"] == "websocket":
            if answered and self._own(request.get("origin"), host):
                return await self._app(scope, receive, send)
            await receive()  # the browser's wish to connect
            # closed before it is accepted: the answer is 403
            return await send({"type": "websocket.close", "code": 1008})

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._sent)
            await send(message)

        if answered or scope["path"] in PROBED:
            return await self._app(scope, receive, with_headers)
        return await PlainTextResponse(FOREIGN_NAME, 400)(scope, receive, with_headers)

    def _own(self, origin: str | None, host: str) -> bool:
        """Whether a websocket is opened by a page of this server or of the operator's list.

        Programs other than browsers send no origin.
        """
        if origin is None or origin in self._origins():
            return True
        with contextlib.suppress(ValueError):  # no address at all
            return urlsplit(origin).netloc == host
        return False
