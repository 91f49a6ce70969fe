"""Both catalogs by the names that drawn questions give them."""

import pytest

from advisor.catalog import Catalog


class Catalogs:
    """Told in a failure in one word: a whole catalog would fill the screen."""

    def __init__(self, named: dict[str, Catalog]) -> None:
        self.named = named

    def __repr__(self) -> str:
        return "..."


@pytest.fixture(scope="module")
def catalogs(catalog, made_up):
    return Catalogs({"shipped": catalog, "made up": made_up})
