"""The command line: the same answers as the pages.

python -m advisor recommend WORKLOAD.yaml [--format text|json|markdown] [--plans]
python -m advisor recommend --record RECORD.json
python -m advisor listing [--family bge]
python -m advisor validate [--write-schema]
python -m advisor prices --check [--base URL]    (key: environment variable NOVITA_API_KEY)
python -m advisor embed --model ID [--engine local|torch|ENDPOINT] [--folder DIR] [--role passage|query] < texts, one a line
python -m advisor rerank --model ID --query Q [--engine local|torch|ENDPOINT] [--folder DIR] < passages, one a line
python -m advisor encode CORPUS --model ID --out DIR [--endpoint URL ... | --ray ADDRESS] [--type float32|float16|int8]    (docs/bulk.md)
python -m advisor encode --check DIR [CORPUS]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

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
from advisor.family import listing


def main(arguments: list[str] | None = None) -> int:
    """Exit status of a command: 0, 1 for prices that differ, or 2 with one sentence on stderr for what is wrong."""
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
    one = commands.add_parser(
        "recommend", help="the recommendation for a workload in YAML or JSON (- for standard input)"
    )
    asked = one.add_mutually_exclusive_group(required=True)
    asked.add_argument("workload", nargs="?")
    asked.add_argument(
        "--record",
        metavar="RECORD.json",
        help="ask a saved decision again, and say what has changed since",
    )
    one.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    one.add_argument("--plans", action="store_true", help="add every plan with its figures (json)")
    one.set_defaults(command=_recommend)
    two = commands.add_parser("listing", help="the as-listed view of a family, as YAML")
    two.add_argument("--family", default="bge")
    two.set_defaults(command=_listing)
    three = commands.add_parser(
        "validate", help="check the catalog (that of ADVISOR_CATALOG, or the shipped one)"
    )
    three.add_argument(
        "--write-schema", action="store_true", help="write catalog/schema/*.json for editors"
    )
    three.set_defaults(command=_validate)
    four = commands.add_parser(
        "prices",
        help="compare the catalog's prices at Novita with the live ones (key: NOVITA_API_KEY)",
    )
    four.add_argument(
        "--check",
        action="store_true",
        required=True,
        help="say what differs: exit status 0 nothing, 1 something",
    )
    four.add_argument(
        "--base",
        metavar="URL",
        default=price_sources.BASE,
        help="address of Novita's interface (default: %(default)s)",
    )
    four.set_defaults(command=_prices)
    five = commands.add_parser(
        "embed", help="vectors of the lines of standard input, a JSON list a line"
    )
    five.add_argument(
        "--role",
        choices=("passage", "query"),
        default="passage",
        help="a query gets the model's instruction (default: passage)",
    )
    five.set_defaults(command=_embed)
    six = commands.add_parser(
        "rerank",
        help="scores of the lines of standard input for a query, a JSON object a line, the best first",
    )
    six.add_argument("--query", required=True)
    six.set_defaults(command=_rerank)
    seven = commands.add_parser(
        "encode", help="vectors of every passage of a corpus on disk, block by block, into a folder"
    )
    bulk.options(seven)
    seven.set_defaults(command=_encode)
    for one in (five, six, seven):
        one.add_argument(
            "--model",
            required=one is not seven,
            metavar="ID",
            help="a variant of the catalog, or standin",
        )
        one.add_argument(
            "--engine",
            default="local",
            help="local, torch, or the id of an endpoint in ADVISOR_ENDPOINTS (default: local)",
        )
        one.add_argument(
            "--folder",
            metavar="DIR",
            help="where the model's files are, instead of the models' folder",
        )
    return parser


def _recommend(options: argparse.Namespace) -> str:
    loaded = catalog.load()
    if options.record:
        replayed = record.replay(loaded, record.read(options.record), catalog.today())
        if options.format == "text":
            changed = [f"- {line}" for line in replayed.changed] or ["- Nothing."]
            return "\n".join(
                [
                    f"What has changed since {replayed.since.isoformat()}:",
                    *changed,
                    "",
                    report.as_text(replayed.found),
                ]
            )
        found = replayed.found
    else:
        found = recommend.recommend(loaded, read_workload(options.workload), catalog.today())
    if options.format == "markdown":
        return record.as_markdown(loaded, found)
    if options.format == "json":
        return (
            json.dumps(
                record.as_json(loaded, found, plans=options.plans), indent=2, ensure_ascii=False
            )
            + "\n"
        )
    return report.as_text(found)


def read_workload(path: str) -> Workload:
    """The workload in a YAML or JSON file; `-` reads standard input.

    Raises:
        WorkloadError: the file cannot be read, or holds no workload that can be answered.
    """
    value = (
        files.parse_mapping(sys.stdin.read(), "standard input")
        if path == "-"
        else files.yaml_mapping(Path(path), path)
    )
    if isinstance(value, Fault):
        raise WorkloadError(str(value))
    return Workload.of(value)


def _listing(options: argparse.Namespace) -> str:
    families = catalog.load().families
    if options.family not in families:
        raise AdvisorError(
            f"no family '{options.family}'. {did_you_mean(options.family, families)}"
        )
    if families[options.family].listing is None:
        raise AdvisorError(
            f"family {options.family} has no listing. Add listing.yaml to its folder."
        )
    view = listing.golden(listing.as_listed(families[options.family]))
    return yaml.safe_dump(view, sort_keys=False, allow_unicode=True, width=10_000)


def _validate(options: argparse.Namespace) -> str:
    loaded = catalog.load()
    lines = [
        f"The catalog {loaded.version} is valid: {len(loaded.variants)} variants of {len(loaded.families)} families, "
        f"{len(list(loaded.offers()))} offers by {len(loaded.providers)} providers, {len(loaded.instances)} instances, "
        f"{len(loaded.rules)} rules, {len(loaded.sources)} sources."
    ]
    if options.write_schema:
        lines.append(
            f"Editor schemas: {', '.join(str(path.name) for path in write_schemas(loaded.folder))}."
        )
    return "\n".join(lines) + "\n"


def _prices(options: argparse.Namespace) -> tuple[str, int]:
    loaded = catalog.load()
    live = price_sources.fetch(os.environ.get("NOVITA_API_KEY", ""), options.base)
    found = price_sources.drift(loaded, live)
    lines = price_sources.comparison(loaded, live) or [
        "The catalog has no offer of Novita AI to compare."
    ]
    if found:
        lines += ["", price_sources.yaml_change(found, catalog.today()).rstrip()]
    return "\n".join(lines) + "\n", 1 if found else 0


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
        {"line": place, "score": float(raw), "sigmoid": float(near)}
        for place, (raw, near) in enumerate(zip(scores.raw, scores.sigmoid, strict=True), 1)
    ]
    return "".join(json.dumps(row) + "\n" for row in sorted(rows, key=lambda row: -row["score"]))


def _encode(options: argparse.Namespace) -> str:
    def chosen(engine: str) -> available_models.ModelChoice:
        options.engine = engine
        return _choice(options)

    return bulk.encode(options, catalog.load(), chosen, _loaded)


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
    loaded = catalog.load()
    served = (
        {}
        if options.engine in ("local", "torch")
        else available_models.endpoints_by_choice(endpoints.load(loaded.variants))
    )
    name = (
        options.model
        if options.engine == "local"
        else f"{options.model}{available_models.TORCH}"
        if options.engine == "torch"
        else f"{available_models.AT}{options.engine}"
    )
    chosen = available_models.all_of(
        loaded, served, {name: available_models.folder(options.folder)} if options.folder else {}
    ).get(name)
    if chosen is None:
        if served or options.engine not in ("local", "torch"):
            raise AdvisorError(
                f"no endpoint '{options.engine}' in ADVISOR_ENDPOINTS. {did_you_mean(options.engine, [e.removeprefix(available_models.AT) for e in served])}".strip()
            )
        if (options.model, options.engine) != (available_models.STANDIN, "local"):
            models.of_variant(
                loaded, options.model, Path(), options.engine
            )  # says what is wrong with the name
        step = (
            "Run: make standin"
            if options.engine == "local"
            else torch_engine.installed() or "Use an endpoint that serves it."
        )
        raise AdvisorError(f"{options.model} is not at hand in the engine {options.engine}. {step}")
    if chosen.endpoint is not None and options.model not in (
        chosen.endpoint.variant,
        chosen.endpoint.model,
    ):
        served_by_it = chosen.endpoint.variant or chosen.endpoint.model
        raise AdvisorError(
            f"{chosen.endpoint.name} serves {served_by_it}, not {options.model[:60]}. Name that one with --model."
        )
    if chosen.missing:
        how = (
            ""
            if chosen.missing == torch_engine.installed() or options.folder
            else " Use the page Live, or name a folder with --folder."
        )
        raise AdvisorError(chosen.missing + how)
    return chosen


def _loaded(chosen: available_models.ModelChoice, threads: int | None = None) -> Engine:
    """The engine of a model, with what a person should know of it on standard error."""
    if chosen.endpoint is not None:
        engine: Engine = Remote(chosen.endpoint, catalog.load().variants)
    else:
        assert chosen.model is not None
        engine = worker.load(chosen.model, threads)
    for note in engine.about.notes:
        print(note, file=sys.stderr)
    if engine.about.standin:
        print(f"{engine.about.model} is a stand-in, not BGE.", file=sys.stderr)
    return engine
