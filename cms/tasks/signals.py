"""What Huey tells us, one receiver per signal. Huey drops what a receiver raises,
so each guards itself and logs."""

from __future__ import annotations

import logging
from typing import Any

from huey.signals import SIGNAL_COMPLETE, SIGNAL_ERROR

from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.notifications import services as notifications
from cms.tasks.queue import huey

logger = logging.getLogger(__name__)


@huey.signal(SIGNAL_ERROR)
def on_error(_signal: str, task: Any, error: Exception) -> None:
    """Record the failed attempt; on the final one, and only then, notify.

    Ledger, picture and notification are one transaction: if it fails, the job
    still counts as running, and is found again when its lease runs out.
    """
    try:
        with huey.app.app_context():
            _record_failure(task.id, error, final=task.retries == 0)
    except Exception:
        logger.exception("job %s: its failure could not be recorded", task.id)


@huey.signal(SIGNAL_COMPLETE)
def on_complete(_signal: str, task: Any) -> None:
    """Close the notifications of the failed job that this one was a retry of."""
    try:
        with huey.app.app_context():
            job = db.session.get(Job, task.id)
            if job is not None and job.state == JobState.SUCCEEDED:
                notifications.close_after_success(job)
                db.session.commit()
    except Exception:
        logger.exception("job %s: notifications could not be closed", task.id)


def _record_failure(job_id: str, error: Exception, *, final: bool) -> None:
    job = ledger.fail(job_id, error, final=final)
    if job is None:
        logger.warning("job %s failed while the ledger did not know it as running", job_id)
        return
    huey.kinds[job.task].tell_failure(job, error, final=final)
    if final:
        notifications.job_failed(job, error)
    db.session.commit()
