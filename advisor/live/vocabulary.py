"""The vocabularies shipped in `tokenizers/`, as tokenizers that count a whole text."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from advisor.base.errors import CatalogError, Fault
from advisor.catalog import files

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def wordpiece(root: Path, name: str) -> Tokenizer | None:
    """The uncased BERT tokenizer with the vocabulary `tokenizers/{name}.txt` of a catalog.

    None where there is no such file. It neither cuts nor pads; callers share one object, kept until
    the file changes. Source of its steps: tokenizer.json of the package that
    catalog/tokenizers/README.md names. Raises CatalogError: the file is no such vocabulary."""
    path = root / "tokenizers" / f"{name}.txt"
    if not path.is_file():
        return None
    status = path.stat()
    file = f"{root.name}/tokenizers/{path.name}"
    return _wordpiece(path, file, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _wordpiece(path: Path, name: str, _size: int, _mtime_ns: int) -> Tokenizer:
    content = files.text(path, name)
    if isinstance(content, Fault):
        raise CatalogError([content])
    # not splitlines: some pieces are characters that it takes for line ends
    pieces = content.removesuffix("\n").split("\n")
    ids = {piece: number for number, piece in enumerate(pieces)}
    remedy = "Restore the file; catalog/tokenizers/README.md says from where."
    if len(ids) < len(pieces):
        problem = f"{len(pieces) - len(ids):,} of its pieces are there twice."
        raise CatalogError([Fault(name, "", "", problem, remedy)])
    # some are missing also where the line ends became \r\n
    if missing := [piece for piece in SPECIAL if piece not in ids]:
        raise CatalogError([Fault(name, "", "", f"no line {', '.join(missing)}.", remedy)])
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(piece, ids[piece]) for piece in ("[CLS]", "[SEP]")],
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer
