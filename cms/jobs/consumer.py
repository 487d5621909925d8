"""Huey's consumer with a heartbeat: it says that it lives, keeps the leases of what
it runs, and sweeps. From a thread of its own, however busy its workers are."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from huey import consumer
from sqlalchemy import delete

from cms import clock
from cms.extensions import db
from cms.jobs import duties, ledger, pulse, version
from cms.jobs.models import Worker
from cms.jobs.sweep import sweep

if TYPE_CHECKING:
    from cms.jobs.queue import LedgerHuey

logger = logging.getLogger(__name__)

BEATS_PER_LEASE = 6
BEATS_PER_SWEEP = 3


class LedgerWorker(consumer.Worker):
    """A worker with a connection for its claims. Where it is a process (`-k process`) it
    keeps its leases itself, so that they end with it though its consumer lives on."""

    huey: LedgerHuey
    is_process = False

    def initialize(self) -> None:
        super().initialize()
        if self.is_process:
            self.huey.forget_connections()
            LeaseKeeper(self.huey).start()
        self.huey.hire_clerk()


class LedgerConsumer(consumer.Consumer):
    """What `huey_consumer` runs. The heart beats until the last job has ended."""

    worker_class = LedgerWorker
    huey: LedgerHuey
    workers: int

    def _create_worker(self) -> LedgerWorker:
        worker: LedgerWorker = super()._create_worker()
        worker.is_process = self.environment.forks
        return worker

    def start(self) -> None:
        self.huey.stopping = self.stop_flag.is_set
        super().start()
        self._heart = Heart(self.huey, self.workers)
        self._heart.start()

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._heart.stop()


class LeaseKeeper(threading.Thread):
    """Keeps the leases of what its process works on, by six beats a lease."""

    def __init__(self, huey: LedgerHuey) -> None:
        super().__init__(name=type(self).__name__, daemon=True)
        self._huey = huey
        self._stopped = threading.Event()

    def run(self) -> None:
        pause = self._huey.lease.total_seconds() / BEATS_PER_LEASE
        for number in count():
            self._guarded(self.beat)
            if number % BEATS_PER_SWEEP == 0:
                self._guarded(self.sweep)
            if self._stopped.wait(pause):
                return

    def beat(self) -> None:
        """Say that the jobs of this process are still being worked on."""
        at_work = {job_id for job_id, _attempt in self._huey.at_work.copy()}
        ledger.extend_leases(self._huey.holder(), at_work)
        db.session.commit()

    def sweep(self) -> None:
        """Do nothing; the heart does it for all."""

    def _guarded(self, act: Callable[[], object]) -> None:
        # A database that is away for a minute must not end the heart for good.
        try:
            with self._huey.app.app_context():
                act()
        except Exception:
            logger.exception("the heartbeat missed a beat")


class Heart(LeaseKeeper):
    """Also says that the consumer lives, and every third beat sweeps."""

    def __init__(self, huey: LedgerHuey, threads: int) -> None:
        super().__init__(huey)
        self._threads = threads
        self._started_at = clock.now()
        self._version = version.mark()
        self._queue_away_since: datetime | None = None

    def stop(self) -> None:
        """End the thread, and take the worker off the list."""
        self._stopped.set()
        self.join(timeout=5)
        self._guarded(self._leave)

    def sweep(self) -> None:
        """Mend what others have lost, and do what else is done by one for all.

        A duty that raises keeps none of the others from being done.
        """
        rest = self._huey.lease * (BEATS_PER_SWEEP - 1) / BEATS_PER_LEASE
        if not duties.take("sweep", rest):
            return
        for duty in (sweep, *self._huey.duties):
            self._guarded(partial(duty, self._huey))

    def beat(self) -> None:
        """Say that this consumer lives, and keep the leases of what it runs."""
        me = Worker(
            id=self._huey.consumer_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            threads=self._threads,
            version=self._version,
            started_at=self._started_at,
            seen_at=clock.now(),
            queue_away_since=self._note_queue(),
        )
        db.session.merge(me)
        pulse.forget_dead()
        super().beat()

    def _note_queue(self) -> datetime | None:
        """Return since when the queue does not answer; None while it does."""
        try:
            self._huey.pending_count()
        except Exception:  # noqa: BLE001 - whatever the driver calls it
            self._queue_away_since = self._queue_away_since or clock.now()
        else:
            self._queue_away_since = None
        return self._queue_away_since

    def _leave(self) -> None:
        db.session.execute(delete(Worker).where(Worker.id == self._huey.consumer_id))
        db.session.commit()
