"""The pages of app.py and the answers for programs, on one server.

Run with `make run`, or `streamlit run asgi.py`.
"""

import asyncio
import contextlib
import gc
import importlib
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager

from advisor.catalog import reloading
from advisor.serve.headers import Headers
from advisor.serve.routes import Api
from advisor.serve.uploads import Uploads
from pages.parts import addresses, old_links

# Streamlit 1.67 runs files of a `pages` folder by themselves until `st.navigation` has been called
# once; here it always is.
PagesManager.uses_pages_directory = False

SWITCH_S = 0.001
"""After which Python lets another thread of those that wait go on. Of its own accord, after 5 ms:
while a page computes, messages, probes and kept answers wait for that each time that the event loop
looks for what is new. docs/measurements/load.md has what it changes."""
LOADED_BEFORE_THE_FIRST_VISIT = (
    "advisor.show.charts",
    "advisor.show.crossings",
    "advisor.show.trade_off",
    "pages.parts.form",
    "pages.parts.texts",
    "pages.parts.engines",
    "pyarrow",
    "streamlit.elements.vega_charts",
)


def send_without_delay(connection: socket.socket) -> None:
    """Lets what is written go out without waiting for the other side to confirm what went before.

    asyncio does so for sockets that state their protocol; Streamlit 1.67 binds one that does not,
    and each answer took 40 ms longer.
    """
    families = (socket.AF_INET, socket.AF_INET6)
    if connection.type == socket.SOCK_STREAM and connection.family in families:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


if hasattr(asyncio.base_events, "_set_nodelay"):
    asyncio.base_events._set_nodelay = send_without_delay


@contextlib.asynccontextmanager
async def ready(_: Any) -> AsyncIterator[None]:
    """Reads the catalog before the first question comes, and keeps what stays for ever out of the
    garbage collector's way.

    Looking through the libraries took 85 ms each time that it looked through all.
    """
    await run_in_threadpool(reloading.current)
    for module in LOADED_BEFORE_THE_FIRST_VISIT:
        await run_in_threadpool(importlib.import_module, module)
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
    yield


headers = Middleware(
    Headers,
    page=Path(st.__file__).with_name("static") / "index.html",
    hosts=lambda: st.get_option("server.allowedHosts"),
    origins=lambda: st.get_option("server.corsAllowedOrigins"),
)


def uploaded_bytes() -> dict[str, int]:
    """Bytes of the files that are held for each visit."""
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    return {
        visit: sum(len(file.data) for file in list(files.values()))
        for visit, files in list(manager.file_storage.items())
    }


uploads = Middleware(Uploads, held=uploaded_bytes)
app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[*Api().routes(), *addresses.ROUTES],
    middleware=[headers, uploads, Middleware(old_links.ToNewNames)],
    lifespan=ready,
)
