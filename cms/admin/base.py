"""The ground every admin screen stands on: Flask-Admin, hardened.

`open_admin` builds the admin; a screen derives from `QsListView` in
`cms.admin.lists`, or from `QsIndexView` and `Guarded` where it shows no table.
Views never commit: they flush, and the edge of the request commits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, abort, flash, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import Admin, AdminIndexView, expose
from flask_admin.actions import action
from flask_admin.base import AdminViewMeta
from flask_admin.contrib.sqla import ModelView
from flask_admin.theme import Bootstrap4Theme
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import Integer, SmallInteger, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Query
from werkzeug.exceptions import HTTPException
from wtforms import Form, StringField, ValidationError

from cms.admin import drafts, history
from cms.admin.access import Guarded, needs, storable, this_page
from cms.admin.side_menu import SideMenu
from cms.audit import refusals, values
from cms.audit.services import record
from cms.errors import CmsError
from cms.extensions import db
from cms.look import lazy as _l

__all__ = ["Guarded", "QsIndexView", "QsModelView", "action", "expose", "needs", "open_admin"]

log = logging.getLogger(__name__)

MOST_ROWS_AT_ONCE = 1_000
MOST_CHOICES = 50


def open_admin(app: Flask, index: QsIndexView, csp_nonce: Any) -> Admin:
    """Build the admin at `/admin/` of `app`, with our templates and `index` as first page."""
    app.jinja_env.globals |= {"side_menu": SideMenu(), "history_of": history.of}
    return Admin(
        app,
        name="QsCMS",
        url="/admin",
        index_view=index,
        theme=Bootstrap4Theme(base_template="admin/base.html"),
        csp_nonce_generator=csp_nonce,
    )


class QsIndexView(Guarded, AdminIndexView):
    """The first page of the admin."""

    kind = "admin"
    icon = "home"

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("name", _l("Dashboard"))
        super().__init__(**kwargs)
        # Flask-Admin would serve its jQuery and Bootstrap 4 from here; no page uses them.
        self.static_folder = None


class Pages(AdminViewMeta):
    """Leaves a page to the class that declares it.

    Flask-Admin copies every inherited page onto each class: one that is put before
    another would bring the pages of their common base back.
    """

    def __init__(cls, name: str, bases: tuple[type, ...], own: dict[str, Any]) -> None:  # noqa: N805 - a metaclass
        super().__init__(name, bases, own)
        for page in vars(cls).keys() - own.keys():
            if hasattr(vars(cls)[page], "_urls"):
                delattr(cls, page)


class QsModelView(Guarded, ModelView, metaclass=Pages):
    """Flask-Admin's `ModelView` with its known traps closed.

    `audited` says whether changes go to the audit trail. Hooks, all inside the
    transaction: `on_model_change`, `on_model_delete`, `after_model_change`,
    `after_model_delete`, and `record_change`.
    """

    audited = True
    can_export = False
    # Flask-Admin's own export reads all rows into memory before it answers.
    can_export_at_once = False
    named_filter_urls = True

    def __init__(self, model: type[Any], session: Any = db, **kwargs: Any) -> None:
        super().__init__(model, session, **kwargs)

    @property
    def db_session(self) -> Any:
        """The session of the model, in this request."""
        return self.session.session

    # Finding one row, or the ticked ones

    def get_one(self, id: Any) -> Any:  # noqa: A002 - Flask-Admin's name
        """Return the row `id` of those this view shows; 404 without, 403 if not for this page."""
        row = self._query_one(id).one_or_none()
        if row is None:
            self._tell_if_hidden(self._key(id))
            abort(404)
        self.require(row)
        return row

    def _tell_if_hidden(self, key: Any) -> None:
        thing = self.db_session.get(self.model, key)
        if thing is not None and not self.allowed("view", thing):
            refusals.tell_of_hidden(self.model, key)

    def peek(self, given: str) -> Any:
        """Return a row to be looked at only, whatever the page; None without."""
        return self.get_query().filter(self._pk_column == self._key(given)).one_or_none()

    def rows_for(self, ids: list[str], action_name: str) -> list[Any]:
        """Return the ticked rows that the person may do `action_name` to."""
        keys = [self._key(given) for given in ids[:MOST_ROWS_AT_ONCE]]
        rows = self.get_query().filter(self._pk_column.in_(keys)).all()
        return [row for row in rows if self.allowed(action_name, row)]

    @property
    def _pk_column(self) -> Any:
        return getattr(self.model, self._primary_key)

    def _query_one(self, given: Any) -> Query[Any]:
        query = self.get_query().filter(self._pk_column == self._key(given))
        # The loser of two simultaneous saves waits here, then sees the conflict.
        return query.with_for_update(of=self.model) if request.method == "POST" else query

    def _key(self, given: Any) -> Any:
        """Return the primary key written as `given`, or stop with 404."""
        column_type = inspect(self.model).primary_key[0].type
        if not isinstance(given, str) or not storable(given):
            abort(404)
        if not isinstance(column_type, Integer):
            return given
        largest = 2**31 if type(column_type) in (Integer, SmallInteger) else 2**63
        digits = given.isascii() and given.isdigit() and len(given) <= len(str(largest))
        if not digits or int(given) >= largest:
            abort(404)
        return int(given)

    # Saving: flush only, and tell in words what went wrong

    def create_model(self, form: Form) -> Any:
        """Make a row from `form`; return it, or False after saying why not."""
        made = list[Any]()
        return made[0] if self._attempt(lambda: made.append(self.make(form)), form) else False

    def update_model(self, form: Form, model: Any) -> bool:
        """Write `form` to the row `model`; return False after saying why not."""

        def update() -> None:
            self.require(model)
            self.change(form, model)

        return self._attempt(update, form)

    def make(self, form: Form) -> Any:
        """Return a new row of what `form` says. A screen whose rows are kept by
        `cms.editorial` calls that instead; what it refuses is said at its field."""
        model = self.build_new_instance()
        form.populate_obj(model)
        self.db_session.add(model)
        self.on_model_change(form, model, is_created=True)
        self._note("create", model)
        self.after_model_change(form, model, is_created=True)
        return model

    def change(self, form: Form, model: Any) -> None:
        """Write to a row what `form` says, be it one field of it alone: see `make`."""
        form.populate_obj(model)
        self.on_model_change(form, model, is_created=False)
        self._note("edit", model)
        self.after_model_change(form, model, is_created=False)

    def delete_model(self, model: Any) -> bool:
        """Delete the row `model`; return False after saying why not."""
        return self._attempt(lambda: self._delete(model))

    def _delete(self, model: Any) -> None:
        self.on_model_delete(model)
        if self.audited:
            self.record_change("delete", model, values.gone(model))
        self.db_session.delete(model)
        self.db_session.flush()
        self.after_model_delete(model)

    def _attempt(self, act: Callable[[], object], form: Form | None = None) -> bool:
        try:
            act()
            self.db_session.flush()
        except HTTPException:
            self.db_session.rollback()
            raise
        except Exception as error:
            self.db_session.rollback()
            if not (told_at_field(form, error) or self.handle_view_exception(error)):
                log.exception("%s could not be saved", self.model.__name__)
                flash(_("This could not be saved. The error has been logged."), "error")
            return False
        return True

    def handle_view_exception(self, exc: Exception) -> bool:
        """Say in words what an expected error means; return False for an unexpected one."""
        words = refusal_in_words(exc)
        if words is None:
            return False
        flash(words, "error")
        return True

    # The audit trail

    def record_change(self, action_name: str, model: Any, changes: dict[str, Any]) -> None:
        """Write the change to the audit trail, in the same transaction."""
        record(action_name, model, **changes)

    def _note(self, action_name: str, model: Any) -> None:
        changes = values.unsaved(model)
        self.db_session.flush()
        if self.audited and changes:
            self.record_change(action_name, model, changes)

    # Pages

    def _get_list_value(
        self,
        context: Any,
        model: Any,
        name: Any,
        column_formatters: Any,
        column_type_formatters: Any,
    ) -> Any:
        """Flask-Admin's, in short for what a formatter drew: a list asks for a thousand."""
        if draw := column_formatters.get(name):
            value = draw(self, context, model, name)
            if type(value) is Markup:
                return value
            column_formatters = {name: lambda *_: value}
        return super()._get_list_value(
            context, model, name, column_formatters, column_type_formatters
        )

    def render(self, template: str, **kwargs: Any) -> str:
        """Render `template`, which may draw values and name rows on every page."""
        kwargs = {"get_value": self.get_list_value, "get_pk_value": self.get_pk_value, **kwargs}
        return super().render(template, **kwargs)

    def is_action_allowed(self, name: str) -> bool:
        """Tell whether the person may use the bulk action `name` at all."""
        handler = self._actions_data[name][0]
        return super().is_action_allowed(name) and self.offers(handler.__name__)

    def chosen_action(self) -> str:
        """Return the name of the bulk action that was pressed, if the person may use it."""
        name = request.form.get("action", "")
        if name not in self._actions_data:
            abort(400)
        if not self.is_action_allowed(name):
            abort(403)
        return name

    def handle_action(self, return_view: str | None = None) -> ResponseReturnValue:  # noqa: ARG002 - Flask-Admin's
        """Run a bulk action on the ticked rows."""
        name = self.chosen_action()
        ids = request.form.getlist("rowid")
        for given in ids:
            self._key(given)
        if not ids:
            flash(_("Tick at least one row first."), "warning")
            return self.back()
        ids = self.tickable(ids)
        return (self._actions_data[name][0](ids) if ids else None) or self.back()

    def tickable(self, ids: list[str]) -> list[str]:
        """Return those of the ticked `ids` that may be ticked: here, all."""
        return ids

    @action("delete", _l("Delete"), _l("Delete the ticked rows? This cannot be undone."))
    def action_delete(self, ids: list[str]) -> None:
        """Delete the ticked rows, all or none."""
        rows = self.rows_for(ids, "delete")

        def delete() -> None:
            for row in rows:
                self._delete(row)

        if self._attempt(delete):
            self.tell_count(len(rows), len(ids))

    def change_ticked(
        self, ids: list[str], change: Callable[[Any], object], needed: str = "edit"
    ) -> None:
        """Do `change` to the ticked rows that the person may do `needed` to, all or none.

        What changes is noted in the audit trail, and how many there were is told.
        """
        rows = self.rows_for(ids, needed)

        def act() -> None:
            for row in rows:
                change(row)
                self._note("edit", row)

        if self._attempt(act):
            self.tell_count(len(rows), len(ids))

    def tell_count(self, done: int, asked: int) -> None:
        """Flash how many of the ticked rows were done, and how many were not allowed."""
        if done:
            flash(ngettext("%(num)d row done.", "%(num)d rows done.", done), "success")
        if left := asked - done:
            words = ngettext(
                "%(num)d row was left alone: it is gone, or you may not do this to it.",
                "%(num)d rows were left alone: they are gone, or you may not do this to them.",
                left,
            )
            flash(words, "warning")

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> ResponseReturnValue:
        """Answer a relation field's search, at most `MOST_CHOICES` at a time."""
        loader = self._form_ajax_refs.get(request.args.get("name", ""))
        if loader is None:
            abort(404)
        limit = request.args.get("limit", 10, type=int)
        offset = request.args.get("offset", 0, type=int)
        found = loader.get_list(
            request.args.get("query", "")[:100],
            min(max(offset, 0), 10_000),
            min(max(limit, 1), MOST_CHOICES),
        )
        return jsonify([loader.format(row) for row in found])

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self) -> ResponseReturnValue:
        """Refuse Flask-Admin's own way to change one column; see `cms.admin.inline`."""
        abort(404)

    def validate_form(self, form: Form) -> bool:
        """Validate `form`; text that a database cannot keep is an error of its field.

        Nothing is valid for who must give the password again first.
        """
        valid: bool = super().validate_form(form)
        if request.method == "POST" and self.is_stale(this_page()):
            flash(_asking_again(), "warning")
            return False
        return keepable(form) and valid

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        answer = super()._run_view(fn, *args, **kwargs)
        if request.method != "POST" or fn.__name__ not in ("create_view", "edit_view"):
            return answer
        if isinstance(answer, str):
            return answer, 422
        drafts.note_saved(answer)
        return answer


def _asking_again() -> Markup:
    """Say that the password is wanted; it is given beside this page, which keeps its text."""
    return Markup('{} <a href="{}" target="_blank">{}</a>').format(
        _("Nothing is saved yet: enter your password again, then press Save here once more."),
        url_for("security.verify", next=request.full_path),
        _("Enter your password again"),
    )


def keepable(form: Form) -> bool:
    """Tell whether a database can keep all text of a form; say at each field what it cannot."""
    unfit = [it for it in form if isinstance(it, StringField) and not storable(it.data or "")]
    for field in unfit:
        field.errors = [*field.errors, _("This holds a character that cannot be saved.")]
    return not unfit


def told_at_field(form: Form | None, error: Exception) -> bool:
    """Say at a field of `form` what an error says that names it; False if it names none."""
    name = getattr(error, "field", None)
    field = next((it for it in form or () if it.short_name in (name, f"{name}_id")), None)
    if field is None:
        return False
    field.errors = [*field.errors, refusal_in_words(error)]
    return True


def refusal_in_words(exc: Exception) -> str | None:
    """Return what an expected error means; None for an unexpected one."""
    if isinstance(exc, ValidationError):
        return str(exc)
    if isinstance(exc, CmsError):
        return _(exc.sentence, **exc.facts)
    if isinstance(exc, IntegrityError):
        log.info("refused by the database: %s", type(exc.orig).__name__)
        return _integrity_in_words(exc)
    return None


def _integrity_in_words(error: IntegrityError) -> str:
    """Tell the kinds of refusal apart; each database says it in its own way."""
    code = str(getattr(error.orig, "sqlstate", "") or error.orig)
    if any(sign in code for sign in ("23505", "UNIQUE", "1062")):
        return _("There is already one like this: a value that must be unique is taken.")
    if any(sign in code for sign in ("23503", "FOREIGN KEY", "1451", "1452")):
        return _("Something else still refers to this, or it refers to something that is gone.")
    return _("The database refused this: a value is missing or not allowed.")
