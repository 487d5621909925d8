"""Small tasks for tests of the job machinery, declared like any other."""

import os
import signal
import time
from pathlib import Path

from huey.exceptions import (
    CancelExecution,
    RateLimitExceeded,
    RetryTask,
    TaskLockedException,
    TaskTimeout,
)

from cms.accounts.models import Role
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs.task import Moot, checkpoint
from cms.tasks import huey


class ToyError(CmsError):
    """A failure that speaks."""

    sentence = "The toy %(name)s broke."


@huey.task(retries=3, retry_delay=60, name="toy_break", subject="toy", words="Play")
def break_toy(name):
    """Fail, always."""
    raise ToyError(name=name)


@huey.task(retries=0, name="toy_mistell", subject="toy", words="Play")
def mistell_toy(name):
    """Fail; what is then to be told fails as well."""
    raise ToyError(name=name)


@mistell_toy.on_failure
def _mistell(name, *, error, final):
    del error, final
    db.session.add(Role(name=name))
    db.session.flush()
    raise TypeError("the arguments of an older version")


class ToyGone(ToyError):
    """A failure that no second try mends."""

    hopeless = True


@huey.task(
    retries=3, retry_delay=60, retry_backoff=4, name="toy_back_off", subject="toy", words="Play"
)
def back_off(name, *, hopeless=False):
    """Fail, always; each wait is four times as long as the one before."""
    raise (ToyGone if hopeless else ToyError)(name=name)


@huey.task(retries=3, retry_delay=60, name="toy_write", subject="toy", words="Play")
def write_toy(name, *, fail_after=None, checkpoint_first=False):
    """Write a row; optionally fail after it, with or without a commit between."""
    db.session.add(Role(name=name))
    db.session.flush()
    if checkpoint_first:
        checkpoint()
    if fail_after:
        raise RuntimeError(fail_after)


@huey.task(retries=3, name="toy_stop", subject="toy", words="Play")
def stop_toy(name):
    """Stop when the consumer does, and write a row when there is another."""
    if db.session.query(Role).filter_by(name=name).count():
        return
    db.session.add(Role(name=name))
    checkpoint()
    while not huey.stopping():
        time.sleep(0.01)
    raise RetryTask(delay=0)


@huey.task(retries=3, name="toy_wait", subject="toy", words="Wait")
def wait_for_toy(name, path):
    """Run until the file at `path` is there; a minute at the most."""
    deadline = time.monotonic() + 60
    while not Path(path).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    db.session.add(Role(name=name))


@huey.task(retries=1, retry_delay=60, name="toy_end", subject="toy", words="End")
def end_toy(name, *, how):
    """End in one of the ways that a task can end."""
    db.session.add(Role(name=name))
    if how == "well":
        return
    raise {
        "moot": Moot,
        "error": RuntimeError,
        "hopeless": ToyGone(name=name),
        "exit": SystemExit,
        "memory": MemoryError,
        "interrupt": KeyboardInterrupt,
        "cancel": CancelExecution,
        "lock": TaskLockedException,
        "timeout": TaskTimeout,
        "too often": RateLimitExceeded("toy", delay=60),
        "again": RetryTask(delay=60),
    }[how]


@huey.task(name="toy_kill", subject="toy", words="Kill", retries=1, retry_delay=1)
def kill_worker(name):
    """Kill the worker that runs this, as memory hunger would."""
    os.kill(os.getpid(), signal.SIGKILL)


@huey.task(name="toy_tick", schedule="30 2 * * *", words="Tick")
def tick():
    """Write a row each night."""
    db.session.add(Role(name="ticked"))


@huey.task(
    retries=1,
    retry_delay=60,
    name="toy_secret",
    subject="toy",
    words="Keep",
    redact=("password", "hint"),
)
def keep_secret(name, password, *, hint):
    """Fail, without telling what it was given."""
    raise ToyError(name=name)
