"""What goes wrong on a bad day, one after the other, while people work."""

from __future__ import annotations

import errno
import math
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import select

from benchmarks.loads.stage import Stage
from benchmarks.loads.visitors import Answer, Visitors
from cms.extensions import db
from cms.jobs.models import Job
from tests.services import Service

RESTARTED_AFTER = 2.0  # seconds, as RestartSec of deploy/qscms-worker@.service
AWAY = 3.0
FULL = 10.0
LARGE, SMALL = 1 << 30, 1 << 12
PAUSE = 0.01


@dataclass(frozen=True)
class Fault:
    """Something that was wrong from one moment to another, by `time.monotonic`."""

    name: str
    began: float
    over: float


def commit(stage: Stage, seconds: float, done: list[Fault]) -> None:
    """Let everything go wrong within so many seconds, and note when each did."""
    acts: dict[str, Callable[[Stage], None]] = {
        "the worker is killed by -9": _kill_worker,
        "Redis is restarted": lambda stage: _restart(stage.queue),
        "PostgreSQL is restarted": lambda stage: _restart(stage.database),
    }
    if stage.disk.is_mount():
        acts["the disk is full"] = _fill_disk
    began = time.monotonic()

    def suffer(number: int, name: str) -> Fault:
        time.sleep(max(0.0, began + number * seconds / (len(acts) + 2) - time.monotonic()))
        at = time.monotonic()
        acts[name](stage)
        return Fault(name, at, time.monotonic())

    with ThreadPoolExecutor() as pool:
        done.extend(pool.map(suffer, count(1), acts))


def _kill_worker(stage: Stage) -> None:
    stage.site.stop("consumer", signal.SIGKILL)
    time.sleep(RESTARTED_AFTER)
    stage.start_worker()


def _restart(server: Service) -> None:
    server.halt()
    time.sleep(AWAY)
    server.resume()


def _fill_disk(stage: Stage) -> None:
    filler, chunk, full_since = stage.disk / "filler", LARGE, math.inf
    with filler.open("wb", buffering=0) as file:
        while time.monotonic() < full_since + FULL:
            try:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), chunk)
                chunk = min(chunk * 2, LARGE)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                if chunk == SMALL:  # a picture that is refused gives back what it took
                    full_since = min(full_since, time.monotonic())
                    time.sleep(PAUSE)
                chunk = max(chunk // 2, SMALL)
    filler.unlink()


def show(stage: Stage, done: list[Fault], people: Visitors) -> None:
    """Print how soon all was well again after each fault."""
    ends = _ends_of_jobs(stage)
    for fault, until in zip(done, [*(it.began for it in done[1:]), math.inf], strict=False):
        print(f"{fault.name}, for {fault.over - fault.began:.1f} s")
        for what, log in (("lists", people.lists), ("uploads", people.uploads)):
            print(f"  {what}: {_mended(fault, until, log.answers)}")
        first = next((end for end in ends if end > fault.over), None)
        print(f"  jobs: {f'again after {first - fault.over:.2f} s' if first else 'no more'}")


def _mended(fault: Fault, until: float, answers: list[Answer]) -> str:
    bad = [it for it in answers if not it.good and fault.began < it.ended < until]
    last = max((it.ended for it in bad), default=fault.over)
    return f"{len(bad)} not good, the last {max(0.0, last - fault.over):.2f} s after it was over"


def _ends_of_jobs(stage: Stage) -> list[float]:
    """Return when jobs ended, by `time.monotonic`."""
    here = datetime.now(UTC) - timedelta(seconds=time.monotonic())
    with stage.site.inside():
        ended = db.session.scalars(select(Job.finished_at).where(Job.finished_at.is_not(None)))
        return sorted((end - here).total_seconds() for end in ended if end)
