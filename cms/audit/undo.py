"""What a person has just changed, kept for a day, so that it can be taken back.

Only those who made a change may take it back: what they are handed is signed and
names them. Callers commit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete

from cms import clock
from cms.audit.models import UndoStep
from cms.errors import N_, CmsError
from cms.extensions import db

KEPT = timedelta(days=1)


class NothingToUndo(CmsError):
    """It was taken back already, or was done too long ago."""

    sentence = N_("This cannot be undone any more: it was undone already, or a day has passed.")


class NotTheirs(CmsError):
    """What was handed in was not made by us, or was made for somebody else."""

    sentence = N_("This was done by somebody else, who alone can undo it.")


class Change(NamedTuple):
    """One value that was changed: texts as the field of the row's form has them."""

    key: str
    column: str
    was: str
    now: str


def keep(view: str, changes: list[Change], user_id: int) -> str:
    """Keep what a person changed in a list; return what lets that person take it back."""
    of_them = UndoStep.user_id == user_id
    db.session.execute(delete(UndoStep).where(of_them, UndoStep.created_at < clock.now() - KEPT))
    step = UndoStep(view=view, changes=[list(change) for change in changes], user_id=user_id)
    db.session.add(step)
    db.session.flush()
    return str(_signer().dumps([step.id, user_id]))


def take(token: str, user_id: int) -> tuple[str, list[Change]]:
    """Return the list and the changes that a token stands for, which then is spent.

    Raises `NotTheirs` or `NothingToUndo`.
    """
    try:
        number, owner = _signer().loads(token)
    except BadSignature:
        raise NotTheirs from None
    if owner != user_id:
        raise NotTheirs
    step = db.session.get(UndoStep, number, with_for_update=True)
    if step is None or step.created_at < clock.now() - KEPT:
        raise NothingToUndo
    db.session.delete(step)
    return step.view, [Change(*change) for change in step.changes]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="undo")
