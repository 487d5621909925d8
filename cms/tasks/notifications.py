"""Retrying everything that failed in one way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs.models import JobState
from cms.jobs.task import Moot, report_progress
from cms.notifications import services as notifications
from cms.notifications.models import AdminNotification, NotificationOccurrence
from cms.tasks.queue import huey
from cms.tasks.retries import retry_job

logger = logging.getLogger(__name__)

SUBMITTED_AT_ONCE = 100


@huey.task(
    retries=3,
    retry_delay=60,
    name="retry_group",
    subject="notification",
    words=N_("Retry everything that failed alike"),
    meaning=N_("Some of the failed jobs have not been submitted again."),
)
def retry_group(notification_id: int) -> None:
    """Submit the failed jobs of a notification again, all of them, batch by batch.

    It stops when the canary has failed again. What fails anew meanwhile is left
    for the next time. Begun again, it goes on where it stopped, since a job
    that was retried already is not found.
    """
    group = db.session.get(AdminNotification, notification_id)
    if group is None:
        raise Moot
    upto = db.session.scalar(
        select(func.max(NotificationOccurrence.id)).where(
            NotificationOccurrence.notification_id == notification_id
        )
    )
    total = notifications.count_retryable(group)
    done = last = 0
    report_progress(0, total)
    while batch := notifications.retryable_after(group, last, upto or 0, SUBMITTED_AT_ONCE):
        if group.canary is not None and group.canary.state == JobState.FAILED:
            logger.warning("notification %s: its canary has failed, the rest waits", group.id)
            raise Moot
        last = batch[-1][0]
        _submit(batch)
        done += len(batch)
        report_progress(min(done, total), total)


def _submit(batch: Sequence[Any]) -> None:
    """Retry each job of a batch.

    One that cannot be retried stays open in the notification, for a person.
    """
    for _number, job in batch:
        try:
            retry_job(job)
        except CmsError as error:
            logger.warning("job %s cannot be tried again: %s", job.id, error)
