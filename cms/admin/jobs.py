"""The jobs: what waits, what runs, what failed and why."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, ClassVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, format_timedelta
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import and_, select
from sqlalchemy.orm import selectinload

from cms import clock
from cms.admin import columns, subjects
from cms.admin.base import action, expose, needs
from cms.admin.columns import State
from cms.admin.listing import Listing
from cms.admin.lists import VIEW, Live, QsListView, RowButton, Tab, asked_ids
from cms.editorial import retries
from cms.errors import CmsError
from cms.extensions import db
from cms.fulltext import words_of
from cms.jobs import ledger
from cms.jobs.models import WAITING, Job, JobAttempt, JobState
from cms.look import lazy as _l
from cms.tasks import huey
from cms.tasks.finding import found_by
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


def attempts(_view: Any, _context: Any, job: Job, _name: str) -> str:
    """Draw attempts made of attempts allowed."""
    return f"{job.attempts_made} / {job.attempts_allowed}"


def subject(_view: Any, _context: Any, job: Job, _name: str) -> Any:
    """Draw what a job is for; its name may be a long address."""
    return subjects.link(job.subject_kind, job.subject_id)


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


def is_retryable(job: Job) -> bool:
    """Tell whether a job failed and was not retried yet."""
    return job.state == JobState.FAILED and job.retry is None


def is_discardable(job: Job) -> bool:
    """Tell whether a job can be given up."""
    return job.state in WAITING or is_retryable(job)


def is_early(job: Job) -> bool:
    """Tell whether a job waits for a later time."""
    return job.state in WAITING and job.due_at > clock.now()


class StateWithError(columns.Status):
    """A state and, where it was not to be, why."""

    def __call__(self, view: Any, context: Any, job: Job, name: str) -> Markup:
        """Draw the state and, below it, the error."""
        shown, words = super().__call__(view, context, job, name), in_words(job)
        return columns.with_reason(shown, words) if words else shown


class JobView(QsListView):
    """The ledger, to be read; a failed job can be tried again."""

    kind, icon = "job", "briefcase"
    can_create = can_edit = can_delete = False
    can_view_details = True
    details_template = "admin/job/details.html"
    state_column = "state"
    palette_rows = True
    name_column = "task"

    column_list = ("task", "subject", "state", "attempts_made", "created_at", "finished_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "task": _l("Job"),
        "subject": _l("For"),
        "state": _l("Status"),
        "attempts_made": _l("Attempts"),
        "created_at": _l("Submitted"),
        "finished_at": _l("Ended"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "task": lambda _v, _c, job, _n: task_in_words(job.task),
        "subject": columns.as_cell("words", subject),
        "state": StateWithError(STATES),
        "attempts_made": attempts,
        "created_at": columns.moment,
        "due_at": columns.moment,
        "finished_at": columns.moment,
    }
    column_sortable_list = ("created_at", "finished_at")
    column_default_sort = ("created_at", True)
    without: ClassVar[dict[str, Any]] = {"finished_at": Job.state.in_((*WAITING, JobState.RUNNING))}
    column_searchable_list = ("id", "task", "sentence", "subject_id")
    column_filters = ("task", "created_at", "finished_at")
    column_choices: ClassVar[dict[str, Any]] = {
        "task": [(name, _l(kind.words)) for name, kind in sorted(huey.kinds.items())]
    }
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
        Tab(
            "dropped",
            _l("Given up / no longer needed"),
            Job.state.in_((JobState.DISCARDED, JobState.MOOT)),
        ),
    )
    row_buttons = (
        VIEW,
        RowButton(_l("Retry"), "refresh", ".retry", post=True, shown=is_retryable),
        RowButton(_l("Run now"), "player-play", ".run", post=True, shown=is_early),
        RowButton(
            _l("Give up"),
            "circle-x",
            ".discard",
            post=True,
            shown=is_discardable,
            danger=True,
            confirm=_l("Give up “%(name)s”? It will not be done."),
        ),
    )
    action_icons: ClassVar[dict[str, str]] = {"retry": "refresh", "discard": "circle-x"}
    live = Live(".status", "jobs")
    loads = (selectinload(Job.retry),)

    # The list

    def listing(self, args: Any) -> Listing:
        """Fetch a page with the names of what its jobs are for."""
        listing = super().listing(args)
        subjects.look_up((job.subject_kind, job.subject_id) for job in listing.rows)
        return listing

    def search_criterion(self, search: str) -> Any:
        """Return what a job must fulfil: each word is its id, or the beginning of it, the
        id of its thing, part of what it does, or part of its error.

        An index answers each of these. Of those that succeeded, which are by far
        the most, no error is read: they have none.
        """
        return and_(*(found_by(word) for word in words_of(search)))

    @expose("/status")
    @needs("view")
    def status(self) -> ResponseReturnValue:
        """Answer where jobs stand: `?ids=…,…`, at most 200 of them."""
        jobs = db.session.scalars(select(Job).where(Job.id.in_(asked_ids())))
        return self.news(jobs, _status_of)

    def mark_of(self, row: Job) -> str:
        """Tell one attempt from the next."""
        return f"{row.state.value}:{row.attempts_made}"

    # Buttons

    @expose("/retry", methods=("POST",))
    @needs("retry")
    def retry(self) -> ResponseReturnValue:
        """Try a failed job again, as a new job."""
        job = self.get_one(request.form.get("id", ""))
        try:
            again = retries.retry_job(job)
        except CmsError as error:
            self.refuse(error)
            return self.back()
        flash(_("The job has been submitted again."), "success")
        return redirect(self.get_url(".details_view", id=again.id))

    @expose("/discard", methods=("POST",))
    @needs("discard")
    def discard(self) -> ResponseReturnValue:
        """Give up a job that waits or has failed."""
        return self.do_to_posted(retries.discard_job, _("Given up."))

    @expose("/run", methods=("POST",))
    @needs("run")
    def run(self) -> ResponseReturnValue:
        """Run a job at once that waits for a later time."""
        return self.do_to_posted(retries.run_now, _("It is due now."))

    @action("retry", _l("Retry"))
    @needs("retry")
    def action_retry(self, ids: list[str]) -> None:
        """Try the ticked jobs again that have failed."""
        self.do_to_ticked("retry", ids)

    @action("discard", _l("Give up"), _l("Give up the ticked jobs? They will not be done."))
    @needs("discard")
    def action_discard(self, ids: list[str]) -> None:
        """Give up the ticked jobs that wait or have failed."""
        self.do_to_ticked("discard", ids)

    # One job

    def name_of(self, row: Job) -> str:
        """Return what the job does."""
        return task_in_words(row.task)

    in_words = staticmethod(in_words)
    progress = staticmethod(progress_of)
    lineage = staticmethod(ledger.lineage)
    is_retryable = staticmethod(is_retryable)
    is_early = staticmethod(is_early)
    is_discardable = staticmethod(is_discardable)
    moment = staticmethod(columns.time_tag)

    @staticmethod
    def outcome(attempt: JobAttempt) -> Markup:
        """Draw how an attempt ended."""
        return columns.badge(OUTCOMES[attempt.outcome])

    @staticmethod
    def duration(attempt: JobAttempt) -> str:
        """Return how long an attempt took."""
        return _took(attempt.started_at, attempt.finished_at)

    @staticmethod
    def arguments(job: Job) -> str:
        """Return a job's arguments, with dots for what nobody is to see."""
        return " ".join(
            json.dumps(given, ensure_ascii=False) for given in huey.shown_arguments(job) if given
        )

    @staticmethod
    def job_badge(job: Job) -> Markup:
        """Draw where a job stands."""
        return columns.badge(STATES[job.state])

    @staticmethod
    def waited(job: Job) -> str:
        """Return how long a job waited for its first attempt after it was due, or waits yet."""
        if job.attempts:
            return _took(job.created_at, job.attempts[0].started_at)
        return _took(job.created_at, job.finished_at)

    @staticmethod
    def ran(job: Job) -> str:
        """Return how long all attempts of a job ran; nothing if none has begun."""
        spans = ((it.finished_at or clock.now()) - it.started_at for it in job.attempts)
        return _in_seconds(sum(spans, timedelta())) if job.attempts else ""


def _took(start: datetime, end: datetime | None) -> str:
    return _in_seconds((end or clock.now()) - start)


def _in_seconds(length: timedelta) -> str:
    seconds = max(0.0, length.total_seconds())
    if seconds >= 60:  # noqa: PLR2004 - from a minute on, nobody counts seconds
        return str(format_timedelta(length, threshold=1.5))
    return _("%(seconds)s s", seconds=format_decimal(seconds, "0.0##"))


def _status_of(job: Job) -> dict[str, Any]:
    told: dict[str, Any] = {"id": job.id, "status": job.state.value}
    if job.progress_total is not None:
        told["progress"] = {
            "done": job.progress_done or 0,
            "total": job.progress_total,
            "words": progress_of(job),
        }
    return told
