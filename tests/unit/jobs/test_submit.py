"""Submitting: the row is part of the caller's transaction, the message follows it."""

from unittest.mock import Mock

from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.tasks import huey
from tests.toy_tasks import write_toy


def test_a_job_is_published_only_after_the_commit(ctx):
    job = write_toy.submit("bear")
    assert len(huey) == 0

    db.session.commit()

    assert [message.id for message in huey.pending()] == [job.id]


def test_a_rollback_takes_the_job_back_and_publishes_nothing(ctx):
    write_toy.submit("bear")
    db.session.rollback()
    db.session.commit()

    assert db.session.query(Job).count() == 0
    assert len(huey) == 0


def test_a_savepoint_alone_publishes_nothing(ctx):
    with db.session.begin_nested():
        write_toy.submit("bear")
    assert len(huey) == 0

    db.session.commit()
    assert len(huey) == 1


def test_the_row_says_what_was_asked_for(ctx):
    job = write_toy.submit("bear", fail_after="lunch")

    assert (job.task, job.args, job.kwargs) == ("toy_write", ["bear"], {"fail_after": "lunch"})
    assert (job.subject_kind, job.subject_id) == ("toy", "bear")
    assert job.state == JobState.QUEUED
    assert (job.attempts_made, job.attempts_allowed, job.retry_delay) == (0, 4, 60)


def test_calling_a_task_submits_it(ctx):
    job = write_toy("bear")
    db.session.commit()

    assert db.session.get(Job, job.id).state == JobState.QUEUED


def test_a_broker_that_is_away_does_not_fail_the_commit(ctx, monkeypatch, unreachable_queue):
    job = write_toy.submit("bear")
    db.session.commit()

    assert db.session.get(Job, job.id).state == JobState.QUEUED


def test_a_broker_that_is_away_is_asked_once_for_all_jobs_of_a_commit(ctx, monkeypatch):
    enqueue = Mock(side_effect=TimeoutError)
    monkeypatch.setattr(huey.storage, "enqueue", enqueue)
    jobs = [write_toy.submit(f"bear {number}") for number in range(3)]
    db.session.commit()

    enqueue.assert_called_once()
    assert [job.state for job in jobs] == [JobState.QUEUED] * 3


def test_every_message_is_signed_and_an_unsigned_one_is_refused(ctx):
    write_toy.submit("bear")
    db.session.commit()
    (message,) = huey.storage.enqueued_items()
    huey.storage.flush_queue()

    huey.storage.enqueue(message.rpartition(b":")[0])

    assert huey.pending() == []
