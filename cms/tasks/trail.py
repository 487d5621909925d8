"""Sealing the audit trail, by the consumer on duty."""

from __future__ import annotations

import logging

from sqlalchemy.exc import IntegrityError

from cms.audit import chain
from cms.extensions import db
from cms.jobs.queue import LedgerHuey
from cms.tasks.queue import huey

logger = logging.getLogger(__name__)


@huey.duty
def seal(_huey: LedgerHuey) -> None:
    """Seal what was noted since the last time, and say the newest seal in the log: kept
    where nobody can change it, it proves that nobody has changed the trail."""
    try:
        newest = chain.seal()
    except IntegrityError:  # a command does the same at this moment
        db.session.rollback()
        return
    if newest:
        logger.info("audit trail sealed up to %s:%s", newest.number, newest.digest)
