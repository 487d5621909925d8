"""Personal tokens: what a program shows instead of a log-in, for one person, with less rights.

A token is 256 random bits. Of those only a digest is kept, so that whoever reads the
database has none: a plain SHA-256, since there is nothing to guess that a slow hash would
protect. It is told once, to the person who makes it.

Its scopes only narrow: `cms.accounts.policy` is asked all the same, of the person as they
are at that moment. Callers commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import JSON, ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import may
from cms.database import Base, UtcDateTime
from cms.errors import N_
from cms.extensions import db

# By which a token is known that was left lying in some text.
PREFIX = "qscms_"
LONGEST_NAME = 80
# Not written at every request: that would make each reading one a writing one.
USE_NOTED_EVERY = timedelta(minutes=1)


class Scope(NamedTuple):
    """What a token may be good for, in words, and what its person must be allowed to do."""

    words: str
    action: str
    kind: str


SCOPES: Mapping[str, Scope] = {
    "pictures:read": Scope(N_("Read pictures"), "view", "image"),
    "pictures:write": Scope(N_("Upload, change and delete pictures"), "create", "image"),
    "content:read": Scope(N_("Read articles, pages and what orders them"), "read", "article"),
    "content:write": Scope(N_("Write, change and delete articles and pages"), "create", "article"),
    "content:publish": Scope(N_("Publish, schedule and archive"), "publish", "article"),
    "shelves:write": Scope(N_("Change categories, tags, menus and redirects"), "edit", "category"),
    "settings:write": Scope(N_("Change the settings of the site"), "edit", "site_setting"),
    "documents:read": Scope(N_("Read documents"), "read", "document"),
    "documents:write": Scope(N_("Upload, change and delete documents"), "create", "document"),
    "jobs:read": Scope(N_("Read jobs"), "view", "job"),
    "jobs:write": Scope(N_("Retry jobs"), "retry", "job"),
    "notifications:read": Scope(N_("Read notifications"), "view", "notification"),
    "notifications:write": Scope(N_("Resolve notifications"), "edit", "notification"),
    "tokens:read": Scope(N_("Read one's own tokens"), "view", "api_token"),
    "tokens:write": Scope(N_("Revoke one's own tokens"), "delete", "api_token"),
}


class ApiToken(Base):
    """A token of one person. `digest` is that of its text, `hint` how the text ends."""

    __tablename__ = "api_token"
    __table_args__ = (Index(None, "user_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()

    @property
    def owner_id(self) -> int:
        """Whose it is, for the policy."""
        return self.user_id

    @property
    def state(self) -> str:
        """`active`, `expired` or `revoked`, as of now."""
        if self.revoked_at is not None:
            return "revoked"
        over = self.expires_at is not None and self.expires_at <= clock.now()
        return "expired" if over else "active"

    @property
    def is_good(self) -> bool:
        """Whether it opens anything now: its person must be one who may log in, too, by what they
        have: no way in is left open to whose role wants a second factor and who has none."""
        user = self.user
        return self.state == "active" and user.active and not user.lacks_second_factor

    def __str__(self) -> str:
        return self.name


def offered_to(user: Any) -> dict[str, Scope]:
    """Return the scopes that a token of this person can have."""
    return {name: it for name, it in SCOPES.items() if may(user, it.action, it.kind)}


def digest(text: str) -> str:
    """Return what is kept of a token's text: 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def known(text: str) -> ApiToken | None:
    """Return the token of this text, good or not any more."""
    return db.session.scalar(select(ApiToken).where(ApiToken.digest == digest(text)))


def revoke_all(user: User) -> None:
    """Make all tokens of a person useless for good."""
    left = (ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    db.session.execute(update(ApiToken).where(*left).values(revoked_at=clock.now()))


def note_use(token: ApiToken) -> None:
    """Note that a token was used just now, to the minute."""
    now = clock.now()
    if token.last_used_at is None or token.last_used_at <= now - USE_NOTED_EVERY:
        token.last_used_at = now
        db.session.flush()
