import contextlib
import gzip
import re
import time

import pytest

from advisor.live import hub_tokenizer
from advisor.live.token_counts import TokenCount, counter
from advisor.live.tokenizer_faults import TokenCountError
from advisor.net.hub import HUB
from tests.answering_server import (
    answer,
    answering,
    asking,
    broken_off,
    flood,
    silent,
    trickled_body,
    trickled_headers,
)
from tests.live.counting import words
from tests.waiting import until


@pytest.fixture
def serve():
    with contextlib.ExitStack() as servers:
        yield lambda *replies, **paths: servers.enter_context(answering(*replies, **paths))


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
    server = serve(
        answer(gzip.compress(good()), Content_Encoding="gzip") if packed else answer(good())
    )
    tokenizer = fetch(catalog, f"{server.base}/")
    assert server.seen == [(PATH, None)]
    assert counter(catalog, "bge-m3", {"bge-m3": tokenizer})(
        "one two three four five"
    ) == TokenCount(7, exact=True)
    assert counter(catalog, "bge-m3", {"bge-m3": tokenizer})("one").tokens == 3


def test_no_password_of_a_netrc_file_is_sent_along(catalog, serve, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text(
        "machine 127.0.0.1 login visitor password secret\n", encoding="utf-8"
    )
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
    moved = {PATH: answer(status=307, Location="/moved?x=1"), "/moved?x=1": answer(good())}
    server = serve(**moved)
    assert fetch(catalog, server.base).encode("one two").ids == [1, 0, 0, 2]
    assert [path for path, _ in server.seen] == [PATH, "/moved?x=1"]


@pytest.fixture
def refused_redirect(catalog, serve):
    """What is told of a redirect to another server, which is not asked."""
    other = serve(answer(good()))
    told = refusal(catalog, serve(answer(status=302, Location=f"{other.base}{PATH}")).base)
    assert other.seen == []
    return told


def test_a_redirect_to_another_server_is_refused_and_that_one_is_not_asked(
    pinned, refused_redirect
):
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
    assert "40,000,000" in refusal(catalog, serve(flood).base, timeout_s=10)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"\xff",
        # fails on any text
        b'{"version": "1.0", "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "<>"}}',
        # makes no tokens
        b'{"model": {"type": "BPE", "vocab": {}, "merges": []}}',
        # panics inside the library
        b'{"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, '
        b'"model": {"type": "BPE", "vocab": {}, "merges": []}}',
    ],
)
def test_what_is_no_tokenizer_is_refused(catalog, serve, body):
    told = refusal(catalog, serve(answer(body)).base)
    assert "BGE M3" in told and "tokenizer.json" in told


@pytest.mark.parametrize("reply", [silent, trickled_headers, trickled_body])
def test_a_slow_hub_holds_nobody_past_the_deadline(catalog, serve, reply):
    began = time.monotonic()
    assert refusal(catalog, serve(reply).base, timeout_s=0.4) == hub_tokenizer._TOO_LONG
    assert 0.3 < time.monotonic() - began < 1.5


def test_a_body_that_trickles_in_is_given_up_on_while_it_still_comes(catalog, serve):
    until(lambda: not asking(), 2)  # those of earlier tests end with their servers
    refusal(catalog, serve(trickled_body).base, timeout_s=0.3)
    until(lambda: not asking(), 1)


def test_a_hub_that_is_not_there_or_breaks_off_is_told(catalog, serve):
    server = serve(broken_off)
    assert (
        refusal(catalog, server.base)
        == refusal(catalog, "http://127.0.0.1:1")
        == hub_tokenizer._BROKEN
    )


@pytest.mark.parametrize(
    "base",
    [
        "http://huggingface.co",
        "https://example.com",
        "ftp://127.0.0.1",
        "https://huggingface.co@example.com",
        "",
    ],
)
def test_no_other_server_is_asked_for_a_tokenizer(catalog, base):
    assert refusal(catalog, base) == refusal(catalog, "no address") != hub_tokenizer._BROKEN
    assert HUB in refusal(catalog, base)


@pytest.mark.parametrize("hub_id", [None, "bge-m3", "../../x", "BAAI/bge m3", "BAAI/bge?x"])
def test_a_variant_without_an_address_on_the_hub_is_not_asked_for(catalog, serve, hub_id):
    server = serve(answer(good()))
    variant = catalog.variants["bge-m3"].model_copy(update={"hub_id": hub_id})
    with pytest.raises(TokenCountError, match="BGE M3"):
        hub_tokenizer.fetch_tokenizer(variant, 3, server.base)
    assert server.seen == []


def test_each_way_to_get_no_tokenizer_is_told_with_what_follows(pinned, catalog, serve):
    with pytest.raises(TokenCountError) as no_address:
        hub_tokenizer.fetch_tokenizer(
            catalog.variants["bge-m3"].model_copy(update={"hub_id": None})
        )
    told = {
        "too slow": refusal(catalog, serve(silent).base, timeout_s=0.1),
        "not there": refusal(catalog, "http://127.0.0.1:1"),
        "another server": refusal(catalog, "https://example.com"),
        "no address on the hub": str(no_address.value),
        "no tokenizer": refusal(catalog, serve(answer(b"{}")).base),
    }
    assert len(set(told.values())) == 5
    assert told == pinned
