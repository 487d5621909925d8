"""The ledger: one row per job, one per attempt. What it says is what happened."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.database import Base, UtcDateTime, enum_type


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

    While it runs, `worker_id` names the consumer that holds it, which keeps
    moving `lease_until` ahead: a lease in the past means that the consumer is
    dead. `unique_key` is held from the submission to the end.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "state", "lease_until"),
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
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    progress_done: Mapped[int | None]
    progress_total: Mapped[int | None]
    retry_of_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    attempts: Mapped[list[JobAttempt]] = relationship(
        back_populates="job", order_by="JobAttempt.number", cascade="all, delete-orphan"
    )

    retry: Mapped[Job | None] = relationship(
        primaryjoin="Job.id == foreign(Job.retry_of_id)", remote_side=retry_of_id, viewonly=True
    )

    def __str__(self) -> str:
        return f"{self.task} {self.id[:8]}"


class JobAttempt(Base):
    """One run of a job. `outcome` is empty while it runs."""

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

    job: Mapped[Job] = relationship(back_populates="attempts")


class Worker(Base):
    """One consumer process. It says that it lives by moving `seen_at` ahead."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int]
    threads: Mapped[int]
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
