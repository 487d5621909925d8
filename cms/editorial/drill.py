"""Waiting for a drill to arrive, step by step."""

from __future__ import annotations

import time
from collections.abc import Iterator

from cms.extensions import db
from cms.jobs.models import Job
from cms.tasks import drill
from cms.tasks.drill import Step

PAUSE = 0.2


def run(timeout: float) -> Iterator[Step]:
    """Submit a drill, and yield each step as it arrives; the first that does not is the last.

    Waits `timeout` seconds in all. Commits; ends the drill however far it came.
    """
    job = drill.begin()
    db.session.commit()
    deadline = time.monotonic() + timeout
    try:
        yield Step("submitted", arrived=True, lack="")
        for number in range(len(drill.steps(job))):
            step = _wait(job, number, deadline)
            yield step
            if not step.arrived:
                return
    finally:
        db.session.rollback()
        drill.end(job)
        db.session.commit()


def _wait(job: Job, number: int, deadline: float) -> Step:
    while True:
        db.session.rollback()
        db.session.expire_all()
        step = drill.steps(job)[number]
        if step.arrived or time.monotonic() > deadline:
            return step
        time.sleep(PAUSE)
