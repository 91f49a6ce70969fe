"""How each kind of server is asked, and how its answer is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

from advisor.encode.engine import Role

UNDOCUMENTED = 64
"""Texts in one request where no limit is published."""
_VERSION = re.compile(r"/v[0-9][a-z0-9]*(?=/|$)")
SCALE_NOT_SAID = (
    "The scale of its scores is not documented: those that all lie between 0 and 1 "
    "are taken as they are, others as logits."
)


class EndpointRequest(NamedTuple):
    """What one request asks: vectors of `texts` in their role, or their scores for `query`."""

    model: str
    texts: list[str]
    role: Role = "passage"
    query: str = ""


class Dialect(NamedTuple):
    """How one server is asked for one thing: docs/operations.md, Protocols of endpoints.

    `base` makes the path of a base address that of the server, `path` follows it. `values` reads
    (place, vector or score) of each text, and fails with LookupError or TypeError on another form.
    `counted` reads what was counted, from the answer and its headers. `most` is the number of texts
    in a request. `scale` is that of its scores; None: not documented.
    """

    base: Callable[[str], str]
    path: str
    body: Callable[[EndpointRequest], dict[str, Any]]
    values: Callable[[Any], list[tuple[Any, Any]]]
    counted: Callable[[Any, Mapping[str, str]], object]
    most: int
    notes: tuple[str, ...] = ()
    scale: Literal["logit", "sigmoid"] | None = None
    counted_in: Literal["tokens", "characters"] = "tokens"


def _without_ends(path: str) -> str:
    """The base path of an address that was copied with the path of a call."""
    return re.sub(r"(/(embeddings|rerank|ranking|models))+$", "", path)


def _versioned(path: str, unversioned: str = "/v1") -> str:
    """A base with /v1; one that holds a version anywhere is whole (/v1/openai, /v3/openai)."""
    path = _without_ends(path)
    return path if _VERSION.search(path) else (path or unversioned.removesuffix("/v1")) + "/v1"


def server_root(path: str) -> str:
    """The path without /v1 and the like, for servers whose own calls stand beside those."""
    return re.sub(r"(/(v1|api|run|embed|embeddings|rerank|models|info))+$", "", path)


def _listed(
    *keys: str, place: str | None = None, value: str = ""
) -> Callable[[Any], list[tuple[Any, Any]]]:
    """Reads the list under `keys`: its items in order, or each `value` with the place it states."""

    def values(answer: Any) -> list[tuple[Any, Any]]:
        for key in keys:
            answer = answer[key]
        if not isinstance(answer, list):
            raise TypeError
        if place is None:
            return list(enumerate(answer))
        return [(row[place], row[value]) for row in answer]

    return values


def _usage(answer: Any, _: Mapping[str, str]) -> object:
    """Tokens of `usage`, which holds total_tokens alone, or nothing, at vLLM."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return None
    return usage.get("prompt_tokens") or usage.get("total_tokens")


def _header(_: Any, headers: Mapping[str, str]) -> object:
    """TEI's only count for /embed and /rerank [tei-main]."""
    stated = headers.get("x-compute-tokens", "")
    return int(stated) if re.fullmatch("[0-9]{1,12}", stated) else None


def _eval_count(answer: Any, _: Mapping[str, str]) -> object:
    return answer.get("prompt_eval_count") if isinstance(answer, dict) else None


def _no_count(_: Any, __: Mapping[str, str]) -> object:
    return None


def _documents(request: EndpointRequest) -> dict[str, Any]:
    model, texts = request.model, request.texts
    return {"model": model, "query": request.query, "documents": texts, "top_n": len(texts)}


def _cloudflare_texts(request: EndpointRequest) -> dict[str, Any]:
    """Mean pooling, not BGE's, unless asked; bge-m3 has no such field [cf-bge-small, cf-bge-m3]."""
    pooling = {} if request.model.endswith("bge-m3") else {"pooling": "cls"}
    return {"text": request.texts, **pooling}


_OPENAI = Dialect(
    base=_versioned,
    path="/embeddings",
    body=lambda a: {"model": a.model, "input": a.texts, "encoding_format": "float"},
    values=_listed("data", place="index", value="embedding"),
    counted=_usage,
    most=2048,  # [openai-openapi]
)
_RERANK = Dialect(
    base=_versioned,
    path="/rerank",
    body=_documents,
    values=_listed("results", place="index", value="relevance_score"),
    counted=_usage,
    most=UNDOCUMENTED,
)
_NOVITA = partial(_versioned, unversioned="/openai/v1")
_CUTS = "It cuts texts over its limit without saying so."
_NOT_SAID = "What it does with a text over its limit is not documented."
_CHARACTERS = "Its usage counts characters, unless it was started to count tokens."

EMBED: dict[str, Dialect] = {
    "openai": _OPENAI,
    # its limits are OpenAI's, copied [novita-embeddings]
    "novita": _OPENAI._replace(base=_NOVITA, most=UNDOCUMENTED, notes=(_NOT_SAID,)),
    "vllm": _OPENAI._replace(most=UNDOCUMENTED),
    "infinity": _OPENAI._replace(
        base=_without_ends,  # no /v1, unless its url_prefix says so [infinity-src]
        body=lambda a: {"model": a.model, "input": a.texts},
        counted_in="characters",
        notes=(_CHARACTERS,),
    ),
    "nim": _OPENAI._replace(  # [nvidia-nim-api]
        body=lambda a: {"model": a.model, "input": a.texts, "input_type": a.role},
        most=UNDOCUMENTED,
    ),
    "tei": Dialect(
        base=server_root,
        path="/embed",
        body=lambda a: {"inputs": a.texts, "normalize": True, "truncate": True},
        values=_listed(),
        counted=_header,
        most=32,  # its default; /info says [tei-main]
        notes=(_CUTS,),
    ),
    "ollama": Dialect(
        base=server_root,
        path="/api/embed",
        body=lambda a: {"model": a.model, "input": a.texts},
        values=_listed("embeddings"),
        counted=_eval_count,
        most=UNDOCUMENTED,
        notes=(_CUTS,),
    ),
    "cloudflare": Dialect(
        base=server_root,
        path="/run/{model}",
        body=_cloudflare_texts,
        values=_listed("result", "data"),
        counted=_no_count,
        most=100,  # [cf-bge-small]
    ),
}
RERANK: dict[str, Dialect] = {
    "novita": _RERANK._replace(base=_NOVITA, notes=(_NOT_SAID,)),
    "vllm": _RERANK,
    "infinity": _RERANK._replace(
        base=_without_ends,
        body=lambda a: _documents(a) | {"return_documents": False, "raw_scores": False},
        most=2048,
        scale="sigmoid",
        counted_in="characters",
        notes=(_CHARACTERS,),
    ),
    "nim": _RERANK._replace(
        path="/ranking",
        body=lambda a: {
            "model": a.model,
            "query": {"text": a.query},
            "passages": [{"text": text} for text in a.texts],
            "truncate": "END",
        },
        values=_listed("rankings", place="index", value="logit"),
        counted=_no_count,
        most=512,  # [nvidia-nim-rerank]
        notes=(_CUTS,),
        scale="logit",
    ),
    "tei": EMBED["tei"]._replace(
        path="/rerank",
        body=lambda a: {"query": a.query, "texts": a.texts, "raw_scores": True, "truncate": True},
        values=_listed(place="index", value="score"),
        scale="logit",
    ),
    "cloudflare": EMBED["cloudflare"]._replace(
        body=lambda a: {
            "query": a.query,
            "contexts": [{"text": text} for text in a.texts],
            "top_k": len(a.texts),
        },
        values=_listed("result", "response", place="id", value="score"),
        most=UNDOCUMENTED,
    ),
}
