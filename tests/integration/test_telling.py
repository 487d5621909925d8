"""Mail to administrators: what is new at once, what went on once a day."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from cms import clock
from cms.extensions import db
from cms.jobs.models import Job, JobState, Worker
from cms.mail.models import MailMessage, MailState
from cms.notifications import alarms, services
from cms.notifications.models import AdminNotification
from cms.tasks import wording
from cms.tasks.mail import send_email
from cms.tasks.signals import notify
from cms.tasks.telling import PAUSE, send_digest, tell
from tests.factories import make_user
from tests.failures import fail_job
from tests.toy_tasks import ToyError, break_toy, write_toy


@pytest.fixture
def ada(each_ctx):
    """An administrator who reads English, and an editor, who is not told."""
    user = make_user("administrator", "ada@example.com")
    make_user("editor", "eve@example.com")
    db.session.commit()
    return user


@pytest.fixture
def fail(each_ctx, moment):
    """A job of the same kind fails for good, so many seconds after the start."""

    def go(seconds=0, task=write_toy, name="bear"):
        with clock.stopped_at(moment + timedelta(seconds=seconds)):
            job = task.submit(name)
            job.state, job.attempts_made, job.finished_at = JobState.FAILED, 4, clock.now()
            db.session.flush()
            notify(job, ToyError(name=name))
            db.session.commit()
        return db.session.query(AdminNotification).one()

    return go


def mails(template="notification"):
    return db.session.query(MailMessage).filter_by(template=template).order_by(MailMessage.id).all()


# At once


def test_what_is_new_is_mailed_to_those_who_may_see_it(ada, fail):
    group = fail()
    (mail,) = mails()
    assert mail.recipient == "ada@example.com"
    assert mail.subject == "QsCMS: Failed: Play"
    for words in (
        "The toy bear broke.",
        "What these jobs were for has not been done.",
        "It happened once.",
        "log in, and open Notifications",
    ):
        assert words in mail.text
        assert words in mail.html
    assert "http" not in mail.text
    assert db.session.query(Job).filter_by(task="send_email").count() == 1
    assert group.told_count == 1


def test_the_address_of_the_site_makes_a_link(ctx, set_setting, moment):
    make_user("administrator")
    set_setting(site_url="https://cms.example.org")
    fail_job()
    group = db.session.query(AdminNotification).one()
    (mail,) = tell(group)
    link = f"https://cms.example.org/admin/notification/details/?id={group.id}"
    assert link in mail.text
    assert f'href="{link}"' in mail.html


def test_what_goes_on_is_not_mailed_and_what_happens_again_is(ada, fail):
    fail()
    fail(600)
    assert len(mails()) == 1
    services.resolve(db.session.query(AdminNotification).one())
    db.session.commit()
    fail(700)
    assert [mail.subject for mail in mails()] == [
        "QsCMS: Failed: Play",
        "QsCMS, again: Failed: Play",
    ]
    assert "It happened 3 times." in mails()[1].text


def test_within_five_minutes_one_notification_is_mailed_once(ada, fail):
    for seconds in (0, 100, 299):
        services.resolve(fail(seconds))
        db.session.commit()
    assert len(mails()) == 1
    fail(300)
    assert len(mails()) == 2


def test_of_several_workers_one_mails(ada, each_ctx, fail):
    number = fail().id
    before = len(mails())
    start = Barrier(4)

    def one(_number):
        with each_ctx.app_context():
            start.wait()
            told = tell(db.session.get_one(AdminNotification, number))
            db.session.commit()
            return len(told)

    later = db.session.get_one(AdminNotification, number).told_at + PAUSE
    db.session.rollback()
    with clock.stopped_at(later), ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1
    db.session.rollback()
    assert len(mails()) == before + 1


def test_each_is_written_to_in_their_own_language(ada, fail):
    for email, locale in (("li@example.com", "zh_Hans_CN"), ("bo@example.com", "en")):
        make_user("administrator", email).locale = locale
    db.session.commit()
    fail()
    assert {mail.recipient: mail.locale for mail in mails()} == {
        "ada@example.com": "en",
        "li@example.com": "zh_Hans_CN",
        "bo@example.com": "en",
    }


def test_a_disabled_account_is_not_told(ada, fail):
    ada.active = False
    db.session.commit()
    fail()
    assert mails() == []


def test_what_is_archived_is_not_mailed(ada, fail):
    services.archive(fail(), more=100)
    db.session.commit()
    fail(1_000)
    assert len(mails()) == 1


def test_that_mail_fails_is_not_told_by_mail(ada, fail):
    group = fail(task=send_email, name="1")
    assert mails() == []
    assert tell(group) == []
    send_digest.func()
    assert mails("digest") == []


def test_an_address_that_cannot_be_used_keeps_nobody_else_from_being_told(ada, fail):
    make_user("administrator", "zoe@example.com").email = "no address"
    make_user("administrator", "zed@example.com")
    db.session.commit()
    fail()
    assert [mail.recipient for mail in mails()] == ["ada@example.com", "zed@example.com"]


def test_a_job_that_really_fails_is_mailed_of(ctx, run_jobs):
    make_user("administrator", "ada@example.com")
    break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=1)
    (mail,) = mails()
    assert mail.state == MailState.SENT


# Alarms


def test_an_alarm_is_mailed_with_what_to_do(ada, each_ctx):
    trouble = alarms.Trouble(alarms.NO_WORKER, "", "Nobody <lives>.", {})
    (mail,) = tell(alarms.ring(trouble))
    assert mail.subject == "QsCMS: No worker is running"
    assert "Nobody <lives>." in mail.text
    assert "Nobody &lt;lives&gt;." in mail.html
    assert "What to do now: Start a worker with ./huey_consumer.sh" in mail.text


def test_that_no_worker_lives_is_sent_by_the_web_itself(ctx, client, run_jobs):
    make_user("administrator", "ada@example.com")
    long_ago = clock.now() - timedelta(hours=1)
    db.session.add(Worker(id="1", host="gone", pid=1, threads=1, version="0.1.0", seen_at=long_ago))
    db.session.commit()
    ctx.extensions.pop("cms.next_look", None)

    assert client.get("/readyz").status_code == 503
    for thread in threading.enumerate():
        if thread.name == "send-alarm":
            thread.join()
    db.session.rollback()
    (mail,) = mails()
    assert (mail.state, mail.subject) == (MailState.SENT, "QsCMS: No worker is running")

    run_jobs()
    assert db.session.query(Job).one().state == JobState.MOOT, "its job finds nothing to do"


def test_what_the_web_cannot_send_waits_for_a_worker(ctx, client, run_jobs, monkeypatch):
    make_user("administrator", "ada@example.com")
    alive = clock.now() - timedelta(hours=1)
    db.session.add(Worker(id="1", host="gone", pid=1, threads=1, version="0.1.0", seen_at=alive))
    db.session.commit()
    ctx.extensions.pop("cms.next_look", None)
    folder = ctx.config["CMS_SETTINGS"].data_dir / "blocked"
    folder.write_text("no folder")
    good = ctx.extensions["cms.mail"]
    monkeypatch.setitem(ctx.extensions, "cms.mail", type(good)(folder))

    client.get("/readyz")
    for thread in threading.enumerate():
        if thread.name == "send-alarm":
            thread.join()
    db.session.rollback()
    assert mails()[0].state == MailState.WAITING

    monkeypatch.setitem(ctx.extensions, "cms.mail", good)
    run_jobs()
    assert mails()[0].state == MailState.SENT


# Once a day


def test_the_digest_tells_what_went_on_and_how_much_is_open(ada, fail):
    fail()
    send_digest.func()
    db.session.commit()
    assert mails("digest") == [], "all of it was told at once"

    fail(60)
    fail(120)
    with clock.stopped_at(fail(180).told_at + timedelta(hours=20)):
        send_digest.func()
        db.session.commit()
        send_digest.func()
        db.session.commit()
    (digest,) = mails("digest")
    assert digest.subject == "QsCMS: one notification is open"
    for words in ("Failed: Play", "The toy bear broke.", "Since then: 3. In all: 4."):
        assert words in digest.text
        assert words in digest.html
    assert "One notification is open in all." in digest.text
    assert db.session.query(AdminNotification).one().told_count == 4


def test_the_digest_is_a_job_that_comes_every_morning(ctx, run_jobs):
    make_user("administrator", "ada@example.com")
    fail_job()
    fail_job()
    send_digest.submit()
    db.session.commit()
    run_jobs()
    assert len(mails("digest")) == 1
    assert send_digest.schedule == "0 8 * * *"


def test_what_is_resolved_or_archived_is_not_in_the_digest(ada, each_ctx):
    fail_job(how="speaks")
    services.resolve(db.session.query(AdminNotification).one())
    fail_job(how="divides", commit=False)
    services.archive(db.session.query(AdminNotification).filter_by(severity="critical").one())
    db.session.commit()
    send_digest.func()
    assert mails("digest") == []


def test_every_alarm_has_words(ctx):
    for name, alarm in alarms.ALARMS.items():
        group = AdminNotification(type="alarm", message="m", job_data={"alarm": name, "facts": {}})
        assert wording.title(group) == alarm.title
        assert wording.meaning(group) == alarm.meaning
        assert wording.what_to_do(group) == alarm.todo
        assert wording.why(group) == "m"
