"""A model that was timed on this machine, and what was measured."""

from advisor.encode.engine import About
from advisor.live.speed import Measurement
from tests.decide.measured import FLOPS_SMALL

SMALL = About(
    "bge-small-en-v1.5",
    "BAAI/bge-small-en-v1.5",
    "embedder",
    "local",
    "this machine",
    "fp32",
    max_tokens=512,
)


SPEED = Measurement(128.0, 8, 20, 3848.0, 30.06, 0.2661, 0.31, 3848.0 * FLOPS_SMALL, 0.92, 0.5)
