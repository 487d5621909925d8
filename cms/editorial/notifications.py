"""What an administrator does with a notification, one transaction each."""

from __future__ import annotations

from datetime import timedelta

from cms import clock
from cms.accounts.models import User
from cms.audit.services import record
from cms.audit.values import shown
from cms.editorial.retries import NothingToRetry, retry_job
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs.models import ENDED, Job, JobState
from cms.notifications import services
from cms.notifications.models import AdminNotification, NotificationNote, NotificationState
from cms.tasks.notifications import retry_group

LONGEST_NOTE = 5_000


class NoCanary(CmsError):
    """The rest waits for one that shows whether the cause is mended."""

    sentence = N_("Retry one first. When it succeeds, retry the rest.")


class CanaryRuns(CmsError):
    """Nobody knows yet whether the cause is mended."""

    sentence = N_("The one that was retried has not ended yet. Wait for it.")


class CanaryFailed(CmsError):
    """The cause is not mended."""

    sentence = N_("The one that was retried has failed again. Mend the cause and retry one first.")


class AlreadyResolved(CmsError):
    """There is nothing to be quiet about."""

    sentence = N_("This is resolved already.")


class EmptyNote(CmsError):
    """A note says something."""

    sentence = N_("Write something first.")


class NoteTooLong(CmsError):
    """A note is no log file."""

    sentence = N_("A note may have %(limit)s characters at most.")


def retry_one(group: AdminNotification) -> Job:
    """Retry the newest of what failed, to see whether the cause is mended.

    While it has not ended it is the only one. Raises `NothingToRetry`.
    """
    if group.canary is not None and group.canary.state not in ENDED:
        return group.canary
    newest = services.newest_retryable(group)
    if newest is None or newest.job is None:
        raise NothingToRetry
    group.canary = retry_job(newest.job)
    record("retry one", group, job=group.canary.id)
    return group.canary


def retry_rest(group: AdminNotification) -> Job:
    """Retry all that failed, by a job that does so; pressed twice it is one.

    Raises `NoCanary`, `CanaryRuns`, `CanaryFailed` or `NothingToRetry`.
    """
    if group.canary is None:
        raise NoCanary
    if group.canary.state == JobState.FAILED:
        raise CanaryFailed
    if group.canary.state not in ENDED:
        raise CanaryRuns
    if not services.count_retryable(group):
        raise NothingToRetry
    job = retry_group.submit(group.id, unique_for=f"retry_group {group.id}")
    record("retry the rest", group, job=job.id)
    return job


def resolve(group: AdminNotification, by: User) -> None:
    """Mark as dealt with, and with it all that is open in it."""
    services.resolve(group, by)


def archive_for(group: AdminNotification, days: int) -> None:
    """Be quiet for some days. Raises `AlreadyResolved`."""
    _stop_resolved(group)
    services.archive(group, until=clock.now() + timedelta(days=days))


def archive_until_more(group: AdminNotification, more: int) -> None:
    """Be quiet until it has happened `more` times more. Raises `AlreadyResolved`."""
    _stop_resolved(group)
    services.archive(group, more=more)


def assign(group: AdminNotification, to: User) -> None:
    """Say who deals with it."""
    before = group.assignee.email if group.assignee else None
    if group.assignee != to:
        group.assignee = to
        record("assign", group, assignee=[before, to.email])


def add_note(group: AdminNotification, author: User, text: str) -> NotificationNote:
    """Keep what somebody found out. Raises `EmptyNote` or `NoteTooLong`."""
    text = text.strip()
    if not text:
        raise EmptyNote
    if len(text) > LONGEST_NOTE:
        raise NoteTooLong(limit=LONGEST_NOTE)
    note = NotificationNote(notification_id=group.id, author_id=author.id, text=text)
    db.session.add(note)
    record("note", group, text=[None, shown("text", text)])
    return note


def _stop_resolved(group: AdminNotification) -> None:
    if group.state == NotificationState.RESOLVED:
        raise AlreadyResolved
