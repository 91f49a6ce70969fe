"""The columns of plans that no workload changes, for all places of a catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from advisor.ask.labels import language
from advisor.base import formatting
from advisor.base.units import HOURS_PER_MONTH
from advisor.catalog.cache import once_per_catalog
from advisor.catalog.instructions import instruction_tokens
from advisor.catalog.model import Catalog
from advisor.catalog.schema import Variant
from advisor.decide.places import (
    Place,
    PlaceKeys,
    all_places,
    free_usd_per_month,
    machine_name,
    numbered,
    place_keys,
    place_name,
    rent_of,
    usd_per_1m,
)
from advisor.rules.columns import KINDS
from advisor.rules.evaluate import Values, column
from advisor.sizing import throughput
from advisor.sizing.figures import MILLION, Rates
from advisor.sizing.ranges import ENDS, floats
from advisor.sizing.throughput import MeasuredMachine, Speed
from advisor.sizing.tokens import special_tokens

POOLING = {"cls": "CLS", "mean": "mean", "last_token": "last token"}
KIND_VERBS = {
    "embedder": "is an embedder",
    "reranker": "is a reranker",
}
RUNS = ("listed", "architecture", "partial")


MOST_NAMED = 10
"""Languages of a variant that a sentence names; of more it has the number."""


@dataclass(frozen=True)
class StaticColumns(Rates):
    """The columns that no workload changes, for all places of a catalog."""

    places: tuple[Place, ...]
    columns: dict[str, Values]
    pairs: tuple[tuple[str, int | None], ...]
    """The distinct (variant, limit) pairs."""
    order: PlaceKeys
    provider_numbers: npt.NDArray[np.int64]  # -1 on a machine
    machine_numbers: npt.NDArray[np.int64]  # -1 at a provider


@once_per_catalog(64)
def int8_loss(catalog: Catalog, variant_id: str) -> float | None:
    """Points of retrieval score that int8 costs in the one study of it; None if not measured."""
    study = next((s for s in catalog.precision_comparisons.values() if s.precision == "int8"), None)
    if study is None:
        return None
    table = catalog.quality
    rows = table[(table["variant"] == variant_id) & (table["aspect"] == study.aspect)]
    before, after = (rows[rows["benchmark"] == b]["score"] for b in (study.full, study.lower))
    return None if before.empty or after.empty else round(float(before.iloc[0] - after.iloc[0]), 4)


@once_per_catalog(16)
def static_columns(catalog: Catalog, precision: str, spot: bool) -> StaticColumns:
    """All places of a catalog at a precision, with on-demand or spot rents."""
    places = all_places(catalog)
    pairs = tuple(dict.fromkeys((place.variant_id, place.limit) for place in places))
    rows = [_place_figures(catalog, place, precision, spot) for place in places]
    names = rows[0] if rows else {}
    columns = {name: column([row[name] for row in rows], KINDS[name]) for name in names}
    prices = [usd_per_1m(place.offer) if place.offer else None for place in places]
    machines = [place.instance for place in places]
    rents = [rent_of(machine, spot) if machine else None for machine in machines]
    flops = [_speed(catalog, place, precision) for place in places]
    return StaticColumns(
        places=places,
        columns=columns,
        prices=floats(None if price is None else price / MILLION for price in prices),
        free=floats(free_usd_per_month(place.provider) for place in places),
        rents=floats(None if rent is None else rent * HOURS_PER_MONTH for rent in rents),
        flops={end: floats(speed and getattr(speed, end) for speed in flops) for end in ENDS},
        cards=floats(max(1.0, m.accelerator_count) if m else 1.0 for m in machines),
        read_ms=floats(_read_ms(catalog, place, precision) for place in places),
        hosted=np.array([place.offer is not None for place in places], dtype=bool),
        measured=np.array([isinstance(m, MeasuredMachine) for m in machines], dtype=bool),
        loads=np.array([pairs.index((p.variant_id, p.limit)) for p in places], dtype=np.int64),
        pairs=pairs,
        order=place_keys(places),
        provider_numbers=numbered(place.provider_id for place in places),
        machine_numbers=numbered(machine.id if machine else None for machine in machines),
    )


def _speed(catalog: Catalog, place: Place, precision: str) -> Speed | None:
    """FLOP/s of one machine: as measured, or its peak x the calibrated share; None: not known."""
    if place.instance is None:
        return None
    if isinstance(place.instance, MeasuredMachine):
        return throughput.measured_flops(catalog, place.instance, place.variant_id, precision)
    kind = throughput.hardware_class(catalog, place.instance)
    calibration = throughput.calibrations(catalog, precision).get(kind) if kind else None
    peak = throughput.peak_flops(catalog, place.instance, precision)
    if calibration is None or peak is None:
        return None
    return Speed(*(share * peak for share in calibration.mfu))


def _read_ms(catalog: Catalog, place: Place, precision: str) -> float:
    """Milliseconds to read a variant's weights once from one card's memory; 0 where not known."""
    kind = throughput.hardware_class(catalog, place.instance) if place.instance else None
    if place.instance is None or kind != "gpu":
        return 0.0
    rate = catalog.accelerators[place.instance.accelerator or ""].memory_bandwidth_gb_per_s
    weights = throughput.weights_bytes(place.variant, throughput.precision_of(kind, precision))
    if not rate or not weights:
        return 0.0
    return 1000 * weights / (rate * 1e9 * min(1.0, place.instance.accelerator_count))


def _place_figures(catalog: Catalog, place: Place, precision: str, spot: bool) -> dict[str, Any]:
    """The columns of one place that no workload changes."""
    variant, offer, instance, provider = place.variant, place.offer, place.instance, place.provider
    licence = catalog.licences.get(variant.licence or "")
    successor = variant.successors[0] if variant.successors else None
    cloud = catalog.cloud_name(instance.cloud) if instance else None
    as_of = offer.as_of if offer else instance.as_of if instance else None
    price = usd_per_1m(offer) if offer else None
    rent = rent_of(instance, spot) if instance else None
    return {
        "variant": place.variant_id,
        "variant_name": variant.name,
        "kind": variant.kind,
        "kind_verb": KIND_VERBS[variant.kind],
        "hosted": offer is not None,
        "place": place_name(catalog, place),
        "provider": place.provider_id,
        "provider_name": provider.name if provider else cloud,
        "offer": offer.id if offer else None,
        "offer_type": offer.type if offer else None,
        "price_tier": offer.tier if offer else None,
        "priced": price is not None or rent is not None,
        # the day itself: `build` counts the days since
        "price_age_days": as_of.toordinal() if as_of else None,
        "requests_per_minute": offer.requests_per_minute if offer else None,
        "native_currency": offer.native_currency if offer else None,
        "usd_per_1m_input": float(price) if price is not None else None,
        "max_tokens": variant.max_tokens,
        "offer_max_tokens": offer.max_tokens if offer else None,
        "limit_tokens": place.limit,
        "special_tokens": special_tokens(variant)[0],
        "instruction_tokens": instruction_tokens(variant)[0],
        "recommended_tokens": variant.recommended_tokens,
        "languages_given": languages_in_words(variant),
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
        **_sibling_losses(catalog, place.variant_id),
    }


def _machine_figures(catalog: Catalog, place: Place, wanted: str) -> dict[str, Any]:
    """The columns of the machine; None for an endpoint."""
    variant, instance = place.variant, place.instance
    kind = throughput.hardware_class(catalog, instance) if instance else None
    precision = throughput.precision_on(instance, kind, wanted) if kind and instance else None
    calibration = throughput.calibrations(catalog, wanted).get(kind) if kind else None
    named = instance and (instance.accelerator or instance.cpu)
    measured = calibration.measured if calibration else ()
    machines = [_processor(catalog, key) for key in (calibration.machines if calibration else ())]
    runtimes = [name for name, runtime in variant.runtimes.items() if runtime.support in RUNS]
    return {
        "instance": instance.id if instance else None,
        "marketplace": instance.marketplace if instance else None,
        "hardware_class": kind,
        "machine_name": machine_name(catalog, instance) if instance else None,
        "precision": precision,
        "speed_measured": (named, place.variant_id) in measured if instance else None,
        "speed_points": calibration.points if calibration else None,
        "speed_machines": formatting.listed(machines) or None,
        "runtimes": formatting.listed(runtimes, "or") or None,
        "int8_loss": int8_loss(catalog, place.variant_id) if precision == "int8" else None,
        "memory_bytes": throughput.memory_bytes(catalog, instance) if instance else None,
        "needed_bytes": throughput.needed_bytes(variant, precision) if precision else None,
        # of one token: `build` multiplies by the length squared
        "attention_bytes": throughput.attention_bytes(variant, precision, 1) if precision else None,
        "weights_bytes": throughput.weights_bytes(variant, precision) if precision else None,
        **_measured_figures(catalog, place),
    }


def languages_in_words(variant: Variant) -> str | None:
    """`English only`, `English and Chinese`, `171 languages`; None where none is listed."""
    if not variant.languages:
        return None
    names = [language(code) for code in variant.languages]
    if len(names) > MOST_NAMED:
        return f"{len(names)} languages"
    return f"{names[0]} only" if len(names) == 1 else formatting.listed(names)


def _processor(catalog: Catalog, key: str) -> str:
    """The name of an accelerator, or of the class of a CPU."""
    cpu = catalog.cpus.get(key)
    return cpu.microarchitecture if cpu else catalog.accelerators[key].name


def _measured_figures(catalog: Catalog, place: Place) -> dict[str, Any]:
    """What the speed on a measured machine rests on, which is one measurement; empty elsewhere."""
    machine = place.instance
    if not isinstance(machine, MeasuredMachine):
        return {}
    return {
        "speed_measured": place.variant_id == machine.variant,
        "speed_points": 1,
        "speed_machines": f"this machine, of {catalog.variants[machine.variant].name}",
    }


LOSSES = ("losses", "losses_of", "losses_in")
"""The columns of a reranker's losses that are told of a sibling too."""


@once_per_catalog(64)
def _losses(catalog: Catalog, variant_id: str) -> Mapping[str, Any]:
    """On how many data sets a reranker lowers its first stage's score, and where most, if known."""
    sets = catalog.evidence_sets.values()
    counted = next((chosen for chosen in sets if chosen.counts_losses), None)
    table = catalog.quality_by_language
    of_set = table["benchmark"] == (counted.benchmark if counted else None)
    rows = table[of_set & (table["aspect"] != "average")]
    alone = rows["with_retriever"] == ""
    before, after = rows[alone], rows[~alone & (rows["variant"] == variant_id)]
    first_stage = dict(zip(before["aspect"], before["score"], strict=True))
    scores = dict(zip(after["aspect"], after["score"], strict=True))
    shared = {key: (first_stage[key], scores[key]) for key in scores if key in first_stage}
    if not shared or counted is None:
        return {"losses": None, "losses_of": None, "losses_in": None, "worst_loss": None}
    worst = min(shared, key=lambda key: (shared[key][1] - shared[key][0], key))
    first, second = (formatting.points(score) for score in shared[worst])
    return {
        "losses": sum(after < was for was, after in shared.values()),
        "losses_of": len(shared),
        "losses_in": counted.name,
        "worst_loss": f"{worst} ({first} to {second})",
    }


@once_per_catalog(64)
def _sibling_losses(catalog: Catalog, variant_id: str) -> Mapping[str, Any]:
    """The sibling with the largest share of losses, where a reranker's own are not known."""
    family = catalog.family_of(variant_id)
    rows = [(_losses(catalog, key), key) for key in family.current if key != variant_id]
    lossy = [(row["losses"] / row["losses_of"], key, row) for row, key in rows if row["losses"]]
    is_own_known = _losses(catalog, variant_id)["losses"] is not None
    if is_own_known or family.variants[variant_id].kind != "reranker" or not lossy:
        return dict.fromkeys(("sibling", *(f"sibling_{name}" for name in LOSSES)))
    _, key, row = max(lossy, key=lambda item: item[:2])
    return {"sibling": family.variants[key].name} | {f"sibling_{n}": row[n] for n in LOSSES}
