"""What somebody imports: what its columns are, what would change, and why not."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flask import Response, abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from cms.accounts.policy import may
from cms.admin import columns
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.exchange import Exchange
from cms.admin.exports import list_name
from cms.admin.lists import DELETE, VIEW, Live, RowButton
from cms.admin.worked_on import OnesOwn, StateWithReason
from cms.config import settings
from cms.editorial import exchange
from cms.errors import CmsError
from cms.exchange import imports, reading, sources
from cms.exchange.cells import harmless
from cms.exchange.models import Import, ImportRow, ImportState, Outcome
from cms.exchange.sources import UnknownList
from cms.exchange.writing import BOM
from cms.look import lazy as _l

STATES = {
    ImportState.UPLOADED: State(_l("To be mapped"), "wait", "list-check"),
    ImportState.CHECKING: State(_l("Being checked"), "busy", "loader-2", moving=True),
    ImportState.CHECKED: State(_l("Checked"), "wait", "eye"),
    ImportState.APPLYING: State(_l("Being saved"), "busy", "loader-2", moving=True),
    ImportState.APPLIED: State(_l("Imported"), "ok", "circle-check"),
    ImportState.REFUSED: State(_l("Changed meanwhile"), "bad", "alert-triangle"),
    ImportState.FAILED: State(_l("Failed"), "bad", "alert-triangle"),
    ImportState.ENDED: State(_l("Not imported"), "off", "clock"),
}
MOVING = (ImportState.CHECKING, ImportState.APPLYING)
BAD_ON_A_PAGE = 50
CHANGES_SHOWN = 20
LARGEST_PAGE = reading.MOST_ROWS // BAD_ON_A_PAGE


@dataclass(frozen=True)
class Page:
    """All that the page of an import shows."""

    view: Any
    choices: Sequence[Any]
    may_create: bool
    bad: Sequence[ImportRow]
    number: int
    pages: int
    changes: Sequence[ImportRow]

    def label(self, name: str) -> str:
        """Return what a column of the list is called."""
        return next((str(it.label) for it in self.choices if it.name == name), name)


class ImportView(OnesOwn):
    """One's own imports."""

    kind, icon = "import", "upload"
    details_template = "admin/import/details.html"
    empty_words = _l("Import a CSV file or an Excel workbook from a list that offers it.")

    column_list = ("filename", "source", "state", "rows", "created_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "filename": _l("File"),
        "source": _l("List"),
        "state": _l("Status"),
        "rows": _l("Rows"),
        "created_at": _l("Uploaded"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "source": list_name,
        "state": StateWithReason(STATES),
        "rows": columns.number,
        "created_at": columns.moment,
    }
    row_buttons: ClassVar[Sequence[RowButton]] = (
        VIEW,
        replace(DELETE, shown=lambda job: job.state not in MOVING),
    )
    live = Live(".status", "imports")

    @expose("/file")
    @needs("create")
    def new(self) -> str:
        """Ask for the file."""
        view = self._list(request.args.get("source", ""))
        return self.render("admin/import/new.html", view=view, limit=settings().upload_max_mb)

    @expose("/begin", methods=("POST",))
    @needs("create")
    def begin(self) -> ResponseReturnValue:
        """Take the file of the field `file`."""
        view = self._list(request.form.get("source", ""))
        try:
            job = exchange.begin_import(view, person(), request.files.get("file"))
        except CmsError as error:
            flash(_(error.sentence, **error.facts), "error")
            facts = {"view": view, "limit": settings().upload_max_mb}
            return self.render("admin/import/new.html", **facts), 422
        return redirect(self._shown(job))

    @expose("/check", methods=("POST",))
    @needs("edit")
    def check(self) -> ResponseReturnValue:
        """Let a job look what would change, with the columns that were chosen."""
        job = self.get_one(request.form.get("id", ""))
        chosen = {
            name.removeprefix("column-"): value
            for name, value in request.form.items()
            if name.startswith("column-") and value
        }
        return self._do(
            job,
            lambda: exchange.check(
                job, self._list(job.source), chosen, creates="creates" in request.form
            ),
        )

    @expose("/apply", methods=("POST",))
    @needs("edit")
    def apply(self) -> ResponseReturnValue:
        """Let a job save it."""
        job = self.get_one(request.form.get("id", ""))
        self._list(job.source)
        return self._do(job, lambda: exchange.apply(job))

    @expose("/problems")
    @needs("view")
    def problems(self) -> Response:
        """Send the bad rows as a file: row, column, reason."""
        job = self.get_one(request.args.get("id", ""))
        page = self.page_of(job)
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([_("Row"), _("Column"), _("Reason")])
        for row in imports.rows_of(job, [Outcome.BAD], reading.MOST_ROWS):
            for name, words in row.problems:
                writer.writerow([row.line, page.label(name), harmless(words)])
        response = Response(BOM + text.getvalue(), mimetype="text/csv")
        name = _("Bad rows of %(filename)s", filename=job.filename)
        response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
        response.cache_control.no_store = True
        return response

    def page_of(self, job: Import) -> Page:
        """Fetch what the page of an import shows."""
        view = self._source(job.source)
        number = min(max(request.args.get("page", 0, type=int), 0), LARGEST_PAGE)
        bad = imports.bad_rows(job)
        return Page(
            view=view,
            choices=exchange.columns_of(view) if view else (),
            may_create=bool(view) and view.may_create(person()),
            bad=imports.rows_of(job, [Outcome.BAD], BAD_ON_A_PAGE, number),
            number=number,
            pages=max(1, -(-bad // BAD_ON_A_PAGE)),
            changes=imports.rows_of(job, [Outcome.CHANGED, Outcome.NEW], CHANGES_SHOWN),
        )

    def _do(self, job: Import, act: Any) -> ResponseReturnValue:
        try:
            act()
        except CmsError as error:
            self.refuse(error)
        return redirect(self._shown(job))

    def _shown(self, job: Import) -> str:
        return str(self.get_url(".details_view", id=job.id))

    @staticmethod
    def _source(name: str) -> Any:
        try:
            view: Any = sources.find(name)
        except UnknownList:
            return None
        return view if isinstance(view, Exchange) and view.import_columns else None

    def _list(self, name: str) -> Any:
        """Return the list of that name, if the person may import there."""
        view = self._source(name)
        if view is None:
            abort(404)
        if not may(current_user, "edit", view.kind):
            abort(403)
        return view

    def _delete(self, model: Import) -> None:
        exchange.remove_import(model)

    def mark_of(self, row: Import) -> str:
        """Tell one step from the next."""
        return f"{row.state.value} {row.rows}"

    most_rows = reading.MOST_ROWS
