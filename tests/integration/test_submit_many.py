"""Many jobs at once: as if each had been submitted, in a few statements."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from cms import clock
from cms.accounts.models import Role
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.jobs.sweep import sweep
from cms.jobs.task import SUBMITTED_AT_ONCE
from cms.tasks import huey
from tests.queries import statements
from tests.toy_tasks import write_toy

MANY = SUBMITTED_AT_ONCE + 3


def names(count):
    return [(f"bear {number}",) for number in range(count)]


def test_each_runs_once(each_ctx, run_jobs):
    assert write_toy.submit_many(names(MANY)) == MANY
    db.session.commit()
    assert len(huey) == MANY
    run_jobs()

    assert db.session.query(Role).filter(Role.name.startswith("bear ")).count() == MANY
    assert set(db.session.scalars(select(Job.state))) == {JobState.SUCCEEDED}


def test_none_is_published_before_the_commit_and_a_rollback_takes_them_back(each_ctx):
    write_toy.submit_many(names(3))
    assert len(huey) == 0
    db.session.rollback()

    assert len(huey) == 0
    assert db.session.query(Job).count() == 0


def test_the_statements_do_not_grow_with_the_jobs(ctx):
    with statements() as sent:
        write_toy.submit_many(names(SUBMITTED_AT_ONCE))

    assert len(sent) == 1


def test_they_can_be_due_later_and_have_a_priority(ctx, run_jobs):
    write_toy.submit("last")
    write_toy.submit_many(names(2), at=clock.now() + timedelta(hours=1), priority=5)
    db.session.commit()
    run_jobs()
    assert [role.name for role in db.session.query(Role).filter(Role.name != "viewer")] == ["last"]

    run_jobs(hours=2)
    assert set(db.session.scalars(select(Job.state))) == {JobState.SUCCEEDED}


@pytest.mark.parametrize("count", [0, 1])
def test_few_are_no_special_case(ctx, run_jobs, count):
    assert write_toy.submit_many(names(count)) == count
    db.session.commit()
    run_jobs()

    assert db.session.query(Job).count() == count


def test_while_the_queue_is_away_they_wait_in_the_ledger(ctx, unreachable_queue):
    write_toy.submit_many(names(MANY))
    db.session.commit()

    assert set(db.session.scalars(select(Job.state))) == {JobState.QUEUED}


def test_an_emptied_queue_is_filled_again_in_a_few_batches(each_ctx, run_jobs):
    write_toy.submit_many(names(MANY))
    db.session.commit()
    huey.flush()

    with clock.stopped_at(clock.now() + timedelta(seconds=10)):
        assert sweep(huey).published == MANY
    run_jobs()
    assert set(db.session.scalars(select(Job.state))) == {JobState.SUCCEEDED}


def test_ids_are_in_the_order_of_submission(ctx):
    for (name,) in names(20):
        write_toy.submit(name)
    write_toy.submit_many([(f"bear {number}",) for number in range(20, 40)])

    by_id = db.session.scalars(select(Job).order_by(Job.id))
    assert [job.args for job in by_id] == [[name] for (name,) in names(40)]
