"""The jobs that come again: when, what became of the last, and who has paused them."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any, ClassVar

from babel import Locale
from cron_descriptor import ExpressionDescriptor, FormatError, Options
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, format_timedelta, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cms import clock
from cms.admin import columns
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.jobs import STATES as JOB_STATES
from cms.admin.jobs import task_in_words
from cms.admin.lists import Live, QsListView, RowButton, asked_ids
from cms.admin.notifications import person
from cms.config import settings
from cms.editorial import schedules as acts
from cms.extensions import db
from cms.jobs import schedules
from cms.jobs.models import ENDED, Job, Schedule

# A consumer looks a few times a minute; what is later than this was kept from it.
ON_TIME = timedelta(minutes=2)

STATES = {
    "active": State(_l("Active"), "ok", "circle-check", moving=True),
    "overdue": State(_l("Overdue"), "bad", "alert-triangle", moving=True),
    "paused": State(_l("Paused"), "off", "player-pause"),
    "unknown": State(_l("Unknown to this version"), "off", "circle-x"),
}


@lru_cache(maxsize=256)
def cron_in_words(cron: str, locale: Locale) -> str:
    """Return when a schedule comes, in the language of `locale`; as it is if words fail."""
    options = Options(locale_code="zh_CN" if locale.language == "zh" else "en_US")
    options.use_24hour_time_format = True
    options.verbose = "/" not in cron and "* * * *" not in cron  # “At 03:15, every day”
    try:
        words = ExpressionDescriptor(cron, options).get_description()
    except FormatError:
        return cron
    # It names days and months in the language of the process.
    english = Locale("en")
    for names in ("days", "months"):
        theirs, ours = (getattr(which, names)["format"]["wide"] for which in (english, locale))
        for number, name in theirs.items():
            words = words.replace(name, ours[number])
    return words


def standing(schedule: Schedule) -> str:
    """Return which of `STATES` a schedule is in."""
    if schedule.name not in schedules.declared():
        return "unknown"
    if schedule.paused_at is not None:
        return "paused"
    return "overdue" if schedule.due_at < clock.now() - schedules.TOLERANCE else "active"


def is_at_work(job: Job | None) -> bool:
    """Tell whether a job has not ended."""
    return job is not None and job.state not in ENDED


def when(_view: Any, _context: Any, schedule: Schedule, _name: str) -> Any:
    """Draw when it comes, in words, and as declared."""
    task = schedules.declared().get(schedule.name)
    if task is None or task.schedule is None:
        return columns.EMPTY
    words = cron_in_words(task.schedule, get_locale() or Locale("en"))
    return Markup('{}<div class="text-secondary">{} · <code>{}</code></div>').format(
        words, settings().time_zone, task.schedule.replace(" ", "\N{NO-BREAK SPACE}")
    )


UNBROKEN = Markup('<span class="text-nowrap">{}</span>')


def last_run(_view: Any, _context: Any, schedule: Schedule, _name: str) -> Any:
    """Draw the last job: how it stands, when it was submitted, how late, how long it took."""
    if schedule.last_at is None:
        return columns.EMPTY
    job, facts = schedule.last_job, [columns.time_tag(schedule.last_at)]
    if schedule.late > ON_TIME:
        late = format_timedelta(schedule.late, granularity="minute")
        facts.append(UNBROKEN.format(_("%(time)s late", time=late)))
    if job is not None and job.started_at and job.finished_at:
        took = (job.finished_at - job.started_at).total_seconds()
        words = _("took %(seconds)s s", seconds=format_decimal(took, "0.0##"))
        facts.append(UNBROKEN.format(words))
    told = Markup('<div class="text-secondary">{}</div>').format(Markup(" · ").join(facts))
    if job is None:  # ended so long ago that it was deleted
        return told
    return Markup('<a href="{}">{}</a>{}').format(
        url_for("job.details_view", id=job.id), columns.badge(JOB_STATES[job.state]), told
    )


def next_run(_view: Any, _context: Any, schedule: Schedule, _name: str) -> Any:
    """Draw when it comes next."""
    comes = standing(schedule) in ("active", "overdue")
    return columns.time_tag(schedule.due_at) if comes else columns.EMPTY


class Standing(columns.Status):
    """Whether a schedule comes, and who has paused it."""

    def __call__(self, _view: Any, _context: Any, schedule: Schedule, _name: str) -> Markup:
        """Draw the state."""
        shown = columns.badge(STATES[standing(schedule)])
        if schedule.paused_at is None:
            return shown
        who = schedule.paused_by.email if schedule.paused_by else ""
        return Markup('{}<div class="reason"><bdi>{}</bdi> {}</div>').format(
            shown, who, columns.time_tag(schedule.paused_at)
        )


class ScheduleView(QsListView):
    """Each job that comes again, to be paused, resumed, or run out of turn."""

    kind, icon = "schedule", "alarm"
    can_create = can_edit = can_delete = False
    state_column = "standing"
    name_column = "name"

    column_list = ("name", "when", "last_at", "due_at", "standing")
    column_labels: ClassVar[dict[str, Any]] = {
        "name": _l("Job"),
        "when": _l("Comes"),
        "last_at": _l("Last run"),
        "due_at": _l("Next run"),
        "standing": _l("Status"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "name": lambda _v, _c, schedule, _n: task_in_words(schedule.name),
        "when": when,
        "last_at": last_run,
        "due_at": columns.as_cell("moment", next_run),
        "standing": Standing(STATES),
    }
    column_sortable_list = ("last_at", "due_at")
    column_default_sort = ("due_at", False)
    empty_words = _l("There is nothing here yet. A worker makes this list when it starts.")
    loads = (joinedload(Schedule.last_job), joinedload(Schedule.paused_by))
    live = Live(".status", "schedules")
    row_buttons = (
        RowButton(
            _l("Run now"),
            "bolt",
            ".run",
            post=True,
            shown=lambda row: standing(row) != "unknown" and not is_at_work(row.last_job),
        ),
        RowButton(
            _l("Pause"),
            "player-pause",
            ".pause",
            post=True,
            shown=lambda row: standing(row) in ("active", "overdue"),
        ),
        RowButton(
            _l("Resume"),
            "player-play",
            ".resume",
            post=True,
            shown=lambda row: standing(row) == "paused",
        ),
        RowButton(
            _l("Jobs"), "briefcase", address=lambda row: url_for("job.index_view", search=row.name)
        ),
    )

    @expose("/status")
    @needs("view")
    def status(self) -> ResponseReturnValue:
        """Answer where schedules stand: `?ids=prune,clear_incoming`, at most 200 of them."""
        rows = db.session.scalars(
            select(Schedule).where(Schedule.name.in_(asked_ids())).options(*self.loads)
        )
        return self.news(rows, lambda row: {"id": row.name, "status": standing(row)})

    @expose("/run", methods=("POST",))
    @needs("edit")
    def run(self) -> ResponseReturnValue:
        """Submit a job out of turn."""
        return self.do_to_posted(acts.run_now, _("The job has been submitted."))

    @expose("/pause", methods=("POST",))
    @needs("edit")
    def pause(self) -> ResponseReturnValue:
        """Let it come no more until it is resumed."""
        return self.do_to_posted(lambda row: acts.pause(row, person()), _("Paused."))

    @expose("/resume", methods=("POST",))
    @needs("edit")
    def resume(self) -> ResponseReturnValue:
        """Let it come again."""
        return self.do_to_posted(acts.resume, _("Resumed."))

    def name_of(self, row: Schedule) -> str:
        """Return what the job does."""
        return task_in_words(row.name)

    def state_of(self, row: Schedule) -> str:
        """Return which of `STATES` it is in."""
        return standing(row)

    def mark_of(self, row: Schedule) -> str:
        """Tell one job from the next, and where it stands."""
        job = row.last_job
        return f"{standing(row)}:{row.due_at.timestamp():.0f}:{job and (job.id, job.state.value)}"
