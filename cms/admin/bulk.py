"""Acts on many rows: on the ticked ones at once, on everything that a list shows by a job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin.model.base import ViewArgs
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import Select
from sqlalchemy.orm import Query

from cms.admin.access import person
from cms.admin.undo import Undoing
from cms.editorial import bulk
from cms.errors import CmsError
from cms.jobs import selections
from cms.jobs.selections import Act

MOST_AT_ONCE = 200


class Bulk(Undoing):
    """A list whose bulk buttons, where `cms.editorial.bulk` knows them, take everything.

    A button is a method under `@action(name, …)` and `@needs(…)` that calls
    `do_to_ticked(name, ids)`.
    """

    def for_everything(self, names: Iterable[str]) -> set[str]:
        """Return which bulk buttons can be pressed for everything that the list shows."""
        return {name for name in names if self._act(name)}

    def do_to_ticked(self, name: str, ids: list[str]) -> ResponseReturnValue | None:
        """Do a registered act to the ticked rows, now, or, if it is slow, by a job.

        Say how many were left alone, or answer where it shows how far the job is.
        """
        act = self._act(name)
        if act is None:
            raise LookupError(f"{self.kind} {name} is not registered in cms.editorial.bulk")
        if act.slow:
            return self._begin_with(act, ids)
        done = 0
        for row in self.rows_for(ids, act.needs):
            try:
                with self.db_session.begin_nested():
                    act.perform(row, person())
                done += 1
            except CmsError:  # counted among those that were left alone
                continue
        self.tell_count(done, len(ids))
        return None

    def handle_action(self, return_view: str | None = None) -> ResponseReturnValue:
        """Run a bulk button on the ticked rows; on more than a page of them, by a job."""
        act = self._act(self.chosen_action())
        ids = request.form.getlist("rowid")
        if "everything" in request.form:
            if act is None:
                abort(400)
            return self._begin(act, *self._everything())
        if act is None or len(ids) <= MOST_AT_ONCE:
            return super().handle_action(return_view)
        return self._begin_with(act, self.tickable(ids))

    def _act(self, name: str) -> Act | None:
        act = selections.find(self.kind, name)
        return act if act is not None and act.model is self.model else None

    def _begin_with(self, act: Act, ids: list[str]) -> ResponseReturnValue:
        return self._begin(act, *self._ticked(ids))

    def _ticked(self, ids: list[str]) -> tuple[Select[Any], str]:
        ticked = self._pk_column.in_([self._key(given) for given in ids])
        keys = self.get_query().filter(ticked).with_entities(self._pk_column).statement
        return keys, " ".join(sorted(ids))

    def _everything(self) -> tuple[Select[Any], str]:
        query, args = self.chosen_here()
        whence = ViewArgs(search=args.search, filters=args.filters, extra_args=args.extra_args)
        keys = query.order_by(None).with_entities(self._pk_column).statement
        return keys, self._get_list_url(whence)

    def chosen_here(self) -> tuple[Query[Any], ViewArgs]:
        """Return a query for all that the list at this address shows, and what narrows it.
        One that would show more than the person saw is refused."""
        args = self._get_list_extra_args()
        asked = [name for name, value in request.args.items() if name.startswith("flt") and value]
        tab = request.args.get("tab")
        if len(asked) != len(args.filters) or (tab and tab not in {it.key for it in self.tabs}):
            abort(400)
        return self._of_tab(self.narrowed(args.search, args.filters)), args

    def _begin(
        self, act: Act, keys: Select[Any], whence: str, options: dict[str, Any] | None = None
    ) -> ResponseReturnValue:
        try:
            selection, count = bulk.begin(act, keys, person(), whence, options)
        except CmsError as error:
            self.refuse(error)
            return self.back()
        flash(
            Markup('{} <a href="{}">{}</a>').format(
                _(
                    "“%(act)s”: a job does this with all %(count)s of them.",
                    act=_(act.words),
                    count=format_decimal(count),
                ),
                url_for("selection.details_view", id=selection.id),
                _("See how far it is"),
            ),
            "success",
        )
        return self.back()
