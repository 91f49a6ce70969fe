"""Live prices, asked of a real server on this machine that behaves well and badly."""

import contextlib
import dataclasses
import gzip
import json
import re
import shutil
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
import yaml

from advisor import catalog as catalogs
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog import files, price_sources
from advisor.catalog.load import SHIPPED
from advisor.catalog.schema import Offer, Withdrawal
from advisor.decide.recommend import recommend
from advisor.serve import cli
from tests.answering_server import (
    answer,
    answering,
    asking,
    broken_off,
    flood,
    no_http,
    silent,
    trickled_body,
    trickled_chunks,
    trickled_headers,
    untold,
)
from tests.environment import lead_astray
from tests.waiting import until

KEY = "sk_test_5ecret-of-the-visitor"
M3, RERANKER = "baai/bge-m3", "baai/bge-reranker-v2-m3"
OURS = {M3: Decimal("0.07"), RERANKER: Decimal("0.03")}
QUICK = price_sources.LIMITS._replace(
    connect_s=1, read_s=1, deadline_s=3, backoff_s=0.01, longest_wait_s=1.2
)


@pytest.fixture
def serve():
    with contextlib.ExitStack() as servers:

        def started(*replies):
            server = servers.enter_context(answering(*replies))
            server.base += "/openai/v1"
            return server

        yield started


@pytest.fixture(autouse=True)
def nothing_tells_the_key(caplog, capsys):
    with untold(KEY, caplog, capsys):
        yield


@pytest.fixture(autouse=True)
def fixed_day(monkeypatch, today):
    monkeypatch.setattr(catalogs, "today", lambda: today)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The shipped catalog with two offers of Novita's, at prices that are ours."""
    folder = shutil.copytree(SHIPPED, tmp_path_factory.mktemp("ours") / "catalog")
    offers = [
        {
            "id": f"novita-ai-{variant}",
            "variant": variant,
            "model": model,
            "type": "serverless",
            "usd_per_1m_input": str(OURS[model]),
            "usd_per_1m_output": None,
            "billing_unit": "per input token",
            "as_of": date(2026, 11, 12),
            "max_tokens": 8192,
            "tier": "listing",
            "native_currency": "USD",
            "sources": ["listing"],
        }
        for variant, model in (("bge-m3", M3), ("bge-reranker-v2-m3", RERANKER))
    ]
    text = yaml.safe_dump({"name": "Novita AI", "offers": offers}, sort_keys=False)
    (folder / "offers/novita-ai.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def catalog(folder):
    return catalogs.load(folder)


def flat(**stated):
    return {
        "data": [
            {"id": model, "object": "model", "input_token_price_per_m": price}
            for model, price in stated.items()
        ]
    }


def listed(m3=100, reranker=100, **more):
    return answer(
        flat(**{M3: m3, RERANKER: reranker, "meta-llama/llama-3.3-70b-instruct": 3900, **more})
    )


def refusal(base, key=KEY, limits=QUICK):
    """The sentence that `fetch` ends with, in which nothing leads to the key or to an exception
    that holds it.
    """
    with pytest.raises(price_sources.PricesError) as caught:
        price_sources.fetch(key, base, limits)
    error = caught.value
    assert error.__cause__ is None and error.__context__ is None
    told = repr(error) + "".join(traceback.format_exception(error))
    assert not key.strip() or key.strip() not in told
    assert "\n" not in str(error)
    return str(error)


# What is read


@pytest.mark.parametrize(
    ("stated", "usd"),
    [
        ("3900", "0.39"),
        ("100", "0.01"),
        ('"100"', "0.01"),
        ('" 2690 "', "0.269"),
        ("100.0", "0.01"),
        ("1e2", "0.01"),
        ("0.1", "0.00001"),
        ("1234.5678901234567", "0.12345678901234567"),  # a float would lose the last digits
        ("null", None),
        ("0", None),
        ('"0"', None),
        ("0.0", None),
        ("-100", None),
        ("NaN", None),
        ("Infinity", None),
        ("-Infinity", None),
        ('"NaN"', None),
        ('"free"', None),
        ('""', None),
        ('"1_00"', None),
        ('"\u0661\u0660\u0660"', None),
        ("true", None),
        ("[100]", None),
        ("{}", None),
        ("1e-5", None),
        ("1e15", None),
        ("1e99999999999999999999", None),
        ("9" * 5000, None),
    ],
)
@pytest.mark.parametrize(
    "shape",
    [
        '{"data": [{"id": "m", "input_token_price_per_m": %s}]}',
        '{"data": [{"id": "m", "pricing": {"prompt": {"price_per_m": %s}}}]}',
    ],
)
def test_a_price_is_read_exactly_from_either_shape_or_is_not_known(shape, stated, usd):
    found = price_sources._listed_prices((shape % stated).encode(), KEY)
    assert found == {"m": None if usd is None else Decimal(usd)}
    assert usd is None or (str(found["m"]) == usd and type(found["m"]) is Decimal)


def test_a_list_in_both_shapes_is_read_from_the_server(serve):
    newer = {
        "id": RERANKER,
        "pricing": {"prompt": {"price_per_m": "200"}, "completion": {"price_per_m": 300}},
        "context_size": 8000,
    }
    both = {
        "id": "both",
        "input_token_price_per_m": None,
        "pricing": {"prompt": {"price_per_m": 5}},
    }
    server = serve(
        answer(
            {
                "data": [
                    *flat(**{M3: 100, "free": 0})["data"],
                    newer,
                    both,
                    {"id": "bare", "pricing": None},
                ]
            }
        )
    )
    assert price_sources.fetch(KEY, server.base, QUICK) == {
        M3: Decimal("0.01"),
        "free": None,
        RERANKER: Decimal("0.02"),
        "both": Decimal("0.0005"),
        "bare": None,
    }
    assert server.seen == [("/openai/v1/models", f"Bearer {KEY}")]


def test_an_entry_that_is_none_is_passed_over(serve):
    odd = [
        None,
        7,
        {},
        {"id": None},
        {"id": ""},
        {"id": "a\x1b[31mb"},
        {"id": "a\nb: c"},
        {"id": "x" * 300},
    ]
    server = serve(answer({"data": odd + flat(**{M3: 100})["data"]}))
    assert price_sources.fetch(KEY, server.base, QUICK) == {M3: Decimal("0.01")}


def test_a_list_that_echoes_the_key_does_not_hand_it_on(serve):
    server = serve(answer(flat(**{f"baai/bge-{KEY}": 100, M3: 100})))
    assert price_sources.fetch(KEY, server.base, QUICK) == {M3: Decimal("0.01")}


def test_a_packed_list_and_one_in_chunks_are_read(serve):
    def in_chunks(handler):
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for part in (b'{"data": [{"id": "m", "input', b'_token_price_per_m": 100}]}', b""):
            handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    packed = answer(gzip.compress(json.dumps(flat(m=100)).encode()), Content_Encoding="gzip")
    for reply in (packed, in_chunks):
        assert price_sources.fetch(KEY, serve(reply).base, QUICK) == {"m": Decimal("0.01")}


# Where it is asked, and with what


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", "/openai/v1/models"),
        ("/", "/openai/v1/models"),
        ("/openai", "/openai/v1/models"),
        ("/openai/", "/openai/v1/models"),
        ("/openai/v1", "/openai/v1/models"),
        ("/openai//v1//", "/openai/v1/models"),
        ("/openai/v1/models", "/openai/v1/models"),
        ("/v3/openai", "/v3/openai/models"),
        ("/v3/openai/v1/", "/v3/openai/models"),
    ],
)
def test_every_form_of_the_base_asks_the_model_list(serve, path, asked):
    server = serve(listed())
    price_sources.fetch(KEY, f"http://127.0.0.1:{server.server_port}{path}", QUICK)
    assert [seen for seen, _ in server.seen] == [asked]


@pytest.mark.parametrize(
    ("base", "address"),
    [
        (price_sources.BASE, f"{price_sources.BASE}/models"),
        ("https://api.novita.ai/openai", f"{price_sources.BASE}/models"),
        ("http://[::1]:8000", "http://[::1]:8000/openai/v1/models"),
    ],
)
def test_the_list_is_asked_over_https_or_on_this_machine(base, address):
    parts = price_sources._list_address(base)
    assert parts.root + parts.path == address


NO_BASES = {
    "not https": [
        "http://api.novita.ai/openai/v1",
        "http://127.0.0.1.example.com",
        "http://192.0.2.1",
        "http://localhost.example.com",
    ],
    "no address that every parser reads alike": [
        "http://127.0.0.1@example.com/",
        "http://example.com\\@127.0.0.1/",
        "https://me:pass@example.com/",
        "https://example.com/?a=b",
        "https://example.com/\r\nX: y",
        "ftp://example.com/",
        "file:///etc/passwd",
        "api.novita.ai",
        "https:///openai",
        "https://[::1",
        "",
    ],
    "no host or port": ["https://example.com:99999", "https://example.com:0", "https://..."],
}


@pytest.mark.parametrize("why", NO_BASES)
def test_a_base_that_would_show_the_key_to_others_is_refused_before_asking(
    pinned, monkeypatch, why
):
    monkeypatch.setattr(price_sources, "Client", lambda *_: pytest.fail("it asked"))
    told = {refusal(base) for base in NO_BASES[why]}
    assert len(told) == 1 and "https://" in "".join(told)
    assert told == pinned


def test_a_key_that_is_none_is_refused_before_asking(pinned, serve):
    server = serve(listed())
    none = refusal(server.base, "")
    (odd,) = {
        refusal(server.base, key)
        for key in (" ", f"{KEY}\n", f"{KEY}\r\nX-Other: 1", f" {KEY}", f"{KEY}\x00", f"{KEY}é")
    }
    assert server.seen == [] and "NOVITA_API_KEY" in none and odd != none
    assert {"none": none, "one with an odd character": odd} == pinned


def test_neither_netrc_nor_a_proxy_of_the_environment_gets_between(serve, monkeypatch, tmp_path):
    other, server = serve(listed()), serve(listed())
    lead_astray(monkeypatch, tmp_path, other.base)
    price_sources.fetch(KEY, server.base, QUICK)
    assert server.seen == [("/openai/v1/models", f"Bearer {KEY}")] and other.seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_the_other_address_is_never_asked(serve, status):
    other = serve(listed())
    server = serve(answer(status=status, Location=f"{other.base}/models?key={KEY}"))
    assert re.findall(r"\d+", refusal(server.base)) == [str(status)]
    assert other.seen == [] and len(server.seen) == 1


# What goes wrong


@pytest.mark.parametrize(
    ("replies", "facts", "asked"),
    [
        pytest.param(
            [answer(status=302, Location="http://127.0.0.1:1/")], ["302"], 1, id="a redirect"
        ),
        pytest.param([answer(KEY.encode(), 401)], ["401"], 1, id="the key is refused"),
        pytest.param([answer(status=403)], ["403"], 1, id="the key is forbidden"),
        pytest.param([answer(status=404)], ["404", price_sources.BASE], 1, id="no such list"),
        pytest.param([answer(status=418)], ["418"], 1, id="an odd status"),
        pytest.param([answer(status=204)], ["204"], 1, id="no content"),
        pytest.param(
            [answer(status=429), answer(status=429, Retry_After=KEY)],
            ["429"],
            3,
            id="too many requests",
        ),
        pytest.param([answer(KEY.encode(), 500)], ["500"], 3, id="a fault"),
        pytest.param([answer(status=503)], ["503"], 3, id="unavailable"),
        pytest.param(
            [answer(b"<html>"), answer(b""), answer(b"\xff\xfe\xfa"), answer(b"[" * 200_000)],
            ["JSON"],
            1,
            id="no JSON",
        ),
        pytest.param(
            [
                *map(
                    answer,
                    ([], None, {"models": []}, {"data": {M3: 100}}, {"data": []}, {"data": ["m"]}),
                )
            ],
            ["'data'"],
            1,
            id="no list",
        ),
        pytest.param([answer(b"no gzip", Content_Encoding="gzip")], [], 1, id="no gzip"),
        pytest.param(
            [
                answer(b'{"data"', Content_Length="100"),
                broken_off,
                no_http,
            ],
            [price_sources._BROKEN],
            3,
            id="broken off",
        ),
    ],
)
def test_a_bad_answer_is_one_sentence_and_asked_again_only_where_that_may_help(
    pinned, serve, replies, facts, asked
):
    servers = [serve(reply) for reply in replies]
    told = {refusal(server.base) for server in servers}
    assert len(told) == 1 and all(fact in "".join(told) for fact in facts)
    assert [len(server.seen) for server in servers] == [asked] * len(servers)
    assert told == pinned


def test_nobody_listening_is_told(serve):
    server = serve(listed())
    server.shutdown()
    server.server_close()
    assert refusal(server.base) == price_sources._BROKEN


@pytest.mark.parametrize("bad", [answer(status=500), answer(status=429), broken_off])
def test_a_passing_fault_is_got_over(serve, bad):
    server = serve(bad, bad, listed())
    assert price_sources.fetch(KEY, server.base, QUICK)[M3] == Decimal("0.01")
    assert [key for _, key in server.seen] == [f"Bearer {KEY}"] * 3


def test_each_wait_is_twice_the_last(serve, monkeypatch):
    waits = []
    monkeypatch.setattr(price_sources.time, "sleep", waits.append)
    refusal(
        serve(answer(status=502)).base,
        limits=QUICK._replace(tries=4, backoff_s=0.25, longest_wait_s=60, deadline_s=60),
    )
    assert waits == [0.25, 0.5, 1.0]


def in_seconds(seconds):
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "least_s"),
    [(lambda: "1", 1), (lambda: in_seconds(1.99), 0.5), (lambda: in_seconds(-60), 0)],
)
def test_a_short_retry_after_is_kept_to_in_seconds_and_as_a_date(serve, header, least_s):
    server = serve(lambda handler: answer(status=429, Retry_After=header())(handler), listed())
    limits = QUICK._replace(longest_wait_s=2.5, deadline_s=5)
    began = time.monotonic()
    price_sources.fetch(KEY, server.base, limits)
    assert least_s <= time.monotonic() - began < least_s + 1.5 and len(server.seen) == 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "header",
    [lambda: "7200", lambda: in_seconds(7200), lambda: in_seconds(7200).replace("GMT", "-0000")],
)
def test_a_long_retry_after_is_not_waited_for_but_told(serve, header, status):
    server = serve(answer(status=status, Retry_After=header()), listed())
    told = refusal(server.base)
    (time_told,) = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", told)
    stated = datetime.strptime(time_told, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert (
        timedelta(seconds=7180) < stated - datetime.now(UTC) < timedelta(seconds=7260)
        and len(server.seen) == 1
    )


@pytest.mark.parametrize("header", ["999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_retry_after_of_decades_is_a_sentence_too(serve, header):
    told = refusal(serve(answer(status=429, Retry_After=header)).base)
    assert "429" in told and re.search(r"\b20\d\d-\d\d-\d\d \d\d:\d\d", told)


def test_a_wait_longer_than_the_longest_is_not_begun(serve):
    began = time.monotonic()
    assert "429" in refusal(
        serve(answer(status=429, Retry_After="1")).base, limits=QUICK._replace(longest_wait_s=0.9)
    )
    assert time.monotonic() - began < 0.5


def test_a_wait_past_the_deadline_is_not_begun(serve):
    began = time.monotonic()
    assert "503" in refusal(
        serve(answer(status=503, Retry_After="1")).base, limits=QUICK._replace(deadline_s=0.8)
    )
    assert time.monotonic() - began < 0.5


# What is slow or large


@pytest.mark.parametrize("reply", [silent, trickled_body, trickled_chunks, trickled_headers])
def test_a_server_that_is_slow_holds_nobody_past_the_deadline(serve, reply):
    began = time.monotonic()
    assert (
        refusal(serve(reply).base, limits=QUICK._replace(read_s=30, deadline_s=0.4))
        == price_sources._TOO_LONG
    )
    assert 0.3 < time.monotonic() - began < 1


@pytest.mark.parametrize("reply", [trickled_body, trickled_chunks])
def test_a_body_that_trickles_in_is_given_up_on_while_it_still_comes(serve, reply):
    refusal(serve(reply).base, limits=QUICK._replace(read_s=30, deadline_s=0.3))
    until(lambda: not asking(), 1)


def test_a_silent_server_is_given_up_on_after_the_read_time_and_not_asked_again(pinned, serve):
    server = serve(silent)
    began = time.monotonic()
    told = refusal(server.base, limits=QUICK._replace(read_s=0.2))
    assert (
        time.monotonic() - began < 1
        and len(server.seen) == 1
        and told == price_sources._TOO_LONG != price_sources._BROKEN
    )
    assert told == pinned


def test_a_body_that_stops_half_way_is_given_up_on(serve):
    def stops(handler):
        answer(b'{"data": [', Content_Length="1000")(handler)
        silent(handler)

    assert refusal(serve(stops).base, limits=QUICK._replace(read_s=0.2)) == price_sources._TOO_LONG


def test_an_answer_of_the_largest_size_is_read_and_one_byte_more_is_not(pinned, serve):
    body = json.dumps(flat(m=100)).encode().ljust(50_000)
    server = serve(answer(body))
    assert price_sources.fetch(KEY, server.base, QUICK._replace(largest_bytes=50_000)) == {
        "m": Decimal("0.01")
    }
    told = refusal(server.base, limits=QUICK._replace(largest_bytes=49_999))
    assert "49,999" in told
    assert told == pinned


def test_the_size_is_that_of_the_unpacked_answer(serve):
    bomb = gzip.compress(b" " * 20_000_000)
    assert len(bomb) < 50_000
    assert "5,000,000" in refusal(serve(answer(bomb, Content_Encoding="gzip")).base)


def test_a_flood_without_end_is_cut_off(serve):
    assert "5,000,000" in refusal(serve(flood).base)


# With the operator's key


@pytest.mark.parametrize("reply", [listed(), answer(status=404)], ids=["a list", "a refusal"])
def test_with_the_operators_key_all_visitors_together_ask_once_a_minute(serve, monkeypatch, reply):
    server = serve(reply)

    def ask(_):
        try:
            return price_sources.fetch_for_all(KEY, server.base)
        except price_sources.PricesError as error:
            return str(error)

    with ThreadPoolExecutor(40) as visitors:
        told = list(visitors.map(ask, range(40)))
    assert len(server.seen) == 1 and told[0] and all(one == told[0] for one in told)
    monkeypatch.setattr(price_sources, "KEPT_S", 0)  # the minute is over
    assert ask(0) == told[0] and len(server.seen) == 2


# What differs from the catalog


def usd(m3=OURS[M3], reranker=OURS[RERANKER], **more):
    return {
        model: None if price is None else Decimal(price)
        for model, price in {M3: m3, RERANKER: reranker, **more}.items()
    }


def test_the_same_prices_are_no_drift_however_written(pinned, catalog):
    catalog = with_offers(catalog, {}, {"model": RERANKER.upper()})
    live = {
        "BAAI/BGE-M3": Decimal("0.070"),
        RERANKER: Decimal("0.03"),
        "meta-llama/llama-3.3-70b-instruct": Decimal("0.39"),
    }
    assert (
        price_sources.drift(catalog, live) == []
        and price_sources.yaml_change([], date(2026, 11, 24)) == ""
    )
    m3, reranker = price_sources.comparison(catalog, live)
    assert "novita-ai-bge-m3 (baai/bge-m3)" in m3 and m3.count("$0.07 / 1M") == 1
    assert (
        "novita-ai-bge-reranker-v2-m3 (BAAI/BGE-RERANKER-V2-M3)" in reranker
        and reranker.count("$0.03 / 1M") == 1
    )
    assert [m3, reranker] == pinned


def test_a_changed_price_a_gone_model_and_a_new_one_are_each_told(pinned, catalog):
    live = {
        "baai/bge-new": None,
        "BAAI/bge-large-en-v1.5": Decimal("0.005"),
        "baai/other": Decimal(1),
        M3: Decimal("0.02"),
    }
    found = price_sources.drift(catalog, live)
    assert [(d.offer_id, d.model, d.catalog, d.live) for d in found] == [
        ("novita-ai-bge-m3", M3, OURS[M3], Decimal("0.02")),
        ("novita-ai-bge-reranker-v2-m3", RERANKER, OURS[RERANKER], None),
        (None, "BAAI/bge-large-en-v1.5", None, Decimal("0.005")),
        (None, "baai/bge-new", None, None),
    ]
    told = dict(
        zip(("changed", "gone", "new", "new without a price"), (d.text for d in found), strict=True)
    )
    assert re.findall(r"[$][\d.]+", told["changed"]) == ["$0.02", "$0.07"] and re.findall(
        r"[$][\d.]+", told["gone"]
    ) == ["$0.03"]
    assert (
        re.findall(r"[$][\d.]+", told["new"]) == ["$0.005"]
        and "$" not in told["new without a price"]
    )
    assert told == pinned


def test_a_model_listed_without_a_price_is_no_drift(pinned, catalog):
    assert price_sources.drift(catalog, usd(m3=None)) == []
    told = price_sources.comparison(catalog, usd(m3=None))[0]
    assert (
        "novita-ai-bge-m3" in told
        and "$0.07 / 1M" in told
        and told != price_sources.comparison(catalog, usd())[0]
    )
    assert told == pinned


def with_offers(catalog, *changes):
    """The catalog with Novita's first offers changed."""
    provider = catalog.providers["novita-ai"]
    offers = [
        offer.model_copy(update=change)
        for offer, change in zip(provider.offers, changes, strict=False)
    ]
    return dataclasses.replace(
        catalog,
        providers={
            **catalog.providers,
            "novita-ai": provider.model_copy(update={"offers": offers}),
        },
    )


def test_a_price_that_the_catalog_did_not_know_is_drift(pinned, catalog):
    (found,) = price_sources.drift(with_offers(catalog, {"usd_per_1m_input": None}, {}), usd())
    assert (found.offer_id, found.catalog, found.live) == ("novita-ai-bge-m3", None, OURS[M3])
    assert formatting.NOT_KNOWN in found.text and "$0.07" in found.text
    assert found.text == pinned


def test_a_free_trial_is_not_compared_and_gets_no_price(catalog):
    trial = with_offers(catalog, {"type": "trial", "usd_per_1m_input": None})
    assert (
        price_sources.comparison(trial, {M3: Decimal(1)}) == []
        and price_sources.with_prices(trial, {M3: Decimal(1)}) is trial
    )


def test_a_catalog_without_novita_lacks_every_bge_model(catalog):
    bare = dataclasses.replace(catalog, providers={})
    assert [d.model for d in price_sources.drift(bare, usd())] == [M3, RERANKER]
    assert price_sources.with_prices(bare, usd()) is bare


def test_the_yaml_change_put_into_the_catalog_loads_and_leaves_no_drift(
    catalog, folder, tmp_path, today
):
    copied = shutil.copytree(folder, tmp_path / "catalog")
    live = usd(
        m3="0.00002", **{"baai/bge-large-en-v1.5": Decimal("0.005"), "baai/bge-base-en-v1.5": None}
    )
    text = price_sources.yaml_change(price_sources.drift(catalog, live), today)
    assert '    usd_per_1m_input: "0.00002"\n    as_of: 2026-11-24\n' in text
    change = files.parse_mapping(text, "change")
    path = copied / "offers/novita-ai.yaml"
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    offers = {offer["id"]: offer for offer in whole["offers"]}
    for entry in change["offers"]:
        offers[entry["id"]] = offers.get(entry["id"], {}) | entry
    path.write_text(
        yaml.safe_dump(whole | {"offers": list(offers.values())}, sort_keys=False), encoding="utf-8"
    )
    loaded = catalogs.load(copied)
    assert price_sources.drift(loaded, live) == []
    m3, _, base, large = sorted(
        loaded.providers["novita-ai"].offers,
        key=lambda offer: (offer.variant != "bge-m3", "rer" not in offer.id, offer.id),
    )
    assert (m3.usd_per_1m_input, m3.as_of, m3.tier, m3.max_tokens) == (
        Decimal("0.00002"),
        today,
        "provider-page",
        8192,
    )
    assert (base.variant, base.usd_per_1m_input) == ("bge-base-en-v1.5", None)
    assert (large.variant, large.usd_per_1m_input, large.source_ids("as_of")) == (
        "bge-large-en-v1.5",
        Decimal("0.005"),
        (price_sources.SOURCE,),
    )


def test_a_gone_model_is_a_comment_that_a_person_decides_on(pinned, catalog, today):
    text = price_sources.yaml_change(
        price_sources.drift(catalog, {RERANKER: OURS[RERANKER]}), today
    )
    assert (
        yaml.safe_load(text) is None
        and "novita-ai-bge-m3" in text
        and "novita-ai-bge-reranker-v2-m3" not in text
    )
    assert text == pinned


@pytest.mark.parametrize(
    "model",
    [
        "baai/bge",
        "baai/bge:",
        "baai/bge-a:free",
        "baai/bge.-_x+1@2",
        "BAAI/bge-M3.5//v2",
        "baai/bge-no/",
    ],
)
def test_the_yaml_of_a_new_model_is_an_offer_whatever_its_name(catalog, today, model):
    assert price_sources._MODEL.fullmatch(model)
    text = price_sources.yaml_change(price_sources.drift(catalog, usd(**{model: "1E+3"})), today)
    (entry,) = files.parse_mapping(text, "change")["offers"]
    assert yaml.safe_load(text)["offers"][0]["usd_per_1m_input"] == "1000"
    offer = Offer.model_validate(entry)
    assert (offer.model, offer.usd_per_1m_input, offer.as_of) == (model, Decimal(1000), today)


# The catalog at live prices


def test_a_catalog_at_live_prices_differs_in_these_alone(catalog, today):
    before = catalogs.fingerprint(catalog.folder)
    live = price_sources.with_prices(catalog, {"BAAI/bge-m3": Decimal("0.03"), RERANKER: None})
    m3, reranker = live.providers["novita-ai"].offers
    old_m3, old_reranker = catalog.providers["novita-ai"].offers
    assert (m3.usd_per_1m_input, m3.as_of, m3.tier) == (Decimal("0.03"), today, "provider-page")
    assert (
        m3.source_ids("usd_per_1m_input") == m3.source_ids("as_of") == (price_sources.SOURCE,)
        and price_sources.SOURCE in catalog.sources
    )
    assert m3.source_ids("max_tokens") == old_m3.source_ids("max_tokens")
    assert Offer.model_validate(m3.model_dump()) == m3
    assert reranker is old_reranker and old_m3.usd_per_1m_input == OURS[M3]
    assert {key: value for key, value in live.providers.items() if key != "novita-ai"} == {
        key: value for key, value in catalog.providers.items() if key != "novita-ai"
    }
    assert list(live.providers) == list(catalog.providers) and live.rules is catalog.rules
    assert catalogs.fingerprint(catalog.folder) == before


def test_the_version_says_live_and_follows_the_prices_and_the_day(catalog, monkeypatch):
    one, two = (price_sources.with_prices(catalog, usd(m3=price)) for price in ("0.03", "0.04"))
    assert one.version.startswith(f"{catalog.version}+live-") and one.version != two.version
    assert (
        price_sources.with_prices(catalog, usd(m3="0.03")).version
        == price_sources.with_prices(two, usd(m3="0.03")).version
        == one.version
    )
    monkeypatch.setattr(catalogs, "today", lambda: date(2026, 11, 25))
    assert price_sources.with_prices(catalog, usd(m3="0.03")).version != one.version


def test_no_known_price_leaves_the_catalog_as_it_is(catalog):
    assert price_sources.with_prices(catalog, usd(m3=None, reranker=None)) is catalog
    assert price_sources.with_prices(catalog, {}) is catalog


def test_a_recommendation_reckons_with_the_live_price(catalog, today):
    live = price_sources.with_prices(catalog, usd(m3="0.0007"))  # a hundredth of ours
    before, after = (
        next(
            j
            for j in recommend(each, Workload(), today).judged
            if j.plan.offer and j.plan.offer.id == "novita-ai-bge-m3"
        )
        for each in (catalog, live)
    )
    assert after.plan.offer.usd_per_1m_input == Decimal("0.0007")
    assert (
        0 < 100 * after.plan.encoding_usd.base == before.plan.encoding_usd.base
        and after.monthly < before.monthly
    )


# The command line


@pytest.fixture
def ours(folder, monkeypatch):
    monkeypatch.setenv("ADVISOR_CATALOG", str(folder))


def check(monkeypatch, base, key=KEY):
    if key is None:
        monkeypatch.delenv("NOVITA_API_KEY", raising=False)
    else:
        monkeypatch.setenv("NOVITA_API_KEY", key)
    return cli.main(["prices", "--check", "--base", base])


def test_the_check_is_status_zero_where_nothing_differs(serve, capsys, monkeypatch, ours, catalog):
    assert check(monkeypatch, serve(listed(m3=700, reranker=300)).base) == 0
    out, err = capsys.readouterr()
    assert err == "" and out.splitlines() == price_sources.comparison(catalog, OURS)


def test_the_check_is_status_one_with_the_change_where_a_price_differs(
    serve, capsys, monkeypatch, ours, catalog
):
    assert check(monkeypatch, serve(listed(m3=200, reranker=300)).base) == 1
    out, err = capsys.readouterr()
    lines, _, change = out.partition("\n\n")
    assert (
        err == ""
        and lines.splitlines() == price_sources.comparison(catalog, usd(m3="0.02"))
        and "$0.02" in lines
    )
    assert yaml.safe_load(change)["offers"][0]["usd_per_1m_input"] == "0.02"


@pytest.mark.parametrize(
    ("key", "reply"),
    [
        (None, listed()),
        ("", listed()),
        (f"{KEY}\n", listed()),
        (KEY, answer(KEY.encode(), 401)),
        (KEY, answer(b"<html>")),
    ],
    ids=["no key", "an empty key", "an odd key", "a refusal", "no list"],
)
def test_the_check_is_status_two_with_one_sentence_where_it_cannot_ask(
    serve, capsys, monkeypatch, key, reply
):
    base = serve(reply).base
    assert check(monkeypatch, base, key) == 2
    out, err = capsys.readouterr()
    assert out == "" and refusal(base, key or "") in err and err.count("\n") == 1 and KEY not in err


def test_the_key_is_taken_from_the_environment_only(capsys):
    for arguments in (["prices", "--check", "--key", KEY], ["prices"]):
        with pytest.raises(SystemExit) as error:
            cli.main(arguments)
        assert error.value.code == 2
    capsys.readouterr()  # argparse repeats what was typed


GONE = {"on": date(2026, 5, 7), "reason": "It is gone.", "sources": [price_sources.SOURCE]}


def test_a_withdrawn_offer_is_neither_missed_nor_priced(catalog):
    gone = with_offers(catalog, {"withdrawn": Withdrawal(**GONE)}, {})
    without_m3 = {RERANKER: OURS[RERANKER]}
    assert len(price_sources.drift(catalog, without_m3)) == 1
    assert price_sources.drift(gone, without_m3) == []
    assert "novita-ai-bge-m3" not in "".join(price_sources.comparison(gone, without_m3))
    assert price_sources.with_prices(gone, {M3: Decimal(1)}) is gone


def test_a_withdrawn_offer_that_is_listed_again_is_drift(catalog, today):
    gone = with_offers(catalog, {"withdrawn": Withdrawal(**GONE)}, {})
    (back,) = price_sources.drift(gone, usd(m3="0.03"))
    assert back.offer_id == "novita-ai-bge-m3"
    assert all(part in back.text for part in ("again", "$0.03 / 1M", "2026-05-07"))
    change = files.parse_mapping(price_sources.yaml_change([back], today), "change")
    (entry,) = change["offers"]
    assert entry["withdrawn"] is None and entry["usd_per_1m_input"] == "0.03"
    assert price_sources.drift(gone, usd(m3=None)) == []
    assert "again, without a price" in price_sources.comparison(gone, usd(m3=None))[0]
