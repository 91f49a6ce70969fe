"""Servers on this machine that answer as told, well or badly, and keep what they were asked.

    with answering(answer(b"{}"), silent) as server:
        ...                  # the first request is answered, the later ones never
    server.seen              # path and Authorization of each request

A reply takes the handler. `server.closing` is set when the block is left.
"""

import contextlib
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers with the server's reply for the path, else with its replies in turn."""

    def do_GET(self):
        server = self.server
        server.seen.append((self.path, self.headers["Authorization"]))
        number = min(len(server.seen), len(server.replies)) - 1
        with contextlib.suppress(ConnectionError):
            server.paths.get(self.path, server.replies[number])(self)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """Serves until its `running` block is left, and does not wait for who still asks."""

    daemon_threads, block_on_close = True, False

    def __init__(self, handler, host="127.0.0.1"):
        super().__init__((host, 0), handler)
        self.seen, self.closing = [], threading.Event()
        self.base = f"http://{host}:{self.server_port}"

    def handle_error(self, *_):
        pass  # who asks may have given up

    @contextlib.contextmanager
    def running(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield self
        finally:
            self.closing.set()
            self.shutdown()
            self.server_close()


def answering(*replies, **paths):
    """A server that gives `replies` in turn, the last again and again; `paths` by path alone."""
    server = Server(Handler)
    server.replies, server.paths = replies or (answer(status=404),), paths
    return server.running()


def send(handler, status=200, body=b"", **headers):
    handler.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def answer(body=b"", status=200, **headers):
    """The reply of `body`, as it is or as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: send(handler, status, content, **headers)


def silent(handler):
    handler.server.closing.wait(5)


def broken_off(handler):
    handler.connection.close()


def no_http(handler):
    handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")


def trickled(handler, piece):
    while not handler.server.closing.wait(0.02):
        handler.wfile.write(piece)


def trickled_headers(handler):
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
    trickled(handler, b"x")


def trickled_body(handler):
    send(handler, Content_Length="1000000")
    trickled(handler, b" ")


def trickled_chunks(handler):
    handler.protocol_version = "HTTP/1.1"
    send(handler, Transfer_Encoding="chunked")
    trickled(handler, b"1\r\n \r\n")


def flood(handler):
    """A body without end."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.closing.is_set():
        handler.wfile.write(b'[{"data": ' * 10_000)


def asking():
    """Threads that still ask."""
    return [thread for thread in threading.enumerate() if thread.name == "advisor-request"]


@contextlib.contextmanager
def untold(key, caplog, capsys):
    """At its end: no log at any level, of urllib3 neither, and nothing printed holds the key."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)
    yield
    logging.getLogger("urllib3").setLevel(logging.NOTSET)
    printed = capsys.readouterr()
    assert key not in caplog.text + printed.out + printed.err
