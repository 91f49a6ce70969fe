"""Code that asks a provider's endpoint: curl, the OpenAI client, requests."""

from __future__ import annotations

import json
import textwrap
from typing import Any, NamedTuple
from urllib.parse import quote

from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.schema import Offer, Provider, ProviderApi, Variant
from advisor.decide.places import Place
from advisor.explain.snippet import (
    PASSAGES,
    QUERY,
    Snippet,
    curl,
    embedded,
    literal,
    text_notes,
)


class Call(NamedTuple):
    """One POST: its address with {account_id} left in it, its body, and Python reading `answer`."""

    url: str
    body: dict[str, Any]
    read: str


def hosted_snippets(catalog: Catalog, place: Place, workload: Workload) -> list[Snippet]:
    """Code for a provider's endpoint; one entry without code where its address is not known."""
    variant, offer, provider = place.variant, place.offer, place.provider
    assert offer is not None and provider is not None, "a hosted place has an offer"
    api = provider.api
    call = _call(api, variant, offer) if api else None
    if api is None or call is None:
        return [Snippet("hosted-curl", "Hosted API", "", "", (_no_address(catalog, place),))]
    notes = (*_notes(place, offer, call, workload), _key_note(api, provider))
    url = call.url.replace("{account_id}", f"${api.account_env}")
    command = curl(url, call.body, api.key_env)
    snippets = [Snippet("hosted-curl", "Hosted API", "bash", command, notes)]
    if api.shape == "openai" and variant.kind == "embedder":
        code = _openai(api, call)
        snippets.append(Snippet("hosted-openai", "OpenAI client", "python", code, notes))
    else:
        code = _requests(api, call)
        snippets.append(Snippet("hosted-requests", "Python (requests)", "python", code, notes))
    return snippets


def _call(api: ProviderApi, variant: Variant, offer: Offer) -> Call | None:
    """How the endpoint is asked; None where its address is not known."""
    address = api.rerank if variant.kind == "reranker" else api.embeddings
    if address is None:
        return None
    model, passages = offer.model, list(PASSAGES)
    # encoded, so that no shell and no Python reads anything into it
    url = address.replace("{model}", quote(model, safe="/@"))
    body: dict[str, Any]
    if variant.kind == "embedder":
        if api.shape == "cloudflare":
            other = offer.default_pooling not in (None, variant.pooling)
            pooling = {"pooling": variant.pooling} if other else {}
            read = 'query, *passages = answer.json()["result"]["data"]'
            return Call(url, {"text": embedded(variant), **pooling}, read)
        body = {"model": model, "input": embedded(variant), "encoding_format": "float"}
        return Call(url, body, "")
    if api.shape == "cloudflare":
        contexts = [{"text": passage} for passage in passages]
        body = {"query": QUERY, "contexts": contexts, "top_k": len(passages)}
        read = 'for row in answer.json()["result"]["response"]:\n    print(row["id"], row["score"])'
        return Call(url, body, read)
    body = {"model": model, "query": QUERY, "documents": passages, "top_n": len(passages)}
    read = 'for row in answer.json()["results"]:\n    print(row["index"], row["relevance_score"])'
    return Call(url, body, read)


_COSINES = """\
for passage in passages:
    print(sum(a * b for a, b in zip(query, passage)) / hypot(*query) / hypot(*passage))
"""


def _openai(api: ProviderApi, call: Call) -> str:
    base_url = call.url.removesuffix("/embeddings")
    texts = textwrap.indent("\n".join(literal(text) + "," for text in call.body["input"]), " " * 8)
    return f"""\
# pip install openai
import os
from math import hypot

from openai import OpenAI

client = OpenAI(base_url={literal(base_url)}, api_key=os.environ["{api.key_env}"])
answer = client.embeddings.create(
    model={literal(call.body["model"])},
    input=[
{texts}
    ],
    encoding_format="float",
)
query, *passages = [row.embedding for row in answer.data]
{_COSINES}"""


def _requests(api: ProviderApi, call: Call) -> str:
    url = literal(call.url)
    if "{account_id}" in call.url:
        url = f'f"{call.url}"'.replace("{account_id}", f"{{os.environ['{api.account_env}']}}")
    body = "body = " + json.dumps(call.body, ensure_ascii=False, indent=4)
    is_vectors = call.read.startswith("query")
    return f"""\
# pip install requests
import os
{"from math import hypot" + chr(10) if is_vectors else ""}
import requests

url = {url}
{body}
key = os.environ["{api.key_env}"]
answer = requests.post(url, json=body, headers={{"Authorization": f"Bearer {{key}}"}}, timeout=60)
answer.raise_for_status()
{call.read}
{_COSINES if is_vectors else ""}"""


def _notes(place: Place, offer: Offer, call: Call, workload: Workload) -> list[str]:
    variant, limit = place.variant, place.limit
    name = place.provider.name if place.provider else ""
    notes = text_notes(variant, limit, workload)
    if limit is not None:
        what = "query and passage together" if variant.kind == "reranker" else "each text"
        tokens = formatting.count(limit)
        notes.append(f"Keep {what} within {tokens} tokens: longer input is cut or refused.")
    if variant.kind == "embedder":
        notes.append(
            f"Use cosine similarity: {name} does not say whether its vectors are normalised."
        )
    if pooling := call.body.get("pooling"):
        other = offer.default_pooling
        notes.append(
            f'Keep "pooling": it defaults to {other}, and this model is made for {pooling}.'
        )
    if variant.kind == "embedder" and set(workload.outputs) - {"dense"}:
        notes.append(f"This call returns dense vectors; how {name} gives others is not known.")
    return notes


def _key_note(api: ProviderApi, provider: Provider) -> str:
    account = f" and your account's id in {api.account_env}" if api.account_env else ""
    return f"Put your {provider.name} key in {api.key_env}{account}."


def _no_address(catalog: Catalog, place: Place) -> str:
    """Why there is no code, with the provider's own page where one was read."""
    assert place.offer is not None and place.provider is not None
    pages = (catalog.sources[key] for key in place.offer.source_ids("model"))
    own = next((s.url for s in pages if s.tier == "first_party" and s.url), None)
    step = "rerank" if place.variant.kind == "reranker" else "embedding"
    address = f"The address of the {step} API at {place.provider.name} is not known here"
    return f"{address}; see {own}." if own else f"{address}, nor a page of the provider's own."
