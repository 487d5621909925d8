"""Huey with the ledger beneath it: the message is a doorbell, the row the truth."""

from __future__ import annotations

import copy
import logging
import os
import socket
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from huey import Huey
from huey.serializer import SignedSerializer
from huey.signals import SIGNAL_REVOKED
from huey.storage import (
    BaseSqlStorage,
    BaseStorage,
    BlackHoleStorage,
    PriorityRedisStorage,
    RedisStorage,
    SqliteStorage,
)
from redis import ConnectionPool
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from werkzeug.utils import ImportStringError, import_string

from cms import config, logs
from cms.database import AT_ONCE
from cms.errors import BadSetting
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.clerk import Clerk
from cms.jobs.consumer import LedgerConsumer
from cms.jobs.models import Job
from cms.jobs.postgresql import PostgresQueue
from cms.jobs.task import REDACTED, LedgerTask

logger = logging.getLogger(__name__)

# A frozen Redis must not hold a request for long; the job is in the ledger anyway.
REDIS_TIMEOUTS = {"socket_timeout": 3, "socket_connect_timeout": 2}

_KINDS_OF_QUEUE = "it must begin with redis://, postgresql:// or sqlite:///"

FinalHook = Callable[[Job, BaseException], object]
RetryHook = Callable[[Job], object]
DutyHook = Callable[["LedgerHuey"], object]


class LedgerHuey(Huey):
    """A Huey whose storage is chosen by the application's settings.

    Tasks are declared at import, when no application exists yet; `init_app`
    binds storage, signing key and application. `create_consumer`, which
    `huey_consumer` calls, loads the application named by `CMS_APP` first.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name, results=False, storage_class=BlackHoleStorage)
        self._app: Flask | None = None
        self.kinds: dict[str, LedgerTask] = {}
        self.consumer_id = str(uuid.uuid4())
        # The jobs, and their attempts, that the threads of this process work on.
        self.at_work: set[tuple[str, int]] = set()
        # Whether the consumer was told to stop: a long job ends then, to go on with the next.
        self.stopping: Callable[[], bool] = lambda: False
        self._thread = threading.local()
        self.duties: list[DutyHook] = []
        self._final_hooks: list[FinalHook] = []
        self._retry_hooks: list[RetryHook] = []

    @property
    def app(self) -> Flask:
        """The application. Raises `RuntimeError` before `init_app`."""
        if self._app is None:
            raise RuntimeError("no application: call init_app, or set CMS_APP for a consumer")
        return self._app

    def get_task_wrapper_class(self) -> type[LedgerTask]:
        return LedgerTask

    def init_app(self, app: Flask) -> None:
        """Bind to `app`. Raises `BadSetting` for a queue URL of no known kind."""
        settings: config.Settings = app.config["CMS_SETTINGS"]
        if self._app is not None:
            self.storage.close()  # of the application that it was bound to before
        self._app = app
        self.storage: BaseStorage = open_storage(self.name, settings.queue_url)
        self.serializer = SignedSerializer(settings.secret_key.get_secret_value(), salt="cms.jobs")
        app.extensions["huey"] = self

    def create_consumer(self, **options: Any) -> Any:
        if self._app is None:
            with config.told_in_one_line():
                _load_app(config.load().app)
        return LedgerConsumer(self, **options)

    def execute(self, task: Any, timestamp: datetime | None = None) -> Any:
        """Run a task; each line that is logged meanwhile says of which job it is."""
        with logs.bind(job=task.id, task=task.name):
            return super().execute(task, timestamp)

    @property
    def lease(self) -> timedelta:
        """How long a consumer is believed to live without a sign of it."""
        settings: config.Settings = self.app.config["CMS_SETTINGS"]
        return timedelta(seconds=settings.job_lease)

    def holder(self) -> ledger.Holder:
        """Return who runs a job in this thread."""
        name = f"{socket.gethostname()}:{os.getpid()}:{threading.current_thread().name}"
        return ledger.Holder(self.consumer_id, name, self.lease)

    def forget_connections(self) -> None:
        """Leave the connections to the process that this one was forked from."""
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)

    def hire_clerk(self) -> None:
        """Let this thread keep a connection for its claims until it ends."""
        with self.app.app_context():
            self._thread.clerk = Clerk(db.engines[AT_ONCE])

    @contextmanager
    def clerk(self) -> Iterator[Clerk]:
        """Give the clerk of this thread, or one for now if it has none."""
        kept: Clerk | None = getattr(self._thread, "clerk", None)
        if kept is not None:
            yield kept
            return
        with closing(Clerk(db.engines[AT_ONCE])) as clerk:
            yield clerk

    def on_final_failure(self, hook: FinalHook) -> FinalHook:
        """Register what else to do in the transaction that ends a job as failed."""
        self._final_hooks.append(hook)
        return hook

    def on_retry_done(self, hook: RetryHook) -> RetryHook:
        """Register what else to do in the transaction that ends a retry by hand well."""
        self._retry_hooks.append(hook)
        return hook

    def duty(self, hook: DutyHook) -> DutyHook:
        """Register what the consumer on duty does each time it sweeps, a few times a minute.

        It has an application context of its own, and commits.
        """
        self.duties.append(hook)
        return hook

    def tell_retry_done(self, job_id: str) -> None:
        """Call those who want to know that a retry by hand succeeded, or became moot."""
        job = db.session.get_one(Job, job_id)
        for hook in self._retry_hooks:
            hook(job)

    def record_failure(
        self, job_id: str, attempt: int, error: BaseException, *, lost: bool = False
    ) -> Job | None:
        """Record that an attempt failed, and tell those who want to know; the caller commits.

        The attempt that was the job's last ends it, and so does a `hopeless`
        error. Returns None when the
        attempt no longer held the job.
        """
        job = db.session.get(Job, job_id)
        if job is None:
            return None
        kind = self.kinds.get(job.task)
        final = attempt >= job.attempts_allowed or getattr(error, "hopeless", False)
        delay = kind.delay(job.retry_delay, attempt) if kind else job.retry_delay
        job = ledger.fail(job_id, attempt, error, final=final, lost=lost, delay=delay)
        if job is None:
            return None
        if kind:
            kind.tell_failure(job, error, final=final)
        for hook in self._final_hooks if final else ():
            hook(job, error)
        return job

    # Revoking. Huey would ask the broker twice for each job; the ledger knows already,
    # and a job that was given up is not claimed.

    def revoke(self, task: Any, revoke_until: Any = None, revoke_once: Any = False) -> None:  # noqa: FBT002
        """Give up the job of a task. Raises `NotImplementedError` for "until then"."""
        if revoke_until or revoke_once:
            raise NotImplementedError("a job is given up for good; a kind of job can be paused")
        self._emit(SIGNAL_REVOKED, task)

    def revoke_all(self, *_args: Any, **_options: Any) -> None:
        """Raise `NotImplementedError`: a kind of job is paused instead."""
        raise NotImplementedError("pause the kind of job")

    def is_revoked(self, *_args: Any, **_options: Any) -> bool:
        """Return False: the ledger is asked when the job is claimed."""
        return False

    def delete(self, key: str) -> Any:
        return None if key.startswith("r:") else super().delete(key)

    def enqueue_many(self, messages: Iterable[Any]) -> None:
        """Put messages into the queue in one go."""
        with in_one_go(self.storage) as storage:
            for message in messages:
                storage.enqueue(self.serialize_task(message), message.priority)

    def publish(self, job: Job) -> bool:
        """Put a message for a waiting job into the queue; False if its kind is unknown here.

        One too many does no harm: the job is claimed once.
        """
        if job.task not in self.kinds:
            return False
        self.enqueue(self.kinds[job.task].message_for(job))
        return True

    def publish_all(self, jobs: Iterable[Job]) -> int:
        """Publish waiting jobs in one go; return how many, without those of unknown kinds."""
        known = [job for job in jobs if job.task in self.kinds]
        self.enqueue_many(self.kinds[job.task].message_for(job) for job in known)
        return len(known)

    def shown_arguments(self, job: Job) -> tuple[list[Any], dict[str, Any]]:
        """Return a job's arguments as people may see them: what its task redacts is dots.

        Of a task that this version does not know, nothing is shown.
        """
        if job.task in self.kinds:
            return self.kinds[job.task].redacted(job.args, job.kwargs)
        return [REDACTED for _ in job.args], dict.fromkeys(job.kwargs, REDACTED)

    def resubmit(self, job: Job) -> Job:
        """Submit the work of a failed job once more, as a new job.

        Raises `IntegrityError` when there is a retry of it already.
        """
        return self.kinds[job.task].submit_as_retry(job)


def _load_app(address: str) -> None:
    try:
        import_string(address)
    except ImportStringError as error:
        raise BadSetting(
            name="CMS_APP", problem=f"there is no {address!r} ({error.exception})"
        ) from None


@contextmanager
def in_one_go(storage: BaseStorage) -> Iterator[BaseStorage]:
    """Give a stand-in for `storage`, whose writes are sent together in the end."""
    stand_in = copy.copy(storage)
    if isinstance(storage, RedisStorage):
        stand_in.conn = storage.conn.pipeline(transaction=False)
        yield stand_in
        stand_in.conn.execute()
    elif isinstance(storage, BaseSqlStorage):
        with storage.db(commit=True) as cursor:
            stand_in.db = lambda **_options: nullcontext(cursor)
            yield stand_in
    else:
        yield storage


def open_storage(name: str, address: str) -> BaseStorage:
    """Return Huey's storage for a SQLite file, a Redis or a PostgreSQL.

    Servers are not asked before they are needed. Raises `BadSetting`.
    """
    try:
        url = make_url(address)
        if url.drivername in ("redis", "rediss", "unix"):
            return PriorityRedisStorage(
                name, connection_pool=ConnectionPool.from_url(address, **REDIS_TIMEOUTS)
            )
        if url.get_backend_name() in ("postgresql", "postgres"):
            address = url.set(drivername="postgresql").render_as_string(hide_password=False)
            return PostgresQueue(name, address)
        if url.drivername == "sqlite" and url.database:
            return SqliteStorage(name, filename=url.database)
    except (ArgumentError, ValueError):  # told below
        pass
    except sqlite3.OperationalError as error:
        raise BadSetting(name="CMS_QUEUE_URL", problem=str(error)) from None
    raise BadSetting(name="CMS_QUEUE_URL", problem=_KINDS_OF_QUEUE)
