"""Checks a finished folder against manifest and corpus: none lost or twice, each vector whole."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from advisor.base.errors import EncodeError
from advisor.base.formatting import counted
from advisor.bulk import blocks, corpus, vectors
from advisor.bulk.blocks import Block, CorpusEnd, SeenIds
from advisor.bulk.corpus import ReadingOptions
from advisor.bulk.folder import FORMAT
from advisor.bulk.run import finished

OFF_LENGTH = {"float32": 1e-3, "float16": 2e-3, "int8": 2e-2}
"""How far a vector's length may be off one, by type: rounding moves a value by half a step."""
MOST_SHOWN = 20


def checked(out: Path, corpus: Path | None = None) -> str:
    """Says that a folder is whole, or with `corpus` that each passage is there once.

    Raises EncodeError where it is not: what is wrong, file by file."""
    manifest = finished(out)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise EncodeError(
            f"The manifest of {out} is of another version, or none. "
            "Check it with the version that wrote it."
        )
    faults: list[str] = []
    try:
        for fault in _faults(out, manifest, corpus):
            faults.append(fault)
            if len(faults) > MOST_SHOWN:
                faults[-1] = "... and more."
                break
    except (KeyError, TypeError, AttributeError):
        raise EncodeError(
            f"The manifest of {out} lacks what a manifest has. Encode the corpus again."
        ) from None
    if faults:
        raise EncodeError("\n".join([f"{out} is not whole:", *(f"- {fault}" for fault in faults)]))
    totals = manifest["totals"]
    against = "; every passage of the corpus is there once" if corpus else ""
    read, written = counted(totals["read"], "row"), counted(totals["written"], "vector")
    return f"{out} is whole: {read} read = {written} + {totals['set_aside']:,} set aside{against}."


def _faults(out: Path, manifest: dict[str, Any], corpus: Path | None) -> Iterator[str]:
    totals, rows, aside = manifest["totals"], manifest["blocks"], manifest["set_aside"]
    sums = {name: sum(row[name] for row in rows) for name in ("read", "written", "set_aside")}
    whole = totals["read"] == totals["written"] + totals["set_aside"]
    if sums != {name: totals[name] for name in sums} or not whole:
        yield "manifest.json: the totals are not the sums of the blocks."
    if [row["block"] for row in rows] != list(range(totals["blocks"])):
        yield "manifest.json: a block is missing, or there twice."
    known = {row["file"] for row in rows if row["file"]}
    for path in sorted((out / "vectors").glob("*.parquet")):
        if f"vectors/{path.name}" not in known:
            yield f"vectors/{path.name}: the manifest does not name it."
    damaged = list(_set_aside(out / aside["file"], aside))
    yield from damaged
    planned = _planned(manifest, corpus) if corpus and not damaged else None
    if isinstance(planned, str):
        yield planned
        planned = None
    with contextlib.ExitStack() as stack:
        seen = stack.enter_context(contextlib.closing(SeenIds()))
        refused = stack.enter_context((out / aside["file"]).open("rb")) if planned else None
        for row in rows:
            ids: list[str] = []
            if row["file"]:
                ids, faults = _block(out, row, manifest, seen)
                yield from faults
            if planned is None or refused is None:
                continue
            lines = map(json.loads, islice(refused, row["set_aside"]))
            without = {(line["file"], line["row"]) for line in lines}
            expected = next(planned, None)
            if not isinstance(expected, Block):
                yield f"block {row['block']}: the corpus ends before it."
                planned = None
                continue
            passages = zip(expected.ids, expected.places, strict=True)
            if ids != [key for key, place in passages if tuple(place) not in without]:
                yield f"block {row['block']}: its ids are not those of the corpus."
    if planned is not None and not isinstance(next(planned, None), CorpusEnd):
        yield "the corpus goes on after the last block."


def _block(
    out: Path, row: dict[str, Any], manifest: dict[str, Any], seen: SeenIds
) -> tuple[list[str], list[str]]:
    """Ids of a block's file, and what is wrong with it."""
    path, name = out / row["file"], row["file"]
    if not path.is_file():
        return [], [f"{name}: it is missing."]
    if path.stat().st_size != row["bytes"] or corpus.sha256(path) != row["sha256"]:
        return [], [f"{name}: its bytes are not those that were written."]
    ids, rows, about = vectors.read(path)
    faults = []
    known = (manifest["type"], manifest["model"], len(manifest["probe"]))
    if (about["type"], about["model"], rows.shape[1]) != known:
        faults.append(f"{name}: its type, model or dimension is not the manifest's.")
    if (len(ids), ids[0], ids[-1]) != (row["written"], row["first_id"], row["last_id"]):
        faults.append(f"{name}: its rows are not those of the manifest.")
    lengths = np.linalg.norm(rows, axis=1)
    off = OFF_LENGTH[manifest["type"]] if manifest["normalised"] else np.inf
    if not np.isfinite(rows).all() or not (lengths > 0).all() or np.abs(lengths - 1).max() > off:
        faults.append(
            f"{name}: a vector holds something else than finite numbers, or is not of length one."
        )
    faults += [f"{name}: the id {key[:60]} is there twice." for key in ids if not seen.first(key)]
    return ids, faults


def _set_aside(path: Path, aside: dict[str, Any]) -> Iterator[str]:
    if not path.is_file():
        yield f"{path.name}: it is missing."
        return
    if corpus.sha256(path) != aside["sha256"]:
        yield f"{path.name}: its bytes are not those that were written."
    with path.open("rb") as stream:
        if sum(1 for _ in stream) != aside["rows"]:
            yield f"{path.name}: it has not as many rows as the manifest says."


def _planned(manifest: dict[str, Any], folder: Path) -> Iterator[Block | CorpusEnd] | str:
    """The blocks of the corpus, cut again; or why it is not the corpus of the manifest."""
    files, _ = corpus.files(folder)
    if corpus.facts(files) != manifest["corpus"]:
        return "manifest.json: it is of another corpus, or its files have changed."
    return blocks.plan(files, ReadingOptions(**manifest["reading"]), manifest["rows_per_block"])
