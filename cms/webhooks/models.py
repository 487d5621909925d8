"""Who is told of events by a call to their address, and each such call."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.database import Base, UtcDateTime, enum_type
from cms.errors import N_

# What can be told of. A name that was given is kept: endpoints have asked for it.
EVENTS = {
    "picture.ready": N_("A picture is ready"),
    "content.published": N_("An article or a page has gone live"),
    "content.changed": N_("An article or a page that is live has changed"),
    "content.removed": N_("An article or a page is not live any more"),
    "job.failed": N_("A job has failed for good"),
}

# Not to be asked for; an administrator sends it to try an endpoint out.
TEST_EVENT = "test"


class DeliveryState(StrEnum):
    """`dropped` ends a call whose endpoint was switched off before it was made."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


def new_secret() -> str:
    """Return a signing key as receivers paste it into their own settings."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def new_uid() -> str:
    """Return a name for a message, by which a receiver knows one that comes twice."""
    return f"msg_{secrets.token_hex(16)}"


class WebhookEndpoint(Base):
    """An address that wants to be told of `events`, names from `EVENTS`."""

    __tablename__ = "webhook_endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(1000))
    secret: Mapped[str] = mapped_column(String(100), default=new_secret)
    events: Mapped[list[str]] = mapped_column(JSON, default=list)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(Base):
    """One event told to one endpoint, however many attempts that takes.

    The answer kept is that of the last attempt: its code, its first thousand
    bytes, and how long it took.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index(None, "state", "id"), Index(None, "endpoint_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(40), unique=True, default=new_uid)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[DeliveryState] = mapped_column(
        enum_type(DeliveryState), default=DeliveryState.WAITING
    )
    response_code: Mapped[int | None]
    response_excerpt: Mapped[str | None] = mapped_column(Text)
    duration_ms: Mapped[int | None]
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    endpoint: Mapped[WebhookEndpoint] = relationship()

    def __str__(self) -> str:
        return f"{self.event} {self.id}"
