"""How many rows a list has in each of its tabs, without counting what nobody reads.

- The whole list: each tab is counted by an index, and no further than `MOST_COUNTED`. One
  that has more is not counted again for some seconds, for whoever was shown so.
- Searched or filtered, and few rows are left: these, exactly.
- Searched or filtered, and many are left: of the first rows of each tab, those that are
  among them. A tab that has more rows has at least so many. Whoever turns the pages of
  such a list is shown the same counts for some seconds.

Nothing is kept for people who have done something meanwhile.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from time import time
from typing import Any

from sqlalchemy import Select, case, func, literal, literal_column, select, union_all
from sqlalchemy.orm import Query

from cms.admin.listing import MOST_COUNTED, AtLeast, Tab

FEW = 1_000
LOOKED_AT = 1_000
KEPT_SECONDS = 10.0
MOST_KEPT = 500

_kept: OrderedDict[Any, tuple[float, dict[str, int]]] = OrderedDict()


def part(query: Query[Any], tab: Tab | None) -> Query[Any]:
    """Return the rows of `query` in a tab."""
    return query if tab is None or tab.criterion is None else query.filter(tab.criterion)


def of_each(query: Query[Any], tabs: Sequence[Tab]) -> Select[Any]:
    """Return what counts each tab to one after `MOST_COUNTED`, in one query; each is a count
    of its own, so that an index answers it."""
    rows: Any = query.order_by(None).limit(MOST_COUNTED + 1).statement
    # Of no column, so that an index need not lead to the rows.
    ones = rows.with_only_columns(literal_column("1"), maintain_column_froms=True)
    cells: list[Any] = []
    for tab in tabs:
        part = ones if tab.criterion is None else ones.where(tab.criterion)
        cells.append(select(func.count()).select_from(part.subquery()).scalar_subquery())
    return select(*cells)


def few(query: Query[Any], key: Any) -> list[Any] | None:
    """Return the keys of what a query finds; None if they are many."""
    found = query.order_by(None).with_entities(key).limit(FEW + 1).all()
    return [row[0] for row in found] if len(found) <= FEW else None


def of_few(query: Query[Any], tabs: Sequence[Tab]) -> dict[str, int]:
    """Count rows by tab, going through all of them once."""
    ones = [
        func.count() if tab.criterion is None else func.count(case((tab.criterion, 1)))
        for tab in tabs
    ]
    found = query.order_by(None).with_entities(*ones).one()
    return {tab.key: count for tab, count in zip(tabs, found, strict=True)}


def of_many(whole: Query[Any], key: Any, criterion: Any, tabs: Sequence[Tab]) -> dict[str, int]:
    """Count those of the first `LOOKED_AT` rows of each tab of `whole` that fulfil
    `criterion`, of which it is known that many do.

    It stands where no database would look for rows by it; what leads to the rows of a tab
    is its index alone.
    """
    counts: dict[str, int] = {tab.key: AtLeast(FEW) for tab in tabs}
    ways = []
    for number, tab in enumerate(tabs):
        if tab.criterion is None:
            continue
        some = part(whole, tab).order_by(None).with_entities(key.label("key")).limit(LOOKED_AT)
        rows = some.subquery()
        fits = func.count(case((criterion, 1)))
        way = select(literal(number), fits, func.count())
        ways.append(way.select_from(rows).join(key.class_, key == rows.c.key))
    for number, fit, looked_at in whole.session.execute(union_all(*ways)) if ways else ():
        counts[tabs[number].key] = fit if looked_at < LOOKED_AT else AtLeast(fit)
    return counts


def kept(key: Any, since: float, count: Callable[[], dict[str, int]]) -> dict[str, int]:
    """Return what `count` returned for `key` some seconds ago, but after `since`, or now."""
    counts = known(key, since)
    return keep(key, time(), count()) if counts is None else counts


def known(key: Any, since: float) -> dict[str, int] | None:
    """Return what was kept for `key` some seconds ago, but after `since`; None if nothing was."""
    at, counts = _kept.get(key, (0.0, {}))
    return counts if at >= max(since, time() - KEPT_SECONDS) else None


def keep(key: Any, begun: float, counts: dict[str, int]) -> dict[str, int]:
    """Keep counts that were `begun` then, and return them."""
    _kept[key] = begun, counts
    if len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return counts
