"""Trying a failed job again, and giving one up: for people, and for jobs that do it
for many. Callers commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import IntegrityError

from cms.audit.services import record
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import doorbell, ledger
from cms.jobs.models import Job, JobState
from cms.mail import services as mail
from cms.mail.models import MailMessage
from cms.media import documents
from cms.media import services as media
from cms.media.models import Document, Image
from cms.notifications import services as notifications
from cms.tasks.queue import huey
from cms.webhooks import services as webhooks
from cms.webhooks.models import WebhookDelivery


class NothingToRetry(CmsError):
    """The job has not failed."""

    sentence = N_("Only a job that failed can be tried again.")


class NotWaiting(CmsError):
    """The job is due already, runs, or has ended."""

    sentence = N_("Only a job that waits for a later time can be run now.")


class UnknownTask(CmsError):
    """The job was submitted by another version."""

    sentence = N_("This version does not know how to do such jobs.")


_REOPENED: dict[str, tuple[type[Any], Callable[[Any], None]]] = {
    "document": (Document, documents.await_processing),
    "image": (Image, media.await_processing),
    "mail": (MailMessage, mail.await_sending),
    "webhook_delivery": (WebhookDelivery, webhooks.await_call),
}


def retry_job(job: Job) -> Job:
    """Submit a failed job again and return the new job.

    Of a job that was retried before, it is the newest retry that is tried
    again, if that has failed as well; pressed twice it is one run. Raises
    `NothingToRetry` if the job did not fail, `UnknownTask`, and `ContentErased`
    for a mail that is no longer there to send.
    """
    if job.state != JobState.FAILED:
        raise NothingToRetry
    if job.task not in huey.kinds:
        raise UnknownTask
    job = ledger.newest_retry(job)
    if job.state != JobState.FAILED:
        return job
    try:
        with db.session.begin_nested():
            _reopen(job)
            retry = huey.resubmit(job)
    except IntegrityError:
        if already := ledger.retry_of(job):  # somebody pressed at the same time
            return already
        raise
    record("retry", job, retry=retry.id)
    return retry


def give_up(job_id: str) -> bool:
    """Discard a job that waits or has failed, and close what was told of it.

    False when it runs or has ended.
    """
    discarded = ledger.discard(job_id)
    if discarded:
        notifications.close_lineage(db.session.get_one(Job, job_id))
    return discarded


def run_now(job: Job) -> None:
    """Let a job that waits for a later time run at once. Raises `NotWaiting` or `UnknownTask`."""
    if job.task not in huey.kinds:
        raise UnknownTask
    if not ledger.hasten(job.id):
        raise NotWaiting
    db.session.refresh(job)
    message = huey.kinds[job.task].message_for(job)
    doorbell.ring_after_commit(lambda: huey.enqueue(message))


def _reopen(job: Job) -> None:
    """Put the thing that the job is for back to waiting, if it is of a kind that shows it."""
    if job.subject_kind not in _REOPENED:
        return
    model, await_again = _REOPENED[job.subject_kind]
    thing = db.session.get(model, int(job.subject_id or 0))
    if thing is not None:
        await_again(thing)
