"""Choices of a form that are looked up as one types: relations.

    form_ajax_refs = {"owner": Lookup("owner", User, ("email",))}

Each is a plain `<select>` of the first choices; `choose.js` lets one search all of them, a
page at a time. What is offered, and taken back, is what the person may see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_admin.contrib.sqla.ajax import QueryAjaxModelLoader
from flask_admin.model.fields import AjaxSelectField, AjaxSelectMultipleField
from markupsafe import Markup
from sqlalchemy import String, cast, or_
from wtforms import DateField, DateTimeField
from wtforms.widgets import DateInput, DateTimeLocalInput, html_params

from cms.accounts.policy import may
from cms.admin.filters import LARGEST
from cms.extensions import db

MOST_AT_ONCE = 50
FARTHEST = 10_000
LONGEST = 100


class Lookup(QueryAjaxModelLoader):
    """What can be chosen: rows of `model` found by `fields`, of those that meet `criterion`.

    It is open to who may do one of `actions` to things of `kind`, by default to who may
    view what the screen shows. `name` is its own on its screen.
    """

    def __init__(  # noqa: PLR0913 - each says one thing of it
        self,
        name: str,
        model: type[Any],
        fields: Sequence[str],
        *,
        kind: str | None = None,
        actions: Sequence[str] = ("view",),
        criterion: Any = None,
        session: Any = db,
    ) -> None:
        super().__init__(name, session, model, fields=list(fields))
        self.kind = kind
        self.actions = actions
        self.criterion = criterion

    def open_to(self, user: Any, kind: str) -> bool:
        """Tell whether `user` may look here from a screen of `kind`."""
        return any(may(user, action, self.kind or kind) for action in self.actions)

    def get_query(self) -> Any:
        """Return what can be chosen at all."""
        query = self.session.session.query(self.model)
        return query if self.criterion is None else query.filter(self.criterion)

    def get_one(self, pk: Any) -> Any:
        """Return the row of this key, None if it cannot be chosen."""
        key = getattr(self.model, self.pk)
        try:
            key_given = key.type.python_type(pk)
        except (TypeError, ValueError):
            return None
        if isinstance(key_given, int) and abs(key_given) > LARGEST:
            return None
        with self.session.session.no_autoflush:
            return self.get_query().filter(key == key_given).one_or_none()

    def get_list(self, term: str, offset: int = 0, limit: int = MOST_AT_ONCE) -> list[Any]:
        """Return a page of what holds all words of `term`."""
        query = self.get_query()
        for word in term.split():
            columns = (cast(field, String) for field in self._cached_fields)
            query = query.filter(or_(*(c.icontains(word, autoescape=True) for c in columns)))
        query = query.order_by(*self._cached_fields, getattr(self.model, self.pk))
        return list(query.offset(offset).limit(limit))

    def first(self, chosen: Any = None) -> list[tuple[str, str]]:
        """Return the first choices as value and words, and what is `chosen` before them."""
        rows = self.get_list("")
        if chosen is not None and chosen not in rows:
            rows.insert(0, chosen)
        return [(str(getattr(row, self.pk)), str(row)) for row in rows]


def answer(lookup: Lookup) -> dict[str, Any]:
    """Return what the address asks for: the rows of `?query=` from `?offset=` on.

    `limit` and `offset` are held within bounds, whatever is asked.
    """
    asked = request.args
    limit = min(max(asked.get("limit", 20, type=int), 1), MOST_AT_ONCE)
    offset = min(max(asked.get("offset", 0, type=int), 0), FARTHEST)
    rows = lookup.get_list(asked.get("query", "")[:LONGEST], offset, limit + 1)
    options = [{"value": str(getattr(row, lookup.pk)), "words": str(row)} for row in rows[:limit]]
    return {"options": options, "more": len(rows) > limit}


class RelationSelect:
    """Draws a relation field as a `<select>` that `choose.js` lets one search."""

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        """Draw `field`."""
        multiple = isinstance(field, AjaxSelectMultipleField)
        chosen = (field.data or []) if multiple else [field.data] if field.data else []
        values = [str(getattr(row, field.loader.pk)) for row in chosen]
        attributes = {
            "id": field.id,
            "data-lookup": url_for(".look_up", name=field.loader.name),
        } | attributes
        attributes["class"] = attributes.pop("class_", attributes.get("class", "form-select"))
        options = dict(field.loader.first(chosen[0] if chosen else None))
        options |= dict(zip(values, map(str, chosen), strict=True))
        lines = [] if multiple else [("", "–")]
        drawn = (
            Markup("<option value='{}'{}>{}</option>").format(
                value, Markup(" selected") if value in values else "", words
            )
            for value, words in [*lines, *options.items()]
        )
        start = html_params(name=field.name, multiple=multiple, **attributes)
        return Markup("<select {}>{}</select>").format(Markup(start), Markup("").join(drawn))  # noqa: S704 - WTForms escapes it


def dress(form: Any) -> Any:
    """Give the relation and date fields of a form class widgets that browsers know."""
    widgets = (
        (AjaxSelectField, RelationSelect),
        (DateTimeField, DateTimeLocalInput),
        (DateField, DateInput),
    )
    for unbound in vars(form).values():
        kind = getattr(unbound, "field_class", object)
        for field, widget in widgets:
            if issubclass(kind, field):
                unbound.kwargs["widget"] = widget()
                break
    return form
