"""What a person does with tokens of their own."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from cms import clock
from cms.accounts.models import User
from cms.accounts.tokens import LONGEST_NAME, PREFIX, SCOPES, ApiToken, digest, offered_to
from cms.audit.services import record
from cms.database import storable
from cms.errors import N_, CmsError
from cms.extensions import db


class UnusableName(CmsError):
    """A token is told from others by its name."""

    sentence = N_("Give the token a name of up to %(limit)s characters.")


class UnusableScopes(CmsError):
    """None was chosen, or one that the person's role does not have."""

    sentence = N_("Choose at least one thing that the token may do, of those that you may do.")


class UnusableEnd(CmsError):
    """It would never be good."""

    sentence = N_("The token must end in the future.")


def make(
    user: User, name: str, scopes: Collection[str], expires_at: datetime | None
) -> tuple[ApiToken, str]:
    """Make a token, and return it with its text, which cannot be had again.

    Raises `UnusableName`, `UnusableScopes` and `UnusableEnd`.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not storable(name):
        raise UnusableName(limit=LONGEST_NAME)
    if not scopes or not set(scopes) <= offered_to(user).keys():
        raise UnusableScopes
    if expires_at is not None and expires_at <= clock.now():
        raise UnusableEnd
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user_id=user.id,
        name=name,
        digest=digest(text),
        hint=text[-4:],
        scopes=[scope for scope in SCOPES if scope in scopes],
        expires_at=expires_at,
    )
    db.session.add(token)
    record("create", token, name=name, scopes=[None, token.scopes])
    return token, text


def revoke(token: ApiToken) -> None:
    """Make a token useless for good; nothing happens to one that is."""
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        record("revoke", token, name=token.name, revoked_at=[None, token.revoked_at.isoformat()])
