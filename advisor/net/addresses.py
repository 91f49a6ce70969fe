"""What may be asked: how a base address is written, and the IP addresses that its host leads to."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

from advisor.base.errors import EncodeError

Ip = IPv4Address | IPv6Address
Origin = tuple[str, str, int]
"""What a key may be sent to: scheme, host and port."""

EXAMPLE = "Write it as https://api.example.com/v1 or http://127.0.0.1:8080."
NO_ADDRESS = "The base address is none that can be used"
NO_HOST = "The base address names no host, or no valid port"

_PORTS = {"http": 80, "https": 443}
# One form that all parsers of addresses read alike: no user, no @, \, %, ? or #
_BASE = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[\w./:~-]{0,300})?",
    re.A | re.I,
)
# The beginning of any address, such as a redirect's: no @ or \, which parsers read differently
_ORIGIN = re.compile(
    r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?![^/?#])", re.A | re.I
)
# IPv6 that stands for IPv4: mapped, NAT64 (RFC 6052), compatible
_HOLDS_IPV4 = [ip_network(net) for net in ("::ffff:0:0/96", "64:ff9b::/96", "::/96")]
_NEVER = [
    ip_network(net)
    for net in (
        "0.0.0.0/8",
        "100.100.100.200",  # metadata at Alibaba
        "168.63.129.16",  # metadata at Azure
        "192.0.0.192",  # metadata at Oracle
        "fd00:ec2::/32",  # metadata at AWS
        "fd20:ce::254",  # metadata at Google
        "2001::/32",  # Teredo; a site's own NAT64 (64:ff9b:1::/48) is among the reserved ones
    )
]


class BaseAddress(NamedTuple):
    """A base address as it is written: `host` without brackets, `path` without a last slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> Origin:
        """What a key may be sent to."""
        return self[:3]

    @property
    def netloc(self) -> str:
        """Host and port, as the Host header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def root(self) -> str:
        """The address without its path."""
        return f"{self.scheme}://{self.netloc}"


def split(base_url: str) -> BaseAddress | str:
    """The parts of a base address, else `NO_ADDRESS` or `NO_HOST`; nothing is looked up."""
    match = _BASE.fullmatch(base_url.strip())
    if not match:
        return NO_ADDRESS
    scheme, host = match["scheme"].lower(), match["host"].lower().strip("[]").rstrip(".")
    port = int(match["port"] or _PORTS[scheme])
    if not 0 < port < 65_536 or not host or ("[" in match["host"] and not _is_ipv6(host)):
        return NO_HOST
    return BaseAddress(scheme, host, port, re.sub("/+", "/", match["path"] or "").rstrip("/"))


def parsed(base_url: str) -> BaseAddress:
    """The parts of a base address, nothing looked up; raises EncodeError where it is none."""
    address = split(base_url)
    if isinstance(address, BaseAddress):
        return address
    form = ": http:// or https://, a host, a port and a path" if address == NO_ADDRESS else ""
    raise EncodeError(f"{address}{form}. {EXAMPLE}")


def origin(address: str) -> Origin | None:
    """Scheme, host and port of any address; None where it is none that can be used."""
    match = _ORIGIN.match(address)
    if not match:
        return None
    scheme = match[1].lower()
    return scheme, match[2].lower().strip("[]"), int(match[3] or _PORTS[scheme])


def checked(base: BaseAddress, *, private: bool) -> tuple[Ip, ...]:
    """IP addresses of the host, looked up once: connect to these. `private` allows this network's.

    Raises EncodeError where the name is not known, or one of them is never asked, or private."""
    try:
        rows = socket.getaddrinfo(base.host, base.port, type=socket.SOCK_STREAM)
        ips = tuple(dict.fromkeys(ip_address(row[4][0]) for row in rows))
    except (OSError, ValueError):  # a UnicodeError of an impossible name is a ValueError
        ips = ()
    if not ips:
        raise EncodeError(
            f"No address is known for {base.host}. Check how it is written, and the network."
        )
    for ip in map(_meant, ips):
        if _is_never_asked(ip):
            raise EncodeError(
                f"{base.host} leads to a link-local, metadata or reserved address, which is never "
                "asked. Name another host."
            )
        if not private and not ip.is_global:
            raise EncodeError(
                f"{base.host} leads into this machine's own network, which is not allowed here. "
                "Name a public host."
            )
    return ips


def leads_outside(ips: tuple[Ip, ...]) -> bool:
    """Whether one of the addresses is public, so that a key over http could be read on the way."""
    return any(_meant(ip).is_global for ip in ips)


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _meant(ip: Ip) -> Ip:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(ip, IPv4Address) or ip.is_loopback or ip.is_unspecified:
        return ip
    if any(ip in net for net in _HOLDS_IPV4):
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.sixtofour or ip


def _is_never_asked(ip: Ip) -> bool:
    if ip.is_loopback:  # first, because Python calls ::1 reserved too
        return False
    reserved = ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved
    return reserved or any(ip in net for net in _NEVER)
