"""Waiting longer each time, and not at all where waiting cannot help."""

from datetime import timedelta

from cms import clock
from cms.extensions import db
from cms.jobs.models import JobState
from cms.jobs.task import LONGEST_DELAY
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.toy_tasks import back_off


def test_a_message_made_anew_goes_on_where_the_lost_one_was(ctx, run_jobs, moment):
    job = back_off.submit("bear")
    db.session.commit()
    run_jobs()
    huey.flush()

    with clock.stopped_at(job.due_at):
        huey.publish(job)
        run_jobs()
        assert job.due_at == clock.now() + timedelta(seconds=240)


def test_no_wait_is_longer_than_a_day(ctx):
    job = back_off.submit("bear")

    assert back_off.delay(job.retry_delay, 1) == 60
    assert back_off.delay(job.retry_delay, 1000) == LONGEST_DELAY


def test_a_hopeless_failure_is_final_at_once(ctx, run_jobs):
    job = back_off.submit("bear", hopeless=True)
    db.session.commit()
    run_jobs()

    assert job.state == JobState.FAILED
    assert job.attempts_made == 1
    assert len(huey.scheduled()) == len(huey) == 0
    assert db.session.query(AdminNotification).one().message == "The toy bear broke."
