"""A visitor's own data in each form, packed and not, and what is said of bad ones."""

import io
import re
import zipfile

import pytest

from advisor.live.judged import LIMITS, OwnDataError, UploadedText
from advisor.live.judged_zip import read_zip

PASSAGES = "id,text\np1,Frost splits rock.\np2,Yeast makes gas.\n"


QUERIES = "id,text\nq1,why do stones crack in winter\nq2,what lifts dough\n"


QRELS = "q1 0 p1 2\nq2 0 p2 1\nq2 0 p1 0\n"


CORPUS_JSONL = """\
{"_id": "p1", "title": "Frost", "text": "It splits rock."}
{"_id": "p2", "title": "", "text": "Yeast makes gas."}
"""


QUERIES_JSONL = """\
{"_id": "q1", "text": "why do stones crack in winter"}
{"_id": "q2", "text": "what lifts dough", "metadata": {}}
"""


BEIR_QRELS = "query-id\tcorpus-id\tscore\nq1\tp1\t2\nq2\tp2\t1\n"


def places(error):
    """Each fault's file, with its line where it names one."""
    return [(fault.file, *map(int, re.findall(r"\d+", fault.entry))) for fault in error.faults]


def uploads(contents, names=("", "", "")):
    """Uploads of passages, queries and judgements, texts or bytes, under these names."""
    files = [text if isinstance(text, bytes) else text.encode() for text in contents]
    return [UploadedText(name, file) for name, file in zip(names, files, strict=True)]


def packed(members, method=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, text) pairs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


BEIR = (
    ("set/corpus.jsonl", CORPUS_JSONL),
    ("set/queries.jsonl", QUERIES_JSONL),
    ("set/qrels/test.tsv", BEIR_QRELS),
)


def refused(content, limits=LIMITS):
    with pytest.raises(OwnDataError) as caught:
        read_zip(UploadedText("mine.zip", content), limits)
    assert str(caught.value).startswith("mine.zip: ") and len(caught.value.faults) == 1
    return str(caught.value)
