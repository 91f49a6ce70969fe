"""What is said of an endpoint without an answer, or with an error; never the server's own words."""

from __future__ import annotations

from collections.abc import Callable

from advisor.base.errors import EncodeError
from advisor.encode.engine import ServerBusyError, TextRefusedError
from advisor.net.addresses import BaseAddress
from advisor.net.client import Failure, Reply, RequestLimits

_TEXTS_AT_FAULT = (400, 413, 422)
_STATUSES = {
    400: "did not take the request (400). Check the model's name, and that no text is over its "
    "limit.",
    404: "has no such call or model (404). Check its base address, with and without /v1, and the "
    "model's name.",
    413: "takes less at a time (413). Send fewer or shorter texts, or lower its max_batch.",
    422: "could not read a text (422). Shorten the texts, and check its shape.",
    424: "could not run its model (424). Look at its own log.",
}


def too_long(name: str) -> str:
    """The sentence for an endpoint that is too slow."""
    return f"{name} took too long to answer. Send fewer or shorter texts, or try again later."


def no_answer(
    name: str, base: BaseAddress, limits: RequestLimits
) -> Callable[[Failure], EncodeError]:
    """The error for each reason why that endpoint gave no answer."""
    answer, check = f"The answer of {name}", "Check its base address."
    sentences = {
        Failure.SLOW: too_long(name),
        Failure.CERTIFICATE: (
            f"{name} shows no certificate of {base.host} that is trusted. Check the address; "
            "REQUESTS_CA_BUNDLE can name an authority of your own."
        ),
        Failure.PACKED: f"{answer} is packed in a way that cannot be unpacked. {check}",
        Failure.LARGE: f"{answer} is larger than {limits.largest_bytes:,} bytes. {check}",
    }
    broken = f"{name} could not be reached, or broke off. Check that it runs, and its base address."
    return lambda failure: EncodeError(sentences.get(failure, broken))


def refusal(name: str, reply: Reply, *, with_key: bool) -> EncodeError:
    """What a status other than 200 says: of the text, of how much it takes, or of itself."""
    sentence = _status_sentence(name, reply, with_key)
    if reply.status == 429:
        return ServerBusyError(sentence, reply.wait_s)
    return (TextRefusedError if reply.status in _TEXTS_AT_FAULT else EncodeError)(sentence)


def _status_sentence(name: str, reply: Reply, with_key: bool) -> str:
    status = reply.status
    if 300 <= status < 400:
        redirect = f"{name} answered with a redirect ({status}), which was not followed"
        return f"{redirect}. Check its base address."
    if status in (401, 403):
        step = "Check that it is whole and has not been revoked."
        if with_key:
            return f"{name} refused the key ({status}). {step}"
        return f"{name} asks for a key ({status}). Enter one, or name it in key_env."
    again = "Try again in a few minutes."
    if reply.wait_s:
        again = f"Try again in {reply.wait_s:,.0f} seconds, as it asks."
    if status == 429:
        return f"{name} takes no more requests for now (429). {again}"
    if status >= 500:
        return f"{name} has a fault of its own ({status}). {again}"
    other = f"answered with status {status}. Check its shape and base address."
    return f"{name} {_STATUSES.get(status, other)}"
