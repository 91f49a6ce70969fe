"""What a worker does with a block: texts to vectors to a file, and rows not taken set aside."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advisor.bulk import folder, vectors
from advisor.bulk.blocks import Block, SetAside
from advisor.bulk.folder import WrittenBlock
from advisor.encode.engine import Engine, Float32s, ServerBusyError, TextRefusedError

PROBE = "The quick brown fox jumps over the lazy dog."
LEAST_COSINE = 0.99
"""Of two probes of one model: precisions and runtimes differ by less, other models by far more."""
NO_VECTOR = "the model gave no vector of finite numbers"


@dataclass(frozen=True)
class BlockTask:
    """Where and how blocks are written, for a worker's process; `about` goes into each schema."""

    out: Path
    type: vectors.VectorFormat
    about: dict[str, str]
    probe: tuple[float, ...]


def probe(engine: Engine) -> Float32s:
    """The vector of a fixed text, by which a model is known again, shape (dim,)."""
    vector: Float32s = engine.embed([PROBE], "passage").dense[0]
    return vector


def same_model(mine: Float32s, known: tuple[float, ...]) -> bool:
    """Whether two vectors of the probe are of one model."""
    theirs = np.array(known, np.float64)
    if mine.shape != theirs.shape:
        return False
    return bool(mine @ theirs >= LEAST_COSINE * np.linalg.norm(mine) * np.linalg.norm(theirs))


def encode(
    engine: Engine,
    block: Block,
    task: BlockTask,
    *,
    part: int | None = None,
    alive: Callable[[], bool] = lambda: False,
    paused: Callable[[ServerBusyError, float], bool] = lambda _, __: False,
) -> WrittenBlock:
    """Encodes a block and writes it. `part` is the number of texts asked for at once (None: all).

    Where texts are refused and `alive` says that the engine answers otherwise, a text is at fault:
    it is searched by halves and set aside. Where the engine takes no more for now, `paused` waits,
    told for how many seconds it was busy, and says whether to ask again; by halves then, as all may
    be more than it takes in its time. Raises EncodeError where the engine does not answer."""
    rows: list[Float32s | None] = []
    refused: list[SetAside] = []
    ask = _Questioner(engine, block, refused, alive, paused)
    step = part or max(len(block.texts), 1)
    for start in range(0, len(block.texts), step):
        rows += ask(range(start, min(start + step, len(block.texts))))
    ids = [key for key, row in zip(block.ids, rows, strict=True) if row is not None]
    encoded = [row for row in rows if row is not None]
    packed = vectors.packed(ids, np.stack(encoded), task.type, task.about) if encoded else None
    return folder.store(task.out, block, ids, packed, refused)


@dataclass(frozen=True)
class _Questioner:
    """Asks for texts of a block."""

    engine: Engine
    block: Block
    refused: list[SetAside]
    alive: Callable[[], bool]
    paused: Callable[[ServerBusyError, float], bool]

    def __call__(self, places: range, busy_since: float | None = None) -> list[Float32s | None]:
        """A vector a text, None for one that is set aside."""
        half = len(places) // 2
        while True:
            try:
                texts = [self.block.texts[place] for place in places]
                dense = self.engine.embed(texts, "passage").dense
                break
            except TextRefusedError as error:
                if not self.alive():
                    raise
                if not half:
                    self._refuse(places[0], str(error))
                    return [None]
                return [*self(places[:half]), *self(places[half:])]
            except ServerBusyError as error:
                busy_since = busy_since or time.monotonic()
                if not self.paused(error, time.monotonic() - busy_since):
                    raise
                if half:
                    return [*self(places[:half], busy_since), *self(places[half:])]
        good = np.isfinite(dense).all(axis=1) & (dense != 0).any(axis=1)
        for place, fine in zip(places, good, strict=True):
            if not fine:
                self._refuse(place, NO_VECTOR)
        return [row if fine else None for row, fine in zip(dense, good, strict=True)]

    def _refuse(self, place: int, reason: str) -> None:
        where = self.block.places[place]
        self.refused.append(SetAside(where.file, where.row, self.block.ids[place], reason))
