"""The pages of app.py and the answers for programs, on one server. Run with `make run`, or `streamlit run asgi.py`."""

import asyncio
import contextlib
import gc
import importlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from advisor.catalog import current
from advisor.serve.headers import Headers
from advisor.serve.routes import Api

# Streamlit 1.67 runs files of a `pages` folder by themselves until `st.navigation` has been called once; here it always is.
PagesManager.uses_pages_directory = False


def at_once(connection: socket.socket) -> None:
    """Lets what is written go out without waiting for the other side to confirm what went before.

    asyncio does so for sockets that state their protocol; Streamlit 1.67 binds one that does not, and each answer took 40 ms longer.
    """
    if connection.type == socket.SOCK_STREAM and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


if hasattr(asyncio.base_events, "_set_nodelay"):
    asyncio.base_events._set_nodelay = at_once


@contextlib.asynccontextmanager
async def ready(_: Any) -> AsyncIterator[None]:
    """Reads the catalog before the first question comes, and keeps what stays for ever out of the garbage collector's way.

    Looking through the libraries took 85 ms each time that it looked through all.
    """
    await run_in_threadpool(current.current)
    for module in ("advisor.charts", "pages.form", "pages.texts", "pages.engines", "pyarrow", "streamlit.elements.vega_charts"):
        await run_in_threadpool(importlib.import_module, module)
    gc.collect()
    gc.freeze()
    yield


headers = Middleware(
    Headers,
    page=Path(st.__file__).with_name("static") / "index.html",
    hosts=lambda: st.get_option("server.allowedHosts"),
    origins=lambda: st.get_option("server.corsAllowedOrigins"),
)
app = st.App(Path(__file__).with_name("app.py"), routes=Api().routes(), middleware=[headers], lifespan=ready)
