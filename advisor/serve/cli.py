"""The command line: the same answers as the pages.

python -m advisor recommend WORKLOAD.yaml [--format text|json|markdown] [--plans]
python -m advisor recommend --record RECORD.json
python -m advisor listing [--family bge]
python -m advisor validate [--write-schema]
python -m advisor prices --check [--base URL]    (key: environment variable NOVITA_API_KEY)
python -m advisor embed --model ID [ENGINE] [--role passage|query] < texts, one a line
python -m advisor rerank --model ID --query Q [ENGINE] < passages, one a line
python -m advisor encode CORPUS --model ID --out DIR [--endpoint URL ... | --ray ADDRESS]
    [--type float32|float16|int8]    (docs/bulk.md)
python -m advisor encode --check DIR [CORPUS]

ENGINE is [--engine local|torch|ENDPOINT] [--folder DIR].
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

import yaml

from advisor import catalog
from advisor.ask.workload import Workload
from advisor.base.errors import AdvisorError, Fault, WorkloadError, did_you_mean
from advisor.bulk import command as bulk
from advisor.catalog import files, price_sources
from advisor.catalog.json_schemas import write_schemas
from advisor.decide import recommend
from advisor.encode import available_models, endpoints, models, torch_engine, worker
from advisor.encode.engine import Engine
from advisor.encode.remote import Remote
from advisor.explain import record, report
from advisor.explain.replay import Replay
from advisor.family import listing

HERE = ("local", "torch")
"""Engines of this process."""


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and gives its exit status.

    0, 1 for prices that differ, or 2 with one sentence on stderr for what is wrong.
    """
    options = _parser().parse_args(arguments)
    try:
        answer: str | tuple[str, int] = options.command(options)
    except AdvisorError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    text, status = answer if isinstance(answer, tuple) else (answer, 0)
    print(text, end="")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m advisor",
        description="Which BGE model to use, where to run it, and what it costs.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    recommend_ = commands.add_parser(
        "recommend", help="the recommendation for a workload in YAML or JSON (- for standard input)"
    )
    question = recommend_.add_mutually_exclusive_group(required=True)
    question.add_argument("workload", nargs="?")
    question.add_argument(
        "--record",
        metavar="RECORD.json",
        help="ask a saved decision again, and say what has changed since",
    )
    recommend_.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    recommend_.add_argument(
        "--plans", action="store_true", help="add every plan with its figures (json)"
    )
    recommend_.set_defaults(command=_recommend)
    listing_ = commands.add_parser("listing", help="the as-listed view of a family, as YAML")
    listing_.add_argument("--family", default="bge")
    listing_.set_defaults(command=_listing)
    validate = commands.add_parser(
        "validate", help="check the catalog (that of ADVISOR_CATALOG, or the shipped one)"
    )
    validate.add_argument(
        "--write-schema", action="store_true", help="write catalog/schema/*.json for editors"
    )
    validate.set_defaults(command=_validate)
    prices = commands.add_parser(
        "prices",
        help="compare the catalog's prices at Novita with the live ones (key: NOVITA_API_KEY)",
    )
    prices.add_argument(
        "--check",
        action="store_true",
        required=True,
        help="say what differs: exit status 0 nothing, 1 something",
    )
    prices.add_argument(
        "--base",
        metavar="URL",
        default=price_sources.BASE,
        help="address of Novita's interface (default: %(default)s)",
    )
    prices.set_defaults(command=_prices)
    embed = commands.add_parser(
        "embed", help="vectors of the lines of standard input, a JSON list a line"
    )
    embed.add_argument(
        "--role",
        choices=("passage", "query"),
        default="passage",
        help="a query gets the model's instruction (default: passage)",
    )
    embed.set_defaults(command=_embed)
    rerank = commands.add_parser(
        "rerank",
        help="scores of the lines of standard input for a query, "
        "a JSON object a line, the best first",
    )
    rerank.add_argument("--query", required=True)
    rerank.set_defaults(command=_rerank)
    encode = commands.add_parser(
        "encode", help="vectors of every passage of a corpus on disk, block by block, into a folder"
    )
    bulk.options(encode)
    encode.set_defaults(command=_encode)
    for command in (embed, rerank, encode):
        _engine_options(command, model_required=command is not encode)
    return parser


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


def _recommend(options: argparse.Namespace) -> str:
    loaded, lines = catalog.load(), []
    if options.record:
        replay = Replay.of(loaded, record.read(options.record), catalog.today())
        recommendation = replay.recommendation
        lines = [
            f"What has changed since {replay.since.isoformat()}:",
            *(f"- {change}" for change in replay.changes or ["Nothing."]),
            "",
            "",
        ]
    else:
        workload = read_workload(options.workload)
        recommendation = recommend.recommend(loaded, workload, catalog.today())
    if options.format == "markdown":
        return report.as_markdown(loaded, recommendation)
    if options.format == "json":
        plain = record.as_json(loaded, recommendation, options.plans)
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    return "\n".join(lines) + report.as_text(recommendation)


def read_workload(path: str) -> Workload:
    """The workload in a YAML or JSON file; `-` reads standard input.

    Raises:
        WorkloadError: the file cannot be read, or holds no workload that can be answered.
    """
    if path == "-":
        value = files.parse_mapping(sys.stdin.read(), "standard input")
    else:
        value = files.yaml_mapping(Path(path), path)
    if isinstance(value, Fault):
        raise WorkloadError(str(value))
    return Workload.of(value)


def _listing(options: argparse.Namespace) -> str:
    families, name = catalog.load().families, options.family
    if name not in families:
        raise AdvisorError(f"no family '{name}'. {did_you_mean(name, families)}")
    if families[name].listing is None:
        raise AdvisorError(f"family {name} has no listing. Add listing.yaml to its folder.")
    view = listing.golden(listing.as_listed(families[name]))
    return yaml.safe_dump(view, sort_keys=False, allow_unicode=True, width=10_000)


def _validate(options: argparse.Namespace) -> str:
    loaded = catalog.load()
    text = (
        f"The catalog {loaded.version} is valid: "
        f"{len(loaded.variants)} variants of {len(loaded.families)} families, "
        f"{len(list(loaded.offers()))} offers by {len(loaded.providers)} providers, "
        f"{len(loaded.instances)} instances, "
        f"{len(loaded.rules)} rules, {len(loaded.sources)} sources.\n"
    )
    if options.write_schema:
        names = ", ".join(path.name for path in write_schemas(loaded.folder))
        text += f"Editor schemas: {names}.\n"
    return text


def _prices(options: argparse.Namespace) -> tuple[str, int]:
    loaded = catalog.load()
    live = price_sources.fetch(os.environ.get("NOVITA_API_KEY", ""), options.base)
    drift = price_sources.drift(loaded, live)
    lines = price_sources.comparison(loaded, live) or [
        "The catalog has no offer of Novita AI to compare."
    ]
    if drift:
        lines += ["", price_sources.yaml_change(drift, catalog.today()).rstrip()]
    return "\n".join(lines) + "\n", 1 if drift else 0


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
        files = " Use the page Live, or name a folder with --folder."
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
    step = "Run: make standin"
    if engine == "torch":
        step = torch_engine.installed() or "Use an endpoint that serves it."
    return f"{model} is not at hand in the engine {engine}. {step}"


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
