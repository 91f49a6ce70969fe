"""The one client: nothing moves a connection once it is checked; what is slow or broken."""

import contextlib
import socket
import ssl
import threading
import time
import traceback

import pytest

from advisor.base.errors import AdvisorError, EncodeError
from advisor.net import addresses, client
from advisor.net.client import Failure, NoAnswerError
from tests.answering_server import answer, answering, asking, broken_off
from tests.encode import servers
from tests.environment import lead_astray
from tests.net.resolving import resolver
from tests.waiting import until

QUICK = client.RequestLimits(
    connect_s=1, read_s=1, deadline_s=3, largest_bytes=100_000, backoff_s=0.01, longest_wait_s=1
)


def line(url, key=None, limits=QUICK, private=True):
    return client.to_endpoint("here", addresses.parsed(url), key, limits, private=private)


def failure(work):
    with pytest.raises(NoAnswerError) as caught:
        work()
    assert caught.value.__context__ is None and caught.value.__cause__ is None
    return caught.value.failure


def late(seconds, work):
    """Why there was no answer in time."""
    reasons = []

    def refusal(reason):
        reasons.append(reason)
        return AdvisorError("late")

    with pytest.raises(AdvisorError, match="late") as caught:
        client.within(seconds, work, refusal)
    assert caught.value.__context__ is None and caught.value.__cause__ is None
    return reasons[0]


# That it stays there


def test_a_name_that_answers_otherwise_the_second_time_moves_nothing(monkeypatch):
    """DNS rebinding: the first answer passes the check, the next would lead to another server."""
    with servers.serving("tei") as good, servers.serving("tei", host="127.0.0.2") as other:
        port = good.server.server_port
        assert other.server.server_port != port
        asked = resolver(monkeypatch, ["127.0.0.1"], ["127.0.0.2"], ["169.254.169.254"])
        with line(f"http://endpoint.test:{port}") as opened:
            for _ in range(3):
                assert opened.ask("/info").status == 200
        assert asked == ["endpoint.test"]
        assert [one.headers["Host"] for one in good.seen] == [f"endpoint.test:{port}"] * 3
        assert other.seen == []


def test_the_second_address_is_taken_where_nobody_listens_at_the_first(monkeypatch):
    with servers.serving("tei") as base:
        resolver(monkeypatch, ["::1", "127.0.0.3", "127.0.0.1"])
        with line(f"http://endpoint.test:{base.server.server_port}") as opened:
            assert opened.ask("/info").status == opened.ask("/info").status == 200
        assert len(base.seen) == 2


def test_no_second_address_is_asked_after_one_broke_off(monkeypatch):
    """The first may have begun to work, and to bill."""
    with (
        servers.serving("tei", info_fault="closed") as base,
        contextlib.closing(socket.socket()) as second,
    ):
        port = base.server.server_port
        second.bind(("127.0.0.2", port))
        second.listen()
        second.settimeout(0.1)
        resolver(monkeypatch, ["127.0.0.1", "127.0.0.2"])
        with line(f"http://endpoint.test:{port}") as opened:
            assert failure(lambda: opened.ask("/info")) is Failure.BROKEN
        with pytest.raises(TimeoutError):
            second.accept()


def test_the_certificate_is_asked_of_the_name_and_not_of_the_number(monkeypatch, tmp_path):
    (tmp_path / "pair.pem").write_text(PAIR, encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair.pem")
    names = []
    context.sni_callback = lambda _, name, __: names.append(name)
    with servers.serving("tei") as base:
        base.server.socket = context.wrap_socket(base.server.socket, server_side=True)
        base.server.handle_error = lambda *_: None
        port = base.server.server_port
        resolver(monkeypatch, ["127.0.0.1"])
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        with line(f"https://endpoint.test:{port}") as opened:
            assert failure(lambda: opened.ask("/info")) is Failure.CERTIFICATE
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "pair.pem"))
        with line(f"https://endpoint.test:{port}") as opened:
            assert opened.ask("/info").status == 200
        assert names == ["endpoint.test"] * 2
        with line(f"https://another.test:{port}") as opened:
            assert failure(lambda: opened.ask("/info")) is Failure.CERTIFICATE
        assert len(base.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_handed_back_and_not_followed(status):
    with (
        servers.serving("tei") as other,
        servers.serving("tei", info_fault=servers.status(status, Location=f"{other}/info")) as base,
    ):
        with line(base, key="k-1") as opened:
            assert opened.ask("/info").status == status
        assert len(base.seen) == 1 and other.seen == []


def test_neither_a_proxy_nor_netrc_of_the_environment_gets_between(monkeypatch, tmp_path):
    with servers.serving("tei") as proxy, servers.serving("tei") as base:
        lead_astray(monkeypatch, tmp_path, str(proxy))
        with line(base) as opened:
            assert opened.ask("/info").status == 200
        assert proxy.seen == [] and "Authorization" not in base.seen[0].headers


def test_a_key_goes_over_http_inside_the_own_network_alone(monkeypatch):
    resolver(monkeypatch, ["1.1.1.1"])
    with pytest.raises(EncodeError, match="https://"):
        line("http://endpoint.test", key="k-1")
    for url, key in (("https://endpoint.test", "k-1"), ("http://endpoint.test", None)):
        line(url, key=key).__exit__()
    resolver(monkeypatch, ["10.0.0.1", "::ffff:10.0.0.2"])
    line("http://endpoint.test", key="k-1").__exit__()


# What is slow, large or broken


@pytest.mark.parametrize("fault", ["drip", "drip-headers", "silent"])
def test_what_is_slow_is_given_up_on_at_the_deadline(fault):
    limits = QUICK._replace(read_s=30, deadline_s=0.4)
    with servers.serving("tei", info_fault=fault) as base:
        begun = time.monotonic()
        reason = late(limits.deadline_s, lambda: line(base, limits=limits).ask("/info"))
        assert reason is Failure.SLOW and 0.3 < time.monotonic() - begun < 1


def test_a_look_up_that_hangs_is_given_up_on_at_the_deadline(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(5) or [])
    begun = time.monotonic()
    assert late(0.2, lambda: line("http://endpoint.test")) is Failure.SLOW
    assert time.monotonic() - begun < 1
    over.set()


def test_a_drip_is_ended_at_the_deadline_and_leaves_no_thread():
    limits = QUICK._replace(read_s=30, deadline_s=0.3)
    with servers.serving("tei", info_fault="drip") as base:
        late(limits.deadline_s, lambda: line(base, limits=limits).ask("/info"))
        until(lambda: not asking(), 1)


def test_the_largest_answer_is_read_and_a_byte_more_is_not():
    with (
        servers.serving("tei", info_fault=servers.sends(b"1" * 100_000)) as base,
        line(base) as opened,
    ):
        assert len(opened.ask("/info").body) == 100_000
    with (
        servers.serving("tei", info_fault=servers.sends(b"1" * 100_001)) as base,
        line(base) as opened,
    ):
        assert failure(lambda: opened.ask("/info")) is Failure.LARGE


def cut_short(handler, _):
    servers.send(handler, 200, b"{}", Content_Length="100")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("endless", Failure.LARGE),
        ("bomb", Failure.LARGE),
        ("no-gzip", Failure.PACKED),
        ("closed", Failure.BROKEN),
        ("no-http", Failure.BROKEN),
        (cut_short, Failure.BROKEN),
    ],
)
def test_what_is_broken_has_its_reason_and_is_not_asked_again(fault, reason):
    with servers.serving("tei", info_fault=fault) as base:
        with line(base, key="k-secret") as opened:
            assert failure(lambda: opened.ask("/info")) is reason
        assert len(base.seen) == 1


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        ("http://127.0.0.1:1", Failure.REFUSED),
        ("http://nowhere.invalid", Failure.UNRESOLVED),
        ("http://127.0.0.1:99999", Failure.BROKEN),
        ("ftp://127.0.0.1", Failure.ELSEWHERE),
    ],
)
def test_nobody_there_has_its_reason(root, reason):
    assert failure(lambda: client.Client(root, QUICK).ask("/")) is reason


def test_what_may_pass_is_asked_again_where_that_costs_nothing():
    with answering(broken_off, answer(status=503), answer(b"{}")) as server:
        with client.Client(server.base, QUICK, again_after=(Failure.BROKEN,)) as http:
            assert http.ask("/x").body == b"{}"
        assert len(server.seen) == 3


def test_a_redirect_is_followed_by_rule_and_the_key_stays_behind():
    with answering(answer(b"{}")) as other:
        moved = answer(status=302, Location=f"{other.base}/there")
        with answering(moved) as server:
            port = other.server_port
            with client.Client(
                server.base, QUICK, key="k-1", may_lead_to=lambda place: place[2] == port
            ) as http:
                assert http.ask("/x").body == b"{}"
            assert server.seen == [("/x", "Bearer k-1")] and other.seen == [("/there", None)]
            with client.Client(server.base, QUICK, may_lead_to=lambda _: False) as http:
                assert failure(lambda: http.ask("/x")) is Failure.ELSEWHERE
            assert len(other.seen) == 1


def test_an_error_that_is_no_sentence_comes_through_as_it_is():
    with pytest.raises(ZeroDivisionError):
        client.within(1, lambda: 1 / 0, lambda _: EncodeError("too long"))


def test_what_is_raised_in_the_thread_leaves_none_of_its_frames():
    def work():
        secret_frame = "k-secret"
        raise EncodeError(f"a sentence of {len(secret_frame)}")

    with pytest.raises(EncodeError) as caught:
        client.within(1, work, lambda _: EncodeError("too long"))
    assert "secret_frame" not in "".join(traceback.format_exception(caught.value))


# Self-signed for endpoint.test, valid from 2020 to 2120, and its key, which is of use nowhere else
PAIR = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPuCMiwqIO1nf2muF
iCdDydjsmAyknYpqf7ghV6YTWK6hRANCAARDWddOzFebxWEEwGj9UhzgcFckYjt3
GCfoYwIFZW14nDCn4qsxpILZUn4EReHZpx/5m4Uof08wgB1srTKOvBsF
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBfjCCASOgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1lbmRwb2lu
dCB0ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAYMRYwFAYD
VQQDDA1lbmRwb2ludCB0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQ1nX
TsxXm8VhBMBo/VIc4HBXJGI7dxgn6GMCBWVteJwwp+KrMaSC2VJ+BEXh2acf+ZuF
KH9PMIAdbK0yjrwbBaNcMFowGAYDVR0RBBEwD4INZW5kcG9pbnQudGVzdDAPBgNV
HRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIChDAdBgNVHQ4EFgQUZarL8BpSBhX9
WqnBTNA7PO9QRpEwCgYIKoZIzj0EAwIDSQAwRgIhAOVYDoSeOVCCqb6j4r8kYRFZ
9dZwyu+L6HYbU0I6rfwOAiEA0uBSuBfFfDf+blOQJwE2otIfRmWptQaBT+Cu1eUx
Tg0=
-----END CERTIFICATE-----
"""
