"""What an administrator does who has mended the cause of a failure."""

from __future__ import annotations

from cms.audit.services import record
from cms.jobs import ledger
from cms.jobs.models import Job
from cms.media.models import Image
from cms.tasks.retries import NothingToRetry, give_up, retry_job

__all__ = ["NothingToRetry", "discard_job", "retry_job", "retry_newest", "retry_picture"]


def retry_picture(image: Image) -> Job:
    """Submit the newest failed job of a picture again."""
    return retry_newest("image", image.id)


def retry_newest(kind: str, thing_id: int) -> Job:
    """Submit the newest failed job of a thing again.

    Raises `NothingToRetry` when its newest job did not fail.
    """
    newest = next(iter(ledger.for_subject(kind, thing_id, limit=1)), None)
    if newest is None:
        raise NothingToRetry
    return retry_job(newest)


def discard_job(job: Job) -> bool:
    """Give up a job that waits or has failed; False when it runs or has ended."""
    discarded = give_up(job.id)
    if discarded:
        record("discard", job)
    return discarded
