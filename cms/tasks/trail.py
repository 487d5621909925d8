"""Sealing the audit trail, by the consumer on duty."""

from __future__ import annotations

import logging
from threading import Thread

from flask import Flask
from sqlalchemy.exc import IntegrityError

from cms.audit import chain
from cms.audit.head import Seal
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs.queue import LedgerHuey
from cms.notifications import alarms
from cms.notifications.alarms import TRAIL_PARTED, Trouble
from cms.tasks.queue import huey
from cms.tasks.telling import tell

logger = logging.getLogger(__name__)


class Follower:
    """Has the head in the storage follow the chain. Beside the heart that calls it: a storage
    that does not answer for minutes must not stop that."""

    def __init__(self) -> None:
        self._reached: Seal | None = None
        self._thread: Thread | None = None

    def follow(self, app: Flask, newest: Seal) -> None:
        """Begin, unless the head has got there or is on its way. What fails is tried again
        the next time."""
        if newest != self._reached and not (self._thread and self._thread.is_alive()):
            self._thread = Thread(target=self._go, args=(app, newest), daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until it is done."""
        if self._thread:
            self._thread.join()

    def _go(self, app: Flask, newest: Seal) -> None:
        try:
            with app.app_context():
                _follow()
        except (OSError, CmsError) as error:
            logger.warning("the head of the audit trail could not be written: %s", error)
        except Exception:
            logger.exception("the head of the audit trail could not be written")
        else:
            self._reached = newest


def _follow() -> None:
    try:
        chain.follow()
    except chain.Parted as error:
        logger.error("%s", error)  # noqa: TRY400 - no trace says more
        if news := alarms.ring(Trouble(TRAIL_PARTED, "", error.sentence, error.facts)):
            tell(news)
    else:
        alarms.end(TRAIL_PARTED, "")
    db.session.commit()


follower = Follower()


@huey.duty
def seal(of: LedgerHuey) -> None:
    """Seal what was noted since the last time, and say the newest seal in the log: kept
    where nobody can change it, it proves that nobody has changed the trail."""
    try:
        sealed = chain.seal()
    except IntegrityError:  # a command does the same at this moment
        db.session.rollback()
        return
    if sealed:
        logger.info("audit trail sealed up to %s", sealed)
    newest = chain.newest()
    if newest.number:
        follower.follow(of.app, newest)
