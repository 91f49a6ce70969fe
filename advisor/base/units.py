"""Sizes of units that prices and data sheets use."""

from __future__ import annotations

from decimal import Decimal

GIB = 2**30  # bytes; data sheets print GB of 1e9 bytes
# 8,760 / 12, the convention of the price lists read (sources.yaml: silybench-gpu-prices)
HOURS_PER_MONTH = 730
DAYS_PER_MONTH = Decimal(HOURS_PER_MONTH) / 24
