"""Huey with the ledger beneath it: the message is a doorbell, the row the truth."""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import huey.api
from flask import Flask
from flask_login import current_user
from huey import Huey
from huey.serializer import SignedSerializer
from huey.storage import BaseStorage, BlackHoleStorage, RedisStorage, SqliteStorage
from redis import ConnectionPool
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from werkzeug.utils import ImportStringError, import_string

from cms import config
from cms.errors import BadSetting
from cms.extensions import db
from cms.jobs import doorbell, ledger
from cms.jobs.models import Job

logger = logging.getLogger(__name__)

# A frozen Redis must not hold a request for long; the job is in the ledger anyway.
REDIS_TIMEOUTS = {"socket_timeout": 3, "socket_connect_timeout": 2}


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
        self._app = app
        self.storage = open_storage(self.name, settings.queue_url)
        self.serializer = SignedSerializer(settings.secret_key.get_secret_value(), salt="cms.jobs")
        app.extensions["huey"] = self

    def create_consumer(self, **options: Any) -> Any:
        if self._app is None:
            with config.told_in_one_line():
                _load_app(config.load().app)
        return super().create_consumer(**options)

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


def open_storage(name: str, address: str) -> BaseStorage:
    """Return Huey's storage for `sqlite:///file` or `redis://host:port/number`."""
    try:
        url = make_url(address)
        if url.drivername in ("redis", "rediss", "unix"):
            return RedisStorage(
                name, connection_pool=ConnectionPool.from_url(address, **REDIS_TIMEOUTS)
            )
        if url.drivername == "sqlite" and url.database:
            return SqliteStorage(name, filename=url.database)
    except (ArgumentError, ValueError):  # told below
        pass
    except sqlite3.OperationalError as error:
        raise BadSetting(name="CMS_QUEUE_URL", problem=str(error)) from None
    raise BadSetting(name="CMS_QUEUE_URL", problem="it must begin with redis:// or sqlite:///")


def checkpoint() -> None:
    """Commit what a running task has done so far, so that others see it."""
    db.session.commit()


def worker_name() -> str:
    """Return host, process and thread, as the ledger keeps them."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.current_thread().name}"


class LedgerTask(huey.api.TaskWrapper):
    """What `@huey.task(...)` makes of a function.

    `name` is the task's lasting name: kept when code moves, since messages and
    rows carry it. `subject` is the kind of thing whose id is the first argument.
    `words` says in a few words what the job does.
    """

    huey: LedgerHuey
    task_class: Any

    def __init__(
        self,
        huey: LedgerHuey,
        func: Callable[..., None],
        *,
        name: str,
        subject: str,
        words: str,
        **options: Any,
    ) -> None:
        self.subject = subject
        self.words = words
        self._failure_hook: Callable[..., None] | None = None
        # Huey keys tasks by module and name; a fixed module lets code move.
        super().__init__(huey, func, name=name, __module__="cms", **options)
        huey.kinds[name] = self

    def create_task(self, func: Callable[..., None], *_context: Any, **settings: Any) -> Any:
        def guarded(*args: Any, task: Any, **kwargs: Any) -> None:
            self._run(task.id, lambda: func(*args, **kwargs))

        return super().create_task(guarded, context=True, name=self.name, **settings)

    def submit(self, *args: Any, **kwargs: Any) -> Job:
        """Write a job for these arguments and publish it once the caller commits.

        Arguments must be JSON values: ids, not objects. The job is part of the
        caller's transaction: a rollback takes it back.
        """
        return self._enter(args, kwargs)

    __call__ = submit

    def submit_as_retry(self, failed: Job) -> Job:
        return self._enter(tuple(failed.args), dict(failed.kwargs), retry_of_id=failed.id)

    def on_failure(self, hook: Callable[..., None]) -> Callable[..., None]:
        """Register what else to do in the transaction that records a failed attempt.

        `hook(*args, error=…, final=…, **kwargs)` gets the arguments of the task.
        """
        self._failure_hook = hook
        return hook

    def tell_failure(self, job: Job, error: BaseException, *, final: bool) -> None:
        if self._failure_hook is not None:
            self._failure_hook(*job.args, error=error, final=final, **job.kwargs)

    def _enter(self, args: tuple[Any, ...], kwargs: dict[str, Any], **columns: Any) -> Job:
        message = self.task_class(args, kwargs, retry_delay=self._delay())
        job = Job(
            id=message.id,
            task=self.name,
            args=list(args),
            kwargs=kwargs,
            subject_kind=self.subject,
            subject_id=str(args[0]),
            attempts_allowed=message.retries + 1,
            retry_delay=message.retry_delay,
            submitted_by_id=getattr(current_user, "id", None) if current_user else None,
            **columns,
        )
        db.session.add(job)
        db.session.flush()
        doorbell.ring_after_commit(lambda: self.huey.enqueue(message))
        return job

    def _delay(self) -> int:
        shortened = config.settings().job_retry_delay
        return int(self.retry_delay if shortened is None else shortened)

    def _run(self, job_id: str, work: Callable[[], None]) -> None:
        """Claim, work, record: what the work did and its success are one commit.

        Each run has an application context of its own, so that nothing of one
        job is seen by the next. An error goes up to Huey, whose error signal
        records it.
        """
        with self.huey.app.app_context():
            job = ledger.claim(job_id, worker_name())
            db.session.commit()
            if job is None:
                logger.info("job %s: nothing to claim, another delivery had it", job_id)
                return
            attempt = job.attempts_made
            logger.info("job %s: attempt %s of %s", job_id, attempt, job.attempts_allowed)
            work()
            ledger.succeed(job_id, attempt)
            db.session.commit()
