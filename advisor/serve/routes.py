"""The routes for programs."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from advisor.catalog import current


async def health(request: Request) -> Response:
    """200 while answers can be given, with the faults of files that changed since; 503 with the faults where none can."""
    now = await run_in_threadpool(current.current)
    faults = [{"file": f.file, "entry": f.entry, "field": f.field, "problem": f.problem, "remedy": f.remedy} for f in now.faults]
    if now.catalog is None:
        return JSONResponse({"status": "catalog unusable", "faults": faults}, 503)
    status = "catalog outdated" if faults else "ok"
    return JSONResponse({"status": status, "catalog_version": now.catalog.version, "faults": faults})


def all_of() -> list[BaseRoute]:
    """Every route."""
    return [Route("/healthz", health)]
