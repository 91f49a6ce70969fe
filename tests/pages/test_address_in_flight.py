"""What a visitor changes while the browser has yet to hear what was written into its address."""

from streamlit.testing.v1 import AppTest

from pages.parts import address
from tests.conftest import TESTS

APP = str(TESTS.parent / "app.py")


def page(**query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.switch_page("pages/advise.py")
    app.query_params.update(query)
    return app.run()


def test_a_second_change_sent_with_the_address_of_before_keeps_the_first():
    app = page()
    before = dict(app.query_params)
    app.number_input("passages").set_value(5_000_000).run()
    assert app.query_params == before | {"passages": "5000000"}
    app.query_params = before
    app.selectbox("priority").set_value("quality").run()
    assert app.query_params == before | {"passages": "5000000", "priority": "quality"}
    assert app.number_input("passages").value == 5_000_000


def test_a_change_is_kept_also_where_nothing_else_of_the_address_changes_after_it():
    app = page(languages="de")
    app.number_input("passages").set_value(5_000_000).run()
    app.query_params = {"languages": "de"}
    app.run()
    assert app.number_input("passages").value == 5_000_000
    app.query_params = {"languages": "de", "passages": "5000000"}  # at last the browser has it
    app.run()
    app.number_input("passages").set_value(6_000_000).run()
    assert app.query_params == {"languages": "de", "passages": "6000000"}


def test_a_link_to_the_same_page_is_news_once_the_browser_had_the_latest_address():
    app = page(passages="5000000")
    app.number_input("passages").set_value(6_000_000).run()
    app.run()
    app.query_params = {"passages": "5000000"}
    app.run()
    assert app.number_input("passages").value == 5_000_000


def test_the_mending_of_a_fault_by_link_goes_into_the_address():
    app = page(chunk_overlap_tokens="300")
    assert app.query_params == {"chunk_overlap_tokens": "300"}
    app.button("mend-chunk_overlap_tokens").click().run()
    assert app.query_params == {"chunk_overlap_tokens": "200"}


def test_a_question_stands_in_the_address_in_the_order_of_the_form():
    app = page()
    app.selectbox("placement").set_value("own").run()
    app.selectbox("task").set_value("retrieve-and-rerank").run()
    app.number_input("passages").set_value(5_000_000).run()
    assert list(app.query_params) == ["task", "passages", "placement"]


def test_what_a_visitor_changes_while_the_page_is_still_being_made_goes_into_the_address(
    monkeypatch,
):
    state, written = {}, []

    class Query(dict):
        def from_dict(self, params):
            written.append(params)

    monkeypatch.setattr(address.st, "session_state", state)
    monkeypatch.setattr(address.st, "query_params", Query())

    def run(is_stopped: bool = False) -> None:
        address.begin()
        for key in ("task", "passages"):
            now = address.fill(key, "default", lambda values: values[-1])
            state.setdefault(key, now)  # as the box does that is drawn with it
            if key == "passages" and is_stopped:
                return
            address.says(key, [] if state[key] == "default" else [state[key]])
        address.write()

    address.enter({}, ())
    run(is_stopped=True)
    state["task"] = "rerank"
    run()
    assert written == [{"task": ["rerank"]}]


def test_a_box_that_a_browser_mounts_late_still_has_the_value_of_the_link():
    app = page(languages="de", data_may_leave="false", hardware="gpu", latency_ms_p95="900").run()
    languages, hardware = app.multiselect("languages").proto, app.selectbox("hardware").proto
    assert [languages.options[place] for place in languages.default] == ["German"]
    assert hardware.options[hardware.default] == "GPU"
    assert not app.toggle("data_may_leave").proto.default
    latency = app.number_input("latency_ms_p95")
    assert latency.proto.set_value and latency.proto.value == 900
    latency.set_value(None).run()
    assert not app.number_input("latency_ms_p95").proto.set_value
