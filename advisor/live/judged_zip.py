"""A visitor's data in BEIR's layout, out of a zip that may be hostile; nothing goes to disk."""

from __future__ import annotations

import dataclasses
import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence

from advisor.base.errors import Fault
from advisor.live import judged
from advisor.live.judged import LIMITS, JudgedData, JudgedLimits, OwnDataError, UploadedText, shown

_ODD_PATH = re.compile(r"^/|^[A-Za-z]:|\\|\x00|(^|/)\.\.(/|$)")
_MEMBER = re.compile(r"(?:(?P<top>[^/]+)/)?(?P<name>corpus\.jsonl|queries\.jsonl|qrels/[^/]+\.tsv)")
_ENTRY = b"PK\x01\x02"  # before each entry of a zip's directory (APPNOTE.TXT 4.3.12)
_SPLITS = ("test", "dev", "val", "validation", "train")  # the first that is there is taken
_AGAIN = "Zip the data set's folder again, with nothing else in it."
# what zipfile raises for a spoilt zip, beside its own errors; RuntimeError: NotImplementedError too
_BUILT_IN = (EOFError, OSError, ValueError, LookupError, RuntimeError)


class _Refused(Exception):
    """A zip that is not read: (problem, remedy)."""


def read_zip(file: UploadedText, limits: JudgedLimits = LIMITS) -> JudgedData:
    """The data of a zip in BEIR's layout, at the top or in one folder.

    It holds corpus.jsonl, queries.jsonl and qrels/test.tsv, else dev or train.
    Raises OwnDataError: why the zip is refused; or everything that is wrong in its files."""
    try:
        passages, queries, judgements = _members(file.content, limits)
    except _Refused as refused:
        problem, remedy = refused.args
    except (zipfile.BadZipFile, zlib.error, struct.error, *_BUILT_IN):
        problem = "it is no zip that can be read, or it is damaged."
        remedy = "Zip the folder again."
    else:
        unpacked = limits._replace(largest_bytes=limits.largest_unpacked_bytes)
        data = judged.read(passages, queries, judgements, unpacked)
        notes = (f"Judgements: {shown(judgements.name)}.", *data.notes)
        return dataclasses.replace(data, notes=notes)
    raise OwnDataError([Fault(shown(file.name) or "the zip", "", "", problem, remedy)])


def _members(
    content: bytes, limits: JudgedLimits
) -> tuple[UploadedText, UploadedText, UploadedText]:
    """The three files of a zip, checked before and while they are unpacked."""
    if len(content) > (most := limits.largest_bytes):
        problem = f"{len(content):,} bytes, more than the {most:,} that are taken."
        raise _Refused(problem, "Take a smaller data set.")
    # counted first, because zipfile makes an object of each
    if content.count(_ENTRY) > limits.most_entries:
        raise _Refused(f"it holds more than {limits.most_entries:,} files.", _AGAIN)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        left = limits.largest_unpacked_bytes
        files = []
        for entry in _chosen(archive.infolist()):
            unpacked = _unpacked(archive, entry, left, limits)
            left -= len(unpacked)
            files.append(UploadedText(entry.filename, unpacked))
    return files[0], files[1], files[2]


def _chosen(entries: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The entries of passages, queries and judgements; anything odd refuses the whole zip."""
    for entry in entries:
        name = shown(entry.orig_filename)
        if _ODD_PATH.search(entry.orig_filename):
            raise _Refused(f"the path '{name}' leads out of the folder.", _AGAIN)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _Refused(f"'{name}' is a link or a device, not a file.", _AGAIN)
        if entry.flag_bits & 0x41:  # bits 0 and 6: encryption (APPNOTE.TXT 4.4.4)
            raise _Refused(f"'{name}' is encrypted.", "Zip the folder again without a password.")
    times = Counter(entry.filename for entry in entries)
    if twice := [path for path in times if times[path] > 1]:
        raise _Refused(f"'{shown(twice[0])}' is in it twice.", _AGAIN)
    matches = [
        (entry, match)
        for entry in entries
        if (match := _MEMBER.fullmatch(entry.filename)) and match["top"] != "__MACOSX"
    ]
    if len({match["top"] for _, match in matches}) > 1:
        raise _Refused("it holds more than one data set.", "Zip one of them.")
    members = {match["name"]: entry for entry, match in matches}
    splits = [f"qrels/{split}.tsv" for split in _SPLITS]
    splits += sorted(name for name in members if name.startswith("qrels/"))
    judgements = next((name for name in splits if name in members), splits[0])
    wanted = ["corpus.jsonl", "queries.jsonl", judgements]
    if missing := [name for name in wanted if name not in members]:
        remedy = "Lay it out as BEIR does: corpus.jsonl, queries.jsonl and qrels/test.tsv."
        raise _Refused(f"there is no {' and no '.join(missing)}.", remedy)
    return [members[name] for name in wanted]


def _unpacked(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, limits: JudgedLimits
) -> bytes:
    """The bytes of an entry, counted while they come, because what its header says may be false."""
    name = shown(entry.filename)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problem = f"'{name}' is packed in a way that is not read here."
        raise _Refused(problem, "Zip it with the usual method, deflate.")
    most = min(left, limits.largest_ratio * max(entry.compress_size, 1_000))
    unpacked = bytearray()
    with archive.open(entry) as member:
        while chunk := member.read(65_536):
            unpacked += chunk
            if len(unpacked) > most:
                problem = f"'{name}' unpacks to more than {most:,} bytes."
                raise _Refused(problem, "Take a smaller data set.")
    if len(unpacked) != entry.file_size:
        raise _Refused(f"'{name}' is not as long as the zip says.", _AGAIN)
    return bytes(unpacked)
