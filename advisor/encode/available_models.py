"""The models that a visitor may choose between, by stable ids, and how to get those not at hand.

An id is that of a variant (`bge-m3`: the local engine), with `.torch` behind it for the torch
engine, `standin`, `at.` and an endpoint's id, or `typed` for the endpoint that a visitor typed in.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
        lacks_torch = self.engine == "torch" and torch_engine.installed()
        return bool(self.missing and self.files and not lacks_torch)

    @property
    def room(self) -> str:
        """What fetching takes, what is free, and where it comes from, as a sentence."""
        size = "Its size is not known before the hub is asked"
        if self.gigabytes:
            size = f"{formatting.significant(self.gigabytes)} GB as published"
        free = f"{formatting.significant(downloads.free_bytes() / 1e9)} GB are free here"
        source = f"The files come from {urlsplit(hub.address()).netloc}"
        return f"{size}; {free}. {source}; none of your texts are sent."

    @property
    def label(self) -> str:
        """The name with what sets it apart."""
        if self.model is not None and self.model.standin:
            return f"{self.name} (stand-in, not BGE)"
        return self.name + {"local": "", "torch": ", torch", "remote": ", endpoint"}[self.engine]


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
    encoders = {k: v for k, v in catalog.variants.items() if v.kind in ("embedder", "reranker")}
    choices += [
        _local(catalog, key, variant, folders)
        for key, variant in encoders.items()
        if variant.local_files
    ]
    choices += [
        _torch(catalog, key, variant, folders)
        for key, variant in encoders.items()
        # without torch only what nothing else gives is named, with the step that brings it
        if variant.pooling != "last_token"
        and variant.hub_id
        and ("multi_vector" in variant.outputs or not torch_engine.installed())
    ]
    for key, endpoint in served.items():
        choice = ModelChoice(key, endpoint.name, endpoint.kind, "remote", endpoint=endpoint)
        if endpoint.variant:
            instruction = catalog.variants[endpoint.variant].query_instruction
            choice = replace(choice, query_instruction=instruction)
        choices.append(choice)
    return {choice.id: choice for choice in choices}


def endpoints_by_choice(
    endpoints: Mapping[str, Endpoint], typed: Endpoint | None = None
) -> dict[str, Endpoint]:
    """The operator's endpoints, and one that a visitor typed in, by id of a choice."""
    choices = {f"{AT}{key}": endpoint for key, endpoint in endpoints.items()}
    return choices | ({TYPED: typed} if typed else {})


def standin_folder() -> Path | None:
    """Folder of the stand-in: of ADVISOR_STANDIN or `make standin`; None where there is none."""
    folder = Path(os.environ.get("ADVISOR_STANDIN") or _ROOT / ".standin")
    return folder if (folder / models.STANDIN_FILE).is_file() else None


def local_files(variant: Variant) -> Files:
    """What the local engine needs from the hub; raises EncodeError where no ONNX file is known."""
    files = models.onnx_files(variant)
    return Files(files.repo, files.model_file, tuple(files.others))


def _local(
    catalog: Catalog, key: str, variant: Variant, folders: Mapping[str, Path]
) -> ModelChoice:
    folder, missing = _folder(key, local_files(variant), folders)
    model, stated = models.of_variant(catalog, key, folder), models.onnx_files(variant)
    choice = _on_disk(key, model, local_files(variant), missing)
    return replace(choice, gigabytes=stated.gigabytes, note=stated.note or "")


def _torch(
    catalog: Catalog, key: str, variant: Variant, folders: Mapping[str, Path]
) -> ModelChoice:
    assert variant.hub_id is not None
    heads = ("sparse_linear.pt", "colbert_linear.pt") if "multi_vector" in variant.outputs else ()
    files = Files(variant.hub_id, "pytorch_model.bin" if heads else "model.safetensors", heads)
    folder, missing = _folder(f"{key}{TORCH}", files, folders)
    model, size = models.of_variant(catalog, key, folder, "torch"), variant.weights_bytes or {}
    choice = _on_disk(f"{key}{TORCH}", model, files, torch_engine.installed() or missing)
    return replace(choice, gigabytes=size["fp32"] / 1e9 if size.get("fp32") else None)


def _on_disk(key: str, model: Model, files: Files, missing: str) -> ModelChoice:
    choice = ModelChoice(key, model.name, model.kind, model.engine, missing, model, files=files)
    return replace(choice, query_instruction=model.query_instruction)


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


def _folder(key: str, files: Files, folders: Mapping[str, Path]) -> tuple[Path, str]:
    """Where a model's files are, or will be; and why they are not there, empty where they are."""
    own, another = folders.get(key), f"Name one that holds all files of {files.repo}."
    if own is not None and not _is_folder(own):
        return own, f"The folder that you named is not there. {another}"
    # a folder of somebody's own has no manifest
    for folder in (own, downloads.models_folder() / key):
        if folder is not None and _is_folder(folder):
            lacking = downloads.missing(files, folder)
            if not lacking:
                return folder, ""
            if folder is own:
                return folder, f"The folder that you named holds no {lacking[0]}. {another}"
    return downloads.models_folder() / folder_name(files.repo), downloads.lacking(files) or ""
