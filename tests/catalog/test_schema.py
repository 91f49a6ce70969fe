"""Fields of the schema: what reads each, and that version 1 publishes those that nothing reads."""

import json
import re
from pathlib import Path

from pydantic import BaseModel

from advisor.catalog import schema

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED_ONLY = {
    # where a fact stands in the publisher's words, for those who read the catalog itself
    "Accelerator.tdp_w", "Cpu.example_instances", "StorageFormula.bytes_per_vector",
    # what a store charges for or limits, and no plan counts yet
    "Store.backup_usd_per_gib_month", "Store.egress_note", "Store.included_iops",
    "Store.included_mb_per_s", "Store.index_types", "Store.max_request_mib", "Store.max_top_k",
    "Store.max_vectors_per_index", "Store.max_vectors_per_put", "Store.query_processed_usd_per_tb",
    "Store.query_usd_per_million", "Store.read_unit_note", "Store.read_usd_per_million_units",
    "Store.usd_per_gb_month_unindexed", "Store.write_minimum_bytes",
}  # fmt: skip
"""Fields that no code and no check of the facts reads; see docs/decisions/0013-one-of-each.md."""


def models():
    """Every model of the schema, by name."""
    values = {name: getattr(schema, name) for name in schema.__all__}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, type) and issubclass(value, BaseModel)
    }


def words_of(*paths):
    return {word for path in paths for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}


def test_every_field_is_read_or_said_to_be_published_only():
    readers = [
        path
        for folder in ("advisor", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if "schema" not in path.parts
    ]
    read = words_of(*readers, Path(__file__).with_name("test_facts.py"))
    unread = {
        f"{name}.{field}"
        for name, model in models().items()
        for field in model.model_fields
        if field not in read and name != "Provider"  # free_sources: through all its references
    }
    assert unread <= PUBLISHED_ONLY, "read it, check it, or say why it is published"


def test_what_nothing_reads_is_published_so_that_programs_can():
    text = (ROOT / "tests/serve/v1.json").read_text(encoding="utf-8")
    shapes = json.loads(text)["components"]["schemas"]
    for place in PUBLISHED_ONLY:
        name, field = place.split(".")
        assert field in shapes[name]["properties"], place


def test_every_citation_that_code_names_is_in_the_catalog(catalog):
    paths = (ROOT / "advisor").rglob("*.py")
    code = " ".join(path.read_text(encoding="utf-8") for path in paths)
    named = set(re.findall(r'\bcited\("([a-z-]+)"\)', code))
    assert len(named) == 4 and named == catalog.citations.keys()
