"""Runs code to copy with torch, and says what it sent and gave; `tools.snippets` starts it.

python tools/torch_snippets.py JOBS.json    in an environment with torch and the libraries

Each job is exec'd with its weights' name swapped for a folder; a job's result has the texts that
reached a tokenizer, the lengths they were cut at, what was printed, its vectors or scores, and
those of a reference that uses transformers alone.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

Tokens = transformers.PreTrainedTokenizerBase


def add_torch_files(folder: Path, kind: str) -> None:
    """Random heads of one seed: a reranker's classifier, or M3's two."""
    torch.manual_seed(0)
    if kind == "reranker":
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=1
        )
        model.classifier.weight.data *= 20  # else every score is near one half
        model.save_pretrained(folder)
    elif kind == "m3":
        hidden = json.loads((folder / "config.json").read_text())["hidden_size"]
        for name, size in (("sparse_linear", 1), ("colbert_linear", hidden)):
            torch.save(torch.nn.Linear(hidden, size).state_dict(), folder / f"{name}.pt")


@contextlib.contextmanager
def watched(calls: list[dict[str, Any]]):
    """Keeps the texts of each call of a tokenizer, and the length that it cuts at."""
    real = Tokens.__call__

    def call(self, text=None, *rest, **options):
        texts = [text] if isinstance(text, str) else list(text or [])
        length = options.get("max_length") or self.model_max_length
        calls.append({"texts": json.loads(json.dumps(texts)), "max_length": int(length)})
        return real(self, text, *rest, **options)

    Tokens.__call__ = call
    try:
        yield
    finally:
        Tokens.__call__ = real


@torch.no_grad()
def reference(job: dict[str, Any]) -> list[Any]:
    """Vectors of the query and the passages, or scores of the pairs, by transformers alone."""
    folder, most = job["folder"], min(job["max_tokens"], 512)  # the positions of the weights
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if job["kind"] == "reranker":
        model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
        return [
            torch.sigmoid(
                model(
                    **tokenizer(
                        job["query"], text, truncation="only_second", max_length=most,
                        return_tensors="pt",
                    )
                ).logits
            ).item()
            for text in job["passages"]
        ]  # fmt: skip
    model = transformers.AutoModel.from_pretrained(folder)
    vectors = []
    for text in (job["query"], *job["passages"]):
        tokens = tokenizer(text, truncation=True, max_length=most, return_tensors="pt")
        state = model(**tokens).last_hidden_state[0]
        vector = state[-1] if job["pooling"] == "last_token" else state[0]
        vectors.append((vector / vector.norm()).tolist())
    return vectors


def vectors_of(names: dict[str, Any]) -> list[Any] | None:
    """What the code left: the query's vector, then the passages'; None of a reranker."""
    if "pairs" in names:
        return None
    query = names.get("query_vectors", names["queries"])
    passages = names.get("passage_vectors", names["passages"])
    if isinstance(query, dict):
        query, passages = query["dense_vecs"], passages["dense_vecs"]
    return np.concatenate([query, passages]).astype(float).tolist()


def run(job: dict[str, Any]) -> dict[str, Any]:
    """The result of one job."""
    calls: list[dict[str, Any]] = []
    printed, names = io.StringIO(), {"__name__": "__main__"}
    with watched(calls), contextlib.redirect_stdout(printed):
        exec(compile(job["code"], job["name"], "exec"), names)  # noqa: S102  # what is tried
    return {
        "calls": calls,
        "printed": printed.getvalue(),
        "vectors": vectors_of(names),
        "reference": reference(job),
    }


def main() -> None:
    """Reads the jobs, and writes their results beside them."""
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    path = Path(sys.argv[1])
    jobs = json.loads(path.read_text(encoding="utf-8"))
    for folder, kind in {(job["folder"], job["kind"]) for job in jobs}:
        add_torch_files(Path(folder), kind)
    results = [run(job) for job in jobs]
    wanted = ("torch", "transformers", "sentence-transformers", "FlagEmbedding")
    versions = {name: importlib.metadata.version(name) for name in wanted}
    answer = {"versions": versions, "results": results}
    path.with_name("results.json").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
