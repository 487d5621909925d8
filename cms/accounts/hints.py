"""Hints for those who are new here: shown until they are dismissed, by each for themselves."""

from __future__ import annotations

from cms.accounts.models import DismissedHint, User
from cms.extensions import db

FIRST_STEPS = "first-steps"


def wants(user: User, name: str) -> bool:
    """Tell whether `user` has not dismissed the hint `name`."""
    return db.session.get(DismissedHint, (user.id, name)) is None


def dismiss(user: User, name: str) -> None:
    """Do not show `user` the hint `name` again; the caller commits."""
    if wants(user, name):
        db.session.add(DismissedHint(user_id=user.id, name=name))
        db.session.flush()
