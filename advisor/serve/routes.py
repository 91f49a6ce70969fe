"""The routes for programs: the answers of the pages and the command line, off the event loop."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import asdict

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from advisor import telemetry
from advisor.base.errors import Fault, WorkloadError, did_you_mean
from advisor.catalog import Catalog, reloading, today
from advisor.decide import query
from advisor.decide.query import AdviceQuestion
from advisor.serve import answers, openapi
from advisor.serve.queue_and_cache import Answers, QueueFullError, Work

_LOG = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]
LOOKED_S = 1.0
"""How old a look at the catalog's files may be before an answer."""
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
"""All of them reach a route, which itself refuses those it does not take."""


class _Anything(StringConvertor):
    """The rest of an address, line feeds too, at which Starlette's own `path` ends."""

    regex = r"[\s\S]*"


register_url_convertor("anything", _Anything())


class RefusedError(Exception):
    """A request that gets no answer: the status and the sentence for it."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


class Api:
    """Version 1 on one server, with its work and the answers it keeps."""

    def __init__(self, work: Work | None = None) -> None:
        self.work = work or Work()
        self._answers = Answers(self.work)
        telemetry.watch_queue("recommend", self.work)

    def routes(self) -> list[BaseRoute]:
        """Every route."""
        return [
            _route("/api/v1/recommend", GET=self.recommend, POST=self.recommend_for),
            _route("/api/v1/catalog.json", GET=self.catalog),
            _route("/api/v1/variants/{id}.json", GET=self.variant),
            _route("/api/v1/openapi.json", GET=self.openapi),
            Route("/api/{rest:anything}", _no_such, methods=_METHODS),
            _route("/healthz", GET=self.health),
            _route("/metrics", GET=self.metrics),
        ]

    async def recommend(self, request: Request) -> Response:
        """The recommendation for the parameters of a page's address."""
        params = _params(request)
        plans = _yes(params.pop("plans", []))
        catalog = await _catalog()
        return await self._recommendation(request, catalog, query.of_params(catalog, params), plans)

    async def recommend_for(self, request: Request) -> Response:
        """The recommendation for a workload in JSON."""
        params = _params(request)
        plans = _yes(params.pop("plans", []))
        if params:
            name = next(iter(params))[:60]
            raise _wrong(name, "no such parameter with POST.", "Put the workload into the body.")
        body = await _body(request)
        catalog = await _catalog()
        return await self._recommendation(
            request, catalog, answers.question_of(catalog, body), plans
        )

    async def _recommendation(
        self, request: Request, catalog: Catalog, question: AdviceQuestion, plans: bool
    ) -> Response:
        day = today()

        def answer() -> bytes:
            with telemetry.RECOMMEND_SECONDS.labels("program").time():
                return answers.recommendation(catalog, question, day, plans)

        return await self._answer(
            request, ("recommend", catalog.version, day, question, plans), answer
        )

    async def catalog(self, request: Request) -> Response:
        """The whole catalog."""
        catalog = await _catalog()
        return await self._answer(
            request, ("catalog", catalog.version), lambda: answers.whole(catalog)
        )

    async def variant(self, request: Request) -> Response:
        """One variant."""
        catalog, key = await _catalog(), request.path_params["id"]
        if key not in catalog.variants:
            near = did_you_mean(key[:60], catalog.variants)
            sentence = f"The catalog has no variant '{key[:60]}'. {near}".strip()
            raise RefusedError(404, sentence)
        return await self._answer(
            request, ("variant", catalog.version, key), lambda: answers.variant(catalog, key)
        )

    async def openapi(self, request: Request) -> Response:
        """The description of these routes."""
        return await self._answer(
            request, "openapi", lambda: json.dumps(openapi.document()).encode()
        )

    async def health(self, request: Request) -> Response:
        """200 while answers can be given, else 503; with what is wrong with the files now."""
        now = await run_in_threadpool(reloading.current)
        faults = [asdict(fault) for fault in now.faults]
        status = (
            "catalog unusable" if now.catalog is None else "catalog outdated" if faults else "ok"
        )
        version = now.catalog.version if now.catalog else None
        return JSONResponse(
            {"status": status, "catalog_version": version, "faults": faults},
            200 if now.catalog else 503,
        )

    async def metrics(self, request: Request) -> Response:
        """What the server tells its operator."""
        return Response(await run_in_threadpool(telemetry.text), media_type=CONTENT_TYPE_LATEST)

    async def _answer(
        self, request: Request, question: Hashable, make: Callable[[], bytes]
    ) -> Response:
        """The answer's bytes, packed where the client takes gzip; 304 where it has them."""
        body = await self._answers.get(question, make)
        headers = {"ETag": body.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if body.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = body.plain
        if "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["Content-Encoding"] = body.packed, "gzip"
        return Response(content, headers=headers, media_type="application/json")


def _route(path: str, **handlers: Handler) -> Route:
    """A route with a handler for each method; refusals are JSON, requests counted and timed."""

    async def endpoint(request: Request) -> Response:
        began = time.perf_counter()
        method = "GET" if request.method == "HEAD" else request.method
        if method in handlers:
            response = await _response(handlers[method], request)
        else:
            allowed = ", ".join(handlers)
            response = _refusal(405, f"This address accepts {allowed}.", headers={"Allow": allowed})
        telemetry.REQUESTS.labels(
            path, method if method in handlers else "other", str(response.status_code)
        ).inc()
        telemetry.REQUEST_SECONDS.labels(path).observe(time.perf_counter() - began)
        return response

    return Route(path, endpoint, methods=_METHODS)


async def _response(handler: Handler, request: Request) -> Response:
    """The handler's response, or the refusal that its error is."""
    try:
        return await handler(request)
    except QueueFullError as busy:
        return _refusal(429, str(busy), headers={"Retry-After": str(busy.retry_after_s)})
    except WorkloadError as error:
        return _refusal(422, **answers.refusal(error))
    except RefusedError as error:
        return _refusal(error.status, str(error))
    except Exception:  # whatever it is: counted, logged, and answered in JSON as all else
        _LOG.exception("%s %s", request.method, request.url.path)
        return _refusal(500, "The server failed on this question. Its log has the details.")


def _refusal(
    status: int,
    error: str,
    faults: Sequence[Mapping[str, str]] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    # in ASCII: what a client sent and a sentence quotes need not be text that UTF-8 can carry
    body = json.dumps({"error": error, "faults": faults})
    return Response(body, status, headers, "application/json")


async def _no_such(_: Request) -> Response:
    """Any other address under /api; Streamlit would answer it with its page."""
    return _refusal(404, "No such address. /api/v1/openapi.json lists those that exist.")


async def _catalog() -> Catalog:
    """The catalog that answers now; its files are looked at off the event loop, once in LOOKED_S.

    Not each time: while a page computes, every change of threads waits for it, and a cached answer
    needs none.
    """
    now = reloading.seen(LOOKED_S)
    if now is None:
        now = await run_in_threadpool(reloading.current)
    if now.catalog is None:
        raise RefusedError(
            503, f"The catalog cannot be used: {len(now.faults)} faults. /healthz lists them."
        )
    return now.catalog


def _params(request: Request) -> dict[str, list[str]]:
    if len(request.scope["query_string"]) > openapi.LONGEST_QUERY:
        raise RefusedError(
            414,
            f"The query of the address is over {openapi.LONGEST_QUERY:,} bytes. "
            "Use POST, or state less.",
        )
    params: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        params.setdefault(name, []).append(value)
    return params


def _wrong(field: str, problem: str, remedy: str) -> query.QuestionError:
    return query.QuestionError([Fault("", "", field, problem, remedy)])


def _yes(values: list[str]) -> bool:
    if len(values) > 1 or not {*values} <= {"true", "false"}:
        problem = f"{','.join(values)[:60]!r} is neither true nor false."
        raise _wrong("plans", problem, "Write true or false.")
    return values == ["true"]


async def _body(request: Request) -> bytes:
    """The body of a request, of which no more is read than is taken."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusedError(
            415,
            "The body is not application/json. Send a workload as JSON, with that Content-Type.",
        )
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > answers.LARGEST_QUESTION:
                most = f"{answers.LARGEST_QUESTION:,}"
                raise RefusedError(413, f"The body is over {most} bytes. A workload is smaller.")
    except ClientDisconnect:
        raise RefusedError(400, "The connection ended within the body.") from None
    return bytes(body)
