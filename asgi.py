"""The pages of app.py and the answers for programs, on one server. Run with `make run`, or `streamlit run asgi.py`."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from advisor.catalog import current
from advisor.serve.headers import Headers
from advisor.serve.routes import Api


@contextlib.asynccontextmanager
async def ready(_: Any) -> AsyncIterator[None]:
    """Reads the catalog before the first question comes."""
    await run_in_threadpool(current.current)
    yield


headers = Middleware(
    Headers,
    page=Path(st.__file__).with_name("static") / "index.html",
    hosts=lambda: st.get_option("server.allowedHosts"),
    origins=lambda: st.get_option("server.corsAllowedOrigins"),
)
app = st.App(Path(__file__).with_name("app.py"), routes=Api().routes(), middleware=[headers], lifespan=ready)
