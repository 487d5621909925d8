"""Mending what the queue lost: it compares the ledger with the broker and with the
workers' signs of life. It is no task, since tasks are what gets lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from cms import clock
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs.models import WAITING, Job, JobState

if TYPE_CHECKING:
    from cms.jobs.queue import LedgerHuey

logger = logging.getLogger(__name__)

# A message on its way from the queue to its claim is not lost yet.
GRACE = timedelta(seconds=5)
MOST_AT_ONCE = 1_000


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
    before = clock.now() - GRACE
    held = huey.pending_count() + huey.scheduled_count()
    missing = _count_waiting(before) - held
    if missing <= 0:
        return 0
    published = sum(map(huey.publish_all, _oldest_waiting(before, missing)))
    db.session.rollback()
    return published


def _count_waiting(before: datetime) -> int:
    query = select(func.count()).where(Job.state.in_(WAITING), Job.created_at < before)
    return db.session.scalar(query) or 0


def _oldest_waiting(before: datetime, limit: int) -> Iterator[Sequence[Job]]:
    query = (
        select(Job)
        .where(Job.state.in_(WAITING), Job.created_at < before)
        .order_by(Job.due_at)
        .limit(limit)
        .execution_options(yield_per=MOST_AT_ONCE)
    )
    return db.session.scalars(query).partitions()
