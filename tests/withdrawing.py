"""The made-up catalog after Beta Cloud has withdrawn an offer."""

from pathlib import Path

from advisor import catalog as catalogs
from advisor.catalog import Catalog
from tests.conftest import replace

DAY, REASON = "2026-05-07", "Beta Cloud lists it no more."
SOURCE = "acme-facts"


def withdraw(root: Path, variant: str = "big-en") -> Catalog:
    """Withdraws Beta Cloud's offer of a variant: by default the one that is picked for English."""
    model = f"  model: beta/{variant}\n"
    fields = f"{{on: {DAY}, reason: {REASON}, sources: [{SOURCE}]}}"
    replace(root / "offers/beta.yaml", model, f"{model}  withdrawn: {fields}\n")
    return catalogs.load(root)
