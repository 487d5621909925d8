"""What is wrong with the installation is raised, kept up to date and closed, on each
database. Tests stop the clock, since alarms are all about time."""

import errno
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial import notifications as acts
from cms.editorial.retries import retry_job
from cms.extensions import db
from cms.jobs.models import Duty, Job, JobState, Schedule, Worker
from cms.notifications import alarms, services
from cms.notifications.models import AdminNotification, NotificationState
from tests.factories import make_user
from tests.failures import fail_job
from tests.toy_tasks import write_toy

HOST = socket.gethostname()
PLENTY = 50_000
OPEN, AGAIN = NotificationState.OPEN, NotificationState.REGRESSED
RESOLVED, ARCHIVED = NotificationState.RESOLVED, NotificationState.ARCHIVED


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    """The free space, in MB, of every folder."""
    free = {"mb": PLENTY}
    monkeypatch.setattr(alarms, "free_mb", lambda _folder: free["mb"])
    return free


@pytest.fixture
def at(each_ctx, moment):
    """Look so many seconds after the start, and commit; return what is news, by alarm."""

    def go(seconds):
        with clock.stopped_at(moment + timedelta(seconds=seconds)):
            news = [group.job_data["alarm"] for group in alarms.look()]
            db.session.commit()
            db.session.expire_all()
        return news

    return go


@pytest.fixture
def worker(moment):
    """A consumer that started and was seen so many seconds after the start."""

    def go(seen, started=0, pid=1, host=HOST):
        row = Worker(
            id=f"{host}:{pid}",
            host=host,
            pid=pid,
            threads=3,
            version="0.1.0",
            started_at=moment + timedelta(seconds=started),
            seen_at=moment + timedelta(seconds=seen),
        )
        db.session.merge(row)
        db.session.commit()

    return go


@pytest.fixture
def schedule(moment):
    """The nightly schedule, due so many seconds after the start."""

    def go(due, **more):
        row = Schedule(name="prune", due_at=moment + timedelta(seconds=due), **more)
        db.session.merge(row)
        db.session.commit()

    return go


def states():
    return {
        group.job_data["alarm"]: (group.state, group.count)
        for group in db.session.query(AdminNotification)
    }


def the(alarm):
    (group,) = [
        group
        for group in db.session.query(AdminNotification)
        if group.job_data.get("alarm") == alarm
    ]
    return group


# No worker


def test_nothing_is_raised_where_no_worker_was_ever_needed(at):
    assert at(0) == at(86_400) == []


def test_no_worker_is_raised_once_closes_by_itself_and_counts_when_it_comes_again(at, worker):
    worker(seen=0)
    assert at(29) == at(59) == []
    assert at(61) == ["no_worker"]
    assert at(120) == at(3_000) == []
    assert states() == {"no_worker": (OPEN, 1)}
    assert "since 2026-03-01 12:00 UTC" in the("no_worker").message

    worker(seen=3_100, started=3_100, pid=2)
    assert at(3_101) == []
    assert states() == {"no_worker": (RESOLVED, 1)}
    assert the("no_worker").resolved_by is None

    assert at(3_200) == ["no_worker"]
    assert states()["no_worker"] == (AGAIN, 2)


def test_a_worker_that_stops_well_is_missed_too_but_not_during_a_restart(at, moment):
    # Its row is gone; that it was on duty is still known.
    db.session.add(Duty(name="sweep", taken_until=moment))
    db.session.commit()
    assert at(59) == []
    assert at(61) == ["no_worker"]


def test_where_no_worker_was_ever_seen_waiting_jobs_raise_it(at, moment):
    with clock.stopped_at(moment):
        write_toy.submit("bear")
        db.session.commit()
    assert at(119) == []
    assert at(121) == ["no_worker"]
    assert "No worker has been seen yet" in the("no_worker").message
    assert the("no_worker").job_data["facts"]["jobs"] == 1


def test_an_alarm_that_stands_says_how_things_are_now(at, worker, moment):
    worker(seen=0)
    at(61)
    with clock.stopped_at(moment):
        write_toy.submit("bear")
        db.session.commit()
    at(100)
    assert the("no_worker").job_data["facts"]["jobs"] == 1
    assert "Jobs that are due: 1." in the("no_worker").message


def test_nothing_is_written_where_nothing_has_changed(at, worker):
    worker(seen=0)
    at(61)
    before = db.session.query(AuditEntry).count()
    with clock.stopped_at(the("no_worker").first_seen_at + timedelta(seconds=60)):
        alarms.look()
        assert not db.session.dirty
        assert not db.session.new
    assert db.session.query(AuditEntry).count() == before


# One worker of several


def test_one_of_two_that_dies_is_told_and_forgotten_after_its_successor_lived_an_hour(at, worker):
    worker(seen=0, pid=1)
    worker(seen=100, pid=2)
    assert at(101) == ["worker_died"]
    assert the("worker_died").message.startswith(f"{HOST}:1 has given no sign of life")

    worker(seen=200, started=200, pid=3)
    assert at(201) == []
    assert states()["worker_died"] == (OPEN, 1), "somebody should hear of it"
    worker(seen=3_850, started=200, pid=3)
    assert at(3_851) == []
    assert states()["worker_died"] == (RESOLVED, 1)


def test_a_worker_that_nobody_replaces_is_forgotten_with_its_row(at, worker):
    worker(seen=0, pid=1, host="away")
    worker(seen=80_000, pid=2)
    assert at(80_001) == ["worker_died"]
    db.session.query(Worker).filter_by(host="away").delete()
    db.session.commit()
    assert at(80_002) == []
    assert states()["worker_died"] == (RESOLVED, 1)


def test_one_that_leaves_is_not_told_of(at, worker):
    worker(seen=100, pid=2)
    assert at(101) == []


def test_an_outage_of_all_absorbs_the_deaths_of_each(at, worker):
    worker(seen=0, pid=1)
    worker(seen=1, pid=2)
    assert at(70) == ["no_worker"]
    for seen in (300, 400):
        worker(seen, started=300, pid=3)
        assert at(seen + 1) == []
    assert states() == {"no_worker": (RESOLVED, 1)}


def test_a_host_that_does_not_come_back_after_an_outage_is_told_of(at, worker):
    worker(seen=0, pid=1)
    worker(seen=0, pid=1, host="away")
    assert at(70) == ["no_worker"]
    worker(seen=300, started=300, pid=3)
    assert at(301) == ["worker_died"]
    assert "away:1" in the("worker_died").message


# Schedules


def test_a_schedule_that_nobody_sees_to_is_raised_and_closes(at, worker, schedule):
    schedule(due=0)
    worker(seen=700, started=-1_000)
    assert at(601) == ["missed_schedule"]
    assert "“prune” should have begun at 2026-03-01 12:00 UTC." in the("missed_schedule").message

    schedule(due=86_400)
    assert at(720) == []
    assert states() == {"missed_schedule": (RESOLVED, 1)}


def test_a_paused_schedule_is_not_missed(at, worker, schedule, moment):
    schedule(due=0, paused_at=moment)
    worker(seen=700, started=-1_000)
    assert at(701) == []


def test_an_outage_counts_the_schedules_it_missed_and_leaves_nothing_false(at, worker, schedule):
    worker(seen=0)
    schedule(due=60)
    assert at(61) == ["no_worker"]
    assert at(2_000) == []
    assert the("no_worker").job_data["facts"]["schedules"] == 1

    # It is back, and has not caught up yet.
    worker(seen=2_100, started=2_100, pid=2)
    assert at(2_101) == []
    schedule(due=86_400)
    assert at(2_110) == []
    assert states() == {"no_worker": (RESOLVED, 1)}


def test_a_schedule_missed_before_an_outage_stays_open_until_it_is_seen_to(at, worker, schedule):
    schedule(due=0)
    worker(seen=700, started=-1_000)
    at(701)
    assert at(900) == ["no_worker"]
    assert states()["missed_schedule"] == (OPEN, 1)


# The disk


def test_a_disk_that_goes_up_and_down_around_the_limit_is_told_once(at, disk):
    for free in (499, 501, 499, 549, 498):
        disk["mb"] = free
        at(0)
    assert states() == {"disk_full": (OPEN, 1)}
    assert the("disk_full").job_data["facts"]["free"] == 498

    disk["mb"] = 560
    at(1)
    assert states() == {"disk_full": (RESOLVED, 1)}
    disk["mb"] = 510
    assert at(2) == []
    disk["mb"] = 100
    assert at(3) == ["disk_full"]
    assert states() == {"disk_full": (AGAIN, 2)}


def test_the_storage_is_looked_at_where_it_lies_elsewhere(each_ctx, tmp_path, monkeypatch):
    assert [*alarms.folders()] == [each_ctx.config["CMS_SETTINGS"].data_dir]
    monkeypatch.setattr(each_ctx.extensions["cms.storage"], "folder", tmp_path)
    assert [*alarms.folders()][1] == tmp_path


def test_another_machine_does_not_close_the_alarm_of_this_one(at, disk, monkeypatch):
    disk["mb"] = 1
    at(0)
    disk["mb"] = PLENTY
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    at(1)
    assert states()["disk_full"] == (OPEN, 1)


def test_the_alarm_of_a_machine_that_is_gone_for_a_day_is_closed_by_another(
    at, disk, worker, monkeypatch
):
    disk["mb"] = 1
    worker(seen=0)
    at(0)
    disk["mb"] = PLENTY
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    day = 24 * 60 * 60
    at(day + 1)
    assert states()["disk_full"] == (OPEN, 1), "its worker is still known"
    db.session.query(Worker).delete()
    at(day + 2)
    assert states()["disk_full"] == (RESOLVED, 1)


def test_the_alarm_of_a_machine_without_a_worker_stands_while_its_disk_is_full(
    at, disk, monkeypatch
):
    disk["mb"] = 1
    at(0)
    day = 24 * 60 * 60
    at(day)
    disk["mb"] = PLENTY
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    at(day + 1)
    assert states() == {"disk_full": (OPEN, 1)}


def test_another_machine_does_not_tell_of_space_on_a_disk_that_it_does_not_know(
    at, disk, monkeypatch
):
    disk["mb"] = 1
    at(0)
    services.job_failed(submit_failed(), no_space())
    db.session.commit()
    told = the("disk_full").message
    disk["mb"] = PLENTY
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    at(24 * 60 * 60 + 1)
    assert (states(), the("disk_full").message) == ({"disk_full": (OPEN, 1)}, told)


def test_jobs_that_fail_for_want_of_space_are_listed_in_the_alarm_and_retried_there(at, disk):
    disk["mb"] = 0
    at(0)
    job = fail_job()
    db.session.query(AdminNotification).filter_by(type="job_failed").delete()
    db.session.commit()
    assert services.job_failed(again := submit_failed(), no_space()) is None
    db.session.commit()

    assert states() == {"disk_full": (OPEN, 1)}
    assert [told.job_id for told in the("disk_full").occurrences] == [again.id]
    assert job.state == JobState.FAILED

    disk["mb"] = PLENTY
    at(10)
    assert states()["disk_full"] == (OPEN, 1), "a job still waits to be retried"
    assert the("disk_full").message.startswith("There is space again")

    retry = acts.retry_one(the("disk_full"))
    retry.state = JobState.SUCCEEDED
    services.close_lineage(retry)
    db.session.commit()
    at(20)
    assert states() == {"disk_full": (RESOLVED, 1)}


def test_a_retry_that_succeeds_does_not_close_the_alarm_of_a_disk_that_is_still_full(at, disk):
    disk["mb"] = 0
    at(0)
    job = submit_failed()
    services.job_failed(job, no_space())
    retry = retry_job(job)
    services.close_lineage(retry)
    db.session.commit()
    assert states()["disk_full"] == (OPEN, 1)


def test_without_such_an_alarm_they_are_a_group_of_their_own(each_ctx):
    assert services.job_failed(submit_failed(), no_space()).type == "job_failed"


def test_other_failures_are_no_part_of_it(at, disk):
    disk["mb"] = 0
    at(0)
    assert services.job_failed(submit_failed(), OSError(errno.EPERM, "no")).type == "job_failed"


def submit_failed():
    job = write_toy.submit("bear")
    job.state, job.attempts_made, job.finished_at = JobState.FAILED, 4, clock.now()
    db.session.flush()
    return job


def no_space():
    error = RuntimeError("could not save")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    return error


# What people do with alarms


def test_one_that_was_archived_stays_quiet_and_closes_when_that_is_over(at, disk, moment):
    disk["mb"] = 0
    at(0)
    with clock.stopped_at(moment):
        acts.archive_for(the("disk_full"), 1)
        db.session.commit()
    disk["mb"] = PLENTY
    at(60)
    assert states()["disk_full"] == (ARCHIVED, 1)
    disk["mb"] = 0
    assert at(120) == []
    disk["mb"] = PLENTY
    at(86_401)
    assert states()["disk_full"] == (RESOLVED, 1)


def test_one_that_is_not_over_comes_back_when_somebody_resolves_it(at, disk):
    disk["mb"] = 0
    at(0)
    services.resolve(the("disk_full"), make_user("administrator"))
    db.session.commit()
    assert at(1) == ["disk_full"]
    assert states()["disk_full"] == (AGAIN, 2)


def test_several_that_look_at_once_raise_it_once(each_ctx, disk):
    disk["mb"] = 0
    for _round in range(2):  # the first time, and the next
        start = Barrier(4)

        def look(_number, start=start):
            with each_ctx.app_context():
                start.wait()
                news = alarms.look()
                db.session.commit()
                return len(news)

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(look, range(4))) == 1
        db.session.rollback()
        db.session.expire_all()
        services.resolve(the("disk_full"))
        db.session.commit()
    assert the("disk_full").count == 2


def test_every_job_of_an_alarm_is_kept(at, disk):
    disk["mb"] = 0
    at(0)
    services.job_failed(submit_failed(), no_space())
    db.session.commit()
    assert db.session.query(Job).filter(services.is_told_of()).count() == 1
