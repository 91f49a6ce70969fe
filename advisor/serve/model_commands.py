"""The commands embed, rerank and encode: models of this machine, and endpoints."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

from advisor import catalog
from advisor.base import installed
from advisor.base.errors import AdvisorError, did_you_mean
from advisor.encode import available_models, endpoints, models, torch_engine, worker
from advisor.encode.engine import Engine
from advisor.encode.remote import Remote

HERE = ("local", "torch")
"""Engines of this process."""


def add_options(command: str, parser: argparse.ArgumentParser) -> None:
    """The options of `embed`, `rerank` or `encode`."""
    if command == "embed":
        parser.add_argument(
            "--role",
            choices=("passage", "query"),
            default="passage",
            help="a query gets the model's instruction (default: passage)",
        )
        parser.set_defaults(command=_embed)
    elif command == "rerank":
        parser.add_argument("--query", required=True)
        parser.set_defaults(command=_rerank)
    else:
        from advisor.bulk import command as bulk  # pyarrow is an extra

        bulk.options(parser)
        parser.set_defaults(command=_encode)
    _engine_options(parser, model_required=command != "encode")


def _engine_options(command: argparse.ArgumentParser, model_required: bool) -> None:
    """Adds the options that name a model and what computes it."""
    command.add_argument(
        "--model",
        required=model_required,
        metavar="ID",
        help="a variant of the catalog, or standin",
    )
    command.add_argument(
        "--engine",
        default="local",
        help="local, torch, or the id of an endpoint in ADVISOR_ENDPOINTS (default: local)",
    )
    command.add_argument(
        "--folder",
        metavar="DIR",
        help="where the model's files are, instead of the models' folder",
    )


def _embed(options: argparse.Namespace) -> str:
    """Vectors, printed block by block, so that the memory does not grow with the input."""
    engine = _engine(options)
    for texts in _blocks(_lines()):
        for row in engine.embed(texts, options.role).dense.tolist():
            print(json.dumps([round(value, 7) for value in row]))
    return ""


def _rerank(options: argparse.Namespace) -> str:
    try:
        options.query.encode("utf-8")
    except UnicodeError:
        raise AdvisorError(
            "The query is no text in UTF-8. Convert it, for instance with iconv."
        ) from None
    if not options.query.strip():
        raise AdvisorError("The query is empty. Write one with --query.")
    scores = _engine(options).rerank(options.query, list(_lines()))
    rows = [
        {"line": line, "score": float(raw), "sigmoid": float(sigmoid)}
        for line, (raw, sigmoid) in enumerate(zip(scores.raw, scores.sigmoid, strict=True), 1)
    ]
    return "".join(json.dumps(row) + "\n" for row in sorted(rows, key=lambda row: -row["score"]))


def _encode(options: argparse.Namespace) -> str:
    def choice(engine: str) -> available_models.ModelChoice:
        options.engine = engine
        return _choice(options)

    from advisor.bulk import command as bulk

    return bulk.encode(options, catalog.load(), choice, _loaded)


def _lines() -> Iterator[str]:
    """The lines of standard input, without their ends.

    Raises:
        AdvisorError: they are no text in UTF-8.
    """
    try:
        for line in sys.stdin:
            line.encode("utf-8")  # in the locale C, Python reads other bytes as lone surrogates
            yield line.rstrip("\n")
    except UnicodeError:
        raise AdvisorError(
            "Standard input is no text in UTF-8. Convert it, for instance with iconv."
        ) from None


def _blocks(lines: Iterable[str], size: int = 256) -> Iterator[list[str]]:
    rest = iter(lines)
    while block := list(islice(rest, size)):
        yield block


def _engine(options: argparse.Namespace) -> Engine:
    """The engine that the options name, in this process.

    Raises:
        AdvisorError: it is not at hand, with the step that brings it.
    """
    return _loaded(_choice(options))


def _choice(options: argparse.Namespace) -> available_models.ModelChoice:
    """The model that the options name, which is at hand.

    Raises:
        AdvisorError: it is not, with the step that brings it.
    """
    loaded, engine = catalog.load(), options.engine
    served = (
        {}
        if engine in HERE
        else available_models.endpoints_by_choice(endpoints.load(loaded.variants))
    )
    names = {"local": options.model, "torch": f"{options.model}{available_models.TORCH}"}
    name = names.get(engine, f"{available_models.AT}{engine}")
    folders = {name: available_models.folder(options.folder)} if options.folder else {}
    choice = available_models.all_of(loaded, served, folders).get(name)
    if choice is None and engine not in HERE:
        ids = [key.removeprefix(available_models.AT) for key in served]
        near = did_you_mean(engine, ids)
        raise AdvisorError(f"no endpoint '{engine}' in ADVISOR_ENDPOINTS. {near}".strip())
    if choice is None:
        raise AdvisorError(_missing_model_message(loaded, options.model, engine))
    endpoint = choice.endpoint
    if endpoint is not None and options.model not in (endpoint.variant, endpoint.model):
        raise AdvisorError(
            f"{endpoint.name} serves {endpoint.variant or endpoint.model}, "
            f"not {options.model[:60]}. Name that one with --model."
        )
    if choice.missing:
        lacks_torch = choice.missing == torch_engine.installed()
        files = " Use the page Try it, or name a folder with --folder."
        raise AdvisorError(choice.missing + ("" if lacks_torch or options.folder else files))
    return choice


def _missing_model_message(
    loaded: catalog.Catalog, model: str, engine: Literal["local", "torch"]
) -> str:
    """Why an engine of this process does not have a model, with the step that brings it.

    Raises:
        AdvisorError: the name itself is wrong.
    """
    if (model, engine) != (available_models.STANDIN, "local"):
        models.of_variant(loaded, model, Path(), engine)
    step = installed.STANDIN
    if engine == "torch":
        step = torch_engine.installed() or "Use an endpoint that serves it."
    return f"{model} is not ready in the engine {engine}. {step}"


def _loaded(choice: available_models.ModelChoice, threads: int | None = None) -> Engine:
    """The engine of a model, with what a person should know of it on standard error."""
    if choice.endpoint is not None:
        engine: Engine = Remote(choice.endpoint, catalog.load().variants)
    else:
        assert choice.model is not None
        engine = worker.load(choice.model, threads)
    for note in engine.about.notes:
        print(note, file=sys.stderr)
    if engine.about.standin:
        print(f"{engine.about.model} is a stand-in, not BGE.", file=sys.stderr)
    return engine
