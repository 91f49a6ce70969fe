"""The child process that fetches one model's files from the hub.

`downloads.Download` starts it as `python -m advisor.encode.download_process`. It reads one line of
JSON from stdin, an `Order`, ends when stdin is closed, and says each change in a line of JSON."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

from advisor.encode import model_folders as folders
from advisor.encode.hub_files import Hub, HubFile, Order, Passing, Problem, gb
from advisor.encode.model_folders import MANIFEST, PARTIAL

TELL_EVERY_S = 0.2


class ByteProgress:
    """Tells the parent of bytes, some times a second."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.last = 0.0

    def count(self, done: int) -> None:
        """So many bytes are there now."""
        self.done = done
        if time.monotonic() - self.last >= TELL_EVERY_S or done == self.total:
            self.last = time.monotonic()
            say(state="downloading", done=done, total=self.total)


def fetch(order: Order) -> Path:
    """The complete folder of the ordered files; raises Problem for all that can go wrong.

    What is left then the parent removes, or the next download."""
    store, name = Path(order.store), folders.folder_name(order.repo)
    store.mkdir(parents=True, exist_ok=True)
    with folders.locked(store / f"{name}.lock") as free:
        if not free:
            raise Problem(f"Another process is downloading {order.repo} already: wait for it.")
        folders.sweep(store, name)
        partial = store / f"{name}{PARTIAL}{os.getpid()}"
        partial.mkdir()
        _fill(order, partial, store / name)
        folders.swap(partial, store / name)
    return store / name


def _fill(order: Order, partial: Path, present: Path) -> None:
    """Puts all files and the manifest into `partial`; those that `present` has are linked."""
    say(state="asking")
    hub = Hub(order)
    commit, entries = hub.entries()
    known = folders.manifest(present)
    progress = ByteProgress(sum(entry.size for entry in entries))
    to_fetch = []
    for entry in entries:
        if folders.linked(entry, present, partial):
            progress.count(progress.done + entry.size)
        else:
            to_fetch.append(entry)
    needed, free = sum(entry.size for entry in to_fetch), shutil.disk_usage(partial).free
    if needed + order.spare_bytes > free:
        raise Problem(
            f"{order.repo} takes {gb(needed)}, with {gb(order.spare_bytes)} to spare, and "
            f"{gb(free)} are free at {order.store}: "
            "free some disk space, or set ADVISOR_MODELS to a folder on another disk."
        )
    for entry in to_fetch:
        _fetch_file(hub, commit, entry, partial / entry.name, progress)
    say(state="checking")
    files = {entry.name: entry.stated for entry in entries}
    if known["revision"] == commit:  # another model of the same repository
        for name, stated in known["files"].items():
            if name not in files and folders.link(present / name, partial / name):
                files[name] = stated
    with (partial / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump({"repo": order.repo, "revision": commit, "files": files}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())


def _fetch_file(hub: Hub, commit: str, entry: HubFile, path: Path, progress: ByteProgress) -> None:
    """One file, taken up again where it broke off, and checked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stall_s = hub.order.stall_s
    before, best, last = progress.done, 0, time.monotonic()
    have, digest = 0, entry.hash()
    progress.count(before)
    with path.open("wb") as file:
        while have < entry.size:
            try:
                with hub.file(commit, entry.name, have) as answer:
                    if answer.status == 200 and have:  # it does not know ranges
                        have, digest = 0, entry.hash()
                        file.seek(0)
                        file.truncate()
                    length = answer.headers.get("Content-Length", "")
                    if length.isdigit() and have + int(length) != entry.size:
                        raise Problem(
                            f"The hub's {entry.name} has {have + int(length):,} bytes where the "
                            f"hub states {entry.size:,}: try again later."
                        )
                    for piece in hub.pieces(answer):
                        have += len(piece)
                        if have > entry.size:
                            raise Problem(
                                f"The hub sent more of {entry.name} than the {entry.size:,} bytes "
                                "it states: try again later."
                            )
                        file.write(piece)
                        digest.update(piece)
                        if have > best:
                            best, last = have, time.monotonic()
                            progress.count(before + best)
                if have < entry.size:
                    raise Passing(f"{hub.host} broke off: check the network, and try again.")
            except Passing:
                if time.monotonic() - last >= stall_s:
                    raise
                time.sleep(min(1, stall_s / 20))
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != entry.digest:
        raise Problem(
            f"{entry.name} arrived damaged ({entry.kind} is not what the hub states): try again."
        )


def say(**change: Any) -> None:
    """A line for the parent."""
    print(json.dumps(change), flush=True)


def read_order() -> Order:
    """The order from stdin, read byte by byte: no thread holds a buffer's lock at the end."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    values = json.loads(line)
    return Order(
        **values | {"required": tuple(values["required"]), "optional": tuple(values["optional"])}
    )


def end_with_parent() -> None:
    """Ends this process when stdin is closed, which a parent that is killed does too."""
    while os.read(0, 1):
        pass
    os._exit(1)


def disk_problem(error: OSError, store: str) -> str:
    """The sentence for a disk that does not do what it should."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"The disk at {store} is full: free some space, or set ADVISOR_MODELS to a folder "
            "on another disk."
        )
    return (
        f"{store} cannot be written to ({os.strerror(error.errno or 0)}): set ADVISOR_MODELS "
        "to a folder that can."
    )


def main() -> None:
    """Runs the order."""
    order = read_order()
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        folder = fetch(order)
    except Problem as problem:
        say(state="failed", problem=str(problem))
    except OSError as error:
        say(state="failed", problem=disk_problem(error, order.store))
    else:
        say(state="done", folder=str(folder))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # the parent is gone
        sys.exit(1)
