"""Jobs that have failed for good, made without running each of them four times."""

from __future__ import annotations

from cms import clock
from cms.extensions import db
from cms.jobs.models import JobState
from cms.notifications import services
from tests.toy_tasks import ToyError, write_toy


def fail_job(name="bear", how="speaks", *, commit=True):
    """A job that failed in one of three ways."""
    job = write_toy.submit(name)
    job.state, job.attempts_made, job.finished_at = JobState.FAILED, 4, clock.now()
    db.session.flush()
    try:
        {"speaks": _speak, "divides": _divide, "misses": _miss}[how](name)
    except Exception as error:  # noqa: BLE001 - as a worker would
        services.job_failed(job, error)
    if commit:
        db.session.commit()
    return job


def _speak(name):
    raise ToyError(name=name)


def _divide(name):
    return len(name) / 0


def _miss(name):
    return {}[name]
