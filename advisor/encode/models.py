"""What a process loads: a variant of the catalog, or a stand-in, from a folder on disk."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from advisor.base.errors import EncodeError
from advisor.base.installed import STANDIN, how_to_install
from advisor.catalog import Catalog
from advisor.catalog.schema import LocalFiles, Variant
from advisor.encode.engine import About, Output, Role

STANDIN_FILE = "standin.json"
"""Beside the weights of a stand-in: its name, kind, pooling and limit."""
INSTALL_LOCAL = f"This part needs fastembed, which is not installed. Run: {how_to_install('live')}"


@dataclass(frozen=True)
class Model:
    """One model on disk, with what the catalog says of it. Crosses into the process that loads it.

    `variant_id` is None for a stand-in. `max_tokens` is the limit of a text, for a reranker of a
    pair; None: the tokenizer's own. `parameters` and `embedding_dim` are what the weights must have
    to be that variant; None: not known. `built_in` is fastembed's name for it; None: registered as
    a custom model. `mark` tells files that were replaced from those before.
    """

    engine: Literal["local", "torch"]
    folder: Path
    name: str
    kind: Literal["embedder", "reranker"]
    variant_id: str | None
    hub_id: str | None
    model_file: str = ""
    others: tuple[str, ...] = ()
    built_in: str | None = None
    pooling: Literal["cls", "mean", "last_token", "none"] = "cls"
    normalised: bool = True
    query_instruction: str | None = None
    passage_instruction: str | None = None
    max_tokens: int | None = None
    embedding_dim: int | None = None
    parameters: int | None = None
    outputs: tuple[Output, ...] = ("dense",)
    standin: bool = False
    mark: tuple[int, ...] = ()

    def instruction(self, role: Role) -> str:
        """Text put before each text of that role; empty where there is none."""
        return (self.query_instruction if role == "query" else self.passage_instruction) or ""

    def require(self, *names: str) -> None:
        """Raises EncodeError where the folder holds none of these files."""
        if not any((self.folder / name).is_file() for name in names):
            raise EncodeError(
                f"The model folder of {self.name} holds no {names[0]}. "
                "Fetch the weights again, or name another folder."
            )

    def about(self, **facts: Any) -> About:
        """Who answers with this model on this machine; `facts` are further fields of `About`."""
        own = About(self.variant_id, self.name, self.kind, self.engine, "this machine")
        return replace(own, standin=self.standin, **facts)


def onnx_files(variant: Variant) -> LocalFiles:
    """What the local engine loads; raises EncodeError where nothing is known."""
    if variant.local_files is None:
        raise EncodeError(
            f"{variant.name} does not run in the local engine: no ONNX file of it is known. "
            "Use an endpoint that serves it."
        )
    return variant.local_files


def of_variant(
    catalog: Catalog, variant_id: str, folder: Path, engine: Literal["local", "torch"] = "local"
) -> Model:
    """A variant to be loaded from `folder`; raises EncodeError where the engine cannot run it."""
    variant = catalog.variants.get(variant_id)
    if variant is None or variant.kind == "language-model":
        known = ", ".join(key for key, v in catalog.variants.items() if v.kind != "language-model")
        raise EncodeError(
            f"The catalog has no embedder or reranker '{variant_id[:60]}'. It has: {known}."
        )
    files = onnx_files(variant) if engine == "local" else variant.local_files
    model_file, others = (files.model_file, tuple(files.others)) if files else ("", ())
    outputs = [output for output in get_args(Output) if output in variant.outputs]
    return Model(
        engine=engine,
        folder=folder,
        name=variant.name,
        kind=variant.kind,
        variant_id=variant_id,
        hub_id=variant.hub_id,
        model_file=model_file,
        others=others,
        built_in=variant.hub_id if files and files.built_in else None,
        pooling=variant.pooling or "cls",
        normalised=variant.normalised is not False,
        query_instruction=variant.query_instruction,
        passage_instruction=variant.passage_instruction,
        max_tokens=variant.max_tokens,
        embedding_dim=variant.embedding_dim,
        parameters=variant.parameters,
        outputs=tuple(output for output in outputs if engine == "torch" or output == "dense"),
        mark=_mark(folder, model_file, *others),
    )


def _mark(folder: Path, *names: str) -> tuple[int, ...]:
    """Sizes and times of change of a model's files; of one that is not there, nothing."""
    numbers = []
    for name in (*names, "model.safetensors", "pytorch_model.bin", "tokenizer.json"):
        with contextlib.suppress(OSError, ValueError):
            stat = (folder / name).stat()
            numbers += [stat.st_size, stat.st_mtime_ns]
    return tuple(numbers)


def standin(folder: Path) -> Model:
    """The stand-in of a folder, labelled as not BGE; raises EncodeError where none can be read."""
    try:
        stated = json.loads((folder / STANDIN_FILE).read_text(encoding="utf-8"))
        return Model(
            engine="local",
            folder=folder,
            name=str(stated["name"]),
            kind=stated["kind"],
            variant_id=None,
            hub_id=None,
            model_file=str(stated["model_file"]),
            pooling=stated["pooling"],
            max_tokens=int(stated["max_tokens"]),
            embedding_dim=stated.get("embedding_dim"),
            parameters=stated.get("parameters"),
            standin=True,
            mark=_mark(folder, str(stated["model_file"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise EncodeError(
            f"The folder holds no stand-in with a readable {STANDIN_FILE}. {STANDIN}"
        ) from None
