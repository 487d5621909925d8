"""Editing in place: the cells of the columns in `column_editable_list` become fields.

A value is checked by the field of the row's own form and saved as that form would be,
for those who may use it. Who changes what somebody else has changed since the list
was shown is told so, and chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from flask import abort, flash, jsonify, request, session
from flask.typing import ResponseReturnValue
from flask_admin.contrib.sqla.fields import QuerySelectMultipleField
from flask_babel import gettext as _
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, Field, Form
from wtforms.fields import SelectMultipleField

from cms.accounts.policy import NOBODYS
from cms.admin.base import expose
from cms.admin.undo import Undoing
from cms.audit.undo import Change
from cms.look import html, icon, labelled, labels
from cms.look import lazy as _l

SAVED, SAME, REFUSED, STALE = "saved", "same", "refused", "stale"


def text_of(field: Field) -> str:
    """Return the text that a form would send for what is in a field; a switch that is on is 1."""
    if isinstance(field, BooleanField):
        return "1" if field.data else ""
    if hasattr(field, "iter_choices"):
        return next((str(choice[0]) for choice in field.iter_choices() if choice[2]), "")
    return _of_lines(str(field._value()))  # noqa: SLF001 - what WTForms calls its public part


class Cells:
    """What makes the cells of one page editable, the same for each row worked out once."""

    def __init__(self, view: Any) -> None:
        self._view = view
        names = view.column_editable_list if view.offers("ajax_update") else ()
        shown = {name: str(words) for name, words in view._list_columns}  # noqa: SLF001 - Flask-Admin's
        self.labels = {name: shown[name] for name in names if name in shown}
        self._always = view.offers("ajax_update", NOBODYS)
        self._icon = icon("pencil")
        self._words = _("Edit")

    @cached_property
    def _names(self) -> dict[str, Callable[[Any], str]]:
        """What a screen reader calls the control of each column in a row."""
        found = {}
        for name, words in self.labels.items():
            whole = words if name in self.switches else labelled(self._words, words)
            found[name] = labels(whole)
        return found

    @cached_property
    def fields(self) -> dict[str, Field]:
        """A field for each column, to be copied into its cells and to read values by."""
        form = self._view.form_of_columns(self.labels)
        return {name: form[name] for name in self.labels}

    def of(self, row: Any) -> dict[str, str]:
        """Return what the fields of a row hold, for those of its columns that may be edited."""
        if not self.labels or not (self._always or self._view.offers("ajax_update", row)):
            return {}
        texts = {}
        for name, field in self.fields.items():
            field.process_data(getattr(row, name))
            texts[name] = text_of(field)
        return texts

    def attributes(self, name: str) -> dict[str, Any]:
        """Return what the field of a column is drawn with; Flask-Admin's calendar needs jQuery."""
        given = dict((self._view.form_widget_args or {}).get(name, {}))
        return given | ({"type": "date"} if isinstance(self.fields[name], DateField) else {})

    @cached_property
    def switches(self) -> frozenset[str]:
        """The columns that are switched rather than written into."""
        fields = self.fields.items()
        return frozenset(name for name, field in fields if isinstance(field, BooleanField))

    def control(self, name: str, text: str, row_name: str) -> Markup:
        """Draw what begins the editing of one cell: a pencil, or the switch itself."""
        label = self._names[name](row_name)
        begun = f'data-edit="{html(name)}" data-value="{html(text)}"'
        if name in self.switches:
            drawn = (
                '<input type="checkbox" role="switch" class="cell-switch needs-script"'
                f' {begun} aria-label="{label}"{" checked" if text else ""}>'
            )
        else:
            drawn = (
                f'<button type="button" class="cell-pencil needs-script" {begun}'
                f' title="{self._words}" aria-label="{label}">{self._icon}</button>'
            )
        return Markup(drawn)  # noqa: S704 - each part is escaped


class InlineEdit(Undoing):
    """A list whose cells are edited in place, and what is undone of it."""

    def get_list_form(self) -> type[Form]:
        """Return the form that cells are checked by: each must be one field of one value."""
        form = self.form_of_columns(self.column_editable_list)
        for name in self.column_editable_list:
            if not _holds_one_value(form[name]):
                raise TypeError(f"{type(self).__name__}.{name} cannot be edited in a list")
        return type(form)

    def form_of_columns(self, names: Any, row: Any = None, prefix: str = "") -> Form:
        """Return the form of a row, or an empty one, without any field but those of `names`."""
        form = self._edit_form_class(None, obj=row, prefix=prefix)
        for name in [field.short_name for field in form]:
            if name not in names:
                del form[name]
        for name in names:
            if name not in form:
                raise TypeError(f"{type(self).__name__}: {name} is no field of its form")
        return form

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self) -> ResponseReturnValue:
        """Change one column of one row: its `value`, if it still is what was `seen`."""
        given, name = request.form, request.form.get("column", "")
        if not self.column_editable_list:
            abort(404)
        if name not in self.column_editable_list or not {"id", "value", "seen"} <= given.keys():
            abort(400)
        row = self.get_one(given["id"])
        key, before = str(self.get_pk_value(row)), given["seen"]
        with overheard() as told:
            became, now, why = self.set_cell(row, name, given["value"], before)
        if became == STALE:
            return jsonify(now=now, words=self._in_words(row, name)), 409
        if became == REFUSED:
            return jsonify(errors=why), 422
        row_name = self.name_of(row)
        words = _("Saved: %(column)s of “%(name)s”.", column=self._label(name), name=row_name)
        if became == SAVED:
            told.append(("success", self.with_undo(words, [Change(key, name, before, now)])))
        drawn = escape(self.get_list_value(None, row, name))
        notices = [{"tone": tone, "html": escape(said)} for tone, said in told]
        return jsonify(value=now, html=drawn, name=row_name, words=words, notices=notices)

    def set_cell(self, row: Any, name: str, text: str, seen: str) -> tuple[str, str, list[str]]:
        """Set a column to what its form field makes of `text`, if it holds `seen` now.

        Return `SAVED`, `SAME`, `STALE` or `REFUSED`, what the field holds then, and why it
        was refused.
        """
        form = self.form_of_columns([name], row)
        field = form[name]
        now, text = text_of(field), _of_lines(text)
        if text == now:
            return SAME, now, []
        if now != _of_lines(seen):
            return STALE, now, []
        field.process(MultiDict({field.name: text}))
        if not self.validate_form(form):
            return REFUSED, now, [str(words) for words in field.errors]
        with overheard(only="error") as told:
            if not self._write(form, row):
                return REFUSED, now, [str(words) for _tone, words in told]
        return SAVED, text_of(self.form_of_columns([name], row)[name]), []

    def _write(self, form: Form, row: Any) -> bool:
        # A savepoint, where `update_model` would take back what was done to other rows too.
        try:
            with self.db_session.begin_nested():
                self.change(form, row)
        except Exception as error:
            if not self.handle_view_exception(error):
                raise
            return False
        return True

    def _in_words(self, row: Any, name: str) -> str:
        """Return a value as people read it: of a choice, its words."""
        field = self.form_of_columns([name], row)[name]
        if isinstance(field, BooleanField):
            return str(_l("Yes") if field.data else _l("No"))
        if hasattr(field, "iter_choices"):
            return next((str(it[1]) for it in field.iter_choices() if it[2]), "")
        return text_of(field)

    def _label(self, name: str) -> str:
        return str(self.get_column_name(name))

    # What was done is undone as it was done: cell by cell, if it still is what it was set to

    def find_one(self, key: str) -> Any:
        """Return the row of that key among those of this view, to be changed; None without."""
        return self._query_one(key).one_or_none()

    def take_back(self, changes: list[Change]) -> tuple[int, list[str]]:
        """Undo changes; return of how many rows, and in words which were left and why."""
        done, left = set[str](), dict[str, str]()
        for key, name, was, now in changes:
            row = self.find_one(key)
            if row is None or not self.allowed("edit", row):
                left[key] = _("A row is gone, or you may not change it any more.")
                continue
            with overheard():
                became, _now, why = self.set_cell(row, name, was, now)
            if became in (SAVED, SAME):
                done.add(key)
            elif became == STALE:
                words = _("%(column)s of “%(name)s” was changed again meanwhile, and stays.",
                          column=self._label(name), name=self.name_of(row))  # fmt: skip
                left[key] = words
            else:
                left[key] = labelled(self.name_of(row), " ".join(why))
        return len(done - left.keys()), list(left.values())

    def texts(self, row: Any, names: Any) -> dict[str, str]:
        """Return what the fields of some columns hold."""
        form = self.form_of_columns(names, row)
        return {name: text_of(form[name]) for name in names}


def _holds_one_value(field: Field) -> bool:
    of_text = hasattr(field, "_value") or hasattr(field, "iter_choices")
    of_several = isinstance(field, SelectMultipleField | QuerySelectMultipleField)
    return of_text and not of_several


@contextmanager
def overheard(only: str | None = None) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is flashed inside, instead of keeping it for the next page.

    With `only`, what has another tone is kept.
    """
    before, heard = session.pop("_flashes", []), list[tuple[str, Any]]()
    try:
        yield heard
    finally:
        said = session.pop("_flashes", [])
        heard += [it for it in said if only in (None, it[0])]
        for tone, words in [*before, *(it for it in said if only not in (None, it[0]))]:
            flash(words, tone)


def _of_lines(text: str) -> str:
    # Browsers end lines in one way in a form, in another in an attribute.
    return text.replace("\r\n", "\n").replace("\r", "\n")
