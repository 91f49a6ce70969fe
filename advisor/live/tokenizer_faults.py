"""What can go wrong with a sample or a tokenizer, told in one sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from advisor.base.errors import AdvisorError


class TokenCountError(AdvisorError):
    """A sample that cannot be read, or a tokenizer that was not had; with the next step."""


@contextlib.contextmanager
def in_one_sentence(sentence: str) -> Iterator[None]:
    """Any fault inside, told in one sentence."""
    try:
        yield
    except BaseException as error:
        # The library's Rust panics are no Exceptions; tokenizers 0.23 has them for a broken
        # charsmap.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise TokenCountError(sentence) from None
        raise
