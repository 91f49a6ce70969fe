"""One run of bulk encoding, from corpus to manifest: what is done stays, what is not is done."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from advisor import catalog as catalogs
from advisor.base.errors import EncodeError
from advisor.base.formatting import counted
from advisor.bulk import blocks, corpus, work
from advisor.bulk.blocks import Block, CorpusEnd
from advisor.bulk.corpus import CorpusFile, ReadingOptions
from advisor.bulk.folder import Folder, WrittenBlock
from advisor.bulk.progress import RunProgress
from advisor.bulk.vectors import VectorFormat
from advisor.bulk.work import BlockTask
from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import About, Engine, Float32s

ROWS = 4_096


@dataclass(frozen=True)
class EncodingJob:
    """What is asked: passages of `corpus` encoded into `out`."""

    corpus: Path
    out: Path
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    rows: int = ROWS
    type: VectorFormat = "float32"


@dataclass(frozen=True)
class CorpusCut:
    """How the corpus is cut, for the process that reads it; `skip` holds numbers of done blocks."""

    files: list[CorpusFile]
    reading: ReadingOptions
    rows: int
    skip: frozenset[int]

    def blocks(self) -> Iterator[Block | CorpusEnd]:
        """The blocks to do, and the end."""
        return blocks.plan(self.files, self.reading, self.rows, self.skip)


class Encoding(Protocol):
    """How blocks are encoded: in this process, at endpoints, on a cluster."""

    def known(self) -> tuple[About, Float32s]:
        """Who answers, and its vector of the probe."""

    def description(self) -> dict[str, Any]:
        """What the journal says of it: its name, and how many work."""

    def encoded(self, cut: CorpusCut, task: BlockTask) -> Iterator[WrittenBlock | CorpusEnd]:
        """Each block once it is on disk, in any order, and the end."""

    def close(self) -> None:
        """Ends what it has started."""


class InProcess:
    """The engine in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def known(self) -> tuple[About, Float32s]:
        """Who answers, and its vector of the probe."""
        vector = work.probe(self._engine)
        return self._engine.about, vector

    def description(self) -> dict[str, Any]:
        """What the journal says of it."""
        return {"way": "one process", "workers": 1}

    def encoded(self, cut: CorpusCut, task: BlockTask) -> Iterator[WrittenBlock | CorpusEnd]:
        """Each block once it is on disk, and the end."""
        for block in cut.blocks():
            yield block if isinstance(block, CorpusEnd) else work.encode(self._engine, block, task)

    def close(self) -> None:
        """Nothing was started."""


def run(
    job: EncodingJob,
    choice: ModelChoice,
    way: Encoding,
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
) -> dict[str, Any]:
    """Encodes what is not done yet, and gives the manifest. `say` hears what a person should know.

    Raises EncodeError where corpus, folder or engine cannot be used; what is done stays."""
    files, others = corpus.files(job.corpus)
    if job.corpus.is_dir() and job.out.resolve().is_relative_to(job.corpus.resolve()):
        raise EncodeError(
            "The folder for the vectors lies within the corpus, which would then read them. "
            "Name another with --out."
        )
    if others:
        left_out = counted(others, "file of the corpus is", "files of the corpus are")
        whose = "its name ends" if others == 1 else "their names end"
        say(f"{left_out} left out: {whose} in none of {', '.join(corpus.FORMS)}.")
    about, vector = way.known()
    plan = _plan(job, choice, about, files)
    plan["probe"] = [round(float(value), 6) for value in vector]
    folder = Folder(job.out, plan)
    try:
        if not work.same_model(vector, tuple(folder.plan["probe"])):
            raise EncodeError(
                f"{job.out} was begun with other weights of {about.model}: "
                "a text gets another vector now. Name a new folder with --out."
            )
        if folder.finished:
            return finished(folder.path)
        if damaged := folder.forget_damaged():
            count, verb = counted(len(damaged), "block"), "is" if len(damaged) == 1 else "are"
            again = f"{verb} not as the journal says and {verb} done again"
            say(f"{count} {again}, the first of them {min(damaged)}.")
        if folder.done_blocks:
            done = counted(len(folder.done_blocks), "block is", "blocks are")
            say(f"{done} done; the run goes on with the others.")
        folder.clear()
        folder.begin(way.description())
        cut = CorpusCut(files, job.reading, job.rows, frozenset(folder.done_blocks))
        end = _done(folder, way, cut, _task(job, plan))
        changed = [file.name for file in files if not file.is_as_it_was()]
        if changed:
            raise EncodeError(
                f"{changed[0]} changed while it was read. "
                "Restore it and run again, or name a new folder with --out."
            )
        return folder.finish(end, {"about": asdict(about)})
    finally:
        folder.close()


def finished(out: Path) -> dict[str, Any]:
    """The manifest of a finished folder; raises EncodeError where it has none that can be read."""
    try:
        manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        return manifest
    except (OSError, ValueError):
        raise EncodeError(
            f"{out} has no manifest that can be read. "
            "Run the command that fills it again, to its end."
        ) from None


def _done(folder: Folder, way: Encoding, cut: CorpusCut, task: BlockTask) -> CorpusEnd:
    """Does the blocks that are not done."""
    end: CorpusEnd | None = None
    progress = RunProgress(list(folder.done_blocks.values()))
    try:
        for entry in way.encoded(cut, task):
            if isinstance(entry, CorpusEnd):
                end = entry
            else:
                folder.add(entry)
                progress.add(entry)
    finally:
        progress.close()
    if end is None:
        raise EncodeError("The corpus was not read to its end. Run the same command again.")
    return end


def _plan(
    job: EncodingJob, choice: ModelChoice, about: About, files: list[CorpusFile]
) -> dict[str, Any]:
    """What a run must agree in with the one that began a folder."""
    model, variant = choice.model, catalogs.load().variants.get(about.variant_id or "")
    weights, instruction, pooling = None, "", None
    if model:
        names = (model.model_file, *model.others, "tokenizer.json")
        weights = _weights(model.folder, names)
        instruction, pooling = model.instruction("passage"), model.pooling
    elif variant:
        instruction, pooling = variant.passage_instruction or "", variant.pooling
    return {
        "model": about.model,
        "variant": about.variant_id,
        "engine": about.engine,
        "precision": about.precision,
        "weights_sha256": weights,
        "pooling": pooling,
        "normalised": model.normalised if model else True,
        "instruction": instruction,
        "type": job.type,
        "rows_per_block": job.rows,
        "reading": asdict(job.reading),
        "corpus": corpus.facts(files),
    }


def _weights(folder: Path, names: tuple[str, ...]) -> str:
    """One checksum of a model's files."""
    possible = {*names, "model.safetensors", "pytorch_model.bin"} - {""}
    present = sorted(name for name in possible if (folder / name).is_file())
    checksums = json.dumps([[name, corpus.sha256(folder / name)] for name in present])
    return hashlib.sha256(checksums.encode()).hexdigest()


def _task(job: EncodingJob, plan: dict[str, Any]) -> BlockTask:
    names = ("model", "variant", "engine", "precision", "pooling", "normalised", "instruction")
    about = {name: str(plan[name] or "") for name in names}
    about["normalised"] = str(plan["normalised"]).lower()
    return BlockTask(job.out, job.type, about, tuple(plan["probe"]))
