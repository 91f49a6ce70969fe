"""Every page opens, fits its screen, and axe-core finds no fault of ours."""

from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

PAGES = [
    "",
    "?view=as-listed",
    "?family=aquila-2",
    "advise",
    "advise?task=rerank",
    "advise?task=retrieve-and-rerank&placement=own&languages=de&passages=-5",
    "compare",
    "cost",
    "cost?task=retrieve-and-rerank&placement=own&languages=de&part=Break-even",
    "cost?part=Index",
    "live",
    "live?part=Long+texts&embedder=bge-small-en-v1.5",
    "live?part=Your+data",
    "faq",
    "faq?view=as-listed",
    "sources",
    "variant?variant=bge-m3",
    "variant",
]
KNOWN = yaml.safe_load(Path(__file__).with_name("axe_known.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("address", PAGES)
def test_the_page_opens_fits_and_axe_finds_nothing_beyond_streamlits_own_faults(app, open_page, address, width, scheme):
    page = open_page(f"{app}/{address}", width, scheme)
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator("h1").count() == 1
    for element in ("document.scrollingElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{element}.scrollWidth - {element}.clientWidth") <= 1
    if width == 1280:
        assert axe_faults(page) == [], axe_faults(page)


def axe_faults(page) -> list[str]:
    """What axe-core finds on a page at rest, but for the known faults of Streamlit.

    Colours fade in, and on a busy machine that takes longer than the script: what is found is looked at again before it counts.
    """
    for _ in range(4):
        found = _axe_faults(page)
        if not found:
            break
        page.wait_for_timeout(2_000)
    return found


def _axe_faults(page) -> list[str]:
    found = []
    for violation in Axe().run(page).response["violations"]:
        for node in violation["nodes"]:
            place = f"{' '.join(str(t) for t in node['target'])} {node['html']}"
            if not any(known["rule"] == violation["id"] and known["holds"] in place for known in KNOWN):
                found.append(f"{violation['id']}: {violation['help']}: {place[:300]} {node.get('failureSummary', '')[:300]}")
    return found
