"""The description of version 1 in OpenAPI 3.1, made from the models that check and answer."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from advisor.ask.assumptions import Assumptions
from advisor.ask.old_names import OLD_NAMES
from advisor.ask.stated import WRITTEN_NULL
from advisor.ask.workload import NULLABLE, Workload
from advisor.base.ids import ID_PATTERN
from advisor.decide.query import SCORES, VIEW
from advisor.explain.record import AnswerRecord, Record
from advisor.serve import schemas
from advisor.serve.answers import LARGEST_QUESTION

VERSION = "1.1.0"
LONGEST_QUERY = 8_192
"""Bytes of an address's query that are read."""
_REF = "#/components/schemas/{model}"
_ANSWERS = (
    AnswerRecord,
    Record,
    schemas.VariantAnswer,
    schemas.CatalogAnswer,
    schemas.Health,
    schemas.Refusal,
)
_DESCRIPTION = (
    "Which BGE embedding or reranking model to use, where to run it, and what it costs. "
    "The same answers as the pages and the command line."
)
_VIEW_CHANGES_NOTHING = (
    "Takes the parameters of a link to Advise or Cost. "
    f"Those that only choose what a page shows ({', '.join(VIEW)}) change nothing."
)


def document() -> dict[str, Any]:
    """The description, as plain data."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "BGE Advisor", "version": VERSION, "description": _DESCRIPTION},
        "paths": {
            "/api/v1/recommend": _recommend(),
            "/api/v1/catalog.json": _catalog(),
            "/api/v1/variants/{id}.json": _variant(),
            "/healthz": _health(),
        },
        "components": {"schemas": _components()},
    }


class _Published(GenerateJsonSchema):
    """Names components as version 1 does: without what tells a class from the domain's."""

    def normalize_name(self, name: str) -> str:
        name = super().normalize_name(name)
        return name.removesuffix("Shape").removesuffix("Record") or "Recommendation"


def _components() -> dict[str, Any]:
    """The shapes of the answers and of the question, by name."""
    _, schema = models_json_schema(
        [(model, "serialization") for model in _ANSWERS],
        ref_template=_REF,
        schema_generator=_Published,
    )
    shapes: dict[str, Any] = schema["$defs"] | {"Asked": _question()}
    for name, shape in shapes.items():
        if "title" in shape:
            shape["title"] = name
    return dict(sorted(shapes.items()))


def _recommend() -> dict[str, Any]:
    plans = {
        "name": "plans",
        "in": "query",
        "schema": {"type": "boolean", "default": False},
        "description": (
            "The whole decision record, which can be replayed, with every plan: some megabytes."
        ),
    }
    answer = (
        "The recommendation with its cost and reasons, the alternatives, and how firm it is; "
        "with plans=true the decision record and every plan"
    )
    success = _success(answer, "Answer", "Recommendation")
    too_long = {"414": _refusal(f"The query of the address is over {LONGEST_QUERY:,} bytes")}
    body = {
        "413": _refusal(f"The body is over {LARGEST_QUESTION:,} bytes"),
        "415": _refusal("The body is not application/json"),
    }
    faults = "The question cannot be answered: each fault with its field and the remedy"
    refusals = {"422": _refusal(faults)} | _no_answer()
    return {
        "get": {
            "operationId": "recommend",
            "summary": "The recommendation for the question of a page's address",
            "description": _VIEW_CHANGES_NOTHING,
            "parameters": [*_parameters(), plans],
            "responses": success | too_long | refusals,
        },
        "post": {
            "operationId": "recommendFor",
            "summary": "The recommendation for a workload in JSON",
            "parameters": [plans],
            "requestBody": {"required": True, "content": _content("Asked")},
            "responses": success | too_long | body | refusals,
        },
    }


def _catalog() -> dict[str, Any]:
    return {
        "get": {
            "operationId": "catalog",
            "summary": (
                "The whole catalog: facts, prices, hardware, stores, evidence, rules, sources"
            ),
            "responses": _success("The catalog", "CatalogAnswer") | _no_answer(),
        }
    }


def _variant() -> dict[str, Any]:
    parameter = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": ID_PATTERN, "maxLength": 60},
        "example": "bge-m3",
    }
    refusals = {
        "400": {"description": "The id holds a null byte or a way up, as `../`"},
        "404": _refusal("The catalog has no such variant"),
    }
    return {
        "get": {
            "operationId": "variant",
            "summary": "One variant: facts with their sources, prices, scores, and when to use it",
            "parameters": [parameter],
            "responses": _success("The variant", "VariantAnswer") | refusals | _no_answer(),
        }
    }


def _health() -> dict[str, Any]:
    can = "They can; `faults` tells what is wrong with files that changed since"
    cannot = "They cannot: the catalog is unusable, with its faults"
    return {
        "get": {
            "operationId": "health",
            "summary": "Whether answers can be given",
            "responses": {"200": _answer(can, "Health"), "503": _answer(cannot, "Health")},
        }
    }


def _question() -> dict[str, Any]:
    """What POST takes: workload, assumptions and scores to rank by, side by side as in a link."""
    properties = {
        name: field
        for model in (Workload, Assumptions)
        for name, field in model.model_json_schema()["properties"].items()
    }
    properties |= {
        name: {"anyOf": [{"type": "string"}, {"type": "null"}], "description": _scores(kind)}
        for kind, name in SCORES.items()
    }
    properties |= {old: _deprecated(old) for old in OLD_NAMES}
    return {
        "type": "object",
        "title": "Asked",
        "description": (
            "A workload, with changed assumptions beside it. Every field may be left out."
        ),
        "properties": properties,
        "additionalProperties": False,
    }


def _scores(kind: str) -> str:
    return (
        f"Id of the set of published scores to rank {kind}s by; "
        "left out, the most general set that compares those that fit."
    )


def _deprecated(old: str) -> dict[str, Any]:
    """A field's old name, which is still taken."""
    now, values, schema, since = OLD_NAMES[old]
    same = ", ".join(
        f"{json.dumps(value)} for {json.dumps(there)}" for value, there in values.items()
    )
    description = (
        f"Use {now}: this is what it was called until {since}, {same}. Both at once are refused."
    )
    return {**schema, "deprecated": True, "description": description}


def _parameters() -> list[dict[str, Any]]:
    """The question's fields as parameters of an address, where an empty value is the default."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "allowEmptyValue": True,
            "description": field.get("description", ""),
            "schema": _of_address(name, field),
        }
        | ({"deprecated": True} if name in OLD_NAMES else {})
        for name, field in _question()["properties"].items()
    ]


def _of_address(name: str, field: dict[str, Any]) -> dict[str, Any]:
    schema = _without_null(field)
    if name not in NULLABLE:
        return schema
    return {"anyOf": [schema, {"type": "string", "enum": [WRITTEN_NULL]}]}


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    unused = ("title", "description", "default", "anyOf")
    schema = {key: value for key, value in field.items() if key not in unused}
    for choice in field.get("anyOf", ()):
        schema |= choice if choice.get("type") != "null" else {}
    return schema


def _content(*shapes: str) -> dict[str, Any]:
    """JSON of one of the shapes."""
    first, *others = [{"$ref": _REF.format(model=shape)} for shape in shapes]
    return {"application/json": {"schema": {"anyOf": [first, *others]} if others else first}}


def _answer(description: str, *shapes: str) -> dict[str, Any]:
    return {"description": description, "content": _content(*shapes)}


def _refusal(description: str) -> dict[str, Any]:
    return _answer(description, "Refusal")


def _success(description: str, *shapes: str) -> dict[str, Any]:
    """The responses with an answer, or to a client that has it already."""
    unchanged = {"description": "Not changed: the client has it by If-None-Match"}
    return {"200": _answer(description, *shapes), "304": unchanged}


def _no_answer() -> dict[str, Any]:
    """The responses where nothing can be answered now."""
    retry_after = {
        "description": "Seconds until a place may be free",
        "schema": {"type": "integer", "minimum": 1},
    }
    busy = _refusal("Too many questions are waiting on this server")
    return {
        "429": busy | {"headers": {"Retry-After": retry_after}},
        "503": _refusal("The catalog cannot be used; see /healthz"),
    }
