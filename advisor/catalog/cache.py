"""What takes long is worked out once, and kept where it belongs.

- What comes of a catalog: `once_per_catalog`, below; a catalog never changes, so nothing is
  cleared.
- What comes of plain values, as a file with its size and time: `functools.lru_cache`.
- What a visit entered or measured: the session state of the visit, with the inputs it is of.
- What all visits share and holds threads or memory of a machine: `st.cache_resource`.
- What has a size of its own to keep within: its own class, as `serve.queue_and_cache.Answers`
  (bytes) and `live.results.Shelf` (vectors of the last models).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from advisor.catalog.model import Catalog

F = TypeVar("F", bound=Callable[..., Any])


def once_per_catalog(most: int) -> Callable[[F], F]:
    """Works a function of a catalog out once for it and its arguments; the last `most` are kept.

    Of a catalog with a visitor's own data, a quarter of `most` are kept in its `own`.
    """

    def decorated(function: F) -> F:
        for_all = lru_cache(most)(function)

        @wraps(function)
        def cached(catalog: Catalog, *arguments: Any) -> Any:
            own = catalog.own
            if own is None:
                return for_all(catalog, *arguments)
            if function not in own:
                own.setdefault(function, lru_cache(most // 4)(function))
            return own[function](catalog, *arguments)

        return cast(F, cached)

    return decorated
