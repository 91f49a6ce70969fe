"""Texts of visitors, links and the catalog are shown and never run; no visitor sees another's."""

import json
import os
import shutil
import subprocess
from itertools import cycle
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import expect

from advisor.catalog.load import SHIPPED
from tests.browser.conftest import box, button, choose, fill, marked, settle, start_app
from tests.encode import servers
from tests.security import hostile

FOUND = """() => {
  const main = document.querySelector('[data-testid=stMain]'), told = [];
  const all = (where, selector) => [...where.querySelectorAll(selector)];
  const ours = address =>
    [location.origin + '/', 'data:', 'blob:'].some(start => address.startsWith(start));
  if (window.ran !== undefined) told.push(`a script ran: ${window.ran}`);
  for (const link of all(document, 'a, area, form, svg a'))
    for (const name of ['href', 'xlink:href', 'action'])
      if (/^\\s*javascript:/i.test(link.getAttribute(name) ?? ''))
        told.push(`a link runs: ${link.outerHTML}`);
  for (const image of all(document, 'img, iframe, embed, object, audio, video, source, image')) {
    const address = image.src || image.data || image.href?.baseVal || '';
    if (address && !ours(address)) told.push(`a picture from elsewhere: ${address}`);
  }
  for (const one of all(main, 'script, iframe, object, embed, base, meta'))
    told.push(`an element: ${one.outerHTML}`);
  for (const one of all(main, '*'))
    for (const name of one.getAttributeNames())
      if (name.startsWith('on')) told.push(`a handler: ${name} of ${one.tagName}`);
  return told;
}"""
WAIT = 60_000
QUERIES = "table"  # the icon of the results query by query


def faults(page, asked) -> list[str]:
    """What of hostile markup became more than text on a page, and what it asked elsewhere."""
    return page.evaluate(FOUND) + [f"a request elsewhere: {path}" for path in asked]


def shows(page, text: str) -> bool:
    """Whether the page has the text word for word, so that nothing in it was taken for markup.

    Joiners without width do not count.
    """
    return " ".join(text.split()) in " ".join(
        page.get_by_test_id("stMain").inner_text().replace("\u2060", "").split()
    )


@pytest.fixture(scope="module")
def elsewhere():
    """A server of somebody else: its port, and what was asked of it."""
    with hostile.listener() as (port, asked):
        yield SimpleNamespace(port=port, asked=asked)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app with an endpoint of its operator's: its address, and what it has printed since it was
    last asked."""
    started = []

    def popen(*arguments, _real=subprocess.Popen, **named):
        started.append(_real(*arguments, **named))
        return started[-1]

    def printed() -> str:
        try:
            return os.read(started[0].stdout.fileno(), 1_000_000).decode()
        except BlockingIOError:
            return ""

    row = {
        "id": "small",
        "name": "Small",
        "shape": "tei",
        "model": servers.MODEL,
        "kind": "embedder",
        "variant": "bge-small-en-v1.5",
    }
    with servers.serving("tei", dim=384) as base, pytest.MonkeyPatch.context() as patch:
        written = tmp_path_factory.mktemp("endpoints") / "endpoints.yaml"
        written.write_text(
            json.dumps({"endpoints": [row | {"base_url": str(base)}]}), encoding="utf-8"
        )  # JSON is YAML
        patch.setattr(subprocess, "Popen", popen)
        nowhere = {
            "ADVISOR_HUB": "http://127.0.0.1:9",
            "ADVISOR_MODELS": str(written.parent / "none"),
            "PYTHONUNBUFFERED": "1",
        }
        with start_app(
            ADVISOR_ENDPOINTS=str(written), ADVISOR_TYPED_ENDPOINTS="1", **nowhere
        ) as address:
            patch.undo()
            os.set_blocking(started[0].stdout.fileno(), False)
            yield SimpleNamespace(address=address, printed=printed)


def give(page, place: int, name: str, lines) -> None:
    """Uploads a file of these lines into the box at that place."""
    file = {"name": name, "mimeType": "text/plain", "buffer": "\n".join(lines).encode()}
    page.get_by_test_id("stFileUploaderDropzoneInput").nth(place).set_input_files(file)
    settle(page)


def compare(page, sentences: str) -> None:
    """Types sentences on Live and waits for what came of them."""
    fill(page, "sentences", sentences)
    settle(page)
    button(page, "likeness_go").click()
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible(timeout=WAIT)
    settle(page)


def test_the_check_tells_each_kind_of_markup_that_is_more_than_text(browser, elsewhere):
    page = browser.new_page()
    leak = f"http://127.0.0.1:{elsewhere.port}"
    page.set_content(
        f"<div data-testid=stMain><img src='{leak}/pic' onload=''>"
        "<script>window.ran = 2</script><a href=' JavaScript:window.ran=3'>x</a></div>"
    )
    page.wait_for_load_state("load")
    sentences = " ".join(faults(page, elsewhere.asked))
    page.goto("about:blank")
    page.set_content("<div data-testid=stMain>&lt;script&gt;window.ran=2&lt;/script&gt;</div>")
    assert page.evaluate(FOUND) == []
    page.close()
    elsewhere.asked.clear()
    for each in (
        "a script ran: 2",
        "a link runs",
        f"a picture from elsewhere: {leak}/pic",
        "an element: <script>",
        "a handler: onload of IMG",
    ):
        assert each in sentences
    assert "a request elsewhere: /pic" in sentences


PARAMETERS = {
    "": ("view", "family", "odd"),
    "advise": (
        "plan",
        "languages",
        "scores",
        "passages",
        "task",
        "vector_store",
        "measured_variant",
        "<img src=x onerror=ran=1>",
    ),
    "compare": ("variants", "differing", "odd"),
    "cost": ("offer", "part", "volume", "index_model", "your_price_variant", "**b** :red[x]"),
    "live": ("part", "embedder", "reranker", "search_in", "data_from", "data_embedders"),
    "faq": ("view", "family", "odd"),
    "sources": ("source", "correction"),
    "variant": ("variant", "view"),
}


def test_what_a_link_says_is_shown_and_never_run(server, open_page, elsewhere):
    page = open_page(server.address)
    pieces = hostile.pieces(elsewhere.port)
    for path, names in PARAMETERS.items():
        for first in range(len(pieces)) if path == "variant" else (0,):
            values = cycle(pieces[first:] + pieces[:first])
            params = dict(zip(names, values, strict=False))
            page.goto(f"{server.address}/{path}?{urlencode(params)}")
            settle(page)
            assert faults(page, elsewhere.asked) == [], path
            if path == "variant":
                assert shows(page, f"'{pieces[first]}'")
            elif path == "sources":
                assert shows(page, f"'{pieces[0]}'")
            elif path in ("advise", "cost"):
                assert shows(page, f"{names[0]}={pieces[0]}:") and shows(page, f"{names[-1]}=")


def test_an_icon_and_an_address_in_a_link_stay_text(server, open_page):
    said = ":material/skull: :streamlit: http://a.example www.b.example"
    page = open_page(f"{server.address}/variant?{urlencode({'variant': said})}")
    assert shows(page, f"'{said}'")
    assert page.get_by_test_id("stMain").locator("[href*=example], img").count() == 0


def test_entities_stay_text_and_make_no_link(server, open_page):
    said = (
        "http&colon;//a.example https&#58;&#x2f;/b.example www&period;c.example "
        "d&commat;e.example &lt;b&gt; &amp; R&D &nbsp;x"
    )
    page = open_page(f"{server.address}/variant?{urlencode({'variant': said[:60]})}")
    assert (
        shows(page, f"'{said[:60]}'")
        and page.get_by_test_id("stMain").locator("[href*=example]").count() == 0
    )
    page = open_page(f"{server.address}/live?part=Similarity&embedder=at.small")
    compare(page, f"{said}\nA plain one.")
    assert (
        shows(page, said) and page.get_by_test_id("stMain").locator("[href*=example]").count() == 0
    )


def test_sentences_typed_on_live_are_shown_and_never_run(server, open_page, elsewhere):
    page = open_page(f"{server.address}/live?part=Similarity&embedder=at.small")
    text = hostile.markup(elsewhere.port)
    compare(page, "\n".join((text, "A plain one.", *hostile.pieces(elsewhere.port))))
    for each in (text, *hostile.pieces(elsewhere.port)):
        assert shows(page, each)
    assert faults(page, elsewhere.asked) == []


def test_uploads_are_shown_and_never_run(server, open_page, elsewhere):
    text, pieces = hostile.markup(elsewhere.port), hostile.pieces(elsewhere.port)
    page = open_page(f"{server.address}/live?part=Your+data&embedder=at.small")
    give(
        page,
        0,
        f"{pieces[1]}.jsonl",
        [json.dumps({"id": each, "text": f"{text} {each}", "title": text}) for each in pieces],
    )
    give(
        page,
        1,
        f"{pieces[0]}.jsonl",
        [json.dumps({"id": each, "text": f"{text} {each}"}) for each in pieces],
    )
    give(
        page,
        2,
        f"{pieces[0]}.tsv",
        ["query-id\tcorpus-id\tscore", *(f"{each}\t{each}?\t1" for each in pieces)],
    )
    expect(page.get_by_text(f"'{pieces[0]}?'").first).to_be_visible()
    for each in pieces:
        assert shows(page, f"'{each}?'")
    assert shows(page, f"{pieces[0]}.tsv, line 2")
    assert faults(page, elsewhere.asked) == []
    give(
        page,
        2,
        f"{pieces[0]}.tsv",
        ["query-id\tcorpus-id\tscore", *(f"{each}\t{each}\t1" for each in pieces)],
    )
    button(page, "data_go").click()
    marked(page, QUERIES, "summary").click(timeout=WAIT)
    page.get_by_test_id("stDataFrame").wait_for()
    settle(page)
    assert faults(page, elsewhere.asked) == []
    page.goto(f"{server.address}/cost?part=Your+texts")
    settle(page)
    give(page, 0, f"{pieces[0]}{pieces[1]}.txt", [text, "", *pieces])
    expect(marked(page, "check")).to_be_visible()
    assert faults(page, elsewhere.asked) == []


def test_a_hostile_catalog_is_shown_and_never_run(browser, catalog, elsewhere, tmp_path):
    shutil.copytree(SHIPPED, folder := tmp_path / "catalog")
    assert (
        hostile.spoil(folder, f"{hostile.markup(elsewhere.port)} R&D http&colon;//a.example")
        > 1_000
    )
    correction = next(
        each.id for family in catalog.families.values() for each in family.corrections
    )
    errors = []
    with start_app(ADVISOR_CATALOG=str(folder)) as address:
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        for path in (
            "",
            "variant?variant=bge-m3",
            f"sources?source=hf-m3-card&correction={correction}",
            "advise",
            "cost",
            "faq",
        ):
            page.goto(f"{address}/{path}")
            settle(page)
            assert faults(page, elsewhere.asked) == [], path
            assert shows(
                page,
                f'<img src="http://127.0.0.1:{elsewhere.port}/img" onerror="window.ran=1">'
                "<script>window.ran=2</script>",
            )
            assert (
                page.get_by_test_id("stException").count()
                == page.locator("[href*='a.example']").count()
                == 0
            )
            assert (
                shows(page, "R&D http&colon;//a.example")
                and "\\&" not in page.locator("body").inner_text()
            )
        page.close()
    assert errors == []


def test_what_one_visitor_types_and_uploads_no_other_sees_and_nothing_tells(server, open_page):
    word, name, key = "quokkaphone", "xylomancy.jsonl", "sk-UNUSUAL-0123456789"
    page = open_page(f"{server.address}/live")
    page.set_viewport_size(
        {"width": 1280, "height": 2000}
    )  # a list that opens at the window's foot closes again
    with servers.serving("tei", dim=384, key=key) as base:
        marked(page, "lan", "summary").click()
        settle(page)
        choose(page, "typed_shape", "tei")
        settle(page)
        for field, value in (
            ("typed_base", str(base)),
            ("typed_model", servers.MODEL),
            ("typed_key", key),
        ):
            box(page, field).fill(value)
        box(page, "typed_key").press("Enter")
        settle(page)
        marked(page, "check").click()
        settle(page)
        button(page, "search_go").click()
        expect(page.get_by_test_id("stTable").first).to_be_visible(timeout=WAIT)
        typed_base = str(base)
        page.get_by_role("tab", name="Your data", exact=True).click()
        settle(page)
        for place in (0, 1):
            give(page, place, name, [json.dumps({"id": word, "text": f"The {word} rings."})])
        give(page, 2, "judged.txt", [f"{word} 0 {word} 1"])
        button(page, "data_go").click()
        expect(marked(page, QUERIES, "summary")).to_be_visible(timeout=WAIT)
        assert [post for post in base.seen if word in str(post)] and name in page.content()
    other = open_page(f"{server.address}/live")
    for part in ("Your data", "Search"):
        other.get_by_role("tab", name=part, exact=True).click()
        settle(other)
        marked(other, "lan", "summary").wait_for()
        seen = other.content()
        assert not [secret for secret in (word, name, key, typed_base) if secret in seen]
    metrics = requests.get(f"{server.address}/metrics", timeout=30).text
    printed = server.printed()
    assert "advisor" in metrics and "http://127.0.0.1" in printed
    for secret in (word, name, key):
        assert secret not in metrics and secret not in printed and secret not in page.url
    assert "key" not in page.url and key not in page.locator("body").inner_text()


def test_charts_are_drawn_under_the_policy_in_both_themes(server, open_page):
    """That every page is drawn in both themes without an error is in test_pages.py."""
    page = open_page(f"{server.address}/advise")
    answer = requests.get(f"{server.address}/advise", timeout=30)
    assert "unsafe-eval" not in answer.headers["Content-Security-Policy"]
    colours = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        settle(page)
        chart = page.get_by_test_id("stVegaLiteChart").first
        expect(chart.locator("svg.marks, canvas").first).to_be_visible()
        colours.add(
            page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
        )
    assert len(colours) == 2
