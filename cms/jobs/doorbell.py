"""Telling the broker about a job, but only once its row is committed."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.orm import Session

from cms.extensions import db

logger = logging.getLogger(__name__)

_KEY = "cms.jobs.doorbell"


def ring_after_commit(ring: Callable[[], object]) -> None:
    """Call `ring` when the current transaction has committed; forget it on rollback."""
    db.session().info.setdefault(_KEY, []).append(ring)


@event.listens_for(db.session, "after_commit")
def _ring(session: Session) -> None:
    if session.in_nested_transaction():
        return
    rings = session.info.pop(_KEY, ())
    for number, ring in enumerate(rings):
        try:
            ring()
        except Exception:  # the commit stands; the ledger knows the jobs, and the sweep publishes
            logger.exception(
                "the queue does not answer; jobs wait in the ledger: %s", len(rings) - number
            )
            return  # a frozen queue takes seconds for each, and a request waits for this


@event.listens_for(db.session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_KEY, None)
