"""Undo: the button beside what was just done to one row or to some, and what it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from cms.admin.access import Guarded, person
from cms.admin.base import QsModelView, expose, needs
from cms.audit import undo
from cms.audit.undo import Change
from cms.edge import inner_target
from cms.errors import CmsError
from cms.jobs.selections import Act
from cms.look import icon, labelled

REASONS_SHOWN = 3


class Undoing(QsModelView):
    """A list whose acts can offer to be undone."""

    def keep_for_undo(self, changes: list[Change]) -> str:
        """Keep what was changed; return what lets the person undo it."""
        return undo.keep(self.endpoint, changes, person().id)

    def with_undo(self, words: str, changes: list[Change]) -> Markup | str:
        """Return words with the button that undoes what they say, where anything was changed.

        It belongs to the form that serves the rows of the list.
        """
        if not changes:
            return words
        return Markup(
            '{} <button class="btn btn-sm undo" form="row-form" formaction="{}" name="token"'
            ' value="{}">{}{}</button>'
        ).format(
            words,
            url_for("undo.index"),
            self.keep_for_undo(changes),
            icon("arrow-back-up"),
            _("Undo"),
        )

    def do_undoably(
        self, act: Act, rows: Iterable[Any], asked: int, names: Sequence[str], **options: Any
    ) -> None:
        """Do an act to rows, of `asked` ones, and offer to undo what it does to some columns."""
        done, refused, changes = 0, list[str](), list[Change]()
        for row in rows:
            key, before = str(self.get_pk_value(row)), self.texts(row, names)
            try:
                with self.db_session.begin_nested():
                    act.perform(row, person(), **options)
            except CmsError as error:
                refused.append(labelled(self.name_of(row), _(error.sentence, **error.facts)))
                continue
            done += 1
            after = self.texts(row, names)
            changes += [
                Change(key, name, before[name], after[name])
                for name in names
                if before[name] != after[name]
            ]
        if done:
            words = ngettext("%(num)d row done.", "%(num)d rows done.", done)
            flash(self.with_undo(words, changes), "success")
        self.tell_count(0, asked - done - len(refused))
        _tell(refused)

    def texts(self, row: Any, names: Sequence[str]) -> dict[str, str]:
        """Return what the form fields of some columns hold."""
        raise NotImplementedError


class UndoView(Guarded, BaseView):
    """Undoes what a list offered to undo."""

    kind, icon = "admin", "arrow-back-up"

    def is_visible(self) -> bool:
        """Tell that the menu does not offer it."""
        return False

    @expose("/", methods=("POST",))
    @needs("enter")
    def index(self) -> ResponseReturnValue:
        """Undo what the `token` stands for, row by row, as far as nobody has gone on from it."""
        try:
            endpoint, changes = undo.take(request.form.get("token", ""), person().id)
        except undo.NotTheirs:
            abort(400)
        except CmsError as error:
            self.refuse(error)
            return self.back()
        (admin,) = current_app.extensions["admin"]
        views = {view.endpoint: view for view in admin._views}  # noqa: SLF001 - it has no other way
        view = views.get(endpoint) or abort(404)
        done, left = view.take_back(changes)
        if done:
            flash(ngettext("Undone: %(num)d row.", "Undone: %(num)d rows.", done), "success")
        _tell(left)
        return redirect(inner_target(request.form.get("url")) or url_for(f"{endpoint}.index_view"))

    def _home(self) -> str:
        return url_for("admin.index")


def _tell(reasons: list[str]) -> None:
    for why in reasons[:REASONS_SHOWN]:
        flash(why, "warning")
    if (more := len(reasons) - REASONS_SHOWN) > 0:
        flash(ngettext("%(num)d more was left.", "%(num)d more were left.", more), "warning")
