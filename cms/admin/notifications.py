"""The notifications: what failed for good, until somebody has dealt with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from cms.accounts.policy import may
from cms.admin import columns, subjects
from cms.admin.access import person, storable
from cms.admin.base import action, expose, needs
from cms.admin.columns import State
from cms.admin.jobs import STATES as JOB_STATES
from cms.admin.jobs import progress_of
from cms.admin.lists import VIEW, QsListView, RowButton, Tab
from cms.editorial import notifications as acts
from cms.jobs import ledger
from cms.jobs.models import ENDED, Job, JobState
from cms.look import lazy as _l
from cms.notifications import services
from cms.notifications.models import (
    IS_ARCHIVED,
    IS_OPEN,
    IS_REGRESSED,
    IS_RESOLVED,
    AdminNotification,
    NotificationNote,
    NotificationOccurrence,
    NotificationState,
    Severity,
)
from cms.tasks import wording

OCCURRENCES_SHOWN = 50
GROUP_JOBS_SHOWN = 3
MORE_TIMES = 10
DAYS = {"day": 1, "week": 7}

STATES = {
    NotificationState.OPEN: State(_l("Open"), "bad", "alert-triangle"),
    NotificationState.REGRESSED: State(_l("Happened again"), "bad", "arrow-back-up"),
    NotificationState.RESOLVED: State(_l("Resolved"), "ok", "circle-check"),
    NotificationState.ARCHIVED: State(_l("Archived"), "off", "clock"),
}

SEVERITIES = {
    Severity.ERROR: State(_l("Error"), "wait", "alert-triangle"),
    Severity.CRITICAL: State(_l("Critical"), "bad", "alert-triangle"),
}

_CLOSED = State(_l("Closed"), "ok", "circle-check")


def message(_view: Any, _context: Any, notification: AdminNotification, _name: str) -> Any:
    """Draw what happened, in the reader's language."""
    if notification.type == services.ALARM:
        then = wording.what_to_do(notification)
    else:
        then = _("Tried %(number)s times.", number=notification.job_data.get("attempts", 0))
    return Markup('<strong>{}</strong><div>{}</div><div class="reason">{}</div>').format(
        wording.title(notification), wording.why(notification), then
    )


def assignee(_view: Any, _context: Any, notification: AdminNotification, _name: str) -> Any:
    """Draw who deals with it."""
    who = notification.assignee
    return columns.breakable(who.email) if who else columns.EMPTY


def is_failure(notification: AdminNotification) -> bool:
    """Tell whether it is about jobs that failed, which can be retried."""
    return notification.type != services.ALARM


def needs_attention(notification: AdminNotification) -> bool:
    """Tell whether nobody has dealt with it yet."""
    return notification.standing in (NotificationState.OPEN, NotificationState.REGRESSED)


def has_succeeded(canary: Job | None) -> bool:
    """Tell whether the one that was retried has shown that the cause is mended."""
    return canary is not None and canary.state == JobState.SUCCEEDED


@dataclass(frozen=True)
class Page:
    """All that the page of a notification shows, fetched by a fixed number of queries."""

    occurrences: Sequence[NotificationOccurrence]
    still_open: int
    is_retryable: bool
    rest: int
    canary: Job | None
    group_jobs: Sequence[Job]
    notes: Sequence[NotificationNote]
    traceback: str | None

    @property
    def canary_succeeded(self) -> bool:
        """Whether the cause seems to be mended."""
        return has_succeeded(self.canary)

    @property
    def rest_is_offered(self) -> bool:
        """Whether the rest may be retried, and no job does so already."""
        runs = any(job.state not in ENDED for job in self.group_jobs)
        return self.canary_succeeded and not runs


class NotificationView(QsListView):
    """The inbox of the administrators."""

    kind, icon = "notification", "bell"
    can_create = can_edit = can_delete = False
    can_view_details = True
    details_template = "admin/notification/details.html"
    state_column = "standing"
    palette_rows = True
    name_column = "message"

    column_list = ("message", "count", "last_seen_at", "assignee", "standing")
    column_labels: ClassVar[dict[str, Any]] = {
        "message": _l("What happened"),
        "count": _l("How often"),
        "first_seen_at": _l("First"),
        "last_seen_at": _l("Last"),
        "assignee": _l("Assigned to"),
        "assignee.email": _l("Assigned to"),
        "severity": _l("Severity"),
        "standing": _l("Status"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "message": message,
        "count": columns.number,
        "first_seen_at": columns.moment,
        "last_seen_at": columns.moment,
        "assignee": columns.as_cell("words", assignee),
        "quiet_until": columns.moment,
        "resolved_at": columns.moment,
        "severity": columns.status(SEVERITIES),
        "standing": columns.status(STATES),
    }
    column_sortable_list = ("count", "last_seen_at")
    column_default_sort = ("last_seen_at", True)
    column_searchable_list = ("message", "occurrences.job_id", "occurrences.subject_id")
    column_filters = ("severity", "assignee.email", "last_seen_at")
    loads = (joinedload(AdminNotification.assignee),)
    tabs = (
        Tab("open", _l("Open"), IS_OPEN, empty=_l("Nothing needs your attention.")),
        Tab("regressed", _l("Happened again"), IS_REGRESSED),
        Tab("resolved", _l("Resolved"), IS_RESOLVED),
        Tab("archived", _l("Archived"), IS_ARCHIVED),
        Tab("all", _l("All")),
    )
    row_buttons = (
        VIEW,
        RowButton(
            _l("Retry one"),
            "refresh",
            ".retry",
            post=True,
            shown=lambda n: is_failure(n) and needs_attention(n),
        ),
        RowButton(
            _l("Mark as resolved"),
            "check",
            ".resolve",
            post=True,
            shown=lambda n: n.state != NotificationState.RESOLVED,
        ),
    )
    action_icons: ClassVar[dict[str, str]] = {
        "resolve": "check",
        "archive": "clock",
        "retry": "refresh",
    }

    def menu_badge(self) -> int | None:
        """Return how many need attention."""
        return services.count_open()

    # Buttons

    @expose("/retry", methods=("POST",))
    @needs("edit")
    def retry(self) -> ResponseReturnValue:
        """Retry the newest of what failed, to see whether the cause is mended."""
        return self.do_to_posted(acts.retry_one, _("One of them has been submitted again."))

    @expose("/rest", methods=("POST",))
    @needs("edit")
    def retry_rest(self) -> ResponseReturnValue:
        """Retry all the others, by a job."""
        return self.do_to_posted(acts.retry_rest, _("The rest is being submitted again."))

    @expose("/resolve", methods=("POST",))
    @needs("edit")
    def resolve(self) -> ResponseReturnValue:
        """Mark one as dealt with."""
        return self.do_to_posted(lambda row: acts.resolve(row, person()), _("Marked as resolved."))

    @expose("/archive", methods=("POST",))
    @needs("edit")
    def archive(self) -> ResponseReturnValue:
        """Be quiet about one for a day or a week, or until it has happened more often."""
        how_long = request.form.get("for", "")
        if how_long == "more":
            return self.do_to_posted(
                lambda row: acts.archive_until_more(row, MORE_TIMES), _("Archived.")
            )
        if how_long not in DAYS:
            abort(400)
        return self.do_to_posted(lambda row: acts.archive_for(row, DAYS[how_long]), _("Archived."))

    @expose("/assign", methods=("POST",))
    @needs("edit")
    def assign(self) -> ResponseReturnValue:
        """Take one on."""
        return self.do_to_posted(lambda row: acts.assign(row, person()), _("It is yours now."))

    @expose("/note", methods=("POST",))
    @needs("edit")
    def note(self) -> ResponseReturnValue:
        """Keep what somebody found out."""
        text = request.form.get("text", "")
        if not storable(text):
            abort(400)
        return self.do_to_posted(lambda row: acts.add_note(row, person(), text), _("Noted."))

    @action("resolve", _l("Mark as resolved"), _l("Mark the ticked notifications as resolved?"))
    @needs("edit")
    def action_resolve(self, ids: list[str]) -> None:
        """Mark the ticked ones as dealt with."""
        self.do_to_ticked("resolve", ids)

    @action("archive", _l("Archive for a week"))
    @needs("edit")
    def action_archive(self, ids: list[str]) -> None:
        """Be quiet about the ticked ones for a week."""
        self.do_to_ticked("archive", ids)

    @action("retry", _l("Retry one"))
    @needs("edit")
    def action_retry(self, ids: list[str]) -> None:
        """Retry the newest of what failed in each of the ticked ones."""
        self.do_to_ticked("retry", ids)

    # One notification

    def page_of(self, notification: AdminNotification) -> Page:
        """Fetch what the page of a notification shows."""
        occurrences = services.newest_occurrences(notification, OCCURRENCES_SHOWN)
        subjects.look_up((it.subject_kind, it.subject_id) for it in occurrences)
        newest, canary = occurrences[0].job if occurrences else None, notification.canary
        inspects = may(current_user, "inspect", "job")
        return Page(
            occurrences=occurrences,
            still_open=services.count_open_occurrences(notification),
            is_retryable=services.newest_retryable(notification) is not None,
            # Counted only where it is shown: there may be many.
            rest=services.count_retryable(notification) if has_succeeded(canary) else 0,
            canary=canary,
            group_jobs=ledger.for_subject(self.kind, notification.id, limit=GROUP_JOBS_SHOWN),
            notes=services.notes_of(notification),
            traceback=ledger.newest_traceback(newest) if newest and inspects else None,
        )

    def name_of(self, row: AdminNotification) -> str:
        """Return what is wrong, in a few words."""
        return wording.title(row)

    @staticmethod
    def occurrence_badge(occurrence: NotificationOccurrence) -> Markup:
        """Draw whether an occurrence is closed."""
        return columns.badge(_CLOSED if occurrence.closed_at else STATES[NotificationState.OPEN])

    @staticmethod
    def job_badge(job: Job) -> Markup:
        """Draw where a job stands."""
        return columns.badge(JOB_STATES[job.state])

    @staticmethod
    def subject(occurrence: NotificationOccurrence) -> Any:
        """Draw a link to the thing that a job was for."""
        return subjects.link(occurrence.subject_kind, occurrence.subject_id)

    is_failure = staticmethod(is_failure)
    why = staticmethod(wording.why)
    meaning = staticmethod(wording.meaning)
    what_to_do = staticmethod(wording.what_to_do)
    how_often = staticmethod(wording.how_often)
    progress = staticmethod(progress_of)
    moment = staticmethod(columns.time_tag)
