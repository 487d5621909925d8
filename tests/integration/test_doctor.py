"""`flask cms doctor`: each thing that it finds is made real here."""

import json
import re
import signal
from contextlib import contextmanager
from datetime import timedelta

import flask_migrate
import pytest
from sqlalchemy import text

from cms import clock
from cms.accounts.factors import OneTimeCodes, tagged
from cms.accounts.services import FIRST_ADMIN
from cms.app import create_app
from cms.audit import chain, head
from cms.audit.head import Head, Seal
from cms.audit.models import AuditEntry
from cms.audit.services import note
from cms.cli.doctor import doctor
from cms.editorial.doctor import examine
from cms.extensions import db
from cms.jobs import ledger, version
from cms.jobs.consumer import Heart
from cms.jobs.models import Job, JobState, PausedTask, Schedule, Worker
from cms.mail import transport
from cms.mail.models import MailMessage
from cms.media import files
from cms.notifications import alarms
from cms.notifications.models import AdminNotification, NotificationState
from cms.storage.base import StorageFull
from cms.tasks import huey
from cms.tasks.drill import begin, check_drill, drill, weekly_drill
from tests import services
from tests.factories import QUICK_TO_HASH, make_user
from tests.failures import fail_job
from tests.processes import Site, free_port
from tests.receivers import mail_receiver
from tests.toy_tasks import write_toy


@pytest.fixture
def living(each_ctx):
    """A worker of this version."""
    Heart(huey, threads=3).beat()


@pytest.fixture
def well(ctx, set_setting):
    """An installation of which nothing is to be said."""
    set_setting(
        env="production",
        site_url="https://cms.example.org",
        time_zone="Asia/Shanghai",
        proxy_hops=1,
        queue_url="redis://127.0.0.1/0",
        security_contact="mailto:security@example.org",
    )
    Heart(huey, threads=3).beat()
    note("back up", "installation", "", file="qscms.tar")
    db.session.commit()


def findings(check=None):
    """What is found: all of it, or what one check finds."""
    return [
        (finding.words, finding.wrong)
        for report in examine()
        for finding in report.findings
        if check in (None, report.check)
    ]


def words(check):
    return " ".join(words for words, _wrong in findings(check))


# As an operator runs it


def test_all_is_well(well, runner):
    done = runner.invoke(doctor)
    assert done.exit_code == 0, done.output
    assert re.findall(r"^(\w+) +(\w+)$", done.output, re.MULTILINE) == [
        ("well", check)
        for check in (
            "settings",
            "queue",
            "storage",
            "mail",
            "database",
            "clocks",
            "workers",
            "jobs",
            "schedules",
            "accounts",
            "trail",
            "backups",
            "notifications",
        )
    ]


def test_what_is_wrong_is_one_line_with_what_to_do_and_an_exit_status(well, runner):
    fail_job()
    done = runner.invoke(doctor)
    assert done.exit_code == 1
    line = "wrong  notifications  1 notifications are open. Deal with them at /admin/notification/."
    assert line in done.output.splitlines()


def test_a_note_is_no_fault(well, runner):
    db.session.add(PausedTask(task="send_email"))
    db.session.commit()
    done = runner.invoke(doctor)
    assert done.exit_code == 0
    assert "note   jobs           Paused: send_email. Resume them" in done.output


def test_as_json(well, runner):
    fail_job()
    done = runner.invoke(doctor, ["--json"])
    lines = json.loads(done.output)
    assert done.exit_code == 1
    assert lines[0] == {"check": "settings", "state": "well", "words": "", "todo": ""}
    assert lines[-1] == {
        "check": "notifications",
        "state": "wrong",
        "words": "1 notifications are open.",
        "todo": "Deal with them at /admin/notification/.",
    }


# Settings


def test_development_is_told_what_production_needs_without_a_fault(ctx):
    assert [wrong for _words, wrong in findings("settings")] == [False, False]


def test_weak_settings_of_production(well, set_setting):
    set_setting(
        site_url="http://cms.example.org",
        time_zone="UTC",
        allow_embedded=("database", "mail"),
    )
    assert [(words.split()[0:4], wrong) for words, wrong in findings("settings")] == [
        (["CMS_SITE_URL", "is", "not", "encrypted."], True),
        (["The", "database", "is", "the"], False),
        (["The", "mail", "is", "the"], True),
        (["CMS_TIME_ZONE", "is", "UTC,", "so"], False),
    ]
    set_setting(site_url="")
    assert findings("settings")[0] == ("CMS_SITE_URL is not set, so mail has no links.", True)


def test_settings_that_may_well_be_meant_so(well, set_setting):
    set_setting(proxy_hops=0, queue_url="postgresql://cms@db/cms", security_contact="")
    assert findings("settings") == [
        ("CMS_PROXY_HOPS is 0, so behind a proxy everybody shares one limit.", False),
        ("The queue is not on Redis, so each web process counts limits for itself.", False),
        ("CMS_SECURITY_CONTACT is not set, so nobody can tell you of a flaw.", False),
    ]


# The parts


@pytest.fixture
def other(tmp_path):
    """An application with some settings of its own, bound to the one Huey for the test."""

    @contextmanager
    def go(**settings):
        app = create_app(
            {"CMS_ENV": "testing", "CMS_DATA_DIR": tmp_path, **QUICK_TO_HASH, **settings}
        )
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()

    return go


def test_a_database_that_is_behind(other):
    with other():
        assert "is at revision none, this code needs" in words("database")
        flask_migrate.upgrade(revision="0003")
        assert "is at revision 0003, this code needs" in words("database")
        assert [report.check for report in examine()][-1] == "database", "it alone knows the rest"
        flask_migrate.upgrade()
        assert words("database") == ""


def test_a_database_that_is_away(other):
    with other(CMS_DATABASE_URL=f"postgresql://cms@127.0.0.1:{free_port()}/cms"):
        assert words("database").startswith("The database does not answer")


def test_a_queue_that_stops_and_comes_back(other):
    if lack := services.Redis.missing():
        pytest.skip(lack)
    with services.Redis() as server, other(CMS_QUEUE_URL=server.url):
        assert words("queue") == ""
        server.halt()
        assert words("queue").startswith("The queue does not answer")
        server.resume()
        assert words("queue") == ""
        huey.storage.conn.connection_pool.disconnect()


def test_messages_of_strangers_in_the_queue(each_ctx):
    write_toy.submit("bear")
    db.session.commit()
    assert words("queue") == ""
    huey.storage.enqueue(b"cos\nsystem\n(S'true'\ntR.")
    assert words("queue").startswith("1 of the first 2 messages in the queue are not signed")


def test_a_storage_that_takes_nothing(ctx, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setattr(ctx.extensions["cms.storage"], "folder", blocked)
    assert words("storage").startswith("Files cannot be stored: ")


def test_a_disk_that_is_full(ctx, monkeypatch):
    monkeypatch.setattr(alarms, "free_mb", lambda _folder: 3)
    assert words("storage").startswith("3 MB are free for ")
    assert "less than CMS_DISK_FREE_MB=500" in words("storage")

    def full():
        raise StorageFull

    monkeypatch.setattr(ctx.extensions["cms.storage"], "incoming", full)
    assert "Files cannot be stored: There is no space left" in words("storage")


def test_a_mail_server_that_answers_and_one_that_does_not(ctx, monkeypatch):
    with mail_receiver() as server:
        url = f"smtp://{server.address}?starttls=no"
        monkeypatch.setitem(ctx.extensions, "cms.mail", transport.from_url(url))
        assert words("mail") == ""
        assert server.taken == []
    assert words("mail") == "Mail cannot be sent: The mail server 127.0.0.1 does not answer."


def test_a_folder_for_mail_that_cannot_be_written(ctx, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setitem(ctx.extensions, "cms.mail", transport.from_url(blocked.as_uri()))
    assert words("mail").startswith("Mail cannot be sent: ")


# Who works, and on what


def test_no_worker(each_ctx):
    assert words("workers") == "No worker is running."


def test_a_worker_of_another_version(living):
    assert words("workers") == ""
    db.session.query(Worker).update({"version": "0.1.0+00000000"})
    db.session.commit()
    assert f"runs version 0.1.0+00000000, this code is {version.mark()}." in words("workers")


def test_each_change_of_the_code_is_another_version(tmp_path, monkeypatch):
    monkeypatch.setattr(version, "TOP", tmp_path)
    code = tmp_path / "cms" / "tasks" / "mail.py"
    code.parent.mkdir(parents=True)

    def mark_of(text):
        code.write_text(text)
        return version.mark.__wrapped__()

    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{8}", mark_of("one"))
    assert mark_of("one") == mark_of("one") != mark_of("another")


def test_jobs_that_wait_too_long(living):
    write_toy.submit("bear")
    db.session.commit()
    assert words("jobs") == ""
    with clock.stopped_at(clock.now() + timedelta(minutes=5, seconds=1)):
        assert words("jobs") == "1 jobs are due, the oldest for 5 minutes."


def test_jobs_whose_worker_died_and_that_nobody_puts_back(living):
    job = write_toy.submit("bear")
    db.session.commit()
    ledger.claim(job.id, huey.holder())
    db.session.commit()
    assert words("jobs") == ""
    with clock.stopped_at(clock.now() + timedelta(minutes=2)):
        assert words("jobs").startswith("1 jobs were lost by workers that died")


def test_a_schedule_that_was_missed(living, moment):
    db.session.add(Schedule(name="prune", due_at=moment))
    db.session.commit()
    assert words("schedules") == "The schedule prune was missed at 2026-03-01 12:00 UTC."


def test_clocks_that_differ(each_ctx):
    assert words("clocks") == ""
    with clock.stopped_at(clock.now() + timedelta(seconds=30)):
        assert re.fullmatch(r"The clocks .* differ by (29|30) seconds\.", words("clocks"))


def test_what_cannot_be_checked_is_a_finding(living):
    db.session.execute(text("DROP TABLE paused_task"))
    db.session.commit()
    try:
        assert words("jobs").startswith("This could not be checked: ")
    finally:
        PausedTask.__table__.create(db.engine)


# Accounts, the audit trail, backups


def test_administrators_that_are_easy_to_break_into(well):
    make_user("administrator", email="anna@example.com")
    off = make_user("administrator", email=FIRST_ADMIN)
    make_user("editor", email="li@example.com")
    db.session.commit()
    assert findings("accounts") == [
        ("The account admin@example.com, which is made for trying out, is active.", True),
        (
            "Administrators without a second factor: anna@example.com, admin@example.com.",
            False,
        ),
    ]
    off.active = False
    db.session.commit()
    assert words("accounts") == "Administrators without a second factor: anna@example.com."


def test_an_authenticator_app_whose_key_is_gone(each_ctx):
    codes = each_ctx.extensions["security"].totp_factory
    anna, li = (make_user("editor", email=f"{name}@example.com") for name in ("anna", "li"))
    anna.tf_totp_secret = codes.generate_totp_secret()
    li.tf_totp_secret = OneTimeCodes(tagged(["k" * 32]), "QsCMS").generate_totp_secret()
    db.session.commit()
    assert findings("accounts") == [
        ("No key of CMS_SECOND_FACTOR_KEYS decrypts the authenticator app of li@example.com.", True)
    ]


@pytest.fixture
def trail(living):
    """A sealed entry, and its head."""
    note("edit", "page", "1")
    db.session.commit()
    chain.seal()
    chain.follow()


def test_a_trail_that_nobody_seals(trail):
    note("edit", "page", "2")
    db.session.commit()
    assert words("trail") == ""
    with clock.stopped_at(clock.now() + timedelta(minutes=6)):
        assert (
            words("trail")
            == "1 entries of the audit trail are not sealed, the oldest for 6 minutes."
        )


def test_a_trail_without_head_or_with_one_that_does_not_follow(trail):
    note("edit", "page", "2")
    db.session.commit()
    chain.seal()
    assert words("trail") == ""
    with clock.stopped_at(clock.now() + timedelta(minutes=6)):
        assert (
            words("trail") == "The head of the audit trail in the storage is at 1, the trail at 2."
        )

    for file in files.storage().walk(head.PREFIX):
        files.storage().delete(file.key)
    assert words("trail").startswith("The audit trail has no head in the storage")


def test_a_trail_that_lacks_what_its_head_tells_of(trail):
    head.advance(Head(Seal(7, "7" * 64)))
    assert words("trail").startswith("The audit trail lacks entry 7, which its head")


def test_backups_that_were_never_made_or_long_ago(well):
    with clock.stopped_at(clock.now() + timedelta(days=9)):
        assert findings("backups") == [("The last backup was made 9 days ago.", False)]
    db.session.query(AuditEntry).delete()
    db.session.commit()
    assert findings("backups") == [("No backup was ever made by flask cms backup.", False)]


# The drill


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path, CMS_JOB_LEASE="3", CMS_MAIL_URL=(tmp_path / "mail").as_uri())
    site.prepare("administrator")
    yield site
    site.close()


def test_a_drill_goes_the_whole_way_again_and_again(site):
    site.start_consumer()
    for count in (1, 2):
        told = site.flask("doctor", "--drill", "--timeout", "30")
        assert re.findall(r"^well +(\w+) +arrived$", told, re.MULTILINE) == [
            "submitted",
            "claimed",
            "failed",
            "notified",
            "mailed",
        ]
        with site.inside():
            group = db.session.query(AdminNotification).one()
            assert (group.state, group.count) == (NotificationState.RESOLVED, count)
            assert group.message.startswith("This is a drill")
            assert db.session.query(MailMessage).count() == count
            assert {job.state for job in db.session.query(Job).filter_by(task="drill")} == {
                JobState.DISCARDED
            }
            db.session.remove()
    site.stop("consumer", signal.SIGTERM)


def test_without_a_worker_it_says_where_it_stops_and_leaves_nothing(ctx, runner):
    done = runner.invoke(doctor, ["--drill", "--timeout", "0"])
    assert done.exit_code == 1
    assert "wrong  claimed        No worker has begun the drill." in done.output
    assert db.session.query(Job).one().state == JobState.DISCARDED


@pytest.fixture
def weekly(ctx, set_setting, run_jobs):
    """Begin the weekly drill, and run what is due then; `check` runs what is due later."""
    set_setting(drill="weekly")
    make_user("administrator")
    weekly_drill.submit()
    db.session.commit()


def alarm_state():
    group = db.session.query(AdminNotification).filter_by(type="alarm").one_or_none()
    return group and group.state


def test_a_weekly_drill_that_arrives_raises_nothing_and_is_closed(weekly, run_jobs):
    run_jobs()
    (group,) = db.session.query(AdminNotification)
    assert group.state == NotificationState.OPEN
    run_jobs(hours=1)
    assert group.state == NotificationState.RESOLVED
    assert alarm_state() is None


def test_one_that_gets_stuck_raises_an_alarm_until_the_next_arrives(weekly, run_jobs):
    stuck = begin()
    db.session.commit()
    check_drill.func(stuck.id)
    db.session.commit()
    assert alarm_state() == NotificationState.OPEN
    subjects = [mail.subject for mail in db.session.query(MailMessage)]
    assert subjects == ["QsCMS: The drill did not arrive"]

    run_jobs(hours=1)
    assert alarm_state() == NotificationState.RESOLVED


def test_that_nobody_gets_its_mail_is_found_out(ctx, run_jobs):
    job = begin()
    db.session.commit()
    run_jobs()
    check_drill.func(job.id)
    assert alarm_state() == NotificationState.OPEN


def test_where_no_weekly_drill_is_wanted_nothing_happens(ctx, run_jobs):
    weekly_drill.submit()
    db.session.commit()
    run_jobs()
    assert db.session.query(Job).one().state == JobState.MOOT
    assert drill.schedule is None
    assert weekly_drill.schedule == "0 9 * * 1"
