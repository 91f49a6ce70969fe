"""Tokens of sample texts: counts worked by hand, samples good and bad, and a tokenizer asked of a real server on this machine."""

import contextlib
import csv
import gzip
import json
import re
import shutil
import threading
import time
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base.errors import CatalogError
from advisor.live import hub_tokenizer, token_counts, vocabulary
from advisor.live.sample_texts import SampleLimits, TokenCountError, passages
from advisor.live.token_counts import Count, counter, lengths_for_workload, summary

ENGLISH = ["bge-base-en-v1.5", "bge-large-en-v1.5", "bge-small-en-v1.5"]
XLM_R = ["bge-m3", "bge-reranker-base", "bge-reranker-large", "bge-reranker-v2-m3"]
VOCABULARY = "tokenizers/bert-uncased.txt"


def words(special="<s> $A </s>", pair="<s> $A </s> </s> $B </s>"):
    """A tokenizer that makes a token of each word, with XLM-R's special tokens, and that would cut and pad."""
    tokenizer = Tokenizer(WordLevel({"<unk>": 0, "<s>": 1, "</s>": 2}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single=special, pair=pair, special_tokens=[("<s>", 1), ("</s>", 2)])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=3)
    return tokenizer


def whole(tokenizer):
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def rows(found):
    return {row.variant_id: row for row in found}


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
        assert counter(catalog, variant)(text) == Count(len(pieces) + 2, exact=True)
        assert counter(catalog, variant).text_tokens([text]) == [len(pieces)]


def test_the_ids_are_the_line_numbers_of_the_published_vocabulary(catalog):
    tokenizer = vocabulary.wordpiece(catalog.folder, "bert-uncased")
    # [CLS] hello world [SEP] in the documentation of BERT
    assert tokenizer.encode("Hello world").ids == [101, 7592, 2088, 102]
    assert tokenizer.encode("hello", "world").ids == [101, 7592, 102, 2088, 102]
    assert tokenizer.get_vocab_size() == 30_522


@pytest.mark.parametrize("variant", ENGLISH)
def test_the_special_tokens_are_those_that_the_catalog_states(catalog, variant):
    assert counter(catalog, variant).special_tokens == catalog.variants[variant].special_tokens_per_text == 2


def test_a_long_text_is_neither_cut_nor_padded(catalog):
    assert counter(catalog, ENGLISH[0])("word " * 2000).tokens == 2002
    assert counter(catalog, ENGLISH[0]).text_tokens(["word", "word word word"]) == [1, 3]


def test_more_texts_than_a_batch_keep_their_order(catalog):
    texts = ["word " * (number % 7) for number in range(1300)]
    assert counter(catalog, ENGLISH[0]).text_tokens(texts) == [number % 7 for number in range(1300)]


def test_a_lone_surrogate_is_counted_as_a_question_mark(catalog):
    assert counter(catalog, ENGLISH[0]).text_tokens(["a \ud800 b"]) == [3]


# Without the vocabulary, or with a broken one


def test_without_the_folder_the_catalog_loads_and_every_count_is_an_estimate(copied):
    shutil.rmtree(copied / "tokenizers")
    found = summary(catalogs.load(copied), ["seventeen letters"])
    assert len(found) == 8 and not any(row.exact for row in found) and all(row.rule.startswith(token_counts.ESTIMATE) for row in found)
    assert rows(found)["bge-base-en-v1.5"].typical == 5 + 2


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        (b"\nhello\n", b"\nworld\n", ["1"]),
        (b"\n[SEP]\n", b"\n[SAP]\n", ["[SEP]"]),
        (b"\n", b"\r\n", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]),
        (b"\nhello\n", b"\n", ["30,521", "30,522", "BGE Base EN v1.5"]),
        (b"\nhello\n", b"\n\xff\n", ["UTF-8"]),
    ],
    ids=["a piece twice", "a special one is missing", "other line ends", "a piece too few", "not UTF-8"],
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
    assert f"catalog/{VOCABULARY}" in str(caught.value) and all(fact in str(caught.value) for fact in facts)
    assert str(caught.value) == pinned


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("  four  ", 1), ("seventeen letters", 5), ("\u4f60\u597d", 2), ("\u4f60\u597d, world", 4), ("\uac00\u3042\U00020000", 3)],
)  # fmt: skip
def test_the_estimate_is_four_characters_a_token_and_one_for_a_cjk_character(text, tokens):
    assert token_counts.estimated_tokens(text) == tokens


def test_an_estimate_says_so_and_adds_the_special_tokens_that_are_known(pinned, catalog):
    assert counter(catalog, "bge-m3")("fives") == Count(2 + 2, exact=False)
    assert counter(catalog, "bge-reranker-base")("fives") == Count(2 + 4, exact=False)
    gemma = counter(catalog, "bge-multilingual-gemma2")
    assert gemma("fives") == Count(2, exact=False)
    assert counter(catalog, "bge-m3").rule == token_counts.ESTIMATE
    assert gemma.rule.startswith(token_counts.ESTIMATE) and gemma.rule != token_counts.ESTIMATE
    assert gemma.rule == pinned


# With fetched tokenizers


def test_a_fetched_tokenizer_counts_for_each_variant_with_the_same_one(pinned, catalog):
    found = rows(summary(catalog, ["one two three four"], {"bge-m3": whole(words())}))
    assert [key for key, row in found.items() if row.exact] == sorted([*ENGLISH, *XLM_R])
    assert (found["bge-m3"].most, found["bge-reranker-base"].most) == (4 + 2, 4 + 4)
    own, shared, estimated = (found[key].rule for key in ("bge-m3", "bge-reranker-base", "bge-multilingual-gemma2"))
    assert "BGE M3" in own and all(name in shared for name in ("BGE M3", "BGE Reranker Base", "xlm-roberta sentencepiece"))
    assert estimated.startswith(token_counts.ESTIMATE)
    assert {"its own": own, "one that it shares": shared} == pinned


def test_a_variants_own_fetched_tokenizer_comes_before_all_others(catalog):
    other = Tokenizer(WordLevel({"<unk>": 0}, unk_token="<unk>"))  # the whole text is one token
    fetched = {"bge-m3": whole(words()), "bge-reranker-base": other, "bge-small-en-v1.5": other}
    assert counter(catalog, "bge-reranker-base", fetched)("one two") == Count(1, exact=True)
    assert counter(catalog, "bge-small-en-v1.5", fetched)("one two") == Count(1, exact=True)
    assert counter(catalog, "bge-base-en-v1.5", fetched)("one two") == Count(4, exact=True)


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
    found = rows(summary(catalog, of_lengths(509, 510, 511, 512)))["bge-base-en-v1.5"]
    assert (found.limit, found.most, found.share_over) == (512, 514, 0.5)


def test_a_rerankers_limit_holds_the_query_too(catalog):
    fetched = {"bge-reranker-base": whole(words())}
    # 512 = 491 + 4 + 17 holds; 492 does not
    found = rows(summary(catalog, of_lengths(491, 492, 10, 10), fetched, query_tokens=17))
    assert (found["bge-reranker-base"].query_tokens, found["bge-reranker-base"].share_over) == (17, 0.25)
    assert (found["bge-base-en-v1.5"].query_tokens, found["bge-base-en-v1.5"].share_over) == (0, 0)
    assert rows(summary(catalog, ["a"]))["bge-reranker-base"].query_tokens == Workload().query_tokens


def test_typical_and_p95_are_lengths_that_a_half_and_nineteen_of_twenty_do_not_exceed(catalog):
    found = rows(summary(catalog, of_lengths(*range(20, 0, -1))))["bge-large-en-v1.5"]
    assert (found.passages, found.typical, found.p95, found.most) == (20, 10 + 2, 19 + 2, 20 + 2)
    found = rows(summary(catalog, of_lengths(7)))["bge-large-en-v1.5"]
    assert (found.typical, found.p95, found.most) == (9, 9, 9)


def test_every_embedder_and_reranker_is_summed_up_and_nothing_else(catalog):
    wanted = [key for key, variant in catalog.variants.items() if variant.kind != "language-model"]
    found = summary(catalog, ["a"])
    assert [row.variant_id for row in found] == wanted and len(wanted) == 8
    assert all(
        (row.name, row.kind, row.limit) == (v.name, v.kind, v.max_tokens) for row in found for v in [catalog.variants[row.variant_id]]
    )


def test_a_variant_without_a_published_limit_has_no_share(copied, edit):
    path = "families/bge/variants/bge-m3.yaml"
    edit(copied / path, "max_tokens: 8192\n", "max_tokens: null\n")
    found = rows(summary(catalogs.load(copied), ["a"]))["bge-m3"]
    assert (found.limit, found.share_over) == (None, None)


def test_the_workload_gets_tokens_of_the_texts_alone(catalog):
    found = lengths_for_workload(catalog, of_lengths(*range(1, 21)), "bge-small-en-v1.5")
    assert found == (11, 19)  # the mean is 10.5
    workload = Workload.of(found._asdict())
    assert (workload.passage_tokens, workload.passage_tokens_p95) == (11, 19)
    assert lengths_for_workload(catalog, ["seventeen letters"], "bge-m3") == (5, 5)
    assert lengths_for_workload(catalog, ["one two", "one"], "bge-m3", {"bge-m3": whole(words())}) == (2, 2)


def test_a_few_long_texts_count_as_what_they_cost(catalog):
    assert lengths_for_workload(catalog, of_lengths(*[1] * 99, 1_000), "bge-small-en-v1.5") == (
        11,
        11,
    )  # 1,099 / 100; the 95th percentile is 1


def test_the_workloads_lengths_stay_within_its_bounds(catalog):
    assert lengths_for_workload(catalog, ["\u0001"], "bge-small-en-v1.5") == (1, 1)  # BERT drops control characters
    assert lengths_for_workload(catalog, ["a", "a", "\u597d" * 3_000_003], "bge-m3") == (1_000_000, 1_000_000)


EMPTY = [("", ""), (b" \n\n", "a.txt"), (b"text\n", "a.csv"), (b"", "a.csv"), (b'text\n" "\n', "a.csv"), (b"\n\n", "a.jsonl")]


def test_no_texts_are_an_error_and_no_row_of_zeros(pinned, catalog):
    told = set()
    samples = [lambda one=one: passages(*one) for one in EMPTY]
    for call in (lambda: summary(catalog, []), lambda: lengths_for_workload(catalog, [], "bge-m3"), *samples):
        with pytest.raises(TokenCountError) as caught:
            call()
        told.add(str(caught.value))
    assert len(told) == 1
    assert told == pinned


# The sample


@pytest.mark.parametrize(
    ("content", "name", "split", "found"),
    [
        ("one\ntwo\n\n \t\n\nthree  \n", "", "blank-line", ["one\ntwo", "three"]),
        ("one\ntwo\n\nthree\n", "", "line", ["one", "two", "three"]),
        ("one\r\n\r\ntwo\rthree\r\nfour", "", "blank-line", ["one", "two\nthree\nfour"]),
        ("caf\u00e9".encode(), "a.txt", "blank-line", ["caf\u00e9"]),
        (b"\xef\xbb\xbftext\nwith a mark", "A.TXT", "line", ["text", "with a mark"]),
        ("one\u2028two", "", "line", ["one\u2028two"]),
        (b'id,Text \n1,"one, two\n\nthree"\n\n2,"say ""four"""\n3,\n', "a.csv", "line", ["one, two\n\nthree", 'say "four"']),
        (b"text\none\ntwo\n", "a.CSV", "line", ["one", "two"]),
        (b"id;body;more\na-1;one, two;x y\n", "a.csv", "line", ["one, two"]),
        (b"id\tbody\n1\tone two\n", "a.csv", "line", ["one two"]),
        (b"key,body\nk,one\nl,two words\n", "a.csv", "line", ["one", "two words"]),
        (b"n,body\n1,one\n2,two\n", "a.csv", "line", ["one", "two"]),
        ("id,body\nk,\u65e5\u672c\u8a9e\n".encode(), "a.csv", "line", ["\u65e5\u672c\u8a9e"]),
        (b"when,body\n2026-01-02 10:00,one two\n", "a.csv", "line", ["one two"]),
        (b'{"id": 7, "text": "one\\ntwo"}\n\n{"text": "three", "id": 8}\n', "a.jsonl", "line", ["one\ntwo", "three"]),
        (b'{"id": "k", "body": "one two"}\n{"id": "l", "body": ""}', "a.jsonl", "line", ["one two"]),
        (b'{"text": "a \\ud800 b"}', "a.jsonl", "line", ["a ? b"]),
    ],
)
def test_a_sample_is_split_into_these_passages(content, name, split, found):
    assert passages(content, name, split) == found


@pytest.mark.parametrize(
    ("content", "name", "facts"),
    [
        pytest.param(b"one\ntwo\n\xff\xfe", "a.txt", ["3", "UTF-8"], id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbfone\n\xe9", "a.csv", ["2", "UTF-8"], id="not UTF-8 after a mark"),
        pytest.param(b"x", "a.pdf", [".pdf", ".txt", ".csv", ".jsonl"], id="another kind of file"),
        pytest.param(b'text,n\n"a\nb",1\n\none, two,2\n', "a.csv", ["5", "3", "2"], id="a value too many"),
        pytest.param(b'text\nfine\n"open\nand on', "a.csv", ["3", "CSV", ".jsonl"], id="an open quote"),
        pytest.param(b'text\n"a" b\n', "a.csv", ["2", "CSV", ".jsonl"], id="a stray quote"),
        pytest.param(b"text\n" + b"a" * 131_073, "a.csv", ["2", "CSV", "131072"], id="a long field"),
        pytest.param(b"a,b\n1,2\n", "a.csv", ["'text'"], id="no column of texts"),
        pytest.param(b'{"text": "a"}\n{"text": "b"\n', "a.jsonl", ["2", "JSON", '{"text": "..."}'], id="JSON that breaks off"),
        pytest.param(b'{"text": "a"}\n\n["b"]\n', "a.jsonl", ["3", "JSON"], id="a list"),
        pytest.param(b"[" * 100_000, "a.jsonl", ["1", "JSON"], id="nested"),
        pytest.param(b'{"text": "a"}\n{"body": "b"}\n', "a.jsonl", ["2", "'text'"], id="an object of another kind"),
        pytest.param(b'{"text": 5, "body": "b c"}\n', "a.jsonl", ["1", "'text'"], id="a number"),
        pytest.param(b'{"n": 5}\n', "a.jsonl", ["'text'"], id="no field of texts"),
        pytest.param("fine\n\n" + "a" * 131_073, "", ["3", "131,073", "131,072"], id="a long passage"),
    ],
)
def test_a_sample_that_cannot_be_read_says_where_and_what_to_do(pinned, content, name, facts):
    csv.field_size_limit(131_072)  # bulk encoding, in a process of its own, takes more
    with pytest.raises(TokenCountError) as caught:
        passages(content, name)
    told = str(caught.value)
    assert "\n" not in told
    assert all(re.search(rf"(?<![\d,]){re.escape(fact)}(?![\d,]\d)", told) for fact in facts)  # a number as a whole
    assert told == pinned


def test_a_sample_of_the_largest_size_is_read_and_one_more_is_not():
    assert len(passages("a" * 10, limits=SampleLimits(largest_bytes=10))) == 1
    with pytest.raises(TokenCountError, match=r"\b11\b.*\b10\b"):
        passages("\u00e9" * 5 + "a", limits=SampleLimits(largest_bytes=10))
    assert len(passages("a" * 131_072)) == 1
    assert len(passages("a\n" * 3, split="line", limits=SampleLimits(most_passages=3))) == 3
    with pytest.raises(TokenCountError, match=r"\b3\b.*\b5\b"):
        passages("a\na\n\na\na\n", split="line", limits=SampleLimits(most_passages=3))


def test_the_limits_are_five_megabytes_and_twenty_thousand_passages():
    assert len(passages("a\n" * 20_000, split="line")) == 20_000
    with pytest.raises(TokenCountError, match="20,000"):
        passages("a\n" * 20_001, split="line")
    with pytest.raises(TokenCountError, match="5,000,001"):
        passages(b"a" * 5_000_001)


def test_each_limit_of_a_sample_is_told_with_what_to_do(pinned):
    told = {}
    for name, text, limits in (("bytes", "a" * 11, SampleLimits(10)), ("passages", "a\na\n\na\na\n", SampleLimits(most_passages=3))):
        with pytest.raises(TokenCountError) as caught:
            passages(text, split="line", limits=limits)
        told[name] = str(caught.value)
    assert "11" in told["bytes"] and "3" in told["passages"]
    assert told == pinned


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jsonl", b'{"text":"a"}\n' * 380_000), ("a.csv", b"text,n\n" + b"a,1\n" * 1_200_000), ("a.txt", b"a\n\n" * 1_600_000)],
)
def test_no_more_rows_than_are_counted_are_held(name, content):
    tracemalloc.start()
    with pytest.raises(TokenCountError, match="20,000"):
        passages(content, name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000


# Fetching a tokenizer


class Handler(BaseHTTPRequestHandler):
    """Answers with the server's reply for the path, or its only one."""

    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Authorization"]))
        with contextlib.suppress(ConnectionError):
            self.server.replies.get(self.path, self.server.replies.get("*", answer(status=404)))(self)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    with contextlib.ExitStack() as ends:

        def started(reply=None, **paths):
            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.block_on_close, server.daemon_threads = False, True
            server.replies, server.seen, server.closing = {"*": reply} if reply else paths["paths"], [], threading.Event()
            server.base = f"http://127.0.0.1:{server.server_port}"
            for end in (server.server_close, server.shutdown, server.closing.set):
                ends.callback(end)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            return server

        yield started


def answer(content=b"", status=200, **headers):
    def reply(handler):
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return reply


def good():
    return words().to_str().encode()


def fetch(catalog, base, timeout_s=3.0, **more):
    return hub_tokenizer.fetch_tokenizer(catalog.variants["bge-m3"], timeout_s, base, **more)


def refusal(catalog, base, **more):
    with pytest.raises(TokenCountError) as caught:
        fetch(catalog, base, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


PATH = "/BAAI/bge-m3/resolve/main/tokenizer.json"


@pytest.mark.parametrize("packed", [False, True])
def test_a_fetched_tokenizer_is_the_hubs_without_its_cut_and_padding(catalog, serve, packed):
    server = serve(answer(gzip.compress(good()), Content_Encoding="gzip") if packed else answer(good()))
    tokenizer = fetch(catalog, f"{server.base}/")
    assert server.seen == [(PATH, None)]
    assert counter(catalog, "bge-m3", {"bge-m3": tokenizer})("one two three four five") == Count(7, exact=True)
    assert counter(catalog, "bge-m3", {"bge-m3": tokenizer})("one").tokens == 3


def test_no_password_of_a_netrc_file_is_sent_along(catalog, serve, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login visitor password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve(answer(good()))
    fetch(catalog, server.base)
    assert server.seen == [(PATH, None)]


@pytest.mark.parametrize("status", [404, 401, 403, 500, 429, 302])
def test_a_refusal_of_the_hub_is_told_with_its_status(pinned, catalog, serve, status):
    told = refusal(catalog, serve(answer(good(), status=status)).base)
    assert re.findall(r"\d+", told) == [str(status)]
    assert told == pinned


def test_a_redirect_on_the_same_server_is_followed(catalog, serve):
    server = serve(paths={PATH: answer(status=307, Location="/moved?x=1"), "/moved?x=1": answer(good())})
    assert fetch(catalog, server.base).encode("one two").ids == [1, 0, 0, 2]
    assert [path for path, _ in server.seen] == [PATH, "/moved?x=1"]


@pytest.fixture
def refused_redirect(catalog, serve):
    """What is told of a redirect to another server, which is not asked."""
    other = serve(answer(good()))
    told = refusal(catalog, serve(answer(status=302, Location=f"{other.base}{PATH}")).base)
    assert other.seen == []
    return told


def test_a_redirect_to_another_server_is_refused_and_that_one_is_not_asked(pinned, refused_redirect):
    assert refused_redirect == pinned


@pytest.mark.parametrize(
    "location",
    [
        "https://example.com/tokenizer.json",
        "https://nothuggingface.co/tokenizer.json",
        "https://huggingface.co.example.com/tokenizer.json",
        "http://huggingface.co/tokenizer.json",
        "https://huggingface.co:8443/tokenizer.json",
        "https://huggingface.co@127.0.0.1/tokenizer.json",
        "https://127.0.0.1\\@huggingface.co/tokenizer.json",
        "file:///etc/passwd",
        "//localhost/tokenizer.json",
    ],
)
def test_a_redirect_off_the_hub_is_refused(catalog, serve, refused_redirect, location):
    server = serve(answer(status=302, Location=location))
    assert refusal(catalog, server.base) == refused_redirect
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://huggingface.co/x", True),
        ("https://cas-bridge.xethub.hf.co/x?y#z", True),
        ("HTTPS://CDN-LFS.HF.CO:443", True),
        ("https://hf.co.example.com/x", False),
        ("https://ahf.co/x", False),
        ("http://hf.co/x", False),
    ],
)
def test_the_hubs_hosts_are_known_by_their_whole_names(address, allowed):
    assert hub_tokenizer._on_hub(hub_tokenizer._origin(address)) is allowed


def test_a_redirect_without_end_is_given_up_on(pinned, catalog, serve):
    server = serve(answer(status=302, Location=PATH))
    told = refusal(catalog, server.base)
    assert len(server.seen) == 6
    assert told == pinned


def test_the_size_limit_is_that_of_the_unpacked_file(pinned, catalog, serve):
    body = good().ljust(50_000)
    server = serve(answer(gzip.compress(body), Content_Encoding="gzip"))
    fetch(catalog, server.base, largest_bytes=50_000)
    told = refusal(catalog, server.base, largest_bytes=49_999)
    assert "49,999" in told
    assert told == pinned


def test_a_flood_without_end_is_cut_off_at_forty_megabytes(catalog, serve):
    def flood(handler):
        handler.send_response(200)
        handler.end_headers()
        while not handler.server.closing.is_set():
            handler.wfile.write(b" " * 1_000_000)

    assert "40,000,000" in refusal(catalog, serve(flood).base, timeout_s=10)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"\xff",
        json.dumps({"version": "1.0", "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "<unk>"}}).encode(),  # fails on any text
        json.dumps({"model": {"type": "BPE", "vocab": {}, "merges": []}}).encode(),  # makes no tokens
        # panics inside the library
        json.dumps({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, "model": {"type": "BPE", "vocab": {}, "merges": []}}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_tokenizer_is_refused(catalog, serve, body):
    told = refusal(catalog, serve(answer(body)).base)
    assert "BGE M3" in told and "tokenizer.json" in told


def silent(handler):
    handler.server.closing.wait(5)


def trickled_headers(handler):
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
    while not handler.server.closing.wait(0.02):
        handler.wfile.write(b"x")


def trickled_body(handler):
    answer(b"", Content_Length="1000000")(handler)
    while not handler.server.closing.wait(0.02):
        handler.wfile.write(b" ")


@pytest.mark.parametrize("reply", [silent, trickled_headers, trickled_body])
def test_a_slow_hub_holds_nobody_past_the_deadline(catalog, serve, reply):
    began = time.monotonic()
    assert refusal(catalog, serve(reply).base, timeout_s=0.4) == hub_tokenizer._TOO_LONG
    assert 0.3 < time.monotonic() - began < 1.5


def test_a_body_that_trickles_in_is_given_up_on_while_it_still_comes(catalog, serve):
    def asking():
        return [thread for thread in threading.enumerate() if thread.name == "tokenizer-download"]

    until = time.monotonic() + 2  # those of earlier tests end with their servers
    while asking() and time.monotonic() < until:
        time.sleep(0.01)
    refusal(catalog, serve(trickled_body).base, timeout_s=0.3)
    until = time.monotonic() + 1
    while asking() and time.monotonic() < until:
        time.sleep(0.01)
    assert not asking()


def test_a_hub_that_is_not_there_or_breaks_off_is_told(catalog, serve):
    server = serve(lambda handler: handler.connection.close())
    assert refusal(catalog, server.base) == refusal(catalog, "http://127.0.0.1:1") == hub_tokenizer._BROKEN


@pytest.mark.parametrize(
    "base", ["http://huggingface.co", "https://example.com", "ftp://127.0.0.1", "https://huggingface.co@example.com", ""]
)
def test_no_other_server_is_asked_for_a_tokenizer(catalog, base):
    assert refusal(catalog, base) == refusal(catalog, "no address") != hub_tokenizer._BROKEN
    assert token_counts.HUB in refusal(catalog, base)


@pytest.mark.parametrize("hub_id", [None, "bge-m3", "../../x", "BAAI/bge m3", "BAAI/bge?x"])
def test_a_variant_without_an_address_on_the_hub_is_not_asked_for(catalog, serve, hub_id):
    server = serve(answer(good()))
    variant = catalog.variants["bge-m3"].model_copy(update={"hub_id": hub_id})
    with pytest.raises(TokenCountError, match="BGE M3"):
        hub_tokenizer.fetch_tokenizer(variant, 3, server.base)
    assert server.seen == []


def test_each_way_to_get_no_tokenizer_is_told_with_what_follows(pinned, catalog, serve):
    with pytest.raises(TokenCountError) as no_address:
        hub_tokenizer.fetch_tokenizer(catalog.variants["bge-m3"].model_copy(update={"hub_id": None}))
    told = {
        "too slow": refusal(catalog, serve(silent).base, timeout_s=0.1),
        "not there": refusal(catalog, "http://127.0.0.1:1"),
        "another server": refusal(catalog, "https://example.com"),
        "no address on the hub": str(no_address.value),
        "no tokenizer": refusal(catalog, serve(answer(b"{}")).base),
    }
    assert len(set(told.values())) == 5
    assert told == pinned
