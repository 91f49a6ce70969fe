"""The command `encode`: its options, and how blocks are encoded for them."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import ValidationError

from advisor.base.errors import EncodeError
from advisor.base.formatting import counted
from advisor.bulk import check, fleet, on_ray, vectors
from advisor.bulk import run as runs
from advisor.bulk.corpus import ReadingOptions
from advisor.bulk.run import Encoding, EncodingJob
from advisor.catalog import Catalog
from advisor.encode import endpoints
from advisor.encode.available_models import ModelChoice
from advisor.encode.endpoints import Endpoint, faults_of
from advisor.encode.engine import Engine, refuse_other_kind
from advisor.encode.remote import Remote

LoadEngine = Callable[[ModelChoice, int | None], Engine]
ModelByName = Callable[[str], ModelChoice]
"""Gives the model that the options name: of the engine local, torch, or an endpoint's id."""


_HELP = {
    "corpus": "a parquet, JSONL or CSV file, or a folder of such",
    "--out": "folder for the vectors; the same command goes on with one that was stopped",
    "--check": "check a finished folder; with CORPUS also against the corpus, id by id",
    "--endpoint": "a server, by its address or its id in ADVISOR_ENDPOINTS; repeat it for a fleet",
    "--ray": "a Ray cluster, or local for workers on this machine (needs the extra ray)",
    "--type": "of the vectors' values (default: %(default)s)",
    "--id-column": "default: %(default)s",
    "--text-column": "default: %(default)s",
    "--number-rows": "rows without an id get their file and row number as one",
    "--longest": "of a text; longer ones are set aside (default: %(default)s)",
    "--rows": "passages in a block (default: %(default)s)",
    "--workers": "with --ray: workers (default: a worker for every CPU but one)",
    "--threads": "CPU threads of a worker (default: all in one process, 1 with --ray)",
    "--gpus": "with --ray and --engine torch: GPUs of a worker, also parts of one (default: 0)",
    "--at-once": "blocks at each server at once (default: %(default)s)",
    "--patience": "for a server that stops answering (default: %(default)g)",
    "--shape": "the protocol at a URL (default: %(default)s)",
    "--served-as": "the model's name at a URL (default: that of the hub)",
    "--key-env": "environment variable that holds the key of a URL",
}


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""

    def add(name: str, **settings: Any) -> None:
        group = how if name in ("--endpoint", "--ray") else parser
        group.add_argument(name, help=_HELP[name], **settings)

    how = parser.add_mutually_exclusive_group()
    add("corpus", nargs="?", type=Path, metavar="CORPUS")
    add("--out", type=Path, metavar="DIR")
    add("--check", type=Path, metavar="DIR")
    add("--endpoint", action="append", metavar="URL")
    add("--ray", metavar="ADDRESS")
    add("--type", choices=vectors.TYPES, default="float32")
    add("--id-column", default="id", metavar="NAME")
    add("--text-column", default="text", metavar="NAME")
    add("--number-rows", action="store_true")
    add("--longest", type=_positive, default=1_000_000, metavar="BYTES")
    add("--rows", type=_positive, default=runs.ROWS, metavar="N")
    add("--workers", type=_positive, metavar="N")
    add("--threads", type=_positive, metavar="N")
    add("--gpus", type=float, default=0, metavar="N")
    add("--at-once", type=_positive, default=fleet.AT_ONCE, metavar="N")
    add("--patience", type=float, default=fleet.PATIENCE_S, metavar="SECONDS")
    add("--shape", choices=get_args(endpoints.EndpointShape), default="openai")
    add("--served-as", metavar="NAME")
    add("--key-env", metavar="VARIABLE")


def encode(
    options: argparse.Namespace, catalog: Catalog, chosen: ModelByName, load: LoadEngine
) -> str:
    """What the command prints at its end; `load` gives a model's engine with so many threads.

    Raises EncodeError for what cannot be done; what is done stays."""
    if options.check:
        return check.checked(options.check, options.corpus) + "\n"
    for name in ("corpus", "out", "model"):
        if getattr(options, name) is None:
            missing = "CORPUS" if name == "corpus" else f"--{name}"
            raise EncodeError(f"{missing} is missing. Write: encode CORPUS --model ID --out DIR")
    if options.gpus < 0 or options.patience < 0:
        raise EncodeError("--gpus and --patience are 0 or more.")
    reading = ReadingOptions(
        options.id_column, options.text_column, options.longest, options.number_rows
    )
    job = EncodingJob(options.corpus, options.out, reading, options.rows, options.type)
    choice, way = _way(options, catalog, chosen, load)
    try:
        return summary(runs.run(job, choice, way), options.out) + "\n"
    except KeyboardInterrupt:
        raise EncodeError(
            f"Stopped. What is done stays in {options.out}: the same command goes on with it."
        ) from None
    except OSError as error:
        raise EncodeError(
            f"{options.out} cannot be written to ({error.strerror or type(error).__name__}). "
            "What is done stays; make room, and run again."
        ) from None
    finally:
        way.close()


def summary(manifest: Mapping[str, Any], out: Path) -> str:
    """What a finished run has done, in sentences."""
    totals = manifest["totals"]
    passages = counted(totals["written"], "passage is", "passages are")
    rows = counted(totals["read"], "row was", "rows were")
    return (
        f"{passages} encoded in {counted(totals['blocks'], 'block')} by {manifest['model']} "
        f"({manifest['type']}); {totals['set_aside']:,} of {rows} set aside.\n"
        f"Check them with: python -m advisor encode --check {out}"
    )


def _way(
    options: argparse.Namespace, catalog: Catalog, chosen: ModelByName, load: LoadEngine
) -> tuple[ModelChoice, Encoding]:
    servers = partial(fleet.Fleet, say=_say, at_once=options.at_once, patience_s=options.patience)
    if options.endpoint:
        if twice := [name for name, count in Counter(options.endpoint).items() if count > 1]:
            raise EncodeError(
                f"{twice[0]} is named twice. Name each server once; "
                "--at-once sets how much it gets at once."
            )
        served = [
            _at_url(options, name, catalog) if "://" in name else chosen(name)
            for name in options.endpoint
        ]
        for model in served:
            refuse_other_kind(options.model, model.kind, "embedder")
        remotes = [Remote(model.endpoint, catalog.variants) for model in served if model.endpoint]
        return served[0], servers(remotes)
    choice = chosen(options.engine)
    refuse_other_kind(choice.name, choice.kind, "embedder")
    if choice.endpoint is not None:
        return choice, servers([load(choice, None)])
    if options.ray:
        assert choice.model is not None
        threads, gpus = options.threads or 1, options.gpus
        return choice, on_ray.Ray(options.ray, choice.model, options.workers, threads, gpus)
    return choice, runs.InProcess(load(choice, options.threads))


def _at_url(options: argparse.Namespace, url: str, catalog: Catalog) -> ModelChoice:
    """A server that is named by its address."""
    variant = catalog.variants.get(options.model)
    name = options.served_as or (variant.hub_id if variant else None) or options.model
    where = urlsplit(url).netloc[:80] or "the endpoint"
    fields = {
        "id": "typed",
        "name": where,
        "base_url": url,
        "shape": options.shape,
        "model": name,
        "variant": options.model if variant and variant.kind == "embedder" else None,
        "kind": "embedder",
        "key_env": options.key_env,
    }
    try:
        endpoint = Endpoint.model_validate(fields)
    except ValidationError as error:
        fault = faults_of(error)[0]
        raise EncodeError(
            f"--endpoint {where}, {fault.field or 'kind'}: {fault.problem} {fault.remedy}".rstrip()
        ) from None
    if variant is not None and variant.kind != "embedder":
        raise EncodeError(f"{variant.name} gives no vectors. Choose an embedder.")
    return ModelChoice("typed", where, "embedder", "remote", endpoint=endpoint)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _say(text: str) -> None:
    print(text, file=sys.stderr)
