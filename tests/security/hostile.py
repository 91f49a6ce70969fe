"""Text that would run, load or mislead where a page takes it for markup, and a catalog that is full of it."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from advisor.catalog import files

PROSE = set(
    [
        "about",
        "answer",
        "because",
        "because_unknown",
        "benchmark",
        "billing_unit",
        "caveat",
        "caveats",
        "domain",
        "egress_note",
        "free_allocation",
        "languages_note",
        "languages_training",
        "listed",
        "meaning",
        "name",
        "note",
        "notes",
        "price_note",
        "publisher",
        "question",
        "read_unit_note",
        "score",
        "title",
        "use_for",
        "use_when_note",
        "verified",
        "what",
        "why",
    ]
)
"""Fields of the catalog that hold sentences or names."""


def markup(port: int) -> str:
    """One line with the markup that Streamlit's Markdown knows; what runs would set `window.ran`, what loads would ask `port`."""
    leak = f"http://127.0.0.1:{port}"
    return (
        f'<img src="{leak}/img" onerror="window.ran=1"><script>window.ran=2</script> [tap](javascript:window.ran=3) ![pic]({leak}/pic) '
        f"[out]({leak}/out) <{leak}/auto> {leak}/bare $\\href{{javascript:window.ran=4}}{{tex}}$ $$\\includegraphics{{{leak}/tex}}$$ "
        ":red[hot] **bold** `code`"
    )


def pieces(port: int) -> list[str]:
    """The same in pieces of at most 60 characters, for places that cut what is longer."""
    return [
        "<img src=x onerror=ran=1><script>ran=2</script>",
        f"[x](javascript:ran=3) ![p](http://127.0.0.1:{port}/leak)",
        "$\\href{javascript:ran=4}{x}$ :red[x] **b** `c`",
    ]


@contextlib.contextmanager
def listener():
    """Port of a server that only notes what it is asked for, and its notes."""
    asked: list[str] = []

    class Notes(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


def spoil(folder: Path, text: str) -> int:
    """Puts `text` after every sentence and name of a catalog; gives how many there were."""
    count = 0

    def spoilt(value: Any, key: str) -> Any:
        nonlocal count
        if isinstance(value, dict):
            return {
                name: held if name == "sources" and key else spoilt(held, name)
                for name, held in value.items()
            }
        if isinstance(value, list):
            return [spoilt(held, key) for held in value]
        if not isinstance(value, str) or key not in PROSE:
            return value
        count += 1
        return f"{value} {text.replace('{', '(').replace('}', ')') if key.startswith('because') else text}"

    for path in folder.rglob("*.yaml"):
        found = files.yaml_mapping(path, path.name)
        assert isinstance(found, dict), found
        whole = spoilt(found, "" if path.name == "sources.yaml" else path.stem)
        path.write_text(
            yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
    return count
