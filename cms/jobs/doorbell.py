"""Telling the broker about a job, but only once its row is committed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from sqlalchemy import event
from sqlalchemy.orm import Session

from cms.extensions import db

logger = logging.getLogger(__name__)

_KEY = "cms.jobs.doorbell"


def ring_after_commit(one: Callable[[], object]) -> None:
    """Call it when the current transaction has committed; forget it on rollback."""
    db.session().info.setdefault(_KEY, []).append(one)


def ring(rings: Sequence[Callable[[], object]]) -> None:
    """Call each, and log that the queue is away if it is: the ledger knows the jobs, and
    the sweep publishes them."""
    for number, one in enumerate(rings):
        try:
            one()
        except Exception:
            logger.exception(
                "the queue does not answer; jobs wait in the ledger: %s", len(rings) - number
            )
            return  # a frozen queue takes seconds for each, and a request waits for this


@event.listens_for(db.session, "after_commit")
def _ring(session: Session) -> None:
    if not session.in_nested_transaction():
        ring(session.info.pop(_KEY, ()))


@event.listens_for(db.session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_KEY, None)
