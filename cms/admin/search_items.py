"""Search items of a list that are more than one plain control on one column.

    column_filters = (
        "status",                                          # select
        "title",                                           # text
        "created_at",                                      # date range
        SelectText(_l("Find in"), {"title": _l("Title"), "owner.email": _l("Owner")}),
        Relation(Page.album, _l("Album"), Album.name),     # looked up as one types
        Hidden(Page.series_id, _l("Series")),              # kept, from a link to this list
    )

The words in the address are those of `cms.admin.filters`: `flt0_status_is=draft`,
`flt3_find_in=title:harbour`, `flt4_album_of=12`, `flt5_series_id_only=7`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Boolean, inspect, or_, select
from sqlalchemy import Integer as IntegerType

from cms.admin import chips, choices, filters
from cms.admin.base import expose, needs
from cms.admin.filters import LARGEST, LONGEST, Filter
from cms.admin.visibility import Visibility
from cms.fulltext import holds
from cms.look import labelled

MOST_CHOICES = 50
FARTHEST = 10_000


@dataclass(frozen=True)
class SearchItem:
    """One item of the search form: a control, or the `parts` of one.

    `lookup` is the address that finds further options as one types, where there are
    more than a list of them holds.
    """

    name: str
    label: str
    control: str
    options: Sequence[tuple[str, str]]
    value: str
    parts: Sequence[SearchItem] = ()
    lookup: str | None = None

    @property
    def is_set(self) -> bool:
        """Whether it narrows the list."""
        return bool(self.value) or any(part.value for part in self.parts)


class SelectText(Filter):
    """Text in one of several columns; which one, the reader chooses.

    `fields` gives the words of each column, a name or a path over relations. In the
    address the value is `column:text`. The form sends the column beside it.
    """

    control = "select-text"
    word = "in"

    def __init__(self, label: Any, fields: Mapping[str, Any], name: str = "find") -> None:
        super().__init__(None, label)
        self.key_name = name
        self.fields = fields
        self._model: Any = None

    def bind(self, model: Any) -> None:
        """Remember whose columns they are."""
        self._model = model

    def get_options(self, view: Any) -> list[tuple[str, Any]]:
        """Return the columns that the person may see."""
        return [(name, words) for name, words in self.fields.items() if view.may_see(name)]

    def clean(self, value: str) -> tuple[str, str]:
        """Return column and text; `ValueError` for a column that is not offered."""
        name, _colon, text = value.partition(":")
        if name not in self.fields or not text.strip():
            raise ValueError(value)
        return name, text.strip()[:LONGEST]

    def apply(self, query: Any, value: tuple[str, str], alias: Any = None) -> Any:  # noqa: ARG002 - Flask-Admin's
        """Keep the rows whose chosen column holds the text."""
        return query.filter(holds(self._model, *value))

    def in_words(self, value: str) -> str:
        """Return a value as people say it: `Title: harbour`."""
        name, text = self.clean(value)
        return labelled(self.fields[name], text)


class Relation(Filter):
    """One row of a related kind, looked up by `shown`, a text column of that kind.

    `among()` may return a criterion for those that the person may choose.
    """

    control = "relation"
    word = "of"

    def __init__(
        self, relation: Any, label: Any, shown: Any, among: Callable[[], Any] | None = None
    ) -> None:
        super().__init__(None, label)
        self.key_name = relation.key
        self.relation = relation
        self.shown = shown
        self._among = among
        self._key = inspect(shown.class_).primary_key[0]

    def bind(self, model: Any) -> None:
        """Do nothing: the relation knows whose it is."""

    def clean(self, value: str) -> Any:
        """Return the key of the related row; `ValueError` if it can be none."""
        return typed(self._key.type, value)

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:  # noqa: ARG002 - Flask-Admin's
        """Keep the rows that belong to the related row of that key."""
        this = self._offered(select(self._key).where(self._key == value)).whereclause
        several = self.relation.property.uselist
        return query.filter(self.relation.any(this) if several else self.relation.has(this))

    def found(self, session: Any, text: str = "", start: int = 0) -> list[Any]:
        """Return key and words of the rows that hold `text`, by their words.

        From `start` on, `MOST_CHOICES` of them, and one more where there are more.
        """
        if self._among is None and not (text or start):
            return list(session.execute(self._first).all())
        query = self._first.offset(start)
        if text:
            query = query.where(self.shown.icontains(text[:LONGEST], autoescape=True))
        return list(session.execute(self._offered(query)).all())

    @cached_property
    def _first(self) -> Any:
        # Made once: each page of the list asks.
        query = select(self._key, self.shown).order_by(self.shown, self._key)
        return query.limit(MOST_CHOICES + 1)

    def chosen(self, session: Any, value: str) -> list[Any]:
        """Return key and words of the row of that key, if it may be chosen."""
        query = select(self._key, self.shown).where(self._key == self.clean(value))
        return list(session.execute(self._offered(query)).all())

    def _offered(self, query: Any) -> Any:
        return query if self._among is None else query.where(self._among())


class Hidden(Filter):
    """A value that a link to the list carries; the form keeps it and shows no control."""

    control = "hidden"
    word = "only"

    def clean(self, value: str) -> Any:
        """Return the value; `ValueError` if the column can hold none such."""
        return typed(self.column.type, value)

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:
        """Keep the rows that have `value`."""
        return query.filter(self._attribute(alias) == value)


def typed(kind: Any, value: str) -> Any:
    """Return `value` of an address as a column of `kind` holds it; `ValueError` if it cannot."""
    if isinstance(kind, Boolean):
        if value not in ("0", "1"):
            raise ValueError(value)
        return value == "1"
    if not isinstance(kind, IntegerType):
        return value[:LONGEST]
    number = int(value)
    if not -LARGEST <= number <= LARGEST:
        raise ValueError(value)
    return number


def given(flt: Any, name: str, value: str) -> str:
    """Return the value of a filter in the address; the form sends some in two fields."""
    column = request.args.get(f"of-{name}")
    return f"{column}:{value.strip()}" if isinstance(flt, SelectText) and column else value


def in_ranges(items: Iterable[tuple[Any, SearchItem]]) -> Iterator[SearchItem]:
    """Join `from` and `to` of one column to one item."""
    since: tuple[Any, SearchItem] | None = None
    for flt, item in items:
        if since and isinstance(flt, filters.Until) and flt.column is since[0].column:
            parts = replace(since[1], label=_("from")), replace(item, label=_("to"))
            yield SearchItem("", str(flt.name), "range", (), "", parts)
            since = None
            continue
        if since:
            yield since[1]
        since = (flt, item) if isinstance(flt, filters.Since) else None
        if since is None:
            yield item
    if since:
        yield since[1]


class Lookups(Visibility):
    """A list that answers what its relations, in search items and forms, ask while one types."""

    @expose("/choices/")
    @needs("view")
    def look_up(self) -> ResponseReturnValue:
        """Answer a relation's search, of a search item or of a field of the form:
        `?name=…&query=…&offset=…`, a page at a time."""
        name = request.args.get("name", "")
        items = {self.get_filter_arg(i, flt): flt for i, flt in self.filters_seen()}
        if isinstance(flt := items.get(name), Relation):
            return jsonify(self._related(flt))
        lookup = self.lookups().get(name)
        if lookup is None:
            abort(404)
        if not lookup.open_to(current_user, self.kind):
            abort(403)
        return jsonify(choices.answer(lookup))

    def _related(self, flt: Relation) -> dict[str, Any]:
        start = min(max(request.args.get("offset", 0, type=int), 0), FARTHEST)
        found = flt.found(self.db_session, request.args.get("query", "").strip(), start)
        options = [{"value": str(key), "words": str(words)} for key, words in found]
        return {"options": options[:MOST_CHOICES], "more": len(found) > MOST_CHOICES}

    def lookups(self) -> dict[str, choices.Lookup]:
        """Return what can be looked up on this screen, by name."""
        offered = self._form_ajax_refs.values()
        return {one.name: one for one in offered if isinstance(one, choices.Lookup)}

    def scaffold_form(self) -> Any:
        """Return the form, its relations and dates as browsers know them."""
        return choices.dress(super().scaffold_form())

    def takes(self, flt: Any, value: str) -> bool:
        """Tell whether a filter takes `value` from this person."""
        if not filters.cleaned(flt, value):
            return False
        column = value.partition(":")[0]
        return not isinstance(flt, SelectText) or column in dict(flt.get_options(self))

    def search_item(self, flt: Any, name: str, value: str) -> SearchItem:
        """Return the control of one filter, with its current value."""
        control = getattr(flt, "control", "select" if flt.options else "text")
        if isinstance(flt, Relation):
            return self._relation_item(flt, name, value)
        options = [(str(key), str(words)) for key, words in flt.get_options(self) or ()]
        item = SearchItem(name, chips.label(flt), control, options, value)
        if not isinstance(flt, SelectText):
            return item
        column, _colon, text = value.partition(":")
        which = SearchItem(f"of-{name}", _("Column"), "select", options, column)
        return replace(item, value="", parts=(which, replace(item, control="text", value=text)))

    def _relation_item(self, flt: Relation, name: str, value: str) -> SearchItem:
        found = flt.found(self.db_session)
        lookup = None
        if len(found) > MOST_CHOICES:
            found.pop()
            lookup = self.get_url(".look_up", name=filters.argument(flt))
        options = [(str(key), str(words)) for key, words in found]
        if value and value not in {key for key, _words in options}:
            options[:0] = [(str(k), str(words)) for k, words in flt.chosen(self.db_session, value)]
        return SearchItem(name, str(flt.name), "relation", options, value, lookup=lookup)


def searchable(fields: Iterable[Any]) -> Any:
    """Return that one of `fields`, criteria, is so; that none is where there are none."""
    found = list(fields)
    return or_(*found) if found else filters.NOTHING
