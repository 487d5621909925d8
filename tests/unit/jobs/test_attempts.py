"""Running: claim, work, record. A job and what it did end in one commit."""

from datetime import timedelta

import pytest

from cms import clock
from cms.accounts.models import Role
from cms.extensions import db
from cms.jobs import ledger
from cms.jobs.models import Job, JobState
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from tests.toy_tasks import break_toy, write_toy


@pytest.fixture
def written():
    def rows():
        return db.session.query(Role).filter_by(name="bear").count()

    return rows


def test_success_is_recorded_with_its_attempt(ctx, run_jobs, written):
    job = write_toy.submit("bear")
    db.session.commit()
    run_jobs()

    db.session.refresh(job)
    assert job.state == JobState.SUCCEEDED
    assert job.finished_at >= job.started_at
    (attempt,) = job.attempts
    assert (attempt.number, attempt.outcome) == (1, "succeeded")
    assert attempt.worker
    assert written() == 1


def test_a_second_delivery_finds_nothing_to_claim(ctx, run_jobs, written):
    job = write_toy.submit("bear")
    db.session.commit()
    (message,) = huey.pending()
    huey.enqueue(message)
    run_jobs()

    db.session.refresh(job)
    assert job.attempts_made == 1
    assert written() == 1


def test_a_message_too_many_spends_no_attempt_before_its_time(ctx, run_jobs):
    job = break_toy.submit("bear")
    db.session.commit()
    (message,) = huey.pending()
    for _delivery in range(3):
        huey.enqueue(message)
    run_jobs()
    assert (job.state, job.attempts_made) == (JobState.RETRYING, 1)

    huey.enqueue(message)
    with clock.stopped_at(job.due_at):
        run_jobs()
    assert job.attempts_made == 2


def test_a_job_that_is_due_at_once_is_done_though_the_clock_of_who_submitted_it_is_ahead(
    ctx, run_jobs, written
):
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        write_toy.submit("bear")
        db.session.commit()
    for message in huey.scheduled():
        huey.enqueue(message)
    run_jobs()
    assert written() == 1


def test_a_message_without_a_row_does_nothing(ctx, run_jobs, written):
    huey.enqueue(write_toy.s("bear"))
    run_jobs()

    assert written() == 0
    assert db.session.query(Job).count() == 0


def test_what_a_failed_attempt_did_is_rolled_back(ctx, run_jobs, written):
    write_toy.submit("bear", fail_after="no honey")
    db.session.commit()
    run_jobs()

    assert written() == 0


def test_a_checkpoint_is_kept(ctx, run_jobs, written):
    write_toy.submit("bear", fail_after="no honey", checkpoint_first=True)
    db.session.commit()
    run_jobs()

    assert written() == 1


def test_a_failed_attempt_waits_for_its_delay_and_notifies_nobody(ctx, run_jobs, moment):
    with clock.stopped_at(moment):
        job = break_toy.submit("bear")
        db.session.commit()
        run_jobs()

    db.session.refresh(job)
    assert job.state == JobState.RETRYING
    assert job.due_at == moment + timedelta(seconds=60)
    assert job.finished_at is None
    assert db.session.query(AdminNotification).count() == 0


def test_the_first_run_and_three_retries_then_one_notification(ctx, run_jobs):
    job = break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=1)

    db.session.refresh(job)
    assert job.state == JobState.FAILED
    assert [(a.number, a.outcome) for a in job.attempts] == [(n, "failed") for n in (1, 2, 3, 4)]
    assert job.attempts[3].error_class == "tests.toy_tasks.ToyError"
    assert "raise ToyError" in job.attempts[3].traceback
    (notification,) = db.session.query(AdminNotification).all()
    assert notification.type == "job_failed"
    assert notification.message == "The toy bear broke."
    assert [told.job_id for told in notification.occurrences] == [job.id]
    assert notification.job_data["attempts"] == 4


def test_an_error_that_does_not_speak_is_told_without_inner_facts(ctx, run_jobs):
    job = write_toy.submit("bear", fail_after="SELECT secret FROM /etc/passwd")
    db.session.commit()
    run_jobs(hours=1)

    db.session.refresh(job)
    assert job.sentence == ledger.UNEXPECTED
    (notification,) = db.session.query(AdminNotification).all()
    assert "secret" not in notification.message


def test_the_final_error_is_logged_with_the_job_id(ctx, run_jobs, caplog):
    job = break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=1)

    assert any(
        job.id in record.getMessage() and "after 4 attempts" in record.getMessage()
        for record in caplog.records
    )


def test_an_attempt_that_lost_its_claim_cannot_succeed(ctx):
    job = write_toy.submit("bear")
    db.session.commit()
    ledger.claim(job.id, huey.holder())
    ledger.fail(job.id, 1, RuntimeError("presumed dead"), final=False)
    ledger.claim(job.id, huey.holder())

    with pytest.raises(ledger.ClaimLost):
        ledger.succeed(job.id, attempt=1)
    ledger.succeed(job.id, attempt=2)


def test_an_attempt_that_lost_its_claim_cannot_fail_the_next_one(ctx):
    job = write_toy.submit("bear")
    db.session.commit()
    ledger.claim(job.id, huey.holder())
    ledger.fail(job.id, 1, RuntimeError("presumed dead"), final=False)
    ledger.claim(job.id, huey.holder())

    assert huey.record_failure(job.id, 1, RuntimeError("the dead one speaks")) is None
    db.session.refresh(job)
    assert job.state == JobState.RUNNING


def test_retries_are_sixty_seconds_apart_for_huey_too(ctx, run_jobs):
    break_toy.submit("bear")
    db.session.commit()
    failed_at = run_jobs()

    assert huey.read_schedule(failed_at + timedelta(seconds=59)) == []
    assert len(huey.read_schedule(failed_at + timedelta(seconds=61))) == 1
