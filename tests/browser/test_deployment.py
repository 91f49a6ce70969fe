"""deploy/nginx.conf in the real nginx before two replicas: where visits go, what a death costs."""

import http.client
import json
import re
import signal
import time
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from advisor.ask.workload import Workload
from advisor.catalog.load import today
from advisor.decide.recommend import recommend
from tests.browser.conftest import box, download, marked
from tests.deploy.replicas import DEPLOY, Service

COOKIE = "advisor_replica"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = Service(tmp_path_factory.mktemp("service"))
    yield running
    running.end()


@pytest.fixture
def visitor(browser, service, settle):
    """Opens a page as a visitor of a replica (1 or 2) or of whichever nginx chooses.

    In a context of its own or a given one; `page.opened` and `page.closed` are its websockets.
    """
    contexts = []

    def opened(path: str, replica: int | None = None, context=None):
        context = context or browser.new_context(
            viewport={"width": 1280, "height": 900}, accept_downloads=True
        )
        contexts.append(context)
        if replica:
            context.add_cookies([{"name": COOKIE, "value": str(replica), "url": service.address}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.opened, page.closed = [], []

        def page_took(socket):
            page.opened.append(socket)
            socket.on("close", lambda closed: page.closed.append(closed))

        page.on("websocket", page_took)
        page.goto(f"{service.address}{path}")
        settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()


def replica_of(page) -> int:
    """The replica that the visitor's cookie names, 1 or 2."""
    return int(
        next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE)
    )


def upload(page, service) -> int:
    """Port of the replica that took a file on the page Cost."""
    page.get_by_role("tab", name="Your texts").click()
    since = len(service.log())
    chooser = page.locator("input[type=file]").first
    chooser.set_input_files(
        {
            "name": "passages.txt",
            "mimeType": "text/plain",
            "buffer": b"One short passage.\n\nAnother passage.\n",
        }
    )
    expect(marked(page, "check")).to_be_visible()
    (line,) = [
        line
        for line in service.logged(since, "/_stcore/upload_file", "PUT")
        if line.method == "PUT"
    ]
    assert line.status == "204"
    return line.port


def test_ten_visits_stay_each_on_the_replica_that_took_their_websocket(service, visitor):
    context = None
    for _ in range(10):  # from the second on, the browser has the files that never change
        since = len(service.log())
        page = visitor("/faq", context=context)
        port = service.replicas[replica_of(page) - 1].port
        page.close()
        lines = service.logged(since, "/_stcore/stream")
        assert {line.port for line in lines if line.status != "499"} == {
            port
        }  # 499: the browser went before the answer
        assert {"/faq", "/_stcore/health", "/_stcore/host-config", "/_stcore/stream"} <= {
            line.path for line in lines
        }
        context = page.context
        context.clear_cookies()


def test_newcomers_are_spread_over_both_replicas(service):
    replicas = {
        requests.get(f"{service.address}/_stcore/health", timeout=20).cookies[COOKIE]
        for _ in range(60)
    }
    assert replicas == {"1", "2"}


def test_an_upload_and_a_download_go_to_the_visits_replica(service, visitor, catalog):
    page = visitor("/cost?part=Your+texts", replica=2)
    assert upload(page, service) == service.replicas[1].port
    page = visitor("/advise?languages=de", replica=1)
    since = len(service.log())
    saved = json.loads(Path(download(page, "download").path()).read_text(encoding="utf-8"))
    assert (
        saved["pick"]["embedder"]
        == recommend(catalog, Workload.of({"languages": ["de"]}), today()).pick.parts[0].variant_id
    )
    lines = [line for line in service.logged(since, "/media/") if line.path.startswith("/media/")]
    assert {(line.status, line.port) for line in lines} == {("200", service.replicas[0].port)}


def test_visitors_of_a_killed_replica_are_back_on_the_other_and_nobody_else_notices(
    service, visitor, settle
):
    killed, spared = (
        visitor("/cost?languages=de&passages=500000", replica=1),
        visitor("/cost?languages=fr", replica=2),
    )
    expect(box(killed, "passages")).to_have_value("500000")
    began = time.monotonic()
    service.replicas[0].end(signal.SIGKILL)
    while replica_of(killed) != 2:
        assert time.monotonic() - began < 60
        killed.wait_for_timeout(50)
    settle(killed)
    seconds = time.monotonic() - began
    print(f"\nfail-over: the visit was on the other replica and drawn after {seconds:.1f} s")
    expect(box(killed, "passages")).to_have_value("500000")
    assert "passages=500000" in killed.url and "languages=de" in killed.url
    assert upload(killed, service) == service.replicas[1].port

    assert (len(spared.opened), spared.closed) == (1, [])
    assert upload(spared, service) == service.replicas[1].port

    since = len(service.log())
    newcomer = visitor("/faq", replica=1)  # with a cookie of the dead one, as after a night
    assert replica_of(newcomer) == 2
    assert {line.port for line in service.log(since) if line.path.startswith("/static/")} == {
        service.replicas[1].port
    }

    service.replicas[0].start()
    service.replicas[0].wait()
    for _ in range(300):
        since = len(service.log())
        requests.get(f"{service.address}/_stcore/health", cookies={COOKIE: "1"}, timeout=20)
        (line,) = [line for line in service.logged(since, "/_stcore/health") if line.visits == "1"]
        if line.port == service.replicas[0].port:
            break
        time.sleep(0.1)
    else:
        pytest.fail("nginx never asked the replica that came back.")
    assert upload(killed, service) == service.replicas[1].port  # stays where its websocket is
    assert replica_of(visitor("/faq", replica=1)) == 1
    assert (len(killed.opened), len(spared.opened), spared.closed) == (2, 1, [])


def handshake(service, host: str) -> http.client.HTTPResponse:
    """The answer to the handshake of a websocket."""
    connection = http.client.HTTPConnection(service.address.removeprefix("http://"), timeout=20)
    connection.putrequest("GET", "/_stcore/stream", skip_host=True)
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    for name, value in {"Host": host, "Origin": f"http://{host}", **upgrade}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()
    return answer


def test_a_websocket_is_taken_for_the_operators_host_names_only(service):
    taken, refused = handshake(service, "advisor.test"), handshake(service, "rebound.example.org")
    assert (taken.status, refused.status) == (101, 403)
    assert re.fullmatch(
        f"{COOKIE}=[12]; Path=/; HttpOnly; SameSite=Lax", taken.headers["Set-Cookie"]
    )


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "//metrics",
        "/%6detrics",
        "/metrics/",
        "/_stcore/metrics",
        "/_stcore/agent/openapi.json",
    ],
)
def test_what_is_for_the_operator_is_not_for_the_public(service, path):
    own = requests.get(service.replicas[0].address + path.replace("//", "/"), timeout=20)
    public = http.client.HTTPConnection(service.address.removeprefix("http://"), timeout=20)
    public.request("GET", path)
    assert (own.status_code, public.getresponse().status) == (200, 404)
    public.close()


def test_a_body_above_the_upload_limit_is_refused_before_a_replica_is_asked(service):
    since = len(service.log())
    answer = requests.put(
        f"{service.address}/_stcore/upload_file/a/b", data=b"x" * (10 * 1024 * 1024 + 1), timeout=20
    )
    assert answer.status_code == 413
    (line,) = [
        line
        for line in service.logged(since, "/_stcore/upload_file", "PUT")
        if line.method == "PUT"
    ]
    assert line.replicas == "-"


def test_one_address_uploads_no_faster_than_a_person(service):
    with requests.Session() as session:
        statuses = [
            session.put(
                f"{service.address}/_stcore/upload_file/a/b", data=b"x", timeout=20
            ).status_code
            for _ in range(40)
        ]
    assert set(statuses) == {403, 429}  # 403: without the token
    assert statuses[:20] == [403] * 20


def test_one_address_asks_the_interface_ten_times_a_second_and_is_told_when_it_may_again(service):
    with requests.Session() as session:
        answers = [
            session.get(f"{service.address}/api/v1/openapi.json", timeout=20) for _ in range(80)
        ]
        assert session.get(f"{service.address}/healthz", timeout=20).ok
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all(answer.ok for answer in answers[:20])
    refused = next(answer for answer in answers if not answer.ok)
    assert (refused.headers["Content-Type"], refused.headers["Retry-After"]) == (
        "application/json",
        "1",
    )
    assert (
        refused.json().keys() == {"error", "faults"}
        and refused.json()["faults"] == []
        and "1 s" in refused.json()["error"]
    )


def test_where_no_replica_answers_a_visitor_is_told_so(tmp_path):
    service = Service(tmp_path, replicas=False)
    try:
        answer = requests.get(f"{service.address}/advise", timeout=20)
    finally:
        service.end()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.text.strip() and answer.text.strip() in (DEPLOY / "nginx.conf").read_text(
        encoding="utf-8"
    )
    assert answer.headers["Server"] == "nginx"
