"""The folder that bulk encoding fills: its lock, its journal, its files of vectors, and at the end
its manifest.

    journal.jsonl    the plan on the first line, then a line a run and a line a block on disk
    vectors/         block-000000.parquet and so on; blocks without passages have no file
    set-aside/       block-000000.jsonl: its rows set aside; joined as set-aside.jsonl at the end
    manifest.json    written last

A file is written under another name, brought to the disk (fsync) and renamed, and only then stands
in the journal. A kill leaves at most a file that the journal does not name, which the next run
replaces.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from advisor.base.errors import EncodeError
from advisor.bulk.blocks import Block, CorpusEnd, SetAside
from advisor.bulk.corpus import sha256

FORMAT = 1
"""Of journal and manifest; another one is refused. Raise it too where the cut of blocks changes."""
MANIFEST, JOURNAL, SET_ASIDE = "manifest.json", "journal.jsonl", "set-aside.jsonl"


@dataclass(frozen=True)
class WrittenBlock:
    """One block on disk: rows read, written, set aside; checksums of its files (None: no file)."""

    block: int
    read: int
    written: int
    set_aside: int
    first_id: str | None
    last_id: str | None
    file: str | None
    bytes: int
    sha256: str | None
    set_aside_sha256: str | None
    done: float


def now() -> str:
    """The time as text, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write(path: Path, content: bytes) -> None:
    """Puts a file in its place whole or not at all, and on the disk before this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            _settle(stream)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the name, too
    finally:
        os.close(descriptor)


def _settle(stream: BinaryIO) -> None:
    """Brings what was written to the disk."""
    stream.flush()
    os.fsync(stream.fileno())


def vectors_file(block: int) -> str:
    """Path of a block's vectors within the folder."""
    return f"vectors/block-{block:06d}.parquet"


def set_aside_file(block: int) -> str:
    """Path of a block's rows set aside, while the work goes on."""
    return f"set-aside/block-{block:06d}.jsonl"


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def store(
    folder: Path, block: Block, ids: list[str], vectors: bytes | None, refused: list[SetAside]
) -> WrittenBlock:
    """Writes a block: `vectors` of the passages `ids`; rows set aside, `refused` ones with them."""
    aside = b"".join(_line(row._asdict()) for row in [*block.set_aside, *refused])
    if vectors is not None:
        write(folder / vectors_file(block.number), vectors)
    if aside:
        write(folder / set_aside_file(block.number), aside)
    return WrittenBlock(
        block=block.number,
        read=block.read,
        written=len(ids),
        set_aside=len(block.set_aside) + len(refused),
        first_id=ids[0] if ids else None,
        last_id=ids[-1] if ids else None,
        file=None if vectors is None else vectors_file(block.number),
        bytes=len(vectors or b""),
        sha256=None if vectors is None else hashlib.sha256(vectors).hexdigest(),
        set_aside_sha256=hashlib.sha256(aside).hexdigest() if aside else None,
        done=block.done,
    )


def intact(folder: Path, entry: WrittenBlock) -> bool:
    """Whether a block's files are there, with the checksums that the journal has."""
    sums = {entry.file: entry.sha256, set_aside_file(entry.block): entry.set_aside_sha256}
    with contextlib.suppress(OSError):
        return all(sha256(folder / name) == known for name, known in sums.items() if name and known)
    return False


class Folder:
    """The folder of one run, locked until closed; `done_blocks` are the journal's, by number."""

    def __init__(self, path: Path, plan: dict[str, Any]) -> None:
        """Opens the folder for a plan, which must be the one that it was begun with.

        Raises EncodeError where another run works there, or it holds something else."""
        self.path = path
        self.done_blocks: dict[int, WrittenBlock] = {}
        self.runs: list[dict[str, Any]] = []
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise EncodeError(
                f"{path} cannot be written to ({type(error).__name__}). "
                "Name another folder with --out."
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.plan = self._resumed(plan) if (path / JOURNAL).exists() else self._begun(plan)
        except BlockingIOError:
            os.close(self._lock)
            raise EncodeError(
                f"Another run is at work in {path}. "
                "Wait for its end, or name another folder with --out."
            ) from None
        except BaseException:
            os.close(self._lock)
            raise
        self._journal = (path / JOURNAL).open("ab")

    def close(self) -> None:
        """Gives the folder back."""
        self._journal.close()
        os.close(self._lock)

    def note(self, line: dict[str, Any]) -> None:
        """Adds a line to the journal, and brings it to the disk."""
        self._journal.write(_line(line))
        _settle(self._journal)

    def begin(self, run: dict[str, Any]) -> None:
        """Notes a run, and the time at which it begins."""
        self.runs.append(run | {"started": now()})
        self.note({"run": self.runs[-1]})

    def add(self, entry: WrittenBlock) -> None:
        """Notes a block that is on disk."""
        self.note(asdict(entry))
        self.done_blocks[entry.block] = entry

    def forget_damaged(self) -> list[int]:
        """Numbers of the blocks that are not as the journal says, now to be done again."""
        done = self.done_blocks
        damaged = [number for number in done if not intact(self.path, done[number])]
        for number in damaged:
            del done[number]
        return damaged

    def clear(self) -> None:
        """Removes what a killed run left half written."""
        for name in ("vectors", "set-aside"):
            for left in (self.path / name).glob(".*.tmp"):
                left.unlink(missing_ok=True)

    @property
    def finished(self) -> bool:
        """Whether the manifest has been written."""
        return (self.path / MANIFEST).is_file()

    def finish(self, end: CorpusEnd, facts: dict[str, Any]) -> dict[str, Any]:
        """Writes the manifest, joins rows set aside; raises EncodeError where rows are missing."""
        blocks = [self.done_blocks[number] for number in sorted(self.done_blocks)]
        totals = {
            name: sum(getattr(entry, name) for entry in blocks)
            for name in ("read", "written", "set_aside")
        }
        read, aside = totals["read"], totals["set_aside"]
        every_block = [entry.block for entry in blocks] == list(range(end.blocks))
        if not every_block or not read == end.read == totals["written"] + aside:
            raise EncodeError(
                f"{len(blocks):,} of {end.blocks:,} blocks and {read:,} of {end.read:,} rows are "
                "on disk. Run the same command again."
            )
        checksum = self._joined(blocks)
        rows = [asdict(entry) for entry in blocks]
        for row in rows:
            del row["done"]
        manifest = {
            "format": FORMAT,
            **self.plan,
            **facts,
            "totals": totals | {"blocks": len(blocks)},
            "set_aside": {"file": SET_ASIDE, "rows": aside, "sha256": checksum},
            "started": self.runs[0]["started"],
            "ended": now(),
            "runs": self.runs,
            "blocks": rows,
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False)
        write(self.path / MANIFEST, text.encode() + b"\n")
        for entry in blocks:
            (self.path / set_aside_file(entry.block)).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (self.path / "set-aside").rmdir()
        return manifest

    def _joined(self, blocks: list[WrittenBlock]) -> str:
        """Writes the rows set aside into one file, and gives its checksum."""
        digest = hashlib.sha256()
        temporary = self.path / f".{SET_ASIDE}.tmp"
        with temporary.open("wb") as stream:
            for entry in blocks:
                if entry.set_aside:
                    content = (self.path / set_aside_file(entry.block)).read_bytes()
                    digest.update(content)
                    stream.write(content)
            _settle(stream)
        temporary.replace(self.path / SET_ASIDE)
        return digest.hexdigest()

    def _begun(self, plan: dict[str, Any]) -> dict[str, Any]:
        # of a run that was killed before it had one
        for left in self.path.glob(f".{JOURNAL}.*.tmp"):
            left.unlink(missing_ok=True)
        if any(path.name != "lock" for path in self.path.iterdir()):
            raise EncodeError(
                f"{self.path} holds files that are not of a bulk encoding. "
                "Name a new or empty folder with --out."
            )
        write(self.path / JOURNAL, _line({"format": FORMAT, "plan": plan}))
        return plan

    def _resumed(self, plan: dict[str, Any]) -> dict[str, Any]:
        with (self.path / JOURNAL).open("r+b") as stream:
            begun, length = None, 0
            for line in stream:
                if not line.endswith(b"\n"):
                    break  # cut short by a kill; only the last can be
                length += len(line)
                value = json.loads(line)
                if begun is None:
                    begun = value
                elif "run" in value:
                    self.runs.append(value["run"])
                else:
                    entry = WrittenBlock(**value)
                    self.done_blocks[entry.block] = entry
            if length < stream.seek(0, os.SEEK_END):
                stream.truncate(length)
        if begun is None or begun.get("format") != FORMAT:
            raise EncodeError(
                f"{self.path} was begun by another version of bulk encoding. "
                "Name a new folder with --out."
            )
        earlier: dict[str, Any] = begun["plan"]
        differ = [key for key in plan if key not in NOT_COMPARED and earlier.get(key) != plan[key]]
        if differ:
            raise EncodeError(
                f"{self.path} was begun with another {_WORDS.get(differ[0], differ[0])}, so it "
                "cannot go on with this one. Ask as before, or name a new folder with --out."
            )
        return earlier


NOT_COMPARED = ("probe",)
_WORDS = {
    "corpus": "content of the corpus",
    "reading": "way of reading the corpus",
    "rows_per_block": "number of rows in a block",
    "type": "type of vectors",
    "weights_sha256": "set of weights",
}
