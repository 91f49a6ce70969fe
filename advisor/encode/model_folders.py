"""The folders in which models' files are kept: which are complete, and what downloads leave."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from advisor.encode.hub_files import HubFile

MANIFEST = "complete.json"
PARTIAL = ".partial-"
CHUNK = 1 << 20  # bytes


def folder_name(repo: str) -> str:
    """Name of a repository's folder.

    >>> folder_name("BAAI/bge-m3")
    'BAAI--bge-m3'
    """
    return repo.replace("/", "--")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether this process holds the lock, which the system frees when it ends; the file stays."""
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        file.truncate(0)
        file.write(b"%d\n" % os.getpid())  # for whoever looks who holds the lock
        file.flush()
        yield True


def sweep(store: Path, own: str = "") -> None:
    """Removes what ended downloads left, and restores a model moved aside; `own` is locked."""
    for path in store.glob(f"*{PARTIAL}*"):
        name = path.name.rpartition(PARTIAL)[0]
        is_own = contextlib.nullcontext(True)
        with is_own if name == own else locked(store / f"{name}.lock") as free:
            if not free:
                continue
            # ended between the two renames of `swap`
            if path.name == f"{name}{PARTIAL}old" and not (store / name).exists():
                path.rename(store / name)
            else:
                shutil.rmtree(path, ignore_errors=True)


def manifest(folder: Path) -> dict[str, Any]:
    """What is complete in a folder: `repo`, `revision`, `files`; all empty where there is none."""
    empty: dict[str, Any] = {"repo": "", "revision": "", "files": {}}
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        well_formed = all(isinstance(each["size"], int) for each in content["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return empty
    return empty | content if well_formed else empty


def linked(entry: HubFile, present: Path, partial: Path) -> bool:
    """Whether the file is in `present` unharmed, and now in `partial` too."""
    digest = entry.hash()
    try:
        with (present / entry.name).open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except OSError:
        return False
    return digest.hexdigest() == entry.digest and link(present / entry.name, partial / entry.name)


def link(there: Path, here: Path) -> bool:
    """Whether the file has a second name now."""
    here.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(there, here)
    except OSError:
        return False
    return True


def swap(partial: Path, folder: Path) -> None:
    """Gives the complete folder its name."""
    old = folder.with_name(f"{folder.name}{PARTIAL}old")
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
