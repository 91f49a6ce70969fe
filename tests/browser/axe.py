"""Faults of accessibility that axe-core finds on a page and that are not Streamlit's own."""

from pathlib import Path

import yaml
from axe_playwright_python.sync_playwright import Axe

KNOWN = yaml.safe_load(Path(__file__).with_name("axe_known.yaml").read_text(encoding="utf-8"))


def axe_faults(page) -> list[str]:
    """What axe-core finds on a page at rest, but for the known faults of Streamlit.

    Colours fade in, and on a busy machine that takes longer than the script: what is found is
    looked at again before it counts.
    """
    for _ in range(4):
        faults = _axe_faults(page)
        if not faults:
            break
        page.wait_for_timeout(2_000)
    return faults


def _axe_faults(page) -> list[str]:
    faults = []
    for violation in Axe().run(page).response["violations"]:
        for node in violation["nodes"]:
            place = f"{' '.join(str(t) for t in node['target'])} {node['html']}"
            if not any(
                known["rule"] == violation["id"] and known["holds"] in place for known in KNOWN
            ):
                summary = node.get("failureSummary", "")[:300]
                problem = f"{violation['id']}: {violation['help']}"
                faults.append(f"{problem}: {place[:300]} {summary}")
    return faults
