"""A list whose rows leave as files and enter from them: what it allows, and how.

    class PhotoView(QsListView):
        can_export = True
        column_export_list = ("id", "title", "owner.email", "created_at")
        import_columns = ("title", "alt_text")

Without `column_export_list`, the columns of the list leave. Those that are no columns of
the table, such as pictures, stay; and so does what by its name is a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from flask import current_app, flash, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import DateTime, Select, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Query, aliased
from sqlalchemy.types import TypeDecorator
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from wtforms import BooleanField, ValidationError

from cms.accounts.policy import NOBODYS, may
from cms.admin.access import person, storable
from cms.admin.base import action, needs, refusal_in_words
from cms.admin.bulk import Bulk
from cms.admin.buttons import TopButton
from cms.admin.visibility import Visibility
from cms.audit.values import is_secret
from cms.edge import zone_cookie
from cms.editorial import exchange
from cms.errors import CmsError
from cms.exchange import sources
from cms.exchange.cells import as_text, same_lines
from cms.exchange.models import Format
from cms.exchange.sources import Column, ListChanged, Reading, RowRefused, Scope
from cms.extensions import db
from cms.look import has_page
from cms.look import lazy as _l

FORMATS = {
    Format.CSV: _l("CSV, for spreadsheets"),
    Format.XLSX: _l("Excel workbook (XLSX)"),
    Format.JSON: _l("JSON, one row a line, for programs"),
}

_TRUE = frozenset({"true", "1", "yes", "y", "on", "是"})
_FALSE = frozenset({"false", "0", "no", "n", "off", "否", ""})


@contextmanager
def _as_person(by: Any, query: str = "", zone: str = "") -> Iterator[None]:
    """Stand where the person stood who looked at a list, in a job too."""
    cookies = {"Cookie": f"{zone_cookie()}={zone}"}
    here = current_app.test_request_context(query_string=query, headers=cookies)
    with current_app.app_context(), here:
        g._login_user = by  # noqa: SLF001 - where Flask-Login keeps who asks
        yield


class Exchange(Visibility, Bulk):
    """A list as `cms.exchange.sources.Source` wants it, with its buttons.

    `import_columns` are fields of its form that can be brought in; none by default.
    """

    import_columns: ClassVar[Sequence[str]] = ()

    def create_blueprint(self, admin: Any) -> Any:
        """Let rows leave and enter by this list."""
        if self.can_export or self.import_columns:
            sources.register(admin.app, self)
        return super().create_blueprint(admin)

    # Buttons

    def exchange_buttons(self) -> list[TopButton]:
        """Return the buttons that export and import, as far as the person may."""
        query = request.query_string.decode(errors="replace")
        return [
            TopButton(
                _l("Export"),
                "download",
                address=lambda: self._exchange_page(
                    "export.new", "export", self.can_export, query=query
                ),
            ),
            TopButton(
                _l("Import"),
                "upload",
                address=lambda: self._exchange_page(
                    "import.new", "edit", bool(self.import_columns)
                ),
            ),
        ]

    def _exchange_page(self, page: str, act: str, able: bool, **more: Any) -> str | None:  # noqa: FBT001
        if not (able and self.allowed(act) and has_page(page)):
            return None
        return url_for(page, source=self.endpoint, **more)

    @action("export", _l("Export"))
    @needs("export")
    def action_export(self, _ids: list[str]) -> None:
        """Ask what to export of the ticked rows; `handle_action` does."""

    def is_action_allowed(self, name: str) -> bool:
        """Offer exports only where there is a screen of them."""
        return super().is_action_allowed(name) and (name != "export" or has_page("export.new"))

    def for_everything(self, names: Any) -> set[str]:
        """Everything that the list shows can be exported."""
        names = list(names)
        return super().for_everything(names) | ({"export"} & set(names))

    def handle_action(self, return_view: str | None = None) -> ResponseReturnValue:
        """Ask what to export, or do as other buttons say."""
        if self.chosen_action() != "export":
            return super().handle_action(return_view)
        query = request.query_string.decode(errors="replace")
        if "everything" in request.form:
            return self.export_page(Scope("shown", query))
        ids = request.form.getlist("rowid")
        for given in ids:
            self._key(given)
        if not ids:
            flash(_("Tick at least one row first."), "warning")
            return self.back()
        return self.export_page(Scope("ticked", query, ids))

    def export_page(self, scope: Scope) -> str:
        """Ask in which form, and which rows and columns, to export."""
        asking = person()
        return self.render(
            "admin/export/new.html",
            scope=scope,
            columns=self.columns_out(asking),
            formats=FORMATS,
            before=exchange.last_export(asking, self.endpoint),
            return_url=self._home() + (f"?{scope.query}" if scope.query else ""),
        )

    # Rows that leave

    @property
    def key_name(self) -> str:
        """The name of the primary key."""
        return str(self._primary_key)

    def columns_out(self, by: Any) -> list[Column]:
        """Return what the person may take out; the key comes first."""
        names = self.column_export_list or self.column_list
        names = [name for name in names if name not in (self.column_export_exclude_list or ())]
        if self.key_name not in names:
            names.insert(0, self.key_name)
        return [
            Column(name, self._label_out(name), moment=_is_moment(attribute))
            for name in names
            if (attribute := self._attribute(name)) is not None
            and not is_secret(name)
            and self.may_export_column(name, by)
        ]

    def _label_out(self, name: str) -> Any:
        labels = self.column_labels or {}
        return labels.get(name) or ("ID" if name == self.key_name else self.get_column_name(name))

    def _attribute(self, path: str) -> Any:
        """Return the column at the end of a path over single relations, None if it is none."""
        model, *relations = self.model, *path.split(".")
        name = relations.pop()
        for step in relations:
            relation = inspect(model).relationships.get(step)
            if relation is None or relation.uselist:
                return None
            model = relation.mapper.class_
        return getattr(model, name) if name in inspect(model).column_attrs else None

    def rows_out(self, by: Any, scope: Scope, names: Sequence[str]) -> Select[Any]:
        """Return a query for the key and these columns of what the person may take out."""
        with _as_person(by, scope.query, scope.zone):
            query = self._rows_of(scope)
            if not may(by, "export", self.kind, NOBODYS):
                query = query.filter(self.model.owner_id == by.id)
            query, cells = self._cells(query.order_by(None), names)
            rows: Select[Any] = query.with_entities(self._pk_column, *cells).statement
        return rows

    def _rows_of(self, scope: Scope) -> Query[Any]:
        if scope.which == "ticked":
            keys = [self._key(given) for given in scope.ids]
            return self.get_query().filter(self._pk_column.in_(keys))
        if scope.which == "all":
            return self.get_query()
        try:
            return self.chosen_here()[0]
        except HTTPException:
            raise ListChanged from None

    def _cells(self, query: Query[Any], names: Sequence[str]) -> tuple[Query[Any], list[Any]]:
        cells = list[Any]()
        joined: dict[tuple[str, ...], Any] = {(): self.model}
        for name in names:
            *steps, column = name.split(".")
            for depth in range(len(steps)):
                path = tuple(steps[: depth + 1])
                if path not in joined:
                    relation = getattr(joined[path[:-1]], path[-1])
                    joined[path] = aliased(relation.property.mapper.class_)
                    query = query.outerjoin(relation.of_type(joined[path]))
            cells.append(getattr(joined[tuple(steps)], column))
        return query, cells

    # Rows that enter

    def columns_in(self) -> list[Column]:
        """Return what can be brought in, as it is called in the form."""
        labels = self.column_labels or {}
        return [
            Column(name, labels.get(name) or self.get_column_name(name))
            for name in self.import_columns
        ]

    def may_create(self, by: Any) -> bool:
        """Tell whether the person may bring in new rows."""
        return bool(self.can_create) and may(by, "create", self.kind)

    def rows_in(self, by: Any, keys: Sequence[str], *, lock: bool) -> dict[str, Any]:
        """Return the rows of these keys that the person sees, by key."""
        with _as_person(by):
            wanted = [key for given in keys if (key := self._key_or_none(given)) is not None]
            seen = self.get_query().filter(self._pk_column.in_(wanted))
            ids = seen.order_by(None).with_entities(self._pk_column).statement
        found = db.session.execute(ids).scalars().all()
        rows = select(self.model).where(self._pk_column.in_(found)).order_by(self._pk_column)
        rows = rows.execution_options(populate_existing=True)
        if lock:
            rows = rows.with_for_update(of=self.model)
        return {str(self.get_pk_value(row)): row for row in self.db_session.scalars(rows)}

    def _key_or_none(self, given: str) -> Any:
        try:
            return self._key(given)
        except HTTPException:
            return None

    def read_row(self, row: Any, values: Mapping[str, str]) -> Reading:
        """Look what the form would make of `values`."""
        form, problems = self._filled_form(row, values)
        changes = {}
        for field in form:
            old = "" if row is None else same_lines(as_text(getattr(row, field.short_name)))
            new = same_lines(as_text(field.data))
            if old != new:
                changes[field.short_name] = [old, new]
        return Reading(changes, problems)

    def write_row(self, row: Any, values: Mapping[str, str]) -> None:
        """Save as the form does, with all that follows from it."""
        form, problems = self._filled_form(row, values)
        if problems:
            raise RowRefused(problems)
        try:
            with self.db_session.begin_nested():
                if row is None:
                    self.make(form)
                else:
                    self.change(form, row)
        except (ValidationError, CmsError, IntegrityError) as error:
            raise RowRefused([["", refusal_in_words(error) or ""]]) from error

    def _filled_form(self, row: Any, values: Mapping[str, str]) -> tuple[Any, list[list[str]]]:
        """Return the form with `values`, none but those that can be brought in, and what is
        wrong with it."""
        kind = self._create_form_class if row is None else self._edit_form_class
        wanted = set(self.import_columns) if row is None else set(values)
        form = kind(obj=row)
        problems = []
        given = MultiDict[str, str]()
        for name in [field.short_name for field in form]:
            if name not in wanted:
                del form[name]
        for field in form:
            value = values.get(field.short_name, "")
            if isinstance(field, BooleanField):
                if value.lower() not in _TRUE | _FALSE:
                    problems.append([field.short_name, _("Give true or false.")])
                value = "y" if value.lower() in _TRUE else ""
            if value or not isinstance(field, BooleanField):
                given.add(field.name, value)
            if not storable(value):
                words = _("This holds a character that cannot be saved.")
                problems.append([field.short_name, words])
        form.process(given, obj=row)
        if not form.validate():
            for field in form:
                problems += [[field.short_name, str(words)] for words in field.errors]
        return form, problems


def _is_moment(attribute: Any) -> bool:
    kind = attribute.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return isinstance(kind, DateTime)
