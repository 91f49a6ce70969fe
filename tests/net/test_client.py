"""Where an endpoint is: what may be asked at all, and that nothing moves a connection once it is checked."""

import contextlib
import socket
import ssl
import threading
import time
import traceback
from ipaddress import ip_address

import pytest

from advisor.base.errors import EncodeError
from advisor.net import client
from tests.encode import servers

QUICK = client.RequestLimits(
    connect_s=1, read_s=1, deadline_s=3, largest_bytes=100_000, backoff_s=0.01, longest_wait_s=1
)
REAL = socket.getaddrinfo


def resolver(monkeypatch, *answers):
    """Names are looked up here: each look-up of endpoint.test takes the next answer, the last again and again. Gives the names asked."""
    asked = []

    def look_up(host, port, *args, **kwargs):
        with contextlib.suppress(ValueError):
            ip_address(host)
            return REAL(host, port, *args, **kwargs)  # a number: nothing to look up
        asked.append(host)
        rows = answers[min(len(asked), len(answers)) - 1]
        return [
            (
                socket.AF_INET6 if ":" in ip else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (ip, port),
            )
            for ip in rows
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def line(url, key=None, limits=QUICK, private=True):
    return client.Line(
        "here",
        client.parsed(url),
        key,
        limits,
        time.monotonic() + limits.deadline_s,
        private=private,
    )


def told(work):
    with pytest.raises(EncodeError) as caught:
        work()
    assert caught.value.__context__ is None and caught.value.__cause__ is None
    assert "\n" not in str(caught.value)
    return str(caught.value)


def reason(url, private=True):
    """The sentence with which a host is refused, its name left out."""
    base = client.parsed(url)
    return told(lambda: client.checked(base, private=private)).replace(base.host, "HOST", 1)


def never_asked():
    return reason("http://169.254.169.254")


def own_network():
    return reason("http://10.0.0.1", private=False)


def broken_off():
    with servers.serving("tei", info_fault="closed") as base, line(base) as opened:
        return told(lambda: opened.ask("/info"))


# How an address is written


@pytest.mark.parametrize(
    ("url", "parts", "netloc"),
    [
        ("https://api.example.com/v1", ("https", "api.example.com", 443, "/v1"), "api.example.com"),
        (
            "HTTPS://API.Example.com:443/V1/",
            ("https", "api.example.com", 443, "/V1"),
            "api.example.com",
        ),
        (" http://tei_1:8080 \n", ("http", "tei_1", 8080, ""), "tei_1:8080"),
        ("http://localhost.:80//a//b//", ("http", "localhost", 80, "/a/b"), "localhost"),
        ("http://[::1]:8000/v1", ("http", "::1", 8000, "/v1"), "[::1]:8000"),
        ("https://example.com:80", ("https", "example.com", 80, ""), "example.com:80"),
    ],
)
def test_an_address_is_taken_apart(url, parts, netloc):
    base = client.parsed(url)
    assert base == parts and base.netloc == netloc


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/_x",
        "javascript:alert(1)",
        "unix:///var/run/docker.sock",
        "http:/example.com",
        "http://",
        "http:///v1",
        "http://me:secret@example.com",
        "http://127.0.0.1@example.com",
        "http://example.com\\@127.0.0.1",
        "http://example.com#@127.0.0.1",
        "http://example.com/?key=1",
        "http://example.com/a#b",
        "http://example.com/%2e%2e/",
        "http://exam ple.com",
        "http://example.com/\r\nX: y",
        "http://example.com\x00",
        "http://éxample.com",
        "http://ⓔxample.com",
        "http://\u212aelvin.example",
        "http://[::1",
        "http://[1.2.3.4]",
        "http://[::g]",
        "http://[fe80::1%eth0]",
        "http://...",
        "http://example.com:",
        "http://example.com:0",
        "http://example.com:65536",
        "http://example.com:-1",
        "http://example.com:8 0",
        "http://" + "a" * 300,
    ],
)
def test_what_is_no_base_address_is_refused_without_a_look_up(monkeypatch, url):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("looked up"))
    sentence = told(lambda: client.parsed(url))
    assert client.EXAMPLE in sentence and "secret" not in sentence


# Where it leads


NEVER = [
    "169.254.169.254", "169.254.0.1", "fe80::1", "febf::1", "fe80::1%1",
    "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254",
    "224.0.0.1", "239.255.255.255", "ff02::1", "0.0.0.0", "0.1.2.3", "::", "240.0.0.1", "255.255.255.255", "4000::1",
    "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:100.100.100.200", "::169.254.169.254", "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1", "2002:6464:64c8::", "2001:0:a9fe:a9fe::1", "64:ff9b:1::a9fe:a9fe",
]  # fmt: skip
PRIVATE = ["127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "100.64.0.1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:0a00:0001::1"]  # fmt: skip
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


@pytest.mark.parametrize("ip", NEVER)
@pytest.mark.parametrize("private", [True, False])
def test_link_local_metadata_and_the_like_are_never_asked(monkeypatch, ip, private):
    resolver(monkeypatch, [ip])
    assert reason("http://endpoint.test", private) == never_asked()


@pytest.mark.parametrize("ip", PRIVATE)
def test_private_addresses_are_asked_where_that_is_allowed_alone(monkeypatch, ip):
    resolver(monkeypatch, [ip])
    base = client.parsed("http://endpoint.test")
    assert client.checked(base, private=True) == (ip_address(ip),)
    assert reason("http://endpoint.test", private=False) == own_network()


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_are_asked(monkeypatch, ip):
    resolver(monkeypatch, [ip])
    assert client.checked(client.parsed("https://endpoint.test"), private=False) == (
        ip_address(ip),
    )


@pytest.mark.parametrize(
    ("bad", "why"), [("169.254.169.254", never_asked), ("10.0.0.1", own_network)]
)
def test_one_bad_address_among_good_ones_refuses_the_name(monkeypatch, bad, why):
    resolver(monkeypatch, ["1.1.1.1", bad])
    assert reason("https://endpoint.test", private=False) == why()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254",
        "http://[::ffff:a9fe:a9fe]",
        "http://2852039166",
        "http://0xa9fea9fe",
        "http://0",
        "http://[::]",
    ],
)
def test_numbers_are_checked_however_they_are_written(url):
    assert reason(url) == never_asked()


@pytest.mark.parametrize("url", ["http://a..b", "http://" + "a" * 64 + ".test"])
def test_a_name_that_cannot_be_looked_up_is_told_as_one_without_an_address(monkeypatch, url):
    found = reason(url)
    resolver(monkeypatch, [])
    assert found == reason("http://endpoint.test")


def test_a_name_without_an_address_is_told(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    found = set()
    for look_up in (unknown, lambda *_, **__: []):
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        found.add(told(lambda: client.checked(client.parsed("http://endpoint.test"), private=True)))
    (sentence,) = found
    assert "endpoint.test" in sentence


def test_each_reason_not_to_ask_an_address_has_a_sentence_of_its_own(pinned):
    found = {
        "no base address": told(lambda: client.parsed("ftp://example.com")),
        "no port": told(lambda: client.parsed("http://example.com:0")),
        "no address": reason("http://a..b"),
        "never asked": never_asked(),
        "own network": own_network(),
        "key over http": told(lambda: line("http://1.1.1.1", key="k-1")),
    }
    assert len(set(found.values())) == len(found)
    assert found == pinned


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
            assert told(lambda: opened.ask("/info")) == broken_off()
        with pytest.raises(TimeoutError):
            second.accept()


def test_the_certificate_is_asked_of_the_name_and_not_of_the_number(monkeypatch, tmp_path, pinned):
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
            sentence = told(lambda: opened.ask("/info"))
        assert (
            "endpoint.test" in sentence and "REQUESTS_CA_BUNDLE" in sentence and sentence == pinned
        )
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "pair.pem"))
        with line(f"https://endpoint.test:{port}") as opened:
            assert opened.ask("/info").status == 200
        assert names == ["endpoint.test"] * 2
        with line(f"https://another.test:{port}") as opened:
            assert told(lambda: opened.ask("/info")) == sentence.replace(
                "endpoint.test", "another.test"
            )
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
    (tmp_path / "netrc").write_text(
        "machine 127.0.0.1 login someone password else\n", encoding="utf-8"
    )
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with servers.serving("tei") as proxy, servers.serving("tei") as base:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, str(proxy))
        with line(base) as opened:
            assert opened.ask("/info").status == 200
        assert proxy.seen == [] and "Authorization" not in base.seen[0].headers


def test_a_key_goes_over_http_inside_the_own_network_alone(monkeypatch):
    resolver(monkeypatch, ["1.1.1.1"])
    assert "https://" in told(lambda: line("http://endpoint.test", key="k-1"))
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
        sentence = told(
            lambda: client.within(
                limits.deadline_s, lambda: line(base, limits=limits).ask("/info"), "late"
            )
        )
        assert sentence in ("late", client.too_long("here")) and 0.3 < time.monotonic() - begun < 1


def test_a_look_up_that_hangs_is_given_up_on_at_the_deadline(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(5) or [])
    begun = time.monotonic()
    assert (
        told(lambda: client.within(0.2, lambda: line("http://endpoint.test"), "too long"))
        == "too long"
    )
    assert time.monotonic() - begun < 1
    over.set()


def test_a_drip_is_ended_at_the_deadline_and_leaves_no_thread():
    limits = QUICK._replace(read_s=30, deadline_s=0.3)
    with servers.serving("tei", info_fault="drip") as base:
        told(
            lambda: client.within(
                limits.deadline_s, lambda: line(base, limits=limits).ask("/info"), "too long"
            )
        )
        until = time.monotonic() + 1
        while (
            left := [t for t in threading.enumerate() if t.name == "advisor-remote"]
        ) and time.monotonic() < until:
            time.sleep(0.01)
    assert not left


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
        assert "100,000" in told(lambda: opened.ask("/info"))


def cut_short(handler, _):
    servers.send(handler, 200, b"{}", Content_Length="100")


@pytest.mark.parametrize(
    ("faults", "fact"),
    [
        (["endless", "bomb"], "100,000"),
        (["no-gzip"], "here"),
        (["closed", "no-http", cut_short], "here"),
    ],
    ids=["too large", "cannot be unpacked", "broken off"],
)
def test_what_is_broken_is_a_sentence_and_not_asked_again(faults, fact, pinned):
    found = set()
    for fault in faults:
        with servers.serving("tei", info_fault=fault) as base:
            with line(base, key="k-secret") as opened:
                found.add(told(lambda opened=opened: opened.ask("/info")))
            assert len(base.seen) == 1
    (sentence,) = found
    assert fact in sentence and sentence == pinned


def test_an_error_that_is_no_sentence_comes_through_as_it_is():
    with pytest.raises(ZeroDivisionError):
        client.within(1, lambda: 1 / 0, "too long")


def test_what_is_raised_in_the_thread_leaves_none_of_its_frames():
    def work():
        secret_frame = "k-secret"
        raise EncodeError(f"a sentence of {len(secret_frame)}")

    with pytest.raises(EncodeError) as caught:
        client.within(1, work, "too long")
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
