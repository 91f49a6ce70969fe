"""JSON schemas of the catalog's files, for completion and checks in an editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from advisor.catalog import schema

FILES: dict[str, Any] = {
    "variant": schema.Variant,
    "family": schema.Family,
    "listing": schema.Listing,
    "provider": schema.Provider,
    "corrections": dict[str, list[schema.Correction]],
    "faq": dict[str, list[schema.Question]],
    "licences": dict[str, list[schema.Licence]],
    "instances": dict[str, list[schema.Instance | schema.Cloud]],
    "accelerators": dict[str, list[schema.Accelerator | schema.Cpu]],
    "runtimes": dict[str, list[schema.RuntimeInstall]],
    "stores": dict[str, list[schema.Store | schema.StorageFormula]],
    "benchmarks": dict[
        str, list[schema.Metric | schema.EvidenceSet | schema.PrecisionComparison] | float
    ],
    "rules": dict[str, list[schema.Rule]],
    "workloads": dict[str, list[schema.Preset]],
    "sources": dict[str, list[schema.Source | schema.Citation]],
}
"""The model of each kind of file, by the name of its schema."""


def schemas() -> dict[str, dict[str, Any]]:
    """A JSON schema for each kind of file."""
    return {name: TypeAdapter(model).json_schema(by_alias=False) for name, model in FILES.items()}


def write_schemas(root: Path) -> list[Path]:
    """Writes `schema/<name>.json` under the catalog's folder, and gives their paths."""
    folder = root / "schema"
    folder.mkdir(exist_ok=True)
    written = []
    for name, value in schemas().items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        written.append(path)
    return written
