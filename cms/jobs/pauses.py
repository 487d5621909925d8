"""Kinds of job that nobody begins for now: what runs ends, what waits waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError

from cms.extensions import db
from cms.jobs.models import Job, PausedTask


def not_paused() -> ColumnElement[bool]:
    """Return the condition, for a statement on `Job`, that the job's kind is not paused."""
    return Job.task.not_in(select(PausedTask.task))


def names() -> Sequence[str]:
    """Return the kinds that are paused.

    Where many jobs are counted, to leave them out only if there are any spares
    the look at each row.
    """
    return db.session.scalars(select(PausedTask.task)).all()


def listed() -> Sequence[PausedTask]:
    """Return what is paused, by whom and since when; the oldest first."""
    return db.session.scalars(
        select(PausedTask).order_by(PausedTask.paused_at, PausedTask.task)
    ).all()


def pause(task: str, by_id: int | None, at: datetime) -> PausedTask | None:
    """Let no more jobs of this kind begin; the caller commits.

    They can be submitted all the same. None if the kind was paused already.
    """
    if db.session.get(PausedTask, task):
        return None
    try:
        with db.session.begin_nested():
            paused = PausedTask(task=task, paused_by_id=by_id, paused_at=at)
            db.session.add(paused)
    except IntegrityError:  # somebody pressed at the same time
        return None
    return paused


def resume(tasks: Collection[str]) -> None:
    """Let jobs of these kinds begin again; the caller commits.

    Their messages are gone by then: `cms.jobs.sweep.publish_due` makes them anew.
    """
    db.session.execute(delete(PausedTask).where(PausedTask.task.in_(tasks)))
