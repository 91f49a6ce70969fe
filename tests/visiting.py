"""A page through AppTest, opened by its address."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]


def opened(page: str, state: Mapping[str, Any] | None = None, **params: str | list[str]) -> AppTest:
    """A page as app.py shows it for the parameters of an address.

    `state` is put into the visit before.
    """
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for key, value in params.items():
        app.query_params[key] = value
    for key, value in (state or {}).items():
        app.session_state[key] = value
    if page != "overview":  # which is what app.py opens with
        app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception
    return app
