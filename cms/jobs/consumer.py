"""Huey's consumer with a heartbeat: it says that it lives, keeps the leases of what
it runs, and sweeps. From a thread of its own, however busy its workers are."""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

from huey.consumer import Consumer
from sqlalchemy import delete

from cms import clock
from cms.extensions import db
from cms.jobs import ledger, pulse
from cms.jobs.models import Worker
from cms.jobs.sweep import sweep

if TYPE_CHECKING:
    from cms.jobs.queue import LedgerHuey

logger = logging.getLogger(__name__)

VERSION = "0.1.0"
BEATS_PER_LEASE = 6
BEATS_PER_SWEEP = 3


class LedgerConsumer(Consumer):
    """What `huey_consumer` runs. The heart beats until the last job has ended."""

    huey: LedgerHuey
    workers: int

    def start(self) -> None:
        super().start()
        self._heart = Heart(self.huey, self.workers)
        self._heart.start()

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._heart.stop()


class Heart(threading.Thread):
    """Six beats a lease; every third one sweeps."""

    def __init__(self, huey: LedgerHuey, threads: int) -> None:
        super().__init__(name="Heart", daemon=True)
        self._huey = huey
        self._threads = threads
        self._started_at = clock.now()
        self._stopped = threading.Event()

    def run(self) -> None:
        pause = self._huey.lease.total_seconds() / BEATS_PER_LEASE
        beats = 0
        while True:
            self._guarded(self.beat)
            if beats % BEATS_PER_SWEEP == 0:
                self._guarded(lambda: sweep(self._huey))
            beats += 1
            if self._stopped.wait(pause):
                return

    def stop(self) -> None:
        """End the thread, and take the worker off the list."""
        self._stopped.set()
        self.join(timeout=5)
        self._guarded(self._leave)

    def beat(self) -> None:
        """Say that this consumer lives, and keep the leases of what it runs."""
        me = Worker(
            id=self._huey.consumer_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            threads=self._threads,
            version=VERSION,
            started_at=self._started_at,
            seen_at=clock.now(),
        )
        db.session.merge(me)
        pulse.forget_dead()
        ledger.extend_leases(self._huey.holder())
        db.session.commit()

    def _leave(self) -> None:
        db.session.execute(delete(Worker).where(Worker.id == self._huey.consumer_id))
        db.session.commit()

    def _guarded(self, act: Any) -> None:
        # A database that is away for a minute must not end the heart for good.
        try:
            with self._huey.app.app_context():
                act()
        except Exception:
            logger.exception("the heartbeat missed a beat")
