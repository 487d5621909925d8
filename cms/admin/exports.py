"""What somebody has exported: how far it is, and the file for a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from flask import Response, abort, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_login import current_user

from cms.accounts.policy import may
from cms.admin import columns, exchange
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.lists import DELETE, VIEW, Live, RowButton
from cms.admin.worked_on import OnesOwn, StateWithReason
from cms.edge import FILE_POLICY
from cms.editorial.exchange import MOVING, begin_export, remove_export, stop_export
from cms.errors import CmsError
from cms.exchange import sources
from cms.exchange.models import Export, ExportState, Format
from cms.exchange.sources import Scope, UnknownList
from cms.extensions import talisman
from cms.jobs import pauses
from cms.look import lazy as _l
from cms.media import files
from cms.media.sizes import size_in_words
from cms.storage.base import MissingFile
from cms.tasks.archives import SITE
from cms.tasks.exports import make_export

STATES = {
    ExportState.WAITING: State(_l("Waiting"), "wait", "clock", moving=True),
    ExportState.RUNNING: State(_l("Being written"), "busy", "loader-2", moving=True),
    ExportState.READY: State(_l("Ready"), "ok", "circle-check"),
    ExportState.STOPPED: State(_l("Stopped"), "off", "x"),
    ExportState.FAILED: State(_l("Failed"), "bad", "alert-triangle"),
}
_MIMES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/x-ndjson",
    Format.ZIP: "application/zip",
}
SCOPES = ("ticked", "shown", "all")


def list_name(_view: Any, _context: Any, row: Any, _name: str) -> str:
    """Return what a list is called; its bare name where it is gone."""
    if row.source == SITE:
        return _("Whole site")
    try:
        return str(sources.find(row.source).name)
    except UnknownList:
        return str(row.source)


def rows_in_words(_view: Any, _context: Any, row: Export, _name: str) -> str:
    """Return how many rows are written, and of how many while they are."""
    done = format_decimal(row.rows)
    if row.state not in MOVING or not row.total:
        return done
    return _("%(done)s of %(total)s", done=done, total=format_decimal(row.total))


class ExportView(OnesOwn):
    """One's own exports. Nobody sees another's, since each holds what its owner may see."""

    kind, icon = "export", "download"
    details_template = "admin/export/details.html"
    empty_words = _l("What you export from a list waits here for a day.")

    column_list = ("filename", "source", "state", "rows", "size", "created_at", "ends_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "filename": _l("File"),
        "source": _l("List"),
        "state": _l("Status"),
        "rows": _l("Rows"),
        "size": _l("Size"),
        "created_at": _l("Begun"),
        "ends_at": _l("Kept until"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "source": list_name,
        "state": StateWithReason(STATES),
        "rows": columns.as_cell("number", rows_in_words),
        "size": columns.file_size,
        "created_at": columns.moment,
        "ends_at": columns.moment,
    }
    row_buttons: ClassVar[Sequence[RowButton]] = (
        RowButton(
            _l("Download"),
            "download",
            ".download",
            shown=lambda export: export.state is ExportState.READY,
        ),
        VIEW,
        RowButton(_l("Stop"), "x", ".stop", post=True, shown=lambda export: export.state in MOVING),
        replace(DELETE, shown=lambda export: export.state not in MOVING),
    )
    live = Live(".status", "exports")
    task = make_export.name

    @expose("/choose")
    @needs("create")
    def new(self) -> ResponseReturnValue:
        """Ask in which form, and which rows and columns, to export."""
        view = self._list(request.args.get("source", ""))
        query = request.args.get("query", "")
        return view.export_page(Scope("shown" if query else "all", query))

    @expose("/begin", methods=("POST",))
    @needs("create")
    def begin(self) -> ResponseReturnValue:
        """Submit the job that writes the file."""
        form = request.form
        view = self._list(form.get("source", ""))
        if form.get("which") not in SCOPES or form.get("format") not in exchange.FORMATS:
            abort(400)
        scope = Scope(form["which"], form.get("query", ""), form.getlist("rowid"))
        for given in scope.ids:
            view._key(given)  # noqa: SLF001 - a list's own way to refuse what is no key
        try:
            export = begin_export(
                view, person(), scope, form.getlist("column"), Format(form["format"])
            )
        except CmsError as error:
            flash(_(error.sentence, **error.facts), "warning")
            return view.export_page(scope), 422
        return redirect(self.get_url(".details_view", id=export.id))

    @expose("/stop", methods=("POST",))
    @needs("stop")
    def stop(self) -> ResponseReturnValue:
        """Write no further."""
        return self.do_to_posted(stop_export, _("Stopped."))

    @expose("/download")
    @needs("view")
    @talisman(content_security_policy=FILE_POLICY)
    def download(self) -> Response:
        """Send the file, to be kept and never shown."""
        export = self.get_one(request.args.get("id", ""))
        try:
            file = files.storage().open(export.key or abort(404))
        except MissingFile:
            abort(404)
        response = send_file(
            file,
            mimetype=_MIMES[export.format],
            as_attachment=True,
            download_name=export.filename,
            max_age=0,
        )
        response.content_length = export.size
        response.cache_control.no_store = True
        return response

    def _list(self, name: str) -> Any:
        """Return the list of that name, if the person may export it."""
        try:
            view: Any = sources.find(name)
        except UnknownList:
            abort(404)
        if not (isinstance(view, exchange.Exchange) and view.can_export):
            abort(404)
        if not may(current_user, "export", view.kind):
            abort(403)
        return view

    def standing(self, row: Export) -> dict[str, Any]:
        """Return how far an export is: while it is written, by its rows."""
        answer = super().standing(row)
        if row.state is ExportState.RUNNING and row.total:
            words = rows_in_words(self, None, row, "rows")
            answer["progress"] = {"done": row.rows, "total": row.total, "words": words}
        return answer

    def _delete(self, model: Export) -> None:
        remove_export(model)

    def mark_of(self, row: Export) -> str:
        """Tell one step from the next; in a list, also one row count from another."""
        return f"{row.state.value} {bool(row.total)}{f' {row.rows}' if self._on_list() else ''}"

    @staticmethod
    def _on_list() -> bool:
        return "," in request.args.get("ids", "") or request.endpoint == "export.index_view"

    @staticmethod
    def is_paused() -> bool:
        """Tell whether exports wait until somebody resumes them."""
        return make_export.name in pauses.names()

    @staticmethod
    def may_pause() -> bool:
        """Tell whether the person may pause kinds of job."""
        return may(current_user, "edit", "queue")

    rows_in_words = staticmethod(lambda export: rows_in_words(None, None, export, "rows"))
    size_in_words = staticmethod(size_in_words)
