"""Pages of a list, found by the values of their rows: a deep page costs what the first does.

A page is asked for by its number, from 0, or from the other end as -1, -2, … Its links
carry an anchor, the values of its last row or of its first, so that the next page is
read on from there, whatever has come in meanwhile. A page that nothing near leads to is
found by counting keys alone, which an index holds.

Every row is on one page and no row on two, since the key is the last thing sorted by.
Databases disagree on where rows without a value belong; each is asked in its own order.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import UnaryExpression, and_, literal
from sqlalchemy.orm import Query
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from cms.database import UtcDateTime, storable

FARTHEST_PAGE = 10_000_000
LONGEST_ANCHOR = 2_000
LARGEST = 2**63 - 1
# To skip so many rows costs less than to look for their keys first.
NEAR = 500


@dataclass(frozen=True)
class Sort:
    """One thing that a list is sorted by. `empty`, if given, is true of all rows without
    it, and lets an index find them."""

    column: Any
    descending: bool
    nullable: bool
    empty: Any = None

    @property
    def clause(self) -> Any:
        """What goes into ORDER BY."""
        return self.column.desc() if self.descending else self.column.asc()

    @property
    def reverse(self) -> Sort:
        return replace(self, descending=not self.descending)

    def is_(self, value: Any) -> Any:
        """Return what a row with this `value` fulfils."""
        if value is not None:
            return self.column == literal(value, self.column.type)
        without = self.column.is_(None)
        return without if self.empty is None else and_(without, self.empty)

    def after(self, value: Any, nulls_low: bool) -> list[Any]:  # noqa: FBT001 - passed on
        """Return what rows after `value` fulfil, in the order in which they come."""
        nulls_first = nulls_low != self.descending
        if value is None:
            return [self.column.is_not(None)] if nulls_first else []
        given = literal(value, self.column.type)
        beyond = self.column < given if self.descending else self.column > given
        return [beyond, self.is_(None)] if self.nullable and not nulls_first else [beyond]

    def whole(self, nulls_low: bool) -> list[Any]:  # noqa: FBT001 - passed on
        """Return the parts of the list, in the order in which they come."""
        if not self.nullable:
            return [None]
        parts = [self.is_(None), self.column.is_not(None)]
        return parts if nulls_low != self.descending else parts[::-1]


@dataclass(frozen=True)
class Page:
    """The rows of a page, the values that its first and last are sorted by, and whether
    it `ends` the list."""

    number: int
    rows: Sequence[Any]
    first: Sequence[Any] = ()
    last: Sequence[Any] = ()
    ends: bool = True

    def anchor(self, number: int) -> str | None:
        """Return what a link from here to page `number` carries; None if it needs nothing."""
        values = self.last if number > self.number else self.first
        if number in (0, -1, self.number) or (number < 0) != (self.number < 0) or not values:
            return None
        return encoded(self.number, values)


@dataclass(frozen=True)
class _Way:
    """A way to a page: what to read, in which order, and how much of it to skip."""

    sorts: Sequence[Sort]
    parts: Sequence[Any]
    skip: int


class Pages:
    """The pages of a sorted query, `size` rows each.

    `options` say what is loaded along with the rows. `empty` is by a column's name: see
    `Sort`.
    """

    def __init__(
        self,
        query: Query[Any],
        key: Any,
        size: int,
        options: Sequence[Any] = (),
        empty: Mapping[str, Any] | None = None,
    ) -> None:
        self._query = query.order_by(None)
        self._key, self._size, self._options = key, size, options
        self._sorts = sorts_of(query, key, empty or {})
        self._nulls_low = query.session.get_bind().dialect.name != "postgresql"

    def page(self, number: int, at: str | None = None) -> Page:
        """Return page `number`, by the anchor `at` where that is nearer than the end."""
        way = self._way(number, at)
        found = self._read(way)
        found, further = found[: self._size], len(found) > self._size
        if not found:
            return Page(number, ())
        if way.sorts[0].descending != self._sorts[0].descending:
            found, further = found[::-1], number != -1
        rows = [row[0] for row in found]
        return Page(number, rows, found[0][1:], found[-1][1:], ends=not further)

    def _way(self, number: int, at: str | None) -> _Way:
        back = [sort.reverse for sort in self._sorts]
        sorts, skip = (self._sorts, number) if number >= 0 else (back, -number - 1)
        anchor = decoded(at, self._sorts) if at else None
        if anchor and (anchor[0] < 0) == (number < 0):
            apart = number - anchor[0]
            if apart and abs(apart) - 1 < skip:
                sorts = self._sorts if apart > 0 else back
                parts = beyond(sorts, anchor[1], self._nulls_low)
                return _Way(sorts, parts, (abs(apart) - 1) * self._size)
        return _Way(sorts, sorts[0].whole(self._nulls_low), skip * self._size)

    def _read(self, way: _Way) -> list[Any]:
        """Return the rows, and one more if there is one, with the values that sort them."""
        columns = [sort.column for sort in way.sorts]
        if way.skip <= NEAR:
            return self._taken(self._query.options(*self._options).add_columns(*columns), way)
        found = self._taken(self._query.with_entities(self._key, *columns), way)
        keys = [row[0] for row in found]
        entity: Any = self._query.column_descriptions[0]["entity"]
        rows = self._query.session.query(self._key, entity).options(*self._options)
        loaded = {key: row for key, row in rows.filter(self._key.in_(keys))}  # noqa: C416 - rows are no pairs to mypy
        return [(loaded[row[0]], *row[1:]) for row in found if row[0] in loaded]

    def _taken(self, query: Query[Any], way: _Way) -> list[Any]:
        found: list[Any] = []
        most = self._size + 1
        skip, clauses = way.skip, [sort.clause for sort in way.sorts]
        for part in way.parts:
            rows = query if part is None else query.filter(part)
            taken = rows.order_by(*clauses).limit(most - len(found)).offset(skip or None)
            found += taken.all()
            if len(found) == most:
                break
            if found:
                skip = 0
            elif skip and part is not way.parts[-1]:
                skip -= rows.with_entities(self._key).count()
        return found


def sorts_of(query: Query[Any], key: Any, empty: Mapping[str, Any]) -> list[Sort]:
    """Return what a query is sorted by, up to the key, which settles the rest."""
    found = []
    table = key.class_.__table__
    for clause in query._order_by_clauses:  # noqa: SLF001 - where a view has put them
        turned = isinstance(clause, UnaryExpression) and clause.modifier in (
            operators.desc_op,
            operators.asc_op,
        )
        column = clause.element if turned else clause
        own = getattr(column, "table", None) is table
        nullable = getattr(column, "nullable", True) or not own
        name = getattr(column, "key", "")
        down = turned and clause.modifier is operators.desc_op
        found.append(Sort(column, down, nullable, empty.get(name) if own else None))
        if own and name == key.key:
            break
    return found


def beyond(sorts: Sequence[Sort], values: Sequence[Any], nulls_low: bool) -> list[Any]:  # noqa: FBT001 - the database's
    """Return what the rows after a row with these `values` fulfil, in the order in which
    they come. Each part is one that an index can begin at."""
    parts = []
    for index in reversed(range(len(sorts))):
        same = [sort.is_(value) for sort, value in zip(sorts[:index], values, strict=False)]
        parts += [and_(*same, part) for part in sorts[index].after(values[index], nulls_low)]
    return parts


def clamped(number: int) -> int:
    """Return a page's number, or the farthest one in its direction."""
    return min(max(number, -FARTHEST_PAGE), FARTHEST_PAGE)


# The anchor in an address


def encoded(number: int, values: Sequence[Any]) -> str:
    """Write a page's number and a row's values so that they fit into an address."""
    text = json.dumps([number, *map(_plain, values)], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(text: str, sorts: Sequence[Sort]) -> tuple[int, list[Any]] | None:
    """Return a page's number and a row's values; None if they are not of this order.

    Anybody can write an address: only values that the columns could hold get further.
    They say where to read on, and give access to nothing.
    """
    if len(text) > LONGEST_ANCHOR:
        return None
    try:
        number, *values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return _page_number(number), [
            _typed(value, sort) for value, sort in zip(values, sorts, strict=True)
        ]
    except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError):
        return None


def _page_number(number: Any) -> int:
    if type(number) is not int or abs(number) > FARTHEST_PAGE:
        raise ValueError(number)
    return number


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _typed(value: Any, sort: Sort) -> Any:
    stored = sort.column.type
    kind = (stored.impl_instance if isinstance(stored, TypeDecorator) else stored).python_type
    if value is None:
        if sort.nullable:
            return None
        raise ValueError
    if isinstance(value, str) and not storable(value):
        raise ValueError(value)
    read = next((read for base, read in _READERS.items() if issubclass(kind, base)), None)
    if read is None:
        raise TypeError(kind)
    found = read(value) if not issubclass(kind, Enum) else kind(value)
    if isinstance(stored, UtcDateTime):
        found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    return found


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ValueError(value)
    return value


def _is(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError(value)
        return value

    return check


_READERS: dict[type, Callable[[Any], Any]] = {
    Enum: str,
    bool: _is(bool),
    int: _number,
    float: _number,
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    str: _is(str),
}


def counted(query: Query[Any], number: int, size: int) -> Page:
    """Return page `number` of what is in an order that no values of its rows tell, a tree:
    by counting the rows before it."""
    if number < 0:
        number += math.ceil(query.order_by(None).count() / size)
    found = query.offset(max(number, 0) * size).limit(size + 1).all()
    return Page(number, found[:size], ends=len(found) <= size)
