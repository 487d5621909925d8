"""However a task ends, its row says so."""

from datetime import timedelta

import pytest

from cms import clock
from cms.accounts.models import Role
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import JobState
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.toy_tasks import end_toy, write_toy


@pytest.mark.parametrize(
    ("how", "state", "outcomes"),
    [
        ("moot", JobState.MOOT, ["moot"]),
        ("exit", JobState.FAILED, ["failed", "failed"]),
        ("memory", JobState.FAILED, ["failed", "failed"]),
        ("cancel", JobState.DISCARDED, ["interrupted"]),
        ("lock", JobState.FAILED, ["failed", "failed"]),
        ("timeout", JobState.FAILED, ["failed", "failed"]),
    ],
)
def test_every_end_is_recorded(ctx, run_jobs, how, state, outcomes):
    job = end_toy.submit("bear", how=how)
    db.session.commit()
    run_jobs(hours=1)

    assert job.state == state
    assert [attempt.outcome for attempt in job.attempts] == outcomes
    assert job.finished_at is not None
    assert db.session.query(Role).filter_by(name="bear").count() == 0
    told = 1 if state == JobState.FAILED else 0
    assert db.session.query(AdminNotification).count() == told


def test_an_interrupted_attempt_is_put_back_and_costs_the_job_nothing(ctx, run_jobs):
    job = write_toy.submit("bear")
    db.session.commit()
    message = huey.dequeue()
    message.attempt = ledger.claim(job.id, huey.holder()).attempts_made
    db.session.commit()
    huey._tasks_in_flight.add(message)

    huey.notify_interrupted_tasks()

    db.session.expire_all()
    assert job.state == JobState.RETRYING
    assert job.attempts_allowed - job.attempts_made == 4
    assert [attempt.outcome for attempt in job.attempts] == ["interrupted"]


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_what_was_revoked_or_came_too_late_is_given_up(ctx, run_jobs, how):
    job = write_toy.submit("bear")
    db.session.commit()
    message = huey.dequeue()
    if how == "revoked":
        huey.revoke(message)
    else:
        message.expires_resolved = huey._get_timestamp() - timedelta(minutes=1)
    huey.execute(message)

    db.session.expire_all()
    assert job.state == JobState.DISCARDED


def test_a_job_submitted_for_later_waits(ctx, run_jobs, moment):
    job = write_toy.submit("bear", at=clock.now() + timedelta(minutes=30))
    db.session.commit()
    run_jobs()
    assert job.state == JobState.QUEUED

    run_jobs(hours=1)
    assert job.state == JobState.SUCCEEDED


def test_while_a_job_of_the_same_key_has_not_ended_there_is_no_second(ctx, run_jobs):
    first = write_toy.submit("bear", unique_for="bear")
    assert write_toy.submit("bear", unique_for="bear") is first
    db.session.commit()
    run_jobs()

    second = write_toy.submit("honey", unique_for="bear")
    assert second is not first


def test_the_higher_priority_runs_first(ctx):
    write_toy.submit("slow")
    urgent = write_toy.submit("fast", priority=10)
    db.session.commit()

    assert huey.dequeue().id == urgent.id
