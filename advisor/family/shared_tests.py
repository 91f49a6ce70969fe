"""Variants beside one another on the tasks that all have, where a set is complete for some only."""

from __future__ import annotations

from typing import NamedTuple

from advisor.base import formatting
from advisor.catalog import Catalog
from advisor.catalog.cache import once_per_catalog
from advisor.catalog.schema import EvidenceSet
from advisor.decide import evidence


class SharedTests(NamedTuple):
    """Means of variants, in points of 100, over the tasks of a set that all of them have."""

    set: EvidenceSet
    tasks: tuple[str, ...]
    means: dict[str, float]
    names: dict[str, str]

    @property
    def sentence(self) -> str:
        """`On the 5 of 15 tasks of BEIR that all of these have: BGE Large EN v1.5 54.9 and ...`"""
        ordered = sorted(self.means.items(), key=lambda item: -item[1])
        means = [f"{self.names[key]} {formatting.points(mean)}" for key, mean in ordered]
        return (
            f"On the {len(self.tasks)} of {self.set.tasks} tasks of {self.set.name.split(',')[0]} "
            f"that all of these have: {formatting.listed(means)}."
        )


@once_per_catalog(512)
def shared_tests(
    catalog: Catalog, set_ids: tuple[str, ...], variant_ids: tuple[str, ...]
) -> SharedTests | None:
    """The means over what all of two variants or more share of the first set where they do."""
    if len(variant_ids) < 2:
        return None
    for chosen in map(catalog.evidence_sets.__getitem__, set_ids):
        if tasks := evidence.shared_tasks(catalog, chosen, variant_ids):
            means = evidence.means_of(catalog, chosen, variant_ids, tasks)
            names = {key: catalog.variants[key].name for key in variant_ids}
            return SharedTests(chosen, tasks, means, names)
    return None
