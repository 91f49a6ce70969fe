"""The whole catalog as typed values, or every fault of it in one report."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd
from pydantic import ValidationError

from advisor.ask.workload import Workload
from advisor.base import ids, installed, validation
from advisor.base.errors import CatalogError, Fault, WorkloadError, did_you_mean
from advisor.catalog import files, schema, tables
from advisor.catalog.model import Catalog, LoadedFamily, ParsedRule
from advisor.catalog.parsed_rules import parsed_rule
from advisor.catalog.references import named, references
from advisor.catalog.schema import Entry

RENAME = "Ids are unique: rename one."
RESTORE = "Restore it, or point ADVISOR_CATALOG at a whole catalog."
SHIPPED = installed.APP_FILES / "catalog"

E = TypeVar("E", bound=Entry)


def folder() -> Path:
    """The catalog's folder: that of ADVISOR_CATALOG, or the shipped one."""
    return Path(os.environ["ADVISOR_CATALOG"]) if os.environ.get("ADVISOR_CATALOG") else SHIPPED


def fingerprint(root: Path) -> str:
    """Names, sizes and times of the catalog's files: changes when the catalog may have changed."""
    digest = hashlib.sha256(os.fsencode(root))
    # os.walk and not Path.rglob, which raises where a folder goes while it is looked at
    # (seen in Python 3.11)
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):  # a file that goes while it is looked at
                status = os.stat(path)
                if stat.S_ISREG(status.st_mode):
                    # the change time tells a change of permissions too
                    marks = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                    digest.update(os.fsencode(path) + b" %d %d %d\n" % marks)
    return digest.hexdigest()[:16]


def load(root: Path | None = None) -> Catalog:
    """The catalog in `root` (default: `folder()`), or a `CatalogError` with every fault of it."""
    reading = _Reading(root or folder())
    catalog = None
    try:
        catalog = reading.catalog()
    except OSError as error:
        # a folder that may not be entered, or a file that goes while it is read
        reading.unreadable(Path(error.filename or reading.root), error)
    if catalog is None or reading.faults:
        raise CatalogError(reading.faults)
    return catalog


class _File(NamedTuple):
    """A YAML file by the name that faults have, and its mapping: empty where it was not read."""

    name: str
    mapping: dict[str, Any]


class _Reading:
    """One reading of a catalog: its faults so far, and the digest of what was read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []
        # ids of entries that were read but do not fit; naming them is no further fault
        self.faulty: set[str] = set()
        self.digest = hashlib.sha256()

    def fault(self, file: str, entry: str, where: str, problem: str, remedy: str = "") -> None:
        self.faults.append(Fault(file, entry, where, problem, remedy))

    def unreadable(self, path: Path, error: OSError) -> None:
        """The fault of a folder or file that cannot be looked into."""
        place = self.name(path) if self.root in path.parents else str(path)
        problem = f"it cannot be read ({error.strerror or error})."
        remedy = "Restore it, and check that its permissions allow reading."
        self.fault(place, "", "", problem, remedy)

    def name(self, path: Path) -> str:
        name = f"{self.root.name}/{path.relative_to(self.root).as_posix()}"
        return os.fsencode(name).decode(errors="replace")  # a file's name need not be text

    def opened(self, path: Path) -> _File:
        """One YAML file; its fault where it holds no mapping."""
        value = files.yaml_mapping(path, self.name(path), RESTORE)
        if isinstance(value, Fault):
            self.faults.append(value)
            return _File(self.name(path), {})
        self.digest.update(os.fsencode(path.relative_to(self.root)) + b"\n" + path.read_bytes())
        return _File(self.name(path), value)

    def checked(self, model: type[E], value: Any, file: str, entry: str) -> E | None:
        """One entry checked against its model; None with faults where it does not fit."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            self.faults += validation.faults(error, _remedy, file=file, entry=entry)
            return None

    def file(self, model: type[E], path: Path) -> E | None:
        """The one entry that a file holds."""
        file = self.opened(path)
        entry = self.checked(model, file.mapping, file.name, "") if file.mapping else None
        if entry is None:
            self.faulty.add(path.stem)
        return entry

    def listed(self, model: type[E], path: Path, key: str) -> dict[str, E]:
        """The entries under `key` of a file, by id; an id used twice is a fault."""
        return self.entries(model, self.opened(path), key)

    def entries(self, model: type[E], file: _File, key: str, required: bool = True) -> dict[str, E]:
        """The entries under `key` of a file that was read, by id."""
        if not required and key not in file.mapping:
            return {}
        rows = file.mapping.get(key)
        if not isinstance(rows, list):
            if file.mapping:
                remedy = f"Write `{key}:` and under it `- id: ...` entries."
                self.fault(file.name, "", key, f"no list '{key}'.", remedy)
            return {}
        entries: dict[str, E] = {}
        for number, row in enumerate(rows, 1):
            name = str(row["id"]) if isinstance(row, dict) and row.get("id") else f"number {number}"
            place = f"{key.rstrip('s')} {name}"
            entry = self.checked(model, row, file.name, place)
            if name in entries:
                self.fault(file.name, place, "id", f"'{name}' is used twice.", RENAME)
            elif entry is not None:
                entries[name] = entry
            else:
                self.faulty.add(name)
        return entries

    def inside(self, folder: Path, ending: str) -> list[Path]:
        """What a folder holds with that ending, sorted; hidden files are an editor's."""
        try:
            paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
            return sorted(path for path in paths if path.name.endswith(ending))
        except OSError as error:
            # Path.glob would give nothing: the catalog would have lost its prices without a word
            self.unreadable(folder, error)
            return []

    def catalog(self) -> Catalog:
        """Reads every file, then checks what names what."""
        if not self.root.is_dir():
            remedy = "Point ADVISOR_CATALOG at a catalog folder, or unset it."
            fault = Fault(str(self.root), "", "", "there is no such folder.", remedy)
            raise CatalogError([fault])
        hardware = self.opened(self.root / "hardware/accelerators.yaml")
        machines = self.opened(self.root / "hardware/instances.yaml")
        stores = self.opened(self.root / "stores.yaml")
        benchmarks = self.opened(self.root / "evidence/benchmarks.yaml")
        sources = self.opened(self.root / "sources.yaml")
        share = benchmarks.mapping.get("least_shared_share")
        if benchmarks.mapping and not (isinstance(share, float) and 0 < share <= 1):
            remedy, where = "Write a number over 0 and up to 1, as 0.5.", "least_shared_share"
            self.fault(benchmarks.name, "", where, f"{share!r} is no share.", remedy)
        families = [path for path in self.inside(self.root / "families", "") if path.is_dir()]
        catalog = Catalog(
            families={path.name: self.family(path) for path in families},
            licences=self.listed(schema.Licence, self.root / "licences.yaml", "licences"),
            providers=self.providers(),
            accelerators=self.entries(schema.Accelerator, hardware, "accelerators"),
            cpus=self.entries(schema.Cpu, hardware, "cpus"),
            clouds=self.entries(schema.Cloud, machines, "clouds", required=False),
            instances=self.entries(schema.Instance, machines, "instances"),
            runtimes={
                runtime.id: runtime
                for runtime in self.few(
                    schema.RuntimeInstall, self.root / "runtimes.yaml", "runtimes"
                )
            },
            stores=self.entries(schema.Store, stores, "stores"),
            storage_formulas=self.entries(schema.StorageFormula, stores, "formulas"),
            metrics=self.entries(schema.Metric, benchmarks, "metrics"),
            evidence_sets=self.entries(schema.EvidenceSet, benchmarks, "sets"),
            precision_comparisons=self.entries(
                schema.PrecisionComparison, benchmarks, "precision_comparisons", required=False
            ),
            least_shared_share=share if isinstance(share, float) else 1.0,
            quality=self.table("quality"),
            quality_by_language=self.table("quality_by_language"),
            throughput=self.table("throughput"),
            rules=self.rules(),
            presets=self.listed(schema.Preset, self.root / "workloads.yaml", "presets"),
            sources=self.entries(schema.Source, sources, "sources"),
            citations=self.entries(schema.Citation, sources, "citations", required=False),
            version=self.digest.hexdigest()[:12],
            folder=self.root,
        )
        if not catalog.families and not self.faults:
            place, remedy = self.root / "families", "Restore one: a folder with a family.yaml."
            self.fault(self.name(place), "", "", "there is no family in it.", remedy)
        self.check(catalog)
        return catalog

    def family(self, path: Path) -> LoadedFamily:
        """One folder of `families/`."""
        variants: dict[str, schema.Variant] = {}
        for file in self.inside(path / "variants", ".yaml"):
            if variant := self.file(schema.Variant, file):
                variants[file.stem] = variant
            if not re.fullmatch(ids.ID_PATTERN, file.stem):
                remedy = "Name the file in lower case with hyphens, as bge-m3.yaml."
                self.fault(self.name(file), "", "", f"'{file.stem}' is no id.", remedy)
        unread = schema.Family.model_construct(name=path.name, developer="", about="", sources=[])
        facts = self.file(schema.Family, path / "family.yaml") or unread
        listing = path / "listing.yaml"
        return LoadedFamily(
            path.name,
            facts,
            variants,
            self.file(schema.Listing, listing) if listing.exists() else None,
            self.few(schema.Correction, path / "corrections.yaml", "corrections"),
            self.few(schema.Question, path / "faq.yaml", "questions"),
        )

    def few(self, model: type[E], path: Path, key: str) -> tuple[E, ...]:
        """The entries of a file that need not be there."""
        return tuple(self.listed(model, path, key).values()) if path.exists() else ()

    def providers(self) -> dict[str, schema.Provider]:
        """Every file of `offers/`; an offer's id is unique over all of them."""
        providers: dict[str, schema.Provider] = {}
        files_of: dict[str, str] = {}
        for path in self.inside(self.root / "offers", ".yaml"):
            file = self.opened(path)
            if not file.mapping:
                continue
            offers = self.entries(schema.Offer, file, "offers")
            for key in offers:
                if key in files_of:
                    problem = f"'{key}' is used in {files_of[key]} too."
                    self.fault(file.name, f"offer {key}", "id", problem, RENAME)
                files_of[key] = file.name
            provider = self.checked(schema.Provider, file.mapping | {"offers": []}, file.name, "")
            if provider:
                providers[path.stem] = provider.model_copy(update={"offers": list(offers.values())})
        return providers

    def rules(self) -> dict[str, ParsedRule]:
        """Every file of `rules/`, each expression parsed and each column name checked."""
        rules: dict[str, ParsedRule] = {}
        for path in self.inside(self.root / "rules", ".yaml"):
            file = self.name(path)
            for key, entry in self.listed(schema.Rule, path, "rules").items():
                if key in rules:
                    problem = f"'{key}' is used in rules/{rules[key].theme}.yaml too."
                    self.fault(file, f"rule {key}", "id", problem, RENAME)
                rule, faults = parsed_rule(key, path.stem, entry, file)
                self.faults += faults
                if rule is not None:
                    rules[key] = rule
        return rules

    def table(self, name: str) -> pd.DataFrame:
        """One table of the evidence."""
        path, columns = self.root / f"evidence/{name}.csv", tables.TABLES[name]
        rows = files.csv_rows(path, self.name(path), columns, RESTORE)
        if isinstance(rows, Fault):
            self.faults.append(rows)
            rows = []
        else:
            self.digest.update(path.read_bytes())
        self.faults += tables.number_faults(rows, self.name(path))
        return tables.frame(rows, columns)

    def check(self, catalog: Catalog) -> None:
        """Every id that one entry names of another must exist."""
        names = named(catalog)
        for reference in references(catalog):
            kind, key, known = reference.kind, reference.id, names[reference.kind]
            # nothing known: the missing file is a fault of its own
            if known and key not in known and key not in self.faulty:
                remedy = did_you_mean(key, known) or f"Add the {kind}, or name another."
                file = f"{self.root.name}/{reference.file}"
                self.fault(file, reference.entry, reference.field, f"no {kind} '{key}'.", remedy)
        families: dict[str, str] = {}
        for family in catalog.families.values():
            for key in family.variants:
                if key in families:
                    file = f"{self.root.name}/families/{family.id}/variants/{key}.yaml"
                    problem = f"family {families[key]} has a variant '{key}' too."
                    self.fault(file, "", "", problem, RENAME)
                families[key] = family.id
        for family in catalog.families.values():
            self.check_related(catalog, family)
            self.check_replaced(catalog, family)
        for key, preset in catalog.presets.items():
            try:
                Workload.of(preset.workload)
            except WorkloadError as error:
                file = f"{self.root.name}/workloads.yaml"
                remedy = "Use the fields and bounds of advisor/ask/workload.py."
                self.fault(file, f"preset {key}", "workload", str(error), remedy)

    def check_related(self, catalog: Catalog, family: LoadedFamily) -> None:
        """What a listing says of a related family is of the one that `compared_with` names."""
        related = family.listing.related if family.listing else None
        key = family.facts.compared_with
        if key == family.id:
            file = f"{self.root.name}/families/{family.id}/family.yaml"
            remedy = "Name another family, or write null."
            self.fault(file, "", "compared_with", "it is the family itself.", remedy)
        if related is None or "family" in self.faulty:  # a family.yaml that does not fit
            return
        file = f"{self.root.name}/families/{family.id}/listing.yaml"
        if key is None and related.name is None:
            remedy = "Write its id under compared_with in family.yaml, or its name here."
            self.fault(file, "", "related", "it does not say which family it is about.", remedy)
        elif key in catalog.families:
            facts = catalog.families[key].facts
            for field in ("name", "developer"):
                stated, known = getattr(related, field), getattr(facts, field)
                if stated not in (None, known):
                    problem = f"'{stated}' is not '{known}', the {field} of family {key}."
                    remedy = f"Leave {field} out, or fix compared_with in family.yaml."
                    self.fault(file, "", f"related.{field}", problem, remedy)

    def check_replaced(self, catalog: Catalog, family: LoadedFamily) -> None:
        """A variant is replaced by another that does its job, and never in a circle by itself."""
        variants = catalog.variants
        for key, variant in family.variants.items():
            file = f"{self.root.name}/families/{family.id}/variants/{key}.yaml"
            passed, after = {key}, variant.replaced_by
            while after in variants and after not in passed:
                passed.add(after)
                after = variants[after].replaced_by
            successor = variants.get(variant.replaced_by or "")
            if after is not None and after in passed:
                problem = f"it leads back to '{after}', so nothing is the newest."
                self.fault(file, "", "replaced_by", problem, "Write null in the newest one.")
            elif successor is not None and successor.kind != variant.kind:
                problem = (
                    f"'{variant.replaced_by}' does another job: it is not of kind {variant.kind}."
                )
                remedy = "Name one that does the same job, or write null."
                self.fault(file, "", "replaced_by", problem, remedy)


def _remedy(_: str, kind: str) -> str:
    """What to write instead, where the problem does not say it already."""
    if kind == "missing":
        return "Write it; null where it is not known, if the schema allows null."
    if kind == "too_short":
        return "Write the entries that are missing."
    if kind in ("greater_than", "greater_than_equal"):
        return "Figures are not negative: write the published one, or null where it is not known."
    return ""


def today() -> date:
    """The day that ages are counted to."""
    return date.today()
