"""Who has what open: a row for each person and thing, kept alive by the page. Callers commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    ForeignKey,
    Index,
    String,
    delete,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime
from cms.extensions import db

# A page that is open says so three times within it.
LASTS = timedelta(seconds=30)


class Presence(Base):
    """Somebody has the page of a thing open. Nothing is locked by it."""

    __tablename__ = "presence"
    __table_args__ = (Index(None, "user_id", "seen_at"),)

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    thing_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


def here(user: User, kind: str, thing_id: str) -> None:
    """Note that somebody has a thing open now, and forget what they had open before."""
    now = clock.now()
    db.session.execute(
        delete(Presence).where(Presence.user_id == user.id, Presence.seen_at < now - LASTS)
    )
    seen = update(Presence).where(*_is(user, kind, thing_id)).values(seen_at=now)
    if cast("CursorResult[object]", db.session.execute(seen)).rowcount:
        return
    try:
        with db.session.begin_nested():
            db.session.add(Presence(kind=kind, thing_id=thing_id, user_id=user.id, seen_at=now))
    except IntegrityError:
        pass  # another page of theirs was faster


def gone(user: User, kind: str, thing_id: str) -> None:
    """Note that somebody has closed a thing."""
    db.session.execute(delete(Presence).where(*_is(user, kind, thing_id)))


def others(user: User, kind: str, thing_id: str) -> Sequence[str]:
    """Return the addresses of those who have a thing open beside `user`."""
    query = (
        select(User.email)
        .join(Presence, Presence.user_id == User.id)
        .where(Presence.kind == kind, Presence.thing_id == thing_id)
        .where(Presence.user_id != user.id, Presence.seen_at >= clock.now() - LASTS)
        .order_by(User.email)
    )
    return db.session.scalars(query).all()


def _is(user: User, kind: str, thing_id: str) -> tuple[ColumnElement[bool], ...]:
    return Presence.kind == kind, Presence.thing_id == thing_id, Presence.user_id == user.id
