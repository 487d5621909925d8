"""Where somebody is logged in: one row for each log-in, which can be ended from elsewhere.

A cookie of ours names the account and the log-in. Once the row is gone or over, or the account's
`fs_uniquifier` has changed, no copy of the cookie is good for anything. Of the log-in's
key only a digest is kept, so that whoever reads the database can make no cookie.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from flask import Flask, current_app, g, has_request_context, request, session
from flask_login import user_logged_in, user_logged_out
from flask_security.utils import check_and_update_authn_fresh, set_request_attr
from sqlalchemy import (
    CursorResult,
    ForeignKey,
    Index,
    Select,
    String,
    bindparam,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.config import settings
from cms.database import Base, UtcDateTime
from cms.extensions import db
from cms.trash import NO_TRASH

# Not written at every request: that would make each reading one a writing one.
SEEN_EVERY = timedelta(minutes=5)
LONGEST = timedelta(days=365)  # that a log-in stands, however much it is used
_LONGEST_BROWSER = 255


class LoginSession(Base):
    """One log-in of one account, from `address` with `browser`, as it calls itself."""

    __tablename__ = "login_session"
    __table_args__ = (Index(None, "user_id", "seen_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    address: Mapped[str | None] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(_LONGEST_BROWSER), default="")

    user: Mapped[User] = relationship()

    @property
    def owner_id(self) -> int:
        """Whose it is, for the policy."""
        return self.user_id

    @property
    def is_over(self) -> bool:
        """Whether it was left alone, or stands, for too long."""
        unused_since, begun_before = _limits()
        return self.seen_at < unused_since or self.created_at < begun_before


def _limits() -> tuple[datetime, datetime]:
    """Return since when a log-in was used that stands, and since when it was begun."""
    now = clock.now()
    return now - timedelta(days=settings().session_days), now - LONGEST


def load(named: str | None) -> User | None:
    """Return the account that a cookie names, while its log-in stands; note that it was seen."""
    uniquifier, _colon, key = (named or "").partition(":")
    given = {"uniquifier": uniquifier, "digest": _digest(key)}
    found = db.session.execute(_standing(), given).unique().first()
    if found is None or not found[0].active or found[1].is_over:
        return None
    user, here = found
    if user.lacks_second_factor:
        return None  # it is set up on the way in
    if clock.now() - here.seen_at > SEEN_EVERY:
        here.seen_at, here.address = clock.now(), request.remote_addr
    g.login_session = here
    # As Flask-Security's own loader leaves them, for whoever asks how fresh a log-in is.
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return user


@cache  # each request asks
def _standing() -> Select[User, LoginSession]:
    return (
        select(User, LoginSession)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(User.fs_uniquifier == bindparam("uniquifier"))
        .where(LoginSession.digest == bindparam("digest"))
        .options(joinedload(User.roles))
        .execution_options(**NO_TRASH)
    )


def here() -> LoginSession | None:
    """Return the log-in of this request."""
    found: LoginSession | None = g.get("login_session")
    return found


def is_fresh() -> bool:
    """Tell whether the password was given here in the last half hour."""
    config = current_app.config
    return check_and_update_authn_fresh(
        config["SECURITY_FRESHNESS"], config["SECURITY_FRESHNESS_GRACE_PERIOD"]
    )


def of(user: User) -> Sequence[LoginSession]:
    """Return the log-ins of an account that stand, the one seen last first."""
    query = select(LoginSession).where(LoginSession.user_id == user.id)
    return db.session.scalars(query.order_by(LoginSession.seen_at.desc())).all()


def last_seen(users: Collection[int]) -> dict[int, datetime]:
    """Return when each of these accounts was last seen in a log-in that stands."""
    query = (
        select(LoginSession.user_id, func.max(LoginSession.seen_at))
        .where(LoginSession.user_id.in_(users))
        .group_by(LoginSession.user_id)
    )
    return dict(db.session.execute(query).all())


def end_all(user: User, *, but: LoginSession | None = None) -> None:
    """End every log-in of an account, or every `but` one."""
    gone = delete(LoginSession).where(LoginSession.user_id == user.id)
    db.session.execute(gone.where(LoginSession.id != but.id) if but else gone)


def prune() -> int:
    """Delete log-ins that are over, and return how many; the caller commits."""
    unused_since, begun_before = _limits()
    over = or_(LoginSession.seen_at < unused_since, LoginSession.created_at < begun_before)
    gone = delete(LoginSession).where(over)
    return cast("CursorResult[Any]", db.session.execute(gone)).rowcount


@user_logged_in.connect
def _begin(_app: Flask, user: User) -> None:
    key = secrets.token_urlsafe(32)
    made = LoginSession(
        user_id=user.id,
        digest=_digest(key),
        address=request.remote_addr,
        browser=request.user_agent.string[:_LONGEST_BROWSER],
    )
    db.session.add(made)
    db.session.flush()
    g.login_session = made
    # What the cookie of a remembered log-in says as well.
    session["_user_id"] = f"{user.fs_uniquifier}:{key}"


@user_logged_out.connect
def _end(_app: Flask, **_who: Any) -> None:
    if has_request_context() and (standing := here()):
        db.session.delete(standing)
        g.pop("login_session")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
