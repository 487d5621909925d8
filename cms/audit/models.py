"""Who did what to which thing, when and from where; and what can be taken back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cms import clock
from cms.database import Base, UtcDateTime


class Face(StrEnum):
    """By what something was done."""

    ADMIN = "admin"
    API = "api"
    SITE = "site"
    JOB = "job"
    COMMAND = "command"


class AuditEntry(Base):
    """One act. Entries are only ever added; people are named by id and by email,
    so that an entry still speaks when an account is gone.

    `face` is what it was done by: a value of `Face`. `request` is the number that the log
    and error pages give the request, or the job's. What `seal_number`, `seal` and
    `seal_before` are is told in `cms.audit.chain`.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "thing_kind", "thing_id"),
        Index(None, "user_id", "id"),
        Index(None, "action", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)
    user_id: Mapped[int | None]
    user_email: Mapped[str | None] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(45))
    action: Mapped[str] = mapped_column(String(40))
    thing_kind: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[str] = mapped_column(String(40))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    face: Mapped[str | None] = mapped_column(String(10))
    request: Mapped[str | None] = mapped_column(String(64))
    seal_number: Mapped[int | None] = mapped_column(unique=True)
    seal: Mapped[str | None] = mapped_column(String(64))
    seal_before: Mapped[str | None] = mapped_column(String(64))


class UndoStep(Base):
    """What one person changed at once, to be taken back.

    `view` names the list where it was done. `changes` are lists of the row's key, the
    column, and what its form field held before and after.
    """

    __tablename__ = "undo_step"
    __table_args__ = (Index(None, "user_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    view: Mapped[str] = mapped_column(String(40))
    changes: Mapped[list[list[str]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
