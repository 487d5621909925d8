"""However a task ends, its row says so, and somebody is told if it is a failure."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from huey.exceptions import HueyException
from huey.signals import SIGNAL_COMPLETE, SIGNAL_ERROR, SIGNAL_EXECUTING

from cms import clock
from cms.accounts.models import Role
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import JobState
from cms.jobs.sweep import sweep
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.toy_tasks import end_toy, mistell_toy, write_toy


def submitted(how="well"):
    job = end_toy.submit("bear", how=how)
    db.session.commit()
    return job


def later(seconds):
    return clock.stopped_at(clock.now() + timedelta(seconds=seconds))


def outcomes(job):
    return [attempt.outcome for attempt in job.attempts]


def effects():
    return db.session.query(Role).filter_by(name="bear").count()


def told():
    return db.session.query(AdminNotification).count()


@pytest.mark.parametrize(
    ("how", "state", "attempts", "effect", "notification"),
    [
        ("well", JobState.SUCCEEDED, ["succeeded"], 1, 0),
        ("moot", JobState.MOOT, ["moot"], 0, 0),
        ("error", JobState.FAILED, ["failed", "failed"], 0, 1),
        ("hopeless", JobState.FAILED, ["failed"], 0, 1),
        ("exit", JobState.FAILED, ["failed", "failed"], 0, 1),
        ("memory", JobState.FAILED, ["failed", "failed"], 0, 1),
        ("lock", JobState.FAILED, ["failed", "failed"], 0, 1),
        ("timeout", JobState.FAILED, ["failed", "failed"], 0, 1),
        ("cancel", JobState.DISCARDED, ["interrupted"], 0, 0),
    ],
)
def test_the_ends_of_a_task(ctx, run_jobs, how, state, attempts, effect, notification):
    job = submitted(how)
    run_jobs(hours=1)

    assert (job.state, outcomes(job)) == (state, attempts)
    assert (effects(), told()) == (effect, notification)
    assert job.finished_at is not None
    assert job.lease_until is None


def test_a_hook_that_raises_keeps_no_job_from_its_end(ctx, run_jobs):
    job = mistell_toy.submit("bear")
    db.session.commit()
    run_jobs()

    assert (job.state, outcomes(job)) == (JobState.FAILED, ["failed"])
    assert (effects(), told()) == (0, 1)


@pytest.mark.parametrize("how", ["interrupt", "too often", "again"])
def test_what_only_stopped_waits_again_and_has_lost_no_attempt(ctx, run_jobs, how):
    job = submitted(how)
    run_jobs()

    assert (job.state, outcomes(job)) == (JobState.RETRYING, ["interrupted"])
    assert job.attempts_allowed - job.attempts_made == 2
    assert (effects(), told()) == (0, 0)
    with later(10):
        sweep(huey)
    assert len(huey) + len(huey.scheduled()) == 1


def test_what_failed_and_may_try_again_waits(ctx, run_jobs):
    job = submitted("error")
    run_jobs()

    assert (job.state, outcomes(job)) == (JobState.RETRYING, ["failed"])
    assert (effects(), told()) == (0, 0)
    assert len(huey.scheduled()) == 1


def test_what_a_stopping_consumer_cut_off_waits_again(ctx):
    job = submitted()
    message = huey.dequeue()
    message.attempt = ledger.claim(job.id, huey.holder()).attempts_made
    db.session.commit()
    huey._tasks_in_flight.add(message)

    huey.notify_interrupted_tasks()

    db.session.expire_all()
    assert (job.state, outcomes(job)) == (JobState.RETRYING, ["interrupted"])
    assert job.attempts_allowed - job.attempts_made == 2


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_what_was_revoked_or_came_too_late_is_given_up(ctx, how):
    job = submitted()
    message = huey.dequeue()
    if how == "revoked":
        huey.revoke(message)
    else:
        message.expires_resolved = huey._get_timestamp() - timedelta(minutes=1)
    huey.execute(message)

    db.session.expire_all()
    assert (job.state, outcomes(job)) == (JobState.DISCARDED, [])
    assert (effects(), told()) == (0, 0)


@pytest.mark.parametrize("how", ["unsigned", "cut short", "empty", "unknown"])
def test_a_message_that_nobody_can_read_is_made_anew(ctx, run_jobs, how):
    job = submitted()
    (message,) = huey.storage.enqueued_items()
    huey.storage.flush_queue()
    damaged = {"unsigned": message.rpartition(b":")[0], "cut short": message[:20], "empty": b""}
    huey.storage.enqueue(damaged.get(how, message))
    with _without(end_toy, how == "unknown"), pytest.raises((HueyException, ValueError)):
        huey.dequeue()
    assert (job.state, len(huey)) == (JobState.QUEUED, 0)

    with later(10):
        assert sweep(huey).published == 1
    run_jobs()
    assert (job.state, outcomes(job)) == (JobState.SUCCEEDED, ["succeeded"])


def test_a_worker_that_died_is_an_end_too(ctx, run_jobs):
    job = submitted()
    ledger.claim(huey.dequeue().id, huey.holder())
    db.session.commit()
    with later(31):
        sweep(huey)
        run_jobs()

    assert (job.state, outcomes(job)) == (JobState.SUCCEEDED, ["lost", "succeeded"])


@pytest.mark.parametrize(
    ("how", "state"), [("well", JobState.SUCCEEDED), ("error", JobState.FAILED)]
)
def test_a_receiver_that_raises_changes_nothing(ctx, run_jobs, how, state):
    def stumble(*_args):
        raise RuntimeError("a receiver broke")

    huey.signal(SIGNAL_EXECUTING, SIGNAL_COMPLETE, SIGNAL_ERROR)(stumble)
    try:
        job = submitted(how)
        run_jobs(hours=1)
    finally:
        huey.disconnect_signal(stumble)

    assert job.state == state
    assert told() == (state == JobState.FAILED)


def test_a_failure_that_could_not_be_recorded_is_found_when_the_lease_is_over(
    ctx, run_jobs, monkeypatch
):
    def stumble(_job, _error):
        raise RuntimeError("it could not be told")

    with monkeypatch.context() as patch:
        patch.setattr(huey, "_final_hooks", [stumble])
        job = submitted("hopeless")
        run_jobs()
    assert (job.state, told()) == (JobState.RUNNING, 0)

    with later(31):
        assert sweep(huey).lost == 1
    run_jobs(hours=1)
    assert (job.state, outcomes(job), told()) == (JobState.FAILED, ["lost", "failed"], 1)


@contextmanager
def _without(task, unknown):
    """Be a version that does not know a task."""
    if not unknown:
        yield
        return
    task.unregister()
    yield
    huey._registry.register(task.task_class)


# When it begins


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
