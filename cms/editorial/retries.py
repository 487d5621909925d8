"""What an administrator does who has mended the cause of a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import IntegrityError

from cms.audit.services import record
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.mail import services as mail
from cms.mail.models import MailMessage
from cms.media import services as media
from cms.media.models import Image
from cms.tasks import huey
from cms.webhooks import services as webhooks
from cms.webhooks.models import WebhookDelivery


class NothingToRetry(CmsError):
    """The job has not failed."""

    sentence = N_("Only a job that failed can be tried again.")


_REOPENED: dict[str, tuple[type[Any], Callable[[Any], None]]] = {
    "image": (Image, media.await_processing),
    "mail": (MailMessage, mail.await_sending),
    "webhook_delivery": (WebhookDelivery, webhooks.await_call),
}


def retry_job(job: Job) -> Job:
    """Submit a failed job again and return the new job.

    Pressed twice it is one run. Raises `NothingToRetry` if it did not fail, and
    `ContentErased` for a mail that is no longer there to send.
    """
    if job.state != JobState.FAILED:
        raise NothingToRetry
    if already := ledger.retry_of(job):
        return already
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


def _reopen(job: Job) -> None:
    """Put the thing that the job is for back to waiting, if it is of a kind that shows it."""
    if job.subject_kind not in _REOPENED:
        return
    model, await_again = _REOPENED[job.subject_kind]
    thing = db.session.get(model, int(job.subject_id or 0))
    if thing is not None:
        await_again(thing)
