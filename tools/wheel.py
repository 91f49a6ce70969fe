"""The wheel in a fresh environment: `python -m tools.wheel` installs it with its dependencies from
the index, under each Python that is found, and runs what it promises from another folder.

A test does the same with the locked packages (tests/package/test_wheel.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import requests

from tools.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("python3.11", "python3.12", "python3.13")
APP = ("streamlit", "pyarrow", "starlette", "altair", "prometheus_client", "tokenizers")
"""What the core does without."""
REFUSE = f"""
import os, sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {APP}:
            raise ModuleNotFoundError(f"{{name}} is refused here")

if os.environ.get("REFUSE_THE_APP"):
    sys.meta_path.insert(0, Refused())
"""
"""An import hook, for an environment in which the packages of the app are there."""
STARTS_WITHIN_S = 90


def build(folder: Path) -> Path:
    """The wheel of this repository, written into `folder`."""
    command = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    _run([sys.executable, "-m", "pip", *command, str(ROOT)], ROOT)
    (wheel,) = folder.glob("bge_advisor-*.whl")
    return wheel


class Environment:
    """A fresh environment in `folder`, and a folder beside it from which commands are run."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        _run([python, "-m", "venv", "--without-pip", str(folder / "venv")], folder)
        self.python, self._folder = folder / "venv/bin/python", folder / "elsewhere"
        self._folder.mkdir()
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        self.packages = Path(self.run([str(self.python), "-c", code]).strip())

    def see(self, packages: Path) -> None:
        """Lets it import what another environment has, with the hook that refuses the app's."""
        (self.packages / "refuse_the_app.py").write_text(REFUSE, encoding="utf-8")
        (self.packages / "locked.pth").write_text(f"{packages}\nimport refuse_the_app\n")

    def install(self, *what: str) -> None:
        """Installs by pip, with its options."""
        pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
        _run([*pip, "--python", str(self.python), "install", *what], self._folder)

    def command(self, *words: str, given: str = "", status: int = 0, **environment: str) -> str:
        """What `bge-advisor` prints, also to standard error.

        Raises:
            RuntimeError: its exit status is another.
        """
        program = str(self.python.with_name("bge-advisor"))
        return self.run([program, *words], given, status, **environment)

    def run(
        self, command: Sequence[str], given: str = "", status: int = 0, **environment: str
    ) -> str:
        """The same for any command."""
        return _run(command, self._folder, given, status, **environment)

    @contextlib.contextmanager
    def serving(self, **environment: str) -> Iterator[str]:
        """Address of the app as `serve` starts it.

        Raises:
            RuntimeError: it ended, or does not answer.
        """
        port = free_port()
        program = [str(self.python.with_name("bge-advisor")), "serve", "--port", str(port)]
        process = subprocess.Popen(
            program, cwd=self._folder, env=_environment(environment),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(STARTS_WITHIN_S * 4):
                with contextlib.suppress(requests.RequestException):
                    if requests.get(f"{address}/healthz", timeout=5).ok:
                        break
                if process.poll() is not None:
                    raise RuntimeError(f"serve ended with {process.returncode}.")
                time.sleep(0.25)
            else:
                raise RuntimeError(f"serve did not answer within {STARTS_WITHIN_S} s.")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def _environment(added: dict[str, str]) -> dict[str, str]:
    """That of this process, without what leads to the repository or another catalog."""
    hidden = ("PYTHONPATH", "ADVISOR_", "VIRTUAL_ENV", "PYTEST")
    return {key: v for key, v in os.environ.items() if not key.startswith(hidden)} | added


def _run(
    command: Sequence[str], folder: Path, given: str = "", status: int = 0, **environment: str
) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environment(environment), input=given, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False,
    )  # fmt: skip
    if done.returncode != status:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def main() -> int:
    """Tries the wheel under each Python that is found; says which are not."""
    with tempfile.TemporaryDirectory() as temporary:
        wheel = build(Path(temporary))
        for name in PYTHONS:
            python = shutil.which(name)
            # a stand-in for a version that is not chosen may lie there, and fail
            if python is None or subprocess.run([python, "-V"], capture_output=True).returncode:
                print(f"{name}: not found here, so not tried.")
                continue
            (folder := Path(temporary) / name).mkdir()
            print(f"{name}: {_tried(Environment(folder, python), wheel)}")
    return 0


def _tried(environment: Environment, wheel: Path) -> str:
    """What was seen to work; any failure is an error."""
    environment.install(str(wheel))
    code = f"import importlib.util as u; print([m for m in {APP} if u.find_spec(m)])"
    if (brought := environment.run([str(environment.python), "-c", code]).strip()) != "[]":
        raise RuntimeError(f"The core brings {brought}.")
    environment.command("validate")
    question = '{"languages": ["de"], "passages": 500000}'
    answer = json.loads(environment.command("recommend", "-", given=question))
    environment.command("serve", status=2)
    environment.install(f"{wheel}[app,live,bulk]")
    environment.command("encode", "--help")
    with environment.serving() as address:
        url = f"{address}/api/v1/recommend?languages=de&passages=500000"
        served = requests.get(url, timeout=60).json()
    if served != answer:
        raise RuntimeError("The app answers otherwise than the command.")
    return (
        "the core alone validates and recommends, serve says what it lacks; "
        "with app, live and bulk the app gives the same answer."
    )


if __name__ == "__main__":
    raise SystemExit(main())
