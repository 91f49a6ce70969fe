"""Where a variant can run: at an offer, or on a machine. No workload changes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from advisor.base.units import DAYS_PER_MONTH
from advisor.catalog.model import Catalog
from advisor.catalog.schema import Instance, Offer, Provider, Variant
from advisor.sizing.ranges import Float64s, floats
from advisor.sizing.throughput import MeasuredMachine


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
        machine = self.instance.id if self.instance else ""
        return self.offer.id if self.offer else f"{self.variant_id}@{machine}"

    @property
    def limit(self) -> int | None:
        """Longest input in tokens, the variant's or the endpoint's; None where not known."""
        limits = (self.variant.max_tokens, self.offer.max_tokens if self.offer else None)
        return min((limit for limit in limits if limit), default=None)

    @property
    def is_from_aggregator(self) -> bool:
        """Whether its price is told by a third party alone."""
        return self.offer is not None and self.offer.tier == "aggregator"

    @property
    def is_second_hand(self) -> bool:
        """Whether its price is told by a third party, or moves by the day."""
        of_marketplace = self.instance is not None and self.instance.marketplace
        return self.is_from_aggregator or of_marketplace


def place_name(catalog: Catalog, place: Place) -> str:
    """The provider's name, or the machine with what computes in it."""
    if place.instance is None:
        return place.provider.name if place.provider else "no provider"
    instance = place.instance
    name, machine = instance.instance, machine_name(catalog, instance)
    says_so = not instance.accelerator or machine.split(" ")[0] in name
    return f"{catalog.cloud_name(instance.cloud)} {name}" + ("" if says_so else f" ({machine})")


def free_usd_per_month(provider: Provider | None) -> Decimal:
    """US dollars that a free allocation takes off a month at best: an even load, used alone."""
    return (provider.free_usd_per_day or Decimal(0)) * DAYS_PER_MONTH if provider else Decimal(0)


def rent_of(instance: Instance, spot: bool) -> Decimal | None:
    """US dollars an hour of a machine, on demand or spot; None where not known."""
    return instance.spot_usd_per_h if spot else instance.on_demand_usd_per_h


def usd_per_1m(offer: Offer) -> Decimal | None:
    """US dollars per million tokens; a trial has no price."""
    return None if offer.type == "trial" else offer.usd_per_1m_input


def all_places(catalog: Catalog) -> tuple[Place, ...]:
    """A place for each embedder and reranker at each offer that stands and on each machine."""
    offers: dict[str, list[tuple[str, Provider, Offer]]] = {}
    for row in catalog.standing_offers():
        offers.setdefault(row[2].variant, []).append(row)
    machines = sorted(catalog.instances.items())
    places = []
    for key, variant in sorted(catalog.variants.items()):
        if variant.kind in ("embedder", "reranker"):
            rows = sorted(offers.get(key, []), key=lambda row: row[2].id)
            places += [Place(key, variant, *row) for row in rows]
            places += [Place(key, variant, instance=machine) for _, machine in machines]
    return tuple(places)


class PlaceKeys(NamedTuple):
    """Of what no workload changes, the keys of the order of plans; the smaller comes first."""

    second_hand: Float64s
    aggregator: Float64s
    parameters: Float64s  # without end where not known
    router: Float64s
    unlisted: Float64s
    name: Float64s  # the place of the id among all


def place_keys(places: Sequence[Place]) -> PlaceKeys:
    """The keys of each place."""
    ranks = {key: rank for rank, key in enumerate(sorted(place.id for place in places))}
    keys = PlaceKeys._fields
    values: tuple[Callable[[Place], float], ...] = (
        lambda place: place.is_second_hand,
        lambda place: place.is_from_aggregator,
        lambda place: place.variant.parameters or math.inf,
        lambda place: place.provider is not None and place.provider.router,
        lambda place: place.offer is None or place.offer.tier != "listing",
        lambda place: ranks[place.id],
    )
    columns = {key: floats(map(value, places)) for key, value in zip(keys, values, strict=True)}
    return PlaceKeys(**columns)


def numbered(ids: Iterable[str | None]) -> npt.NDArray[np.int64]:
    """A number for each id, the same for the same; -1 for none."""
    numbers: dict[str, int] = {}
    every = (-1 if key is None else numbers.setdefault(key, len(numbers)) for key in ids)
    return np.array([*every], dtype=np.int64)


def machine_name(catalog: Catalog, instance: Instance) -> str:
    """What computes, in words: the accelerators, or the CPU."""
    if isinstance(instance, MeasuredMachine):
        return "its own processor"
    if instance.accelerator:
        name, count = catalog.accelerators[instance.accelerator].name, instance.accelerator_count
        name = name.removeprefix("NVIDIA ").removeprefix("GeForce ")
        if count < 1:
            return f"1/{1 / count:.0f} {name}"
        return name if count == 1 else f"{count:g} × {name}"
    vcpus = f"{instance.vcpu:g} vCPUs" if instance.vcpu else "CPU"
    return f"{vcpus}, {catalog.cpus[instance.cpu].microarchitecture}" if instance.cpu else vcpus
