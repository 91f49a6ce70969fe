"""Runs the code to copy for sentence-transformers and FlagEmbedding, for every variant that has it.

python -m tools.snippets PYTHON    PYTHON: an environment with torch and both libraries

The weights are the stand-in's (all-MiniLM-L6-v2, as BERT), their name swapped for a folder. Of
each snippet it is checked that the instruction is before the query alone, that the length reaches
the tokenizer, and that vectors and scores are those of transformers without either library.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from advisor.catalog import Catalog
from advisor.catalog.instructions import instructed
from advisor.catalog.load import load
from advisor.catalog.schema import Variant
from advisor.explain.run_it import variant_snippets
from advisor.explain.snippet import PASSAGES, QUERY
from tools.models import standin_source

ROOT = Path(__file__).resolve().parents[1]
NEAR = 2e-3
"""Largest difference of a value: half-precision weights differ by less, another pooling by more."""
WORDS = "the harbour wall was warm and the boats came in while a cat slept on it "


def model_folder(folder: Path, variant: Variant) -> Path:
    """The stand-in as the variant would be: its pooling, in the library's own file."""
    source = standin_source()
    if source is None:
        sys.exit("The stand-in's weights are not installed: make standin")
    shutil.copytree(source, folder)
    if variant.kind == "reranker":
        (folder / "modules.json").unlink()  # it says that the weights embed
        return folder
    # without its step that normalises, so that the code itself must
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    kept = [module for module in modules if not module["type"].endswith("Normalize")]
    (folder / "modules.json").write_text(json.dumps(kept), encoding="utf-8")
    modes = {
        "pooling_mode_cls_token": variant.pooling == "cls",
        "pooling_mode_mean_tokens": False,
        "pooling_mode_max_tokens": False,
        "pooling_mode_lasttoken": variant.pooling == "last_token",
    }
    pooling = folder / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps({"word_embedding_dimension": 384, **modes}), encoding="utf-8")
    return folder


def jobs(catalog: Catalog, folder: Path) -> list[dict[str, Any]]:
    """Every Python snippet of a variant, with its folder and a passage that is cut."""
    rows = []
    for key, variant in catalog.variants.items():
        snippets = [s for s in variant_snippets(catalog, variant) if s.language == "python"]
        if not snippets:
            continue
        hub_id, place = str(variant.hub_id), model_folder(folder / key, variant)
        # longer than the limit where the weights reach it, else than the libraries' defaults
        long = WORDS * (50 if variant.max_tokens == 512 else 26)
        passages = [PASSAGES[0], long]
        m3 = variant.kind == "embedder" and "sparse" in variant.outputs
        for snippet in snippets:
            code = snippet.code.replace(json.dumps(hub_id), json.dumps(str(place)))
            code = code.replace(json.dumps(PASSAGES[1]), json.dumps(long))
            query = instructed(variant, QUERY) if variant.kind == "embedder" else QUERY
            rows.append(
                {
                    "name": f"{key} {snippet.id}",
                    "code": code,
                    "folder": str(place),
                    "kind": "m3" if m3 else variant.kind,
                    "query": query,
                    "passages": passages,
                    "max_tokens": variant.max_tokens,
                    "pooling": variant.pooling,
                }
            )
    return rows


def faults(job: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """What is wrong with what one snippet sent or gave."""
    wrong = []
    sent = {text for call in result["calls"] for text in texts_of(call["texts"])}
    if not {job["query"], *job["passages"]} <= sent:
        seen = sorted(text[:80] for text in sent)
        wrong.append(f"a text did not reach the tokenizer as it should: {seen}")
    lengths = {call["max_length"] for call in result["calls"]}
    if job["max_tokens"] not in lengths:
        wrong.append(f"max_length {job['max_tokens']} is not among {lengths}")
    expected = np.array(result["reference"])
    if result["vectors"] is not None:
        given = np.array(result["vectors"])
        if not np.allclose(np.linalg.norm(given, axis=1), 1, atol=NEAR):
            wrong.append("vectors are not of unit length")
    else:
        numbers = result["printed"].replace("[", " ").replace("]", " ").replace(",", " ")
        given = np.array([float(number) for number in numbers.split()])
    if given.shape != expected.shape:
        wrong.append(f"shape {given.shape}, not {expected.shape}")
    elif (difference := np.abs(given - expected).max()) > NEAR:
        wrong.append(f"values differ by {difference:.4f} from those of transformers alone")
    if job["kind"] == "m3" and "FlagEmbedding" in job["name"]:
        lines = result["printed"].strip().splitlines()
        if len(lines) < 3:
            wrong.append(f"not one score for each output: {lines}")
    return wrong


def texts_of(texts: list[Any]) -> list[str]:
    """Single texts, and both of each pair."""
    return [part for text in texts for part in ([text] if isinstance(text, str) else text)]


def main() -> None:
    """Runs all, prints a line for each, and fails where one is wrong."""
    catalog, start = load(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        rows = jobs(catalog, Path(folder))
        path = Path(folder) / "jobs.json"
        path.write_text(json.dumps(rows), encoding="utf-8")
        runner = ROOT / "tools" / "torch_snippets.py"
        subprocess.run(
            [sys.argv[1], "-W", "ignore", str(runner), str(path)],
            check=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
        )
        answer = json.loads(path.with_name("results.json").read_text(encoding="utf-8"))
    print(", ".join(f"{name} {version}" for name, version in answer["versions"].items()))
    wrong = {
        job["name"]: problems
        for job, result in zip(rows, answer["results"], strict=True)
        if (problems := faults(job, result))
    }
    for job in rows:
        print(f"{job['name']}: {'; '.join(wrong.get(job['name'], ['as transformers alone']))}")
    print(f"{len(rows) - len(wrong)} of {len(rows)} in {time.monotonic() - start:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
