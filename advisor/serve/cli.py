"""The command line: the same answers as the pages. `bge-advisor --help` lists the commands."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from advisor import catalog
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.errors import AdvisorError, Fault, WorkloadError, did_you_mean
from advisor.base.installed import APP_FILES, PACKAGE, VERSION, needs
from advisor.catalog import files, price_sources
from advisor.catalog.json_schemas import write_schemas
from advisor.decide import recommend
from advisor.explain import record, report
from advisor.explain.replay import Replay
from advisor.family import listing
from advisor.serve import json_lines

Result = str | tuple[str, int]
"""What a command prints, and the exit status where it is not 0."""
APP_MODULES = ("streamlit", "altair", "starlette", "prometheus_client", "tokenizers")


class Command(NamedTuple):
    """What `--help` says of a command."""

    summary: str
    examples: str


COMMANDS: Mapping[str, Command] = {
    "recommend": Command(
        "the recommendation for a workload in YAML or JSON; for many, a line each",
        """\
  %(prog)s workload.yaml
  %(prog)s workload.yaml --format json --plans
  %(prog)s --record decision.json          replay a saved decision
  %(prog)s - < workloads.jsonl             a workload a line, an answer a line
  echo '{"languages": ["de"], "passages": 500000}' | %(prog)s -""",
    ),
    "serve": Command("the app, on this machine", "  %(prog)s --port 8601"),
    "listing": Command("the as-listed view of a family, as YAML", "  %(prog)s --family bge"),
    "validate": Command(
        "check the catalog (that of ADVISOR_CATALOG, or the shipped one)",
        "  ADVISOR_CATALOG=my-catalog %(prog)s",
    ),
    "prices": Command(
        "compare the catalog's prices at Novita with the live ones (key: NOVITA_API_KEY)",
        "  NOVITA_API_KEY=... %(prog)s --check",
    ),
    "embed": Command(
        "vectors for the lines of standard input, one JSON list per line",
        """\
  %(prog)s --model bge-small-en-v1.5 < passages.txt
  %(prog)s --model bge-m3 --engine my-endpoint --role query < queries.txt""",
    ),
    "rerank": Command(
        "scores of the lines of standard input for a query, one JSON object per line, best first",
        "  %(prog)s --model bge-reranker-base --query 'bread' < passages.txt",
    ),
    "encode": Command(
        "vectors of every passage of a corpus on disk, block by block, into a folder",
        """\
  %(prog)s corpus/ --model bge-small-en-v1.5 --out vectors/
  %(prog)s corpus/ --model bge-m3 --out vectors/ --endpoint https://one --endpoint https://two
  %(prog)s --check vectors/ corpus/""",
    ),
}
OF_MODELS = ("embed", "rerank", "encode")
"""Commands that load models or call servers; what they need is read when one of them is named."""


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and gives its exit status.

    0, 1 for prices that differ, or 2 with one sentence on stderr for what is wrong.
    """
    words = sys.argv[1:] if arguments is None else arguments
    try:
        named = words[0] if words else ""
        if named and not named.startswith("-") and named not in COMMANDS:
            raise AdvisorError(f"No command '{named[:40]}'. {did_you_mean(named[:40], COMMANDS)}")
        parser = _parser(named)
        if not words:
            parser.print_help(sys.stderr)
            return 2
        options = parser.parse_args(words)
        answer: Result = options.command(options)
        text, status = answer if isinstance(answer, tuple) else (answer, 0)
        print(text, end="", flush=True)
    except AdvisorError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _parser(named: str) -> argparse.ArgumentParser:
    """The parser of all commands; of those of models, with the options of the one that is named.

    Raises:
        AdvisorError: the named one needs a package that is not installed.
    """
    parser = argparse.ArgumentParser(
        # `python -m advisor` has the path of __main__.py for its name
        prog="python -m advisor" if Path(sys.argv[0]).parent == PACKAGE else "bge-advisor",
        description="Which BGE model to use, where to run it, and what it costs.",
        epilog="COMMAND --help has its options and examples.",
    )
    parser.add_argument("--version", action="version", version=f"bge-advisor {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    parsers = {
        name: commands.add_parser(
            name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=f"examples:\n{command.examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name, command in COMMANDS.items()
    }
    _recommend_options(parsers["recommend"])
    parsers["serve"].add_argument("--port", type=_port, default=8501, help="default: %(default)s")
    parsers["serve"].set_defaults(command=_serve)
    parsers["listing"].add_argument("--family", default="bge", help="default: %(default)s")
    parsers["listing"].set_defaults(command=_listing)
    parsers["validate"].add_argument(
        "--write-schema", action="store_true", help="write catalog/schema/*.json for editors"
    )
    parsers["validate"].set_defaults(command=_validate)
    _prices_options(parsers["prices"])
    if named in OF_MODELS:
        if named == "encode":
            needs(named, "bulk", "pyarrow")
        import_module("advisor.serve.model_commands").add_options(named, parsers[named])
    return parser


def _recommend_options(parser: argparse.ArgumentParser) -> None:
    question = parser.add_mutually_exclusive_group(required=True)
    question.add_argument(
        "workload",
        nargs="?",
        help="a file; - reads standard input: JSON Lines, or with --format one workload",
    )
    question.add_argument(
        "--record",
        metavar="RECORD.json",
        help="replay a saved decision, and say what has changed since",
    )
    parser.add_argument(
        "--format", choices=("text", "json", "markdown"), help="default: text; json is the record"
    )
    parser.add_argument(
        "--plans", action="store_true", help="add every option, and why options do not fit"
    )
    parser.set_defaults(command=_recommend)


def _prices_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--check",
        action="store_true",
        required=True,
        help="say what differs: exit status 0 nothing, 1 something",
    )
    parser.add_argument(
        "--base",
        metavar="URL",
        default=price_sources.BASE,
        help="address of Novita's interface (default: %(default)s)",
    )
    parser.set_defaults(command=_prices)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port. Write 1 to 65535.")
    return int(text)


def _serve(options: argparse.Namespace) -> Result:
    """Runs the app until it is stopped."""
    needs("serve", "app", *APP_MODULES)
    catalog.load()  # its faults here, not as a page
    script, port = str(APP_FILES / "asgi.py"), str(options.port)
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", port]
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(sys.executable, command)  # noqa: S606 - so that signals reach it
    return "", subprocess.run(command, check=False).returncode


def _recommend(options: argparse.Namespace) -> Result:
    loaded, lines = catalog.load(), []
    if options.record is not None:
        replay = Replay.of(loaded, record.read(options.record), catalog.today())
        recommendation = replay.recommendation
        lines = [
            f"What has changed since {replay.since.isoformat()}:",
            *(f"- {change}" for change in replay.changes or ["Nothing."]),
            "",
            "",
        ]
    elif options.workload == "-" and not options.format:
        return _recommend_lines(loaded, options.plans)
    else:
        workload = read_workload(options.workload)
        recommendation = recommend.recommend(loaded, workload, catalog.today())
    if options.format == "markdown":
        return report.as_markdown(loaded, recommendation, options.plans)
    if options.format == "json":
        plain = record.as_json(loaded, recommendation, options.plans)
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    return "\n".join(lines) + report.as_text(recommendation, options.plans)


def _recommend_lines(loaded: catalog.Catalog, plans: bool) -> Result:
    """An answer for each line of standard input, or the one to a whole workload in YAML there."""
    pieces, one_workload = json_lines.pieces_of(sys.stdin.buffer)
    if one_workload is not None:
        workload = _workload(files.parse_mapping(one_workload, "standard input"))
        return report.as_text(recommend.recommend(loaded, workload, catalog.today()), plans)
    status = 0
    for text, faulty in json_lines.answered(loaded, pieces, catalog.today(), plans):
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()  # who asks line by line gets the answers so
        status = 2 if faulty else status
    return "", status


def read_workload(path: str) -> Workload:
    """The workload in a YAML or JSON file; `-` reads standard input.

    Raises:
        WorkloadError: the file cannot be read, or holds no workload that can be answered.
    """
    if path == "-":
        return _workload(files.parse_mapping(sys.stdin.read(), "standard input"))
    return _workload(files.yaml_mapping(Path(path), path))


def _workload(stated: Mapping[str, Any] | Fault) -> Workload:
    if isinstance(stated, Fault):
        raise WorkloadError(str(stated))
    return Workload.of(stated)


def _listing(options: argparse.Namespace) -> str:
    loaded, name = catalog.load(), options.family
    families = loaded.families
    if name not in families:
        raise AdvisorError(f"no family '{name}'. {did_you_mean(name, families)}")
    if families[name].listing is None:
        raise AdvisorError(f"family {name} has no listing. Add listing.yaml to its folder.")
    view = listing.golden(listing.as_listed(loaded, families[name]))
    return yaml.safe_dump(view, sort_keys=False, allow_unicode=True, width=10_000)


def _validate(options: argparse.Namespace) -> str:
    loaded = catalog.load()
    standing = list(loaded.standing_offers())
    providers = {provider_id for provider_id, _, _ in standing}
    gone = len(list(loaded.offers())) - len(standing)
    text = (
        f"The catalog {loaded.version} is valid: "
        f"{len(loaded.variants)} variants of {len(loaded.families)} families, "
        f"{len(standing)} offers by {len(providers)} providers, "
        f"{formatting.counted(gone, 'withdrawn offer')}, "
        f"{len(loaded.instances)} instances, "
        f"{len(loaded.rules)} rules, {len(loaded.sources)} sources.\n"
    )
    if options.write_schema:
        names = ", ".join(path.name for path in write_schemas(loaded.folder))
        text += f"Editor schemas: {names}.\n"
    return text


def _prices(options: argparse.Namespace) -> Result:
    loaded = catalog.load()
    live = price_sources.fetch(os.environ.get("NOVITA_API_KEY", ""), options.base)
    drift = price_sources.drift(loaded, live)
    lines = price_sources.comparison(loaded, live) or [
        "The catalog has no offer of Novita AI to compare."
    ]
    if drift:
        lines += ["", price_sources.yaml_change(drift, catalog.today()).rstrip()]
    return "\n".join(lines) + "\n", 1 if drift else 0
