"""What an administrator does with the queue as a whole, one transaction each."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from cms import clock
from cms.accounts.models import User
from cms.audit.services import record
from cms.jobs import doorbell, pauses
from cms.jobs.sweep import publish_due
from cms.tasks import huey


def pause(tasks: Iterable[str], by: User) -> int:
    """Let no more jobs of these kinds begin; return how many were not paused already."""
    now = clock.now()
    begun = [paused for task in tasks if (paused := pauses.pause(task, by.id, now))]
    for paused in begun:
        record("pause", paused, task=paused.task)
    return len(begun)


def resume(tasks: Iterable[str]) -> int:
    """Let jobs of these kinds begin again; return how many were paused.

    Their messages are made anew as soon as the transaction is committed.
    """
    asked = set(tasks)
    ended = [paused for paused in pauses.listed() if paused.task in asked]
    for paused in ended:
        record("resume", paused, task=paused.task)
    names = [paused.task for paused in ended]
    pauses.resume(names)
    if names:
        doorbell.ring_after_commit(partial(publish_due, huey, names))
    return len(names)
