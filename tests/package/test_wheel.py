"""The wheel in a fresh environment that sees the locked packages, run from another folder.

`make wheel-test` does it with the dependencies from the index.
"""

import asyncio
import json
import sysconfig
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import yaml

import advisor
from advisor.serve import cli
from benchmarks.load.tab import Tab
from tests.encode import servers
from tools import wheel as wheels

CORE = {"REFUSE_THE_APP": "1"}
STATED = {"languages": ["de", "en"], "passages": 500_000, "task": "retrieve-and-rerank"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return wheels.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory) -> wheels.Environment:
    fresh = wheels.Environment(tmp_path_factory.mktemp("fresh"))
    fresh.see(Path(sysconfig.get_path("purelib")))
    fresh.install("--no-deps", "--no-index", str(wheel))
    return fresh


def printed(capsys, *words) -> str:
    """What the command of the repository prints."""
    assert cli.main([*words]) == 0
    return capsys.readouterr().out


def test_one_name_is_installed_with_all_that_the_app_needs(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "advisor",
        f"bge_advisor-{advisor.__version__}.dist-info",
    }
    app = ("app.py", "asgi.py", "pages/advise.py", "pages/icon.svg", ".streamlit/config.toml")
    assert {f"advisor/app/{name}" for name in (*app, "catalog/sources.yaml")} <= {*names}
    assert "advisor/py.typed" in names
    assert not [name for name in names if "__pycache__" in name]
    in_wheel = {
        name for name in names if name.startswith(("advisor/app/catalog/", "advisor/app/pages/"))
    }
    ignored = ("__pycache__", "catalog/schema")
    in_repository = {
        f"advisor/app/{path.relative_to(wheels.ROOT)}"
        for folder in ("catalog", "pages")
        for path in (wheels.ROOT / folder).rglob("*")
        if path.is_file() and not any(part in str(path) for part in ignored)
    }
    assert in_wheel == in_repository


def test_the_repository_is_not_what_is_imported(environment):
    code = "import advisor, advisor.base.installed as i; print(advisor.__file__, i.APP_FILES)"
    module, files = environment.run([str(environment.python), "-c", code]).split()
    assert Path(module).parent == environment.packages / "advisor" == Path(files).parent


@pytest.mark.parametrize("module", ["streamlit", "pyarrow", "starlette", "altair"])
def test_the_hook_refuses_what_is_there(environment, module):
    command = [str(environment.python), "-c", f"import {module}"]
    assert environment.run(command) == ""
    assert f"{module} is refused here" in environment.run(command, status=1, **CORE)


def test_the_core_commands_answer_as_those_of_the_repository(environment, capsys, tmp_path):
    workload = tmp_path / "workload.yaml"
    workload.write_text(yaml.safe_dump(STATED), encoding="utf-8")
    for words in (
        ["recommend", str(workload)],
        ["recommend", str(workload), "--format", "json"],
        ["listing"],
        ["validate"],
    ):
        assert environment.command(*words, **CORE) == printed(capsys, *words), words
    assert environment.command("--version", **CORE) == f"bge-advisor {advisor.__version__}\n"
    lines = environment.command("recommend", "-", given=json.dumps(STATED), **CORE)
    assert json.loads(lines) == advisor.recommend(**STATED).to_dict()


def test_a_saved_decision_is_asked_again(environment, tmp_path):
    decision = tmp_path / "decision.json"
    given = environment.command("recommend", "-", "--format", "json", given="passages: 7\n", **CORE)
    decision.write_text(given, encoding="utf-8")
    again = environment.command("recommend", "--record", str(decision), **CORE)
    assert "- Nothing." in again.splitlines()


def test_the_library_answers_in_a_program(environment):
    code = "import advisor; print(advisor.recommend(languages=['de'], passages=500_000))"
    shown = environment.run([str(environment.python), "-c", code], **CORE)
    assert shown == f"{advisor.recommend(languages=['de'], passages=500_000)!r}\n"


def test_an_endpoint_is_asked_without_the_app(environment, tmp_path):
    with servers.serving("tei", dim=384) as base:
        file = tmp_path / "endpoints.yaml"
        endpoint = {
            "id": "mine", "name": "Mine", "base_url": str(base), "shape": "tei",
            "model": servers.MODEL, "variant": "bge-small-en-v1.5", "kind": "embedder",
        }  # fmt: skip
        file.write_text(yaml.safe_dump({"endpoints": [endpoint]}))
        words = ("embed", "--model", "bge-small-en-v1.5", "--engine", "mine")
        vector = environment.command(*words, given="a text\n", ADVISOR_ENDPOINTS=str(file), **CORE)
    assert len(json.loads(vector.splitlines()[-1])) == 384


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (["serve"], "pip install 'bge-advisor[app]'"),
        (["encode", "corpus", "--model", "bge-m3", "--out", "x"], "pip install 'bge-advisor[bulk]'"),
    ],
)  # fmt: skip
def test_a_command_without_its_extra_says_which_to_install(environment, words, step):
    said = environment.command(*words, status=2, **CORE)
    assert said.count("\n") == 1 and step in said


def test_the_app_is_served_from_any_folder_with_its_own_settings(environment):
    with environment.serving() as address:

        async def opened() -> str:
            tab = Tab(address)
            run = await tab.open("advise", "languages=de")
            await tab.close()
            return run.problem

        with ThreadPoolExecutor(1) as thread:  # of its own, without a loop of asyncio
            assert thread.submit(asyncio.run, opened()).result() == ""
        stranger = requests.get(address, headers={"Host": "elsewhere.example"}, timeout=30)
        assert stranger.status_code == 400  # allowedHosts of .streamlit/config.toml


def test_python_dash_m_stays(environment):
    shown = environment.run([str(environment.python), "-m", "advisor", "--help"], **CORE)
    assert "python -m advisor" in shown
