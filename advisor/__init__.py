"""Which BGE model to use, where to run it, and what it costs: the decisions behind the pages.

    >>> import advisor
    >>> advisor.recommend(languages=["de"], passages=500_000)

The names in `__all__` are public and documented; all else may change with any version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.base.installed import VERSION as __version__

if TYPE_CHECKING:
    from advisor.base.errors import AdvisorError, CatalogError
    from advisor.decide.query import QuestionError
    from advisor.serve.library import Answer, recommend

__all__ = ["AdvisorError", "Answer", "CatalogError", "QuestionError", "__version__", "recommend"]


def __getattr__(name: str) -> Any:
    """A public name, read when it is first used: a module of the package needs no table."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from advisor.serve import library

    return getattr(library, name)


def __dir__() -> list[str]:
    """The public names, which a notebook completes, beside those that have been read."""
    return sorted({*globals(), *__all__})
