"""Lists: pages by cursor, the fields that are wanted, filters, words to search, and an order.

A cursor holds the values of the last row that was told, so that the next page is read on
from there, whatever has come in meanwhile: `cms.paging`, as the lists of the administration.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate
from sqlalchemy import or_
from sqlalchemy.orm import Query
from webargs.fields import DelimitedList

from cms import fulltext
from cms.api.mistakes import IN_RANGE
from cms.api.part import Invalid
from cms.database import storable
from cms.extensions import db
from cms.fulltext import LONGEST_SEARCH, holds, words_of
from cms.paging import LONGEST_ANCHOR, Pages, decoded, encoded, sorts_of

MOST_ROWS, USUAL_ROWS = 100, 20
# Up to so many hits of the text index are named one by one.
FEW = 1_000
# What all databases hold.
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
NEXT = {
    "Link": {
        "description": 'The address of the next page, with `rel="next"`, if there is one.',
        "schema": {"type": "string"},
    }
}


class Text(fields.String):
    """Text that every database keeps."""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata={"pattern": r"^[^\u0000]*$"} | dict(metadata or {}), **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        if not storable(text):
            raise self.make_error("invalid_utf8")
        return text


class Moment(fields.AwareDateTime):
    """A moment with its zone, no further away than databases can compare."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> datetime:
        return min(max(super()._deserialize(*args, **kwargs), _FIRST), _LAST)


def moment(words: str) -> Moment:
    """Return a parameter that is a moment."""
    return Moment(
        metadata={"description": words, "examples": ["2026-03-01T12:00:00Z"]},
    )


def page_of(schema: type[Schema]) -> type[Schema]:
    """Return what a page of a list is told as."""
    name = schema.__name__.removesuffix("Schema")
    cursor = fields.String(
        allow_none=True, metadata={"description": "For the next page; null on the last."}
    )
    made = {"items": fields.List(fields.Nested(schema)), "next": cursor}
    return Schema.from_dict(made, name=f"{name}Page")  # type: ignore[arg-type]


@dataclass(frozen=True)
class Listed:
    """A list of the rows of `model`, each told by `schema`.

    `sorts` are columns by the name that `sort` takes, the usual one first, with a minus if
    it begins at the other end. `filters` are parameters with what a row fulfils.
    `search` gives that of a word. `loads` is what is fetched along, and `empty` what is
    true of all rows without the value of a column: see `cms.paging.Sort`. `expands` are
    fields that are told only on request, and `prepare` fetches for all rows at once what the
    fields that are told need beside them.
    """

    model: Any
    schema: type[Schema]
    sorts: Mapping[str, Any]
    usual: str
    filters: Mapping[str, tuple[fields.Field[Any], Callable[[Any], Any]]]
    search: Callable[[str], Any] | None = None
    loads: Sequence[Any] = ()
    empty: Mapping[str, Any] = field(default_factory=dict)
    expands: Sequence[str] = ()
    prepare: Callable[[Sequence[Any], Collection[str]], None] | None = None

    @property
    def query(self) -> type[Schema]:
        """What the list can be asked for."""
        names = list(self.schema().dump_fields)
        orders = [sign + name for name in self.sorts for sign in ("", "-")]
        asked: dict[str, fields.Field[Any]] = {
            "limit": fields.Integer(
                load_default=USUAL_ROWS,
                validate=validate.Range(1, MOST_ROWS, error=IN_RANGE),
                metadata={"description": "How many at most."},
            ),
            "cursor": Text(
                validate=validate.Length(1, LONGEST_ANCHOR),
                metadata={"description": "`next` of the page before."},
            ),
            "sort": fields.String(
                load_default=self.usual,
                validate=validate.OneOf(orders),
                metadata={"description": "By what, with a minus from the greatest down."},
            ),
            "fields": wanted(names),
        }
        if self.expands:
            asked["expand"] = more(self.expands)
        if self.search:
            asked["search"] = Text(
                validate=validate.Length(1, LONGEST_SEARCH),
                metadata={"description": "Words that are all found in it.", "examples": ["sea"]},
            )
        asked |= {name: field for name, (field, _criterion) in self.filters.items()}
        return Schema.from_dict(asked, name=f"{self.model.__name__}Query")

    def page(self, asked: Mapping[str, Any], *also: Any) -> Response:
        """Answer a page of those rows that fulfil `also` as well."""
        rows: Query[Any] = db.session.query(self.model).filter(*also)
        for name, (_field, criterion) in self.filters.items():
            if name in asked:
                rows = rows.filter(criterion(asked[name]))
        if self.search and "search" in asked:
            rows = rows.filter(*self._found(asked["search"]))
        rows = self._sorted(rows, asked["sort"])
        cursor, key = asked.get("cursor"), self.model.id
        if cursor is not None and not _is_ours(cursor, rows, key):
            raise Invalid([{"in": "query", "name": "cursor", "detail": _("This is no cursor.")}])
        pages = Pages(rows, key, asked["limit"], self.loads, self.empty)
        page = pages.page(0 if cursor is None else 1, cursor)
        further = None if page.ends or not page.rows else encoded(0, page.last)
        names = told_of(self.schema, asked, self.expands)
        if self.prepare:
            self.prepare(page.rows, names)
        items = self.schema(only=names).dump(page.rows, many=True)
        answer = jsonify(items=items, next=further)
        if further:
            again = [pair for pair in request.args.items(multi=True) if pair[0] != "cursor"]
            address = f"{request.path}?{urlencode([*again, ('cursor', further)])}"
            answer.headers["Link"] = f'<{address}>; rel="next"'
        return answer

    def _sorted(self, rows: Query[Any], sort: str) -> Query[Any]:
        columns = [self.sorts[sort.removeprefix("-")]]
        columns += [] if columns[0] is self.model.id else [self.model.id]
        down = sort.startswith("-")
        return rows.order_by(*(it.desc() if down else it.asc() for it in columns))

    def _found(self, search: str) -> list[Any]:
        """Return what rows fulfil that hold all words; the index, where there is one, first."""
        words = words_of(search)
        assert self.search is not None  # noqa: S101 - for mypy
        found = [self.search(word) for word in words]
        keys = fulltext.keys(db.session, self.model.__table__.name, words, FEW + 1)
        return found if keys is None or len(keys) > FEW else [self.model.id.in_(keys), *found]


def wanted(names: Sequence[str]) -> fields.Field[Any]:
    """Return the parameter that says which fields are told."""
    return DelimitedList(
        fields.String(validate=validate.OneOf(names)),
        validate=validate.Length(1, len(names)),
        metadata={"description": "Only these fields, with commas between."},
    )


def more(expands: Sequence[str]) -> fields.Field[Any]:
    """Return the parameter that says what else is told."""
    return DelimitedList(
        fields.String(validate=validate.OneOf(expands)),
        validate=validate.Length(1, len(expands)),
        metadata={"description": "Tell these as well, with commas between."},
    )


def told_of(schema: type[Schema], asked: Mapping[str, Any], expands: Sequence[str]) -> list[str]:
    """Return the names of the fields that are told."""
    usual = (name for name in schema().dump_fields if name not in expands)
    return [*asked.get("fields", usual), *asked.get("expand", ())]


def fields_of(schema: type[Schema], expands: Sequence[str] = ()) -> type[Schema]:
    """Return what one thing can be asked for."""
    asked = {"fields": wanted(list(schema().dump_fields))}
    asked |= {"expand": more(expands)} if expands else {}
    name = schema.__name__.removesuffix("Schema")
    return Schema.from_dict(asked, name=f"{name}Fields")


def any_holds(model: Any, *paths: str) -> Callable[[str], Any]:
    """Return what finds a word in any of some columns."""
    return lambda word: or_(*(holds(model, path, word) for path in paths))


def _is_ours(cursor: str, rows: Query[Any], key: Any) -> bool:
    found = decoded(cursor, sorts_of(rows, key, {}))
    return found is not None and found[0] == 0
