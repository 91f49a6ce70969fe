"""The child process that fetches one model's files from the hub: `python -m advisor.encode.download_process`, started by `downloads.Download`.

It reads one line of JSON from stdin, an `Order`, and ends when stdin is closed. To stdout goes a line of JSON for each change. It asks with
requests, not with huggingface_hub: that one tries a dead hub for 40 s and more, keeps the reason (wait so long, ask for a token) to itself
once a download has begun, and has to read each file a second time to check it. Redirects and the token are handled here.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urljoin, urlsplit

import requests
import urllib3

MANIFEST = "complete.json"
PARTIAL = ".partial-"
CHUNK = 1 << 20  # bytes
LARGEST_ANSWER = 8_000_000  # bytes of the hub's description of a model; that of BGE M3 has 20 kB
TELL_EVERY_S = 0.2
MOST_REDIRECTS = 5
LOOPBACK = ("localhost", "127.0.0.1")
OTHER_STEP = "use a folder that holds the model"

_ADDRESS = re.compile(
    r"(https?)://([a-z0-9.-]+)(:[0-9]{1,5})?(?![^/?#])", re.IGNORECASE
)  # no @ or \, which parsers read differently
_HOSTS = ("huggingface.co", "hf.co")  # the hub, and where its large files lie


@dataclass(frozen=True)
class Order:
    """What to fetch from where, and when to give up.

    `connect_s` and `answer_s` bound the first request, `stall_s` how long a download may be without a new byte. `spare_bytes` are to stay
    free on the disk.
    """

    hub: str
    repo: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    store: str
    connect_s: float = 4
    answer_s: float = 7
    stall_s: float = 30
    spare_bytes: int = 500_000_000


@dataclass(frozen=True)
class HubFile:
    """A file as the hub states it: `digest` is the sha256 of a large one, for the others git's id."""

    name: str
    size: int
    kind: str
    digest: str

    def hash(self) -> Any:
        """The hash that is `digest` after the file's bytes."""
        if self.kind == "sha256":
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)


class Problem(Exception):
    """Why there is no download: a sentence for the person at the screen, with the next step."""


class Passing(Problem):
    """A problem that may be over in a moment."""


def folder_name(repo: str) -> str:
    """Name of a repository's folder.

    >>> folder_name("BAAI/bge-m3")
    'BAAI--bge-m3'
    """
    return repo.replace("/", "--")


def gb(number: int) -> str:
    """Bytes for a sentence.

    >>> gb(2_271_000_000), gb(4_100_000)
    ('2.27 GB', '4.1 MB')
    """
    return f"{number / 1e9:.2f} GB" if number >= 100_000_000 else f"{number / 1e6:.1f} MB"


# The hub


class Hub:
    """The hub's two kinds of addresses, asked without surprises."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.base = order.hub.rstrip("/")
        self.host = urlsplit(self.base).hostname or self.base
        self.first = origin(self.base)
        self.token = os.environ.get("HF_TOKEN", "").strip()
        self.session = requests.Session()
        if self.host in LOOPBACK:
            self.session.trust_env = False  # no proxy

    def entries(self) -> tuple[str, list[HubFile]]:
        """The commit, and the files that are wanted and there.

        Raises:
            Problem: the hub does not answer, or not so; a required file is missing.
        """
        order = self.order
        with self.get(
            f"{self.base}/api/models/{order.repo}/revision/main?blobs=true", order.answer_s
        ) as response:
            try:
                body = response.raw.read(LARGEST_ANSWER, decode_content=True)
            except (OSError, urllib3.exceptions.HTTPError):
                raise Problem(
                    f"{self.host} broke off its answer: try again, or {OTHER_STEP}."
                ) from None
        try:
            answer = json.loads(body)
            commit = str(answer["sha"])
            there = {entry.name: entry for entry in map(_entry, answer["siblings"])}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Problem(
                f"What answered at {self.host} is not the hub, but perhaps the network's sign-in page: sign in there, or {OTHER_STEP}."
            ) from None
        if missing := [name for name in order.required if name not in there]:
            raise Problem(f"The hub's {order.repo} has no {missing[0]}: {OTHER_STEP}.")
        return commit, [there[name] for name in (*order.required, *order.optional) if name in there]

    def file(self, commit: str, name: str, start: int) -> requests.Response:
        """A file from byte `start` on."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        return self.get(
            f"{self.base}/{self.order.repo}/resolve/{quote(commit, safe='')}/{quote(name)}",
            self.order.stall_s / 3,
            headers,
        )

    def get(
        self, address: str, read_s: float, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """The answer at an address, its body unread. The token goes to the hub itself only.

        Raises:
            Problem: there is none, or it has another status than 200 or 206.
        """
        for _ in range(MOST_REDIRECTS + 1):
            place = origin(address)
            if place is None or not self._trusted(place):
                raise Problem(
                    f"{self.host} sent the download on to another host, which was refused: {OTHER_STEP}."
                )
            response = self._ask(
                address,
                read_s,
                {"Accept-Encoding": "identity", **(headers or {})},
                place == self.first,
            )
            if not response.is_redirect:
                if response.status_code not in (200, 206):
                    with response:
                        raise self._refusal(response)
                return response
            with response:
                address = urljoin(address, response.headers["Location"])
        raise Problem(
            f"{self.host} sent the download on too often: try again later, or {OTHER_STEP}."
        )

    def _trusted(self, place: tuple[str, str, str]) -> bool:
        """Whether a request may go there: to the hub itself, where its large files lie, or between servers of this machine."""
        scheme, host, port = place
        if place == self.first or (host in LOOPBACK and self.host in LOOPBACK):
            return True
        return (
            scheme == "https"
            and port in ("", ":443")
            and any(host == known or host.endswith(f".{known}") for known in _HOSTS)
        )

    def _ask(
        self, address: str, read_s: float, headers: dict[str, str], own: bool
    ) -> requests.Response:
        def sign(
            request: requests.PreparedRequest,
        ) -> requests.PreparedRequest:  # also keeps requests from the passwords in ~/.netrc
            if (
                own
                and self.token
                and self.first
                and (self.first[0] == "https" or self.first[1] in LOOPBACK)
            ):
                request.headers["Authorization"] = f"Bearer {self.token}"
            return request

        timeout = (self.order.connect_s, read_s)
        try:
            return self.session.get(
                address,
                headers=headers,
                auth=sign,
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            )
        except (
            OSError,
            ValueError,
            urllib3.exceptions.HTTPError,
        ) as error:  # requests' own errors are OSErrors
            raise Passing(
                f"{self._unreachable(error)}: check the network, or {OTHER_STEP}."
            ) from None

    def _unreachable(self, error: Exception) -> str:
        if isinstance(error, requests.exceptions.ProxyError):
            return f"{self.host} could not be reached through the proxy"
        if isinstance(error, requests.exceptions.SSLError):
            return f"The certificate of {self.host} could not be verified"
        if isinstance(error, requests.exceptions.Timeout):
            return f"{self.host} did not answer"
        reason = getattr(error.args[0], "reason", None) if error.args else None
        if isinstance(reason, urllib3.exceptions.NameResolutionError):
            return f"The name {self.host} could not be resolved"
        if isinstance(reason, urllib3.exceptions.NewConnectionError):
            return f"{self.host} refused the connection"
        return f"{self.host} broke off"

    def _refusal(self, response: requests.Response) -> Problem:
        status, repo = response.status_code, self.order.repo
        if status in (401, 403):
            if response.headers.get("X-Error-Code") == "GatedRepo":
                step = f"accept its terms at {self.base}/{repo} and put your token into HF_TOKEN"
                return Problem(
                    f"{repo} is only given to those who accept its terms ({status}): {step}, or {OTHER_STEP}."
                )
            whom, step = (
                ("the token in HF_TOKEN", "use another")
                if self.token
                else ("strangers", "put a token that may into HF_TOKEN")
            )
            return Problem(
                f"The hub has no {repo}, or does not show it to {whom} ({status}): {step}, or {OTHER_STEP}."
            )
        if status == 404:
            return Problem(f"The hub has no {repo} with these files (404): {OTHER_STEP}.")
        if status == 429:
            return Problem(
                f"The hub is asked too often from here (429): try again {_wait(response)}."
            )
        if status >= 500:
            return Passing(
                f"{self.host} has a fault of its own ({status}): try again in some minutes, or {OTHER_STEP}."
            )
        return Problem(
            f"{self.host} answered with status {status}: try again later, or {OTHER_STEP}."
        )


def _entry(stated: Any) -> HubFile:
    lfs = stated.get("lfs")
    kind, digest = ("sha256", lfs["sha256"]) if lfs else ("git", stated["blobId"])
    return HubFile(
        str(stated["rfilename"]), int(lfs["size"] if lfs else stated["size"]), kind, str(digest)
    )


def _wait(response: requests.Response) -> str:
    """When to try again: as Retry-After says, or the `t` of `ratelimit: "api";r=0;t=55`, which the hub sends."""
    seconds = response.headers.get("Retry-After", "").strip()
    if not seconds.isdigit():
        found = re.search(r";\s*t=(\d+)", response.headers.get("ratelimit", ""))
        seconds = found[1] if found else ""
    return f"in {int(seconds)} seconds" if seconds else "in some minutes"


def origin(address: str) -> tuple[str, str, str] | None:
    """Scheme, host and port (`:443`, or empty) of an address; None where it is none that can be used."""
    found = _ADDRESS.match(address)
    return (found[1].lower(), found[2].lower(), found[3] or "") if found else None


# The files


class ByteProgress:
    """Tells the parent of bytes, some times a second."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.told = 0.0

    def at(self, done: int) -> None:
        """So many bytes are there now."""
        self.done = done
        if time.monotonic() - self.told >= TELL_EVERY_S or done == self.total:
            self.told = time.monotonic()
            say(state="downloading", done=done, total=self.total)


def fetch(order: Order) -> Path:
    """The complete folder of the ordered files.

    Raises:
        Problem: for all that can go wrong on the way. What is left of it the parent removes, or the next download.
    """
    store, name = Path(order.store), folder_name(order.repo)
    store.mkdir(parents=True, exist_ok=True)
    with locked(store / f"{name}.lock") as free:
        if not free:
            raise Problem(f"Another process is downloading {order.repo} already: wait for it.")
        sweep(store, name)
        partial = store / f"{name}{PARTIAL}{os.getpid()}"
        partial.mkdir()
        _fill(order, partial, store / name)
        _swap(partial, store / name)
    return store / name


def _fill(order: Order, partial: Path, present: Path) -> None:
    """Puts all files and the manifest into the folder `partial`; those that `present` has already are linked."""
    say(state="asking")
    hub = Hub(order)
    commit, entries = hub.entries()
    known = manifest(present)
    progress = ByteProgress(sum(entry.size for entry in entries))
    to_fetch = []
    for entry in entries:
        if linked(entry, present, partial):
            progress.at(progress.done + entry.size)
        else:
            to_fetch.append(entry)
    needed, free = sum(entry.size for entry in to_fetch), shutil.disk_usage(partial).free
    if needed + order.spare_bytes > free:
        raise Problem(
            f"{order.repo} takes {gb(needed)}, with {gb(order.spare_bytes)} to spare, and {gb(free)} are free at {order.store}: "
            f"free some disk space, or set ADVISOR_MODELS to a folder on another disk."
        )
    for entry in to_fetch:
        _fetch_file(hub, commit, entry, partial / entry.name, progress)
    say(state="checking")
    files = {entry.name: _stated(entry) for entry in entries}
    if known["revision"] == commit:  # another model of the same repository
        for name, stated in known["files"].items():
            if name not in files and link(present / name, partial / name):
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
    progress.at(before)
    with path.open("wb") as file:
        while have < entry.size:
            try:
                with hub.file(commit, entry.name, have) as response:
                    if response.status_code == 200 and have:  # it does not know ranges
                        have, digest = 0, entry.hash()
                        file.seek(0)
                        file.truncate()
                    length = response.headers.get("Content-Length", "")
                    if length.isdigit() and have + int(length) != entry.size:
                        raise Problem(
                            f"The hub's {entry.name} has {have + int(length):,} bytes where the hub states {entry.size:,}: try again later."
                        )
                    for chunk in pieces(response, hub.host):
                        have += len(chunk)
                        if have > entry.size:
                            raise Problem(
                                f"The hub sent more of {entry.name} than the {entry.size:,} bytes it states: try again later."
                            )
                        file.write(chunk)
                        digest.update(chunk)
                        if have > best:
                            best, last = have, time.monotonic()
                            progress.at(before + best)
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


def pieces(response: requests.Response, host: str) -> Iterator[bytes]:
    """What comes, as it comes.

    Raises:
        Passing: the connection broke, or nothing came for as long as is waited for it.
    """
    while True:
        try:  # read1, because the others wait until a chunk is full: a byte a second would hold it for as long as it likes
            chunk = response.raw.read1(CHUNK, decode_content=False)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            how = (
                "sends no more"
                if isinstance(error, urllib3.exceptions.TimeoutError)
                else "broke off"
            )
            raise Passing(f"{host} {how}: check the network, and try again.") from None
        if not chunk:
            return
        yield chunk


# The folders


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether this process holds the lock. The system takes it from a process that ends, so none is left behind; the file stays."""
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        _write_pid(file)
        yield True


def _write_pid(file: BinaryIO) -> None:
    """For whoever looks who holds the lock."""
    file.truncate(0)
    file.write(b"%d\n" % os.getpid())
    file.flush()


def sweep(store: Path, own: str = "") -> None:
    """Removes what downloads that ended have left, and puts back a model that one had moved aside. The lock of `own` is held by this process."""
    for path in store.glob(f"*{PARTIAL}*"):
        name = path.name.rpartition(PARTIAL)[0]
        with (
            contextlib.nullcontext(True) if name == own else locked(store / f"{name}.lock") as free
        ):
            if not free:
                continue
            if (
                path.name == f"{name}{PARTIAL}old" and not (store / name).exists()
            ):  # ended between the two renames of `_swap`
                path.rename(store / name)
            else:
                shutil.rmtree(path, ignore_errors=True)


def manifest(folder: Path) -> dict[str, Any]:
    """What is complete in a folder: `repo`, `revision` and `files`, all empty where there is no such folder."""
    empty: dict[str, Any] = {"repo": "", "revision": "", "files": {}}
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        well_formed = all(isinstance(each["size"], int) for each in content["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return empty
    return empty | content if well_formed else empty


def _stated(entry: HubFile) -> dict[str, Any]:
    return {"size": entry.size, entry.kind: entry.digest}


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


def _swap(partial: Path, folder: Path) -> None:
    """Gives the complete folder its name."""
    old = folder.with_name(f"{folder.name}{PARTIAL}old")
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


# The process


def say(**change: Any) -> None:
    """A line for the parent."""
    print(json.dumps(change), flush=True)


def read_order() -> Order:
    """The order, from the first line of stdin, read byte by byte so that no thread holds a buffer's lock at the end."""
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
        return f"The disk at {store} is full: free some space, or set ADVISOR_MODELS to a folder on another disk."
    return f"{store} cannot be written to ({os.strerror(error.errno or 0)}): set ADVISOR_MODELS to a folder that can."


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
