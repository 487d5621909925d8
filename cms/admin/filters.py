"""Search items of a list: one plain control each, one stable name in the address.

Flask-Admin makes six filters of each column and names them by their translated
words, so that a saved address breaks with the language. These are named by
column and kind: `flt0_status_is=failed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from flask_babel import get_timezone
from sqlalchemy import Boolean, Date, DateTime, Enum, Numeric, false
from sqlalchemy import Integer as IntegerType
from sqlalchemy.types import TypeDecorator

from cms.look import lazy as _l

Options = Iterable[tuple[str, Any]] | Callable[[], Iterable[tuple[str, Any]]] | None

LONGEST = 200
LARGEST = 2**63 - 1
NOTHING = false()


class Filter(BaseSQLAFilter):
    """A search item on one column. `name` is its label, `control` how it is drawn."""

    control: ClassVar[str] = "text"
    word: ClassVar[str]

    def __init__(self, column: Any, name: Any, options: Options = None) -> None:
        super().__init__(column, name, options)

    def operation(self) -> str:
        """Return the kind of comparison, for the address."""
        return self.word

    def _attribute(self, alias: Any) -> Any:
        return self.get_column(alias)


class Contains(Filter):
    """Text that holds the given words."""

    word = "has"

    def clean(self, value: str) -> str:
        """Return the text to look for."""
        return value.strip()[:LONGEST]

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        """Keep the rows whose text holds `value`."""
        return query.filter(self._attribute(alias).icontains(value, autoescape=True))


class Exactly(Filter):
    """Text that is the given one, no more and no less."""

    word = "is"

    def clean(self, value: str) -> str:
        """Return the text to look for."""
        return value.strip()[:LONGEST]

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        """Keep the rows whose text is `value`."""
        return query.filter(self._attribute(alias) == value)


class OneOf(Filter):
    """A choice among `options`, pairs of value and words, or a callable that returns them."""

    control = "select"
    word = "is"

    def clean(self, value: str) -> str:
        """Return the chosen value; `ValueError` if it is not offered."""
        if value not in {str(key) for key, _words in self.get_options(None) or ()}:
            raise ValueError(value)
        return value

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        """Keep the rows that have `value`."""
        return query.filter(self._attribute(alias) == self._as_python(value))

    def _as_python(self, value: str) -> Any:
        kind = self.column.type
        if isinstance(kind, Boolean):
            return value == "1"
        if isinstance(kind, Enum) and kind.enum_class:
            return next(m for m in kind.enum_class if str(m.value) == value)
        return int(value) if isinstance(kind, IntegerType) else value


class Number(Filter):
    """A number, equal."""

    control = "number"
    word = "is"

    def clean(self, value: str) -> int | float:
        """Return the number; `ValueError` if it is none that a database can hold."""
        kind = self.column.type
        number = int(value) if isinstance(kind, IntegerType) else float(value)
        if not -LARGEST <= number <= LARGEST:
            raise ValueError(value)
        return number

    def apply(self, query: Any, value: float, alias: Any = None) -> Any:
        """Keep the rows that have `value`."""
        return query.filter(self._attribute(alias) == value)


class _Day(Filter):
    """A day of the reader's own calendar."""

    control = "date"
    days_later = 0

    def clean(self, value: str) -> Any:
        """Return the moment the day begins, or ends, for the reader."""
        day = date.fromisoformat(value)
        if not 1900 <= day.year <= 9000:  # noqa: PLR2004 - what all databases hold
            raise ValueError(value)
        day += timedelta(days=self.days_later)
        if isinstance(self.column.type, Date):
            return day
        # Babel's own object would take the mean time of the place, from before there were zones.
        zone = ZoneInfo(str(get_timezone()))
        return datetime.combine(day, time.min, zone).astimezone(UTC)


class Since(_Day):
    """On this day or later."""

    word = "since"

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:
        """Keep the rows from `value` on."""
        return query.filter(self._attribute(alias) >= value)


class Until(_Day):
    """On this day or earlier."""

    word = "until"
    days_later = 1

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:
        """Keep the rows before `value`."""
        return query.filter(self._attribute(alias) < value)


def for_column(column: Any, label: Any, options: Options = None) -> list[Filter]:
    """Return the natural search items of a column by its type."""
    kind = column.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    if options is not None:
        return [OneOf(column, label, options)]
    if isinstance(kind, Enum):
        return [OneOf(column, label, [(value, value) for value in kind.enums])]
    if isinstance(kind, Boolean):
        return [OneOf(column, label, [("1", _l("Yes")), ("0", _l("No"))])]
    if isinstance(kind, DateTime | Date):
        return [Since(column, label), Until(column, label)]
    if isinstance(kind, IntegerType | Numeric):
        return [Number(column, label)]
    return [Contains(column, label)]


def column_of(flt: Any) -> str:
    """Return the name of the column that a filter is on, or the filter's own."""
    return str(flt.key_name or getattr(flt.column, "key", flt.column))


def argument(flt: BaseSQLAFilter) -> str:
    """Return the name of `flt` in the address, the same in every language."""
    operation = flt.operation()
    word = operation._args[0] if hasattr(operation, "_args") else operation  # noqa: SLF001
    return "_".join(f"{column_of(flt)} {word}".replace(".", " ").lower().split())


def cleaned(flt: BaseSQLAFilter, value: str) -> bool:
    """Tell whether `flt` takes `value`. Some of Flask-Admin's raise more than `ValueError`."""
    try:
        found = flt.clean(value)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        return False
    numbers = found if isinstance(found, list) else [found]
    return all(abs(number) <= LARGEST for number in numbers if isinstance(number, int | float))
