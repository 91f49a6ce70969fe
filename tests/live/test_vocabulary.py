import shutil

import pytest

from advisor import catalog as catalogs
from advisor.base.errors import CatalogError
from advisor.live import token_counts, vocabulary
from advisor.live.token_counts import TokenCount, counter, summary
from tests.live.counting import ENGLISH, rows

VOCABULARY = "tokenizers/bert-uncased.txt"


# BERT uncased


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        (" \n\t", []),
        ("Hello world", ["hello", "world"]),
        ("Hello, world!!", ["hello", ",", "world", "!", "!"]),
        ("unaffable", ["una", "##ffa", "##ble"]),
        ("embeddings", ["em", "##bed", "##ding", "##s"]),
        ("don't re-rank", ["don", "'", "t", "re", "-", "rank"]),
        ("na\u00efve CAF\u00c9", ["naive", "cafe"]),
        ("Cafe\u0301", ["cafe"]),  # the accent as a character of its own
        ("\u65e5\u672c", ["\u65e5", "\u672c"]),
        ("a \U00013000 b", ["a", "[UNK]", "b"]),  # a hieroglyph
        ("z" * 101, ["[UNK]"]),
        ("a [MASK]", ["a", "[MASK]"]),  # written out, it is what it says, as with the models
        ("\u20ac5", ["\u20ac", "##5"]),  # a sign of money is no punctuation to BERT
    ],
)
def test_bert_splits_a_text_into_these_pieces_and_adds_two(catalog, text, pieces):
    tokenizer = vocabulary.wordpiece(catalog.folder, "bert-uncased")
    assert tokenizer.encode(text).tokens == ["[CLS]", *pieces, "[SEP]"]
    for variant in ENGLISH:
        assert counter(catalog, variant)(text) == TokenCount(len(pieces) + 2, exact=True)
        assert counter(catalog, variant).text_tokens([text]) == [len(pieces)]


def test_the_ids_are_the_line_numbers_of_the_published_vocabulary(catalog):
    tokenizer = vocabulary.wordpiece(catalog.folder, "bert-uncased")
    # [CLS] hello world [SEP] in the documentation of BERT
    assert tokenizer.encode("Hello world").ids == [101, 7592, 2088, 102]
    assert tokenizer.encode("hello", "world").ids == [101, 7592, 102, 2088, 102]
    assert tokenizer.get_vocab_size() == 30_522


# Without the vocabulary, or with a broken one


def test_without_the_folder_the_catalog_loads_and_every_count_is_an_estimate(copied):
    shutil.rmtree(copied / "tokenizers")
    lengths = summary(catalogs.load(copied), ["seventeen letters"])
    assert (
        len(lengths) == 8
        and not any(row.exact for row in lengths)
        and all(row.rule.startswith(token_counts.ESTIMATE) for row in lengths)
    )
    assert rows(lengths)["bge-base-en-v1.5"].typical == 5 + 2


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        (b"\nhello\n", b"\nworld\n", ["1"]),
        (b"\n[SEP]\n", b"\n[SAP]\n", ["[SEP]"]),
        (b"\n", b"\r\n", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]),
        (b"\nhello\n", b"\n", ["30,521", "30,522", "BGE Base EN v1.5"]),
        (b"\nhello\n", b"\n\xff\n", ["UTF-8"]),
    ],
    ids=[
        "a piece twice",
        "a special one is missing",
        "other line ends",
        "a piece too few",
        "not UTF-8",
    ],
)
def test_a_broken_vocabulary_is_named_and_not_counted_with(pinned, copied, old, new, facts):
    catalog = catalogs.load(copied)
    assert counter(catalog, ENGLISH[0]).exact
    path = copied / VOCABULARY
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    with pytest.raises(CatalogError) as caught:
        counter(catalog, ENGLISH[0])
    assert f"catalog/{VOCABULARY}" in str(caught.value) and all(
        fact in str(caught.value) for fact in facts
    )
    assert str(caught.value) == pinned
