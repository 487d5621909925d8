"""One as canary, then the rest."""

import pytest

from cms.editorial import notifications as acts
from cms.editorial.retries import NothingToRetry, retry_job
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.notifications import services
from cms.notifications.models import NotificationOccurrence, NotificationState
from cms.tasks import huey
from cms.tasks import notifications as tasks
from cms.tasks.notifications import retry_group


@pytest.fixture
def failed(fail, told):
    """Seven jobs that failed alike, in the order in which they did; the cause is mended."""
    jobs = [fail(f"toy {number}") for number in range(7)]
    huey.flush()
    return jobs


def retried(jobs):
    ids = [job.id for job in jobs]
    return db.session.query(Job).filter(Job.retry_of_id.in_(ids)).count()


@pytest.mark.case(22)
def test_one_first_then_the_rest(failed, told, run_jobs, monkeypatch):
    monkeypatch.setattr(tasks, "SUBMITTED_AT_ONCE", 2)
    canary = acts.retry_one(told())
    db.session.commit()
    assert canary.retry_of_id == failed[-1].id
    run_jobs()
    assert canary.state == JobState.SUCCEEDED
    assert (told().state, retried(failed)) == (NotificationState.OPEN, 1)

    job = acts.retry_rest(told())
    db.session.commit()
    run_jobs()
    assert job.state == JobState.SUCCEEDED
    assert (job.progress_done, job.progress_total) == (6, 6)
    assert retried(failed) == 7
    assert told().state == NotificationState.RESOLVED


def test_while_the_canary_runs_there_is_no_second_and_no_rest(failed, told):
    with pytest.raises(acts.NoCanary):
        acts.retry_rest(told())
    canary = acts.retry_one(told())
    assert acts.retry_one(told()) is canary
    with pytest.raises(acts.CanaryRuns):
        acts.retry_rest(told())
    assert retried(failed) == 1


def test_when_the_canary_fails_the_rest_is_untouched(failed, told, run_jobs):
    failed[-1].kwargs = {"fail_after": "still broken"}
    db.session.flush()
    canary = acts.retry_one(told())
    db.session.commit()
    run_jobs(hours=1)
    assert canary.state == JobState.FAILED

    with pytest.raises(acts.CanaryFailed):
        acts.retry_rest(group_of(failed))
    assert retried(failed) == 1


def test_the_job_itself_stops_when_the_canary_has_failed(failed, run_jobs):
    group = group_of(failed)
    group.canary = acts.retry_one(group)
    group.canary.state = JobState.FAILED
    job = retry_group.submit(group.id)
    db.session.commit()
    run_jobs()

    assert job.state == JobState.MOOT
    assert retried(failed) == 1


def test_pressed_twice_the_rest_is_one_job(failed, told, succeed):
    succeed(acts.retry_one(told()))
    first = acts.retry_rest(told())
    assert acts.retry_rest(told()) is first


def test_what_cannot_be_retried_stays_open_and_stops_nothing(failed, told, succeed, run_jobs):
    succeed(acts.retry_one(told()))
    failed[2].task = "gone_with_the_last_release"
    db.session.flush()
    job = acts.retry_rest(told())
    db.session.commit()
    run_jobs()

    assert job.state == JobState.SUCCEEDED
    assert (job.progress_done, job.progress_total) == (6, 6)
    assert services.count_retryable(told()) == services.count_open_occurrences(told()) == 1


def test_what_was_retried_already_is_left_alone(failed, told, succeed):
    succeed(acts.retry_one(told()))
    for job in failed[:-1]:
        retry_job(job)
    with pytest.raises(NothingToRetry):
        acts.retry_rest(told())


def test_where_nothing_failed_nothing_is_retried(failed, told):
    services.resolve(told())
    with pytest.raises(NothingToRetry):
        acts.retry_one(told())


def test_the_rest_of_a_notification_that_is_gone_is_moot(ctx, run_jobs):
    job = retry_group.submit(404)
    db.session.commit()
    run_jobs()
    assert job.state == JobState.MOOT


def group_of(jobs):
    once = db.session.query(NotificationOccurrence).filter_by(job_id=jobs[0].id).one()
    return once.notification
