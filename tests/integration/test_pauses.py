"""Pausing a kind of job: nothing of it begins, nothing of it is lost, on each database."""

from datetime import timedelta

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial import queue
from cms.extensions import db
from cms.jobs import ledger, pauses, pulse
from cms.jobs.models import Job, JobState
from cms.jobs.sweep import sweep
from cms.tasks import huey
from tests.factories import make_user
from tests.processes import Site, wait_for
from tests.toy_tasks import break_toy, end_toy, wait_for_toy, write_toy


@pytest.fixture
def ada(each_ctx):
    user = make_user("administrator", "ada@example.com")
    db.session.commit()
    return user


@pytest.fixture
def paused(ada):
    """Playing is paused."""
    queue.pause(["toy_write"], ada)
    db.session.commit()


@pytest.fixture
def later():
    """Go some seconds into the future."""

    def go(seconds):
        return clock.stopped_at(clock.now() + timedelta(seconds=seconds))

    return go


def submitted(number):
    jobs = [write_toy.submit(f"bear {n}") for n in range(number)]
    db.session.commit()
    return jobs


def states():
    db.session.rollback()
    return [job.state for job in db.session.query(Job)]


def test_what_is_paused_is_not_begun_and_other_kinds_are(paused, run_jobs):
    submitted(3)
    other = end_toy.submit("bear", how="moot")
    db.session.commit()
    run_jobs()

    assert sorted(states()) == [JobState.MOOT] + [JobState.QUEUED] * 3
    assert db.session.get_one(Job, other.id).state == JobState.MOOT
    assert len(huey) == 0


def test_what_runs_ends(ada):
    (job,) = submitted(1)
    assert ledger.claim(job.id, huey.holder())
    queue.pause(["toy_write"], ada)
    db.session.commit()

    ledger.succeed(job.id, 1)
    db.session.commit()
    assert states() == [JobState.SUCCEEDED]


def test_a_failed_attempt_waits_beyond_its_time(ada, run_jobs, later):
    break_toy.submit("bear")
    db.session.commit()
    run_jobs()
    queue.pause(["toy_break"], ada)
    db.session.commit()
    run_jobs(hours=1)

    assert states() == [JobState.RETRYING]
    with later(3600):
        assert not sweep(huey)


def test_the_sweep_does_not_miss_what_is_paused(paused, run_jobs, later):
    submitted(5)
    run_jobs()

    with later(60):
        assert sweep(huey).published == 0


def test_the_sweep_still_finds_other_kinds(paused, run_jobs, later):
    submitted(5)
    run_jobs()
    break_toy.submit("bear")
    db.session.commit()
    huey.flush()

    with later(60):
        assert sweep(huey).published == 1
    assert [message.name for message in huey.pending()] == ["toy_break"]


def test_the_sweep_still_finds_what_is_paused_and_not_yet_due(paused, later):
    write_toy.submit("bear", at=clock.now() + timedelta(hours=1))
    db.session.commit()
    huey.flush()

    with later(60):
        assert sweep(huey).published == 1
        assert not sweep(huey)


def test_resumed_jobs_are_published_at_once_and_none_is_lost(paused, run_jobs, later):
    submitted(50)
    run_jobs()
    assert queue.resume(["toy_write"]) == 1
    assert len(huey) == 0
    db.session.commit()

    assert len(huey) == 50
    run_jobs()
    assert states() == [JobState.SUCCEEDED] * 50


def test_what_the_queue_did_not_take_then_the_sweep_publishes(paused, run_jobs, later, monkeypatch):
    submitted(3)
    run_jobs()
    with monkeypatch.context() as patch:
        patch.setattr(huey.storage, "enqueue", lambda *_args: 1 / 0)
        queue.resume(["toy_write"])
        db.session.commit()

    with later(60):
        assert sweep(huey).published == 3
    run_jobs()
    assert states() == [JobState.SUCCEEDED] * 3


def test_a_rollback_pauses_and_resumes_nothing(paused, ada, run_jobs):
    submitted(1)
    run_jobs()
    queue.pause(["toy_break"], ada)
    queue.resume(["toy_write"])
    db.session.rollback()
    db.session.commit()

    assert pauses.names() == ["toy_write"]
    assert len(huey) == 0


def test_what_is_paused_is_not_late(paused, later):
    submitted(1)
    with later(3600):
        assert pulse.count_due() == 0
        assert not pulse.take().waited
    queue.resume(["toy_write"])
    db.session.commit()
    with later(3600):
        assert pulse.count_due() == 1
        assert pulse.take().waited > timedelta(minutes=59)


def test_it_is_known_who_paused_since_when_and_who_resumed(ada, moment):
    with clock.stopped_at(moment):
        assert queue.pause(["toy_write", "toy_break"], ada) == 2
        assert queue.pause(["toy_write"], ada) == 0
        db.session.commit()
    assert [(p.task, p.paused_at, p.paused_by) for p in pauses.listed()] == [
        ("toy_break", moment, ada),
        ("toy_write", moment, ada),
    ]

    assert queue.resume(["toy_write", "toy_break", "toy_wait"]) == 2
    db.session.commit()
    entries = db.session.query(AuditEntry.action, AuditEntry.thing_id).order_by(AuditEntry.id)
    assert sorted(map(tuple, entries)) == [
        ("pause", "toy_break"),
        ("pause", "toy_write"),
        ("resume", "toy_break"),
        ("resume", "toy_write"),
    ]


def test_a_consumer_leaves_alone_what_is_paused_until_it_is_resumed(tmp_path):
    site = Site(tmp_path, CMS_APP="tests.toy_site:app", CMS_JOB_LEASE="3")
    site.prepare("administrator")
    gate = tmp_path / "gate"
    try:
        with site.inside():
            ada = make_user("administrator")
            running = wait_for_toy.submit("patience", str(gate))
            db.session.commit()
            site.start_consumer()
            wait_for(lambda: states() == [JobState.RUNNING], "the job to begin")
            queue.pause(["toy_wait", "toy_write"], ada)
            db.session.commit()
            jobs = {job.id for job in submitted(200)}
            gate.touch()
            wait_for(lambda: JobState.SUCCEEDED in states(), "what ran to end")
            wait_for(lambda: not len(huey), "every message to be popped")
            swept = site.log("consumer").count("made anew")
            write_toy.submit("last")
            db.session.commit()
            wait_for(lambda: not len(huey), "the last message to be popped")

            assert states().count(JobState.QUEUED) == len(jobs) + 1
            queue.resume(["toy_wait", "toy_write"])
            db.session.commit()
            wait_for(lambda: set(states()) == {JobState.SUCCEEDED}, "all to be done")
            assert db.session.get_one(Job, running.id).attempts_made == 1
            assert site.log("consumer").count("made anew") == swept == 0
    finally:
        site.close()
