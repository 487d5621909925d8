"""What administrators must know, until somebody has dealt with it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, enum_type
from cms.jobs.models import Job


class NotificationState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class AdminNotification(Base):
    """Something that went wrong for good.

    `message` is the plain English sentence; `job_data` holds what it was
    about, with the sentence and facts apart so that it can be shown in the
    reader's language: `{"task", "attempts", "subject", "sentence", "facts"}`.
    """

    __tablename__ = "admin_notification"
    __table_args__ = (Index(None, "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    job_data: Mapped[dict[str, Any]] = mapped_column(JSON)
    job_id: Mapped[str | None] = mapped_column(
        ForeignKey("job.id", ondelete="SET NULL"), unique=True
    )
    state: Mapped[NotificationState] = mapped_column(
        enum_type(NotificationState), default=NotificationState.OPEN
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    job: Mapped[Job | None] = relationship()
    resolved_by: Mapped[User | None] = relationship()

    def __str__(self) -> str:
        return self.message
