"""Endpoints that the operator has set up, and one that a person at this machine may type in.

ADVISOR_ENDPOINTS names a YAML file. The key of an endpoint is never in it: `key_env` names the
environment variable that holds it.

    endpoints:
      - id: m3-here
        name: "BGE M3 on our GPU"
        base_url: "http://10.0.0.7:8080"
        shape: tei
        model: "BAAI/bge-m3"
        variant: bge-m3
        kind: embedder
      - id: reranker-novita
        name: "BGE Reranker v2 M3 at Novita"
        base_url: "https://api.novita.ai/openai/v1"
        shape: novita
        model: "baai/bge-reranker-v2-m3"
        variant: bge-reranker-v2-m3
        kind: reranker
        key_env: NOVITA_API_KEY
        max_batch: 32
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from advisor.base import validation
from advisor.base.errors import EncodeError, Fault, did_you_mean
from advisor.catalog import files
from advisor.catalog.schema import Entry, Id, Positive, Variant
from advisor.net.addresses import parsed

EndpointShape = Literal[
    "openai", "tei", "ollama", "novita", "vllm", "infinity", "nim", "cloudflare"
]
EMBED_ONLY = ("openai", "ollama")
"""Shapes without a way to rerank (docs/operations.md, Protocols of endpoints)."""
_PLAIN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$"
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
# a path at Cloudflare, so no // and no ..
_MODEL = r"^[A-Za-z0-9@][A-Za-z0-9._:@+-]*(/[A-Za-z0-9@][A-Za-z0-9._:@+-]*)*$"


def _base_url(value: str) -> str:
    try:
        parsed(value)
    except EncodeError as error:
        raise PydanticCustomError("base_url", "{problem}", {"problem": str(error)}) from None
    return value.strip()


class Endpoint(Entry):
    """One model at one address; `variant` is an id of the catalog, None for another model."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=80, pattern=_PLAIN)] = Field(
        description="as shown to visitors"
    )
    base_url: Annotated[str, Field(max_length=600), AfterValidator(_base_url)]
    shape: EndpointShape = Field(description="the protocol that the server speaks")
    model: Annotated[str, Field(max_length=200, pattern=_MODEL)] = Field(
        description="name that is sent; TEI takes none"
    )
    variant: Id | None = None
    kind: Literal["embedder", "reranker"]
    key_env: Annotated[str, Field(max_length=100, pattern=_VARIABLE)] | None = None
    max_batch: Positive | None = Field(
        default=None,
        description="texts in one request; null: what the server or its documents state",
    )
    max_tokens: Positive | None = Field(
        default=None, description="tokens of a text, for a reranker of a pair; null: not known"
    )
    precision: Literal["fp32", "fp16", "int8"] | None = None

    @model_validator(mode="after")
    def _shape_serves_kind(self) -> Self:
        if self.kind == "reranker" and self.shape in EMBED_ONLY:
            raise PydanticCustomError(
                "kind",
                "a server of shape {shape} does not rerank. Name another shape.",
                {"shape": self.shape},
            )
        return self

    def key(self) -> str | None:
        """The environment's key, None: none is needed; raises EncodeError where it is not set."""
        if self.key_env is None:
            return None
        if not os.environ.get(self.key_env):
            raise EncodeError(
                f"The key of {self.name} is not set. "
                f"Put it into the environment variable {self.key_env}."
            )
        return os.environ[self.key_env]


class EndpointsError(EncodeError):
    """Settings that cannot be used, with every fault of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def load(variants: Mapping[str, Variant], path: Path | None = None) -> dict[str, Endpoint]:
    """The endpoints by id of the file `path`, or of ADVISOR_ENDPOINTS; none where neither is named.

    Raises EndpointsError, with every fault, where it cannot be used."""
    if path is None and not os.environ.get("ADVISOR_ENDPOINTS"):
        return {}
    path = path or Path(os.environ["ADVISOR_ENDPOINTS"])
    file = path.name
    try:
        path.stat()
    except FileNotFoundError:
        remedy = "Restore it, or name another in ADVISOR_ENDPOINTS."
        raise EndpointsError([Fault(file, "", "", "the file is missing.", remedy)]) from None
    except OSError:  # a folder that may not be entered: told with whatever else forbids to read it
        pass
    value = files.yaml_mapping(path, file)
    if isinstance(value, Fault):
        raise EndpointsError([value])
    rows = value.get("endpoints")
    faults = [
        Fault(file, "", str(key)[:60], "no such field.", did_you_mean(str(key), ["endpoints"]))
        for key in value
        if key != "endpoints"
    ]
    if not isinstance(rows, list):
        remedy = "Write `endpoints:` and under it `- id: ...` entries."
        faults.append(Fault(file, "", "endpoints", "no list.", remedy))
        rows = []
    endpoints: dict[str, Endpoint] = {}
    for number, row in enumerate(rows, 1):
        named = isinstance(row, dict) and row.get("id")
        entry = f"endpoint {str(named)[:60] if named else f'number {number}'}"
        endpoint, own = _endpoint(row, file, entry, variants)
        faults += own
        if endpoint and endpoint.id in endpoints:
            remedy = "Ids are unique: rename one."
            faults.append(Fault(file, entry, "id", "it is used twice.", remedy))
        elif endpoint:
            endpoints[endpoint.id] = endpoint
    if faults:
        raise EndpointsError(faults)
    return endpoints


def typing_allowed() -> bool:
    """Whether visitors may type in an endpoint, as the operator and `make run` set it."""
    return os.environ.get("ADVISOR_TYPED_ENDPOINTS") == "1"


def typed(variants: Mapping[str, Variant], **fields: Any) -> Endpoint:
    """An endpoint that a visitor typed in, from fields of `Endpoint` without `key_env`.

    Raises EncodeError for the first that is wrong, or where typing is not allowed."""
    if not typing_allowed():
        raise EncodeError(
            "Endpoints of your own are off here. Start the app on your machine with make run, or "
            "ask its operator to add one."
        )
    # it would send a variable of this process to an address of the visitor's
    if fields.get("key_env") is not None:
        raise EncodeError(
            "A typed endpoint reads no key from the environment. Enter the key in its field."
        )
    row = {"id": "typed", "name": "your endpoint", **fields}
    endpoint, faults = _endpoint(row, "", "", variants)
    if endpoint is None or faults:
        where = faults[0].field.replace("_", " ").capitalize()
        problem = f"{faults[0].problem} {faults[0].remedy}".strip()
        raise EncodeError(f"{where}: {problem}" if where and problem[0].islower() else problem)
    return endpoint


def _endpoint(
    row: Any, file: str, entry: str, variants: Mapping[str, Variant]
) -> tuple[Endpoint | None, list[Fault]]:
    """One entry checked, and its faults, without what stands in a field: it could be a key."""
    faults: list[Fault] = []
    endpoint: Endpoint | None = None
    try:
        endpoint = Endpoint.model_validate(row)
    except ValidationError as error:
        faults += faults_of(error, file, entry)
    name = endpoint.variant if endpoint else None
    if endpoint and name is not None:
        if name not in variants:
            remedy = did_you_mean(name, variants) or "Name one of the catalog."
            faults.append(Fault(file, entry, "variant", f"no variant '{name}'.", remedy))
        elif variants[name].kind != endpoint.kind:
            problem = f"{variants[name].name} is no {endpoint.kind}."
            remedy = "Fix kind, or name another variant."
            faults.append(Fault(file, entry, "kind", problem, remedy))
    return endpoint, faults


_REMEDIES = {
    "id": 'Write small letters, digits and hyphens, as "m3-here".',
    "name": "Write up to 80 characters on one line.",
    "model": 'Write the name that the server knows, as "BAAI/bge-m3".',
    "key_env": "Write the name of an environment variable, as NOVITA_API_KEY; never the key "
    "itself.",
    "variant": "Write an id of the catalog, as bge-m3, or null.",
}


def faults_of(error: ValidationError, file: str = "", entry: str = "") -> list[Fault]:
    """What is wrong with the fields of an endpoint, without what stands in them."""
    return validation.faults(error, _remedy, file=file, entry=entry, show_values=False)


def _remedy(place: str, kind: str) -> str:
    return _REMEDIES.get(place, "Write it." if kind == "missing" else "")
