"""Where an endpoint is: an address that is looked up and checked once, and a line that goes to what was checked.

No exception that leaves this module holds the key, a word of the server, or an exception of requests, which holds both.
"""

from __future__ import annotations

import copy
import os
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple, TypeVar

import requests
import urllib3
from requests.adapters import HTTPAdapter

from advisor.base.errors import EncodeError

T = TypeVar("T")
Ip = IPv4Address | IPv6Address

EXAMPLE = "Write it as https://api.example.com/v1 or http://127.0.0.1:8080."
CHUNK = 65_536  # bytes

# One form that all parsers of addresses read alike: no user, no @, \, %, ? or #
_BASE = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[\w./:~-]{0,300})?",
                   re.ASCII | re.IGNORECASE)  # fmt: skip
_HOLDS_IPV4 = [
    ip_network(net) for net in ("::ffff:0:0/96", "64:ff9b::/96", "::/96")
]  # mapped, NAT64 (RFC 6052), compatible
_NEVER = [
    ip_network(net)
    for net in (
        "0.0.0.0/8",
        "100.100.100.200",  # metadata at Alibaba
        "168.63.129.16",  # metadata at Azure
        "192.0.0.192",  # metadata at Oracle
        "fd00:ec2::/32",  # metadata at AWS
        "fd20:ce::254",  # metadata at Google
        "2001::/32",  # Teredo; a site's own NAT64 (64:ff9b:1::/48) is among the reserved ones
    )
]


class RequestLimits(NamedTuple):
    """How long, how much and how often to ask; times in seconds. `deadline_s` is for all requests of one call."""

    connect_s: float = 5
    read_s: float = 60
    deadline_s: float = 120
    largest_bytes: int = 32_000_000
    tries: int = 3
    backoff_s: float = 0.5
    longest_wait_s: float = 10


class BaseAddress(NamedTuple):
    """A base address as it is written: `host` without brackets, `path` without a slash at its end."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a key may be sent to: scheme, host and port."""
        return self[:3]

    @property
    def netloc(self) -> str:
        """Host and port, as the Host header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"
        )


class Reply(NamedTuple):
    """An answer; `body` is read for status 200 alone. `seconds` is the time of the try that gave it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def parsed(base_url: str) -> BaseAddress:
    """The parts of a base address; nothing is looked up.

    Raises:
        EncodeError: it is not http or https, names a user, or holds anything else that has no place in a base address.
    """
    found = _BASE.fullmatch(base_url.strip())
    if not found:
        raise EncodeError(
            f"The base address is none that can be used: http:// or https://, a host, a port and a path. {EXAMPLE}"
        )
    scheme, host = found["scheme"].lower(), found["host"].lower().strip("[]").rstrip(".")
    port = int(found["port"] or {"http": 80, "https": 443}[scheme])
    if not 0 < port < 65_536 or not host or ("[" in found["host"] and not _is_ipv6(host)):
        raise EncodeError(f"The base address names no host, or no valid port. {EXAMPLE}")
    return BaseAddress(scheme, host, port, re.sub("/+", "/", found["path"] or "").rstrip("/"))


def checked(base: BaseAddress, *, private: bool) -> tuple[Ip, ...]:
    """IP addresses of the host, looked up once: connect to these, and do not ask again. `private` allows this machine and its network.

    Raises:
        EncodeError: the name is not known, or one of its addresses is never asked, or is private where that is not allowed.
    """
    try:
        rows = socket.getaddrinfo(base.host, base.port, type=socket.SOCK_STREAM)
        found = tuple(dict.fromkeys(ip_address(row[4][0]) for row in rows))
    except (OSError, ValueError):  # a UnicodeError of an impossible name is a ValueError
        found = ()
    if not found:
        raise EncodeError(
            f"No address is known for {base.host}. Check how it is written, and the network."
        )
    for ip in found:
        meant = _meant(ip)
        if _never(meant):
            raise EncodeError(
                f"{base.host} leads to a link-local, metadata or reserved address, which is never asked. Name another host."
            )
        if not private and not meant.is_global:
            raise EncodeError(
                f"{base.host} leads into this machine's own network, which is not allowed here. Name a public host."
            )
    return found


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _meant(ip: Ip) -> Ip:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(ip, IPv4Address) or ip.is_loopback or ip.is_unspecified:
        return ip
    if any(ip in net for net in _HOLDS_IPV4):
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.sixtofour or ip


def _never(ip: Ip) -> bool:
    if ip.is_loopback:  # first, because Python calls ::1 reserved too
        return False
    return (
        ip.is_link_local
        or ip.is_multicast
        or ip.is_unspecified
        or ip.is_reserved
        or any(ip in net for net in _NEVER)
    )


def too_long(name: str) -> str:
    """The sentence for an endpoint that is too slow."""
    return f"{name} took too long to answer. Send fewer or shorter texts, or try again later."


def within(seconds: float, work: Callable[[], T], or_else: str) -> T:
    """What `work` gives, or the sentence `or_else` as EncodeError after so many seconds.

    In a thread, because neither the look-up of a name nor headers that trickle in obey a time-out of requests. Given up on,
    it ends by itself when the server closes.
    """
    ends: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ends.put((work(), None))
        except Exception as error:
            ends.put((None, error))

    threading.Thread(target=run, name="advisor-remote", daemon=True).start()
    try:
        value, error = ends.get(timeout=seconds)
    except queue.Empty:
        value, error = None, EncodeError(or_else)
    if isinstance(error, EncodeError):
        raise copy.copy(error)  # a new one: no frame of the thread hangs on it
    if error is not None:
        raise error
    return value  # type: ignore[return-value]


class _Pinned(HTTPAdapter):
    """Connects to checked addresses; the certificate must still be that of the name."""

    def __init__(self, base: BaseAddress, ips: tuple[Ip, ...]) -> None:
        self._name, self._ips = base.host, [str(ip) for ip in ips]
        super().__init__()

    def build_connection_pool_key_attributes(
        self, *args: Any, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The pool's key with the address in place of the name; requests documents this method for subclasses."""
        host, tls = super().build_connection_pool_key_attributes(*args, **kwargs)
        if host["scheme"] == "https":
            tls["server_hostname"] = self._name
        return {**host, "host": self._ips[0]}, tls

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer of the first address that takes a connection: localhost is often ::1 too, where nobody listens."""
        while True:
            try:
                return super().send(*args, **kwargs)
            except requests.ConnectionError as error:
                reason = getattr(error.args[0], "reason", None) if error.args else None
                unconnected = isinstance(
                    reason,
                    (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError),
                )
                if not unconnected or len(self._ips) == 1:
                    raise
                self._ips.pop(0)


class Line:
    """Requests to one checked address until a deadline: no redirect, no proxy, no netrc, no answer over `largest_bytes`."""

    def __init__(
        self,
        name: str,
        base: BaseAddress,
        key: str | None,
        limits: RequestLimits,
        until: float,
        *,
        private: bool,
    ) -> None:
        self._name, self._base, self._limits, self._until = name, base, limits, until
        ips = checked(base, private=private)
        if key and base.scheme == "http" and any(_meant(ip).is_global for ip in ips):
            raise EncodeError(
                f"The address of {name} is not https, so its key could be read on the way. Write https://."
            )
        self._session = requests.Session()
        self._session.trust_env = (
            False  # neither proxies nor a netrc entry, which would replace the key
        )
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._session.headers.update(
            {"Host": base.netloc, "Accept": "application/json", "Content-Type": "application/json"}
        )
        if key:
            self._session.headers["Authorization"] = f"Bearer {key}"
        self._session.mount(f"{base.scheme}://", _Pinned(base, ips))

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, path: str, body: bytes | None = None) -> Reply:
        """The answer to a POST of `body`, or to a GET where there is none; asked again on 429 and 5xx, as Retry-After says.

        Raises:
            EncodeError: no answer was had, or it is too large or too slow.
        """
        for number in range(self._limits.tries):
            reply = self._one_try(path, body)
            if reply.status != 429 and reply.status < 500:
                break
            asked_s = wait_s(reply.headers.get("Retry-After", ""))
            pause_s = self._limits.backoff_s * 2**number if asked_s is None else asked_s
            last = number + 1 == self._limits.tries or pause_s > self._limits.longest_wait_s
            if last or time.monotonic() + pause_s >= self._until:
                break
            time.sleep(pause_s)
        return reply

    def _one_try(self, path: str, body: bytes | None) -> Reply:
        url = f"{self._base.scheme}://{self._base.netloc}{path}"
        begun = time.monotonic()
        times = (self._limits.connect_s, max(0.01, min(self._limits.read_s, self._until - begun)))
        method = "GET" if body is None else "POST"
        try:
            with self._session.request(
                method, url, data=body, timeout=times, allow_redirects=False, stream=True
            ) as response:
                content = self._body(response) if response.status_code == 200 else b""
                return Reply(
                    response.status_code, response.headers, content, time.monotonic() - begun
                )
        except EncodeError:
            raise
        except (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
            problem = too_long(self._name)
        except requests.exceptions.SSLError:
            problem = f"{self._name} shows no certificate of {self._base.host} that is trusted. Check the address; REQUESTS_CA_BUNDLE can name an authority of your own."
        except urllib3.exceptions.DecodeError:
            problem = f"The answer of {self._name} is packed in a way that cannot be unpacked. Check its base address."
        except (
            OSError,
            ValueError,
            urllib3.exceptions.HTTPError,
        ):  # requests' own errors are OSErrors
            problem = f"{self._name} could not be reached, or broke off. Check that it runs, and its base address."
        raise EncodeError(
            problem
        )  # outside of `except`, so that no exception of requests hangs on it

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        # read1, because iter_content waits until a chunk is full: a byte a second would hold it for as long as it likes
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._limits.largest_bytes:
                raise EncodeError(
                    f"The answer of {self._name} is larger than {self._limits.largest_bytes:,} bytes. Check its base address."
                )
            if time.monotonic() > self._until:
                raise EncodeError(too_long(self._name))
        return bytes(body)


def wait_s(retry_after: str) -> float | None:
    """Seconds that a Retry-After header asks to wait, given as seconds or as a date; None: it says neither."""
    if re.fullmatch("[0-9]{1,9}", retry_after.strip()):
        return int(retry_after)
    try:
        when = parsedate_to_datetime(retry_after)
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        return min(max(0.0, seconds), 1e9)  # a date in the year 9999 has no minute after it
    except (ValueError, OverflowError):
        return None
