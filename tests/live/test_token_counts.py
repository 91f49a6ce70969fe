"""Tokens of sample texts: counts, estimates and lengths, worked by hand."""

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.live import token_counts
from advisor.live.sample_texts import passages
from advisor.live.token_counts import TokenCount, counter, lengths_for_workload, summary
from advisor.live.tokenizer_faults import TokenCountError
from advisor.sizing.tokens import SPECIAL_PER_TEXT
from tests.live.counting import ENGLISH, rows, words

XLM_R = ["bge-m3", "bge-reranker-base", "bge-reranker-large", "bge-reranker-v2-m3"]


def whole(tokenizer):
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@pytest.mark.parametrize("variant", ENGLISH)
def test_the_special_tokens_are_those_that_the_catalog_states(catalog, variant):
    assert (
        counter(catalog, variant).special_tokens
        == catalog.variants[variant].special_tokens_per_text
        == 2
    )


def test_a_long_text_is_neither_cut_nor_padded(catalog):
    assert counter(catalog, ENGLISH[0])("word " * 2000).tokens == 2002
    assert counter(catalog, ENGLISH[0]).text_tokens(["word", "word word word"]) == [1, 3]


def test_more_texts_than_a_batch_keep_their_order(catalog):
    texts = ["word " * (number % 7) for number in range(1300)]
    assert counter(catalog, ENGLISH[0]).text_tokens(texts) == [number % 7 for number in range(1300)]


def test_a_lone_surrogate_is_counted_as_a_question_mark(catalog):
    assert counter(catalog, ENGLISH[0]).text_tokens(["a \ud800 b"]) == [3]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("  four  ", 1), ("seventeen letters", 5),
        ("\u4f60\u597d", 2), ("\u4f60\u597d, world", 4), ("\uac00\u3042\U00020000", 3)],
)  # fmt: skip
def test_the_estimate_is_four_characters_a_token_and_one_for_a_cjk_character(text, tokens):
    assert token_counts.estimated_tokens(text) == tokens


def test_an_estimate_says_so_and_adds_the_special_tokens(pinned, catalog):
    assert counter(catalog, "bge-m3")("fives") == TokenCount(2 + 2, exact=False)
    assert counter(catalog, "bge-reranker-base")("fives") == TokenCount(2 + 4, exact=False)
    gemma = counter(catalog, "bge-multilingual-gemma2")
    assert gemma("fives") == TokenCount(2 + SPECIAL_PER_TEXT, exact=False)
    assert counter(catalog, "bge-m3").rule == token_counts.ESTIMATE
    assert gemma.rule.startswith(token_counts.ESTIMATE) and gemma.rule != token_counts.ESTIMATE
    assert gemma.rule == pinned


# With fetched tokenizers


def test_a_fetched_tokenizer_counts_for_each_variant_with_the_same_one(pinned, catalog):
    lengths = rows(summary(catalog, ["one two three four"], {"bge-m3": whole(words())}))
    assert [key for key, row in lengths.items() if row.exact] == sorted([*ENGLISH, *XLM_R])
    assert (lengths["bge-m3"].most, lengths["bge-reranker-base"].most) == (4 + 2, 4 + 4)
    own, shared, estimated = (
        lengths[key].rule for key in ("bge-m3", "bge-reranker-base", "bge-multilingual-gemma2")
    )
    assert "BGE M3" in own and all(
        name in shared for name in ("BGE M3", "BGE Reranker Base", "xlm-roberta sentencepiece")
    )
    assert estimated.startswith(token_counts.ESTIMATE)
    assert {"its own": own, "one that it shares": shared} == pinned


def test_a_variants_own_fetched_tokenizer_comes_before_all_others(catalog):
    other = Tokenizer(WordLevel({"<unk>": 0}, unk_token="<unk>"))  # the whole text is one token
    fetched = {"bge-m3": whole(words()), "bge-reranker-base": other, "bge-small-en-v1.5": other}
    assert counter(catalog, "bge-reranker-base", fetched)("one two") == TokenCount(1, exact=True)
    assert counter(catalog, "bge-small-en-v1.5", fetched)("one two") == TokenCount(1, exact=True)
    assert counter(catalog, "bge-base-en-v1.5", fetched)("one two") == TokenCount(4, exact=True)


def test_a_tokenizer_of_a_variant_that_the_catalog_lacks_is_not_taken(catalog):
    assert not counter(catalog, "bge-m3", {"bge-m4": words()}).exact


def test_a_tokenizer_that_fails_on_a_sample_is_told_in_a_sentence(pinned, catalog):
    broken = Tokenizer(WordLevel({"known": 0}, unk_token="<unk>"))
    assert counter(catalog, "bge-m3", {"bge-m3": broken}).text_tokens(["known"]) == [1]
    with pytest.raises(TokenCountError) as caught:
        counter(catalog, "bge-m3", {"bge-m3": broken}).text_tokens(["other"])
    assert str(caught.value) == pinned


# The summary


def of_lengths(*lengths):
    return ["word " * length for length in lengths]


def test_the_share_over_the_limit_counts_the_special_tokens(catalog):
    lengths = rows(summary(catalog, of_lengths(509, 510, 511, 512)))["bge-base-en-v1.5"]
    assert (lengths.limit, lengths.most, lengths.share_over) == (512, 514, 0.5)


def test_a_rerankers_limit_holds_the_query_too(catalog):
    fetched = {"bge-reranker-base": whole(words())}
    # 512 = 491 + 4 + 17 holds; 492 does not
    lengths = rows(summary(catalog, of_lengths(491, 492, 10, 10), fetched, query_tokens=17))
    assert (lengths["bge-reranker-base"].query_tokens, lengths["bge-reranker-base"].share_over) == (
        17,
        0.25,
    )
    assert (lengths["bge-base-en-v1.5"].query_tokens, lengths["bge-base-en-v1.5"].share_over) == (
        0,
        0,
    )
    assert (
        rows(summary(catalog, ["a"]))["bge-reranker-base"].query_tokens == Workload().query_tokens
    )


def test_typical_and_p95_are_lengths_that_a_half_and_nineteen_of_twenty_do_not_exceed(catalog):
    lengths = rows(summary(catalog, of_lengths(*range(20, 0, -1))))["bge-large-en-v1.5"]
    assert (lengths.passages, lengths.typical, lengths.p95, lengths.most) == (
        20,
        10 + 2,
        19 + 2,
        20 + 2,
    )
    lengths = rows(summary(catalog, of_lengths(7)))["bge-large-en-v1.5"]
    assert (lengths.typical, lengths.p95, lengths.most) == (9, 9, 9)


def test_every_embedder_and_reranker_is_summed_up_and_nothing_else(catalog):
    wanted = [key for key, variant in catalog.variants.items() if variant.kind != "language-model"]
    lengths = summary(catalog, ["a"])
    assert [row.variant_id for row in lengths] == wanted and len(wanted) == 8
    assert all(
        (row.name, row.kind, row.limit) == (v.name, v.kind, v.max_tokens)
        for row in lengths
        for v in [catalog.variants[row.variant_id]]
    )


def test_a_variant_without_a_published_limit_has_no_share(copied, edit):
    path = "families/bge/variants/bge-m3.yaml"
    edit(copied / path, "max_tokens: 8192\n", "max_tokens: null\n")
    lengths = rows(summary(catalogs.load(copied), ["a"]))["bge-m3"]
    assert (lengths.limit, lengths.share_over) == (None, None)


def test_the_workload_gets_tokens_of_the_texts_alone(catalog):
    lengths = lengths_for_workload(catalog, of_lengths(*range(1, 21)), "bge-small-en-v1.5")
    assert lengths == (11, 19)  # the mean is 10.5
    workload = Workload.of(lengths._asdict())
    assert (workload.passage_tokens, workload.passage_tokens_p95) == (11, 19)
    assert lengths_for_workload(catalog, ["seventeen letters"], "bge-m3") == (5, 5)
    assert lengths_for_workload(
        catalog, ["one two", "one"], "bge-m3", {"bge-m3": whole(words())}
    ) == (2, 2)


def test_a_few_long_texts_count_as_what_they_cost(catalog):
    assert lengths_for_workload(catalog, of_lengths(*[1] * 99, 1_000), "bge-small-en-v1.5") == (
        11,
        11,
    )  # 1,099 / 100; the 95th percentile is 1


def test_the_workloads_lengths_stay_within_its_bounds(catalog):
    assert lengths_for_workload(catalog, ["\u0001"], "bge-small-en-v1.5") == (
        1,
        1,
    )  # BERT drops control characters
    assert lengths_for_workload(catalog, ["a", "a", "\u597d" * 3_000_003], "bge-m3") == (
        1_000_000,
        1_000_000,
    )


EMPTY = [
    ("", ""),
    (b" \n\n", "a.txt"),
    (b"text\n", "a.csv"),
    (b"", "a.csv"),
    (b'text\n" "\n', "a.csv"),
    (b"\n\n", "a.jsonl"),
]


def test_no_texts_are_an_error_and_no_row_of_zeros(pinned, catalog):
    told = set()
    samples = [lambda one=one: passages(*one) for one in EMPTY]
    for call in (
        lambda: summary(catalog, []),
        lambda: lengths_for_workload(catalog, [], "bge-m3"),
        *samples,
    ):
        with pytest.raises(TokenCountError) as caught:
            call()
        told.add(str(caught.value))
    assert len(told) == 1
    assert told == pinned
