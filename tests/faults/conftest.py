"""What the faults need: small models, a hub's repository, waiting for a fact."""

from pathlib import Path

import pytest

from tests import waiting
from tests.encode.conftest import (  # noqa: F401  # fixtures
    pooled,
    tiny_embedder,
    tiny_m3,
    tiny_reranker,
)


@pytest.fixture(scope="session")
def until():
    """Waits until a fact holds, a minute at most."""
    return lambda fact, seconds=60: waiting.until(fact, seconds)


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
