"""Groups of failures, on each database, when several workers meet in one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cms.editorial import notifications as acts
from cms.editorial.retries import retry_job
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.notifications import services
from cms.notifications.models import AdminNotification, NotificationState
from tests.failures import fail_job

WORKERS = 4


@pytest.fixture
def at_once(each_ctx):
    """Do the same in several threads at the same moment, each in a session of its own."""

    def go(act):
        start = Barrier(WORKERS)

        def one(number):
            with each_ctx.app_context():
                start.wait()
                act(number)
                db.session.commit()

        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(one, range(WORKERS)))
        db.session.rollback()
        db.session.expire_all()
        return db.session.query(AdminNotification).one()

    return go


@pytest.mark.parametrize("tried", range(3))
def test_workers_that_fail_at_once_begin_one_group(at_once, tried):
    group = at_once(lambda number: fail_job(f"toy {number}"))
    assert (group.count, len(group.occurrences)) == (WORKERS, WORKERS)
    assert group.state == NotificationState.OPEN


def test_workers_that_fail_at_once_reopen_it_once(at_once):
    fail_job()
    services.resolve(db.session.query(AdminNotification).one())
    db.session.commit()

    group = at_once(lambda number: fail_job(f"toy {number}"))
    assert (group.count, group.state) == (WORKERS + 1, NotificationState.REGRESSED)


def test_workers_that_succeed_at_once_close_the_group(at_once):
    retries = [retry_job(fail_job(f"toy {number}")).id for number in range(WORKERS)]
    db.session.commit()

    def succeed(number):
        job = db.session.get_one(Job, retries[number])
        job.state = JobState.SUCCEEDED
        db.session.flush()
        services.close_lineage(job)

    group = at_once(succeed)
    assert all(once.closed_at for once in group.occurrences)
    assert group.state == NotificationState.RESOLVED


def test_one_then_the_rest(each_ctx, run_jobs):
    for number in range(3):
        fail_job(f"toy {number}")
    group = db.session.query(AdminNotification).one()
    acts.retry_one(group)
    db.session.commit()
    run_jobs()
    acts.retry_rest(group)
    db.session.commit()
    run_jobs()

    db.session.expire_all()
    assert group.state == NotificationState.RESOLVED
    assert db.session.query(Job).filter(Job.retry_of_id.is_not(None)).count() == 3


def test_archiving_is_counted_on_every_database(each_ctx):
    fail_job()
    group = db.session.query(AdminNotification).one()
    acts.archive_for(group, days=1)
    db.session.commit()
    assert services.count_open() == 0

    acts.archive_for(group, days=-1)
    db.session.commit()
    assert services.count_open() == 1


def test_the_cap_holds_on_every_database(each_ctx, monkeypatch):
    monkeypatch.setattr(services, "KEPT", 2)
    for _number in range(4):
        fail_job()
    group = db.session.query(AdminNotification).one()
    services.resolve(group)
    db.session.commit()
    assert len(group.occurrences) == 2
