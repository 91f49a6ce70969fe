"""What of a machine's environment may get between a test and its server or files."""

import contextlib
import os


@contextlib.contextmanager
def somebody():
    """Not root, whom no permission stops."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def lead_astray(monkeypatch, folder, proxy: str) -> None:
    """Names `proxy` for all addresses, and has a password for this machine in a netrc."""
    file = folder / "netrc"
    file.write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
