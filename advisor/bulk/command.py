"""The command `encode`: its options, and how blocks are encoded for them."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import ValidationError

from advisor.base.errors import EncodeError
from advisor.bulk import check, fleet, on_ray, vectors
from advisor.bulk import run as runs
from advisor.bulk.corpus import ReadingOptions
from advisor.bulk.run import Encoding, EncodingJob
from advisor.catalog import Catalog
from advisor.encode import endpoints
from advisor.encode.available_models import ModelChoice
from advisor.encode.endpoints import Endpoint, faults_of
from advisor.encode.engine import Engine
from advisor.encode.remote import Remote

ModelByName = Callable[[str], ModelChoice]
"""The model that the options name, in the engine local, torch, or an endpoint's id; may fail."""


def options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument(
        "corpus",
        nargs="?",
        type=Path,
        metavar="CORPUS",
        help="a parquet, JSONL or CSV file, or a folder of such",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for the vectors; the same command goes on with one that was stopped",
    )
    parser.add_argument(
        "--check",
        type=Path,
        metavar="DIR",
        help="check a finished folder; with CORPUS also against the corpus, id by id",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--endpoint",
        action="append",
        metavar="URL",
        help="a server, by its address or its id in ADVISOR_ENDPOINTS; repeat it for a fleet",
    )
    how.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="a Ray cluster, or local for workers on this machine (needs the extra ray)",
    )
    parser.add_argument(
        "--type",
        choices=vectors.TYPES,
        default="float32",
        help="of the vectors' values (default: %(default)s)",
    )
    parser.add_argument("--id-column", default="id", metavar="NAME", help="default: %(default)s")
    parser.add_argument(
        "--text-column", default="text", metavar="NAME", help="default: %(default)s"
    )
    parser.add_argument(
        "--number-rows",
        action="store_true",
        help="rows without an id get their file and row number as one",
    )
    parser.add_argument(
        "--longest",
        type=_positive,
        default=1_000_000,
        metavar="BYTES",
        help="of a text; longer ones are set aside (default: %(default)s)",
    )
    parser.add_argument(
        "--rows",
        type=_positive,
        default=runs.ROWS,
        metavar="N",
        help="passages in a block (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=_positive,
        metavar="N",
        help="with --ray: workers (default: a worker for every CPU but one)",
    )
    parser.add_argument(
        "--threads",
        type=_positive,
        metavar="N",
        help="CPU threads of a worker (default: all in one process, 1 with --ray)",
    )
    parser.add_argument(
        "--gpus",
        type=float,
        default=0,
        metavar="N",
        help="with --ray and --engine torch: GPUs of a worker, also parts of one (default: 0)",
    )
    parser.add_argument(
        "--at-once",
        type=_positive,
        default=fleet.AT_ONCE,
        metavar="N",
        help="blocks at each server at once (default: %(default)s)",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=fleet.PATIENCE_S,
        metavar="SECONDS",
        help="for a server that stops answering (default: %(default)g)",
    )
    parser.add_argument(
        "--shape",
        choices=get_args(endpoints.EndpointShape),
        default="openai",
        help="the protocol at a URL (default: %(default)s)",
    )
    parser.add_argument(
        "--served-as", metavar="NAME", help="the model's name at a URL (default: that of the hub)"
    )
    parser.add_argument(
        "--key-env", metavar="VARIABLE", help="environment variable that holds the key of a URL"
    )


def encode(
    options: argparse.Namespace,
    catalog: Catalog,
    chosen: ModelByName,
    load: Callable[[ModelChoice, int | None], Engine],
) -> str:
    """What the command prints at its end; `load` gives a model's engine with so many threads.

    Raises EncodeError for what cannot be done; what is done stays."""
    if options.check:
        return check.checked(options.check, options.corpus) + "\n"
    for name in ("corpus", "out", "model"):
        if getattr(options, name) is None:
            raise EncodeError(
                f"{'CORPUS' if name == 'corpus' else '--' + name} is missing. Write: "
                "encode CORPUS --model ID --out DIR"
            )
    if options.gpus < 0 or options.patience < 0:
        raise EncodeError("--gpus and --patience are 0 or more.")
    job = EncodingJob(
        options.corpus,
        options.out,
        ReadingOptions(
            options.id_column, options.text_column, options.longest, options.number_rows
        ),
        options.rows,
        options.type,
    )
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
    return (
        f"{totals['written']:,} passages are encoded in {totals['blocks']:,} blocks by "
        f"{manifest['model']} ({manifest['type']}); "
        f"{totals['set_aside']:,} of {totals['read']:,} rows were set aside.\n"
        f"Check them with: python -m advisor encode --check {out}"
    )


def _way(
    options: argparse.Namespace,
    catalog: Catalog,
    chosen: ModelByName,
    load: Callable[[ModelChoice, int | None], Engine],
) -> tuple[ModelChoice, Encoding]:
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
        if any(model.kind != "embedder" for model in served):
            raise EncodeError(
                f"{options.model} is a reranker: it gives no vectors. Choose an embedder."
            )
        engines: list[Engine] = [
            Remote(model.endpoint, catalog.variants) for model in served if model.endpoint
        ]
        return served[0], fleet.Fleet(
            engines, _say, at_once=options.at_once, patience_s=options.patience
        )
    choice = chosen(options.engine)
    if choice.kind != "embedder":
        raise EncodeError(f"{choice.name} is a reranker: it gives no vectors. Choose an embedder.")
    if choice.endpoint is not None:
        return choice, fleet.Fleet(
            [load(choice, None)], _say, at_once=options.at_once, patience_s=options.patience
        )
    if options.ray:
        assert choice.model is not None
        return choice, on_ray.Ray(
            options.ray,
            choice.model,
            workers=options.workers,
            threads=options.threads or 1,
            gpus=options.gpus,
        )
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
        "kind": "embedder",
        "key_env": options.key_env,
    }
    try:
        endpoint = Endpoint.model_validate(
            fields | {"variant": options.model if variant and variant.kind == "embedder" else None}
        )
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
