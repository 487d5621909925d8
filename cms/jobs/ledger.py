"""Moving a job through its states. Each step is one conditional UPDATE, so that
two workers that hold the same message cannot both do it. Callers commit."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)

from cms import clock
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import pauses
from cms.jobs.clerk import Statement, Written, prepare
from cms.jobs.models import ENDED, WAITING, Job, JobAttempt, JobState

# What every database's TEXT column holds, in any script.
LONGEST_MESSAGE = 2_000
LONGEST_TRACEBACK = 15_000
PRUNED_AT_ONCE = 500
CLOCKS_DIFFER = timedelta(seconds=5)  # of hosts

UNEXPECTED = N_("An unexpected error stopped it. The details are with the job.")


Write = Callable[[Statement, Mapping[str, Any]], Written]


class Claim(NamedTuple):
    """What a run needs to know of its job."""

    attempts_made: int
    attempts_allowed: int
    retry_delay: int
    retry_of_id: str | None


# Every job passes through these. They are made once, and on the table: to make
# such a statement anew costs more than to execute it.
_TABLE = cast("Table", Job.__table__)
_JOB = _TABLE.c
ENTER = insert(_TABLE).values(
    {
        name: bindparam(name)
        for name in (
            "id", "task", "args", "kwargs", "subject_kind", "subject_id", "state",
            "attempts_made", "attempts_allowed", "retry_delay", "submitted_by_id", "priority",
            "unique_key", "retry_of_id", "created_at", "due_at",
        )
    }
)  # fmt: skip
_NEEDED = [_JOB[name] for name in Claim._fields]
_CLAIM = (
    update(_TABLE)
    .where(
        _JOB.id == bindparam("job"),
        or_(*(_JOB.state == waiting for waiting in WAITING)),
        # One that never had to wait is due, whatever the clock of who submitted it says.
        or_(_JOB.due_at <= bindparam("soon"), _JOB.due_at <= _JOB.created_at),
        pauses.not_paused(),
    )
    .values(
        state=JobState.RUNNING,
        attempts_made=_JOB.attempts_made + 1,
        started_at=bindparam("now"),
        worker_id=bindparam("worker"),
        holder=bindparam("name"),
        lease_until=bindparam("until"),
        progress_done=null(),
        progress_total=null(),
    )
)
_CLAIM_RETURNING = _CLAIM.returning(*_NEEDED)
# PostgreSQL need not have a claim on its disk before the work begins: it writes in order,
# so what records the end brings the claim with it. If the server dies in between, the job
# waits as if it had not begun, and is done once: an end without its claim is refused.
_CLAIM_ON_POSTGRESQL = _CLAIM.returning(
    *_NEEDED, func.set_config("synchronous_commit", "off", true())
)
_CLAIMED = select(*_NEEDED).where(_JOB.id == bindparam("job"))
_END = (
    update(_TABLE)
    .where(
        _JOB.id == bindparam("job"),
        _JOB.state == JobState.RUNNING,
        _JOB.attempts_made == bindparam("number"),
    )
    .values(
        state=bindparam("new_state"),
        finished_at=bindparam("now"),
        unique_key=null(),
        lease_until=null(),
        sentence=null(),
        facts=null(),
    )
)


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


def claim(job_id: str, holder: Holder, write: Write | None = None) -> Claim | None:
    """Begin the next attempt of a waiting job for `holder`.

    Returns None when there is nothing to claim: the job runs elsewhere, has
    ended, is of a paused kind, is due later, so that a message too many spends no
    attempt before its time, or its transaction was rolled back. Attempts are
    counted here, at the start, so that one that kills its worker counts too.
    """
    now = clock.now()
    values = {
        "job": job_id,
        "now": now,
        "soon": now + CLOCKS_DIFFER,
        "worker": holder.worker_id,
        "name": holder.name,
        "until": now + holder.lease,
    }
    return _claimed(write or in_session, values)


def succeed(job_id: str, attempt: int, write: Write | None = None) -> None:
    """End the job well.

    Raises `ClaimLost` when this attempt no longer holds the job; the caller
    then rolls back, and with it what the attempt has done.
    """
    _end(job_id, attempt, JobState.SUCCEEDED, write)


def end_moot(job_id: str, attempt: int, write: Write | None = None) -> None:
    """End the job quietly, since what it was for is gone. Raises `ClaimLost`."""
    _end(job_id, attempt, JobState.MOOT, write)


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
    _keep_attempt(
        job,
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
    job = db.session.get(Job, job_id)
    returned = job is not None and _advance(
        *_held_by(job_id, attempt),
        state=JobState.RETRYING,
        attempts_allowed=Job.attempts_allowed + 1,
        due_at=clock.now(),
        lease_until=None,
    )
    if job is not None and returned:
        _keep_attempt(job, attempt, outcome="interrupted")
    return returned


def discard(job_id: str, states: Collection[JobState]) -> bool:
    """Give up a job that is in one of these states; False when it is not."""
    return _advance(
        Job.id == job_id,
        Job.state.in_(states),
        state=JobState.DISCARDED,
        finished_at=clock.now(),
        unique_key=None,
    )


def hasten(job_id: str) -> bool:
    """Let a job that waits for a later time be due now; False when it does not."""
    now = clock.now()
    return _advance(Job.id == job_id, Job.state.in_(WAITING), Job.due_at > now, due_at=now)


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


def prune(before: datetime, keep: ColumnElement[bool] | None = None) -> int:
    """Delete jobs that ended before that moment, with their attempts; return how many.

    None of those that are to be kept. Commits after each batch, so that a large
    ledger is never locked for long.
    """
    old = and_(Job.state.in_(ENDED), Job.finished_at < before)
    gone = old if keep is None else and_(old, ~keep)
    deleted = 0
    while True:
        ids = db.session.scalars(select(Job.id).where(gone).limit(PRUNED_AT_ONCE)).all()
        if not ids:
            return deleted
        db.session.execute(update(Job).where(Job.retry_of_id.in_(ids)).values(retry_of_id=None))
        db.session.execute(delete(JobAttempt).where(JobAttempt.job_id.in_(ids)))
        db.session.execute(delete(Job).where(Job.id.in_(ids)))
        db.session.commit()
        deleted += len(ids)


def prune_things(model: Any, kind: str, old: ColumnElement[bool]) -> int:
    """Delete the `old` ones of the things that jobs were for; return how many.

    One of which a job is left is kept: it can be looked at, and tried again.
    Commits after each batch. `kind` is the `subject` of the jobs.
    """
    deleted = last = 0
    following = select(model.id).where(old).order_by(model.id).limit(PRUNED_AT_ONCE)
    while ids := db.session.scalars(following.where(model.id > last)).all():
        last = ids[-1]
        gone = delete(model).where(model.id.in_(set(ids) - _with_jobs(kind, ids)), old)
        deleted += cast("CursorResult[Any]", db.session.execute(gone)).rowcount
        db.session.commit()
    return deleted


def _with_jobs(kind: str, ids: Collection[int]) -> set[int]:
    subjects = [str(number) for number in ids]
    query = select(Job.subject_id).where(Job.subject_kind == kind, Job.subject_id.in_(subjects))
    return {int(cast("str", number)) for number in db.session.scalars(query)}


def in_words(error: BaseException) -> tuple[str, dict[str, Any]]:
    """Return the sentence, and its facts, that an editor may read about `error`."""
    if isinstance(error, CmsError):
        return error.sentence, error.facts
    return UNEXPECTED, {}


def count_by_state(at_most: int) -> dict[JobState, int]:
    """Return how many jobs are in each state, counting to `at_most`.

    A failed one that was retried by hand is left out, as in the list: its retry counts.
    """
    counts = []
    for state in JobState:
        those = Job.state == state
        if state == JobState.FAILED:
            those &= ~Job.retry.has()
        capped = select(literal_column("1")).where(those).limit(at_most).subquery()
        counts.append(select(func.count()).select_from(capped).scalar_subquery())
    return dict(zip(JobState, db.session.execute(select(*counts)).one(), strict=True))


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


def newest_of(task: str) -> Job | None:
    """Return the job of a kind that was submitted last."""
    query = select(Job).where(Job.task == task).order_by(Job.created_at.desc()).limit(1)
    return db.session.scalar(query)


def mean_duration(task: str, samples: int) -> float | None:
    """Return how many seconds the newest jobs of a kind ran that ended well; None without any."""
    query = (
        select(Job.started_at, Job.finished_at)
        .where(Job.task == task, Job.state == JobState.SUCCEEDED)
        .order_by(Job.created_at.desc())
        .limit(samples)
    )
    ran = [end - start for start, end in db.session.execute(query) if start and end]
    return sum(ran, timedelta()).total_seconds() / len(ran) if ran else None


def newest_retry(job: Job) -> Job:
    """Return the last of a job's retries by hand, or the job itself."""
    while (retry := retry_of(job)) is not None:
        job = retry
    return job


def retry_of(job: Job) -> Job | None:
    """Return the retry by hand of a failed job, if there is one."""
    return db.session.scalars(select(Job).where(Job.retry_of_id == job.id)).one_or_none()


def lineage(job: Job) -> list[Job]:
    """Return a job with all that it is a retry of and all its retries, oldest first."""
    jobs = [job]
    while (first := jobs[0]).retry_of_id is not None:
        jobs.insert(0, db.session.get_one(Job, first.retry_of_id))
    while (retry := retry_of(jobs[-1])) is not None:
        jobs.append(retry)
    return jobs


def newest_traceback(job: Job) -> str | None:
    """Return the traceback of a job's newest attempt that has one."""
    query = (
        select(JobAttempt.traceback)
        .where(JobAttempt.job_id == job.id, JobAttempt.traceback.is_not(None))
        .order_by(JobAttempt.number.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def in_session(statement: Statement, values: Mapping[str, Any]) -> Written:
    """Execute a statement in the transaction of the session."""
    connection = db.session.connection()
    prepared = prepare(statement, connection.dialect)
    result = connection.exec_driver_sql(prepared.sql, prepared.arguments(values))
    return Written(result.rowcount, result.first() if result.returns_rows else None)


def enter_many(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write many jobs in the transaction of the session."""
    connection = db.session.connection()
    prepared = prepare(ENTER, connection.dialect)
    connection.exec_driver_sql(prepared.sql, [prepared.arguments(row) for row in rows])


def _end(job_id: str, attempt: int, state: JobState, write: Write | None) -> None:
    values = {"job": job_id, "number": attempt, "new_state": state, "now": clock.now()}
    if (write or in_session)(_END, values).rowcount != 1:
        raise ClaimLost


def _claimed(write: Write, values: Mapping[str, Any]) -> Claim | None:
    dialect = db.engine.dialect
    if dialect.name == "postgresql":
        row = write(_CLAIM_ON_POSTGRESQL, values).row
    elif dialect.update_returning:
        row = write(_CLAIM_RETURNING, values).row
    elif write(_CLAIM, values).rowcount == 1:  # MariaDB
        row = write(_CLAIMED, values).row
    else:
        row = None
    return row and Claim(*row[: len(_NEEDED)])


def _held_by(job_id: str, attempt: int) -> tuple[Any, ...]:
    return Job.id == job_id, Job.state == JobState.RUNNING, Job.attempts_made == attempt


def _advance(*conditions: Any, **values: Any) -> bool:
    statement = update(Job).where(*conditions).values(**values)
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount == 1


def _keep_attempt(job: Job, number: int, **values: Any) -> None:
    db.session.execute(
        insert(JobAttempt).values(
            job_id=job.id,
            number=number,
            worker=job.holder or "",
            started_at=job.started_at or clock.now(),
            finished_at=clock.now(),
            **values,
        )
    )
