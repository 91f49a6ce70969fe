"""A hub on this machine: its HTTP API over folders, well-behaved or not.

`with hub.serving({"BAAI/bge-m3": folder}) as base:` gives an address for ADVISOR_HUB;
huggingface_hub, too, downloads from it. `base.seen` holds the requests, `base.switches` the
misbehaviour, which may be changed while it serves. Source of its answers: huggingface_hub 1.33,
hf_api.py and file_download.py.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
POINTER_BYTES = 134


class Request(NamedTuple):
    """One request that was made."""

    method: str
    path: str
    headers: dict[str, str]


@dataclasses.dataclass
class Switches:
    """How the hub misbehaves.

    `where` says in which requests: those to its API, those for files, or both.

    `status` is answered instead; `error_code` goes into X-Error-Code. `silent` never answers.
    `break_after` bytes of a file the connection is cut, `breaks` times. `drip` is (bytes, seconds)
    between pieces of a file; `pause_after` bytes of a file nothing more is sent. `short` leaves out
    the last byte of files and says so in Content-Length, `wrong_bytes` changes their first one;
    `no_ranges` sends whole files for parts. `cdn` is where large files lie, else at another name of
    this server. `token` is asked for. `body` is sent for the API's answer.
    """

    where: str = "both"
    status: int | None = None
    error_code: str | None = None
    retry_after: str | None = None
    silent: bool = False
    break_after: int | None = None
    breaks: int = 1
    pause_after: int | None = None
    drip: tuple[int, float] | None = None
    short: bool = False
    wrong_bytes: bool = False
    no_ranges: bool = False
    cdn: str | None = None
    token: str | None = None
    body: bytes | None = None
    commit: str = COMMIT


class Address(str):
    """The hub's address; what was asked of it, and how it behaves."""

    seen: list[Request]
    switches: Switches


class Server(ThreadingHTTPServer):
    daemon_threads = True
    repos: Mapping[str, Path]
    switches: Switches
    seen: list[Request]
    closing: threading.Event

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients break off


@contextlib.contextmanager
def serving(repos: Mapping[str, Path], **switches: Any) -> Iterator[Address]:
    """Serves each folder as the repository of that name until the block is left."""
    server = Server(("127.0.0.1", 0), Handler)
    server.repos, server.switches, server.seen, server.closing = (
        repos,
        Switches(**switches),
        [],
        threading.Event(),
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    base = Address(f"http://127.0.0.1:{server.server_address[1]}")
    base.seen, base.switches = server.seen, server.switches
    try:
        yield base
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def files_of(folder: Path) -> dict[str, Path]:
    """Files of a repository by name."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def in_lfs(name: str) -> bool:
    return name.endswith((".onnx", "_data", ".safetensors"))


def described(name: str, content: bytes) -> dict[str, Any]:
    """A sibling of the API's answer. A file in LFS has the id of its pointer."""
    if not in_lfs(name):
        return {"rfilename": name, "size": len(content), "blobId": git_id(content)}
    lfs = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "pointerSize": POINTER_BYTES,
    }
    return {
        "rfilename": name,
        "size": len(content),
        "blobId": git_id(lfs["sha256"].encode()),
        "lfs": lfs,
    }


def git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.server.seen.append(
            Request(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
            )
        )
        parts = [unquote(part) for part in address.path.strip("/").split("/")]
        at = "api" if parts[0] == "api" else "files"
        switches = self.server.switches
        if switches.where in (at, "both"):
            if switches.silent:
                self.server.closing.wait(60)
                self.close_connection = True
                return
            if switches.status:
                self.refuse(
                    switches.status,
                    switches.error_code,
                    {"Retry-After": switches.retry_after} if switches.retry_after else {},
                )
                return
            if (
                switches.token
                and parts[0] != "cdn"
                and self.headers.get("Authorization") != f"Bearer {switches.token}"
            ):
                self.refuse(401, "GatedRepo")
                return
        if parts[0] == "cdn":
            self.send_large(parts[1])
        elif parts[0] == "api":
            self.send_api(parts[2:], parse_qs(address.query))
        else:
            self.send_resolved(parts)

    def refuse(
        self, status: int, error_code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        code = {"X-Error-Code": error_code} if error_code else {}
        self.send(b'{"error":"as asked"}', status, code | dict(headers or {}))

    def send(
        self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def send_api(self, parts: list[str], query: Mapping[str, list[str]]) -> None:
        """/api/models/OWNER/NAME, with /revision/REVISION or /tree/REVISION."""
        repo = "/".join(parts[:2])
        if repo not in self.server.repos:
            self.refuse(
                401, "RepoNotFound"
            )  # as the hub does, which tells nobody which names exist
            return
        commit = self.server.switches.commit
        siblings = [
            described(name, path.read_bytes())
            for name, path in files_of(self.server.repos[repo]).items()
        ]
        answer: Any = {"id": repo, "modelId": repo, "sha": commit, "tags": [], "siblings": siblings}
        if parts[2:3] == ["tree"]:
            answer = [
                {
                    "type": "file",
                    "path": each["rfilename"],
                    "size": each["size"],
                    "oid": each["blobId"],
                }
                | (
                    {
                        "lfs": {
                            "oid": each["lfs"]["sha256"],
                            "size": each["size"],
                            "pointerSize": POINTER_BYTES,
                        }
                    }
                    if "lfs" in each
                    else {}
                )
                for each in siblings
            ]
        elif not query.get("blobs"):
            answer["siblings"] = [{"rfilename": each["rfilename"]} for each in siblings]
        body = self.server.switches.body
        self.send(
            json.dumps(answer).encode() if body is None else body,
            headers={"Content-Type": "application/json"},
        )

    def send_resolved(self, parts: list[str]) -> None:
        """/OWNER/NAME/resolve/REVISION/FILE."""
        repo, name, commit = "/".join(parts[:2]), "/".join(parts[4:]), self.server.switches.commit
        path = files_of(self.server.repos[repo]).get(name) if repo in self.server.repos else None
        if path is None or parts[3] not in ("main", commit):
            self.refuse(404, "EntryNotFound" if repo in self.server.repos else "RepoNotFound")
            return
        content = path.read_bytes()
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if not in_lfs(name):
            self.send_content(content, headers | {"ETag": f'"{git_id(content)}"'})
            return
        sha256 = hashlib.sha256(content).hexdigest()
        base = self.server.switches.cdn or f"http://localhost:{self.server.server_address[1]}"
        self.send(
            b"",
            302,
            headers
            | {
                "Location": f"{base}/cdn/{sha256}?signed=1",
                "X-Linked-Size": str(len(content)),
                "X-Linked-ETag": f'"{sha256}"',
            },
        )

    def send_large(self, sha256: str) -> None:
        for folder in self.server.repos.values():
            for name, path in files_of(folder).items():
                content = path.read_bytes() if in_lfs(name) else b""
                if hashlib.sha256(content).hexdigest() == sha256:
                    self.send_content(content, {"ETag": f'"{sha256}"'})
                    return
        self.refuse(404)

    def send_content(self, content: bytes, headers: Mapping[str, str]) -> None:
        switches = self.server.switches
        if switches.wrong_bytes and content:
            content = bytes([content[0] ^ 1]) + content[1:]
        content = content[:-1] if switches.short else content
        start, status = 0, 200
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes=") and not switches.no_ranges:
            start, status = int(asked[6:].partition("-")[0]), 206
            if start >= len(content):
                self.refuse(416)
                return
            headers = {
                **headers,
                "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}",
            }
        part = content[start:]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(part)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.write_slowly(part)

    def write_slowly(self, content: bytes) -> None:
        switches = self.server.switches
        if (
            switches.break_after is not None
            and switches.breaks > 0
            and len(content) > switches.break_after
        ):
            switches.breaks -= 1
            self.wfile.write(content[: switches.break_after])
            self.close_connection = True
            return
        if switches.pause_after is not None and len(content) > switches.pause_after:
            self.wfile.write(content[: switches.pause_after])
            self.server.closing.wait(60)
            self.close_connection = True
            return
        while content and switches.drip:
            size, seconds = switches.drip
            self.wfile.write(content[:size])
            content = content[size:]
            if self.server.closing.wait(seconds):
                self.close_connection = True
                return
        self.wfile.write(content)
