"""Raising, counting and closing notifications. Callers commit.

Whoever changes a group or its occurrences holds the group's row first, so that
of two workers that close its last two occurrences the second one sees it.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import aliased, joinedload

from cms import clock
from cms.accounts.models import User
from cms.audit.services import record
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.jobs.sweep import WorkerDied
from cms.notifications.fingerprints import fingerprint
from cms.notifications.models import (
    NEEDS_ATTENTION,
    AdminNotification,
    NotificationNote,
    NotificationOccurrence,
    NotificationState,
    Severity,
)
from cms.storage.base import StorageFull
from cms.trash import NO_TRASH

logger = logging.getLogger(__name__)

ALARM = "alarm"
DISK_FULL = "disk_full"
KEPT = 200
CAPPED_EVERY = 50


# Raising


def job_failed(job: Job, error: BaseException) -> AdminNotification | None:
    """Tell administrators that a job failed for good, and log it with its id.

    Failures of one cause are one notification with a count, which is returned
    if it is news: a new one, or one that has happened again. What fails for
    want of space while a disk is known to be full is an occurrence of that alarm.
    """
    logger.error(
        "job %s (%s) failed after %s attempts: %s", job.id, job.task, job.attempts_made, error
    )
    alarm = _full_disk() if _lacks_space(error) else None
    group = alarm or _count_failure(job, error)
    is_news = alarm is None and (_reopen(group) or group.count == 1)
    occurrence = NotificationOccurrence(
        notification_id=group.id,
        job_id=job.id,
        attempt=job.attempts_made,
        subject_kind=job.subject_kind,
        subject_id=job.subject_id,
    )
    db.session.add(occurrence)
    db.session.flush()
    if group.count % CAPPED_EVERY == 0:
        _cap(group)
    return group if is_news else None


def _lacks_space(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, StorageFull):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def _full_disk() -> AdminNotification | None:
    """Return the newest alarm of a full disk that is not over; its row is held."""
    query = (
        select(AdminNotification)
        .where(
            AdminNotification.type == ALARM,
            AdminNotification.state != NotificationState.RESOLVED,
        )
        .order_by(AdminNotification.last_seen_at.desc())
        .with_for_update()
    )
    alarms = db.session.scalars(query).all()
    return next((alarm for alarm in alarms if alarm.job_data["alarm"] == DISK_FULL), None)


def _count_failure(job: Job, error: BaseException) -> AdminNotification:
    sentence, facts = ledger.in_words(error)
    return _count(
        fingerprint("job_failed", job.task, error),
        type="job_failed",
        severity=_severity(error),
        message=sentence % facts,
        job_data={
            "task": job.task,
            "attempts": job.attempts_made,
            "subject": [job.subject_kind, job.subject_id],
            "sentence": sentence,
            "facts": facts,
        },
    )


def _count(mark: str, **newest: Any) -> AdminNotification:
    """Begin a group, or count one more in it; its row is held until the commit.

    This is each database's own upsert. After an INSERT that finds its key
    taken, MariaDB keeps a shared lock on that key: three workers that fail at
    once, and then update, would wait for each other.
    """
    now = clock.now()
    first = {
        "fingerprint": mark,
        "count": 1,
        "state": NotificationState.OPEN,
        "first_seen_at": now,
        "last_seen_at": now,
        **newest,
    }
    more = {"count": AdminNotification.count + 1}
    dialect = db.session.get_bind().dialect.name
    statement: Any
    if dialect in ("mysql", "mariadb"):
        statement = mysql.insert(AdminNotification).values(**first).on_duplicate_key_update(more)
    else:
        insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
        statement = insert(AdminNotification).values(**first)
        statement = statement.on_conflict_do_update(index_elements=["fingerprint"], set_=more)
    db.session.execute(statement)
    group = db.session.scalars(
        select(AdminNotification)
        .where(AdminNotification.fingerprint == mark)
        .execution_options(populate_existing=True)
    ).one()
    for name, value in {**newest, "last_seen_at": now}.items():
        setattr(group, name, value)
    return group


def _severity(error: BaseException) -> Severity:
    foreseen = isinstance(error, CmsError) and not isinstance(error, WorkerDied)
    return Severity.ERROR if foreseen else Severity.CRITICAL


def _reopen(group: AdminNotification) -> bool:
    """Open again what was resolved; what is archived stays quiet until that is over."""
    if group.state == NotificationState.RESOLVED:
        group.resolved_at = group.resolved_by_id = group.canary_id = None
        _move(group, NotificationState.REGRESSED)
        return True
    if group.state == NotificationState.ARCHIVED and _quiet_is_over(group):
        _move(group, NotificationState.OPEN)
        return True
    return False


def _quiet_is_over(group: AdminNotification) -> bool:
    if group.quiet_count is not None:
        return group.count >= group.quiet_count
    return group.standing == NotificationState.OPEN


def _cap(group: AdminNotification) -> None:
    """Forget old occurrences, but none whose failed job can still be retried."""
    of_group = NotificationOccurrence.notification_id == group.id
    newest = select(NotificationOccurrence.id).where(of_group)
    oldest_kept = db.session.scalar(
        newest.order_by(NotificationOccurrence.id.desc()).offset(KEPT - 1).limit(1)
    )
    if oldest_kept is None:
        return
    db.session.execute(
        delete_rows(NotificationOccurrence)
        .where(
            of_group,
            NotificationOccurrence.id < oldest_kept,
            or_(
                NotificationOccurrence.closed_at.is_not(None),
                NotificationOccurrence.job_id.is_(None),
            ),
        )
        .execution_options(synchronize_session=False)
    )


# Closing


def resolve(group: AdminNotification, by: User | None = None) -> None:
    """Mark as dealt with, by a person, or by nobody when the last retry succeeded.

    What is still open in it is closed.
    """
    if group.state == NotificationState.RESOLVED:
        return
    _close(group, NotificationOccurrence.notification_id == group.id)
    group.resolved_at = clock.now()
    group.resolved_by_id = by.id if by else None
    _move(group, NotificationState.RESOLVED)
    _cap(group)


def archive(
    group: AdminNotification, *, until: datetime | None = None, more: int | None = None
) -> None:
    """Be quiet until a moment, or until it has happened `more` times more."""
    quiet_count = None if more is None else group.count + more
    _move(group, NotificationState.ARCHIVED, quiet_until=until, quiet_count=quiet_count)


def close_lineage(job: Job) -> None:
    """Close what was told of a job and of those that it is a retry of, at any depth.

    A group of which nothing is open any more resolves by itself; an alarm does so
    when its trouble is over.
    """
    _close_told(NotificationOccurrence.job_id.in_(_lineage(job)))


def close_subject(kind: str, subject_id: object) -> None:
    """Close what was told of a thing that is gone: nothing about it is left to mend."""
    _close_told(
        and_(
            NotificationOccurrence.subject_kind == kind,
            NotificationOccurrence.subject_id == str(subject_id),
        )
    )


def _close_told(told: ColumnElement[bool]) -> None:
    open_in = select(NotificationOccurrence.notification_id).where(
        told, NotificationOccurrence.closed_at.is_(None)
    )
    groups = (
        select(AdminNotification)
        .where(AdminNotification.id.in_(open_in))
        .order_by(AdminNotification.id)  # two that hold several do so in one order
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for group in db.session.scalars(groups).all():
        _close(group, told)
        if group.type != ALARM and not count_open_occurrences(group):
            resolve(group)


def _lineage(job: Job) -> list[str]:
    ids = [job.id]
    while job.retry_of_id is not None:
        job = db.session.get_one(Job, job.retry_of_id)
        ids.append(job.id)
    return ids


def _close(group: AdminNotification, which: ColumnElement[bool]) -> None:
    db.session.execute(
        update(NotificationOccurrence)
        .where(
            NotificationOccurrence.notification_id == group.id,
            NotificationOccurrence.closed_at.is_(None),
            which,
        )
        .values(closed_at=clock.now())
    )


def _move(
    group: AdminNotification,
    state: NotificationState,
    *,
    quiet_until: datetime | None = None,
    quiet_count: int | None = None,
) -> None:
    """Change the state; the audit trail, which is also the group's history, tells of it."""
    changes: dict[str, Any] = {"state": [group.standing.value, state.value]}
    if quiet_until is not None:
        changes["quiet_until"] = [None, quiet_until.isoformat(timespec="seconds")]
    if quiet_count is not None:
        changes["quiet_count"] = [None, quiet_count]
    group.state = state
    group.quiet_until, group.quiet_count = quiet_until, quiet_count
    record(_ACTS[state], group, **changes)
    db.session.flush()


_ACTS = {
    NotificationState.OPEN: "reopen",
    NotificationState.REGRESSED: "regress",
    NotificationState.RESOLVED: "resolve",
    NotificationState.ARCHIVED: "archive",
}


# Asking

_OPEN = (
    select(func.count(AdminNotification.id)).where(NEEDS_ATTENTION).execution_options(**NO_TRASH)
)


def count_open() -> int:
    """Return how many notifications nobody has dealt with yet."""
    return db.session.scalar(_OPEN) or 0


def is_told_of() -> ColumnElement[bool]:
    """Return whether something that is still open was told of a job, for queries on jobs."""
    return (
        select(NotificationOccurrence.id)
        .where(
            NotificationOccurrence.job_id == Job.id,
            NotificationOccurrence.closed_at.is_(None),
        )
        .exists()
    )


def count_open_occurrences(group: AdminNotification) -> int:
    """Return how many occurrences of a group are not closed."""
    query = select(func.count(NotificationOccurrence.id)).where(
        NotificationOccurrence.notification_id == group.id,
        NotificationOccurrence.closed_at.is_(None),
    )
    return db.session.scalar(query) or 0


def newest_occurrences(group: AdminNotification, limit: int) -> Sequence[NotificationOccurrence]:
    """Return the newest occurrences of a group with their jobs."""
    query = (
        select(NotificationOccurrence)
        .where(NotificationOccurrence.notification_id == group.id)
        .order_by(NotificationOccurrence.id.desc())
        .options(joinedload(NotificationOccurrence.job))
        .limit(limit)
    )
    return db.session.scalars(query).all()


def notes_of(group: AdminNotification) -> Sequence[NotificationNote]:
    """Return the notes on a group with their authors, oldest first."""
    query = (
        select(NotificationNote)
        .where(NotificationNote.notification_id == group.id)
        .order_by(NotificationNote.id)
        .options(joinedload(NotificationNote.author))
    )
    return db.session.scalars(query).all()


# What can be retried: open, its job failed, and not retried yet


def count_retryable(group: AdminNotification) -> int:
    """Return how many failed jobs of a group wait for a retry by hand."""
    query = _retryable(group).with_only_columns(func.count(NotificationOccurrence.id))
    return db.session.scalar(query) or 0


def newest_retryable(group: AdminNotification) -> NotificationOccurrence | None:
    """Return the newest occurrence whose job waits for a retry by hand."""
    query = _retryable(group).order_by(NotificationOccurrence.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


def retryable_after(group: AdminNotification, last: int, upto: int, limit: int) -> Sequence[Any]:
    """Return `(occurrence id, job)` of the next ones after number `last`, up to `upto`."""
    query = (
        _retryable(group)
        .where(NotificationOccurrence.id > last, NotificationOccurrence.id <= upto)
        .with_only_columns(NotificationOccurrence.id, Job)
        .order_by(NotificationOccurrence.id)
        .limit(limit)
    )
    return db.session.execute(query).all()


def _retryable(group: AdminNotification) -> Select[Any]:
    again = aliased(Job)
    return (
        select(NotificationOccurrence)
        .join(Job, Job.id == NotificationOccurrence.job_id)
        .where(
            NotificationOccurrence.notification_id == group.id,
            NotificationOccurrence.closed_at.is_(None),
            Job.state == JobState.FAILED,
            ~select(again.id).where(again.retry_of_id == Job.id).exists(),
        )
    )
