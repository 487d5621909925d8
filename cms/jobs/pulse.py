"""Whether anybody is working: living consumers, and how long jobs have waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from cms import clock
from cms.config import settings
from cms.errors import N_
from cms.extensions import db
from cms.jobs import pauses
from cms.jobs.models import WAITING, Job, Worker

LONG = timedelta(minutes=2)

NO_WORKER = N_("No worker is running. Jobs are kept, and wait until one is started.")
QUEUE_AWAY = N_("The queue does not answer. Jobs are kept, and run when it is back.")
TOO_SLOW = N_("Jobs have waited for %(minutes)s minutes: the workers do not keep up.")


@dataclass(frozen=True)
class Pulse:
    """How many consumers live, whether the queue answers them, and for how long the oldest
    job that is due has waited.

    One of a paused kind is not waited for.
    """

    workers: int
    waited: timedelta
    queue_away: bool = False

    @property
    def trouble(self) -> tuple[str, dict[str, int]] | None:
        """What to tell on every page, as a sentence and its facts; None while all is well."""
        if not self.workers:
            return NO_WORKER, {}
        if self.queue_away:
            return QUEUE_AWAY, {}
        if self.waited > LONG:
            return TOO_SLOW, {"minutes": self.waited // timedelta(minutes=1)}
        return None


def take() -> Pulse:
    """Look at the ledger, by one small query: every page of the admin asks."""
    now = clock.now()
    # One of each state, so that an index answers, however many wait.
    firsts = [
        select(func.min(Job.due_at))
        .where(Job.state == state, pauses.not_paused())
        .scalar_subquery()
        for state in WAITING
    ]
    alive = select(func.count(), func.count(Worker.queue_away_since), *firsts).where(_lives(now))
    workers, away, *found = db.session.execute(alive).one()
    oldest = min((due for due in found if due is not None), default=now)
    return Pulse(workers, waited=max(now - oldest, timedelta(0)), queue_away=away > 0)


def count_due() -> int:
    """Return how many jobs wait that are due, and not paused."""
    query = select(func.count()).where(
        Job.state.in_(WAITING), Job.due_at <= clock.now(), pauses.not_paused()
    )
    return db.session.scalar(query) or 0


def living() -> Sequence[Worker]:
    """Return the consumers that have given a sign of life within a lease."""
    return db.session.scalars(select(Worker).where(_lives(clock.now()))).all()


def _lives(now: datetime) -> ColumnElement[bool]:
    return Worker.seen_at >= now - timedelta(seconds=settings().job_lease)


def forget_dead(older_than: timedelta = timedelta(days=1)) -> None:
    """Take consumers off the list that died without leaving it; the caller commits."""
    db.session.execute(delete(Worker).where(Worker.seen_at < clock.now() - older_than))


def running_by_worker() -> dict[str, int]:
    """Return how many jobs each consumer runs now, by its id."""
    query = (
        select(Job.worker_id, func.count())
        .where(Job.lease_until.is_not(None), Job.worker_id.is_not(None))
        .group_by(Job.worker_id)
    )
    return {str(worker): count for worker, count in db.session.execute(query)}
