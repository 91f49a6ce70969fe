"""The HTTP client: checked address, one deadline, retries, redirects by rule, bounds on bytes.

No exception that leaves this module holds the key, a word of the server, or an exception of
requests, which holds both. Why there is no answer is a `Failure`; who asks says it in a sentence.
"""

from __future__ import annotations

import copy
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter

from advisor.base.errors import AdvisorError, EncodeError
from advisor.net.addresses import BaseAddress, Ip, Origin, checked, leads_outside, origin

T = TypeVar("T")

CHUNK = 65_536  # bytes
MOST_REDIRECTS = 5
_UNCONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


class Failure(Enum):
    """Why there is no answer."""

    SLOW = "it took too long, or longer than all requests may take"
    NO_CONNECTION_IN_TIME = "it took too long to take the connection"
    CERTIFICATE = "its certificate is not trusted"
    PROXY = "the proxy gave no connection"
    UNRESOLVED = "its name could not be resolved"
    REFUSED = "nobody takes connections there"
    BROKEN = "it could not be reached, or broke off"
    PACKED = "the answer cannot be unpacked"
    LARGE = "the answer is larger than the bound"
    ELSEWHERE = "it sent the request on to a place that is not asked"
    SENT_ON_TOO_OFTEN = "it sent the request on again and again"


class NoAnswerError(Exception):
    """There is no answer, for the reason `failure`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class RequestLimits(NamedTuple):
    """How long, much and often to ask; seconds. `deadline_s` is for all requests of a client."""

    connect_s: float = 5
    read_s: float = 60
    deadline_s: float = 120
    largest_bytes: int = 32_000_000
    tries: int = 3
    backoff_s: float = 0.5
    longest_wait_s: float = 10


class Reply(NamedTuple):
    """An answer; `body` is read for status 200 alone, `seconds` is that of the try that gave it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def may_pass(self) -> bool:
        """Whether asking again may help."""
        return self.status == 429 or self.status >= 500

    @property
    def wait_s(self) -> float | None:
        """Seconds that the server asks to wait; None: it names none."""
        return wait_s(self.headers.get("Retry-After", ""))


class Answer:
    """An answer whose body is still to be read; closed at the end of its `with` block."""

    def __init__(self, response: requests.Response, until: float) -> None:
        self.status, self.headers = response.status_code, response.headers
        self._response, self._until = response, until

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()

    def pieces(self, *, unpacked: bool = True) -> Iterator[bytes]:
        """The body as it comes, packed as it was sent unless `unpacked`.

        Raises NoAnswerError where it breaks off, is too slow, or cannot be unpacked."""
        # read1, because the others wait until a chunk is full: a byte a second would hold them
        # for as long as it likes
        read1 = partial(self._response.raw.read1, CHUNK, decode_content=unpacked)
        while chunk := _or_failure(read1):
            yield chunk
            if time.monotonic() > self._until:
                raise NoAnswerError(Failure.SLOW)

    def body(self, largest_bytes: int) -> bytes:
        """The unpacked body; raises NoAnswerError as `pieces` does, or where it is larger."""
        body = bytearray()
        for piece in self.pieces():
            body += piece
            if len(body) > largest_bytes:
                raise NoAnswerError(Failure.LARGE)
        return bytes(body)


class Client:
    """Requests to one address until the deadline of `limits`, counted from now.

    The key goes to the origin of `root` alone, and no netrc entry goes anywhere. A redirect is
    handed back, unless `may_lead_to` says of its origin that it may be followed, or refused.
    `ips` are addresses to connect to in place of looking the host up; proxies of the environment
    are used where `proxies` says so. `again_after` are failures after which asking again may help.
    """

    def __init__(
        self,
        root: str,
        limits: RequestLimits,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        may_lead_to: Callable[[Origin], bool] | None = None,
        ips: tuple[Ip, ...] = (),
        proxies: bool = False,
        again_after: tuple[Failure, ...] = (),
    ) -> None:
        self._root, self._limits, self._key = root, limits, key
        self._until = time.monotonic() + limits.deadline_s
        self._origin = origin(root)
        self._may_lead_to, self._again_after = may_lead_to, again_after
        self.session = requests.Session()
        self.session.trust_env = proxies
        self.session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self.session.headers.update(headers or {})
        if self._origin and ips:
            scheme, host, _ = self._origin
            self.session.mount(f"{scheme}://", _Pinned(host, ips))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def ask(self, path: str, body: bytes | None = None) -> Reply:
        """The answer to a POST of `body`, or to a GET where there is none; raises NoAnswerError.

        Asked again on 429 and 5xx, as Retry-After says, and after some failures."""
        number = 0
        while True:
            reply = failure = None
            try:
                reply = self._reply(path, body)
            except NoAnswerError as error:
                failure = error.failure
            pause_s = self._limits.backoff_s * 2**number
            if reply is not None and reply.wait_s is not None:
                pause_s = reply.wait_s
            number += 1
            if (
                not (reply.may_pass if reply else failure in self._again_after)
                or number == self._limits.tries
                or pause_s > self._limits.longest_wait_s
                or time.monotonic() + pause_s >= self._until
            ):
                break
            time.sleep(pause_s)
        if reply is None:
            raise NoAnswerError(failure or Failure.BROKEN)
        return reply

    def _reply(self, path: str, body: bytes | None) -> Reply:
        begun = time.monotonic()
        with self.open(path, body) as answer:
            content = answer.body(self._limits.largest_bytes) if answer.status == 200 else b""
            return Reply(answer.status, answer.headers, content, time.monotonic() - begun)

    def open(
        self,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        read_s: float | None = None,
    ) -> Answer:
        """The answer of one try, redirects followed if allowed, unread; raises NoAnswerError."""
        address = self._root + path
        for _ in range(MOST_REDIRECTS + 1):
            place = origin(address)
            own = place is not None and place == self._origin
            if not own and not (place and self._may_lead_to and self._may_lead_to(place)):
                raise NoAnswerError(Failure.ELSEWHERE)
            response = self._response(address, body, headers, read_s, self._key if own else None)
            if self._may_lead_to is None or not response.is_redirect:
                return Answer(response, self._until)
            with response:
                address = urljoin(address, response.headers["Location"])
        raise NoAnswerError(Failure.SENT_ON_TOO_OFTEN)

    def _response(
        self,
        address: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        read_s: float | None,
        key: str | None,
    ) -> requests.Response:
        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            if key:
                request.headers["Authorization"] = f"Bearer {key}"
            return request

        left_s = max(0.01, self._until - time.monotonic())
        return _or_failure(
            lambda: self.session.request(
                "GET" if body is None else "POST",
                address,
                data=body,
                headers=headers,
                auth=sign,  # where there is none, requests would look into ~/.netrc
                timeout=(
                    min(self._limits.connect_s, left_s),
                    min(read_s or self._limits.read_s, left_s),
                ),
                allow_redirects=False,
                stream=True,
            )
        )


def to_endpoint(
    name: str, base: BaseAddress, key: str | None, limits: RequestLimits, *, private: bool
) -> Client:
    """A client for JSON to one address, looked up and checked once: no redirect, no proxy.

    `private` allows own networks. Raises EncodeError where it may not be asked, or not with a key.
    """
    ips = checked(base, private=private)
    if key and base.scheme == "http" and leads_outside(ips):
        not_https = f"The address of {name} is not https"
        raise EncodeError(f"{not_https}, so its key could be read on the way. Write https://.")
    form = "application/json"
    headers = {"Host": base.netloc, "Accept": form, "Content-Type": form}
    return Client(base.root, limits, key=key, headers=headers, ips=ips)


def within(seconds: float, work: Callable[[], T], refusal: Callable[[Failure], AdvisorError]) -> T:
    """What `work` gives; raises `refusal` of why where it had no answer, or not in that time.

    In a thread, because neither the look-up of a name nor headers that trickle in obey a time-out
    of requests. Given up on, it ends by itself when the server closes."""
    ends: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ends.put((work(), None))
        except Exception as error:
            ends.put((None, error))

    threading.Thread(target=run, name="advisor-request", daemon=True).start()
    try:
        value, error = ends.get(timeout=seconds)
    except queue.Empty:
        value, error = None, NoAnswerError(Failure.SLOW)
    if isinstance(error, NoAnswerError):
        raise refusal(error.failure)
    if isinstance(error, AdvisorError):
        raise copy.copy(error)  # a new one: no frame of the thread hangs on it
    if error is not None:
        raise error
    return value  # type: ignore[return-value]


def wait_s(retry_after: str) -> float | None:
    """Seconds that a Retry-After header asks to wait, in seconds or as a date; None: neither."""
    if re.fullmatch("[0-9]{1,9}", retry_after.strip()):
        return int(retry_after)
    try:
        when = parsedate_to_datetime(retry_after)
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        return min(max(0.0, seconds), 1e9)  # a date in the year 9999 has no minute after it
    except (ValueError, OverflowError):
        return None


def _or_failure(work: Callable[[], T]) -> T:
    """What `work` gives; what requests and urllib3 raise in it becomes a NoAnswerError."""
    try:
        return work()
    # requests' own errors are OSErrors; ValueErrors are of addresses that it cannot use
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
        failure = _failure(error)
    # outside of `except`, so that no exception of requests hangs on it
    raise NoAnswerError(failure)


def _reason(error: Exception) -> object:
    """What of urllib3's is behind an error of requests, if anything."""
    return getattr(error.args[0], "reason", None) if error.args else None


def _failure(error: Exception) -> Failure:
    kinds: list[tuple[type[Exception], Failure]] = [
        (requests.exceptions.ProxyError, Failure.PROXY),
        (requests.exceptions.SSLError, Failure.CERTIFICATE),
        (requests.exceptions.ConnectTimeout, Failure.NO_CONNECTION_IN_TIME),
        (requests.exceptions.Timeout, Failure.SLOW),
        (urllib3.exceptions.ReadTimeoutError, Failure.SLOW),
        (urllib3.exceptions.DecodeError, Failure.PACKED),
    ]
    for kind, failure in kinds:
        if isinstance(error, kind):
            return failure
    reason = _reason(error)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return Failure.UNRESOLVED
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return Failure.REFUSED
    return Failure.BROKEN


class _Pinned(HTTPAdapter):
    """Connects to checked addresses; the certificate must still be that of the name."""

    def __init__(self, host: str, ips: tuple[Ip, ...]) -> None:
        self._name, self._ips = host, [str(ip) for ip in ips]
        super().__init__()

    def build_connection_pool_key_attributes(
        self, *args: Any, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The pool's key with the address for the name; requests documents it for subclasses."""
        host, tls = super().build_connection_pool_key_attributes(*args, **kwargs)
        if host["scheme"] == "https":
            tls["server_hostname"] = self._name
        return {**host, "host": self._ips[0]}, tls

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer of the first address that connects; `::1` of localhost often does not."""
        while True:
            try:
                return super().send(*args, **kwargs)
            except requests.ConnectionError as error:
                if not isinstance(_reason(error), _UNCONNECTED) or len(self._ips) == 1:
                    raise
                self._ips.pop(0)
