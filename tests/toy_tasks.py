"""Small tasks for tests of the job machinery, declared like any other."""

import time
from pathlib import Path

from cms.accounts.models import Role
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs.queue import checkpoint
from cms.tasks import huey


class ToyError(CmsError):
    """A failure that speaks."""

    sentence = "The toy %(name)s broke."


@huey.task(retries=3, retry_delay=60, name="toy_break", subject="toy", words="Play")
def break_toy(name):
    """Fail, always."""
    raise ToyError(name=name)


@huey.task(retries=3, retry_delay=60, name="toy_write", subject="toy", words="Play")
def write_toy(name, *, fail_after=None, checkpoint_first=False):
    """Write a row; optionally fail after it, with or without a commit between."""
    db.session.add(Role(name=name))
    db.session.flush()
    if checkpoint_first:
        checkpoint()
    if fail_after:
        raise RuntimeError(fail_after)


@huey.task(name="toy_wait", subject="toy", words="Wait")
def wait_for_toy(name, path):
    """Run until the file at `path` is there; a minute at the most."""
    deadline = time.monotonic() + 60
    while not Path(path).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    db.session.add(Role(name=name))
