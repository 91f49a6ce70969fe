"""What the hub has of a model, asked for file by file, and what is said where it gives none.

Asked with the one client, not with huggingface_hub: that one tries a dead hub for 40 s and more,
keeps the reason (wait so long, ask for a token) to itself once a download has begun, and has to
read each file a second time to check it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from advisor.net.addresses import Origin, origin
from advisor.net.client import Answer, Client, Failure, NoAnswerError, RequestLimits
from advisor.net.hub import LOOPBACK, on_hub

LARGEST_ANSWER = 8_000_000  # bytes of the hub's description of a model; that of BGE M3 has 20 kB
OTHER_STEP = "use a folder that holds the model"


@dataclass(frozen=True)
class Order:
    """What to fetch from where, and when to give up.

    `connect_s` and `answer_s` bound the first request, `stall_s` how long a download may be without
    a new byte. `spare_bytes` are to stay free on the disk."""

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
    """A file as the hub states it: `digest` is the sha256 of a large one, else git's id."""

    name: str
    size: int
    kind: str
    digest: str

    @property
    def stated(self) -> dict[str, Any]:
        """Its row in a manifest."""
        return {"size": self.size, self.kind: self.digest}

    def hash(self) -> Any:
        """The hash that is `digest` after the file's bytes."""
        if self.kind == "sha256":
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)


def gb(number: int) -> str:
    """Bytes for a sentence.

    >>> gb(2_271_000_000), gb(4_100_000)
    ('2.27 GB', '4.1 MB')
    """
    return f"{number / 1e9:.2f} GB" if number >= 100_000_000 else f"{number / 1e6:.1f} MB"


class Problem(Exception):
    """Why there is no download: a sentence for the person at the screen, with the next step."""


class Passing(Problem):
    """A problem that may be over in a moment."""


class Hub:
    """The hub's two kinds of addresses. The token goes to the hub itself only."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.base = order.hub.rstrip("/")
        self.host = urlsplit(self.base).hostname or self.base
        self.token = os.environ.get("HF_TOKEN", "").strip()
        first, here = origin(self.base), self.host in LOOPBACK
        unread_on_the_way = here or (first is not None and first[0] == "https")

        def is_trusted(place: Origin) -> bool:
            """Whether that is where its large files lie, or another server of this machine's."""
            return on_hub(place) or (here and place[1] in LOOPBACK)

        self.client = Client(
            self.base,
            # no deadline: a download takes as long as it takes, while bytes come
            RequestLimits(order.connect_s, order.answer_s, math.inf),
            key=self.token if unread_on_the_way else None,
            headers={"Accept-Encoding": "identity"},
            may_lead_to=is_trusted,
            proxies=not here,
        )

    def entries(self) -> tuple[str, list[HubFile]]:
        """The commit, and the files that are wanted and there.

        Raises Problem where the hub does not answer, or not so, or has no required file."""
        order = self.order
        no_hub = Problem(
            f"What answered at {self.host} is not the hub, but perhaps the network's sign-in page: "
            f"sign in there, or {OTHER_STEP}."
        )
        with self._answer(f"/api/models/{order.repo}/revision/main?blobs=true") as answer:
            try:
                body = answer.body(LARGEST_ANSWER)
            except NoAnswerError as error:
                if error.failure is Failure.LARGE:
                    raise no_hub from None
                broke_off = f"{self.host} broke off its answer"
                raise Problem(f"{broke_off}: try again, or {OTHER_STEP}.") from None
        try:
            stated = json.loads(body)
            commit = str(stated["sha"])
            there = {entry.name: entry for entry in map(_entry, stated["siblings"])}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise no_hub from None
        if missing := [name for name in order.required if name not in there]:
            raise Problem(f"The hub's {order.repo} has no {missing[0]}: {OTHER_STEP}.")
        return commit, [there[name] for name in (*order.required, *order.optional) if name in there]

    def file(self, commit: str, name: str, start: int) -> Answer:
        """A file from byte `start` on, its bytes unread; raises Problem where there is none."""
        path = f"/{self.order.repo}/resolve/{quote(commit, safe='')}/{quote(name)}"
        headers = {"Range": f"bytes={start}-"} if start else {}
        return self._answer(path, headers, self.order.stall_s / 3)

    def pieces(self, answer: Answer) -> Iterator[bytes]:
        """A file's bytes as they come; raises Passing where they break off, or stop too long."""
        try:
            yield from answer.pieces(unpacked=False)
        except NoAnswerError as error:
            how = "sends no more" if error.failure is Failure.SLOW else "broke off"
            raise Passing(f"{self.host} {how}: check the network, and try again.") from None

    def _answer(
        self, path: str, headers: Mapping[str, str] | None = None, read_s: float | None = None
    ) -> Answer:
        try:
            answer = self.client.open(path, headers=headers, read_s=read_s)
        except NoAnswerError as error:
            raise self._no_answer(error.failure) from None
        if answer.status not in (200, 206):
            with answer:
                raise self._refusal(answer)
        return answer

    def _no_answer(self, failure: Failure) -> Problem:
        sent_on = f"{self.host} sent the download on"
        if failure is Failure.ELSEWHERE:
            return Problem(f"{sent_on} to another host, which was refused: {OTHER_STEP}.")
        if failure is Failure.SENT_ON_TOO_OFTEN:
            return Problem(f"{sent_on} too often: try again later, or {OTHER_STEP}.")
        unreachable = {
            Failure.PROXY: f"{self.host} could not be reached through the proxy",
            Failure.CERTIFICATE: f"The certificate of {self.host} could not be verified",
            Failure.SLOW: f"{self.host} did not answer",
            Failure.NO_CONNECTION_IN_TIME: f"{self.host} did not answer",
            Failure.UNRESOLVED: f"The name {self.host} could not be resolved",
            Failure.REFUSED: f"{self.host} refused the connection",
        }.get(failure, f"{self.host} broke off")
        return Passing(f"{unreachable}: check the network, or {OTHER_STEP}.")

    def _refusal(self, answer: Answer) -> Problem:
        status, repo = answer.status, self.order.repo
        if status in (401, 403):
            whom, step = "strangers", "put a token that may into HF_TOKEN"
            if self.token:
                whom, step = "the token in HF_TOKEN", "use another"
            why = f"The hub has no {repo}, or does not show it to {whom}"
            if answer.headers.get("X-Error-Code") == "GatedRepo":
                why = f"{repo} is only given to those who accept its terms"
                step = f"accept its terms at {self.base}/{repo} and put your token into HF_TOKEN"
            return Problem(f"{why} ({status}): {step}, or {OTHER_STEP}.")
        if status == 404:
            return Problem(f"The hub has no {repo} with these files (404): {OTHER_STEP}.")
        if status == 429:
            when = _when_to_try_again(answer.headers)
            return Problem(f"The hub is asked too often from here (429): try again {when}.")
        if status >= 500:
            fault = f"{self.host} has a fault of its own ({status})"
            return Passing(f"{fault}: try again in some minutes, or {OTHER_STEP}.")
        what = f"{self.host} answered with status {status}"
        return Problem(f"{what}: try again later, or {OTHER_STEP}.")


def _entry(stated: Any) -> HubFile:
    lfs = stated.get("lfs")
    kind, digest = ("sha256", lfs["sha256"]) if lfs else ("git", stated["blobId"])
    size = int(lfs["size"] if lfs else stated["size"])
    return HubFile(str(stated["rfilename"]), size, kind, str(digest))


def _when_to_try_again(headers: Mapping[str, str]) -> str:
    """As Retry-After says, or the `t` of `ratelimit: "api";r=0;t=55`, which the hub sends."""
    seconds = headers.get("Retry-After", "").strip()
    if not seconds.isdigit():
        match = re.search(r";\s*t=(\d+)", headers.get("ratelimit", ""))
        seconds = match[1] if match else ""
    return f"in {int(seconds)} seconds" if seconds else "in some minutes"
