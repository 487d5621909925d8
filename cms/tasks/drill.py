"""A made-up failure that goes the whole way of a real one, to see that it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from cms import clock
from cms.config import settings
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.jobs.task import Moot
from cms.notifications import alarms
from cms.notifications.models import AdminNotification, NotificationOccurrence
from cms.tasks.queue import huey
from cms.tasks.retries import give_up
from cms.tasks.telling import tell

PATIENCE = timedelta(minutes=5)


class Drill(CmsError):
    """What is told of a drill."""

    sentence = N_("This is a drill: the job failed on purpose. Nothing is wrong.")
    hopeless = True


@dataclass(frozen=True)
class Step:
    """A part of the way: what arrived there, or what is wrong if nothing did."""

    name: str
    arrived: bool
    lack: str


@huey.task(
    name="drill",
    words=N_("A drill: fail on purpose"),
    meaning=N_("Failures reach the notifications. Nothing is to be done; this closes by itself."),
)
def drill() -> None:
    """Fail."""
    raise Drill


@huey.task(
    retries=3,
    retry_delay=60,
    name="weekly_drill",
    schedule="0 9 * * 1",
    words=N_("Begin the weekly drill"),
    meaning=N_("Nobody has tried whether failures reach the notifications."),
)
def weekly_drill() -> None:
    """Begin a drill, and have it looked at in five minutes, if `CMS_DRILL` says so."""
    if settings().drill != "weekly":
        raise Moot
    check_drill.submit(begin().id, at=clock.now() + PATIENCE)


@huey.task(
    retries=3,
    retry_delay=60,
    name="check_drill",
    subject="job",
    words=N_("See whether the drill arrived"),
    meaning=N_("Nobody has tried whether failures reach the notifications."),
)
def check_drill(job_id: str) -> None:
    """Raise an alarm if the drill got stuck, and end it."""
    job = db.session.get(Job, job_id)
    if job is None:
        raise Moot
    stuck = next((step for step in steps(job) if not step.arrived), None)
    if stuck is None:
        alarms.end(alarms.DRILL_FAILED, "")
    else:
        news = alarms.ring(alarms.Trouble(alarms.DRILL_FAILED, "", stuck.lack, {}))
        if news is not None:
            tell(news)
    end(job)


def begin() -> Job:
    """Submit a drill. Its mail does not wait for five minutes since the last one."""
    db.session.execute(
        update(AdminNotification)
        .where(AdminNotification.message == Drill.sentence)
        .values(told_at=None)
        .execution_options(synchronize_session=False)
    )
    return drill.submit()


def steps(job: Job) -> list[Step]:
    """Return how far a drill has come."""
    group = db.session.scalars(
        select(AdminNotification)
        .join(NotificationOccurrence)
        .where(NotificationOccurrence.job_id == job.id)
    ).one_or_none()
    return [
        Step("claimed", job.attempts_made > 0, N_("No worker has begun the drill.")),
        Step(
            "failed",
            job.state in (JobState.FAILED, JobState.DISCARDED),
            N_("The drill began, and its failure was not recorded."),
        ),
        Step(
            "notified", group is not None, N_("The drill failed, and no notification tells of it.")
        ),
        Step(
            "mailed",
            group is not None and group.told_at is not None,
            N_(
                "The notification of the drill is there, and no mail about it was written: it is "
                "archived, or no active account may see notifications."
            ),
        ),
    ]


def end(job: Job) -> None:
    """Close what was told of a drill, and give up its job if it still waits."""
    give_up(job.id)
