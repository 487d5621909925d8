"""What one consumer does for all: of several that live, one is on duty at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError

from cms import clock
from cms.extensions import db
from cms.jobs.models import Duty


def take(name: str, length: timedelta) -> bool:
    """Take a duty for a while; False when another has it. Commits.

    One that dies on duty keeps it no longer than that.
    """
    now = clock.now()
    statement = (
        update(Duty)
        .where(Duty.name == name, Duty.taken_until <= now)
        .values(taken_until=now + length)
        .execution_options(synchronize_session=False)
    )
    taken = cast("CursorResult[Any]", db.session.execute(statement)).rowcount == 1
    if not taken and db.session.get(Duty, name) is None:
        taken = _begin(name, length)
    db.session.commit()
    return taken


def _begin(name: str, length: timedelta) -> bool:
    try:
        with db.session.begin_nested():
            db.session.add(Duty(name=name, taken_until=clock.now() + length))
    except IntegrityError:  # another began at the same time
        return False
    return True
