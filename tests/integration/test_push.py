"""Submitting without a transaction of the caller's: committed at once."""

from cms.accounts.models import Role
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.tasks import huey
from tests.toy_tasks import write_toy


def test_it_is_committed_published_and_run(each_ctx, run_jobs):
    job_id = write_toy.push("bear", priority=3)
    db.session.rollback()

    job = db.session.get_one(Job, job_id)
    assert (job.state, job.priority) == (JobState.QUEUED, 3)
    assert len(huey) == 1
    run_jobs()
    assert db.session.query(Role).one().name == "bear"


def test_it_leaves_the_transaction_of_the_session_alone(each_ctx):
    db.session.add(Role(name="honey"))
    write_toy.push("bear")
    db.session.rollback()

    assert db.session.query(Role).count() == 0
    assert db.session.query(Job).count() == 1


def test_while_the_queue_is_away_it_waits_in_the_ledger(ctx, unreachable_queue):
    write_toy.push("bear")
    assert db.session.query(Job).one().state == JobState.QUEUED
