"""Addresses of pages beside those that Streamlit gives them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route


def _overview(request: Request) -> RedirectResponse:
    """The Overview with the same question. Relative, so that it stays below a base path."""
    query = request.url.query
    return RedirectResponse(f"./?{query}" if query else "./")


# Streamlit 1.67 serves the first page at `/` alone, and shows "Page not found" at the name that it
# reserves for it.
ROUTES = [Route("/overview", _overview)]
