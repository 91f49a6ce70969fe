"""A variant's own tokenizer, fetched from the hub."""

from __future__ import annotations

from tokenizers import Tokenizer

from advisor.catalog.schema import Variant
from advisor.live.tokenizer_faults import TokenCountError, in_one_sentence
from advisor.net.addresses import origin
from advisor.net.client import Client, Failure, Reply, RequestLimits, within
from advisor.net.hub import HUB, LOOPBACK, is_repo, on_hub

_UNTIL_THEN = "the tokens stay an estimate until then."
_AGAIN = f"Try again later; {_UNTIL_THEN}"
_TOO_LONG = f"The hub took too long to send the tokenizer. {_AGAIN}"
_BROKEN = f"The hub could not be reached, or broke off. Check the network; {_UNTIL_THEN}"
_ESTIMATE = "The tokens stay an estimate."
_ITS_ESTIMATE = "Its tokens stay an estimate."
_ELSEWHERE = f"The hub sent the request on to another host, which was refused. {_ESTIMATE}"
_SENT_ON_TOO_OFTEN = f"The hub sent the request on too often. {_AGAIN}"


def fetch_tokenizer(
    variant: Variant, timeout_s: float = 60, base: str = HUB, largest_bytes: int = 40_000_000
) -> Tokenizer:
    """The variant's own tokenizer, downloaded from the hub; nothing is written.

    Asked for over https, of the hub's hosts alone; `base` may also be a server on this machine.
    Downloading ends within `timeout_s` seconds, reading what came takes a second or two more.
    Raises TokenCountError: there is no hub id, `base` is not allowed, or no tokenizer was had."""
    if variant.hub_id is None or not is_repo(variant.hub_id):
        raise TokenCountError(f"{variant.name} has no address on the hub. {_ITS_ESTIMATE}")
    place = origin(base)
    if place is None or not (on_hub(place) or place[1] in LOOPBACK):
        raise TokenCountError(f"Tokenizers are fetched from the hub alone. Use {HUB}.")
    path = f"/{variant.hub_id}/resolve/main/tokenizer.json"
    limits = RequestLimits(
        connect_s=10, read_s=10, deadline_s=timeout_s, largest_bytes=largest_bytes, tries=1
    )

    def reply() -> Reply:
        with Client(base.rstrip("/"), limits, may_lead_to=on_hub) as http:
            return http.ask(path)

    answer = within(timeout_s, reply, lambda failure: _no_answer(failure, largest_bytes))
    if answer.status != 200:
        raise TokenCountError(_status_sentence(answer.status))
    return _loaded(answer.body, variant.name)


def _no_answer(failure: Failure, largest_bytes: int) -> TokenCountError:
    too_large = f"The file is larger than {largest_bytes:,} bytes, so it was not read. {_ESTIMATE}"
    sentences = {
        Failure.SLOW: _TOO_LONG,
        Failure.NO_CONNECTION_IN_TIME: _TOO_LONG,
        Failure.LARGE: too_large,
        Failure.ELSEWHERE: _ELSEWHERE,
        Failure.SENT_ON_TOO_OFTEN: _SENT_ON_TOO_OFTEN,
    }
    return TokenCountError(sentences.get(failure, _BROKEN))


def _status_sentence(status: int) -> str:
    if status == 404:
        return f"The hub has no tokenizer.json for this model (404). {_ITS_ESTIMATE}"
    if status in (401, 403):
        problem = f"The hub gives this model's tokenizer to signed-in users alone ({status})."
        return f"{problem} {_ITS_ESTIMATE}"
    return f"The hub answered with status {status}. {_AGAIN}"


def _loaded(body: bytes, name: str) -> Tokenizer:
    """The tokenizer of a tokenizer.json, tried once, without its cut and padding."""
    unreadable = f"What the hub sent for {name} is no tokenizer.json that can be read."
    with in_one_sentence(f"{unreadable} {_ITS_ESTIMATE}"):
        tokenizer = Tokenizer.from_str(body.decode("utf-8"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        if not tokenizer.encode("A probe.", add_special_tokens=False).ids:
            raise ValueError("no tokens")
    return tokenizer
