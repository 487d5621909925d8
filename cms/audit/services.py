"""Writing the audit trail, in the same transaction as the act itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import has_request_context, request
from flask_login import current_user
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.extensions import db

_acting_for: ContextVar[Any] = ContextVar("acting_for", default=None)


def record(action: str, thing: Any, **changes: Any) -> AuditEntry:
    """Note that the current person did `action` to `thing`, a saved model object.

    `changes` are JSON values, such as `title=["old", "new"]`. The thing is
    flushed first, since a new one has no id before.
    """
    db.session.flush()
    entry = AuditEntry(
        action=action,
        thing_kind=thing.__tablename__,
        thing_id=str(thing.id),
        changes=changes,
        **_who(),
    )
    db.session.add(entry)
    return entry


def history_of(thing: Any, limit: int) -> Sequence[AuditEntry]:
    """Return the newest entries about a saved model object."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.thing_kind == thing.__tablename__, AuditEntry.thing_id == str(thing.id))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


@contextmanager
def acting_for(person: Any) -> Iterator[None]:
    """Let what a job does inside be noted as done by an account, or by nobody."""
    before = _acting_for.set(person)
    try:
        yield
    finally:
        _acting_for.reset(before)


def _who() -> dict[str, Any]:
    if not has_request_context():
        person = _acting_for.get()
        return {"user_id": person.id, "user_email": person.email} if person else {}
    known = current_user.is_authenticated
    return {
        "user_id": current_user.id if known else None,
        "user_email": current_user.email if known else None,
        "address": request.remote_addr,
    }
