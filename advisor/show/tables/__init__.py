"""Rows of the tables, as numbers to sort by: units in the headings, None where not known.

US dollars are as `numbers.money` rounds them. `Not known` names the parts of a cost that are not
known, in words; the amounts beside it are then lower bounds. `id` is a variant, or a vector store,
and `option` a plan: links need them, and no table shows them.
"""

from advisor.show.tables.costs import (
    break_even_rows,
    index_rows,
    latency_rows,
    source_rows,
    store_rows,
    store_sources,
    swing_rows,
)
from advisor.show.tables.numbers import bars_compare, dollars, money, points
from advisor.show.tables.options import (
    COMPARED,
    IDS,
    NO_SCORE,
    NOT_KNOWN,
    STANDING_WORDS,
    drawn,
    hosted_rows,
    misfit_rows,
    option_rows,
    own_rows,
    parts_not_known,
    plan_rows,
    trade_off_rows,
    withdrawn,
)

__all__ = [
    "COMPARED",
    "IDS",
    "NOT_KNOWN",
    "NO_SCORE",
    "STANDING_WORDS",
    "bars_compare",
    "break_even_rows",
    "dollars",
    "drawn",
    "hosted_rows",
    "index_rows",
    "latency_rows",
    "misfit_rows",
    "money",
    "option_rows",
    "own_rows",
    "parts_not_known",
    "plan_rows",
    "points",
    "source_rows",
    "store_rows",
    "store_sources",
    "swing_rows",
    "trade_off_rows",
    "withdrawn",
]
