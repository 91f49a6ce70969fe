"""The version, where the app's files lie, and how a package that is missing is installed."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path

from advisor.base.errors import AdvisorError

VERSION = "0.2.0"
PACKAGE = Path(__file__).resolve().parents[1]
_IN_THE_WHEEL = PACKAGE / "app"
"""app.py, asgi.py, pages, catalog and .streamlit, which the build puts there (pyproject.toml)."""
FROM_A_WHEEL = _IN_THE_WHEEL.is_dir()
APP_FILES = _IN_THE_WHEEL if FROM_A_WHEEL else PACKAGE.parent
"""The folder of app.py, asgi.py, pages and catalog: the repository, or that inside the package."""
STANDIN = "Name its folder in ADVISOR_STANDIN." if FROM_A_WHEEL else "Run: make standin"
"""What brings the stand-in, a model for trying things that is in no package of this project."""
_BESIDE_MAKE_INSTALL = {
    "torch": "make install EXTRA=torch",
    "ray": '.venv/bin/python -m pip install "ray[data]>=2.60"',
}


def how_to_install(extra: str) -> str:
    """What brings the packages of an extra of pyproject.toml."""
    if FROM_A_WHEEL:
        return f"pip install 'bge-advisor[{extra}]'"
    return _BESIDE_MAKE_INSTALL.get(extra, "make install")


def needs(command: str, extra: str, *modules: str) -> None:
    """Refuses what cannot run without modules of an extra.

    Raises:
        AdvisorError: one of them is not installed, with the step that brings it.
    """
    for module in modules:
        spec = None
        with contextlib.suppress(ImportError):
            spec = find_spec(module)
        if spec is None:
            step = how_to_install(extra)
            raise AdvisorError(f"{command} needs {module}, which is not installed. Run: {step}")
