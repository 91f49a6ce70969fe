"""Pins of what the pages show: every heading, label, help, option, sentence, alternative text, and row of a table, once."""

import json
import os
import re
import shutil

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.visiting import opened

READ = ("label", "help", "placeholder", "body", "delta", "caption", "name", "alt", "options")
MOST_OPTIONS, MOST_ROWS = 14, 40
STANDIN = {
    "name": "Tiny",
    "kind": "embedder",
    "model_file": "model_optimized.onnx",
    "pooling": "cls",
    "max_tokens": 512,
}
RERANK = {"task": "rerank", "languages": ["zh", "en"]}
BOTH = {
    "task": "retrieve-and-rerank",
    "languages": ["de", "en"],
    "vector_store": "pgvector",
    "redundancy": "true",
}
NOTHING = {"data_may_leave": "false", "placement": "hosted"}
OPENED = {"changes": True, "why-not": True, "ruled-out": True, "all-embedder": True}
VISITS = {
    "overview": [{}, {"family": "aquila-2"}, {"view": "as-listed"}],
    "advise": [{}, RERANK, BOTH, NOTHING, {"plan": "bge-m3@aws-g6.xlarge", "preset": "no-such", "budget": "x", "passages": "inf"}],
    "cost": [{}, RERANK, *({"part": part} for part in ("how-it-is-calculated", "what-drives-it", "break-even", "vector-store", "latency", "your-texts")), BOTH, NOTHING],
    "compare": [{}, {"variants": ["bge-m3", "bge-reranker-base"]}, {"variants": ["bge-large-en-v1.5", "bge-small-en-v1.5"]}],
    "live": [{}, *({"part": part} for part in ("Rerank", "Similarity", "M3 outputs", "Long texts", "Instruction", "Two models", "Speed", "Your data"))],
    "faq": [{}, {"view": "as-listed"}, {"family": "aquila-2"}],
    "sources": [{}, {"source": "fe-readme"}],
    "variant": [{"variant": key} for key in ("bge-m3", "bge-large-en-v1.5", "bge-reranker-v2-m3", "aquila2-7b", "bge-m4")],
}  # fmt: skip


@pytest.fixture
def same_everywhere(monkeypatch, tmp_path, today, tiny_embedder):
    """Prices aged to the tests' day, nothing of the environment, no torch, no model fetched, and a tiny stand-in."""
    monkeypatch.setattr("advisor.catalog.today", lambda: today)
    monkeypatch.setattr("advisor.encode.torch_engine.find_spec", lambda name: None)
    for name in [name for name in os.environ if name.startswith("ADVISOR_")] + ["NOVITA_API_KEY"]:
        monkeypatch.delenv(name, raising=False)
    folder = shutil.copytree(tiny_embedder, tmp_path / "standin")
    (folder / "standin.json").write_text(json.dumps(STANDIN), encoding="utf-8")
    monkeypatch.setenv("ADVISOR_STANDIN", str(folder))
    monkeypatch.setenv("ADVISOR_MODELS", str(tmp_path / "models"))
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def texts_of(proto):
    """The texts of one element that people read; of many options the first ones."""
    for name in READ:
        value = getattr(proto, name, "")
        if isinstance(value, str):
            yield value
        elif value and not isinstance(value, (int, float, bool)):
            options = [str(getattr(option, "content", option)) for option in value]
            yield " | ".join(options[:MOST_OPTIONS]) + (
                f" | ... ({len(options)})" if len(options) > MOST_OPTIONS else ""
            )


def shown(at: AppTest):
    """What a visitor reads, element by element."""
    for element in at._tree:
        proto = getattr(element, "proto", None)
        if element.type in ("table", "dataframe"):
            rows = [element.value.columns, *element.value.head(MOST_ROWS).to_numpy()]
            yield from (" | ".join(str(cell) for cell in row) for row in rows)
        yield from texts_of(proto)
        if "type" in (proto.DESCRIPTOR.oneofs_by_name if hasattr(proto, "DESCRIPTOR") else ()):
            yield from texts_of(getattr(proto, proto.WhichOneof("type") or "", None))


@pytest.mark.parametrize("page", VISITS)
def test_words_of_a_page(page, same_everywhere, catalog, new_lines, pinned):
    for params in VISITS[page]:
        at = opened(page, OPENED, **params)
        text = "\n".join(shown(at)).replace(catalog.version, "VERSION")
        lines = re.sub(r"[\d.,]+ GB are free", "(some) GB are free", text).split("\n")
        new_lines.add(
            " ".join(f"{key}={value}" for key, value in params.items()) or "as opened", lines
        )
    assert str(new_lines) == pinned
