"""Where models and tokenizers are published, and where requests to it may be sent on to."""

import os
import re

from advisor.net.addresses import Origin

HUB = "https://huggingface.co"
LOOPBACK = ("localhost", "127.0.0.1")
_HOSTS = ("huggingface.co", "hf.co")  # the hub, and where its large files lie
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")


def address() -> str:
    """The hub's address: that of ADVISOR_HUB, as of a mirror, else the public one."""
    return os.environ.get("ADVISOR_HUB") or HUB


def is_repo(name: str) -> bool:
    """Whether a repository of the hub can have that name.

    >>> is_repo("BAAI/bge-m3"), is_repo("../x")
    (True, False)
    """
    return bool(_REPO.fullmatch(name))


def on_hub(origin: Origin) -> bool:
    """Whether that is a host of the hub's, over https."""
    scheme, host, port = origin
    known = any(host == name or host.endswith(f".{name}") for name in _HOSTS)
    return scheme == "https" and port == 443 and known
