"""The jobs: what waits, what runs, what failed and why."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import and_, select
from sqlalchemy.orm import selectinload

from cms import clock
from cms.accounts.policy import may
from cms.admin import columns
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.lists import VIEW, Live, QsListView, RowButton, Tab, asked_ids
from cms.editorial import retries
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs.models import WAITING, Job, JobAttempt, JobState
from cms.tasks.wording import task_in_words

STATES = {
    JobState.QUEUED: State(_l("Waiting"), "wait", "clock", moving=True),
    JobState.RUNNING: State(_l("Running"), "busy", "loader-2", moving=True),
    JobState.RETRYING: State(_l("Will be retried"), "wait", "refresh", moving=True),
    JobState.SUCCEEDED: State(_l("Done"), "ok", "circle-check"),
    JobState.FAILED: State(_l("Failed"), "bad", "alert-triangle"),
    JobState.MOOT: State(_l("No longer needed"), "off", "circle-check"),
    JobState.DISCARDED: State(_l("Given up"), "off", "circle-x"),
}

OUTCOMES = {
    "succeeded": State(_l("Done"), "ok", "circle-check"),
    "failed": State(_l("Failed"), "bad", "alert-triangle"),
    "lost": State(_l("Worker died"), "bad", "alert-triangle"),
    "interrupted": State(_l("Interrupted"), "off", "arrow-back-up"),
    "moot": State(_l("No longer needed"), "off", "circle-check"),
    None: State(_l("Running"), "busy", "loader-2", moving=True),
}

_SUBJECTS = {
    "image": (_l("Picture %(id)s"), "image.edit_view"),
    "mail": (_l("Mail %(id)s"), "mail.details_view"),
    "notification": (_l("Notification %(id)s"), "notification.details_view"),
    "webhook_delivery": (_l("Webhook call %(id)s"), "webhook_delivery.details_view"),
}


def subject_of(kind: str | None, subject_id: str | None) -> Any:
    """Return what a job was for, as a link if the person may see it."""
    if kind not in _SUBJECTS:
        return columns.EMPTY
    words, endpoint = _SUBJECTS[kind]
    shown = str(words) % {"id": subject_id}
    if not may(current_user, "view", kind):
        return shown
    return Markup('<a href="{}">{}</a>').format(url_for(endpoint, id=subject_id), shown)


def attempts(_view: Any, _context: Any, job: Job, _name: str) -> str:
    """Draw attempts made of attempts allowed."""
    return f"{job.attempts_made} / {job.attempts_allowed}"


def progress_of(job: Job) -> str:
    """Return how much of its work a job has done, if it says so."""
    if job.progress_total is None:
        return ""
    return _(
        "%(done)s of %(total)s",
        done=format_decimal(job.progress_done or 0),
        total=format_decimal(job.progress_total),
    )


def in_words(thing: Any) -> str:
    """Return why a job or picture failed, in the reader's language."""
    return _(thing.sentence, **(thing.facts or {})) if thing.sentence else ""


def reason(_view: Any, _context: Any, job: Job, _name: str) -> Any:
    """Draw why a job failed."""
    return in_words(job) or columns.EMPTY


class JobView(QsListView):
    """The ledger, to be read; a failed job can be tried again."""

    kind, icon = "job", "briefcase"
    can_create = can_edit = can_delete = False
    can_view_details = True
    details_template = "admin/job/details.html"
    state_column = "state"
    name_column = "task"

    column_list = ("task", "subject", "state", "attempts", "sentence", "created_at", "finished_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "task": _l("Job"),
        "subject": _l("For"),
        "state": _l("Status"),
        "attempts": _l("Attempts"),
        "sentence": _l("Error"),
        "created_at": _l("Submitted"),
        "finished_at": _l("Ended"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "task": lambda _v, _c, job, _n: task_in_words(job.task),
        "subject": lambda _v, _c, job, _n: subject_of(job.subject_kind, job.subject_id),
        "state": columns.status(STATES),
        "attempts": attempts,
        "sentence": reason,
        "created_at": columns.moment,
        "due_at": columns.moment,
        "finished_at": columns.moment,
    }
    column_sortable_list = ("created_at", "finished_at")
    column_default_sort = ("created_at", True)
    column_searchable_list = ("id", "task", "sentence", "subject_id")
    tabs = (
        Tab("all", _l("All"), empty=_l("No job has been submitted yet.")),
        Tab("waiting", _l("Waiting"), Job.state.in_(WAITING)),
        Tab("running", _l("Running"), Job.state == JobState.RUNNING),
        Tab("succeeded", _l("Done"), Job.state == JobState.SUCCEEDED),
        Tab(
            "failed",
            _l("Failed"),
            and_(Job.state == JobState.FAILED, ~Job.retry.has()),
            empty=_l("No job has failed."),
        ),
    )
    row_buttons = (
        VIEW,
        RowButton(
            _l("Retry"),
            "refresh",
            ".retry",
            post=True,
            shown=lambda job: job.state == JobState.FAILED and job.retry is None,
        ),
    )
    live = Live(".status", "jobs")
    loads = (selectinload(Job.retry),)

    @expose("/status")
    @needs("view")
    def status(self) -> ResponseReturnValue:
        """Answer where jobs stand: `?ids=…,…`, at most 200 of them."""
        jobs = db.session.scalars(select(Job).where(Job.id.in_(asked_ids())))
        return self.news(jobs, lambda job: {"id": job.id, "status": job.state.value})

    def mark_of(self, row: Job) -> str:
        """Tell one attempt from the next."""
        return f"{row.state.value}:{row.attempts_made}"

    @expose("/retry", methods=("POST",))
    @needs("retry")
    def retry(self) -> ResponseReturnValue:
        """Try a failed job again, as a new job."""
        job = self.get_one(request.form.get("id", ""))
        try:
            again = retries.retry_job(job)
        except CmsError as error:
            flash(_(error.sentence, **error.facts), "warning")
            return self.back()
        flash(_("The job has been submitted again."), "success")
        return redirect(self.get_url(".details_view", id=again.id))

    def name_of(self, row: Job) -> str:
        """Return what the job does."""
        return task_in_words(row.task)

    progress = staticmethod(progress_of)
    moment = staticmethod(columns.time_tag)

    @staticmethod
    def outcome(attempt: JobAttempt) -> Markup:
        """Draw how an attempt ended."""
        return columns.badge(OUTCOMES[attempt.outcome])

    @staticmethod
    def duration(attempt: JobAttempt) -> str:
        """Return how long an attempt took."""
        took = ((attempt.finished_at or clock.now()) - attempt.started_at).total_seconds()
        return _("%(seconds)s s", seconds=format_decimal(took, "0.0##"))
