"""Plans: every variant at every offer and on every machine, with all figures for one workload as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from advisor.ask.assumptions import Assumptions
from advisor.ask.workload import Workload
from advisor.base import formatting
from advisor.base.units import HOURS_PER_MONTH
from advisor.catalog import Catalog
from advisor.decide.places import free_usd_per_month, place_name, rent_of, usd_per_1m
from advisor.decide.static_columns import StaticColumns
from advisor.rules.columns import COLUMNS
from advisor.rules.evaluate import Values
from advisor.sizing import latency
from advisor.sizing.ranges import ENDS, Float64s, Range
from advisor.sizing.storage import IndexSize
from advisor.sizing.throughput import MeasuredMachine, Speed
from advisor.sizing.tokens import Tokens, hosted_usd


@dataclass(frozen=True, eq=False)
class Plans:
    """All plans for one workload: figures as columns, one row a plan; `plans[row]` is one of them with exact amounts.

    `catalog` has the visitor's own prices in it, `ram` is the price of a GiB of memory in a month. `flops` is what one machine reaches at each end of the speed, in operations a second.

    `encoding`, `index` and `once` are US dollars by end (low, base, high), each of shape (rows,); not a number where not known.
    `needed` is the share of one machine's speed that the peak load takes, by end.
    """

    catalog: Catalog
    workload: Workload
    assumptions: Assumptions
    ram: Range | None
    static: StaticColumns
    loads: tuple[Load, ...]
    columns: dict[str, Values]
    flops: dict[str, Float64s]
    encoding: dict[str, Float64s]
    index: dict[str, Float64s]
    once: dict[str, Float64s]
    needed: dict[str, Float64s]
    _made: dict[int, Plan]

    def __len__(self) -> int:
        return len(self.static.places)

    def __iter__(self) -> Iterator[Plan]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> Plan:
        if row not in self._made:
            self._made[row] = Plan(self, int(row))
        return self._made[row]

    def of_kind(self, kind: str) -> npt.NDArray[np.bool_]:
        """Which rows are of an embedder or a reranker."""
        return np.asarray(self.columns["kind"].values == kind, dtype=bool)

    def machines(self, needed: Float64s) -> Float64s:
        """Machines that carry `needed` (in machines at full speed), filled as assumed; see `latency.filled`."""
        return latency.filled(needed, self.assumptions.target_utilisation, self.workload.redundancy)

    def monthly(self, encoding: str = "base", index: str = "base") -> Float64s:
        """US dollars a month with the encoding and the index each at an end."""
        return self.encoding[encoding] + self.index[index]


class Load(NamedTuple):
    """What a workload asks of a variant with one limit. FLOPs are None where the variant's shape is not known."""

    tokens: Tokens
    size: IndexSize
    index_usd: Range | None
    request_flops: float | None
    passage_flops: float | None
    token_flops: float | None


class Plan:
    """One variant at one place for one workload. Amounts are US dollars, unrounded; None is not known."""

    def __init__(self, table: Plans, row: int) -> None:
        self.table, self.row = table, row
        self.place = table.static.places[row]
        self.load = table.loads[table.static.loads[row]]
        self.id, self.variant_id, self.variant = (
            self.place.id,
            self.place.variant_id,
            self.place.variant,
        )
        self.provider_id, self.provider, self.offer, self.instance = (
            self.place.provider_id,
            self.place.provider,
            self.place.offer,
            self.place.instance,
        )
        self.tokens = self.load.tokens

    @property
    def hosted(self) -> bool:
        """Whether it is a provider's endpoint."""
        return self.offer is not None

    @property
    def rent(self) -> Decimal | None:
        """US dollars an hour of its machine; None for an endpoint, or where not known."""
        return (
            rent_of(self.instance, self.table.assumptions.machine_prices == "spot")
            if self.instance
            else None
        )

    @property
    def where(self) -> str:
        """The provider's name, or the machine: `DeepInfra`, `AWS g6.xlarge (L4)`, `this machine (yours)`."""
        return place_name(self.table.catalog, self.place)

    @property
    def measured(self) -> MeasuredMachine | None:
        """The machine whose speed the visitor measured; None where the plan runs elsewhere."""
        return self.instance if isinstance(self.instance, MeasuredMachine) else None

    def figure(self, name: str) -> Any:
        """The row of one column; None where not known."""
        values = self.table.columns[name]
        row = 0 if len(values.values) == 1 else self.row
        value = values.values[row] if values.known[row] else None
        return value.item() if isinstance(value, np.generic) else value

    @property
    def figures(self) -> Mapping[str, Any]:
        """The row of each column; None where not known."""
        return {name: self.figure(name) for name in self.table.columns}

    @property
    def index_bytes(self) -> int:
        """Bytes of the index in memory."""
        size: IndexSize = self.load.size
        return size.ram_bytes

    @property
    def index_usd(self) -> Range | None:
        """A month of the index."""
        amount: Range | None = self.load.index_usd
        return amount

    @cached_property
    def replicas(self) -> tuple[int, int, int] | None:
        """Machines for the peak load at the fast end, the base and the slow end of their speed: (low, base, high)."""
        needed = [self.table.needed[end][self.row] for end in ENDS]
        if np.isnan(needed[0]):
            return None
        low, base, high = (int(n) for n in self.table.machines(np.array(needed)))
        return low, base, high

    @property
    def tokens_per_second(self) -> Speed | None:
        """Tokens a second of one machine at the length of the typical input; low is slow."""
        flops = self.load.token_flops
        rates = [self.table.flops[end][self.row] for end in ENDS]
        return (
            None
            if np.isnan(rates[0]) or not flops
            else Speed(*(float(rate) / flops for rate in rates))
        )

    @property
    def encoding_usd(self) -> Range | None:
        """A month of encoding or reranking: tokens by the price, or machines by the hour."""
        if self.offer is not None:
            price = usd_per_1m(self.offer)
            if price is None:
                return None
            monthly, least = (
                hosted_usd(self.tokens.monthly, price),
                hosted_usd(self.tokens.monthly_low, price),
            )
            return Range(
                max(Decimal(0), least - free_usd_per_month(self.provider)), monthly, monthly
            )
        rent = self.rent
        if rent is None or self.replicas is None:
            return None
        return Range(*(rent * HOURS_PER_MONTH * count for count in self.replicas))

    @property
    def monthly_usd(self) -> Range | None:
        """Encoding and index in a month."""
        encoding, index = self.encoding_usd, self.index_usd
        return encoding.plus(index) if encoding is not None and index is not None else None

    @property
    def one_off_usd(self) -> Range | None:
        """The first encoding of the corpus: tokens by the price, or hours of one machine."""
        if self.offer is not None:
            price = usd_per_1m(self.offer)
            once = None if price is None else hosted_usd(self.tokens.once, price)
            return None if once is None else Range(once, once, once)
        rent, hours = self.rent, self.first_hours
        return None if rent is None or hours is None else Range(*(rent * Decimal(h) for h in hours))

    @property
    def first_hours(self) -> Speed | None:
        """Hours that one machine takes for the first encoding: (low, base, high)."""
        if self.load.passage_flops is None or np.isnan(self.table.flops["base"][self.row]):
            return None
        flops = (
            self.load.passage_flops * self.table.workload.passages
            if self.variant.kind == "embedder"
            else 0.0
        )
        fast, middle, slow = (
            float(self.table.flops[end][self.row]) for end in ("high", "base", "low")
        )
        return Speed(flops / fast / 3600, flops / middle / 3600, flops / slow / 3600)

    @property
    def latency_ms(self) -> Speed | None:
        """Milliseconds to answer one request at the peak, without network: (low, base, high); see `latency.latency_ms`."""
        if self.load.request_flops is None or np.isnan(self.table.flops["base"][self.row]):
            return None
        times = []
        for end, speed in (("low", "high"), ("base", "base"), ("high", "low")):
            static, needed = self.table.static, self.table.needed[end][self.row]
            machines, flops = (
                self.table.machines(np.array([needed]))[0],
                self.table.flops[speed][self.row],
            )
            time = latency.latency_ms(
                self.load.request_flops,
                flops,
                static.cards[self.row],
                static.read_ms[self.row],
                needed,
                machines,
            )
            times.append(float(time))
        return Speed(*times)

    @property
    def price_sources(self) -> tuple[str, ...]:
        """Ids of the sources of its price."""
        if self.offer is not None:
            return self.offer.source_ids("usd_per_1m_input")
        field = (
            "spot_usd_per_h"
            if self.table.assumptions.machine_prices == "spot"
            else "on_demand_usd_per_h"
        )
        return self.instance.source_ids(field) if self.instance else ()

    @property
    def as_of(self) -> date | None:
        """The day of its price."""
        return self.offer.as_of if self.offer else self.instance.as_of if self.instance else None


def shown(plan: Plan, name: str) -> str:
    """A figure of a plan as text, with the unit its column has."""
    value = plan.figure(name)
    if plan.measured and name == "speed_points":
        return "your own"  # beside "measured runs": how many they were is not in the address
    if value is None:
        return formatting.NOT_KNOWN
    if COLUMNS[name].unit == "usd":
        return formatting.usd(value)
    if COLUMNS[name].unit == "usd_per_1m":
        return formatting.price(plan.offer.usd_per_1m_input if plan.offer else None)
    if COLUMNS[name].unit == "bytes":
        return formatting.memory(value)
    if COLUMNS[name].unit in ("milliseconds", "per_second", "per_minute", "hours"):
        return formatting.count(round(value) if value >= 10 else round(value, 1))
    return formatting.count(value) if COLUMNS[name].kind == "number" else str(value)
