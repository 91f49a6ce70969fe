"""Runs over judged data with scores that a test gives, and what a sentence names of them."""

import re
from dataclasses import replace

import numpy as np

from advisor.encode.engine import About
from advisor.live.judged import JudgedData
from advisor.live.relevance import (
    METRICS,
    EngineRun,
    Measured,
)

SMALL, BASE, LARGE = "bge-small-en-v1.5", "bge-base-en-v1.5", "bge-large-en-v1.5"


def about(variant, kind="embedder", **more):
    return About(variant, (variant or "a stand-in").upper(), kind, "local", "this machine", **more)


def found(ranking, variant=SMALL, reranker=None, depth=0):
    return EngineRun(
        about(variant), 1.0, ranking, about(reranker, "reranker") if reranker else None, depth
    )


def result(values, variant=SMALL, reranker=None, depth=0, name="q", **more):
    """A run with these nDCG@10 and MRR@10 of its queries."""
    one = found({}, variant, reranker, depth)
    one = replace(one, about=replace(one.about, **more))
    row = np.array(values, dtype=np.float64)
    return Measured(
        one,
        tuple(f"{name}{n}" for n in range(len(row))),
        {metric: row if metric in ("nDCG@10", "MRR@10") else 1 - row for metric in METRICS},
    )


def named(sentence):
    """The runs that a sentence names, in its order."""
    return re.findall(r"BGE-(?:SMALL|BASE|LARGE)-EN-V1[.]5", sentence)


def decimals(sentence):
    return re.findall(r"\d[.]\d{3}", sentence)


def data(grades, passages=None, queries=None):
    passages = passages or {key: key for graded in grades.values() for key in graded}
    return JudgedData(passages, queries or {key: key for key in grades}, grades)
