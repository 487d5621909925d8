"""What an administrator does who has mended the cause of a failure."""

from __future__ import annotations

from cms.audit.services import record
from cms.errors import N_, CmsError
from cms.jobs import ledger
from cms.jobs.models import Job
from cms.media.models import Image
from cms.tasks.retries import NothingToRetry, give_up, retry_job
from cms.tasks.retries import run_now as hasten

__all__ = [
    "NothingToDiscard",
    "NothingToRetry",
    "discard_job",
    "retry_job",
    "retry_newest",
    "retry_picture",
    "run_now",
]


class NothingToDiscard(CmsError):
    """The job runs, or has ended well."""

    sentence = N_("Only a job that waits or has failed can be given up.")


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


def discard_job(job: Job) -> None:
    """Give up a job that waits or has failed. Raises `NothingToDiscard`."""
    if not give_up(job.id):
        raise NothingToDiscard
    record("discard", job)


def run_now(job: Job) -> None:
    """Run a job at once that waits for a later time. Raises `NotWaiting` or `UnknownTask`."""
    hasten(job)
    record("run now", job)
