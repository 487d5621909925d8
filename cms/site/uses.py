"""How often redirects are used, counted in memory: at most once a minute a process writes
down what it has counted, at the end of whichever request comes then, and at its own end.

What a process that is killed has counted in its last minute is lost.
"""

from __future__ import annotations

import atexit
import logging
from datetime import datetime, timedelta
from threading import Lock

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from cms import clock
from cms.content import redirects
from cms.extensions import db

logger = logging.getLogger(__name__)

_COUNTED = "cms.site.uses"
PAUSE = timedelta(minutes=1)


class Counted:
    """What this process has counted since it was written down: times and the last, by id."""

    def __init__(self) -> None:
        self._uses: dict[int, tuple[int, datetime]] = {}
        self._written_at: datetime | None = None
        self._lock = Lock()

    def add(self, redirect_id: int) -> None:
        with self._lock:
            times, _last = self._uses.get(redirect_id, (0, None))
            self._uses[redirect_id] = (times + 1, clock.now())

    def __bool__(self) -> bool:
        return bool(self._uses)

    def is_due(self) -> bool:
        before = self._written_at
        return bool(self) and (before is None or abs(clock.now() - before) >= PAUSE)

    def take(self) -> dict[int, tuple[int, datetime]]:
        with self._lock:
            taken, self._uses = self._uses, {}
            self._written_at = clock.now()
        return taken


def init_app(app: Flask) -> None:
    forget(app)
    app.teardown_request(_write_if_due)
    atexit.register(_write_rest, app)


def forget(app: Flask) -> None:
    """Forget what was counted and is not written down."""
    app.extensions[_COUNTED] = Counted()


def count(redirect_id: int) -> None:
    """Count that somebody was led on."""
    _counted().add(redirect_id)


def write() -> None:
    """Write down what was counted. Commits."""
    try:
        redirects.used(_counted().take())
        db.session.commit()
    except SQLAlchemyError:  # what was counted is lost, and the answer is not
        db.session.rollback()
        logger.exception("the uses of redirects could not be noted")


def _counted() -> Counted:
    found: Counted = current_app.extensions[_COUNTED]
    return found


def _write_if_due(_error: BaseException | None) -> None:
    if _counted().is_due():
        db.session.rollback()  # of the request, which has committed what it had to
        write()


def _write_rest(app: Flask) -> None:
    with app.app_context():
        if _counted():
            write()
