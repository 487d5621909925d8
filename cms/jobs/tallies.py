"""What has become of the jobs that ended, summed up by minute and kind, so that
charts and monitoring need not count the ledger. Old minutes become hours."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Float,
    case,
    delete,
    extract,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from cms import clock
from cms.extensions import db
from cms.jobs import duties
from cms.jobs.models import Job, JobState, JobTally

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# A job is stamped a moment before its end is committed.
GRACE = MINUTE
MINUTES_KEPT = timedelta(days=8)
HOURS_KEPT = timedelta(days=400)
# What is older still is one row for each kind, here, so that sums over all never sink.
EVER = datetime(2000, 1, 1, tzinfo=UTC)
# The row there that counts what sweeps have found: attempts lost, messages made anew.
FOUND = "(sweep)"
# The heart that tallies must beat meanwhile.
SECONDS_AT_ONCE = 4.0

_COUNTS = ("succeeded", "failed", "other")
_TIMES = ("waited", "ran")


class SecondsBetween(FunctionElement[float]):
    """The seconds from one moment to another, in each database's own words."""

    type = Float()
    inherit_cache = True


@compiles(SecondsBetween, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    begin, end = (compiler.process(side, **options) for side in element.clauses)
    return f"(julianday({end}) - julianday({begin})) * 86400.0"


@compiles(SecondsBetween, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    begin, end = (compiler.process(side, **options) for side in element.clauses)
    return f"EXTRACT(EPOCH FROM {end} - {begin})"


@compiles(SecondsBetween, "mysql")
@compiles(SecondsBetween, "mariadb")
def _on_mariadb(element: Any, compiler: Any, **options: Any) -> str:
    begin, end = (compiler.process(side, **options) for side in element.clauses)
    return f"TIMESTAMPDIFF(MICROSECOND, {begin}, {end}) / 1000000.0"


def tally() -> None:
    """Sum up the minutes that have closed since the last tally, and fold the old ones.

    Commits after each minute. It takes some seconds at most; after an outage
    the next ones do the rest.
    """
    until = time.monotonic() + SECONDS_AT_ONCE
    while minute := _next_minute():
        _replace(minute, MINUTE, _sums_of_jobs(minute))
        if time.monotonic() > until:
            break
    if duties.take("fold tallies", HOUR):
        _fold()


def add_found(lost: int, published: int) -> None:
    """Count what a sweep has mended; the caller commits."""
    if _add_found(lost, published):
        return
    try:
        with db.session.begin_nested():
            db.session.add(JobTally(begins_at=EVER, task=FOUND, failed=lost, other=published))
    except IntegrityError:  # another sweep was the first at the same time
        _add_found(lost, published)


def found() -> tuple[int, int]:
    """Return how many attempts all sweeps found lost, and how many messages they made anew."""
    row = db.session.get(JobTally, (EVER, FOUND))
    return (row.failed, row.other) if row else (0, 0)


def by_task(since: datetime = EVER) -> dict[str, JobTally]:
    """Return the sums since then, by default since ever, of each kind of job.

    They are objects of no session, which have no `begins_at`.
    """
    return {row.task: row for row in _summed(JobTally.begins_at >= since)}


def over_time(since: datetime, until: datetime, step: timedelta) -> list[JobTally]:
    """Return the sums over all kinds of each `step` from `since` to `until`, empty ones too.

    They are objects of no session, which have no `task`.
    """
    steps = [blank(begins_at=since + n * step) for n in range((until - since) // step)]
    query = (
        select(JobTally.begins_at, *_summing())
        .where(JobTally.begins_at >= since, JobTally.begins_at < since + len(steps) * step)
        .group_by(JobTally.begins_at)
    )
    for begins_at, *values in db.session.execute(query):
        _add(steps[(begins_at - since) // step], values)
    return steps


def blank(**key: Any) -> JobTally:
    """Return the sums of nothing, an object of no session."""
    counts, times = dict.fromkeys(_COUNTS, 0), dict.fromkeys(_TIMES, 0.0)
    return JobTally(**key, **counts, **times, waited_longest=0.0)


def floor(moment: datetime, step: timedelta) -> datetime:
    """Return the begin of the step that `moment` lies in."""
    return moment - (moment - EVER) % step


def last_closed() -> datetime:
    """Return the end of the newest minute that may be tallied."""
    return floor(clock.now() - GRACE, MINUTE)


def _next_minute() -> datetime | None:
    """Return the first closed minute after the last tally in which a job ended."""
    last = db.session.scalar(select(func.max(JobTally.begins_at)))
    since = (last or EVER) + MINUTE
    query = select(func.min(Job.finished_at))
    ended = db.session.scalar(
        query.where(Job.finished_at >= since, Job.finished_at < last_closed())
    )
    return floor(ended, MINUTE) if ended else None


def _sums_of_jobs(minute: datetime) -> list[JobTally]:
    waited = _duration(Job.due_at, Job.started_at)
    ran = _duration(Job.started_at, Job.finished_at)
    ended_well = Job.state == JobState.SUCCEEDED
    ended_badly = Job.state == JobState.FAILED
    query = (
        select(
            Job.task,
            _count_if(ended_well),
            _count_if(ended_badly),
            _count_if(~ended_well & ~ended_badly),
            func.sum(waited),
            func.sum(ran),
            func.max(waited),
        )
        .where(Job.finished_at >= minute, Job.finished_at < minute + MINUTE)
        .group_by(Job.task)
    )
    return _tallies(db.session.execute(query))


def _duration(begin: Any, end: Any) -> ColumnElement[float]:
    """Return the seconds between, of a job that was run to its end; never below 0."""
    ran = Job.state.in_((JobState.SUCCEEDED, JobState.FAILED)) & (end > begin)
    return case((ran, SecondsBetween(begin, end)), else_=0.0)


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _fold() -> None:
    """Make hours of the old minutes, and one row of each kind of the oldest hours.

    The hour of the last tally stays, since the next tally goes on from its
    minute. Commits after each hour.
    """
    last = db.session.scalar(select(func.max(JobTally.begins_at))) or EVER
    old, oldest = (
        floor(min(last, clock.now() - kept), HOUR) for kept in (MINUTES_KEPT, HOURS_KEPT)
    )
    minutes = select(JobTally.begins_at).where(
        JobTally.begins_at < old, extract("minute", JobTally.begins_at) != 0
    )
    for hour in sorted({floor(minute, HOUR) for minute in db.session.scalars(minutes)}):
        _replace(hour, HOUR, _summed(*_within(hour, HOUR)))
    first = db.session.scalar(select(func.min(JobTally.begins_at)).where(JobTally.begins_at > EVER))
    if first and first < oldest:
        _replace(EVER, oldest - EVER, _summed(*_within(EVER, oldest - EVER)))


def _within(begin: datetime, length: timedelta) -> tuple[ColumnElement[bool], ...]:
    between = JobTally.begins_at >= begin, JobTally.begins_at < begin + length
    return *between, JobTally.task != FOUND


def _replace(begin: datetime, length: timedelta, rows: Iterable[JobTally]) -> None:
    """Put `rows` in the place of what is tallied from `begin` on. Commits."""
    rows = list(rows)
    db.session.execute(delete(JobTally).where(*_within(begin, length)))
    for row in rows:
        row.begins_at = begin
    db.session.add_all(rows)
    db.session.commit()


def _summed(*conditions: ColumnElement[bool]) -> list[JobTally]:
    query = select(JobTally.task, *_summing()).where(*conditions, JobTally.task != FOUND)
    return _tallies(db.session.execute(query.group_by(JobTally.task)))


def _summing() -> list[ColumnElement[Any]]:
    columns = [getattr(JobTally, name) for name in (*_COUNTS, *_TIMES)]
    return [*map(func.sum, columns), func.max(JobTally.waited_longest)]


def _tallies(rows: Iterable[Sequence[Any]]) -> list[JobTally]:
    tallies = []
    for task, *values in rows:
        tallies.append(blank(task=task))
        _add(tallies[-1], values)
    return tallies


def _add(tally: JobTally, values: Sequence[Any]) -> None:
    # Servers sum as decimals.
    for name, value in zip(_COUNTS, values, strict=False):
        setattr(tally, name, getattr(tally, name) + int(value))
    for name, value in zip(_TIMES, values[len(_COUNTS) :], strict=False):
        setattr(tally, name, getattr(tally, name) + float(value))
    tally.waited_longest = max(tally.waited_longest, float(values[-1]))


def _add_found(lost: int, published: int) -> bool:
    statement = (
        update(JobTally)
        .where(JobTally.begins_at == EVER, JobTally.task == FOUND)
        .values(failed=JobTally.failed + lost, other=JobTally.other + published)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", db.session.execute(statement)).rowcount == 1
