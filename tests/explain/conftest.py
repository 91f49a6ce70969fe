"""Both catalogs by the names that drawn questions give them."""

from dataclasses import dataclass

import pytest

from advisor.catalog import Catalog


@dataclass
class Catalogs:
    """Told in a failure in one word: a whole catalog would fill the screen."""

    named: dict[str, Catalog]

    def __repr__(self) -> str:
        return "..."


@pytest.fixture(scope="module")
def catalogs(catalog, made_up):
    return Catalogs({"shipped": catalog, "made up": made_up})
