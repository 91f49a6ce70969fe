"""What Live has to show: sentences with vectors, passages found, and a model that made them."""

import re

import numpy as np

from advisor.encode.engine import About
from advisor.live.results import Hit

TEXTS = ("the cat sleeps", "a cat naps", "GPU prices rise")


ROWS = np.array([[1, 0], [0.8, 0.6], [-0.6, 0.8]], dtype=np.float32)


SMALL = About(
    "bge-small-en-v1.5",
    "BGE Small EN v1.5",
    "embedder",
    "local",
    "this machine",
    "fp32",
    max_tokens=512,
)


def figures(text):
    """The numbers in a sentence, as they are written."""
    return set(re.findall(r"-?\d+(?:[.,]\d+)*", text))


def hits(*ids, grades=None):
    return [
        Hit(key, f"text of {key}", 0.9 - place / 10, (grades or {}).get(key))
        for place, key in enumerate(ids)
    ]
