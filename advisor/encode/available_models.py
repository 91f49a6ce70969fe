"""The models that a visitor may choose between, by stable ids, and how to get those not at hand.

An id is that of a variant (`bge-m3`: the local engine), with `.torch` behind it for the torch
engine, `standin`, `at.` and an endpoint's id, or `typed` for the endpoint that a visitor typed in.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from advisor.base import formatting
from advisor.base.errors import EncodeError
from advisor.catalog import Catalog
from advisor.catalog.schema import Variant
from advisor.encode import downloads, models, torch_engine
from advisor.encode.downloads import Files
from advisor.encode.endpoints import Endpoint
from advisor.encode.model_folders import folder_name
from advisor.encode.models import Model
from advisor.net import hub

STANDIN, TYPED, AT, TORCH = "standin", "typed", "at.", ".torch"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ModelChoice:
    """One model that a visitor may choose; `missing` says what to do where it is not at hand.

    `files` are what the hub has to fetch, `gigabytes` their published size (None: not known)."""

    id: str
    name: str
    kind: Literal["embedder", "reranker"]
    engine: Literal["local", "torch", "remote"]
    missing: str = ""
    model: Model | None = None
    endpoint: Endpoint | None = None
    files: Files | None = None
    gigabytes: float | None = None
    note: str = ""
    query_instruction: str | None = None

    @property
    def fetchable(self) -> bool:
        """Whether fetching its files from the hub would bring it."""
        return (
            bool(self.missing)
            and self.files is not None
            and not (self.engine == "torch" and torch_engine.installed())
        )

    @property
    def room(self) -> str:
        """What fetching takes, what is free, and where it comes from, as a sentence."""
        size = (
            f"{formatting.significant(self.gigabytes)} GB as published"
            if self.gigabytes
            else "Its size is not known before the hub is asked"
        )
        free = formatting.significant(downloads.free_bytes() / 1e9)
        return (
            f"{size}; {free} GB are free here. The files come from "
            f"{urlsplit(hub.address()).netloc}; none of your texts are sent."
        )

    @property
    def label(self) -> str:
        """The name with what sets it apart."""
        if self.model is not None and self.model.standin:
            return f"{self.name} (stand-in, not BGE)"
        return (
            self.name
            if self.engine == "local"
            else f"{self.name}, {'torch' if self.engine == 'torch' else 'endpoint'}"
        )


def all_of(
    catalog: Catalog, served: Mapping[str, Endpoint], folders: Mapping[str, Path]
) -> dict[str, ModelChoice]:
    """Every model that can be had here, by id: on this machine, to be fetched, or at an endpoint.

    `served` holds endpoints by id of a choice (see `endpoints_by_choice`), `folders` folders on
    disk, which go before those of the models' folder."""
    choices: list[ModelChoice] = []
    if (folder := folders.get(STANDIN) or standin_folder()) is not None:
        with contextlib.suppress(EncodeError):  # a folder that is no stand-in offers none
            model = models.standin(folder)
            choices.append(ModelChoice(STANDIN, model.name, model.kind, "local", model=model))
    encoders = {
        key: variant
        for key, variant in catalog.variants.items()
        if variant.kind in ("embedder", "reranker")
    }
    choices += [
        _local(catalog, key, variant, folders.get(key))
        for key, variant in encoders.items()
        if variant.local_files
    ]
    choices += [
        _torch(catalog, key, variant, folders.get(f"{key}{TORCH}"))
        for key, variant in encoders.items()
        # without torch only what nothing else gives is named, with the step that brings it
        if variant.pooling != "last_token"
        and variant.hub_id
        and ("multi_vector" in variant.outputs or not torch_engine.installed())
    ]
    for key, endpoint in served.items():
        instruction = (
            catalog.variants[endpoint.variant].query_instruction if endpoint.variant else None
        )
        choices.append(
            ModelChoice(
                key,
                endpoint.name,
                endpoint.kind,
                "remote",
                endpoint=endpoint,
                query_instruction=instruction,
            )
        )
    return {choice.id: choice for choice in choices}


def endpoints_by_choice(
    endpoints: Mapping[str, Endpoint], typed: Endpoint | None = None
) -> dict[str, Endpoint]:
    """The operator's endpoints, and one that a visitor typed in, by id of a choice."""
    return {f"{AT}{key}": endpoint for key, endpoint in endpoints.items()} | (
        {TYPED: typed} if typed else {}
    )


def standin_folder() -> Path | None:
    """Folder of the stand-in: of ADVISOR_STANDIN or `make standin`; None where there is none."""
    folder = Path(os.environ.get("ADVISOR_STANDIN") or _ROOT / ".standin")
    return folder if (folder / models.STANDIN_FILE).is_file() else None


def local_files(variant: Variant) -> Files:
    """What the local engine needs from the hub; raises EncodeError where no ONNX file is known."""
    if variant.local_files is None:
        raise EncodeError(
            f"{variant.name} does not run in the local engine: no ONNX file of it is known. "
            "Use an endpoint that serves it."
        )
    return Files(
        variant.local_files.repo, variant.local_files.model_file, tuple(variant.local_files.others)
    )


def _local(catalog: Catalog, key: str, variant: Variant, own: Path | None) -> ModelChoice:
    files = local_files(variant)
    folder, missing = _folder(key, files, own)
    assert variant.local_files is not None and variant.kind != "language-model"
    return ModelChoice(
        key,
        variant.name,
        variant.kind,
        "local",
        missing=missing,
        model=models.of_variant(catalog, key, folder),
        files=files,
        gigabytes=variant.local_files.gigabytes,
        note=variant.local_files.note or "",
        query_instruction=variant.query_instruction,
    )


def _torch(catalog: Catalog, key: str, variant: Variant, own: Path | None) -> ModelChoice:
    assert variant.hub_id is not None and variant.kind != "language-model"
    heads = ("sparse_linear.pt", "colbert_linear.pt") if "multi_vector" in variant.outputs else ()
    files = Files(variant.hub_id, "pytorch_model.bin" if heads else "model.safetensors", heads)
    folder, missing = _folder(f"{key}{TORCH}", files, own)
    size = (variant.weights_bytes or {}).get("fp32")
    return ModelChoice(
        f"{key}{TORCH}",
        variant.name,
        variant.kind,
        "torch",
        missing=torch_engine.installed() or missing,
        model=models.of_variant(catalog, key, folder, "torch"),
        files=files,
        gigabytes=size / 1e9 if size else None,
        query_instruction=variant.query_instruction,
    )


def folder(named: str) -> Path:
    """The folder that somebody names; one that cannot be is left as it is, and then is missing."""
    path = Path(named.strip())
    with contextlib.suppress(RuntimeError):  # no such user
        path = path.expanduser()
    return path


def _is_folder(path: Path) -> bool:
    """Whether a folder is there and may be looked into."""
    try:
        return path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    except (OSError, ValueError):  # too long a name, a NUL in it
        return False


def _folder(key: str, files: Files, own: Path | None) -> tuple[Path, str]:
    """Where a model's files are, or will be; and why they are not there, empty where they are."""
    if own is not None and not _is_folder(own):
        return (
            own,
            "The folder that you named is not there. "
            f"Name one that holds all files of {files.repo}.",
        )
    # a folder of somebody's own has no manifest
    for folder in (own, downloads.models_folder() / key):
        if folder is not None and _is_folder(folder):
            lacking = downloads.missing(files, folder)
            if not lacking:
                return folder, ""
            if folder is own:
                return (
                    folder,
                    f"The folder that you named holds no {lacking[0]}. "
                    f"Name one that holds all files of {files.repo}.",
                )
    return downloads.models_folder() / folder_name(files.repo), downloads.lacking(files) or ""
