"""Moving a job through its states. Each step is one conditional UPDATE, so that
two workers that hold the same message cannot both do it. Callers commit."""

from __future__ import annotations

import traceback
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update

from cms import clock
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import pauses
from cms.jobs.models import ENDED, WAITING, Job, JobAttempt, JobState

# What every database's TEXT column holds, in any script.
LONGEST_MESSAGE = 2_000
LONGEST_TRACEBACK = 15_000
PRUNED_AT_ONCE = 500

UNEXPECTED = N_("An unexpected error stopped it. The details are with the job.")


@dataclass(frozen=True)
class Holder:
    """Who runs a job: a consumer's id, the name of its thread, and how long it is
    believed to live without a sign."""

    worker_id: str
    name: str
    lease: timedelta


class ClaimLost(CmsError):
    """The attempt was given up in the meantime, and another may have begun."""

    sentence = N_("This attempt took too long and was given to another worker.")


def claim(job_id: str, holder: Holder) -> Job | None:
    """Begin the next attempt of a waiting job for `holder`, and return it.

    Returns None when there is nothing to claim: the job runs elsewhere, has
    ended, is of a paused kind, or its transaction was rolled back. Attempts are counted here, at
    the start, so that one that kills its worker counts too.
    """
    now = clock.now()
    claimed = _advance(
        Job.id == job_id,
        Job.state.in_(WAITING),
        pauses.not_paused(),
        state=JobState.RUNNING,
        attempts_made=Job.attempts_made + 1,
        started_at=now,
        worker_id=holder.worker_id,
        lease_until=now + holder.lease,
        progress_done=None,
        progress_total=None,
    )
    if not claimed:
        return None
    job = db.session.get_one(Job, job_id, populate_existing=True)
    db.session.add(JobAttempt(job_id=job.id, number=job.attempts_made, worker=holder.name))
    return job


def succeed(job_id: str, attempt: int) -> None:
    """End the job well.

    Raises `ClaimLost` when this attempt no longer holds the job; the caller
    then rolls back, and with it what the attempt has done.
    """
    _end(job_id, attempt, JobState.SUCCEEDED)


def end_moot(job_id: str, attempt: int) -> None:
    """End the job quietly, since what it was for is gone. Raises `ClaimLost`."""
    _end(job_id, attempt, JobState.MOOT)


def fail(  # noqa: PLR0913 - all of it is about one attempt
    job_id: str,
    attempt: int,
    error: BaseException,
    *,
    final: bool,
    lost: bool = False,
    delay: int = 0,
) -> Job | None:
    """Record that an attempt failed; `final` ends the job.

    Otherwise the job waits for `delay` seconds, or for nothing when its worker
    was `lost`. Returns None when the attempt no longer holds the job, or, for
    a lost one, when its lease was renewed meanwhile.
    """
    now = clock.now()
    job = db.session.get(Job, job_id)
    if job is None:
        return None
    sentence, facts = in_words(error)
    conditions = [Job.lease_until < now] if lost else []
    recorded = _advance(
        *_held_by(job_id, attempt),
        *conditions,
        state=JobState.FAILED if final else JobState.RETRYING,
        due_at=Job.due_at if final else now if lost else now + timedelta(seconds=delay),
        finished_at=now if final else None,
        unique_key=None if final else Job.unique_key,
        lease_until=None,
        sentence=sentence,
        facts=facts,
    )
    if not recorded:
        return None
    _close_attempt(
        job_id,
        attempt,
        outcome="lost" if lost else "failed",
        error_class=f"{type(error).__module__}.{type(error).__qualname__}"[:200],
        error_message=str(error)[:LONGEST_MESSAGE],
        traceback="".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:],
    )
    db.session.refresh(job)
    return job


def set_progress(job_id: str, attempt: int, done: int, total: int) -> None:
    """Note how much of its work a running attempt has done. Raises `ClaimLost`."""
    if not _advance(*_held_by(job_id, attempt), progress_done=done, progress_total=total):
        raise ClaimLost


def put_back(job_id: str, attempt: int) -> bool:
    """Let a job whose attempt was interrupted by a stop wait again, due at once.

    The attempt counts, but not against the job: it is allowed one more.
    """
    returned = _advance(
        *_held_by(job_id, attempt),
        state=JobState.RETRYING,
        attempts_allowed=Job.attempts_allowed + 1,
        due_at=clock.now(),
        lease_until=None,
    )
    if returned:
        _close_attempt(job_id, attempt, outcome="interrupted")
    return returned


def discard(job_id: str) -> bool:
    """Give up a job that waits or has failed; False when it runs or has ended."""
    return _advance(
        Job.id == job_id,
        Job.state.in_((*WAITING, JobState.FAILED)),
        state=JobState.DISCARDED,
        finished_at=clock.now(),
        unique_key=None,
    )


def extend_leases(holder: Holder, job_ids: Collection[str]) -> int:
    """Say that `holder` still works on these jobs; return how many it holds.

    A job that is in its name but not among them ended without a record of it,
    since the database was away: its lease runs out, and the sweep finds it.
    """
    statement = (
        update(Job)
        .where(
            Job.id.in_(job_ids),
            Job.worker_id == holder.worker_id,
            Job.state == JobState.RUNNING,
        )
        .values(lease_until=clock.now() + holder.lease)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", db.session.execute(statement)).rowcount


def prune(before: datetime) -> int:
    """Delete jobs that ended before that moment, with their attempts; return how many.

    Commits after each batch, so that a large ledger is never locked for long.
    """
    deleted = 0
    while True:
        ids = db.session.scalars(
            select(Job.id)
            .where(Job.state.in_(ENDED), Job.finished_at < before)
            .limit(PRUNED_AT_ONCE)
        ).all()
        if not ids:
            return deleted
        db.session.execute(update(Job).where(Job.retry_of_id.in_(ids)).values(retry_of_id=None))
        db.session.execute(delete(JobAttempt).where(JobAttempt.job_id.in_(ids)))
        db.session.execute(delete(Job).where(Job.id.in_(ids)))
        db.session.commit()
        deleted += len(ids)


def in_words(error: BaseException) -> tuple[str, dict[str, Any]]:
    """Return the sentence, and its facts, that an editor may read about `error`."""
    if isinstance(error, CmsError):
        return error.sentence, error.facts
    return UNEXPECTED, {}


def count_by_state() -> dict[JobState, int]:
    """Return how many jobs are in each state, zeros included."""
    rows = db.session.execute(select(Job.state, func.count()).group_by(Job.state))
    return dict.fromkeys(JobState, 0) | dict(rows.all())


def count_unended_by_task() -> dict[str, dict[JobState, int]]:
    """Return how many jobs of each kind wait and run, by state; zeros are left out."""
    query = select(Job.task, Job.state, func.count()).where(
        Job.state.in_((*WAITING, JobState.RUNNING))
    )
    counts: dict[str, dict[JobState, int]] = {}
    for task, state, count in db.session.execute(query.group_by(Job.task, Job.state)):
        counts.setdefault(task, {})[state] = count
    return counts


def for_subject(kind: str, subject_id: object, limit: int = 20) -> list[Job]:
    """Return the newest jobs that were made for a thing."""
    query = (
        select(Job)
        .where(Job.subject_kind == kind, Job.subject_id == str(subject_id))
        .order_by(Job.created_at.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def newest_retry(job: Job) -> Job:
    """Return the last of a job's retries by hand, or the job itself."""
    while (retry := retry_of(job)) is not None:
        job = retry
    return job


def retry_of(job: Job) -> Job | None:
    """Return the retry by hand of a failed job, if there is one."""
    return db.session.scalars(select(Job).where(Job.retry_of_id == job.id)).one_or_none()


def newest_traceback(job: Job) -> str | None:
    """Return the traceback of a job's newest attempt that has one."""
    query = (
        select(JobAttempt.traceback)
        .where(JobAttempt.job_id == job.id, JobAttempt.traceback.is_not(None))
        .order_by(JobAttempt.number.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def _end(job_id: str, attempt: int, state: JobState) -> None:
    ended = _advance(
        *_held_by(job_id, attempt),
        state=state,
        finished_at=clock.now(),
        unique_key=None,
        lease_until=None,
        sentence=None,
        facts=None,
    )
    if not ended:
        raise ClaimLost
    _close_attempt(job_id, attempt, outcome=state.value)


def _held_by(job_id: str, attempt: int) -> tuple[Any, ...]:
    return Job.id == job_id, Job.state == JobState.RUNNING, Job.attempts_made == attempt


def _advance(*conditions: Any, **values: Any) -> bool:
    statement = update(Job).where(*conditions).values(**values)
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount == 1


def _close_attempt(job_id: str, number: int, **values: Any) -> None:
    db.session.execute(
        update(JobAttempt)
        .where(JobAttempt.job_id == job_id, JobAttempt.number == number)
        .values(finished_at=clock.now(), **values)
    )
