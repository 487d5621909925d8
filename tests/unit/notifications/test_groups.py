"""What fails alike is one notification, which lives on until somebody has dealt with it."""

from datetime import timedelta

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial import notifications as acts
from cms.editorial.retries import NothingToDiscard, discard_job, retry_job
from cms.extensions import db
from cms.jobs.models import JobState
from cms.notifications import services
from cms.notifications.fingerprints import fingerprint
from cms.notifications.models import (
    IS_ARCHIVED,
    IS_OPEN,
    AdminNotification,
    NotificationOccurrence,
    NotificationState,
    Severity,
)
from tests.factories import make_user
from tests.toy_tasks import ToyError, ToyGone, break_toy, end_toy, write_toy

OPEN, REGRESSED, RESOLVED, ARCHIVED = NotificationState


@pytest.mark.case(22)
def test_five_hundred_failures_of_three_kinds_are_three_notifications(fail):
    kinds = ("speaks", "divides", "misses")
    for number in range(500):
        fail(f"toy {number}", kinds[number % 3], commit=False)

    groups = db.session.query(AdminNotification).order_by(AdminNotification.id).all()
    assert [group.count for group in groups] == [167, 167, 166]
    assert groups[0].message == "The toy toy 498 broke."
    assert [group.severity for group in groups] == [
        Severity.ERROR,
        Severity.CRITICAL,
        Severity.CRITICAL,
    ]
    assert services.count_open() == 3
    assert db.session.query(NotificationOccurrence).count() == 500


def test_the_same_cause_has_the_same_fingerprint_whatever_the_message():
    def caught(error):
        try:
            raise error
        except type(error) as raised:
            return raised

    marks = {fingerprint("job_failed", "toy", caught(ToyError(name=name))) for name in "ab"}
    assert len(marks) == 1
    others = {
        fingerprint("job_failed", "other", caught(ToyError(name="a"))),
        fingerprint("job_failed", "toy", caught(ToyGone(name="a"))),
        fingerprint("job_failed", "toy", ToyError(name="a")),  # raised elsewhere
    }
    assert len(marks | others) == 4


def test_where_a_library_raised_does_not_matter():
    def through_a_library(text):
        import json  # noqa: PLC0415 - a library by name

        try:
            json.loads(text)
        except ValueError as error:
            return fingerprint("job_failed", "toy", error)

    assert through_a_library("{") == through_a_library("[[[")


def test_a_failure_in_a_resolved_group_reopens_it(fail, told):
    fail()
    services.resolve(told(), make_user("administrator"))
    db.session.commit()
    assert services.count_open() == 0

    fail()
    group = told()
    assert (group.state, group.count) == (REGRESSED, 2)
    assert (group.resolved_at, group.resolved_by_id) == (None, None)
    assert services.count_open() == 1
    assert services.count_open_occurrences(group) == 1


def test_archived_for_a_day_it_is_quiet_for_a_day(fail, told, moment):
    with clock.stopped_at(moment):
        fail()
        acts.archive_for(told(), days=1)
        db.session.commit()
    with clock.stopped_at(moment + timedelta(hours=23)):
        fail()
        assert (told().state, told().count, services.count_open()) == (ARCHIVED, 2, 0)
        assert db.session.query(AdminNotification).filter(IS_ARCHIVED).count() == 1
    with clock.stopped_at(moment + timedelta(hours=24)):
        assert (told().standing, services.count_open()) == (OPEN, 1)
        assert db.session.query(AdminNotification).filter(IS_OPEN).count() == 1
        assert db.session.query(AdminNotification).filter(IS_ARCHIVED).count() == 0
        fail()
        assert (told().state, told().quiet_until) == (OPEN, None)


def test_archived_until_some_more_it_is_quiet_until_then(fail, told):
    fail()
    acts.archive_until_more(told(), more=10)
    db.session.commit()
    for _number in range(9):
        fail()
    assert (told().state, services.count_open()) == (ARCHIVED, 0)

    fail()
    assert (told().state, told().quiet_count, services.count_open()) == (OPEN, None, 1)


def test_what_is_resolved_cannot_be_archived(fail, told):
    fail()
    services.resolve(told())
    with pytest.raises(acts.AlreadyResolved):
        acts.archive_for(told(), days=1)


# Closing


@pytest.mark.case(23)
def test_success_at_any_depth_closes_the_lineage_and_the_group(fail, told, succeed):
    first = fail()
    other = fail()
    again = retry_job(first)
    again.state = JobState.FAILED
    third = retry_job(again)
    db.session.commit()

    succeed(third)
    group = told()
    assert [bool(once.closed_at) for once in group.occurrences] == [True, False]
    assert group.state == OPEN

    succeed(retry_job(other))
    assert (told().state, told().resolved_by_id) == (RESOLVED, None)


def test_a_job_that_is_given_up_closes_its_occurrence(fail, told):
    kept, gone = fail(), fail()
    discard_job(gone)
    db.session.commit()
    assert [bool(once.closed_at) for once in told().occurrences] == [False, True]
    assert told().state == OPEN

    retry = retry_job(kept)
    discard_job(retry)
    assert told().state == RESOLVED
    assert {entry.action for entry in db.session.query(AuditEntry)} >= {"discard", "resolve"}


def test_giving_up_what_runs_does_nothing(fail, told):
    fail()
    running = write_toy.submit("bear")
    running.state = JobState.RUNNING
    db.session.flush()
    with pytest.raises(NothingToDiscard):
        discard_job(running)
    assert told().state == OPEN


def test_a_retry_whose_thing_is_gone_closes_it_too(ctx, run_jobs, told):
    job = end_toy.submit("bear", how="memory")
    db.session.commit()
    run_jobs(hours=1)
    job.kwargs = {"how": "moot"}
    retry_job(job)
    db.session.commit()
    run_jobs()
    assert told().state == RESOLVED


def test_success_of_what_never_failed_asks_for_nothing(ctx, run_jobs, monkeypatch):
    monkeypatch.setattr(services, "close_lineage", None)
    job = write_toy.submit("bear")
    db.session.commit()
    run_jobs()
    assert job.state == JobState.SUCCEEDED


# The cap


def test_old_occurrences_go_but_none_that_can_still_be_retried(fail, told, monkeypatch):
    monkeypatch.setattr(services, "KEPT", 5)
    monkeypatch.setattr(services, "CAPPED_EVERY", 1)
    for _number in range(8):
        fail()
    assert len(told().occurrences) == 8

    services.resolve(told())
    db.session.commit()
    assert len(told().occurrences) == 5
    for _number in range(3):
        fail()
    assert (told().count, len(told().occurrences)) == (11, 5)
    assert services.count_retryable(told()) == 3


def test_an_occurrence_outlives_its_job(ctx, run_jobs, told):
    job = break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=1)
    for attempt in job.attempts:
        db.session.delete(attempt)
    db.session.delete(job)
    db.session.commit()

    (once,) = told().occurrences
    assert (once.job_id, once.subject_kind, once.subject_id) == (None, "toy", "bear")
    assert services.newest_retryable(told()) is None
