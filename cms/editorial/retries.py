"""What an administrator does who has mended the cause of a failure."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from cms.audit.services import record
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.media import services as media
from cms.media.models import Image
from cms.tasks import huey


class NothingToRetry(CmsError):
    """The job has not failed."""

    sentence = N_("Only a job that failed can be tried again.")


class ForgottenKind(CmsError):
    """The job's task is no more, or not yet, in this version."""

    sentence = N_("This version does not know this kind of job, and cannot try it again.")


def retry_job(job: Job) -> Job:
    """Submit a failed job again and return the new job.

    Of a job that was retried before, it is the newest retry that is tried
    again, if that has failed as well; pressed twice it is one run. Raises
    `NothingToRetry` if the job did not fail.
    """
    if job.state != JobState.FAILED:
        raise NothingToRetry
    if job.task not in huey.kinds:
        raise ForgottenKind
    job = ledger.newest_retry(job)
    if job.state != JobState.FAILED:
        return job
    try:
        with db.session.begin_nested():
            retry = huey.resubmit(job)
    except IntegrityError:
        if already := ledger.retry_of(job):  # somebody pressed at the same time
            return already
        raise
    record("retry", job, retry=retry.id)
    if job.subject_kind == "image":
        image = db.session.get(Image, int(job.subject_id or 0))
        if image is not None:
            media.await_processing(image)
    return retry


def retry_picture(image: Image) -> Job:
    """Submit the newest failed job of a picture again.

    Raises `NothingToRetry` when its newest job did not fail.
    """
    newest = next(iter(ledger.for_subject("image", image.id, limit=1)), None)
    if newest is None:
        raise NothingToRetry
    return retry_job(newest)
