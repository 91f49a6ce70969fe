"""The description of version 1 for programs, in OpenAPI 3.1, made from the models that check and answer."""

from __future__ import annotations

import copy
from typing import Any

from pydantic.json_schema import models_json_schema

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base.ids import ID_PATTERN
from advisor.decide.query import SCORES, VIEW
from advisor.serve import schemas

VERSION = "1.0.0"
LONGEST_QUERY = 8_192
"""Bytes of an address's query that are read."""
LARGEST_BODY = 65_536
"""Bytes of a question in JSON that are read."""
_REF = "#/components/schemas/{model}"
_ANSWERS = (
    schemas.Recommendation, schemas.VariantAnswer, schemas.CatalogAnswer, schemas.Health, schemas.Refusal,
)  # fmt: skip


def document() -> dict[str, Any]:
    """The description, as plain data."""
    _, defined = models_json_schema(
        [(model, "serialization") for model in _ANSWERS], ref_template=_REF
    )
    definitions = defined["$defs"] | {"Asked": _question()}
    refusals = {
        "422": _answer(
            "Refusal", "The question cannot be answered: each fault with its field and the remedy"
        ),
        "429": _busy(),
        "503": _answer("Refusal", "The catalog cannot be used; see /healthz"),
    }
    too_long = {
        "414": _answer("Refusal", f"The query of the address is over {LONGEST_QUERY:,} bytes")
    }
    body = {
        "413": _answer("Refusal", f"The body is over {LARGEST_BODY:,} bytes"),
        "415": _answer("Refusal", "The body is not application/json"),
    }
    plans = {
        "name": "plans", "in": "query", "schema": {"type": "boolean", "default": False},
        "description": "Adds every plan with its figures: some megabytes.",
    }  # fmt: skip
    found = _answer(
        "Recommendation",
        "The decision record: the pick with its cost and reasons, what else was possible, what was ruled out",
    )
    kept = {"304": {"description": "Not changed: the client has it by If-None-Match"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "BGE Advisor",
            "version": VERSION,
            "description": "Which BGE embedding or reranking model to use, where to run it, and what it costs. The same answers as the pages and the command line.",
        },
        "paths": {
            "/api/v1/recommend": {
                "get": {
                    "operationId": "recommend",
                    "summary": "The recommendation for the question of a page's address",
                    "description": f"Takes the parameters of a link to Advise or Cost. Those that only choose what a page shows ({', '.join(VIEW)}) change nothing.",
                    "parameters": [*_parameters(), plans],
                    "responses": {"200": found, **kept, **too_long, **refusals},
                },
                "post": {
                    "operationId": "recommendFor",
                    "summary": "The recommendation for a workload in JSON",
                    "parameters": [plans],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": {"$ref": _REF.format(model="Asked")}}
                        },
                    },
                    "responses": {"200": found, **kept, **too_long, **body, **refusals},
                },
            },
            "/api/v1/catalog.json": {
                "get": {
                    "operationId": "catalog",
                    "summary": "The whole catalog: facts, prices, hardware, stores, evidence, rules, sources",
                    "responses": {
                        "200": _answer("CatalogAnswer", "The catalog"),
                        **kept,
                        "429": _busy(),
                        "503": refusals["503"],
                    },
                }
            },
            "/api/v1/variants/{id}.json": {
                "get": {
                    "operationId": "variant",
                    "summary": "One variant: facts with their sources, prices, scores, and when to use it",
                    "parameters": [
                        {
                            "name": "id",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string", "pattern": ID_PATTERN, "maxLength": 60},
                            "example": "bge-m3",
                        }
                    ],
                    "responses": {
                        "200": _answer("VariantAnswer", "The variant"),
                        **kept,
                        "400": {"description": "The id holds a null byte or a way up, as `../`"},
                        "404": _answer("Refusal", "The catalog has no such variant"),
                        "429": _busy(),
                        "503": refusals["503"],
                    },
                }
            },
            "/healthz": {
                "get": {
                    "operationId": "health",
                    "summary": "Whether answers can be given",
                    "responses": {
                        "200": _answer(
                            "Health",
                            "They can; `faults` tells what is wrong with files that changed since",
                        ),
                        "503": _answer(
                            "Health", "They cannot: the catalog is unusable, with its faults"
                        ),
                    },
                }
            },
        },
        "components": {"schemas": dict(sorted(definitions.items()))},
    }


def _question() -> dict[str, Any]:
    """What POST takes: the fields of the workload, of the assumptions, and the scores to rank by, side by side as in an address."""
    properties = {
        name: copy.deepcopy(field)
        for model in (Workload, Assumptions)
        for name, field in model.model_json_schema()["properties"].items()
    }
    properties |= {
        name: {"anyOf": [{"type": "string"}, {"type": "null"}], "description": _scores(kind)}
        for kind, name in SCORES.items()
    }
    return {
        "type": "object",
        "title": "Asked",
        "description": "A workload, with changed assumptions beside it. Every field may be left out.",
        "properties": properties,
        "additionalProperties": False,
    }


def _parameters() -> list[dict[str, Any]]:
    """The question's fields as parameters of an address, where null is an empty value."""
    found = []
    for name, field in _question()["properties"].items():
        schema = {
            key: value
            for key, value in field.items()
            if key not in ("title", "description", "default", "anyOf")
        }
        for choice in field.get("anyOf", ()):
            schema |= choice if choice.get("type") != "null" else {}
        found.append(
            {
                "name": name,
                "in": "query",
                "required": False,
                "allowEmptyValue": True,
                "description": field.get("description", ""),
                "schema": schema,
            }
        )
    return found


def _scores(kind: str) -> str:
    return f"Id of the set of published scores to rank {kind}s by; left out, the most general set that compares those that fit."


def _answer(model: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": _REF.format(model=model)}}},
    }


def _busy() -> dict[str, Any]:
    return _answer("Refusal", "As many questions wait as this server takes on") | {
        "headers": {
            "Retry-After": {
                "description": "Seconds until a place may be free",
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    }
