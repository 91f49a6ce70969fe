"""Models' files on this machine: which are at hand, and fetching others from the hub on a click.

A model is at hand when its folder holds all files as the hub stated them; what a download that was
cut off has left is never used. The files are fetched by a child process (`download_process`), so
that they can be given up at any moment."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor.base.errors import EncodeError
from advisor.encode.hub_files import OTHER_STEP, Order, gb
from advisor.encode.model_folders import MANIFEST, PARTIAL, folder_name, manifest, sweep
from advisor.net.hub import address, is_repo

State = Literal["asking", "downloading", "checking", "done", "failed", "cancelled"]

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Files:
    """A model's files in a repository of the hub: the model, and `others`, such as its weights."""

    repo: str
    model_file: str
    others: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Without these it does not load."""
        return (self.model_file, *self.others, "tokenizer.json", "tokenizer_config.json")

    @property
    def optional(self) -> tuple[str, ...]:
        """Fetched where the repository has them; transformers 5 no longer writes all of them."""
        return ("config.json", "special_tokens_map.json")


@dataclass(frozen=True)
class Patience:
    """Seconds after which a download is given up, the first three by the child, the others here.

    `ask_s` bounds the first request in all: also looking up the name, for which there is no
    time-out. `write_s` bounds writing to the disk."""

    connect_s: float = 4
    answer_s: float = 7
    stall_s: float = 30
    ask_s: float = 10
    write_s: float = 300

    def quiet_s(self, state: str) -> float:
        """How long the child may say nothing; a stall ends before, unless headers trickle in."""
        stall_s = 2 * (self.stall_s + self.connect_s) + 1
        return {"asking": self.ask_s, "downloading": stall_s}.get(state, self.write_s)


def models_folder() -> Path:
    """Where models are kept: the folder in ADVISOR_MODELS, else one in the user's cache."""
    if named := os.environ.get("ADVISOR_MODELS"):
        return Path(named).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(cache) if cache.startswith("/") else Path.home() / ".cache"
    return base / "bge-advisor" / "models"


def free_bytes(base: Path | None = None) -> int:
    """Free bytes where models are kept, or above where that may not be looked at; 0: nowhere."""
    folder = base or models_folder()
    for place in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            return shutil.disk_usage(place).free
    return 0


def at_hand(files: Files, base: Path | None = None) -> Path | None:
    """Folder with a model's files, complete; None where something is lacking. Asks no network."""
    return None if lacking(files, base) else (base or models_folder()) / folder_name(files.repo)


def lacking(files: Files, base: Path | None = None) -> str | None:
    """Why a model is not at hand, in a sentence; None where it is."""
    folder = (base or models_folder()) / folder_name(files.repo)
    # unlike Path.is_dir it raises nothing where permissions or a disk that is gone forbid to look
    if not os.path.isdir(folder):
        return f"{files.repo} is not on this machine yet. Fetch it."
    stated = manifest(folder)["files"]
    if not stated:
        return (
            f"The folder {folder} does not say that it is complete ({MANIFEST}). "
            f"Fetch {files.repo} again."
        )
    if absent := [name for name in files.required if name not in stated]:
        return f"{absent[0]} of {files.repo} is not on this machine yet. Fetch it."
    for name in (*files.required, *(name for name in files.optional if name in stated)):
        size, present = stated[name]["size"], _bytes_of(folder / name)
        if present != size:
            how = "is gone" if present is None else f"has {present:,} bytes instead of {size:,}"
            return f"{name} of {files.repo} {how}. Fetch it again."
    return None


def _bytes_of(path: Path) -> int | None:
    """Size of a file; None where there is none that may be looked at."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def missing(files: Files, folder: Path) -> tuple[str, ...]:
    """Files without which a model does not load that are not in somebody's own folder."""
    return tuple(name for name in files.required if _bytes_of(folder / name) is None)


class Download:
    """One model's files on their way from the hub. Starts at once; `wait` or look at `state`.

    `done_bytes` and `total_bytes` count the files (None: the hub has not said). `problem` is one
    sentence, with the next step, where `state` is "failed"; `folder` is there when it is "done".
    Raises EncodeError where `files.repo` is no repository's name, or no process can be started."""

    def __init__(
        self,
        files: Files,
        base: Path | None = None,
        *,
        hub: str | None = None,
        patience: Patience | None = None,
        spare_bytes: int = 500_000_000,
    ) -> None:
        if not is_repo(files.repo):
            raise EncodeError(
                f"'{files.repo[:60]}' is no model of the hub. Write it as owner/name."
            )
        self.files = files
        self.state: State = "asking"
        self.done_bytes = 0
        self.total_bytes: int | None = None
        self.problem: str | None = None
        self.folder: Path | None = None
        self._patience = patience or Patience()
        self._store = (base or models_folder()).absolute()
        self._cancelled = threading.Event()
        self._hub = hub or address()
        path = filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))
        # A program of its own rather than multiprocessing, which would import Streamlit's script a
        # second time
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "advisor.encode.download_process"],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl+C is the parent's; the child ends with it
            )
        except OSError as error:
            raise EncodeError(
                f"No process could be started to fetch {files.repo} ({error.strerror}). "
                "Try again in a minute."
            ) from None
        order = Order(
            hub=self._hub,
            repo=files.repo,
            required=files.required,
            optional=files.optional,
            store=str(self._store),
            connect_s=self._patience.connect_s,
            answer_s=self._patience.answer_s,
            stall_s=self._patience.stall_s,
            spare_bytes=spare_bytes,
        )
        self._thread = threading.Thread(
            target=self._follow, args=(order,), name="model-download", daemon=True
        )
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is still on its way."""
        return self.state in ("asking", "downloading", "checking")

    @property
    def share(self) -> float:
        """Share of the bytes that are here, 0 to 1."""
        return min(1.0, self.done_bytes / self.total_bytes) if self.total_bytes else 0.0

    @property
    def sentence(self) -> str:
        """Where it stands, for the page."""
        name = self.files.repo
        if self.state == "downloading" and self.total_bytes is not None:
            return f"Downloading {name}: {gb(self.done_bytes)} of {gb(self.total_bytes)}."
        return {
            "asking": f"Asking the hub for {name}.",
            "downloading": f"Downloading {name}.",
            "checking": f"Checking {name}.",
            "done": f"{name} is on this machine.",
            "failed": self.problem or "",
            "cancelled": f"The download of {name} was cancelled; nothing of it is kept.",
        }[self.state]

    def cancel(self) -> None:
        """Ends the child and removes what it has fetched; nothing where the download is over."""
        self._cancelled.set()
        self._child.kill()
        self._thread.join()

    def wait(self, timeout_s: float | None = None) -> State:
        """The state when it is over, or after `timeout_s` seconds."""
        self._thread.join(timeout_s)
        return self.state

    def _follow(self, order: Order) -> None:
        """Takes what the child says, and sees to it that it says something."""
        child, end = self._child, {"state": "failed"}
        assert child.stdin and child.stdout
        try:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps(dataclasses.asdict(order)).encode() + b"\n")
                child.stdin.flush()
            end = self._heard(child.stdout.fileno())
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            self._finish(end)

    def _heard(self, stdout: int) -> dict[str, Any]:
        """The child's last word, or what is to be said where there was none."""
        buffer = b""
        until = time.monotonic() + self._patience.quiet_s("asking")
        while True:
            if not select.select([stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                return {"state": "failed", "problem": self._too_quiet()}
            piece = os.read(stdout, 65_536)
            if not piece:
                return {"state": "failed"}
            *lines, buffer = (buffer + piece).split(b"\n")
            for line in lines:
                try:
                    change = json.loads(line)
                except ValueError:  # a word of something else in that process
                    continue
                if change["state"] in ("done", "failed"):
                    return change  # type: ignore[no-any-return]
                self.done_bytes = change.get("done", self.done_bytes)
                self.total_bytes = change.get("total", self.total_bytes)
                until = time.monotonic() + self._patience.quiet_s(change["state"])
                self.state = change["state"]

    def _too_quiet(self) -> str:
        if self.state == "asking":
            return (
                f"{self._hub} did not answer within {self._patience.ask_s:g} seconds: check "
                f"the network, or {OTHER_STEP}."
            )
        if self.state == "downloading":
            return f"{self._hub} sends no more: check the network, and try again."
        return (
            f"Writing to {self._store} takes too long: set ADVISOR_MODELS to a folder on "
            "another disk."
        )

    def _finish(self, end: dict[str, Any]) -> None:
        """The end's state, after what a killed child has left is gone."""
        if end["state"] == "done":
            self.done_bytes = self.total_bytes or self.done_bytes
            self.folder = Path(end["folder"])
            self.state = "done"
            return
        partial = f"{folder_name(self.files.repo)}{PARTIAL}{self._child.pid}"
        shutil.rmtree(self._store / partial, ignore_errors=True)
        if self._cancelled.is_set():
            self.state = "cancelled"
            return
        code = self._child.returncode
        why = f"signal {-code}" if code < 0 else f"status {code}"
        by_itself = f"The download of {self.files.repo} ended by itself ({why}): try again."
        self.problem = end.get("problem") or by_itself
        self.state = "failed"


class Downloads:
    """The one download of this process, for all pages; tidies up first what earlier ones left."""

    def __init__(self) -> None:
        self.current: Download | None = None
        self._lock = threading.Lock()
        with contextlib.suppress(OSError):  # where models are kept may be read only
            sweep(models_folder())

    def start(self, files: Files, base: Path | None = None, **options: Any) -> Download:
        """Starts a download, or gives that of `files`; raises EncodeError while another runs."""
        with self._lock:
            if self.current is not None and self.current.running:
                if self.current.files == files:
                    return self.current
                raise EncodeError(
                    f"{self.current.files.repo} is being downloaded. Wait for it, or cancel it."
                )
            self.current = Download(files, base, **options)
            return self.current
