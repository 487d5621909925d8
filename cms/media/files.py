"""Files that follow the transaction: what is replaced goes only after the commit,
what was written in vain goes after the rollback."""

from __future__ import annotations

import logging

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from cms.errors import CmsError
from cms.extensions import db
from cms.storage.base import Storage

logger = logging.getLogger(__name__)

_REPLACED = "cms.media.replaced"
_WRITTEN = "cms.media.written"


def storage() -> Storage:
    """Return the storage of the running application."""
    found: Storage = current_app.extensions["cms.storage"]
    return found


def written(key: str) -> None:
    """Note a new file, to be deleted if the current transaction is rolled back."""
    db.session().info.setdefault(_WRITTEN, []).append(key)


def replaced(key: str) -> None:
    """Note a file that nothing refers to once the current transaction commits."""
    db.session().info.setdefault(_REPLACED, []).append(key)


@event.listens_for(db.session, "after_commit")
def _committed(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_WRITTEN, None)
        _delete(session.info.pop(_REPLACED, ()))


@event.listens_for(db.session, "after_rollback")
def _rolled_back(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_REPLACED, None)
        _delete(session.info.pop(_WRITTEN, ()))


def _delete(keys: list[str] | tuple[str, ...]) -> None:
    for key in keys:
        try:
            storage().delete(key)
        except (OSError, CmsError):  # an orphan wastes space, a lost transaction loses work
            logger.exception("could not delete %s", key)
