"""deploy/Dockerfile without Docker: what it promises, and that the files which it copies are enough to serve the app."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

import pytest
import requests

from tests.deploy.replicas import DEPLOY, ROOT, SECONDS, free_ports

_TEXT = re.sub(
    r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
)
STEPS = [tuple(line.split(maxsplit=1)) for line in _TEXT.splitlines() if line.strip()]
LAST = STEPS[max(number for number, (name, _) in enumerate(STEPS) if name == "FROM") :]
IGNORED = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()


def last(name: str) -> str:
    """What the image's last instruction of a name says."""
    return [words for step, words in LAST if step == name][-1]


def command(words: str) -> list[str]:
    """A command in the form that starts no shell."""
    return [
        part.strip('"')
        for part in shlex.split(
            words.removeprefix("CMD ").strip("[]").replace('", "', '" "'), posix=False
        )
    ]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(last("ENV")))


def copied() -> dict[str, str]:
    """What the image takes from the repository, by its place below /app."""
    found = {}
    for words in (
        words for step, words in LAST if step == "COPY" and not words.startswith("--from")
    ):
        *sources, target = words.split()
        for source in sources:
            found[source] = os.path.normpath(
                f"{target}/{Path(source).name}" if target.endswith("/") else target
            )
    return found


def test_the_base_image_is_pinned_and_both_stages_use_the_same():
    assert re.fullmatch(
        r"PYTHON_IMAGE=python:3\.\d+\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", dict(STEPS)["ARG"]
    )
    assert {words.split()[0] for step, words in STEPS if step == "FROM"} == {"${PYTHON_IMAGE}"}


def test_packages_come_from_the_lock_with_their_hashes_and_as_wheels():
    (install,) = [
        words for step, words in STEPS if step == "RUN" and " install --no-cache-dir" in words
    ]
    assert {"--no-deps", "--require-hashes", "--only-binary :all:", "-r /requirements.lock"} <= set(
        re.findall(r"--?[a-z-]+(?: [:/][\w:./]+)?", install)
    )
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--index-url" not in lock and "://" not in lock


def test_the_image_keeps_no_build_tools_and_its_user_is_not_root():
    assert not [
        words
        for step, words in LAST
        if step == "RUN" and re.search("apt-get|gcc|build-essential", words)
    ]
    assert any("pip uninstall" in words for step, words in LAST if step == "RUN")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last("USER"))
    assert [step for step, _ in LAST].index("USER") > max(
        n for n, (step, _) in enumerate(LAST) if step in ("RUN", "COPY")
    )


def test_the_build_sees_what_it_copies_and_nothing_else():
    allowed = {line[1:] for line in IGNORED if line.startswith("!")}
    assert IGNORED[next(n for n, line in enumerate(IGNORED) if not line.startswith("#"))] == "*"
    assert allowed == {*copied(), "requirements.lock"}


@pytest.fixture
def image(tmp_path) -> Path:
    """The folder /app as the build would fill it, which nobody may write to."""
    folder = tmp_path / "app"
    left_out = [
        line.removeprefix("**/")
        for line in IGNORED
        if not line.startswith(("#", "!")) and line != "*"
    ]

    def ignored(at: str, names: list[str]) -> list[str]:
        below = Path(at).relative_to(ROOT).as_posix()
        return [
            name
            for name in names
            if any(fnmatch(name, form) or f"{below}/{name}" == form for form in left_out)
        ]

    for source, target in copied().items():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(
            ROOT / source,
            folder / target,
            **({"ignore": ignored} if copy is shutil.copytree else {}),
        )
    subprocess.run(["chmod", "-R", "a-w,a+rX", folder], check=True)
    for parent in [tmp_path, *tmp_path.parents][:3]:  # pytest's folders are closed to other users
        parent.chmod(parent.stat().st_mode | 0o011)
    return folder


PAGES = """
import re
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60).run()
for page in re.findall(r"pages/[a-z]+[.]py", open("app.py").read()):
    assert not app.switch_page(page).run().exception, page
    print(page, app.title[0].value)
"""


def test_what_the_image_copies_is_enough_to_serve_the_app_without_root_from_files_that_cannot_change(
    image, tmp_path
):
    before = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
    (port,) = free_ports(1)
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    scratch.chmod(0o777)
    own = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(scratch),
        "ADVISOR_MODELS": str(scratch / "models"),
    }
    variables = {**environment(), **own, "TMPDIR": str(scratch)}
    served = [
        part.replace("0.0.0.0", "127.0.0.1").replace("8501", str(port))
        for part in command(last("CMD"))
    ]
    check = [
        part.replace("8501", str(port))
        for part in command(last("HEALTHCHECK").split(maxsplit=4)[4])
    ]
    owner, group = last("USER").split(":") if os.geteuid() == 0 else (str(os.geteuid()), "")
    # as the image's user, who may read all (the interpreter may lie in root's home) and write what is its own or everybody's
    may = "-all,+dac_read_search"
    whom = (
        [
            "setpriv",
            "--reuid",
            owner,
            "--regid",
            group,
            "--clear-groups",
            "--inh-caps",
            may,
            "--ambient-caps",
            may,
        ]
        if group
        else []
    )
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*whom, sys.executable, "-m", *served],
            cwd=image,
            env=variables,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(SECONDS * 10):
            assert process.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
            with contextlib.suppress(requests.ConnectionError):
                if (answer := requests.get(f"http://127.0.0.1:{port}/healthz", timeout=20)).ok:
                    break
            time.sleep(0.1)
        assert answer.json()["status"] == "ok"
        assert (
            subprocess.run([sys.executable, *check[1:]], env=variables, check=False).returncode == 0
        )
        assert f"Uid:\t{owner}\t{owner}\t" in Path(f"/proc/{process.pid}/status").read_text(
            encoding="utf-8"
        )
        shown = subprocess.run(
            [*whom, sys.executable, "-c", PAGES],
            cwd=image,
            env=variables,
            check=False,
            capture_output=True,
            text=True,
        )
        assert (shown.returncode, len(shown.stdout.splitlines())) == (0, 8), shown.stderr
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert (
        subprocess.run(
            [sys.executable, *check[1:]], env=variables, check=False, stderr=subprocess.DEVNULL
        ).returncode
        == 1
    )
    assert {path: path.stat().st_mtime_ns for path in image.rglob("*")} == before
