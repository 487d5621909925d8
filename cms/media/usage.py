"""Where pictures are used. What can use them registers here a query for their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, union

_queries: list[Callable[[], Select[Any]]] = []


def register(query: Callable[[], Select[Any]]) -> None:
    """Let the pictures whose numbers `query` finds count as used."""
    _queries.append(query)


def used_ids() -> Any:
    """Return a query for the numbers of all pictures that are used; None where there is
    nothing that could use one."""
    return union(*(query() for query in _queries)) if _queries else None
