"""The catalog: facts, prices, evidence and rules, read from YAML and CSV and checked as a whole.

Beside it are the live prices that it is compared with.
"""

from advisor.catalog.load import fingerprint, folder, load, today
from advisor.catalog.model import Catalog, LoadedFamily, ParsedRule

__all__ = ["Catalog", "LoadedFamily", "ParsedRule", "fingerprint", "folder", "load", "today"]
