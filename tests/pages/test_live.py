"""Live through AppTest: what its boxes take, and what of a visit it keeps."""

import pytest
from streamlit.testing.v1 import AppTest

from advisor.base.errors import EncodeError
from advisor.encode.available_models import ModelChoice
from advisor.encode.endpoints import Endpoint
from advisor.encode.engine import LONGEST_CHARACTERS
from advisor.encode.remote import Gate
from advisor.net.addresses import parsed
from pages.parts import engines, session
from tests.encode import servers

KEY = "sk_test_5ecret-of-the-visitor"
LONG = "word " * 30_000


def script():
    """The page as app.py runs it; AppTest, given app.py itself, loses a click on the way to it."""
    import runpy
    from pathlib import Path
    from types import SimpleNamespace

    import pages.parts.session

    pages.parts.session.start(SimpleNamespace(url_path="live"))
    runpy.run_path(str(Path(pages.__file__).with_name("live.py")))


def live(part: str) -> AppTest:
    page = AppTest.from_function(script, default_timeout=60)
    page.query_params["part"] = part
    page.run()
    assert not page.exception
    return page


def test_a_long_text_is_taken_no_further_than_a_server_reads():
    page = live("Long texts")
    page.text_area(key="cut_text").set_value(LONG).run()
    assert not page.exception and len(page.session_state["cut_text"]) == LONGEST_CHARACTERS


@pytest.mark.parametrize("part", ["Long texts", "Similarity", "M3 outputs"])
def test_every_box_for_texts_has_an_end(part):
    page = live(part)
    assert all(box.proto.max_chars for box in [*page.text_area, *page.text_input])


ENDPOINTS = """
endpoints:
  - id: ours
    name: Our server
    base_url: "{base}"
    shape: tei
    model: "BAAI/bge-small-en-v1.5"
    variant: bge-small-en-v1.5
    kind: embedder
"""


def use(page, base, key=""):
    """Types in an endpoint as a visitor does: a box after the other."""
    page.text_input(key="typed_base").set_value(str(base)).run()
    page.text_input(key="typed_model").set_value("BAAI/bge-small-en-v1.5").run()
    if key:
        page.text_input(key="typed_key").set_value(key).run()
    next(button for button in page.button if button.proto.icon == ":material/check:").click().run()
    assert not page.exception
    return page


def compare(page):
    page.button(key="likeness_go").click().run()
    assert not page.exception


def test_a_key_goes_to_no_address_but_that_which_it_was_entered_for(monkeypatch):
    monkeypatch.setenv("ADVISOR_TYPED_ENDPOINTS", "1")
    with servers.serving("tei", key=KEY) as first, servers.serving("tei") as second:
        page = live("Similarity")
        page.selectbox(key="typed_shape").set_value("tei")
        use(page, first, KEY)
        compare(page)
        assert first.posts[-1].headers["Authorization"] == f"Bearer {KEY}"
        use(page, second)
        assert KEY not in str(page.session_state)
        compare(page)
        assert second.posts and all(
            "Authorization" not in request.headers for request in second.seen
        )
        # One that stayed all the same.
        page.session_state[engines.SECRET] = (parsed(first).origin, KEY)
        page.text_area(key="sentences").set_value("A fox.\nA hound.").run()
        compare(page)
        assert len(second.posts) == 2 and all(
            "Authorization" not in request.headers for request in second.seen
        )


def test_an_endpoint_of_the_operators_is_asked_by_so_many_at_once(monkeypatch, tmp_path):
    with servers.serving("tei", dim=384) as base:
        (tmp_path / "endpoints.yaml").write_text(ENDPOINTS.format(base=base))
        monkeypatch.setenv("ADVISOR_ENDPOINTS", str(tmp_path / "endpoints.yaml"))
        monkeypatch.setitem(engines.GATES, "at.ours", gate := Gate(1))
        page = live("Similarity")
        page.selectbox(key="embedder").set_value("at.ours").run()
        with gate.free:
            compare(page)
            assert (
                "1 " in page.warning[0].value
                and "Our server" in page.warning[0].value
                and not base.posts
            )
        compare(page)
        assert len(base.posts) == 1 and not page.warning


@pytest.mark.parametrize("key", ["at.ours", "typed"])
def test_an_endpoint_is_sent_no_text_longer_than_a_server_reads(monkeypatch, catalog, key):
    monkeypatch.setattr(session, "the_catalog", lambda: catalog)
    with servers.serving("tei") as base:
        endpoint = Endpoint(
            id="ours", name="Our server", base_url=base, shape="tei", model="m", kind="embedder"
        )
        with pytest.raises(EncodeError, match=f"{LONGEST_CHARACTERS:,}"):
            engines.engine(
                ModelChoice(key, "Our server", "embedder", "remote", endpoint=endpoint), print
            ).embed(["x" * (LONGEST_CHARACTERS + 1)], "passage")
    assert not base.seen


TWO_MODELS = (
    ENDPOINTS
    + """
  - id: second
    name: Our second
    base_url: "{base}"
    shape: tei
    model: "BAAI/bge-m3"
    kind: embedder
  - id: order
    name: Our reranker
    base_url: "{order}"
    shape: tei
    model: "BAAI/bge-reranker-v2-m3"
    kind: reranker
"""
)


@pytest.mark.parametrize(
    ("part", "key", "answerers", "tables"),
    [
        ("Search", "search", 1, 1),
        ("Rerank", "rerank", 2, 1),
        ("Similarity", "likeness", 1, 1),
        ("Instruction", "instruction", 1, 1),
        ("Two models", "beside", 2, 1),
        ("Your data", "data", 0, 1),
    ],
)
def test_each_part_answers_on_a_click(monkeypatch, tmp_path, part, key, answerers, tables):
    with servers.serving("tei", dim=384) as base, servers.serving("tei") as order:
        written = tmp_path / "endpoints.yaml"
        written.write_text(TWO_MODELS.format(base=base, order=order))
        monkeypatch.setenv("ADVISOR_ENDPOINTS", str(written))
        page = AppTest.from_function(script, default_timeout=60)
        page.query_params.update(
            part=part,
            embedder="at.ours",
            other="at.second",
            reranker="at.order",
            data_from="sample",
        )
        page.run()
        page.button(key=f"{key}_go").click().run()
        assert not page.exception, page.exception[0].value
        assert sum("Answered by" in caption.value for caption in page.caption) == answerers
        assert len(page.table) == tables


def test_without_an_embedder_the_page_says_so(monkeypatch):
    monkeypatch.setattr(engines, "all_choices", dict)
    page = AppTest.from_function(script, default_timeout=60).run()
    assert not page.exception and len(page.info) == 1 and "local_files" in page.info[0].value
    assert not page.tabs
