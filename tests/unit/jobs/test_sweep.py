"""The sweep: what a killed worker or an emptied queue has lost is found again."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from cms import clock
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.consumer import LeaseKeeper
from cms.jobs.models import Job, JobState
from cms.jobs.sweep import MOST_AT_ONCE, sweep
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.toy_tasks import break_toy, write_toy


@pytest.fixture
def later():
    """Go some seconds into the future."""

    def go(seconds):
        return clock.stopped_at(clock.now() + timedelta(seconds=seconds))

    return go


def claimed(job):
    """Begin a job as a worker does that then says nothing more."""
    huey.storage.flush_queue()
    assert ledger.claim(job.id, huey.holder())
    db.session.commit()


def test_a_lost_attempt_counts_and_the_job_runs_again_at_once(ctx, run_jobs, later):
    job = write_toy.submit("bear")
    db.session.commit()
    claimed(job)

    with later(31):
        assert sweep(huey).lost == 1
        run_jobs()

    assert job.state == JobState.SUCCEEDED
    assert [attempt.outcome for attempt in job.attempts] == ["lost", "succeeded"]


def test_a_lease_that_is_kept_is_left_alone(ctx, later):
    job = write_toy.submit("bear")
    db.session.commit()
    claimed(job)
    with later(20):
        assert ledger.extend_leases(huey.holder(), {job.id}) == 1
        db.session.commit()
    with later(40):
        assert not sweep(huey)

    db.session.refresh(job)
    assert job.state == JobState.RUNNING


def test_a_living_worker_does_not_keep_what_ended_without_a_record(ctx, monkeypatch, later):
    write_toy.submit("bear")
    db.session.commit()
    with monkeypatch.context() as patch:  # the database goes away while the job runs
        patch.setattr(ledger, "succeed", Mock(side_effect=OperationalError("", {}, None)))
        patch.setattr(huey, "record_failure", Mock(side_effect=OperationalError("", {}, None)))
        huey.execute(huey.dequeue())

    with later(20):
        LeaseKeeper(huey).beat()
    with later(31):
        assert sweep(huey).lost == 1


def test_a_worker_keeps_what_it_works_on(ctx, run_jobs, monkeypatch, later):
    job = write_toy.submit("bear")
    db.session.commit()
    before = clock.now()

    def succeed_late(*claim):
        with later(20):
            LeaseKeeper(huey).beat()
        assert db.session.scalar(select(Job.lease_until)) > before + timedelta(seconds=50)
        ledger_succeed(*claim)

    ledger_succeed = ledger.succeed
    monkeypatch.setattr(ledger, "succeed", succeed_late)
    run_jobs()

    assert job.state == JobState.SUCCEEDED
    assert not huey.at_work


def test_a_job_that_always_kills_its_worker_fails_and_tells_once(ctx, later):
    job = break_toy.submit("bear")
    db.session.commit()
    for attempt in range(1, 5):
        with later(40 * attempt):
            claimed(job)
        with later(40 * attempt + 35):
            sweep(huey)
            sweep(huey)

    db.session.refresh(job)
    assert job.state == JobState.FAILED
    assert job.sentence == "The worker died while it worked on this."
    assert [a.outcome for a in job.attempts] == ["lost"] * 4
    assert db.session.query(AdminNotification).count() == 1


def test_an_emptied_queue_is_filled_again(ctx, run_jobs, later):
    jobs = [write_toy.submit(f"bear {n}") for n in range(5)]
    db.session.commit()
    huey.flush()

    with later(10):
        assert sweep(huey).published == 5
        assert sweep(huey).published == 0
    run_jobs()

    assert {job.state for job in jobs} == {JobState.SUCCEEDED}


def test_a_queue_that_is_only_long_is_left_alone(ctx, later):
    for n in range(20):
        write_toy.submit(f"bear {n}")
    db.session.commit()

    with later(3600):
        assert not sweep(huey)
    assert len(huey) == 20


def test_as_many_messages_as_are_missing_are_made(ctx, later):
    for n in range(20):
        write_toy.submit(f"bear {n}")
    db.session.commit()
    for _ in range(3):
        huey.dequeue()

    with later(10):
        assert sweep(huey).published == 3
    assert len(huey) == 20 < MOST_AT_ONCE


def test_a_retry_whose_message_was_lost_keeps_its_time_and_its_attempts(ctx, run_jobs, later):
    job = break_toy.submit("bear")
    db.session.commit()
    run_jobs()
    huey.storage.flush_schedule()

    with later(10):
        assert sweep(huey).published == 1
    (message,) = huey.pending()
    assert message.retries == 2
    assert message.eta == job.due_at.replace(tzinfo=None)


def test_what_was_committed_while_the_queue_was_away_is_published(ctx, run_jobs, later, request):
    kept = huey.storage
    request.getfixturevalue("unreachable_queue")
    job = write_toy.submit("bear")
    db.session.commit()
    huey.storage = kept

    with later(10):
        sweep(huey)
    run_jobs()
    assert job.state == JobState.SUCCEEDED
