"""What a task is here: a function whose every run is in the ledger."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import huey.api
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from cms import clock, config
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import doorbell, ledger
from cms.jobs.models import Job

if TYPE_CHECKING:
    from cms.jobs.queue import LedgerHuey

logger = logging.getLogger(__name__)

LONGEST_DELAY = 24 * 60 * 60

# The job and the attempt that this thread works on.
_running: ContextVar[tuple[str, int] | None] = ContextVar("running", default=None)


class Moot(Exception):
    """Raised by a task whose thing is gone: nothing is left to do, and nothing is wrong."""


class Aborted(CmsError):
    """The task asked the process to exit, which would kill a worker without a sign."""

    sentence = N_("The job tried to end the worker, and was stopped.")


def checkpoint() -> None:
    """Commit what a running task has done so far, so that others see it."""
    db.session.commit()


def report_progress(done: int, total: int) -> None:
    """Say how much of the running task's work is done. Commits, as `checkpoint` does.

    What was done before the call is kept, even if the task fails later: call it
    only where the work may stop and begin again.
    """
    running = _running.get()
    if running is not None:
        ledger.set_progress(*running, done, total)
    checkpoint()


class LedgerTask(huey.api.TaskWrapper):
    """What `@huey.task(...)` makes of a function.

    `name` is the task's lasting name: kept when code moves, since messages and
    rows carry it. `subject` is the kind of thing whose id is the first argument.
    `words` says in a few words what the job does, `meaning` what it means for the
    reader of a notification that such jobs have failed. With `retry_backoff=4` each
    wait is four times as long as the one before.
    """

    huey: LedgerHuey
    task_class: Any

    def __init__(  # noqa: PLR0913 - what a task says of itself
        self,
        huey: LedgerHuey,
        func: Callable[..., None],
        *,
        name: str,
        subject: str,
        words: str,
        meaning: str = N_("What these jobs were for has not been done."),
        **options: Any,
    ) -> None:
        self.subject = subject
        self.words = words
        self.meaning = meaning
        self._failure_hook: Callable[..., None] | None = None
        # Kept from Huey, which would count on its own: see `delay`.
        self._backoff = options.pop("default_retry_backoff", 0) or 1
        # Huey keys tasks by module and name; a fixed module lets code move.
        super().__init__(huey, func, name=name, __module__="cms", **options)
        huey.kinds[name] = self

    def create_task(self, func: Callable[..., None], *_context: Any, **settings: Any) -> Any:
        def guarded(*args: Any, task: Any, **kwargs: Any) -> None:
            try:
                self._run(task, lambda: func(*args, **kwargs))
            finally:
                self.huey.at_work.discard((task.id, getattr(task, "attempt", 0)))

        return super().create_task(guarded, context=True, name=self.name, **settings)

    # Submitting

    def submit(
        self,
        *args: Any,
        at: datetime | None = None,
        priority: int = 0,
        unique_for: str | None = None,
        **kwargs: Any,
    ) -> Job:
        """Write a job for these arguments and publish it once the caller commits.

        Arguments must be JSON values: ids, not objects. The job is part of the
        caller's transaction: a rollback takes it back. `at`, a time with a
        zone, is when it is due; of two that wait the higher `priority` runs
        first. While a job with the same `unique_for` has not ended, that one
        is returned instead of a second.
        """
        columns = {"priority": priority, "unique_key": unique_for, "due_at": at or clock.now()}
        if unique_for is None:
            return self._enter(args, kwargs, columns)
        return _holding(unique_for) or self._enter_alone(args, kwargs, columns)

    __call__ = submit

    def submit_as_retry(self, failed: Job) -> Job:
        """Submit the work of a failed job again; `IntegrityError` if that was done already."""
        columns = {"retry_of_id": failed.id, "priority": failed.priority}
        return self._enter(tuple(failed.args), dict(failed.kwargs), columns)

    def message_for(self, job: Job) -> Any:
        """Return the message that rings for a waiting job, with the attempts it has left."""
        early = job.due_at > clock.now()
        return self.task_class(
            tuple(job.args),
            dict(job.kwargs),
            id=job.id,
            # Huey keeps naive times, in UTC.
            eta=job.due_at.astimezone(UTC).replace(tzinfo=None) if early else None,
            retries=max(0, job.attempts_allowed - job.attempts_made - 1),
            retry_delay=job.retry_delay,
            priority=job.priority or None,
        )

    def _enter(self, args: tuple[Any, ...], kwargs: dict[str, Any], columns: dict[str, Any]) -> Job:
        job = Job(
            id=self.task_class.create_id(None),
            task=self.name,
            args=list(args),
            kwargs=kwargs,
            subject_kind=self.subject,
            subject_id=str(args[0]),
            attempts_made=0,
            attempts_allowed=self.retries + 1,
            retry_delay=self._delay(),
            submitted_by_id=getattr(current_user, "id", None) if current_user else None,
            **{"due_at": clock.now(), **columns},
        )
        db.session.add(job)
        db.session.flush()
        message = self.message_for(job)
        doorbell.ring_after_commit(lambda: self.huey.enqueue(message))
        return job

    def _enter_alone(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], columns: dict[str, Any]
    ) -> Job:
        try:
            with db.session.begin_nested():
                return self._enter(args, kwargs, columns)
        except IntegrityError:
            if found := _holding(columns["unique_key"]):  # submitted at the same time
                return found
            raise

    def _delay(self) -> int:
        shortened = config.settings().job_retry_delay
        return int(self.retry_delay if shortened is None else shortened)

    # Failing

    def delay(self, job: Job, attempt: int) -> int:
        """Return how many seconds after the failed `attempt` the next one is due."""
        return self._backed_off(job.retry_delay, attempt)

    def waits(self) -> list[int]:
        """Return how many seconds each retry of a new job waits after the failure before it."""
        return [self._backed_off(self._delay(), n) for n in range(1, self.retries + 1)]

    def _backed_off(self, delay: int, attempt: int) -> int:
        return int(min(delay * self._backoff ** min(attempt - 1, 20), LONGEST_DELAY))

    def on_failure(self, hook: Callable[..., None]) -> Callable[..., None]:
        """Register what else to do in the transaction that records a failed attempt.

        `hook(*args, error=…, final=…, **kwargs)` gets the arguments of the task.
        """
        self._failure_hook = hook
        return hook

    def tell_failure(self, job: Job, error: BaseException, *, final: bool) -> None:
        """Call the task's own failure hook."""
        if self._failure_hook is not None:
            self._failure_hook(*job.args, error=error, final=final, **job.kwargs)

    # Running

    def _run(self, task: Any, work: Callable[[], None]) -> None:
        """Claim, work, record: what the work did and its success are one commit.

        Each run has an application context of its own, so that nothing of one
        job is seen by the next. An error goes up to Huey, whose error signal
        records it; the attempt's number goes with the message, so that an
        attempt that was given up cannot speak for the next one.
        """
        with self.huey.app.app_context():
            job = ledger.claim(task.id, self.huey.holder())
            db.session.commit()
            if job is None:
                logger.info(
                    "job %s: nothing to claim: it is paused, or another delivery had it", task.id
                )
                return
            task.attempt = attempt = job.attempts_made
            self.huey.at_work.add((task.id, attempt))
            is_retry = job.retry_of_id is not None
            task.retry_delay = self.delay(job, attempt)
            logger.info("job %s: attempt %s of %s", task.id, attempt, job.attempts_allowed)
            running = _running.set((task.id, attempt))
            try:
                work()
                ledger.succeed(task.id, attempt)
            except Moot:
                db.session.rollback()
                ledger.end_moot(task.id, attempt)
            except SystemExit as error:
                raise Aborted from error
            except CmsError as error:
                task.retries = 0 if error.hopeless else task.retries
                raise
            finally:
                _running.reset(running)
            if is_retry:
                self.huey.tell_retry_done(task.id)
            db.session.commit()


def _holding(unique_key: str) -> Job | None:
    return db.session.scalars(select(Job).where(Job.unique_key == unique_key)).one_or_none()
