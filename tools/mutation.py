"""Mutation tests of what decides: `python -m tools.mutation` changes the code in small ways and
counts what the tests notice.

Works in a copy of the repository, in a folder of its own. Needs mutmut, which `make install`
brings.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = (
    "advisor/rules/syntax.py",
    "advisor/rules/evaluate.py",
    "advisor/rules/template.py",
    "advisor/sizing/tokens.py",
    "advisor/sizing/figures.py",
    "advisor/decide/evidence.py",
    "advisor/decide/choosing.py",
    "advisor/decide/recommend.py",
)
TESTS = (
    "tests/rules",
    "tests/sizing/test_tokens.py",
    "tests/sizing/test_figures.py",
    "tests/decide/test_evidence.py",
    "tests/decide/test_build.py",
    "tests/decide/test_choosing.py",
    "tests/decide/test_recommend.py",
    "tests/decide/test_two_steps.py",
    "tests/explain/test_reasons.py",
    "tests/explain/test_what_would_change.py",
)
TOO_SLOW = (  # they ask about the explanations of an answer, and would take half the time
    "tests/explain/test_what_would_change.py::test_what_would_change_the_answer_is_true_when_applied",
    "tests/explain/test_what_would_change.py::test_what_why_not_says_of_cost_and_order_is_so",
    "tests/explain/test_what_would_change.py::test_every_plan_can_be_asked_why_not",
)
KILLED = (
    1,
    3,
    24,
    -24,
    36,
    152,
    255,
)  # pytest's exit status of a failure, and mutmut's of a run that took too long
_CONFIGURATION = """
[tool.mutmut]
source_paths = ["advisor"]
only_mutate = {modules}
also_copy = ["catalog", "pages", "docs", "tools", "benchmarks", "app.py"]
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = {options}
process_isolation = "fork"
use_git_change_detection = false
track_dependencies = false
timeout_multiplier = 5.0
timeout_constant = 4.0
"""
_FASTER = """

import dataclasses
import hypothesis

# Loaded once, in the process that the others are copies of; another object in each, so that
# nothing that was computed from it is met again.
if not hasattr(catalogs, "loaded_once"):
    catalogs.loaded_once = catalogs.load(SHIPPED)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return dataclasses.replace(catalogs.loaded_once)


# A failure counts; what the smallest example of it is does not matter here, and would take most
# of the time.
hypothesis.settings.register_profile(
    "mutation",
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
)
hypothesis.settings.load_profile("mutation")
"""


def undecorated(source: str) -> str:
    """The source with properties written as calls below their functions and caches left out, since
    mutmut leaves decorated functions alone.

    >>> print(undecorated("class A:\\n    @property\\n    def b(self):\\n        return 1\\n"))
    class A:
        def b(self):
            return 1
        b = property(b)
    <BLANKLINE>
    """
    lines = source.split("\n")
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and len(node.decorator_list) == 1
    ]
    for node in sorted(
        functions, key=lambda node: -node.lineno
    ):  # from the last to the first, so that the numbers of lines hold
        decorator = ast.unparse(node.decorator_list[0])
        if node.end_lineno is None or not re.match(
            r"(property|cached_property|lru_cache|once_per_catalog)\b", decorator
        ):
            continue
        if not decorator.startswith(("lru_cache", "once_per_catalog")):
            lines.insert(
                node.end_lineno, f"{' ' * node.col_offset}{node.name} = {decorator}({node.name})"
            )
        del lines[node.decorator_list[0].lineno - 1]
    return "\n".join(lines)


def copied(folder: Path, modules: Sequence[str]) -> None:
    """Makes the copy: what git knows or would add, the modules undecorated, and mutmut's
    configuration.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (source := ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for module in modules:
        path = folder / module
        path.write_text(undecorated(path.read_text(encoding="utf-8")), encoding="utf-8")
    tests = [test for test in TESTS if (folder / test).exists()]
    options = [
        "-p",
        "no:cacheprovider",
        "--snapshot-warn-unused",
        *(f"--deselect={test}" for test in TOO_SLOW),
    ]
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(
            _CONFIGURATION.format(
                modules=json.dumps(list(modules)),
                tests=json.dumps(tests),
                options=json.dumps(options),
            )
        )
    with (folder / "tests/conftest.py").open("a", encoding="utf-8") as file:
        file.write(_FASTER)


def mutmut(folder: Path, *arguments: str, quiet: bool = False, may_fail: bool = False) -> str:
    """Runs mutmut in the copy and gives what it printed."""
    pipe = subprocess.PIPE if quiet else None
    wrong = subprocess.DEVNULL if may_fail else None
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=folder, stdout=pipe, stderr=wrong, text=True, check=False)
    if done.returncode and not may_fail:
        sys.exit(
            f"mutmut {arguments[0]} ended with {done.returncode}. {(done.stdout or '')[-2000:]}"
        )
    return done.stdout or ""


def results(folder: Path, module: str) -> dict[str, int | None]:
    """Exit status by mutant of one module; None where it was not run."""
    path = folder / "mutants" / f"{module}.meta"
    return (
        dict(json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"])
        if path.exists()
        else {}
    )


def interval(killed: int, run: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not run:
        return 0.0, 1.0
    z, share = 1.96, killed / run
    middle, half = (
        share + z * z / (2 * run),
        z * math.sqrt(share * (1 - share) / run + z * z / (4 * run * run)),
    )
    return (middle - half) / (1 + z * z / run), (middle + half) / (1 + z * z / run)


def report(folder: Path, modules: Sequence[str]) -> Iterator[str]:
    """A line for each module, and the change of each mutant that survived."""
    alive: list[str] = []
    for module in modules:
        found = results(folder, module)
        run = {name: status for name, status in found.items() if status is not None}
        killed = sum(status in KILLED for status in run.values())
        alive += [name for name, status in run.items() if status not in KILLED]
        share = f"{killed / len(run):.1%}" if run else "-"
        low, high = interval(killed, len(run))
        sample = f", 95 % interval {low:.1%} to {high:.1%}" if len(run) < len(found) else ""
        yield f"{module}: {killed} of {len(run)} killed ({share}), of {len(found)} mutants{sample}"
    for name in alive:
        yield f"\nsurvived: {name}\n" + mutmut(folder, "show", name, quiet=True)


def chosen(folder: Path, modules: Sequence[str], sample: int, seed: int) -> list[str]:
    """At most `sample` mutants of each module, drawn by `seed`."""
    names: list[str] = []
    for module in modules:
        every = sorted(results(folder, module))
        names += random.Random(f"{seed} {module}").sample(every, min(sample, len(every)))
    return names


def main() -> None:
    """Runs it and prints the report."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", help=f"files to change (all: {' '.join(MODULES)})")
    parser.add_argument(
        "--sample",
        type=int,
        default=0,
        help="mutants of each module, drawn at random (default: all)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--children", type=int, default=1, help="processes at a time")
    parser.add_argument(
        "--folder",
        type=Path,
        help="an empty folder to work in, which is kept (default: a temporary one)",
    )
    parser.add_argument(
        "--mutants", nargs="*", default=[], help="names of mutants to run, as the report gives them"
    )
    asked = parser.parse_args()
    modules = asked.modules or list(MODULES)
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        copied(folder, modules)
        names = list(asked.mutants)
        if asked.sample:
            mutmut(
                folder, "run", "--max-children", "1", "none*", quiet=True, may_fail=True
            )  # makes the mutants, then finds none to run
            names = chosen(folder, modules, asked.sample, asked.seed)
        mutmut(folder, "run", "--max-children", str(asked.children), *names)
        for line in report(folder, modules):
            print(line)


if __name__ == "__main__":
    main()
