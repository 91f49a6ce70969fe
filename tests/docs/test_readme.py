"""README's commands exist and do what it says; the browser tests and CI run the two make targets themselves."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.decide.recommend import recommend
from advisor.explain import record, report
from tools import models

MODE = re.DOTALL | re.MULTILINE
ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COMMANDS = re.findall(
    r"^\.venv/bin/python -m advisor ([^<\n]*?)(?:\s+#.*)?$", README, flags=re.MULTILINE
)
"""Those that take a file by its name; the two that read standard input have tests of their own."""
WORKLOAD = re.search(r"```yaml\n(.*?)```", README, flags=re.DOTALL).group(1)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([a-z]+)", README))))
def test_a_make_target_named_in_readme_exists(target):
    assert re.search(rf"^{target}:", MAKEFILE, flags=re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_readme_runs(command, tmp_path, catalog):
    (tmp_path / "workload.yaml").write_text(WORKLOAD, encoding="utf-8")
    saved = record.as_json(catalog, recommend(catalog, Workload(), catalogs.today()))
    (tmp_path / "decision.json").write_text(json.dumps(saved), encoding="utf-8")
    words = [
        str(tmp_path / word) if word in ("workload.yaml", "decision.json") else word
        for word in command.split()
    ]
    done = subprocess.run(
        [sys.executable, "-m", "advisor", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "") and done.stdout


@pytest.mark.skipif(
    not (ROOT / ".standin/standin.json").exists(), reason="make standin has not run"
)
def test_the_command_of_readme_that_encodes_runs():
    command = (
        re.search(r"^(printf .*?)(?:\s+#.*)?$", README, flags=re.MULTILINE)
        .group(1)
        .replace(".venv/bin/python", sys.executable)
    )
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and len(json.loads(done.stdout)) == 384 and "BGE" in done.stderr


def test_the_command_of_readme_that_reranks_runs(tmp_path):
    models.write_reranker(tmp_path / "bge-reranker-base")  # a folder of one's own, as README says
    (tmp_path / "passages.txt").write_text(
        "Knead the dough.\nThe server restarts.\n", encoding="utf-8"
    )
    command = re.search(
        r"^\.venv/bin/python -m advisor rerank .*?(?=\s+#|$)", README, flags=re.MULTILINE
    ).group(0)
    command = command.replace(".venv/bin/python", sys.executable).replace(
        "passages.txt", str(tmp_path / "passages.txt")
    )
    environment = {**os.environ, "ADVISOR_MODELS": str(tmp_path)}
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    scores = [json.loads(line)["score"] for line in done.stdout.splitlines()]
    assert len(scores) == 2 and scores == sorted(scores, reverse=True)


def test_the_answer_on_the_first_screen_is_that_of_its_workload(catalog, today):
    """Where a price has changed, the new lines are in what this test says."""
    answer = re.search(
        r"^\$ bge-advisor recommend workload.yaml \| head -6\n(.*?)^```", README, MODE
    )
    workload = Workload.of(yaml.safe_load(WORKLOAD))
    lines = report.as_text(recommend(catalog, workload, today)).splitlines()
    assert answer.group(1).splitlines() == lines[:6]


def test_the_python_of_readme_runs():
    code = re.search(r"```python\n(.*?)```", README, MODE).group(1)
    given = {}
    exec(code, given)  # noqa: S102 - it is this repository's own
    costs = given["answer"].to_dict()["pick"]["monthly_usd"]
    assert costs["low"] <= costs["base"] <= costs["high"]


def test_the_packages_of_the_core_in_readme_are_those_of_pyproject():
    needed = re.search(r"The core needs (.*?), and gives", README).group(1)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = {re.match(r"[\w-]+", line).group() for line in project["dependencies"]}
    assert set(re.findall(r"[\w-]+", needed.lower())) - {"and"} == core
    for extra in project["optional-dependencies"]:
        assert f"`{extra}`" in README


def test_the_workload_of_readme_is_answered():
    stated = yaml.safe_load(WORKLOAD)
    assert stated and Workload.of(stated).model_dump(mode="json").items() >= stated.items()


def test_the_figures_in_readme_are_those_of_the_catalog(catalog):
    standing = list(catalog.standing_offers())
    for word, number in (
        ("offers", len(standing)),
        ("providers", len({provider_id for provider_id, _, _ in standing})),
    ):
        assert set(re.findall(rf"(\d+) {word}\b", README)) <= {str(number)}, word


def test_the_files_named_in_readme_are_there():
    for name in re.findall(
        r"`((?:catalog|advisor|pages|docs|tests)/[\w/.-]+)`|\((docs/[\w.]+)\)", README
    ):
        path = next(part for part in name if part)
        assert (ROOT / path).exists(), path


def test_locks_name_no_address_and_every_line_has_a_hash():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text and "--index" not in text
        pins = re.findall(r"^\S+==\S+.*?(?=^\S|\Z)", text, flags=re.MULTILINE | re.DOTALL)
        assert pins and all("--hash=sha256:" in pin for pin in pins)


def test_make_run_serves_this_machine_alone():
    """Visitors may type in endpoints there, whatever STREAMLIT_SERVER_ADDRESS the shell has."""
    recipe = re.search(r"^run:.*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE).group(1)
    assert "ADVISOR_TYPED_ENDPOINTS=1" in recipe
    assert "STREAMLIT_SERVER_ADDRESS=127.0.0.1" in recipe
