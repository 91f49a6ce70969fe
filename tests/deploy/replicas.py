"""Two replicas of the app and the nginx of deploy/nginx.conf before them, each a process of its own on 127.0.0.1."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
ADDRESSES = ("172.28.7.11:8501", "172.28.7.12:8501")
"""The replicas in deploy/nginx.conf."""
SECONDS = 60


def nginx_program() -> str:
    """Path of nginx: a system one, or Debian's package installed now; the test is skipped where neither can be had."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    if not shutil.which("nginx", path=path) and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {
            **os.environ,
            "DEBIAN_FRONTEND": "noninteractive",
            "RUNLEVEL": "1",
        }  # RUNLEVEL: the package starts no server
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nginx"],
        ):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    command,
                    env=quiet,
                    timeout=300,
                    check=False,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
    if found := shutil.which("nginx", path=path):
        return found
    pytest.skip("nginx is needed and could not be installed: install Debian's `nginx`.")


def settings(file: str) -> dict[str, str]:
    """What an environment file of deploy/ sets, in its order."""
    lines = (DEPLOY / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Asked(NamedTuple):
    """A request in nginx's log. `replicas` are the addresses of those asked, one after the other; `visits` is the cookie that it came with."""

    method: str
    path: str
    status: str
    replicas: str
    visits: str

    @property
    def port(self) -> int:
        """Port of the replica that answered."""
        return int(self.replicas.rpartition(":")[2])


_LINE = re.compile(
    r'\S+ \S+ "(?P<method>\S+) (?P<path>[^"]*)" (?P<status>\d+) \d+B [\d.]+s replica="(?P<replicas>[^"]*)" visits="(?P<visits>[^"]*)"'
)


class Replica:
    """One server of asgi.py with the operator's settings."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.address = port, f"http://127.0.0.1:{port}"
        self._log = folder / f"replica-{port}.log"
        own = {
            "ADVISOR_MODELS": str(folder / "models"),
            "ADVISOR_ENDPOINTS": str(DEPLOY / "endpoints.yaml"),
        }
        secret = {
            "STREAMLIT_SERVER_COOKIE_SECRET": "the same on both",
            "STREAMLIT_SERVER_ALLOWED_HOSTS": "127.0.0.1 advisor.test",
        }
        trusted = {"FORWARDED_ALLOW_IPS": "127.0.0.1"}
        self._environment = {**os.environ, **settings("settings.env"), **own, **secret, **trusted}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ("--server.address", "127.0.0.1", "--server.port", str(self.port))
        command = [sys.executable, "-m", "streamlit", "run", "asgi.py", *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )

    def wait(self) -> None:
        for _ in range(SECONDS * 10):
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                if requests.get(f"{self.address}/healthz", timeout=20).ok:
                    return
            assert self._process and self._process.poll() is None, (
                f"A replica ended:\n{self._log.read_text(encoding='utf-8')}"
            )
            time.sleep(0.1)
        raise AssertionError(
            f"A replica did not answer within {SECONDS} seconds:\n{self._log.read_text(encoding='utf-8')}"
        )

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=20)
            self._process = None


class Service:
    """nginx and its replicas. `address` is what visitors open."""

    def __init__(self, folder: Path, *, replicas: bool = True) -> None:
        program = nginx_program()
        port, *ports = free_ports(3)
        self.address = f"http://127.0.0.1:{port}"
        self.replicas = [Replica(port, folder) for port in ports]
        self._access = folder / "access.log"
        text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        changes = {
            "listen 8080;": f"listen 127.0.0.1:{port};",
            "/tmp/": f"{folder}/",
            "/dev/stdout": str(self._access),
        }
        changes |= {
            was: f"127.0.0.1:{replica.port}"
            for was, replica in zip(ADDRESSES, self.replicas, strict=True)
        }
        for was, now in changes.items():
            assert was in text, was
            text = text.replace(was, now)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        command = [
            program,
            "-p",
            str(folder),
            "-c",
            str(folder / "nginx.conf"),
            "-g",
            "daemon off;" + "user root;" * (os.geteuid() == 0),
        ]
        for replica in self.replicas if replicas else ():
            replica.start()
        with (folder / "nginx.log").open("wb") as log:
            self._nginx = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            for replica in self.replicas if replicas else ():
                replica.wait()
            for _ in range(SECONDS * 10):
                with (
                    contextlib.suppress(ConnectionError),
                    socket.create_connection(("127.0.0.1", port)),
                ):
                    break
                assert self._nginx.poll() is None, (folder / "nginx.log").read_text(
                    encoding="utf-8"
                )
                time.sleep(0.1)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        self._nginx.terminate()
        self._nginx.wait(timeout=20)
        for replica in self.replicas:
            replica.end()

    def log(self, since: int = 0) -> list[Asked]:
        """The lines of nginx's access log as shipped, from the one numbered `since` on."""
        rows = self._access.read_text(encoding="utf-8").splitlines()[since:]
        return [Asked(**_LINE.fullmatch(row).groupdict()) for row in rows]

    def logged(self, since: int, path: str, method: str = "GET") -> list[Asked]:
        """The lines from `since` on, once there is one that begins with `path`: a websocket's is written when it closes."""
        for _ in range(SECONDS * 10):
            lines = self.log(since)
            if any(line.path.startswith(path) and line.method == method for line in lines):
                return lines
            time.sleep(0.1)
        raise AssertionError(f"nginx logged no {path}.")
