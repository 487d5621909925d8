"""Writing the audit trail, in the same transaction as the act itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import has_request_context, request
from flask_login import current_user
from sqlalchemy import select

from cms import logs
from cms.audit.models import AuditEntry, Face
from cms.extensions import db

# What is done to all of it at once is done to this kind of thing, without a number.
INSTALLATION = "installation"

_FACES = {"admin": Face.ADMIN, "api": Face.API}

_acting_for: ContextVar[Any] = ContextVar("acting_for", default=None)


def record(action: str, thing: Any, /, **changes: Any) -> AuditEntry:
    """Note that the current person did `action` to `thing`, a saved model object.

    `changes` are JSON values, such as `title=["old", "new"]`. The thing is
    flushed first, since a new one has no id before.
    """
    db.session.flush()
    return note(action, thing.__tablename__, str(thing.id), **changes)


def note(action: str, kind: str, thing_id: str, /, **changes: Any) -> AuditEntry:
    """Note what was done to something that is no model object, or not there any more."""
    entry = AuditEntry(
        action=action, thing_kind=kind, thing_id=thing_id, changes=changes, **_who(), **_where()
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


def acting() -> Any:
    """Return the account that a job acts for; None where it acts for nobody."""
    return _acting_for.get()


def _who() -> dict[str, Any]:
    person = current_user if has_request_context() else _acting_for.get()
    if not person or not person.is_authenticated:
        return {}
    return {"user_id": person.id, "user_email": person.email}


def _where() -> dict[str, Any]:
    ids = logs.ids()
    if not has_request_context():
        job = ids.get("job")
        return {"face": Face.JOB if job else Face.COMMAND, "request": job}
    return {
        "address": request.remote_addr,
        "face": _FACES.get(request.path.split("/")[1], Face.SITE),
        "request": ids.get("request"),
    }
