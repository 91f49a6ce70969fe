import pytest

from tests.browser.conftest import start_app


@pytest.fixture(scope="session")
def server():
    """Address of the real server, with the routes for programs."""
    with start_app() as address:
        yield address
