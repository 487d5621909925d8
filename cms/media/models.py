"""Pictures, and the renditions made of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, enum_type


class ImageStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Image(Base):
    """A picture as uploaded. `width` and `height` are pixels as displayed, after
    turning; `size` is bytes; `key` is the file's name in the storage.

    `sentence` and `facts` say in words why a failed picture failed.
    """

    __tablename__ = "image"
    __table_args__ = (
        Index(None, "status", "id"),
        Index(None, "owner_id", "id"),
        Index(None, "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    alt_text: Mapped[str] = mapped_column(String(500), default="")
    filename: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(100), unique=True)
    mime: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    status: Mapped[ImageStatus] = mapped_column(enum_type(ImageStatus), default=ImageStatus.PENDING)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    processed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    owner: Mapped[User | None] = relationship()
    renditions: Mapped[list[Rendition]] = relationship(
        back_populates="image", cascade="all, delete-orphan", order_by="Rendition.id"
    )

    def __str__(self) -> str:
        return self.title

    def rendition(self, kind: str) -> Rendition | None:
        """Return the first rendition made by an operation, such as `thumbnail`."""
        return next((r for r in self.renditions if r.name.startswith(f"{kind}-")), None)


class Rendition(Base):
    """A file made of a picture by one operation, such as `resize-800x600`."""

    __tablename__ = "rendition"
    __table_args__ = (Index(None, "image_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(100), unique=True)
    mime: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    image: Mapped[Image] = relationship(back_populates="renditions")
