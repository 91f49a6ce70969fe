"""Where a limit in tokens cuts a text, and whose tokenizer counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from advisor.base.errors import EncodeError
from advisor.catalog.load import SHIPPED
from advisor.encode import models as on_disk
from advisor.encode.available_models import ModelChoice
from advisor.encode.endpoints import Endpoint
from advisor.live import results, vocabulary
from tests.live.samples import figures
from tools.models import unigram

BERT = vocabulary.wordpiece(SHIPPED, "bert-uncased")
XLM_R = unigram()


# Where a limit cuts


def test_special_tokens_count_towards_the_limit(pinned):
    found = results.cut("cats sleep all day", BERT, 5)  # [CLS] and [SEP] beside three words
    assert found == ("cats sleep all", " day", 6, 5, 0)
    assert (
        figures(found.sentence) == {"6", "5", "78"} and "%" in found.sentence
    )  # 14 of 18 characters
    assert found.sentence == pinned


def test_a_text_exactly_at_the_limit_is_read_whole(pinned):
    found = results.cut("cats sleep all day", BERT, 6)
    assert found == ("cats sleep all day", "", 6, 6, 0)
    assert figures(found.sentence) == {"6"} and "%" not in found.sentence
    assert found.sentence == pinned


def test_one_word_over_the_limit_of_512_is_lost():
    assert results.cut("cat " * 510, BERT, 512).lost == ""
    over = results.cut("cat " * 511, BERT, 512)
    assert (over.lost, over.tokens) == (" cat ", 513) and over.read == "cat " * 509 + "cat"


def test_a_word_of_several_pieces_is_cut_between_them():
    assert BERT.encode("embeddings").tokens[1:-1] == ["em", "##bed", "##ding", "##s"]
    assert results.cut("embeddings", BERT, 4)[:2] == ("embed", "dings")


CUTS = [
    ("🙂🙂 naïve café 搜索引擎 ends", 5, "🙂🙂 naïve café", " 搜索引擎 ends"),
    ("🙂🙂 naïve café 搜索引擎 ends", 7, "🙂🙂 naïve café 搜索", "引擎 ends"),
]


@pytest.mark.parametrize(
    ("text", "limit", "read", "lost"), CUTS, ids=["after a word", "between two signs"]
)
def test_places_are_those_of_characters_not_of_bytes(text, limit, read, lost):
    assert results.cut(text, BERT, limit)[:2] == (read, lost)


@given(st.text(max_size=40), st.integers(3, 30), st.sampled_from([BERT, XLM_R]))
def test_what_is_read_and_what_is_lost_make_up_the_text(text, limit, tokenizer):
    found = results.cut(text, tokenizer, limit)
    assert found.read + found.lost == text
    tells_of_a_share = "%" in found.sentence
    assert tells_of_a_share == (len(tokenizer.encode(text).ids) > limit)


def test_tokens_that_are_lost_of_one_character_are_told(pinned):
    assert len(XLM_R.encode("½").ids) == 5  # it becomes three signs
    found = results.cut("½", XLM_R, 3)
    assert (
        found.lost == "" and figures(found.sentence) == {"5", "3", "100"} and "%" in found.sentence
    )
    assert found.sentence == pinned


def test_the_tokens_that_are_read_are_those_that_a_cut_tokenizer_gives():
    text = "The quick brown fox jumps over the lazy dog, unbelievably."
    cutting = Tokenizer.from_str(BERT.to_str())
    cutting.enable_truncation(9)
    assert BERT.encode(results.cut(text, BERT, 9).read).ids == cutting.encode(text).ids


def test_the_limit_of_the_tokenizers_own_file_does_not_count_and_stays():
    own = Tokenizer.from_str(BERT.to_str())
    own.enable_truncation(4)
    own.enable_padding(length=50)
    assert results.cut("cats sleep all day", own, 5) == ("cats sleep all", " day", 6, 5, 0)
    assert own.truncation["max_length"] == 4 and own.padding["length"] == 50


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_a_limit_that_leaves_no_room_is_refused(pinned, limit):
    with pytest.raises(EncodeError) as error:
        results.cut("cats", BERT, limit)
    assert figures(str(error.value)) == {
        str(limit),
        "2",
    }  # the limit, and how many tokens are special
    assert str(error.value) == pinned
    assert results.cut("cats sleep", BERT, 3)[:2] == ("cats", " sleep")


def test_a_text_longer_than_a_server_reads_is_refused_before_it_is_counted():
    assert results.cut("a " * 60_000, BERT, 512).tokens == 60_002
    with pytest.raises(EncodeError, match=r"120,001\b.*\b120,000\b"):
        results.cut("a" * 120_001, BERT, 512)


def test_an_empty_text_is_read_whole():
    assert (
        results.cut("", BERT, 3) == ("", "", 2, 3, 0)
        and "%" not in results.cut("", BERT, 3).sentence
    )


def test_the_longest_passage_is_that_with_most_characters():
    assert (
        results.longest({"a": "xx", "b": "xxxx", "c": "x"}) == "xxxx" and results.longest({}) == ""
    )


# Which tokenizer


def choice(catalog, variant, folder, engine="local"):
    return ModelChoice(
        variant,
        variant,
        "embedder",
        engine,
        model=on_disk.of_variant(catalog, variant, folder, engine),
    )


def served(variant):
    endpoint = Endpoint(
        id="here",
        name="Ours",
        base_url="http://127.0.0.1:1",
        shape="tei",
        model="BAAI/bge-m3",
        variant=variant,
        kind="embedder",
    )
    return ModelChoice("at.here", "Ours", "embedder", "remote", endpoint=endpoint)


def test_a_tokenizer_comes_from_the_folder_where_it_holds_one(catalog, tmp_path):
    mine = Tokenizer(models.WordLevel({"[UNK]": 0, "mine": 1}, unk_token="[UNK]"))
    mine.pre_tokenizer = pre_tokenizers.Whitespace()
    mine.save(str(tmp_path / "tokenizer.json"))
    assert (
        results.tokenizer(catalog, choice(catalog, "bge-small-en-v1.5", tmp_path)).get_vocab_size()
        == 2
    )


@pytest.mark.parametrize("broken", [None, "{", "", '{"model": 3}'])
def test_an_english_model_without_a_tokenizer_file_that_can_be_read_takes_the_shipped_vocabulary(
    catalog, tmp_path, broken
):
    if broken is not None:
        (tmp_path / "tokenizer.json").write_text(broken)
    for variant in ("bge-small-en-v1.5", "bge-base-en-v1.5", "bge-large-en-v1.5"):
        found = results.tokenizer(catalog, choice(catalog, variant, tmp_path))
        assert found.get_vocab_size() == 30_522 and found.encode("cats").tokens == [
            "[CLS]",
            "cats",
            "[SEP]",
        ]
    assert results.tokenizer(catalog, choice(catalog, "bge-m3", tmp_path)) is None


def test_an_endpoint_takes_the_shipped_vocabulary_of_its_variant(catalog):
    assert results.tokenizer(catalog, served("bge-base-en-v1.5")).get_vocab_size() == 30_522
    assert (
        results.tokenizer(catalog, served("bge-m3")) is None
        and results.tokenizer(catalog, served(None)) is None
    )


def test_what_the_vocabulary_does_not_hold_is_counted(pinned, catalog):
    shipped = vocabulary.wordpiece(catalog.folder, "bert-uncased")
    found = results.cut("a fox 🙂🙂 and 🙃", shipped, 512)
    assert found.unknown == 2 and found.lost == ""
    assert "2" in figures(found.sentence) and "%" not in found.sentence
    assert "2" not in figures(results.cut("a fox and a fox", shipped, 512).sentence)
    assert found.sentence == pinned
