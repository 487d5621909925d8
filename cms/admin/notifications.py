"""The notifications: what failed for good, until somebody has dealt with it."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from cms.admin import columns
from cms.admin.base import action, expose, needs
from cms.admin.columns import State
from cms.admin.jobs import subject_of, task_in_words
from cms.admin.lists import QsListView, RowButton, Tab
from cms.editorial import retries
from cms.errors import CmsError
from cms.jobs.models import JobState
from cms.notifications import services
from cms.notifications.models import AdminNotification, NotificationState

STATES = {
    NotificationState.OPEN: State(_l("Open"), "bad", "alert-triangle"),
    NotificationState.RESOLVED: State(_l("Resolved"), "ok", "circle-check"),
}


def in_words(notification: AdminNotification) -> str:
    """Return why it happened, in the reader's language."""
    told = notification.job_data
    sentence = told.get("sentence")
    return _(sentence, **told["facts"]) if sentence else notification.message


def message(_view: Any, _context: Any, notification: AdminNotification, _name: str) -> Any:
    """Draw what happened, in the reader's language."""
    told = notification.job_data
    why = in_words(notification)
    what = _("Failed: %(what)s", what=task_in_words(told.get("task", "")))
    tried = _("Tried %(number)s times.", number=told.get("attempts", 0))
    return Markup('<strong>{}</strong><div>{}</div><div class="reason">{}</div>').format(
        what, why, tried
    )


def subject(_view: Any, _context: Any, notification: AdminNotification, _name: str) -> Any:
    """Draw a link to the thing that the job was for."""
    return subject_of(*notification.job_data.get("subject", (None, None)))


def job_link(_view: Any, _context: Any, notification: AdminNotification, _name: str) -> Any:
    """Draw a link to the job, whose page tells of each attempt."""
    if notification.job_id is None:
        return columns.EMPTY
    return Markup('<a href="{}">{}</a>').format(
        url_for("job.details_view", id=notification.job_id), notification.job_id[:8]
    )


class NotificationView(QsListView):
    """The inbox of the administrators."""

    kind, icon = "notification", "bell"
    can_create = can_edit = can_delete = False
    state_column = "state"
    name_column = "message"

    column_list = ("message", "subject", "job", "state", "created_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "message": _l("What happened"),
        "subject": _l("To what"),
        "job": _l("Job"),
        "state": _l("Status"),
        "created_at": _l("When"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "message": message,
        "subject": subject,
        "job": job_link,
        "state": columns.status(STATES),
        "created_at": columns.moment,
    }
    column_sortable_list = ("created_at",)
    column_default_sort = ("id", True)
    column_searchable_list = ("message", "job_id")
    column_filters = ("created_at",)
    loads = (joinedload(AdminNotification.job),)
    tabs = (
        Tab(
            "open",
            _l("Open"),
            AdminNotification.state == NotificationState.OPEN,
            empty=_l("Nothing needs your attention."),
        ),
        Tab("resolved", _l("Resolved"), AdminNotification.state == NotificationState.RESOLVED),
        Tab("all", _l("All")),
    )
    row_buttons = (
        RowButton(
            _l("Retry"),
            "refresh",
            ".retry",
            post=True,
            shown=lambda n: n.job is not None and n.job.state == JobState.FAILED,
        ),
        RowButton(
            _l("Mark as resolved"),
            "check",
            ".resolve",
            post=True,
            shown=lambda n: n.state == NotificationState.OPEN,
        ),
    )
    action_icons: ClassVar[dict[str, str]] = {"resolve": "check"}

    def name_of(self, row: AdminNotification) -> str:
        """Return what happened, in the reader's language."""
        return in_words(row)

    def menu_badge(self) -> int | None:
        """Return how many are open."""
        return services.count_open()

    @expose("/retry", methods=("POST",))
    @needs("edit")
    def retry(self) -> ResponseReturnValue:
        """Try the failed job again; the notification closes when it succeeds."""
        notification = self.get_one(request.form.get("id", ""))
        try:
            if notification.job is None:
                raise retries.NothingToRetry
            retries.retry_job(notification.job)
            flash(_("The job has been submitted again."), "success")
        except CmsError as error:
            flash(_(error.sentence, **error.facts), "warning")
        return self.back()

    @expose("/resolve", methods=("POST",))
    @needs("edit")
    def resolve(self) -> ResponseReturnValue:
        """Mark one as dealt with."""
        self._resolve([self.get_one(request.form.get("id", ""))])
        flash(_("Marked as resolved."), "success")
        return self.back()

    @action("resolve", _l("Mark as resolved"), _l("Mark the ticked notifications as resolved?"))
    @needs("edit")
    def action_resolve(self, ids: list[str]) -> None:
        """Mark the ticked ones as dealt with."""
        rows = self.rows_for(ids, "edit")
        self._resolve(rows)
        self.tell_count(len(rows), len(ids))

    def _resolve(self, rows: list[AdminNotification]) -> None:
        person = current_user._get_current_object()  # noqa: SLF001 - the way Werkzeug gives
        for row in rows:
            if services.resolve(row, person):
                self.record_change("resolve", row, {"state": ["open", "resolved"]})
