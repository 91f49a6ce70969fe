"""A variant's own tokenizer, fetched from the hub."""

from __future__ import annotations

import queue
import re
import threading
import time
from urllib.parse import urljoin

import requests
import urllib3
from tokenizers import Tokenizer

from advisor.catalog.schema import Variant
from advisor.live.tokenizer_faults import TokenCountError, in_one_sentence
from advisor.net.hub import HUB

_CHUNK = 65_536  # bytes
_MOST_REDIRECTS = 5
_HOSTS = ("huggingface.co", "hf.co")  # the hub, and where its large files lie
_LOOPBACK = ("localhost", "127.0.0.1")
_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_ADDRESS = re.compile(
    r"(https?)://([a-z0-9.-]+)(:[0-9]{1,5})?(?![^/?#])", re.IGNORECASE
)  # no @ or \, which parsers read differently
_TOO_LONG = "The hub took too long to send the tokenizer. Try again later; the tokens stay an estimate until then."
_BROKEN = "The hub could not be reached, or broke off. Check the network; the tokens stay an estimate until then."


def fetch_tokenizer(
    variant: Variant, timeout_s: float = 60, base: str = HUB, largest_bytes: int = 40_000_000
) -> Tokenizer:
    """The variant's own tokenizer, downloaded from the hub; the caller keeps it, nothing is written.

    Asked for over https, of the hub's hosts alone; `base` may also be a server on this machine. Downloading ends within `timeout_s`
    seconds, reading what came takes a second or two more.

    Raises:
        TokenCountError: the variant has no hub id, `base` is not allowed, or no tokenizer was had.
    """
    if variant.hub_id is None or not _HUB_ID.fullmatch(variant.hub_id):
        raise TokenCountError(
            f"{variant.name} has no address on the hub. Its tokens stay an estimate."
        )
    origin = _origin(base)
    if origin is None or not (_on_hub(origin) or origin[1] in _LOOPBACK):
        raise TokenCountError(f"Tokenizers are fetched from the hub alone. Use {HUB}.")
    address = f"{base.rstrip('/')}/{variant.hub_id}/resolve/main/tokenizer.json"
    until = time.monotonic() + timeout_s
    answers: queue.SimpleQueue[bytes | str] = queue.SimpleQueue()
    # In a thread, because neither the look-up of the name nor headers that trickle in obey a time-out of requests.
    threading.Thread(
        target=lambda: answers.put(_download(address, origin, until, largest_bytes)),
        name="tokenizer-download",
        daemon=True,
    ).start()
    try:
        got = answers.get(timeout=timeout_s)
    except queue.Empty:
        got = _TOO_LONG
    if isinstance(got, str):
        raise TokenCountError(got)
    return _loaded(got, variant.name)


def _origin(address: str) -> tuple[str, str, str] | None:
    """Scheme, host and port (`:443`, or empty) of an address; None where it is none that can be used."""
    found = _ADDRESS.match(address)
    return (found[1].lower(), found[2].lower(), found[3] or "") if found else None


def _on_hub(origin: tuple[str, str, str]) -> bool:
    scheme, host, port = origin
    return (
        scheme == "https"
        and port in ("", ":443")
        and any(host == known or host.endswith(f".{known}") for known in _HOSTS)
    )


def _download(
    address: str, first: tuple[str, str, str], until: float, largest_bytes: int
) -> bytes | str:
    """The body at the address, or the sentence for why there is none."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # no netrc entry is sent along
            for _ in range(_MOST_REDIRECTS + 1):
                left_s = max(0.01, min(10, until - time.monotonic()))
                with session.get(
                    address, timeout=left_s, allow_redirects=False, stream=True
                ) as response:
                    if not response.is_redirect:
                        return (
                            _body(response, until, largest_bytes)
                            if response.status_code == 200
                            else _problem(response.status_code)
                        )
                    address = urljoin(address, response.headers["Location"])
                origin = _origin(address)
                if origin is None or not (origin == first or _on_hub(origin)):
                    return "The hub sent the request on to another host, which was refused. The tokens stay an estimate."
            return "The hub sent the request on too often. Try again later; the tokens stay an estimate until then."
    except (requests.Timeout, urllib3.exceptions.ReadTimeoutError):
        return _TOO_LONG
    except (OSError, ValueError, urllib3.exceptions.HTTPError):  # requests' own errors are OSErrors
        return _BROKEN


def _body(response: requests.Response, until: float, largest_bytes: int) -> bytes | str:
    """The unpacked body, given up on where it is too large or comes in too slowly."""
    body = bytearray()
    # read1, because iter_content waits until a chunk is full: a byte a second would hold it for as long as it likes
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > largest_bytes:
            return f"The file is larger than {largest_bytes:,} bytes, so it was not read. The tokens stay an estimate."
        if time.monotonic() > until:
            return _TOO_LONG
    return bytes(body)


def _problem(status: int) -> str:
    if status == 404:
        return "The hub has no tokenizer.json for this model (404). Its tokens stay an estimate."
    if status in (401, 403):
        return f"The hub gives this model's tokenizer to signed-in users alone ({status}). Its tokens stay an estimate."
    return f"The hub answered with status {status}. Try again later; the tokens stay an estimate until then."


def _loaded(body: bytes, name: str) -> Tokenizer:
    """The tokenizer of a tokenizer.json, tried once, without its cut and padding."""
    with in_one_sentence(
        f"What the hub sent for {name} is no tokenizer.json that can be read. Its tokens stay an estimate."
    ):
        tokenizer = Tokenizer.from_str(body.decode("utf-8"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        if not tokenizer.encode("A probe.", add_special_tokens=False).ids:
            raise ValueError("no tokens")
    return tokenizer
