"""Mail that is to go out, has gone out, or could not."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cms import clock
from cms.database import Base, UtcDateTime, enum_type

LONGEST_SUBJECT = 255


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


def new_uid() -> str:
    """Return a name for a message that nobody can guess."""
    return str(uuid.uuid4())


class MailMessage(Base):
    """One mail to one person, written out when it was asked for.

    It is kept as text rather than as template and values, so that each attempt
    sends the same. `confidential` text, such as a link that lets somebody in,
    is erased once the mail is sent or given up; it is never with the job.

    `uid` names it to other mail servers, so that one sent twice shows once.
    `sentence` and `facts` say in words why it was not sent.
    """

    __tablename__ = "mail_message"
    __table_args__ = (Index(None, "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True, default=new_uid)
    recipient: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT))
    template: Mapped[str] = mapped_column(String(60))
    locale: Mapped[str] = mapped_column(String(20))
    confidential: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str | None] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    state: Mapped[MailState] = mapped_column(enum_type(MailState), default=MailState.WAITING)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.subject
