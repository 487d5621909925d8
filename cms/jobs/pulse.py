"""Whether anybody is working: living consumers, and how long jobs have waited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, select

from cms import clock
from cms.config import settings
from cms.errors import N_
from cms.extensions import db
from cms.jobs import pauses
from cms.jobs.models import WAITING, Job, PausedTask, Worker
from cms.trash import NO_TRASH

LONG = timedelta(minutes=2)

NO_WORKER = N_("No worker is running. Jobs are kept, and wait until one is started.")
QUEUE_AWAY = N_("The queue does not answer. Jobs are kept, and run when it is back.")
TOO_SLOW = N_("Jobs have waited for %(minutes)s minutes: the workers do not keep up.")


@dataclass(frozen=True)
class Pulse:
    """How many consumers live, whether the queue answers them, and for how long the oldest
    job that is due has waited.

    One of a paused kind is not waited for; `paused` is how many kinds are.
    """

    workers: int
    waited: timedelta
    queue_away: bool = False
    paused: int = 0

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
    workers, away, paused, *found = db.session.execute(_look(), {"since": _lived(now)}).one()
    oldest = min((due for due in found if due is not None), default=now)
    waited = max(now - oldest, timedelta(0))
    return Pulse(workers, waited, queue_away=away > 0, paused=paused)


@cache
def _look() -> Select[Any]:
    # One of each state, so that an index answers, however many wait.
    firsts = [
        select(func.min(Job.due_at)).where(Job.state == state, pauses.not_paused())
        for state in WAITING
    ]
    paused = select(func.count()).select_from(PausedTask)
    asked = [query.scalar_subquery() for query in (paused, *firsts)]
    alive = select(func.count(), func.count(Worker.queue_away_since), *asked)
    alive = alive.where(Worker.seen_at >= bindparam("since"))
    return alive.execution_options(**NO_TRASH)


def count_due() -> int:
    """Return how many jobs wait that are due, and not paused."""
    query = select(func.count()).where(
        Job.state.in_(WAITING), Job.due_at <= clock.now(), pauses.not_paused()
    )
    return db.session.scalar(query) or 0


def knows(host: str) -> bool:
    """Tell whether a worker of this machine is known, be it alive or not."""
    return db.session.scalar(select(Worker.id).where(Worker.host == host).limit(1)) is not None


def living() -> Sequence[Worker]:
    """Return the consumers that have given a sign of life within a lease."""
    return db.session.scalars(select(Worker).where(Worker.seen_at >= _lived(clock.now()))).all()


def _lived(now: datetime) -> datetime:
    """Return since when who lives has given a sign of life."""
    return now - timedelta(seconds=settings().job_lease)


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
