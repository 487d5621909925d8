"""What an administrator does with a job that comes again, one transaction each."""

from __future__ import annotations

from cms import clock
from cms.accounts.models import User
from cms.audit.services import record
from cms.errors import N_, CmsError
from cms.jobs import schedules
from cms.jobs.models import Job, Schedule


class UnknownSchedule(CmsError):
    """The task is gone, or was never there."""

    sentence = N_("This version knows no schedule “%(name)s”.")


class StillAtWork(CmsError):
    """Two at once would be in each other's way."""

    sentence = N_("The last job of this schedule has not ended yet.")


def find(name: str) -> Schedule:
    """Return a schedule that this version knows. Raises `UnknownSchedule`."""
    if name not in schedules.declared():
        raise UnknownSchedule(name=name)
    return schedules.find(name)


def pause(schedule: Schedule, by: User | None = None) -> None:
    """Submit no more jobs until it is resumed."""
    if schedule.paused_at is None:
        schedule.paused_at, schedule.paused_by_id = clock.now(), by.id if by else None
        record("pause", schedule)


def resume(schedule: Schedule) -> None:
    """Go on with the next time from now; what came in the pause is not caught up.

    Raises `UnknownSchedule`.
    """
    if schedule.paused_at is None:
        return
    find(schedule.name)
    schedule.paused_at = schedule.paused_by_id = None
    schedule.due_at = schedules.next_time(schedule, clock.now())
    record("resume", schedule)


def run_now(schedule: Schedule) -> Job:
    """Submit a job out of turn, also of one that is paused; the next comes when it would.

    Raises `StillAtWork` and `UnknownSchedule`.
    """
    find(schedule.name)
    job = schedules.submit(schedule, clock.now())
    if job is None:
        raise StillAtWork
    record("run", schedule, job=job.id)
    return job
