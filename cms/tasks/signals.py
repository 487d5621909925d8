"""What Huey tells us, one receiver per signal. Huey drops what a receiver raises,
so each guards itself and logs.

Every end of a Huey task is one of these, or nothing at all: a killed worker, a
message that cannot be read or names no task. Those the sweep finds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from huey.exceptions import TaskLockedException, TaskTimeout
from huey.signals import (
    SIGNAL_CANCELED,
    SIGNAL_ERROR,
    SIGNAL_EXPIRED,
    SIGNAL_INTERRUPTED,
    SIGNAL_LOCKED,
    SIGNAL_RATE_LIMITED,
    SIGNAL_REVOKED,
    SIGNAL_TIMEOUT,
)

from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job
from cms.jobs.task import beside_the_end_of
from cms.notifications import services as notifications
from cms.tasks.queue import huey
from cms.tasks.retries import give_up
from cms.tasks.telling import tell

logger = logging.getLogger(__name__)


def receiver(signal: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Connect a function to a signal, in an application context and a transaction."""

    def connect(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def guarded(_signal: str, task: Any, *args: Any) -> None:
            try:
                with huey.app.app_context():
                    function(task, *args)
                    db.session.commit()
            except Exception:
                logger.exception("job %s: signal %s was not recorded", task.id, signal)

        huey.signal(signal)(guarded)
        return function

    return connect


@huey.on_final_failure
def notify(job: Job, error: BaseException) -> None:
    """Write the notification, and mail if it is news, in the transaction that ends the job."""
    news = notifications.job_failed(job, error)
    if news is not None:
        with beside_the_end_of(job):
            tell(news)


@huey.on_retry_done
def close(job: Job) -> None:
    """Close what was told of the failed jobs, in the transaction that ends their retry."""
    notifications.close_lineage(job)


@receiver(SIGNAL_ERROR)
def on_error(task: Any, error: Exception) -> None:
    """Record the failed attempt; the final one, and it alone, notifies.

    Ledger, picture and notification are one transaction: if it fails, the job
    still counts as running, and is found again when its lease runs out.
    """
    _record(task, error)


@receiver(SIGNAL_TIMEOUT)
def on_timeout(task: Any) -> None:
    """Count a task that ran too long as failed."""
    _record(task, TaskTimeout(f"it took longer than {task.timeout} s"))


@receiver(SIGNAL_LOCKED)
def on_locked(task: Any) -> None:
    """Count a task that found its lock taken as failed; it is tried again."""
    _record(task, TaskLockedException("another run holds the lock"))


@receiver(SIGNAL_RATE_LIMITED)
def on_rate_limited(task: Any) -> None:
    """Let a task that came too often wait again; it loses no attempt by it."""
    _put_back(task)


@receiver(SIGNAL_INTERRUPTED)
def on_interrupted(task: Any) -> None:
    """Let a task that a stop cut off wait again; it loses no attempt by it."""
    _put_back(task)


@receiver(SIGNAL_CANCELED)
def on_canceled(task: Any) -> None:
    """Give up the job of a task that cancelled itself."""
    attempt = getattr(task, "attempt", None)
    if attempt is not None:
        ledger.put_back(task.id, attempt)
    give_up(task.id)


@receiver(SIGNAL_EXPIRED)
def on_expired(task: Any) -> None:
    """Give up a task that came too late."""
    give_up(task.id)


@receiver(SIGNAL_REVOKED)
def on_revoked(task: Any) -> None:
    """Give up a task that somebody revoked."""
    give_up(task.id)


def _record(task: Any, error: Exception) -> None:
    attempt = getattr(task, "attempt", None)
    if attempt is None or huey.record_failure(task.id, attempt, error) is None:
        logger.warning("job %s failed without holding its row: %s", task.id, error)


def _put_back(task: Any) -> None:
    attempt = getattr(task, "attempt", None)
    if attempt is not None:
        ledger.put_back(task.id, attempt)
