"""What administrators must know, until somebody has dealt with it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, and_, bindparam, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, enum_type
from cms.jobs.models import Job


class NotificationState(StrEnum):
    """`regressed` is open again after it was resolved; `archived` is quiet for a while."""

    OPEN = "open"
    REGRESSED = "regressed"
    RESOLVED = "resolved"
    ARCHIVED = "archived"


class Severity(StrEnum):
    """`critical` is what the program did not foresee, or what took a worker down."""

    ERROR = "error"
    CRITICAL = "critical"


class AdminNotification(Base):
    """Something that goes wrong for good, in the same way, once or many times.

    `fingerprint` says what "the same way" is. `message` is the plain English
    sentence; `job_data` holds what it was about, with the sentence and facts
    apart so that it can be shown in the reader's language: `{"task",
    "attempts", "subject", "sentence", "facts"}`. Both are those of the newest
    failure. `canary` is the one retry that shows whether the cause is mended.
    An archived one is quiet until `quiet_until`, or until it has happened
    `quiet_count` times in all. `told_count` is what administrators have been
    told by mail, last at `told_at`.

    One of the `type` "alarm" is no failure of a job but something that is wrong
    with the installation: `{"alarm", "sentence", "facts"}`.
    """

    __tablename__ = "admin_notification"
    __table_args__ = (Index(None, "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    severity: Mapped[Severity] = mapped_column(enum_type(Severity))
    message: Mapped[str] = mapped_column(Text)
    job_data: Mapped[dict[str, Any]] = mapped_column(JSON)
    count: Mapped[int] = mapped_column(default=1)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    state: Mapped[NotificationState] = mapped_column(
        enum_type(NotificationState), default=NotificationState.OPEN
    )
    quiet_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quiet_count: Mapped[int | None]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    canary_id: Mapped[str | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_count: Mapped[int] = mapped_column(default=0, server_default="0")
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    canary: Mapped[Job | None] = relationship()
    resolved_by: Mapped[User | None] = relationship(foreign_keys=[resolved_by_id])
    occurrences: Mapped[list[NotificationOccurrence]] = relationship(
        back_populates="notification", order_by="NotificationOccurrence.id", passive_deletes=True
    )

    @property
    def standing(self) -> NotificationState:
        """The state as of now: archived until a moment that is past is open."""
        over = self.quiet_until is not None and self.quiet_until <= clock.now()
        if self.state == NotificationState.ARCHIVED and over:
            return NotificationState.OPEN
        return self.state

    def __str__(self) -> str:
        return self.message


class NotificationOccurrence(Base):
    """One of the times that it happened; closed when a retry of its job succeeded, or
    when somebody gave the job up or resolved the notification."""

    __tablename__ = "notification_occurrence"
    __table_args__ = (
        Index(None, "notification_id", "id"),
        Index(None, "notification_id", "closed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int] = mapped_column(
        ForeignKey("admin_notification.id", ondelete="CASCADE")
    )
    job_id: Mapped[str | None] = mapped_column(
        ForeignKey("job.id", ondelete="SET NULL"), unique=True
    )
    attempt: Mapped[int]
    subject_kind: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    notification: Mapped[AdminNotification] = relationship(back_populates="occurrences")
    job: Mapped[Job | None] = relationship()


class NotificationNote(Base):
    """What somebody found out, for whoever looks next."""

    __tablename__ = "notification_note"
    __table_args__ = (Index(None, "notification_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int] = mapped_column(
        ForeignKey("admin_notification.id", ondelete="CASCADE")
    )
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    author: Mapped[User | None] = relationship()


_NOW = bindparam("now", callable_=clock.now, type_=UtcDateTime)

# What `standing` says, for queries: the moment is that of the query.
IS_OPEN = or_(
    AdminNotification.state == NotificationState.OPEN,
    and_(
        AdminNotification.state == NotificationState.ARCHIVED,
        AdminNotification.quiet_until <= _NOW,
    ),
)
IS_REGRESSED = AdminNotification.state == NotificationState.REGRESSED
IS_RESOLVED = AdminNotification.state == NotificationState.RESOLVED
IS_ARCHIVED = and_(
    AdminNotification.state == NotificationState.ARCHIVED,
    or_(AdminNotification.quiet_until.is_(None), AdminNotification.quiet_until > _NOW),
)
NEEDS_ATTENTION = or_(IS_OPEN, IS_REGRESSED)
