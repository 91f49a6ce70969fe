import pytest

from tests.browser.conftest import start_app
from tests.encode.conftest import standin, tiny_embedder, tiny_reranker  # noqa: F401  # fixtures


@pytest.fixture(scope="session")
def server():
    """Address of the real server, with the routes for programs."""
    with start_app() as address:
        yield address
