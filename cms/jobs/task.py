"""What a task is here: a function whose every run is in the ledger."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import huey.api
import uuid_utils
from flask_login import current_user
from huey.exceptions import RetryTask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import make_transient_to_detached

from cms import clock, config, logs
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import crons, doorbell, ledger
from cms.jobs.clerk import Clerk
from cms.jobs.models import LONGEST_SCHEDULE_NAME, Job, JobState

if TYPE_CHECKING:
    from cms.jobs.queue import LedgerHuey

logger = logging.getLogger(__name__)

LONGEST_DELAY = 24 * 60 * 60
SUBMITTED_AT_ONCE = 500

# What a message says of its job.
_IN_A_MESSAGE = (
    "id", "args", "kwargs", "due_at", "attempts_allowed", "attempts_made", "retry_delay", "priority"
)  # fmt: skip
REDACTED = "••••"

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
    rows carry it. `subject` is the kind of thing whose id is the first argument, if
    it is about a thing. One with a `schedule`, such as "15 3 * * *", has no arguments
    and comes again by itself, at those times of `CMS_TIME_ZONE`: see `cms.jobs.crons`.
    `words` says in a few words what the job does, `meaning` what it means for the
    reader of a notification that such jobs have failed. With `retry_backoff=4` each
    wait is four times as long as the one before. `redact` names parameters of the
    function whose values are shown to nobody.
    """

    huey: LedgerHuey
    task_class: Any

    def __init__(  # noqa: PLR0913 - what a task says of itself
        self,
        huey: LedgerHuey,
        func: Callable[..., None],
        *,
        name: str,
        words: str,
        subject: str | None = None,
        schedule: str | None = None,
        meaning: str = N_("What these jobs were for has not been done."),
        redact: Collection[str] = (),
        **options: Any,
    ) -> None:
        self.subject = subject
        self.schedule = schedule and _checked_schedule(schedule, name, func)
        self.words = words
        self.meaning = meaning
        self._signature = inspect.signature(func)
        self._redacted = frozenset(redact)
        if isinstance(redact, str) or not self._redacted <= {*self._signature.parameters}:
            raise TypeError(f"{name}: {redact!r} are not the names of its parameters")
        self._failure_hook: Callable[..., None] | None = None
        self._retry_hook: Callable[..., None] | None = None
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

    def redacted(
        self, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return arguments with dots for those that nobody is to see."""
        try:
            given = self._signature.bind_partial(*args, **kwargs)
        except TypeError:  # of another version, whose names nobody knows
            return [REDACTED for _ in args], dict.fromkeys(kwargs, REDACTED)
        for name in self._redacted & given.arguments.keys():
            value, kind = given.arguments[name], self._signature.parameters[name].kind
            if kind == inspect.Parameter.VAR_POSITIONAL:
                given.arguments[name] = (REDACTED,) * len(value)
            elif kind == inspect.Parameter.VAR_KEYWORD:
                given.arguments[name] = dict.fromkeys(value, REDACTED)
            else:
                given.arguments[name] = REDACTED
        return list(given.args), given.kwargs

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

    def push(self, *args: Any, priority: int = 0, **kwargs: Any) -> str:
        """Submit in a transaction of its own, committed at once; return the job's id.

        For who has no transaction that the job belongs to, such as a script.
        """
        row = self._row(args, kwargs, self._shared({"priority": priority}))
        with self.huey.clerk() as clerk:
            clerk.write(ledger.ENTER, row)
        doorbell.ring([lambda: self.huey.enqueue(self._message(row))])
        return str(row["id"])

    def submit_many(
        self,
        arguments: Iterable[tuple[Any, ...]],
        *,
        at: datetime | None = None,
        priority: int = 0,
    ) -> int:
        """Write a job for each of these tuples of arguments, and return how many.

        As if each had been submitted, in the caller's transaction, but some ten
        times faster: rows and messages go in batches.
        """
        shared = self._shared({"priority": priority, "due_at": at or clock.now()})
        count = 0
        left = iter(arguments)
        while batch := list(islice(left, SUBMITTED_AT_ONCE)):
            rows = [self._row(args, {}, shared) for args in batch]
            ledger.enter_many(rows)
            doorbell.ring_after_commit(partial(self._publish_rows, rows))
            count += len(rows)
        return count

    def message_for(self, job: Job) -> Any:
        """Return the message that rings for a waiting job, with the attempts it has left."""
        return self._message({name: getattr(job, name) for name in _IN_A_MESSAGE})

    def _publish_rows(self, rows: list[dict[str, Any]]) -> None:
        self.huey.enqueue_many(map(self._message, rows))

    def _message(self, row: Mapping[str, Any]) -> Any:
        early = row["due_at"] > clock.now()
        return self.task_class(
            tuple(row["args"]),
            dict(row["kwargs"]),
            id=row["id"],
            # Huey keeps naive times, in UTC.
            eta=row["due_at"].astimezone(UTC).replace(tzinfo=None) if early else None,
            retries=max(0, row["attempts_allowed"] - row["attempts_made"] - 1),
            retry_delay=row["retry_delay"],
            priority=row["priority"] or None,
        )

    def _enter(self, args: tuple[Any, ...], kwargs: dict[str, Any], columns: dict[str, Any]) -> Job:
        row = self._row(args, kwargs, self._shared(columns))
        ledger.in_session(ledger.ENTER, row)
        job = Job(id=row["id"])
        make_transient_to_detached(job)  # whoever wants to know more of it reads the row
        db.session.add(job)
        doorbell.ring_after_commit(lambda: self.huey.enqueue(self._message(row)))
        return job

    def _row(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], shared: dict[str, Any]
    ) -> dict[str, Any]:
        """Return a row of the ledger, whole."""
        return {
            **shared,
            # In the order of time: a random one would be written to a random page of the index.
            "id": str(uuid_utils.uuid7()),
            "args": list(args),
            "kwargs": kwargs,
            "subject_id": str(args[0]) if self.subject else None,
        }

    def _shared(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Return what rows that are entered together have in common: `columns` and the rest."""
        now = clock.now()
        return {
            "task": self.name,
            "subject_kind": self.subject,
            "state": JobState.QUEUED,
            "attempts_made": 0,
            "attempts_allowed": self.retries + 1,
            "retry_delay": self._delay(),
            "submitted_by_id": getattr(current_user, "id", None) if current_user else None,
            "priority": 0,
            "unique_key": None,
            "retry_of_id": None,
            "created_at": now,
            "due_at": now,
            **columns,
        }

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

    def delay(self, first: int, attempt: int) -> int:
        """Return how many seconds after the failed `attempt` the next one is due, if it
        is `first` seconds after the first."""
        return int(min(first * self._backoff ** min(attempt - 1, 20), LONGEST_DELAY))

    def waits(self) -> list[int]:
        """Return how many seconds each retry of a new job waits after the failure before it."""
        return [self.delay(self._delay(), n) for n in range(1, self.retries + 1)]

    def on_failure(self, hook: Callable[..., None]) -> Callable[..., None]:
        """Register what else to do in the transaction that records a failed attempt.

        `hook(*args, error=…, final=…, **kwargs)` gets the arguments of the task.
        """
        self._failure_hook = hook
        return hook

    def on_retry(self, hook: Callable[..., None]) -> Callable[..., None]:
        """Register what else to do in the transaction that submits a failed job again: put
        what it is for back to waiting.

        `hook(*args, **kwargs)` gets the arguments of the task. What it raises prevents the retry.
        """
        self._retry_hook = hook
        return hook

    def takes(self, job: Job) -> bool:
        """Tell whether a job, maybe of an older version, has the arguments of today's task."""
        try:
            self._signature.bind(*job.args, **job.kwargs)
        except TypeError:
            return False
        return True

    def tell_failure(self, job: Job, error: BaseException, *, final: bool) -> None:
        """Call the task's own failure hook."""
        if self._failure_hook is not None:
            with beside_the_end_of(job):
                self._failure_hook(*job.args, error=error, final=final, **job.kwargs)

    def tell_retry(self, job: Job) -> None:
        """Call the task's own retry hook."""
        if self._retry_hook is not None:
            self._retry_hook(*job.args, **job.kwargs)

    # Running

    def _run(self, task: Any, work: Callable[[], None]) -> None:
        """Claim, work, record: what the work did and its success are one commit.

        Each run has an application context of its own, so that nothing of one
        job is seen by the next. An error goes up to Huey, whose error signal
        records it; the attempt's number goes with the message, so that an
        attempt that was given up cannot speak for the next one.
        """
        with self.huey.app.app_context(), self.huey.clerk() as clerk:
            claim = ledger.claim(task.id, self.huey.holder(), clerk.write)
            if claim is None:
                logger.info(
                    "job %s: nothing to claim: it is paused, due later, or another delivery had it",
                    task.id,
                )
                return
            task.attempt = attempt = claim.attempts_made
            logs.note(attempt=attempt)
            self.huey.at_work.add((task.id, attempt))
            task.retry_delay = self.delay(claim.retry_delay, attempt)
            logger.info("job %s: attempt %s of %s", task.id, attempt, claim.attempts_allowed)
            running = _running.set((task.id, attempt))
            end = ledger.succeed
            try:
                work()
            except Moot:
                db.session.rollback()
                end = ledger.end_moot
            except RetryTask:  # Huey sends no signal that tells it from a failure
                db.session.rollback()
                ledger.put_back(task.id, attempt)
                db.session.commit()
                raise
            except SystemExit as error:
                raise Aborted from error
            except CmsError as error:
                task.retries = 0 if error.hopeless else task.retries
                raise
            finally:
                _running.reset(running)
            self._end(task.id, attempt, end, clerk, is_retry=claim.retry_of_id is not None)

    def _end(
        self, job_id: str, attempt: int, end: Callable[..., None], clerk: Clerk, *, is_retry: bool
    ) -> None:
        has_more = db.session.registry.has() and db.session().in_transaction()
        if not (is_retry or has_more):
            end(job_id, attempt, clerk.write)  # nothing else to commit
            return
        end(job_id, attempt)
        if is_retry:
            self.huey.tell_retry_done(job_id)
        db.session.commit()


@contextmanager
def beside_the_end_of(job: Job) -> Iterator[None]:
    """Do what goes with the end of a job but must not prevent it: what is raised is logged and
    undone. Otherwise the job would count as running, and fail in the same way at each sweep.

    Only a database that is away is raised, since what is to be told then is told later.
    """
    try:
        with db.session.begin_nested():
            yield
    except OperationalError:
        raise
    except Exception:
        logger.exception("job %s: not all could be told that it failed", job.id)


def _checked_schedule(cron: str, name: str, func: Callable[..., None]) -> str:
    if inspect.signature(func).parameters or len(name) > LONGEST_SCHEDULE_NAME:
        raise ValueError(
            f"{name}: a task with a schedule takes no arguments, and its name has at most "
            f"{LONGEST_SCHEDULE_NAME} characters"
        )
    return crons.checked(cron)


def _holding(unique_key: str) -> Job | None:
    return db.session.scalars(select(Job).where(Job.unique_key == unique_key)).one_or_none()
