"""Deleting in two steps: a list whose rows go to the trash, and the screen of that trash.

    class ArticleView(ToTrash, QsListView): …

    class ArticleTrash(TrashView):
        kind, whence = "article", "article"
        column_list = ("title", "deleted_by.email", "deleted_at", "purged_at")

    admin.add_view(ArticleView(Article, endpoint="article"))
    admin.add_view(ArticleTrash(Article, endpoint="article_trash", url="/admin/article/trash"))

The model is a `cms.trash.Trashable`; what is done is registered as the acts `delete`,
`restore` and `purge` of its kind, each with a permission of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy.orm import Query

from cms import clock, trash
from cms.admin import columns
from cms.admin.access import person
from cms.admin.base import action, expose, needs
from cms.admin.lists import DELETE, QsListView, RowButton, TopButton
from cms.config import settings
from cms.editorial import trash as acts
from cms.errors import CmsError
from cms.look import lazy as _l

# What an address can name, and a cookie hold. Of more, the trash itself takes back.
MOST_UNDONE = 100

TO_TRASH = replace(DELETE, confirm=_l("Move “%(name)s” to the trash? It can be restored."))


class ToTrash(QsListView):
    """A list whose rows are deleted into the trash, and say so with a way back."""

    @property
    def trash_endpoint(self) -> str:
        """Return the name of the screen that shows what was deleted here."""
        return f"{self.endpoint}_trash"

    def buttons_on_top(self) -> list[TopButton]:
        """Lead to the trash, too."""
        return [*super().buttons_on_top(), TopButton(_l("Trash"), "trash", address=self._trash_url)]

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        """Move a row to the trash."""
        row = self.get_one(request.form.get("id", ""))
        if self.delete_model(row):
            self.offer_undo([row])
        return self.back()

    @action("delete", _l("Delete"), _l("Move the ticked rows to the trash? They can be restored."))
    def action_delete(self, ids: list[str]) -> None:
        """Move the ticked rows to the trash, all or none."""
        rows = self.rows_for(ids, "delete")

        def delete() -> None:
            for row in rows:
                self._delete(row)

        if self._attempt(delete):
            self.offer_undo(rows)
            self.tell_count(0, len(ids) - len(rows))

    def offer_undo(self, rows: Sequence[Any]) -> None:
        """Say what was moved to the trash, with a button that takes it back."""
        if not rows:
            return
        words = (
            _("“%(name)s” was moved to the trash.", name=self.name_of(rows[0]))
            if len(rows) == 1
            else ngettext(
                "%(num)d was moved to the trash.", "%(num)d were moved to the trash.", len(rows)
            )
        )
        if self._trash_url() is None or len(rows) > MOST_UNDONE:
            flash(words, "success")
            return
        ids = [["id", str(self.get_pk_value(row))] for row in rows]
        address = url_for(f"{self.trash_endpoint}.restore")
        flash({"words": words, "address": address, "fields": ids}, "undo")  # type: ignore[arg-type]

    def _delete(self, model: Any) -> None:
        act = self._act("delete") or abort(404)
        act.do(model, person())

    def _trash_url(self) -> str | None:
        return url_for(f"{self.trash_endpoint}.index_view") if self.allowed("restore") else None


def goes(_view: Any, _context: Any, row: trash.Trashable, _name: str) -> Markup:
    """Draw when a row goes for good: in so many days, the day itself as a tip."""
    at = row.purged_at
    if at is None:
        return columns.EMPTY
    days = -((clock.now() - at) // timedelta(days=1))
    words = ngettext("in %(num)d day", "in %(num)d days", days) if days > 0 else _("tonight")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d %H:%M} UTC", words
    )


class TrashView(QsListView):
    """What was deleted of a model, until it goes for good.

    `whence` is the endpoint of the list that it was deleted from.
    """

    icon = "trash"
    whence: ClassVar[str]
    can_create = can_edit = can_delete = False
    list_template = "admin/trash.html"
    action_disallowed_list = ("delete",)
    state_column = None
    column_labels: ClassVar[dict[str, Any]] = {
        "title": _l("Title"),
        "deleted_by.email": _l("Deleted by"),
        "deleted_at": _l("Deleted"),
        "purged_at": _l("Goes for good"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {"deleted_at": columns.moment, "purged_at": goes}
    column_sortable_list: ClassVar[Sequence[Any]] = ("title", "deleted_at")
    column_default_sort = ("deleted_at", True)
    column_searchable_list: ClassVar[Sequence[str]] = ("title",)
    row_buttons: ClassVar[Sequence[RowButton]] = (
        RowButton(_l("Restore"), "arrow-back-up", ".restore", post=True),
        RowButton(
            _l("Delete for ever"),
            "trash",
            ".purge",
            post=True,
            danger=True,
            confirm=_l("Delete “%(name)s” for ever? This cannot be undone."),
        ),
    )
    action_icons: ClassVar[dict[str, str]] = {"restore": "arrow-back-up", "purge": "trash"}
    empty_words = _l("The trash is empty.")

    def is_visible(self) -> bool:
        """Tell that the menu does not offer it: the list does."""
        return False

    def get_query(self) -> Query[Any]:
        """Return what is in the trash."""
        return super().get_query().filter(self.model.deleted_at.is_not(None))

    @expose("/")
    @needs("restore")
    def index_view(self) -> str:
        """Show what is in the trash."""
        return super().index_view()

    @expose("/restore", methods=("POST",))
    @needs("restore")
    def restore(self) -> ResponseReturnValue:
        """Restore what is named by the fields `id`, or say of each why not."""
        restored = self._do_to("restore", request.form.getlist("id")[:MOST_UNDONE])
        if len(restored) == 1:
            flash(_("“%(name)s” was restored.", name=self.name_of(restored[0])), "success")
        elif restored:
            words = ngettext("%(num)d was restored.", "%(num)d were restored.", len(restored))
            flash(words, "success")
        return self.back()

    @expose("/purge", methods=("POST",))
    @needs("purge")
    def purge(self) -> ResponseReturnValue:
        """Delete one for good."""
        if self._do_to("purge", [request.form.get("id", "")]):
            flash(_("It was deleted for ever."), "success")
        return self.back()

    @expose("/empty", methods=("POST",))
    @needs("purge")
    def empty(self) -> ResponseReturnValue:
        """Delete all of it for good, by a job."""
        return self._begin(*self._all_of_it())

    @action("restore", _l("Restore"))
    @needs("restore")
    def action_restore(self, ids: list[str]) -> None:
        """Restore the ticked rows."""
        self.do_to_ticked("restore", ids)

    @action(
        "purge",
        _l("Delete for ever"),
        _l("Delete the ticked rows for ever? This cannot be undone."),
    )
    @needs("purge")
    def action_purge(self, ids: list[str]) -> None:
        """Delete the ticked rows for good."""
        self.do_to_ticked("purge", ids)

    @property
    def list_url(self) -> str:
        """Return where the list is that things were deleted from."""
        return url_for(f"{self.whence}.index_view")

    @property
    def days(self) -> int:
        """Return for how many days things stay here."""
        return settings().trash_days

    def _all_of_it(self) -> tuple[Any, Any, str]:
        act = self._act("purge") or abort(404)
        keys = self.get_query().with_entities(self._pk_column).statement
        return act, keys, self.get_url(".index_view")

    def _do_to(self, name: str, ids: list[str]) -> list[Any]:
        act, done = self._act(name) or abort(404), list[Any]()
        for given in ids:
            row = self._query_one(given).one_or_none()
            try:
                if row is None:
                    raise acts.NotInTrash
                self.require(row)
                with self.db_session.begin_nested():
                    act.do(row, person())
                done.append(row)
            except CmsError as error:
                flash(_(error.sentence, **error.facts), "warning")
        return done

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with trash.included():
            return super()._run_view(fn, *args, **kwargs)
