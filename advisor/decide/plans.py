"""Plans: every variant at every offer and on every machine, with its figures for one workload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.catalog.model import Catalog
from advisor.decide.places import place_name, rent_of
from advisor.decide.static_columns import StaticColumns
from advisor.rules import template
from advisor.rules.columns import COLUMNS
from advisor.rules.evaluate import Values
from advisor.sizing import latency, storage
from advisor.sizing.figures import Figures, Load
from advisor.sizing.ranges import ENDS, Cost, Float64s, Range, floats, rounded
from advisor.sizing.throughput import MeasuredMachine, Speed


@dataclass(frozen=True, eq=False)
class Plans:
    """All plans for one workload: figures as columns, one row a plan; `plans[row]` is one."""

    catalog: Catalog  # with the visitor's own prices
    workload: Workload
    assumptions: Assumptions
    ram: Range | None  # US dollars a GiB of memory in a month
    static: StaticColumns
    loads: tuple[Load, ...]
    figures: Figures
    columns: dict[str, Values]
    _rows: dict[int, Plan] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.static.places)

    def __iter__(self) -> Iterator[Plan]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> Plan:
        if row not in self._rows:
            self._rows[row] = Plan(self, int(row))
        return self._rows[row]

    def of_kind(self, kind: str) -> npt.NDArray[np.bool_]:
        """Which rows are of an embedder or a reranker."""
        return np.asarray(self.columns["kind"].values == kind, dtype=bool)

    @property
    def flops(self) -> dict[str, Float64s]:
        """Operations a second of one machine, by end of the speed."""
        return self.figures.flops

    @property
    def needed(self) -> dict[str, Float64s]:
        """The share of one machine's speed that the peak load takes, by end of the cost."""
        return self.figures.needed

    def machines(self, needed: Any, service_ms: Any) -> Any:
        """Machines that carry `needed` (in machines at full speed); see `latency.machines`."""
        filling, workload = self.assumptions.target_utilisation, self.workload
        spare, limit = workload.redundancy, workload.latency_ms_p95
        return latency.machines(needed, filling, spare, service_ms, limit)

    def monthly(self, own: str = "base", hosted: str = "base", keeping: str = "base") -> Float64s:
        """US dollars a month, unrounded: own hardware, endpoints and the index each at an end.

        What is not known of the index counts as nothing; not a number where encoding has no price.
        """
        encoding = self.figures.encoding
        steps = np.where(self.static.hosted, encoding[hosted], encoding[own])
        return np.asarray(steps + self.figures.keeping[keeping])

    @cached_property
    def base_usd(self) -> Float64s:
        """US dollars a month as they are compared, each estimate at its base."""
        return np.asarray(rounded(self.monthly()))

    @cached_property
    def known_latency_ms(self) -> Float64s:
        """Milliseconds of a request on own machines, base; 0 at endpoints, which publish none."""
        return np.where(self.static.hosted, 0.0, self.figures.latency_ms["base"])

    @cached_property
    def unpriced_bytes(self) -> Float64s:
        """Bytes in memory of an index whose price is not known; 0 where it is, or there is none."""
        sizes = (
            load.size.ram_bytes if storage.INDEX_STORAGE in load.index_usd.not_known else 0
            for load in self.loads
        )
        return floats(sizes)[self.static.loads]

    @cached_property
    def estimated(self) -> Float64s:
        """1 where a count of tokens is estimated, since it is not published; else 0."""
        return floats(bool(load.tokens.estimated) for load in self.loads)[self.static.loads]


class Plan:
    """One variant at one place for one workload. Amounts are US dollars; None is not known."""

    def __init__(self, table: Plans, row: int) -> None:
        self.table, self.row = table, row
        self.place = place = table.static.places[row]
        self.load: Load = table.loads[table.static.loads[row]]
        self.id, self.variant_id, self.variant = place.id, place.variant_id, place.variant
        self.provider_id, self.provider = place.provider_id, place.provider
        self.offer, self.instance = place.offer, place.instance
        self.tokens = self.load.tokens

    @property
    def hosted(self) -> bool:
        """Whether it is a provider's endpoint."""
        return self.offer is not None

    @property
    def rent(self) -> Decimal | None:
        """US dollars an hour of its machine; None for an endpoint, or where not known."""
        spot = self.table.assumptions.machine_prices == "spot"
        return rent_of(self.instance, spot) if self.instance else None

    @property
    def where(self) -> str:
        """The provider, or the machine: `DeepInfra`, `AWS g6.xlarge (L4)`."""
        return place_name(self.table.catalog, self.place)

    @property
    def measured(self) -> MeasuredMachine | None:
        """The machine whose speed the visitor measured; None where the plan runs elsewhere."""
        return self.instance if isinstance(self.instance, MeasuredMachine) else None

    def value(self, name: str) -> Any:
        """The row of one column; None where not known."""
        values = self.table.columns[name]
        row = 0 if len(values.values) == 1 else self.row
        value = values.values[row] if values.known[row] else None
        return value.item() if isinstance(value, np.generic) else value

    def figure(self, name: str) -> Any:
        """The row of one column, a list in words; None where not known."""
        value = self.value(name)
        return template.listed(COLUMNS[name], value) if isinstance(value, tuple) else value

    @property
    def figures(self) -> Mapping[str, Any]:
        """The row of each column; None where not known."""
        return {name: self.figure(name) for name in self.table.columns}

    def _ends(self, column: dict[str, Float64s]) -> tuple[float, float, float]:
        low, base, high = (float(column[end][self.row]) for end in ENDS)
        return low, base, high

    def _own(self, column: dict[str, Float64s]) -> Speed | None:
        """The ends of a figure of own hardware; None for an endpoint, or where not known."""
        ends = Speed(*self._ends(column))
        return None if self.hosted or np.isnan(ends.base) else ends

    @property
    def index_bytes(self) -> int:
        """Bytes of the index in memory."""
        return self.load.size.ram_bytes

    @property
    def index_usd(self) -> Cost:
        """A month of the index."""
        return self.load.index_usd

    @property
    def replicas(self) -> tuple[int, int, int] | None:
        """Machines for the peak load at the fast end, the base and the slow end of their speed."""
        machines = self._own(self.table.figures.replicas)
        return machines and (int(machines.low), int(machines.base), int(machines.high))

    @property
    def tokens_per_second(self) -> Speed | None:
        """Tokens a second of one machine at the length of the typical input; low is slow."""
        return self._own(self.table.figures.tokens_per_second)

    @property
    def encoding_usd(self) -> Range | None:
        """A month of encoding or reranking: tokens by the price, or machines by the hour."""
        return Range.of(*self._ends(self.table.figures.encoding))

    @property
    def monthly_usd(self) -> Cost | None:
        """Encoding and index in a month; None where nothing is known of either."""
        return self._cost(self.encoding_usd, self.index_usd)

    @property
    def one_off_usd(self) -> Cost | None:
        """The first encoding of the corpus: tokens by the price, or hours of one machine.

        None where that is not known; of what writing the index costs, only that it is missing.
        """
        once = Range.of(*self._ends(self.table.figures.once))
        written = self.variant.kind == "embedder" and self.load.size.ram_bytes
        missing = storage.first_writes_not_priced(self.table.catalog, self.table.workload)
        return None if once is None else Cost.of(once, *(missing if written else ()))

    def _cost(self, encoding: Range | None, index: Cost) -> Cost | None:
        if encoding is None and not index.base:
            return None
        part = "reranking" if self.variant.kind == "reranker" else "encoding"
        return Cost.of(encoding, *(() if encoding else (part,))).plus(index)

    @property
    def first_hours(self) -> Speed | None:
        """Hours that one machine takes for the first encoding."""
        return self._own(self.table.figures.first_hours)

    @property
    def latency_ms(self) -> Speed | None:
        """Milliseconds to answer one request at the peak, without network."""
        return self._own(self.table.figures.latency_ms)

    @property
    def price_sources(self) -> tuple[str, ...]:
        """Ids of the sources of its price."""
        if self.offer is not None:
            return self.offer.source_ids("usd_per_1m_input")
        spot = self.table.assumptions.machine_prices == "spot"
        price = "spot_usd_per_h" if spot else "on_demand_usd_per_h"
        return self.instance.source_ids(price) if self.instance else ()

    @property
    def as_of(self) -> date | None:
        """The day of its price."""
        return self.offer.as_of if self.offer else self.instance.as_of if self.instance else None


def shown(plan: Plan, name: str) -> str:
    """A figure of a plan as the sentence of a rule has it."""
    if plan.measured and name == "speed_points":
        return "your own"  # beside "measured runs": how many they were is not in the address
    figure = plan.value(name)
    if figure is not None and COLUMNS[name].unit == "usd_per_1m":
        return formatting.price(plan.offer.usd_per_1m_input if plan.offer else None)
    return template.words(COLUMNS[name], figure)
