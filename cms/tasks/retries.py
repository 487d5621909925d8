"""Trying a failed job again, and giving one up: for people, and for jobs that do it
for many. Callers commit."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from cms.audit.services import record
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import doorbell, ledger
from cms.jobs.models import WAITING, Job, JobState
from cms.notifications import services as notifications
from cms.tasks.queue import huey


class NothingToRetry(CmsError):
    """The job has neither failed nor been given up."""

    sentence = N_("Only a job that failed can be tried again.")


class GivenUp(CmsError):
    """Somebody gave the job up while it waited."""

    sentence = N_("It was given up before it was done.")


class NotWaiting(CmsError):
    """The job is due already, runs, or has ended."""

    sentence = N_("Only a job that waits for a later time can be run now.")


class UnknownTask(CmsError):
    """The job was submitted by another version."""

    sentence = N_("This version does not know how to do such jobs.")


_AGAIN = (JobState.FAILED, JobState.DISCARDED)


def retry_job(job: Job) -> Job:
    """Submit a job that failed, or was given up, again and return the new job.

    Of a job that was retried before, it is the newest retry that is tried
    again, if that has failed as well; pressed twice it is one run. Raises
    `NothingToRetry` if the job is neither, `UnknownTask`, and `ContentErased`
    for a mail that is no longer there to send.
    """
    if job.state not in _AGAIN:
        raise NothingToRetry
    if job.task not in huey.kinds or not huey.kinds[job.task].takes(job):
        raise UnknownTask
    job = ledger.newest_retry(job)
    if job.state not in _AGAIN:
        return job
    try:
        with db.session.begin_nested():
            huey.kinds[job.task].tell_retry(job)
            retry = huey.resubmit(job)
    except IntegrityError:
        if already := ledger.retry_of(job):  # somebody pressed at the same time
            return already
        raise
    record("retry", job, retry=retry.id)
    return retry


def give_up(job_id: str) -> bool:
    """Discard a job that waits or has failed, and close what was told of it; what a waiting one
    was for learns that it will not be done. False when it runs or has ended.
    """
    waited = ledger.discard(job_id, WAITING)
    if not (waited or ledger.discard(job_id, [JobState.FAILED])):
        return False
    job = db.session.get_one(Job, job_id)
    if waited and job.task in huey.kinds:
        huey.kinds[job.task].tell_failure(job, GivenUp(), final=True)
    notifications.close_lineage(job)
    return True


def run_now(job: Job) -> None:
    """Let a job that waits for a later time run at once. Raises `NotWaiting` or `UnknownTask`."""
    if job.task not in huey.kinds:
        raise UnknownTask
    if not ledger.hasten(job.id):
        raise NotWaiting
    db.session.refresh(job)
    message = huey.kinds[job.task].message_for(job)
    doorbell.ring_after_commit(lambda: huey.enqueue(message))
