"""The catalog: facts, prices, evidence and rules, read from YAML and CSV and checked as a whole."""

from advisor.catalog.load import Catalog, Family, Rule, fingerprint, folder, load, today

__all__ = ["Catalog", "Family", "Rule", "fingerprint", "folder", "load", "today"]
