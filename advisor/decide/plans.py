"""Plans: every variant at every offer and on every machine, with all figures for one workload as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from advisor.ask.assumptions import DEFAULT, Assumptions, priced
from advisor.ask.workload import SECONDS_PER_MONTH, Workload
from advisor.base import formatting
from advisor.base.errors import WorkloadError
from advisor.base.formatting import DAYS_PER_MONTH, HOURS_PER_MONTH
from advisor.catalog.cache import kept
from advisor.catalog.load import Catalog
from advisor.catalog.schema import Instance, Offer, Provider, Variant
from advisor.rules.columns import COLUMNS, KINDS
from advisor.rules.evaluate import Values, column
from advisor.sizing import storage, throughput
from advisor.sizing.storage import IndexSize
from advisor.sizing.throughput import MeasuredMachine, Speed
from advisor.sizing.tokens import MILLION, Range, Tokens, hosted_usd, tokens_sent

KINDS_FOR_TASK = {"retrieve": ("embedder",), "retrieve-and-rerank": ("embedder", "reranker"), "rerank": ("reranker",)}
POOLING = {"cls": "CLS", "mean": "mean", "last_token": "last token"}
CLOUDS = {
    "aws": "AWS",
    "gcp": "Google Cloud",
    "azure": "Azure",
    "lambda": "Lambda",
    "runpod": "RunPod",
    "nebius": "Nebius",
    "vast": "Vast.ai",
}
LOSSES = "beir-rerank-large"
"""The evidence set whose data sets are counted one by one for losses."""
INT8_BEFORE, INT8_AFTER = "MTEB(eng, v1) fp32 of the int8 study", "MTEB(eng, v1) int8"
"""The two columns of the study that measured int8, as benchmarks of quality.csv."""
RUNS = ("listed", "architecture", "partial")
ENDS = ("low", "base", "high")
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A variant at an offer, or on a machine; the part of a plan that no workload changes."""

    variant_id: str
    variant: Variant
    provider_id: str | None = None
    provider: Provider | None = None
    offer: Offer | None = None
    instance: Instance | None = None

    @property
    def id(self) -> str:
        """The offer's id, or the variant's and the machine's."""
        return self.offer.id if self.offer else f"{self.variant_id}@{self.instance.id if self.instance else ''}"

    @property
    def limit(self) -> int | None:
        """Longest input in tokens: the smaller of the variant's and the endpoint's; None where neither is known."""
        return min((n for n in (self.variant.max_tokens, self.offer.max_tokens if self.offer else None) if n), default=None)


class Load(NamedTuple):
    """What a workload asks of a variant with one limit. FLOPs are None where the variant's shape is not known."""

    tokens: Tokens
    size: IndexSize
    index_usd: Range | None
    request_flops: float | None
    passage_flops: float | None
    token_flops: float | None


@dataclass(frozen=True)
class _Static:
    """The columns that no workload changes, for all places of a catalog."""

    places: tuple[Place, ...]
    columns: dict[str, Values]
    prices: Floats  # US dollars per token, or not a number
    free: Floats  # US dollars a month that a free allocation takes off at best
    rents: Floats  # US dollars a month for one machine, or not a number
    flops: dict[str, Floats]  # FLOP/s of one machine at each end, or not a number
    cards: Floats  # accelerators over which a machine's speed is spread; one request runs on one of them
    read_ms: Floats  # milliseconds to read the weights once from a card's memory, 0 where its bandwidth is not known
    hosted: npt.NDArray[np.bool_]
    measured: npt.NDArray[np.bool_]  # on a machine whose speed the visitor measured
    loads: npt.NDArray[np.int64]  # row of the distinct (variant, limit) pairs
    pairs: tuple[tuple[str, int | None], ...]
    order: tuple[Floats, ...]  # keys of the preference among equals that no workload changes


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
    static: _Static
    loads: tuple[Load, ...]
    columns: dict[str, Values]
    flops: dict[str, Floats]
    encoding: dict[str, Floats]
    index: dict[str, Floats]
    once: dict[str, Floats]
    needed: dict[str, Floats]
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

    def monthly(self, encoding: str = "base", index: str = "base") -> Floats:
        """US dollars a month with the encoding and the index each at an end."""
        return self.encoding[encoding] + self.index[index]


class Plan:
    """One variant at one place for one workload. Amounts are US dollars, unrounded; None is not known."""

    def __init__(self, table: Plans, row: int) -> None:
        self.table, self.row = table, row
        self.place = table.static.places[row]
        self.load = table.loads[table.static.loads[row]]
        self.id, self.variant_id, self.variant = self.place.id, self.place.variant_id, self.place.variant
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
        return rent_of(self.instance, self.table.assumptions.machine_prices == "spot") if self.instance else None

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
        low, base, high = (int(n) for n in machines(np.array(needed), self.table))
        return low, base, high

    @property
    def tokens_per_second(self) -> Speed | None:
        """Tokens a second of one machine at the length of the typical input; low is slow."""
        flops = self.load.token_flops
        rates = [self.table.flops[end][self.row] for end in ENDS]
        return None if np.isnan(rates[0]) or not flops else Speed(*(float(rate) / flops for rate in rates))

    @property
    def encoding_usd(self) -> Range | None:
        """A month of encoding or reranking: tokens by the price, or machines by the hour."""
        if self.offer is not None:
            price = _price(self.offer)
            if price is None:
                return None
            monthly, least = hosted_usd(self.tokens.monthly, price), hosted_usd(self.tokens.monthly_low, price)
            return Range(max(Decimal(0), least - free_usd_per_month(self.provider)), monthly, monthly)
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
            price = _price(self.offer)
            once = None if price is None else hosted_usd(self.tokens.once, price)
            return None if once is None else Range(once, once, once)
        rent, hours = self.rent, self.first_hours
        return None if rent is None or hours is None else Range(*(rent * Decimal(h) for h in hours))

    @property
    def first_hours(self) -> Speed | None:
        """Hours that one machine takes for the first encoding: (low, base, high)."""
        if self.load.passage_flops is None or np.isnan(self.table.flops["base"][self.row]):
            return None
        flops = self.load.passage_flops * self.table.workload.passages if self.variant.kind == "embedder" else 0.0
        fast, middle, slow = (float(self.table.flops[end][self.row]) for end in ("high", "base", "low"))
        return Speed(flops / fast / 3600, flops / middle / 3600, flops / slow / 3600)

    @property
    def latency_ms(self) -> Speed | None:
        """Milliseconds to answer one request at the peak, without network: (low, base, high).

        On one card, what takes longer: computing, or reading the weights once (calculators.md section 2, the memory-bound check); lengthened
        by the machine's use: `1 / (1 - use)`, the mean of a queue with random arrivals (M/M/1).
        """
        if self.load.request_flops is None or np.isnan(self.table.flops["base"][self.row]):
            return None
        times = []
        for end, speed in (("low", "high"), ("base", "base"), ("high", "low")):
            needed = float(self.table.needed[end][self.row])
            wait = float(_queue(needed, machines(np.array([needed]), self.table)[0]))
            static = self.table.static
            computing = 1000 * self.load.request_flops / float(self.table.flops[speed][self.row]) * static.cards[self.row]
            times.append(max(float(computing), float(static.read_ms[self.row])) * wait)
        return Speed(*times)

    @property
    def price_sources(self) -> tuple[str, ...]:
        """Ids of the sources of its price."""
        if self.offer is not None:
            return self.offer.source_ids("usd_per_1m_input")
        field = "spot_usd_per_h" if self.table.assumptions.machine_prices == "spot" else "on_demand_usd_per_h"
        return self.instance.source_ids(field) if self.instance else ()

    @property
    def as_of(self) -> date | None:
        """The day of its price."""
        return self.offer.as_of if self.offer else self.instance.as_of if self.instance else None


def build(catalog: Catalog, workload: Workload, today: date, assumptions: Assumptions = DEFAULT) -> Plans:
    """Every plan for a workload, by variant id and then the place's id, whatever the order of the files.

    Raises:
        WorkloadError: the workload names a vector store that the catalog does not have.
    """
    catalog = priced(catalog, assumptions)
    known = storage.stores(catalog)
    if workload.vector_store not in ("ram", "none", *known):
        raise WorkloadError(f"vector_store: no store '{workload.vector_store}'. Known: ram, none, {', '.join(known)}.")
    static = _static(catalog, assumptions.precision, assumptions.machine_prices == "spot")
    stated = assumptions.memory_usd_per_gib_month
    ram = Range(*[Decimal(str(stated))] * 3) if stated else storage.ram_usd_per_gib_month(catalog)
    loads = tuple(_load(catalog, workload, catalog.variants[key], limit, ram) for key, limit in static.pairs)
    return _columns(catalog, workload, assumptions, ram, static, loads, today)


def ids(catalog: Catalog) -> list[str]:
    """The id of every plan of a catalog."""
    return [place.id for place in _static(catalog, DEFAULT.precision, False).places]


def place_name(catalog: Catalog, place: Place) -> str:
    """The provider's name, or the machine with what computes in it."""
    if place.instance is None:
        return place.provider.name if place.provider else "no provider"
    instance = place.instance
    cloud = CLOUDS.get(instance.cloud, instance.cloud)
    machine = throughput.machine(catalog, instance)
    told = not instance.accelerator or machine.split(" ")[0] in instance.instance
    return f"{cloud} {instance.instance}" if told else f"{cloud} {instance.instance} ({machine})"


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


def covers(variant: Variant, languages: tuple[str, ...]) -> bool | None:
    """Whether a variant's languages hold all of `languages`; None where its list is not complete or not published."""
    if variant.languages is not None and set(languages) <= set(variant.languages):
        return True
    return False if variant.languages_complete else None


def free_usd_per_month(provider: Provider | None) -> Decimal:
    """US dollars that a provider's free allocation takes off a month at best: where the load is even and nothing else uses the account."""
    return (provider.free_usd_per_day or Decimal(0)) * DAYS_PER_MONTH if provider else Decimal(0)


def rent_of(instance: Instance, spot: bool) -> Decimal | None:
    """US dollars an hour of a machine, on demand or spot; None where not known."""
    return instance.spot_usd_per_h if spot else instance.on_demand_usd_per_h


@kept(64)
def int8_loss(catalog: Catalog, variant_id: str) -> float | None:
    """Points of retrieval score that int8 costs in the one study of the catalog; None where it was not measured."""
    table = catalog.quality
    rows = table[(table["variant"] == variant_id) & (table["aspect"] == "retrieval")]
    before, after = (rows[rows["benchmark"] == name]["score"] for name in (INT8_BEFORE, INT8_AFTER))
    return None if before.empty or after.empty else round(float(before.iloc[0] - after.iloc[0]), 4)


def _price(offer: Offer) -> Decimal | None:
    """US dollars per million tokens; a trial has no price."""
    return None if offer.type == "trial" else offer.usd_per_1m_input


def _load(catalog: Catalog, workload: Workload, variant: Variant, limit: int | None, ram: Range | None) -> Load:
    """What the workload asks of one variant whose inputs are cut or split at `limit`."""
    tokens = tokens_sent(workload, variant, limit)
    size = storage.index_size(variant, tokens, workload)
    index = storage.index_usd_per_month(catalog, workload, size, ram, storage.written_bytes(variant, tokens, workload))
    slope, base = throughput.slope(variant), throughput.base(variant)
    if slope is None or not base:
        return Load(tokens, size, index, None, None, None)
    if variant.kind == "reranker":
        token = base + slope * tokens.per_input
        return Load(tokens, size, index, workload.rerank_candidates * tokens.per_input * token, 0.0, token)
    query = workload.query_tokens + (variant.special_tokens_per_text or 0)
    parts = max(1.0, tokens.vectors_per_passage)
    part = tokens.per_passage / parts
    return Load(tokens, size, index, query * (base + slope * query), tokens.per_passage * (base + slope * part), base + slope * part)


def machines(needed: Floats, table: Plans) -> Floats:
    """Machines that carry `needed` (in machines at full speed); see `filled`."""
    return filled(needed, table.assumptions.target_utilisation, table.workload.redundancy)


def filled(needed: Floats, utilisation: float, redundancy: bool) -> Floats:
    """Machines that carry `needed` (in machines at full speed) when filled to `utilisation`: one at least, one more where redundancy is asked."""
    return np.maximum(1.0, np.ceil(needed / utilisation - 1e-9)) + (1.0 if redundancy else 0.0)


def _columns(
    catalog: Catalog,
    workload: Workload,
    assumptions: Assumptions,
    ram: Range | None,
    static: _Static,
    loads: tuple[Load, ...],
    today: date,
) -> Plans:
    """The workload's columns beside the static ones."""
    at = static.loads

    def spread(figure: Callable[[Load], float | Decimal | None]) -> Floats:
        return np.array([np.nan if (value := figure(load)) is None else float(value) for load in loads])[at]

    monthly, low = spread(lambda load: load.tokens.monthly), spread(lambda load: load.tokens.monthly_low)
    once = spread(lambda load: load.tokens.once)
    request, passage = spread(lambda load: load.request_flops), spread(lambda load: load.passage_flops)
    per_second = workload.peak * request + workload.new_passages_per_month / SECONDS_PER_MONTH * passage
    first = np.where(static.columns["kind"].values == "embedder", passage * workload.passages, 0.0) / 3600 / HOURS_PER_MONTH
    speeds = dict(zip(ENDS, ("high", "base", "low"), strict=True))  # the low cost comes with the high speed
    stated = np.where(static.measured, 1.0, assumptions.speed_percent / 100)  # a share of the estimate; what was measured is none
    flops = {end: rate * stated for end, rate in static.flops.items()}
    needed = {end: per_second / flops[speed] for end, speed in speeds.items()}
    replicas = {end: filled(n, assumptions.target_utilisation, workload.redundancy) for end, n in needed.items()}
    encoding = _encoding_usd(static, monthly, low, replicas)
    index = {end: spread(lambda load, e=end: getattr(load.index_usd, e) if load.index_usd is not None else None) for end in ENDS}  # type: ignore[misc]
    ones = {end: np.where(static.hosted, static.prices * once, static.rents * first / flops[speed]) for end, speed in speeds.items()}
    total = encoding["base"] + index["base"]
    tokens_per_second = flops["base"] / spread(lambda load: load.token_flops)
    latency = {
        end: np.maximum(1000 * request / flops[speed] * static.cards, static.read_ms) * _queue(needed[end], replicas[end])
        for end, speed in speeds.items()
    }
    p95 = spread(lambda load: load.tokens.input_p95)
    attention = static.columns["attention_bytes"].values * np.minimum(p95, _filled(static.columns["limit_tokens"])) ** 2
    own = ~static.hosted
    numbers = {
        "input_tokens_p95": p95,
        "monthly_tokens": monthly,
        "monthly_usd": total,
        "one_off_usd": ones["base"],
        "tokens_per_second": tokens_per_second,
        "replicas": np.where(own, replicas["base"], np.nan),
        "first_hours": np.where(own, first * HOURS_PER_MONTH / flops["base"], np.nan),
        "latency_ms": np.where(own, latency["base"], np.nan),
        "latency_ms_high": np.where(own, latency["high"], np.nan),
        "attention_bytes": np.where(own, attention, np.nan),
    }
    columns = static.columns | {name: Values(np.nan_to_num(v), ~np.isnan(v)) for name, v in numbers.items()}
    columns |= _variant_columns(catalog, workload, static) | _asked(catalog, workload)
    columns["int8_asked"] = _int8_asked(columns, static, assumptions)
    days = static.columns["price_age_days"]
    columns["price_age_days"] = Values(today.toordinal() - days.values, days.known)
    return Plans(catalog, workload, assumptions, ram, static, loads, columns, flops, encoding, index, ones, needed, {})


def _encoding_usd(static: _Static, monthly: Floats, low: Floats, replicas: dict[str, Floats]) -> dict[str, Floats]:
    """Monthly cost of encoding at each end, US dollars: tokens at a provider, less what is free at the low end, or the machines' rent."""
    priced = {end: static.prices * monthly for end in ENDS} | {"low": np.maximum(0, static.prices * low - static.free)}
    return {end: np.where(static.hosted, priced[end], static.rents * replicas[end]) for end in ENDS}


def _int8_asked(columns: dict[str, Values], static: _Static, assumptions: Assumptions) -> Values:
    """Whether int8 is what the visitor wants: by the assumption, or on the measured machine alone where nothing else is asked."""
    if static.measured.any() and assumptions.precision == "default":
        int8 = np.asarray(columns["precision"].values == "int8", dtype=bool)
        return Values(int8, np.ones_like(int8))
    return column([assumptions.precision == "int8"], "boolean")


def _queue(needed: Any, replicas: Any) -> Any:
    """How much longer a request takes at the peak: `1 / (1 - use)`, where use is the load of one of the replicas."""
    return 1 / (1 - np.minimum(needed / replicas, 0.99))


def _filled(values: Values) -> Floats:
    return np.where(values.known, values.values, np.inf)


def _asked(catalog: Catalog, workload: Workload) -> dict[str, Values]:
    """The workload's columns: one value that stands for every plan."""
    store = catalog.stores.get(workload.vector_store)
    types = store.vector_types if store else None
    asked = {name: getattr(workload, name) for name in KINDS if name in Workload.model_fields} | {
        "languages_named": len(set(workload.languages)),
        "languages_asked": formatting.listed(sorted(set(workload.languages))),
        "chinese_asked": "zh" in workload.languages,
        "outputs_asked": formatting.listed([o.replace("_", "-") for o in workload.outputs]),
        "multi_vector_asked": "multi_vector" in workload.outputs,
        "peak_requests_per_minute": workload.peak * 60,
        "store_name": store.name if store else storage.name(catalog, workload.vector_store),
        "managed_store": store is not None,
        "store_max_dims": storage.most_dimensions(store, workload.vector_type) if store else None,
        "store_takes_type": None if store is None or types is None else workload.vector_type in types,
        "store_price_known": store is None or storage.price_is_known(store),
        "store_prices_queries": store is None or storage.prices_queries(store),
        "store_left_out": storage.left_out(store) if store else "",
        "store_price_hint": storage.price_hint(store) if store else "",
        "store_smaller_plans": storage.smaller_plans(store) if store else None,
        "store_smaller_bytes": storage.smaller_bytes(store) if store else None,
        "store_returned_usd_per_gb": float(store.returned_usd_per_gb) if store and store.returned_usd_per_gb else None,
        "store_is_hosted": store is not None and store.type != "self_hosted",
        "more_than_dense": not set(workload.outputs) <= {"dense"},
    }
    return {name: column([value], KINDS[name]) for name, value in asked.items()}


def _variant_columns(catalog: Catalog, workload: Workload, static: _Static) -> dict[str, Values]:
    """The columns that follow from the workload and the variant or the endpoint, made once for each variant."""
    ids = [key for key, _ in static.pairs]
    figures = {key: _variant_figures(catalog, key, workload) for key in dict.fromkeys(ids)}
    found = {}
    for name in next(iter(figures.values()), {}):
        values = column([figures[key][name] for key in ids], KINDS[name])
        found[name] = Values(values.values[static.loads], values.known[static.loads])
    if set(workload.outputs) <= {"dense"}:
        found["offer_gives_outputs"] = column([True], "boolean")
    else:
        found["offer_gives_outputs"] = column([_offer_gives(workload, place) for place in static.places], "boolean")
    return found


def _variant_figures(catalog: Catalog, variant_id: str, workload: Workload) -> dict[str, Any]:
    """The columns that depend on the variant and the workload."""
    variant = catalog.variants[variant_id]
    wanted = set() if variant.kind == "reranker" else set(workload.outputs)
    running = {name: runtime for name, runtime in variant.runtimes.items() if runtime.support in RUNS}
    giving = [name for name, runtime in running.items() if wanted <= set(runtime.outputs or ("dense",))]
    return {
        "covers_languages": covers(variant, workload.languages),
        "languages_missing": formatting.listed(sorted(set(workload.languages) - set(variant.languages or ()))) or None,
        "variant_gives_outputs": wanted <= set(variant.outputs),
        "runtimes_for_outputs": formatting.listed(giving, "or") or None,
        "returns_outputs": bool(giving),
    }


def _offer_gives(workload: Workload, place: Place) -> bool | None:
    """Whether an endpoint returns the outputs asked for; every endpoint returns dense vectors, or a reranker's scores."""
    if place.offer is None:
        return None
    if place.variant.kind == "reranker":
        return True
    return set(workload.outputs) <= set(place.offer.outputs) if place.offer.outputs is not None else None


@kept(16)
def _static(catalog: Catalog, precision: str, spot: bool) -> _Static:
    """All places of a catalog with the columns that no workload changes, at a precision and with on-demand or spot rents."""
    places = _places(catalog)
    pairs = tuple(dict.fromkeys((place.variant_id, place.limit) for place in places))
    rows = [_place_figures(catalog, place, precision, spot) for place in places]
    columns = {name: column([row[name] for row in rows], KINDS[name]) for name in (rows[0] if rows else {})}
    prices = [None if place.offer is None else _price(place.offer) for place in places]
    rents = [None if place.instance is None else rent_of(place.instance, spot) for place in places]
    flops = [_speed(catalog, place, precision) for place in places]
    return _Static(
        places=places,
        columns=columns,
        prices=_floats([None if price is None else price / MILLION for price in prices]),
        free=np.array([float(free_usd_per_month(place.provider)) for place in places]),
        rents=_floats([None if rent is None else rent * HOURS_PER_MONTH for rent in rents]),
        flops={end: _floats([None if speed is None else getattr(speed, end) for speed in flops]) for end in ENDS},
        cards=np.array([max(1.0, place.instance.accelerator_count) if place.instance else 1.0 for place in places]),
        read_ms=np.array([_read_ms(catalog, place, precision) for place in places]),
        hosted=np.array([place.offer is not None for place in places], dtype=bool),
        measured=np.array([isinstance(place.instance, MeasuredMachine) for place in places], dtype=bool),
        loads=np.array([pairs.index((place.variant_id, place.limit)) for place in places], dtype=np.int64),
        pairs=pairs,
        order=_order(places),
    )


def _places(catalog: Catalog) -> tuple[Place, ...]:
    """A place for each embedder and reranker at each of its offers and on each machine."""
    offers: dict[str, list[tuple[str, Provider, Offer]]] = {}
    for found in catalog.offers():
        offers.setdefault(found[2].variant, []).append(found)
    places = []
    for key, variant in sorted(catalog.variants.items()):
        if variant.kind in ("embedder", "reranker"):
            places += [Place(key, variant, *found) for found in sorted(offers.get(key, []), key=lambda o: o[2].id)]
            places += [Place(key, variant, instance=instance) for _, instance in sorted(catalog.instances.items())]
    return tuple(places)


def _order(places: Sequence[Place]) -> tuple[Floats, ...]:
    """(second-hand price, parameters, router, no price of the listing, id) as numbers that sort the preferred first."""
    ranks = {key: rank for rank, key in enumerate(sorted(place.id for place in places))}
    keys = [
        [
            float((p.offer is not None and p.offer.tier == "aggregator") or (p.instance is not None and p.instance.marketplace))
            for p in places
        ],
        [float(p.variant.parameters or 0) for p in places],
        [float(p.provider is not None and p.provider.router) for p in places],
        [float(p.offer is None or p.offer.tier != "listing") for p in places],
        [float(ranks[p.id]) for p in places],
    ]
    return tuple(np.array(key) for key in keys)


def _floats(values: Sequence[float | Decimal | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def _speed(catalog: Catalog, place: Place, precision: str) -> Speed | None:
    """FLOP/s that one machine reaches: as measured, or its peak x the calibrated share; None where either is not known."""
    if place.instance is None:
        return None
    if isinstance(place.instance, MeasuredMachine):
        return throughput.measured_flops(catalog, place.instance, place.variant_id, precision)
    kind = throughput.hardware_class(catalog, place.instance)
    calibration = throughput.calibrations(catalog, precision).get(kind) if kind else None
    peak = throughput.peak_flops(catalog, place.instance, precision)
    return None if calibration is None or peak is None else Speed(*(share * peak for share in calibration.mfu))


def _read_ms(catalog: Catalog, place: Place, asked: str) -> float:
    """Milliseconds to read a variant's weights once from one card's memory; 0 where its bandwidth is not known."""
    kind = throughput.hardware_class(catalog, place.instance) if place.instance else None
    if place.instance is None or kind != "gpu":
        return 0.0
    rate = catalog.accelerators[place.instance.accelerator or ""].memory_bandwidth_gb_per_s
    weights = throughput.weights_bytes(place.variant, throughput.precision_of(kind, asked))
    return 1000 * weights / (rate * 1e9 * min(1.0, place.instance.accelerator_count)) if rate and weights else 0.0


def _place_figures(catalog: Catalog, place: Place, precision: str, spot: bool) -> dict[str, Any]:
    """The columns of one place that no workload changes."""
    variant, offer, instance, provider = place.variant, place.offer, place.instance, place.provider
    licence = catalog.licences.get(variant.licence or "")
    successor = variant.successors[0] if variant.successors else None
    as_of = offer.as_of if offer else instance.as_of if instance else None
    price = _price(offer) if offer else None
    return {
        "variant": place.variant_id,
        "variant_name": variant.name,
        "kind": variant.kind,
        "kind_verb": "scores query-passage pairs and makes no embedding"
        if variant.kind == "reranker"
        else "makes embeddings and scores no pairs",
        "hosted": offer is not None,
        "place": place_name(catalog, place),
        "provider": place.provider_id,
        "provider_name": provider.name if provider else CLOUDS.get(instance.cloud, instance.cloud) if instance else None,
        "offer": offer.id if offer else None,
        "offer_type": offer.type if offer else None,
        "price_tier": offer.tier if offer else None,
        "priced": price is not None or (instance is not None and rent_of(instance, spot) is not None),
        "price_age_days": as_of.toordinal() if as_of else None,  # the day itself: `_columns` counts the days since
        "requests_per_minute": offer.requests_per_minute if offer else None,
        "native_currency": offer.native_currency if offer else None,
        "usd_per_1m_input": float(price) if price is not None else None,
        "max_tokens": variant.max_tokens,
        "offer_max_tokens": offer.max_tokens if offer else None,
        "limit_tokens": place.limit,
        "special_tokens": (variant.special_tokens_per_pair if variant.kind == "reranker" else variant.special_tokens_per_text) or 0,
        "recommended_tokens": variant.recommended_tokens,
        "language_count": len(variant.languages) if variant.languages is not None else None,
        "outputs_given": formatting.listed([o.replace("_", "-") for o in variant.outputs]),
        "variant_licence": licence.name if licence else variant.licence,
        "licence_permissive": licence.permissive if licence else None,
        "commercial_use": licence.commercial_use if licence else variant.commercial_use,
        "embedding_dim": variant.embedding_dim,
        "pooling": POOLING.get(variant.pooling or ""),
        "default_pooling": POOLING.get(offer.default_pooling or "") if offer else None,
        "needs_query_instruction": bool(variant.query_instruction_required),
        "has_query_instruction": variant.query_instruction is not None,
        "successor": catalog.variants[successor.variant].name if successor else None,
        "successor_use": successor.use_for if successor else None,
        "replaced_by": catalog.variants[variant.replaced_by].name if variant.replaced_by else None,
        **_machine_figures(catalog, place, precision),
        **_losses(catalog, place.variant_id),
    }


def _machine_figures(catalog: Catalog, place: Place, asked: str) -> dict[str, Any]:
    """The columns of the machine; None for an endpoint."""
    variant, instance = place.variant, place.instance
    kind = throughput.hardware_class(catalog, instance) if instance else None
    precision = throughput.precision_on(instance, kind, asked) if kind and instance else None
    calibration = throughput.calibrations(catalog, asked).get(kind) if kind else None
    named = instance and (instance.accelerator or instance.cpu)
    machines = {key: entry.name for key, entry in catalog.accelerators.items()} | {
        key: c.microarchitecture for key, c in catalog.cpus.items()
    }
    return {
        "instance": instance.id if instance else None,
        "marketplace": instance.marketplace if instance else None,
        "hardware_class": kind,
        "machine_name": throughput.machine(catalog, instance) if instance else None,
        "precision": precision,
        "speed_measured": bool(calibration and (named, place.variant_id) in calibration.measured) if instance else None,
        "speed_points": calibration.points if calibration else None,
        "speed_machines": formatting.listed([machines[key] for key in calibration.machines]) if calibration else None,
        "runtimes": formatting.listed([name for name, runtime in variant.runtimes.items() if runtime.support in RUNS], "or") or None,
        "int8_loss": int8_loss(catalog, place.variant_id) if precision == "int8" else None,
        "memory_bytes": throughput.memory_bytes(catalog, instance) if instance else None,
        "needed_bytes": throughput.needed_bytes(variant, precision) if precision else None,
        "attention_bytes": throughput.attention_bytes(variant, precision, 1)
        if precision
        else None,  # `_columns` multiplies by the length squared
        "weights_bytes": throughput.weights_bytes(variant, precision) if precision else None,
        **_measured_figures(catalog, place),
    }


def _measured_figures(catalog: Catalog, place: Place) -> dict[str, Any]:
    """What the speed on a measured machine rests on: one measurement, of this variant or scaled from another; empty elsewhere."""
    machine = place.instance
    if not isinstance(machine, MeasuredMachine):
        return {}
    return {
        "speed_measured": place.variant_id == machine.variant,
        "speed_points": 1,
        "speed_machines": f"this machine, of {catalog.variants[machine.variant].name}",
    }


@kept(64)
def _losses(catalog: Catalog, variant_id: str) -> Mapping[str, Any]:
    """On how many data sets of one table a reranker lowers the score of its first stage, and where most; None where not measured."""
    chosen = catalog.evidence_sets.get(LOSSES)
    table = catalog.quality_by_language
    rows = table[(table["benchmark"] == chosen.benchmark) & (table["aspect"] != "average")] if chosen else table.iloc[:0]
    scores = {row["aspect"]: row["score"] for row in rows[rows["variant"] == variant_id].to_dict("records") if row["with_retriever"]}
    before = {row["aspect"]: row["score"] for row in rows.to_dict("records") if not row["with_retriever"]}
    shared = {key: (before[key], score) for key, score in scores.items() if key in before}
    if not shared:
        return {"losses": None, "losses_of": None, "worst_loss": None}
    worst = min(shared, key=lambda key: (shared[key][1] - shared[key][0], key))
    first, second = (formatting.points(score) for score in shared[worst])
    return {
        "losses": sum(after < was for was, after in shared.values()),
        "losses_of": len(shared),
        "worst_loss": f"{worst} ({first} to {second})",
    }
