"""What is tidied up every night: what ended long ago, and what never arrived."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from cms import clock
from cms.accounts import sessions
from cms.audit import chain
from cms.config import settings
from cms.errors import N_
from cms.jobs import ledger, selections
from cms.mail import services as mail
from cms.media import files
from cms.notifications import services as notifications
from cms.tasks.queue import huey
from cms.webhooks import services as webhooks

logger = logging.getLogger(__name__)

# Longer than any upload takes.
LEFT_BEHIND = timedelta(days=1)


@dataclass(frozen=True)
class Pruned:
    """How many of each were deleted."""

    jobs: int
    mails: int
    calls: int
    selections: int


@huey.task(
    retries=3,
    retry_delay=60,
    name="prune",
    schedule="15 3 * * *",
    words=N_("Delete what ended long ago"),
    meaning=N_("Old jobs, mail and webhook calls are kept, and the database grows."),
)
def prune() -> None:
    """Delete what ended more days ago than `CMS_JOB_KEEP_DAYS`, and entries of the audit
    trail that are older than `CMS_AUDIT_KEEP_DAYS`."""
    logger.info("pruned: %s", prune_ended(settings().job_keep_days))
    logger.info("%s log-ins forgotten", sessions.prune())
    kept = timedelta(days=settings().audit_keep_days)
    logger.info("%s entries of the audit trail deleted", chain.prune(clock.now() - kept))
    logger.info("the audit trail is sealed up to %s", chain.newest())


@huey.task(
    retries=3,
    retry_delay=60,
    name="clear_incoming",
    schedule="45 3 * * *",
    words=N_("Remove what broken uploads left behind"),
    meaning=N_("Files that nobody needs fill the disk."),
)
def clear_incoming() -> None:
    """Remove files of uploads that were cut off more than a day ago."""
    logger.info("%s files of broken uploads removed", files.storage().clear_incoming(LEFT_BEHIND))


def prune_ended(days: int) -> Pruned:
    """Delete jobs, mail and webhook calls that ended, and selections made, more than so
    many days ago.

    A failed job is kept while a notification that tells of it is open, since it
    can still be tried again; and so is the mail or the call that it was for.
    Commits after each batch.
    """
    before = clock.now() - timedelta(days=days)
    return Pruned(
        jobs=ledger.prune(before, keep=notifications.is_told_of()),
        mails=mail.prune(before),
        calls=webhooks.prune(before),
        selections=selections.prune(before),
    )
