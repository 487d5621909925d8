"""Jobs that come again. What was due in an outage is caught up: once, however long that
was. The times are declared with the tasks; a row keeps when each is due next."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from flask import current_app
from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError

from cms import clock
from cms.config import settings
from cms.extensions import db
from cms.jobs import crons
from cms.jobs.models import Job, Schedule

if TYPE_CHECKING:
    from cms.jobs.queue import LedgerHuey
    from cms.jobs.task import LedgerTask

logger = logging.getLogger(__name__)

TOLERANCE = timedelta(minutes=10)
FORGOTTEN_AFTER = timedelta(days=30)


def submit_due(_huey: LedgerHuey) -> None:
    """Submit what is due, and make the rows of schedules that are new: a duty.

    Commits after each, so that one that cannot be submitted keeps no other.
    """
    for task in declared().values():
        try:
            _see_to(task)
            db.session.commit()
        except Exception:
            db.session.rollback()
            logger.exception("schedule %s: it could not be seen to", task.name)
    _forget_unknown()


def declared() -> dict[str, LedgerTask]:
    """Return the tasks with a schedule that this version knows, by name."""
    huey: LedgerHuey = current_app.extensions["huey"]
    return {name: task for name, task in huey.kinds.items() if task.schedule}


def find(name: str) -> Schedule:
    """Return the row of a declared schedule, and make it if it is new.

    Raises `KeyError` for one that this version does not know.
    """
    task = declared()[name]
    return db.session.get(Schedule, name) or _begin(task)


def overdue() -> Sequence[Schedule]:
    """Return the schedules whose job should have been submitted over ten minutes ago.

    Not those that are paused, nor those that this version does not know.
    """
    query = select(Schedule).where(
        Schedule.name.in_(declared()),
        Schedule.due_at < clock.now() - TOLERANCE,
        Schedule.paused_at.is_(None),
    )
    return db.session.scalars(query.order_by(Schedule.due_at)).all()


def submit(schedule: Schedule, due_at: datetime) -> Job | None:
    """Submit the job that was due at that moment; None while one has not ended.

    Raises `KeyError` for a schedule that this version does not know.
    """
    task, key = declared()[schedule.name], f"schedule {schedule.name}"
    if db.session.scalar(select(Job.id).where(Job.unique_key == key)):
        return None
    job = task.submit(unique_for=key)
    schedule.last_due_at, schedule.last_at, schedule.last_job_id = due_at, clock.now(), job.id
    db.session.flush()
    return job


def next_time(schedule: Schedule, now: datetime) -> datetime:
    """Return when a schedule that this version knows comes next after `now`.

    Not before the last time that was seen to: the clocks of two machines differ.
    """
    return _next_time(declared()[schedule.name], max(now, schedule.last_due_at or now))


def _next_time(task: LedgerTask, moment: datetime) -> datetime:
    return crons.next_after(cast("str", task.schedule), moment, settings().time_zone)


def _begin(task: LedgerTask) -> Schedule:
    try:
        with db.session.begin_nested():
            schedule = Schedule(name=task.name, due_at=_next_time(task, clock.now()))
            db.session.add(schedule)
    except IntegrityError:  # another began at the same time
        return db.session.get_one(Schedule, task.name)
    return schedule


def _see_to(task: LedgerTask) -> None:
    schedule, now = find(task.name), clock.now()  # asked once: it may be due between two looks
    was_due, will_be = schedule.due_at, next_time(schedule, now)
    if was_due <= now:
        if _move(schedule, will_be):
            _submit_due(schedule, was_due)
    elif was_due != will_be:  # it was declared otherwise before, or in another zone
        _move(schedule, will_be)


def _submit_due(schedule: Schedule, due_at: datetime) -> None:
    if submit(schedule, due_at) is None:
        logger.warning("schedule %s: left out, the job before has not ended", schedule.name)
    elif schedule.late > TOLERANCE:
        logger.warning("schedule %s: caught up, %s late", schedule.name, schedule.late)


def _move(schedule: Schedule, due_at: datetime) -> bool:
    """Move the time that it is due; False when another did, or somebody paused it."""
    statement = (
        update(Schedule)
        .where(
            Schedule.name == schedule.name,
            Schedule.due_at == schedule.due_at,
            Schedule.paused_at.is_(None),
        )
        .values(due_at=due_at)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", db.session.execute(statement)).rowcount == 1


def _forget_unknown() -> None:
    """Delete rows that no version has seen to for long: their task is gone for good."""
    gone = Schedule.due_at < clock.now() - FORGOTTEN_AFTER
    db.session.execute(delete(Schedule).where(gone, Schedule.name.not_in(declared())))
    db.session.commit()
