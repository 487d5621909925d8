"""The ledger: one row per job, one per attempt that failed. What it says is what happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, enum_type

# No longer than what the audit trail keeps of a thing's id.
LONGEST_SCHEDULE_NAME = 40


class JobState(StrEnum):
    """`queued → running → succeeded | retrying → running … | failed`.

    `moot` ends a job whose thing is gone, `discarded` one that somebody gave up.
    """

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MOOT = "moot"
    DISCARDED = "discarded"


WAITING = (JobState.QUEUED, JobState.RETRYING)
ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.MOOT, JobState.DISCARDED)


class Job(Base):
    """One piece of work, from its submission to its end.

    `id` is also the id of the Huey task. `subject_kind` and `subject_id` name
    the thing that the work is for. `sentence` and `facts` say in words why it
    failed, to be translated where they are shown. A retry by hand is a new job
    that points to the failed one with `retry_of_id`; there can be only one.

    While it runs, `worker_id` names the consumer that holds it and `holder` the
    thread there. The consumer keeps moving `lease_until` ahead: a lease in the
    past means that it is dead. `unique_key` is held from the submission to the
    end.
    """

    __tablename__ = "job"
    __table_args__ = (
        # On PostgreSQL a job is in each of the first three while it is looked for there:
        # every change of its state costs an entry in every index that it is in.
        Index(None, "state", "due_at", postgresql_where=text("state IN ('queued', 'retrying')")),
        Index(None, "state", "lease_until", postgresql_where=text("lease_until IS NOT NULL")),
        Index(None, "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
        Index(None, "created_at", "id"),
        Index(None, "state", "created_at"),
        Index(None, "task", "created_at"),
        Index(None, "subject_kind", "subject_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    task: Mapped[str] = mapped_column(String(60))
    args: Mapped[list[Any]] = mapped_column(JSON)
    kwargs: Mapped[dict[str, Any]] = mapped_column(JSON)
    subject_kind: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[JobState] = mapped_column(enum_type(JobState), default=JobState.QUEUED)
    attempts_made: Mapped[int] = mapped_column(default=0)
    attempts_allowed: Mapped[int]
    retry_delay: Mapped[int]
    submitted_by_id: Mapped[int | None]
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    unique_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    worker_id: Mapped[str | None] = mapped_column(String(36))
    holder: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    progress_done: Mapped[int | None]
    progress_total: Mapped[int | None]
    retry_of_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    kept_attempts: Mapped[list[JobAttempt]] = relationship(
        back_populates="job", order_by="JobAttempt.number", cascade="all, delete-orphan"
    )

    retry: Mapped[Job | None] = relationship(
        primaryjoin="Job.id == foreign(Job.retry_of_id)", remote_side=retry_of_id, viewonly=True
    )

    @property
    def attempts(self) -> list[JobAttempt]:
        """Every attempt, the oldest first.

        One that runs, and one that ended well, has no row: the job's own says it all.
        """
        if self.state not in (JobState.RUNNING, JobState.SUCCEEDED, JobState.MOOT):
            return list(self.kept_attempts)
        last = JobAttempt(
            job_id=self.id,
            number=self.attempts_made,
            worker=self.holder or "",
            started_at=self.started_at,
            finished_at=self.finished_at,
            outcome=None if self.state == JobState.RUNNING else self.state.value,
        )
        return [*self.kept_attempts, last]

    @property
    def number(self) -> str:
        """The beginning of the id, as people see and search it: the moment of its submission."""
        return self.id[:13]

    def __str__(self) -> str:
        return f"{self.task} {self.number}"


class JobAttempt(Base):
    """One run of a job that did not end it well. `outcome` is failed, lost or interrupted."""

    __tablename__ = "job_attempt"
    __table_args__ = (Index(None, "job_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    number: Mapped[int]
    worker: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(12))
    error_class: Mapped[str | None] = mapped_column(String(200))
    error_message: Mapped[str | None] = mapped_column(Text)
    traceback: Mapped[str | None] = mapped_column(Text)

    job: Mapped[Job] = relationship(back_populates="kept_attempts")


class Worker(Base):
    """One consumer process. It says that it lives by moving `seen_at` ahead, and since
    when the queue does not answer it, if it does not."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int]
    threads: Mapped[int]
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)
    queue_away_since: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Duty(Base):
    """What one consumer does for all, and until when the others leave it to that one."""

    __tablename__ = "duty"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    taken_until: Mapped[datetime] = mapped_column(UtcDateTime)


class PausedTask(Base):
    """A kind of job that nobody begins for now; what waits, waits."""

    __tablename__ = "paused_task"

    task: Mapped[str] = mapped_column(String(60), primary_key=True)
    paused_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    paused_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    paused_by: Mapped[User | None] = relationship()

    @property
    def id(self) -> str:
        """The name that the audit trail knows it by."""
        return self.task[:40]


class Schedule(Base):
    """A job that comes again: when it is due next, and what became of the last one.

    The times it comes at are declared with its task. `due_at` moves on in the
    transaction that submits the job, so that of several consumers one does.
    `last_due_at` is when the last job should have been submitted, `last_at`
    when it was: later, if no consumer lived.
    """

    __tablename__ = "schedule"

    name: Mapped[str] = mapped_column(String(LONGEST_SCHEDULE_NAME), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    last_job: Mapped[Job | None] = relationship()
    paused_by: Mapped[User | None] = relationship()

    @property
    def id(self) -> str:
        """The name, by which the audit trail knows it."""
        return self.name

    @property
    def late(self) -> timedelta:
        """How long after its time the last job was submitted."""
        if self.last_at is None or self.last_due_at is None:
            return timedelta(0)
        return self.last_at - self.last_due_at

    def __str__(self) -> str:
        return self.name


class JobTally(Base):
    """How the jobs of one kind did that ended within one minute, or, of old ones, one hour.

    `waited` is from the moment a job was due to that of its last attempt, `ran`
    how long that one took; both in seconds, of all the jobs together that
    succeeded or failed. `other` are those that became moot or were given up.
    """

    __tablename__ = "job_tally"

    begins_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    task: Mapped[str] = mapped_column(String(60), primary_key=True)
    succeeded: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    other: Mapped[int] = mapped_column(default=0)
    waited: Mapped[float] = mapped_column(default=0.0)
    waited_longest: Mapped[float] = mapped_column(default=0.0)
    ran: Mapped[float] = mapped_column(default=0.0)


class Selection(Base):
    """What somebody chose at once, to have one thing done with all of it by a job.

    `kind` is that of the things, `act` what is done with each, for `user_id`.
    """

    __tablename__ = "selection"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(40))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    user: Mapped[User | None] = relationship()

    @property
    def owner_id(self) -> int | None:
        """Whose it is, for the policy."""
        return self.user_id


class SelectedThing(Base):
    """One thing of a selection: done, or refused for a reason, or still to be done."""

    __tablename__ = "selected_thing"
    __table_args__ = (Index(None, "selection_id", "done_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id", ondelete="CASCADE"))
    thing_id: Mapped[str] = mapped_column(String(40))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
