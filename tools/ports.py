"""A port of this machine on which nobody listens."""

from __future__ import annotations

import socket


def free_port() -> int:
    """The number of a port of 127.0.0.1 that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
