"""What the ledger promises, on each database with each queue."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Barrier

import pytest
from huey.exceptions import HueyException
from sqlalchemy.exc import IntegrityError

from cms import clock
from cms.accounts.models import Role
from cms.editorial.retries import NothingToRetry, retry_job
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import WAITING, Job, JobState
from cms.jobs.queue import open_storage
from cms.jobs.sweep import sweep
from cms.notifications.models import AdminNotification, NotificationState
from cms.tasks import huey
from tests.processes import free_port
from tests.toy_tasks import back_off, break_toy, end_toy, write_toy


def holder(name):
    """Somebody who runs jobs and calls itself `name`."""
    return ledger.Holder("00000000-0000-0000-0000-000000000000", name, timedelta(seconds=30))


@pytest.fixture
def failed(each_pair, run_jobs):
    """A job that failed for good."""
    job = break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=1)
    db.session.refresh(job)
    return job


@pytest.fixture
def at_once(each_pair):
    """Do the same in several threads at the same moment, each in a session of its own."""

    def go(act, threads=4):
        start = Barrier(threads)

        def one(number):
            with each_pair.app_context():
                start.wait()
                found = act(number)
                db.session.commit()
                return found

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(one, range(threads)))

    return go


def later(seconds):
    """Stop the clock some seconds in the future."""
    return clock.stopped_at(clock.now() + timedelta(seconds=seconds))


def waiting_messages():
    return [message.id for message in huey.pending()]


def notifications():
    return db.session.query(AdminNotification).order_by(AdminNotification.id).all()


# Submitting


def test_a_job_waits_in_the_ledger_and_is_published_after_the_commit(each_pair):
    job = write_toy.submit("bear", fail_after="lunch")
    assert len(huey) == 0

    db.session.commit()
    db.session.expire_all()
    assert [message.id for message in huey.pending()] == [job.id]
    assert (job.state, job.args, job.kwargs) == (
        JobState.QUEUED,
        ["bear"],
        {"fail_after": "lunch"},
    )


def test_a_rollback_takes_it_back(each_pair):
    write_toy.submit("bear")
    db.session.rollback()

    assert db.session.query(Job).count() == 0
    assert len(huey) == 0


def test_arguments_in_any_script_arrive(each_pair, run_jobs):
    write_toy.submit("熊 🐻")
    db.session.commit()
    run_jobs()

    assert db.session.query(Role).one().name == "熊 🐻"


def test_a_savepoint_that_is_rolled_back_takes_back_its_jobs_alone(each_pair):
    kept = write_toy.submit("bear")
    with suppress(RuntimeError), db.session.begin_nested():
        write_toy.submit("wolf")
        raise RuntimeError
    db.session.commit()

    assert db.session.query(Job).all() == [kept]


def test_while_a_job_of_the_same_key_has_not_ended_there_is_no_second(each_pair, run_jobs):
    first = write_toy.submit("bear", unique_for="bear")
    db.session.commit()
    assert write_toy.submit("bear", unique_for="bear") is first
    db.session.commit()
    assert waiting_messages() == [first.id]
    run_jobs()

    assert write_toy.submit("honey", unique_for="bear") is not first


def test_of_many_that_submit_the_same_key_at_once_one_makes_the_job(each_pair, at_once):
    found = at_once(lambda _number: write_toy.submit("bear", unique_for="bear").id)

    assert len(set(found)) == 1
    assert waiting_messages() == found[:1]


def test_the_higher_priority_runs_first_and_of_equals_the_older(each_pair):
    jobs = {name: write_toy.submit(name, priority=n) for name, n in (("slow", 0), ("fast", 10))}
    jobs["late"] = write_toy.submit("late", priority=10)
    db.session.commit()

    order = [huey.dequeue().id for _ in jobs]
    assert order == [jobs[name].id for name in ("fast", "late", "slow")]


def test_a_job_for_later_is_run_when_it_is_due(each_pair, run_jobs):
    job = write_toy.submit("bear", at=clock.now() + timedelta(minutes=30))
    db.session.commit()
    run_jobs()
    db.session.refresh(job)
    assert job.state == JobState.QUEUED
    assert huey.read_schedule(huey._get_timestamp() + timedelta(minutes=29)) == []

    run_jobs(hours=1)
    assert job.state == JobState.SUCCEEDED


# Claiming


@pytest.mark.parametrize("tried", range(3))
def test_of_many_that_claim_at_once_exactly_one_wins(each_pair, at_once, tried):
    job = write_toy.submit("bear")
    db.session.commit()
    job_id = job.id

    claims = at_once(lambda number: ledger.claim(job_id, holder(f"worker {number}")) is not None)

    assert sorted(claims) == [False, False, False, True]
    db.session.refresh(job)
    assert (job.state, job.attempts_made) == (JobState.RUNNING, 1)
    (attempt,) = job.attempts
    assert attempt.worker == f"worker {claims.index(True)}"


def test_two_deliveries_of_one_message_are_one_run(each_pair, at_once):
    write_toy.submit("bear")
    db.session.commit()
    message = huey.dequeue()

    at_once(lambda _number: huey.execute(huey.deserialize_task(huey.serialize_task(message))), 2)

    assert db.session.query(Role).count() == 1
    assert db.session.query(Job).one().attempts_made == 1


def test_a_claim_that_was_lost_cannot_end_the_job(each_pair):
    job = write_toy.submit("bear")
    db.session.commit()
    assert ledger.claim(job.id, holder("first"))
    ledger.fail(job.id, 1, RuntimeError("presumed dead"), final=False)
    assert ledger.claim(job.id, holder("second"))

    with pytest.raises(ledger.ClaimLost):
        ledger.succeed(job.id, attempt=1)
    ledger.succeed(job.id, attempt=2)
    db.session.refresh(job)
    assert [attempt.outcome for attempt in job.attempts] == ["failed", "succeeded"]


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED])
def test_what_does_not_wait_cannot_be_claimed(each_pair, state):
    job = write_toy.submit("bear")
    job.state = state
    db.session.commit()

    assert ledger.claim(job.id, holder("worker")) is None
    assert job.attempts_made == 0


# Ending


def test_success_is_recorded(each_pair, run_jobs):
    job = write_toy.submit("bear")
    db.session.commit()
    run_jobs()

    db.session.refresh(job)
    assert job.state == JobState.SUCCEEDED
    assert job.created_at <= job.started_at <= job.finished_at
    assert job.sentence is None
    assert notifications() == []


def test_the_first_failure_waits_for_the_retry_and_tells_nobody(each_pair, run_jobs, moment):
    with clock.stopped_at(moment):
        job = break_toy.submit("bear")
        db.session.commit()
        run_jobs()

    db.session.refresh(job)
    assert (job.state, job.attempts_made) == (JobState.RETRYING, 1)
    assert job.due_at == moment + timedelta(seconds=60)
    assert (job.sentence, job.facts) == ("The toy %(name)s broke.", {"name": "bear"})
    assert notifications() == []


def test_the_last_failure_is_final_and_is_told_once(failed):
    assert failed.state == JobState.FAILED
    assert failed.finished_at is not None
    assert [attempt.outcome for attempt in failed.attempts] == ["failed"] * 4
    assert "ToyError" in failed.attempts[3].traceback
    (told,) = notifications()
    assert (told.type, told.count, told.state) == ("job_failed", 1, NotificationState.OPEN)
    assert [once.job_id for once in told.occurrences] == [failed.id]
    assert told.message == "The toy bear broke."
    assert told.job_data == {
        "task": "toy_break",
        "attempts": 4,
        "subject": ["toy", "bear"],
        "sentence": "The toy %(name)s broke.",
        "facts": {"name": "bear"},
    }


def test_a_failure_of_any_length_and_script_is_kept(each_pair, run_jobs):
    job = write_toy.submit("bear", fail_after="蜂蜜没有了🍯" * 5_000)
    db.session.commit()
    run_jobs(hours=1)

    db.session.refresh(job)
    assert job.state == JobState.FAILED
    assert job.attempts[0].error_message.startswith("蜂蜜没有了🍯")
    assert len(notifications()) == 1


def test_the_retry_waits_in_the_queue_for_as_long_as_the_ledger_says(each_pair, run_jobs):
    break_toy.submit("bear")
    db.session.commit()
    failed_at = run_jobs()

    assert huey.read_schedule(failed_at + timedelta(seconds=59)) == []
    assert len(huey.read_schedule(failed_at + timedelta(seconds=61))) == 1


def test_each_wait_is_longer_where_the_task_says_so(each_pair, run_jobs, moment):
    with clock.stopped_at(moment):
        job = back_off.submit("bear")
        db.session.commit()

    for wait in (60, 240, 960):
        with clock.stopped_at(moment):
            failed_at = run_jobs()
        moment += timedelta(seconds=wait)
        assert job.due_at == moment
        assert huey.read_schedule(failed_at + timedelta(seconds=wait - 2)) == []
        (message,) = huey.read_schedule(failed_at + timedelta(seconds=wait + 2))
        message.eta = None
        huey.enqueue(message)
    run_jobs()

    assert job.state == JobState.FAILED


def test_a_job_whose_thing_is_gone_is_moot(each_pair, run_jobs):
    job = end_toy.submit("bear", how="moot")
    db.session.commit()
    run_jobs()

    assert job.state == JobState.MOOT
    assert notifications() == []


def test_a_job_that_was_given_up_is_not_run(each_pair, run_jobs):
    job = write_toy.submit("bear")
    db.session.commit()
    assert ledger.discard(job.id, WAITING)
    db.session.commit()
    run_jobs()

    assert job.state == JobState.DISCARDED
    assert db.session.query(Role).count() == 0


def test_progress_is_seen_while_the_job_runs(each_pair):
    job = write_toy.submit("bear")
    db.session.commit()
    assert ledger.claim(job.id, holder("worker"))
    ledger.set_progress(job.id, 1, 3, 10)
    db.session.commit()
    assert (job.progress_done, job.progress_total) == (3, 10)

    with pytest.raises(ledger.ClaimLost):
        ledger.set_progress(job.id, 2, 4, 10)


# What was lost


def test_an_emptied_queue_is_filled_again(each_pair, run_jobs):
    jobs = [write_toy.submit(f"bear {n}") for n in range(5)]
    jobs.append(write_toy.submit("tomorrow", at=clock.now() + timedelta(hours=1)))
    db.session.commit()
    huey.flush()

    with later(10):
        assert sweep(huey).published == 6
        assert sweep(huey).published == 0
    run_jobs(hours=2)

    assert {job.state for job in jobs} == {JobState.SUCCEEDED}


def test_what_a_worker_held_that_died_begins_again(each_pair, run_jobs):
    job = write_toy.submit("bear")
    db.session.commit()
    assert ledger.claim(huey.dequeue().id, huey.holder())
    db.session.commit()

    with later(31):
        assert sweep(huey).lost == 1
        run_jobs()

    assert job.state == JobState.SUCCEEDED
    assert [attempt.outcome for attempt in job.attempts] == ["lost", "succeeded"]


@pytest.mark.case(29)
def test_a_message_that_nobody_signed_is_refused(each_pair):
    huey.storage.enqueue(b"cos\nsystem\n(S'true'\ntR.")

    with pytest.raises(ValueError, match="not found"):
        huey.dequeue()
    assert len(huey) == 0


def test_a_message_of_a_task_that_this_version_does_not_know_leaves_its_row(each_pair, run_jobs):
    job = write_toy.submit("bear")
    db.session.commit()
    with _unknown(write_toy), pytest.raises(HueyException, match="not found"):
        huey.dequeue()
    assert job.state == JobState.QUEUED

    with later(10):
        sweep(huey)
    run_jobs()
    assert job.state == JobState.SUCCEEDED


@contextmanager
def _unknown(task):
    task.unregister()
    yield
    huey._registry.register(task.task_class)


@pytest.mark.parametrize("kind", ["redis", "postgresql"])
def test_a_queue_that_is_away_fails_no_commit_and_its_jobs_are_published_later(
    ctx, run_jobs, kind, monkeypatch
):
    with monkeypatch.context() as patch:
        nowhere = open_storage("cms", f"{kind}://127.0.0.1:{free_port()}/0")
        patch.setattr(huey, "storage", nowhere)
        job = write_toy.submit("bear")
        db.session.commit()
    assert len(huey) == 0

    with later(10):
        sweep(huey)
    run_jobs()
    assert job.state == JobState.SUCCEEDED


# Trying again by hand


def test_pressed_twice_it_is_one_job(failed):
    first = retry_job(failed)
    db.session.commit()
    second = retry_job(failed)
    db.session.commit()

    assert first.id == second.id
    assert first.retry_of_id == failed.id
    assert (first.task, first.args, first.state) == ("toy_break", ["bear"], JobState.QUEUED)
    assert db.session.query(Job).count() == 2
    assert [message.id for message in huey.pending()] == [first.id]


@pytest.mark.case(24)
def test_pressed_by_two_at_the_same_moment_it_is_one_job(failed, at_once):
    retries = at_once(lambda _number: retry_job(db.session.get_one(Job, failed.id)).id, 2)

    assert retries[0] == retries[1]
    assert db.session.query(Job).filter_by(retry_of_id=failed.id).count() == 1
    assert len(huey) == 1


ENDED_BADLY = (JobState.FAILED, JobState.DISCARDED)


@pytest.mark.parametrize("state", [state for state in JobState if state not in ENDED_BADLY])
def test_only_what_failed_or_was_given_up_can_be_tried_again(each_pair, state):
    job = write_toy.submit("bear")
    job.state = state
    db.session.flush()
    with pytest.raises(NothingToRetry):
        retry_job(job)


def test_the_database_itself_refuses_a_second_retry(failed):
    huey.resubmit(failed)
    with pytest.raises(IntegrityError):
        huey.resubmit(failed)
    db.session.rollback()


@pytest.mark.case(23)
def test_success_of_the_retry_closes_the_notification(each_pair, run_jobs):
    job = write_toy.submit("bear", fail_after="no honey")
    db.session.commit()
    run_jobs(hours=1)
    job.kwargs = {}  # the cause is mended
    retry = retry_job(job)
    db.session.commit()
    assert [told.state for told in notifications()] == [NotificationState.OPEN]
    run_jobs()

    db.session.refresh(retry)
    assert retry.state == JobState.SUCCEEDED
    (told,) = notifications()
    assert told.state == NotificationState.RESOLVED
    assert told.resolved_at is not None
    assert told.resolved_by is None


def test_a_retry_that_fails_too_is_counted_and_success_closes_both(each_pair, run_jobs):
    job = write_toy.submit("bear", fail_after="no honey")
    db.session.commit()
    run_jobs(hours=1)
    again = retry_job(job)
    db.session.commit()
    run_jobs(hours=1)
    (told,) = notifications()
    assert [once.job_id for once in told.occurrences] == [job.id, again.id]

    db.session.refresh(again)
    again.kwargs = {}
    retry_job(again)
    db.session.commit()
    run_jobs()

    (told,) = notifications()
    assert told.state == NotificationState.RESOLVED
    assert all(once.closed_at for once in told.occurrences)
