"""Mending what the queue lost: it compares the ledger with the broker and with the
workers' signs of life. It is no task, since tasks are what gets lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from cms import clock
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import pauses, tallies
from cms.jobs.models import WAITING, Job, JobState

if TYPE_CHECKING:
    from cms.jobs.queue import LedgerHuey

logger = logging.getLogger(__name__)

# A message on its way from the queue to its claim is not lost yet.
GRACE = timedelta(seconds=5)
MOST_AT_ONCE = 1_000
MOST_PUBLISHED = 50_000
# The heart that sweeps must beat meanwhile, and a request is not to wait for long.
SECONDS_TO_PUBLISH = 4.0


class WorkerDied(CmsError):
    """The consumer that held the job gave no sign of life for the length of a lease."""

    sentence = N_("The worker died while it worked on this.")


@dataclass(frozen=True)
class Found:
    """What a sweep has mended: attempts whose worker died, and messages made anew."""

    lost: int
    published: int

    def __bool__(self) -> bool:
        return bool(self.lost or self.published)


def sweep(huey: LedgerHuey) -> Found:
    """Put back jobs whose worker died, and publish those that the broker has lost.

    Commits after each job, so that one that cannot be mended keeps no other.
    Several sweeps at once do no harm.
    """
    found = Found(_end_lost_attempts(huey), _publish_missing(huey))
    if found:
        tallies.add_found(found.lost, found.published)
        db.session.commit()
        logger.warning(
            "sweep: %s attempts lost, %s messages made anew", found.lost, found.published
        )
    return found


def _end_lost_attempts(huey: LedgerHuey) -> int:
    query = (
        select(Job.id, Job.attempts_made)
        .where(Job.state == JobState.RUNNING, Job.lease_until < clock.now())
        .order_by(Job.lease_until)
        .limit(MOST_AT_ONCE)
    )
    lost = 0
    for job_id, attempt in db.session.execute(query).all():
        try:
            lost += _end_lost_attempt(huey, job_id, attempt)
        except Exception:
            db.session.rollback()
            logger.exception("job %s: its lost attempt could not be ended", job_id)
    return lost


def _end_lost_attempt(huey: LedgerHuey, job_id: str, attempt: int) -> bool:
    job = huey.record_failure(job_id, attempt, WorkerDied(), lost=True)
    waits = job is not None and job.state == JobState.RETRYING
    db.session.commit()
    if job is not None and waits:
        huey.publish(job)
    return job is not None


def _publish_missing(huey: LedgerHuey) -> int:
    """Publish as many of the oldest waiting jobs as the broker holds too few messages.

    A queue that is only long holds as many as the ledger expects, and is left
    alone, however long its jobs have waited.
    """
    expected = _expected_in_queue()
    held = huey.pending_count() + huey.scheduled_count()
    missing = _count(*expected) - held
    return _publish(huey, *expected, most=missing) if missing > 0 else 0


def publish_due(huey: LedgerHuey, tasks: Collection[str]) -> int:
    """Publish the jobs of these kinds that are due, as their pause has ended; return how many.

    It takes some seconds at most, in a session of its own. What is left the
    sweep publishes.
    """
    with huey.app.app_context():
        due = Job.state.in_(WAITING), Job.task.in_(tasks), Job.due_at <= clock.now()
        return _publish(huey, *due, most=MOST_PUBLISHED)


def _expected_in_queue() -> tuple[Any, ...]:
    """Return the conditions on a job that the broker should hold a message for.

    That of a paused job was popped in vain as soon as it was due.
    """
    now = clock.now()
    waits = Job.state.in_(WAITING), Job.created_at < now - GRACE
    paused = pauses.names()
    return (*waits, or_(Job.due_at > now, Job.task.not_in(paused))) if paused else waits


def _count(*conditions: Any) -> int:
    return db.session.scalar(select(func.count()).where(*conditions)) or 0


def _publish(huey: LedgerHuey, *conditions: Any, most: int) -> int:
    """Publish up to `most` such jobs, the oldest first, for some seconds at most."""
    until = time.monotonic() + SECONDS_TO_PUBLISH
    query = select(Job.id).where(*conditions).order_by(Job.due_at)
    ids = db.session.scalars(query.limit(min(most, MOST_PUBLISHED))).all()
    published = 0
    for start in range(0, len(ids), MOST_AT_ONCE):
        some = ids[start : start + MOST_AT_ONCE]
        batch = select(Job).where(Job.id.in_(some)).order_by(Job.due_at)
        published += huey.publish_all(db.session.scalars(batch))
        db.session.rollback()
        if time.monotonic() > until:
            break
    return published
