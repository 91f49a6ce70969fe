"""What the real server refuses: names, origins, uploads without a token, methods of other pages, and what is too large."""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys

import pytest
import requests
import websockets.sync.client
from starlette.responses import PlainTextResponse
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus

from advisor.serve.uploads import A_VISIT, ALL, PATH, Uploads
from tests import asgi
from tests.browser.conftest import ROOT, start_app

SECRET = "sk-neverseen0123456789"


@pytest.fixture(scope="module")
def server():
    with start_app(
        STREAMLIT_SERVER_ALLOWED_HOSTS="advisor.example 127.0.0.1 localhost", NOVITA_API_KEY=SECRET
    ) as address:
        yield address


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/advise",
        "/static/index.html",
        "/api/v1/catalog.json",
        "/api/v1/none",
        "/healthz",
        "/metrics",
        "/_stcore/health",
    ],
)
def test_every_answer_tells_the_browser_what_to_refuse(server, path):
    headers = requests.get(server + path, timeout=60).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert "unsafe-eval" not in str(policy) and "unsafe-inline" not in policy["script-src"]
    assert (
        policy["default-src"]
        == policy["frame-ancestors"]
        == policy["base-uri"]
        == policy["form-action"]
        == "'none'"
    )
    assert policy["connect-src"] == "'self'" and "http" not in policy["img-src"]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert (
        headers["Referrer-Policy"] == "same-origin" and "camera=()" in headers["Permissions-Policy"]
    )
    assert (
        headers["Cross-Origin-Opener-Policy"] == "same-origin"
        and "Access-Control-Allow-Origin" not in headers
    )


def test_the_start_pages_own_inline_script_alone_may_run(server):
    answer = requests.get(server, timeout=60)
    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    }
    allowed = next(
        p
        for p in answer.headers["Content-Security-Policy"].split("; ")
        if p.startswith("script-src")
    ).split(" ")[1:]
    assert scripts and set(allowed) == {"'self'"} | hashes


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("advisor.example", 200),
        ("ADVISOR.example.:8501", 200),
        ("localhost", 200),
        ("evil.example", 400),
        ("advisor.example.evil.example", 400),
        ("evil@advisor.example", 400),
        ("", 400),
    ],
)
def test_the_server_answers_to_the_operators_names_alone(server, host, status):
    for path in ("/", "/api/v1/openapi.json", "/_stcore/host-config"):
        assert requests.get(server + path, headers={"Host": host}, timeout=60).status_code == status


def test_a_probe_is_answered_under_any_name(server):
    assert (
        requests.get(f"{server}/healthz", headers={"Host": "10.1.2.3:8501"}, timeout=60).status_code
        == 200
    )


def stream(server, **headers):
    address = server.replace("http", "ws") + "/_stcore/stream"
    return websockets.sync.client.connect(address, subprotocols=["streamlit"], **headers)


def test_the_page_of_another_origin_opens_no_session(server):
    for origin in ("https://evil.example", "http://localhost:9", "null", "file://", "http://["):
        with pytest.raises(InvalidStatus) as refused:
            stream(server, origin=origin)
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus):
        stream(server, additional_headers={"Host": "evil.example"})
    with stream(server, origin=server) as opened:
        assert opened.subprotocol == "streamlit"


def test_an_upload_without_the_token_is_refused_and_none_is_made_by_another_page(server):
    address = f"{server}/_stcore/upload_file/some-session/some-file"
    for named in ({}, {"cookies": {"_streamlit_xsrf": "a"}, "headers": {"X-Xsrftoken": "b"}}):
        refused = requests.put(address, files={"file": ("a.txt", b"x")}, timeout=60, **named)
        assert refused.status_code == 403, refused.text


def test_uploads_are_bounded_for_each_visit_and_for_all(server):
    held = {"a": A_VISIT - 100, "b": 50}
    taken = []

    async def app(scope, receive, send):
        taken.append(scope["path"])
        await PlainTextResponse("", 204)(scope, receive, send)

    uploads = Uploads(app, lambda: held)

    def put(visit, size, name="Content-Length"):
        return asgi.ask(uploads, "PUT", f"{PATH}{visit}/file", [(name, str(size))])[0]

    assert (put("a", 100), put("a", 101), put("b", 101)) == (204, 413, 204)
    assert [
        put("b", "chunked", "Transfer-Encoding"),
        *(put("b", length) for length in ("", "-1", "1e3", "\u0663", "9" * 30)),
    ] == [411] * 6
    held |= {f"visit {number}": A_VISIT for number in range(ALL // A_VISIT - 1)}
    assert (put("c", 50), put("c", 51)) == (204, 413)
    assert len(taken) == 3
    assert asgi.ask(uploads, "DELETE", f"{PATH}a/file")[0] == 204  # room is made whatever is held


def test_uploads_under_way_count():
    async def tried():
        gate = asyncio.Event()

        async def app(scope, receive, send):
            await gate.wait()
            await PlainTextResponse("", 204)(scope, receive, send)

        uploads = Uploads(app, dict)

        async def put():
            status, _ = await asgi.asked(
                uploads, "PUT", f"{PATH}a/1", [("Content-Length", str(A_VISIT // 2 + 1))]
            )
            return status

        first = asyncio.create_task(put())
        await asyncio.sleep(0)
        refused = await put()
        gate.set()
        return await first, refused, await put()

    assert asyncio.run(tried()) == (204, 413, 204)


def test_a_visit_uploads_until_its_room_is_full(server):
    with stream(server, origin=server) as opened:
        page = requests.get(f"{server}/_stcore/health", timeout=60)
        opened.send(BackMsg(rerun_script=ClientState()).SerializeToString())
        message = ForwardMsg()
        while message.WhichOneof("type") != "new_session":
            message.ParseFromString(opened.recv(timeout=60))
        visit, token = message.new_session.initialize.session_id, page.cookies["_streamlit_xsrf"]
        sent = [
            requests.put(
                f"{server}{PATH}{visit}/{number}",
                files={"file": ("a.csv", b"x" * 9_900_000)},
                cookies={"_streamlit_xsrf": token},
                headers={"X-Xsrftoken": token},
                timeout=60,
            ).status_code
            for number in range(7)
        ]
    assert sent == [204] * 6 + [413]


def test_what_is_too_large_ends_with_a_refusal_and_the_server_goes_on(server):
    long = "a" * 100_000
    sent = {
        "address": requests.get(f"{server}/api/v1/recommend", params={"languages": long[:60_000]}, timeout=60).status_code,
        "body": requests.post(f"{server}/api/v1/recommend", data=b"x" * 10**7, headers={"Content-Type": "application/json"}, timeout=60).status_code,
        "path": requests.get(f"{server}/api/v1/variants/{long[:30_000]}.json", timeout=60).status_code,
    }  # fmt: skip
    assert sent == {"address": 414, "body": 413, "path": 404}
    with contextlib.suppress(requests.ConnectionError):  # it may hang up within the header
        assert requests.get(
            server, headers={"X-Long": "a" * 5_000_000}, timeout=60
        ).status_code in (400, 431)
    with (
        pytest.raises(Exception, match=r"1009|too big|no close frame|Connection|Broken"),
        stream(server, origin=server) as opened,
    ):
        opened.send(b"\0" * 25_000_000)  # over server.maxMessageSize
        while True:
            opened.recv(timeout=30)
    assert requests.get(f"{server}/healthz", timeout=60).json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/asgi.py", "/media/../asgi.py", "/..%2fcatalog/sources.yaml", "/app/static/../catalog/sources.yaml", "/component/../../x", "//etc/passwd"])  # fmt: skip
def test_no_path_leads_to_a_file_of_the_machine(server, path):
    request = requests.Request("GET", server).prepare()
    request.url = server + path  # as it stands, without tidying
    answer = requests.Session().send(request, timeout=60, allow_redirects=False)
    assert (
        "root:" not in answer.text
        and "st.App" not in answer.text
        and "accessed:" not in answer.text
    )


def test_a_key_of_the_operators_is_in_no_answer(server):
    requests.get(f"{server}/api/v1/recommend?{SECRET}=1", timeout=60)
    for path in (
        "/",
        "/healthz",
        "/metrics",
        "/api/v1/catalog.json",
        "/api/v1/openapi.json",
        "/_stcore/host-config",
        "/_stcore/metrics",
    ):
        assert SECRET not in requests.get(server + path, timeout=60).text


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
NASTY = {
    "aliases that multiply": BOMB,
    "a tag of Python's": "languages: !!python/object/apply:os.system ['touch ran']\n",
    "a deep nest": "languages: " + "[" * 20_000,
    "a very long line": "languages: [" + "en, " * 2_000_000 + "en]\n",
}


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("as_endpoints", [False, True])
def test_yaml_that_means_harm_is_told_in_a_sentence(tmp_path, name, as_endpoints):
    file = tmp_path / "given.yaml"
    file.write_text(NASTY[name], encoding="utf-8")
    if as_endpoints:
        command = ["embed", "--model", "bge-m3", "--engine", "x"]
        environment = os.environ | {"ADVISOR_ENDPOINTS": str(file)}
    else:
        command, environment = ["recommend", str(file)], dict(os.environ)
    program = "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (2**31, 2**31)); from advisor.serve.cli import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", program, *command], cwd=tmp_path, env=environment | {"PYTHONPATH": str(ROOT)},
        input="", capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (2, "")
    assert (
        "Traceback" not in ended.stderr
        and str(file) in ended.stderr + str(file)
        and len(ended.stderr) < 2_000
    )
    assert not (tmp_path / "ran").exists()


def test_a_body_of_nested_json_is_refused(server):
    for body in ("[" * 60_000, '{"a":' * 12_000, json.dumps({"languages": ["en"] * 10_000})):
        refused = requests.post(
            f"{server}/api/v1/recommend",
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=60,
        )
        assert refused.status_code == 422 and len(refused.content) < 5_000
