"""Where an endpoint is: what may be asked at all."""

import socket
from ipaddress import ip_address

import pytest

from advisor.base.errors import EncodeError
from advisor.net import addresses, client
from tests.net.resolving import resolver


def told(work):
    with pytest.raises(EncodeError) as caught:
        work()
    assert caught.value.__context__ is None and caught.value.__cause__ is None
    assert "\n" not in str(caught.value)
    return str(caught.value)


def reason(url, private=True):
    """The sentence with which a host is refused, its name left out."""
    base = addresses.parsed(url)
    return told(lambda: addresses.checked(base, private=private)).replace(base.host, "HOST", 1)


def never_asked():
    return reason("http://169.254.169.254")


def own_network():
    return reason("http://10.0.0.1", private=False)


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
    base = addresses.parsed(url)
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
    sentence = told(lambda: addresses.parsed(url))
    assert addresses.EXAMPLE in sentence and "secret" not in sentence


# Where it leads


NEVER = [
    "169.254.169.254", "169.254.0.1", "fe80::1", "febf::1", "fe80::1%1", "100.100.100.200",
    "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "224.0.0.1",
    "239.255.255.255", "ff02::1", "0.0.0.0", "0.1.2.3", "::", "240.0.0.1", "255.255.255.255",
    "4000::1", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:100.100.100.200",
    "::169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "2002:6464:64c8::",
    "2001:0:a9fe:a9fe::1", "64:ff9b:1::a9fe:a9fe",
]  # fmt: skip
PRIVATE = [
    "127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "100.64.0.1",
    "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:0a00:0001::1",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


@pytest.mark.parametrize("ip", NEVER)
@pytest.mark.parametrize("private", [True, False])
def test_link_local_metadata_and_the_like_are_never_asked(monkeypatch, ip, private):
    resolver(monkeypatch, [ip])
    assert reason("http://endpoint.test", private) == never_asked()


@pytest.mark.parametrize("ip", PRIVATE)
def test_private_addresses_are_asked_where_that_is_allowed_alone(monkeypatch, ip):
    resolver(monkeypatch, [ip])
    base = addresses.parsed("http://endpoint.test")
    assert addresses.checked(base, private=True) == (ip_address(ip),)
    assert reason("http://endpoint.test", private=False) == own_network()


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_are_asked(monkeypatch, ip):
    resolver(monkeypatch, [ip])
    assert addresses.checked(addresses.parsed("https://endpoint.test"), private=False) == (
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
        found.add(
            told(lambda: addresses.checked(addresses.parsed("http://endpoint.test"), private=True))
        )
    (sentence,) = found
    assert "endpoint.test" in sentence


def test_each_reason_not_to_ask_an_address_has_a_sentence_of_its_own(pinned):
    found = {
        "no base address": told(lambda: addresses.parsed("ftp://example.com")),
        "no port": told(lambda: addresses.parsed("http://example.com:0")),
        "no address": reason("http://a..b"),
        "never asked": never_asked(),
        "own network": own_network(),
        "key over http": told(
            lambda: client.to_endpoint(
                "here",
                addresses.parsed("http://1.1.1.1"),
                "k-1",
                client.RequestLimits(),
                private=True,
            )
        ),
    }
    assert len(set(found.values())) == len(found)
    assert found == pinned
