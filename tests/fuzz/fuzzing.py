"""How much is drawn, and how JSON and texts are spoilt."""

import copy
import json
import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

TIMES = int(os.environ.get("FUZZ_TIMES", "0"))
"""How many times as many examples as usual, drawn anew; 0: the usual ones, the same each time."""


def drawn(examples):
    """Settings of a fuzz test: `examples` drawn the same each time, or many drawn anew (see `python -m tests.fuzz`)."""
    return settings(
        max_examples=examples * (TIMES or 1),
        derandomize=not TIMES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 10**30, 10**400, 2**63]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["", "id", "text", "\ud800", "\u2028", "\x00", "1e400", "NaN", "AACAPw==", "AADAfw=="]
    ),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("abc") | st.text(max_size=8), inner, max_size=4)
    ),
)


def places(value, path=()):
    """Paths of all parts of a JSON value."""
    yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in inner:
        yield from places(part, (*path, key))


@st.composite
def spoilt(draw, valid):
    """A JSON value with one to three parts replaced, taken out or doubled."""
    value = copy.deepcopy(valid)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(value))))
        if not path:
            value = draw(st.one_of(VALUES, st.just(value)))
            continue
        at = value
        for key in path[:-1]:
            at = at[key]
        match draw(st.sampled_from(["replace", "replace", "take out", "double"])):
            case "replace":
                at[path[-1]] = draw(VALUES)
            case "take out":
                del at[path[-1]]
            case _ if isinstance(at, list):
                at.append(copy.deepcopy(at[path[-1]]))
            case _:
                at[draw(st.text(max_size=5))] = copy.deepcopy(at[path[-1]])
    return value


@st.composite
def spoilt_bytes(draw, valid):
    """Bytes with a few places overwritten, taken out, doubled or cut off."""
    content = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["overwrite", "overwrite", "take out", "double", "cut"])):
            case "overwrite":
                content[start:end] = draw(st.binary(max_size=12))
            case "take out":
                del content[start:end]
            case "double":
                content[start:start] = content[start:end]
            case _ if draw(st.integers(0, 3)) == 0:
                del content[start:]
    return bytes(content)


def bodies(valid):
    """What a server may send instead of a valid JSON answer."""
    return st.one_of(
        spoilt(valid).map(lambda value: json.dumps(value).encode("utf-8", "replace")),
        spoilt_bytes(json.dumps(valid).encode()),
        st.sampled_from(
            [
                b"",
                b"null",
                b"{}",
                b"[]",
                b"[" * 100_000,
                b'{"a":' * 50_000,
                b"\xff\xfe",
                b"NaN",
                b"1" * 5_000,
                b'"\\ud800"',
            ]
        ),
    )
