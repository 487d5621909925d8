"""Moving a job through its states. Each step is one conditional UPDATE, so that
two workers that hold the same message cannot both do it. Callers commit."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, update

from cms import clock
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs.models import WAITING, Job, JobAttempt, JobState

# What every database's TEXT column holds, in any script.
LONGEST_MESSAGE = 2_000
LONGEST_TRACEBACK = 15_000

UNEXPECTED = N_("An unexpected error stopped it. The details are with the job.")


class ClaimLost(CmsError):
    """The attempt was given up in the meantime, and another may have begun."""

    sentence = N_("This attempt took too long and was given to another worker.")


def claim(job_id: str, worker: str) -> Job | None:
    """Begin the next attempt of a waiting job, and return it.

    Returns None when there is nothing to claim: the job runs elsewhere, has
    ended, or its transaction was rolled back. Attempts are counted here, at
    the start, so that one that kills its worker counts too.
    """
    claimed = _advance(
        Job.id == job_id,
        Job.state.in_(WAITING),
        state=JobState.RUNNING,
        attempts_made=Job.attempts_made + 1,
        started_at=clock.now(),
    )
    if not claimed:
        return None
    job = db.session.get_one(Job, job_id, populate_existing=True)
    db.session.add(JobAttempt(job_id=job.id, number=job.attempts_made, worker=worker))
    return job


def succeed(job_id: str, attempt: int) -> None:
    """End the job well.

    Raises `ClaimLost` when this attempt no longer holds the job; the caller
    then rolls back, and with it what the attempt has done.
    """
    ended = _advance(
        Job.id == job_id,
        Job.state == JobState.RUNNING,
        Job.attempts_made == attempt,
        state=JobState.SUCCEEDED,
        finished_at=clock.now(),
        sentence=None,
        facts=None,
    )
    if not ended:
        raise ClaimLost
    _close_attempt(job_id, attempt, outcome="succeeded")


def fail(job_id: str, error: BaseException, *, final: bool) -> Job | None:
    """Record that the running attempt failed; `final` ends the job.

    Otherwise the job waits for its retry delay. Returns None when the job was
    not running, for instance because the database was away when it was claimed.
    """
    now = clock.now()
    job = db.session.get(Job, job_id)
    if job is None:
        return None
    sentence, facts = in_words(error)
    ended = _advance(
        Job.id == job_id,
        Job.state == JobState.RUNNING,
        state=JobState.FAILED if final else JobState.RETRYING,
        due_at=now if final else now + timedelta(seconds=job.retry_delay),
        finished_at=now if final else None,
        sentence=sentence,
        facts=facts,
    )
    if not ended:
        return None
    _close_attempt(
        job_id,
        job.attempts_made,
        outcome="failed",
        error_class=f"{type(error).__module__}.{type(error).__qualname__}"[:200],
        error_message=str(error)[:LONGEST_MESSAGE],
        traceback="".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:],
    )
    db.session.refresh(job)
    return job


def in_words(error: BaseException) -> tuple[str, dict[str, Any]]:
    """Return the sentence, and its facts, that an editor may read about `error`."""
    if isinstance(error, CmsError):
        return error.sentence, error.facts
    return UNEXPECTED, {}


def count_by_state() -> dict[JobState, int]:
    """Return how many jobs are in each state, zeros included."""
    rows = db.session.execute(select(Job.state, func.count()).group_by(Job.state))
    return dict.fromkeys(JobState, 0) | dict(rows.all())


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
