"""What is worked out from a catalog is kept for all; from a catalog with a visitor's own data in it, with that catalog alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from advisor.catalog.model import Catalog

F = TypeVar("F", bound=Callable[..., Any])


def kept(most: int) -> Callable[[F], F]:
    """As `lru_cache`, for a function of a catalog; what comes of a visit's own is in that catalog's `own`, and goes when the visit does."""

    def wrapped(make: F) -> F:
        for_all = lru_cache(most)(make)

        @wraps(make)
        def given(catalog: Catalog, *arguments: Any) -> Any:
            if catalog.own is None:
                return for_all(catalog, *arguments)
            cached = catalog.own.get(make) or catalog.own.setdefault(
                make, lru_cache(most // 4)(make)
            )  # each visit has its own
            return cached(catalog, *arguments)

        return cast(F, given)

    return wrapped
