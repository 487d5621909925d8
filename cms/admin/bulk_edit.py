"""Bulk edit: chosen fields of the ticked rows, or of everything that a list shows, set at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, ClassVar

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from wtforms import Form

from cms.admin.base import action, needs
from cms.admin.bulk import MOST_AT_ONCE, Bulk
from cms.admin.listing import MOST_COUNTED, in_words
from cms.editorial import edits
from cms.look import lazy as _l

PREFIX = "new-"


class BulkEdit(Bulk):
    """A list with the bulk button Edit, where `bulk_edit_fields` are declared.

    They are fields of the row's form; `cms.editorial.bulk` registers the act `edit`, that
    sets them to the values it is given by name.
    """

    bulk_edit_fields: ClassVar[Sequence[str]] = ()

    @action("edit", _l("Edit"))
    @needs("edit")
    def action_edit(self, ids: list[str]) -> ResponseReturnValue:
        """Ask what is to be set, or set it."""
        del ids  # the request has them, or says that it is everything
        keys, whence = self._chosen()
        form = self._form_of(self.bulk_edit_fields)
        if "save" not in request.form:
            return self._ask(form, keys)
        wanted = [name for name in self.bulk_edit_fields if f"set-{name}" in request.form]
        if not wanted:
            flash(_("Tick what is to be changed."), "warning")
            return self._ask(form, keys), 422
        checked = self._form_of(wanted)
        if not self.validate_form(checked):
            for name in wanted:
                form[name].errors = checked[name].errors
            return self._ask(form, keys), 422
        return self._set({name: edits.as_json(checked[name].data) for name in wanted}, keys, whence)

    def handle_action(self, return_view: str | None = None) -> ResponseReturnValue:
        """Run a bulk button; this one asks first, however many rows there are."""
        if self.chosen_action() != "edit" or not self._any_chosen():
            return super().handle_action(return_view)
        return self.action_edit([])

    @staticmethod
    def _any_chosen() -> bool:
        return "everything" in request.form or "rowid" in request.form

    def _chosen(self) -> tuple[Select[Any], str]:
        if "everything" in request.form:
            return self._everything()
        return self._ticked(request.form.getlist("rowid"))

    def _set(self, values: dict[str, Any], keys: Select[Any], whence: str) -> ResponseReturnValue:
        act = self._act("edit")
        if act is None:
            raise LookupError(f"{self.kind} edit is not registered in cms.editorial.bulk")
        found = self.db_session.scalars(keys.limit(MOST_AT_ONCE + 1)).all()
        if len(found) > MOST_AT_ONCE:
            mark = sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
            return self._begin(act, keys, f"{whence} {mark}", values)
        rows = self.rows_for([str(key) for key in found], act.needs)
        asked = max(len(found), len(request.form.getlist("rowid")))
        self.do_undoably(act, rows, asked, list(values), **values)
        return self.back()

    def _form_of(self, names: Sequence[str]) -> Form:
        form: Form = self.form_of_columns(names, prefix=PREFIX)
        if "save" in request.form:
            for field in form:
                field.process(request.form)
        return form

    def _ask(self, form: Form, keys: Select[Any]) -> str:
        if self._act("edit") is None:
            abort(404)
        capped = keys.limit(MOST_COUNTED + 1).subquery()
        count = self.db_session.scalar(select(func.count()).select_from(capped)) or 0
        return self.render(
            "admin/model/bulk_edit.html",
            form=form,
            count=count,
            count_in_words=in_words(count),
            at_once=MOST_AT_ONCE,
            ticked={name for name in self.bulk_edit_fields if f"set-{name}" in request.form},
            return_url=request.form.get("url"),
        )
