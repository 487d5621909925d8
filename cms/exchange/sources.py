"""The lists that rows leave and enter by: registered from above, found by their names.

What a list shows, to whom, and how a row of it is changed is known to the list alone. A
job asks it as the person does for whom it works, at the moment when it works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask import Flask, current_app
from sqlalchemy import Select

from cms.accounts.models import User
from cms.errors import N_, CmsError

_EXTENSION = "cms.sources"


class UnknownList(CmsError):
    """The list was of another version, or nothing leaves or enters by it any more."""

    sentence = N_("This list is no longer there.")
    hopeless = True


@dataclass(frozen=True)
class Column:
    """A column as it is written or read: its lasting name, and what it is called."""

    name: str
    label: Any
    moment: bool = False


@dataclass(frozen=True)
class Scope:
    """Which rows of a list: the `ticked` ones, those that it `shown` at an address whose
    `query` it is, or `all`. A day in the query is one of the time `zone` of who asked; where
    none is told, of the installation's own."""

    which: str
    query: str = ""
    ids: list[str] = field(default_factory=list)
    zone: str = ""


@dataclass(frozen=True)
class Reading:
    """What a row of a file would do: `changes` by column, `[old, new]` as text, or the
    `problems`, pairs of a column's name and words."""

    changes: dict[str, list[str]]
    problems: list[list[str]]


class RowRefused(CmsError):
    """A row cannot be saved. `problems` are as in `Reading`."""

    sentence = N_("A row could not be saved.")

    def __init__(self, problems: list[list[str]]) -> None:
        super().__init__()
        self.problems = problems


class Source(Protocol):
    """A list as files see it."""

    endpoint: str
    kind: str
    model: type[Any]
    key_name: str

    @property
    def name(self) -> Any:
        """What the list is called."""

    def columns_out(self, by: User) -> Sequence[Column]:
        """Return what the person may take out; the key comes first."""

    def rows_out(self, by: User, scope: Scope, names: Sequence[str]) -> Select[Any]:
        """Return a query for the key and the columns of these names, in no order, of what
        the person may take out. Raises `ListChanged` where the address means no more what
        it did."""

    def columns_in(self) -> Sequence[Column]:
        """Return what can be brought in, without the key."""

    def may_create(self, by: User) -> bool:
        """Tell whether the person may bring in new rows."""

    def rows_in(self, by: User, keys: Sequence[str], *, lock: bool) -> Mapping[str, Any]:
        """Return the rows of these keys that the person sees, by key as text; with `lock`,
        nobody else changes them before the commit."""

    def read_row(self, row: Any, values: Mapping[str, str]) -> Reading:
        """Look what `values`, text by column, would change in `row`; None is a new one."""

    def write_row(self, row: Any, values: Mapping[str, str]) -> None:
        """Write `values` to `row`, or to a new one, as its form does. Raises `RowRefused`."""


class ListChanged(CmsError):
    """A filter of the address is no longer one, so that more would be taken than was seen."""

    sentence = N_("The list has other filters now. Choose them anew, then export again.")


def register(app: Flask, source: Source) -> None:
    """Let rows leave and enter by a list of this application."""
    app.extensions.setdefault(_EXTENSION, {})[source.endpoint] = source


def find(name: str) -> Source:
    """Return the list of that name. Raises `UnknownList`."""
    found: Source | None = current_app.extensions.get(_EXTENSION, {}).get(name)
    if found is None:
        raise UnknownList
    return found
