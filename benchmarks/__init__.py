"""Measurements: ratios within one run, since machines differ; nothing is asserted here."""
