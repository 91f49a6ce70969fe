"""What the faults need: small models, a hub's repository, waiting for a fact."""

import time
from pathlib import Path

import pytest

from tests.encode.conftest import tiny_embedder, tiny_m3, tiny_reranker  # noqa: F401  # fixtures


@pytest.fixture(scope="session")
def until():
    """Waits until a fact holds; the test fails where it never does."""

    def wait(fact, seconds=60):
        end = time.monotonic() + seconds
        while not fact() and time.monotonic() < end:
            time.sleep(0.02)
        assert fact(), "waited too long"

    return wait


@pytest.fixture
def pooled():
    """Makes pools that end with the test."""
    from advisor.encode.pool import Pool, PoolLimits

    made = []

    def make(**limits):
        made.append(Pool(PoolLimits(**limits), threads=1))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


@pytest.fixture(scope="session")
def repo(tmp_path_factory) -> Path:
    """A hub's repository with all files of a model, no model in them: 1 MB of weights."""
    folder = tmp_path_factory.mktemp("repo")
    (folder / "onnx").mkdir()
    (folder / "onnx/model.onnx").write_bytes(b"model" * 50)
    (folder / "onnx/model.onnx_data").write_bytes(bytes(range(256)) * 4_000)
    for name in (
        "tokenizer.json",
        "tokenizer_config.json",
        "config.json",
        "special_tokens_map.json",
    ):
        (folder / name).write_bytes(b"{}\n")
    return folder
