import json

import pytest

from tests.encode.conftest import standin, tiny_embedder  # noqa: F401  # fixtures

WORDS = [
    "the",
    "of",
    "cat",
    "dog",
    "search",
    "engine",
    "ranks",
    "passages",
    "vector",
    "encode",
    "bread",
    "bake",
    "river",
    "mountain",
    "code",
    "data",
]


def passages(count, start=0):
    """Passages of 3 to 12 words, no two alike."""
    return [
        {
            "id": f"p{n}",
            "text": " ".join(
                WORDS[(n * 7 + k * (n % 5 + 1)) % len(WORDS)] for k in range(3 + n % 10)
            )
            + f" {n}",
        }
        for n in range(start, start + count)
    ]


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def jsonl(tmp_path):
    """A corpus of so many passages."""
    return lambda count: write_jsonl(tmp_path / "corpus.jsonl", passages(count))
