"""Who did what to which thing, when and from where; and what can be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cms import clock
from cms.database import Base, UtcDateTime


class AuditEntry(Base):
    """One act. Entries are only ever added; people are named by id and by email,
    so that an entry still speaks when an account is gone."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "thing_kind", "thing_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)
    user_id: Mapped[int | None]
    user_email: Mapped[str | None] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(String(45))
    action: Mapped[str] = mapped_column(String(40))
    thing_kind: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[str] = mapped_column(String(40))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)


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
