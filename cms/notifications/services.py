"""Raising, counting and closing notifications. Callers commit."""

from __future__ import annotations

import logging

from sqlalchemy import func, select

from cms import clock
from cms.accounts.models import User
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job
from cms.notifications.models import AdminNotification, NotificationState

logger = logging.getLogger(__name__)


def job_failed(job: Job, error: BaseException) -> AdminNotification:
    """Tell administrators that a job failed for good, and log it with its id.

    `job_id` is unique, so that a job can be told of only once.
    """
    sentence, facts = ledger.in_words(error)
    notification = AdminNotification(
        type="job_failed",
        message=sentence % facts,
        job_id=job.id,
        job_data={
            "task": job.task,
            "attempts": job.attempts_made,
            "subject": [job.subject_kind, job.subject_id],
            "sentence": sentence,
            "facts": facts,
        },
    )
    db.session.add(notification)
    db.session.flush()
    logger.error(
        "job %s (%s) failed after %s attempts: %s", job.id, job.task, job.attempts_made, error
    )
    return notification


def count_open() -> int:
    """Return how many notifications nobody has dealt with yet."""
    query = select(func.count()).where(AdminNotification.state == NotificationState.OPEN)
    return db.session.scalar(query) or 0


def resolve(notification: AdminNotification, by: User | None = None) -> bool:
    """Mark as dealt with, by a person, or by nobody when a retry succeeded.

    Returns False for one that was resolved before; it stays as it is.
    """
    if notification.state == NotificationState.RESOLVED:
        return False
    notification.state = NotificationState.RESOLVED
    notification.resolved_at = clock.now()
    notification.resolved_by = by
    db.session.flush()
    return True


def close_after_success(job: Job) -> None:
    """Resolve what was told of the failed jobs that `job` is a retry of."""
    while job.retry_of_id is not None:
        job = db.session.get_one(Job, job.retry_of_id)
        told = db.session.scalars(
            select(AdminNotification).where(AdminNotification.job_id == job.id)
        ).one_or_none()
        if told is not None:
            resolve(told)
