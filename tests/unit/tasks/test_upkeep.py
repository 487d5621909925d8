"""What is tidied up every night, and what is kept because somebody may still want it."""

import os
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from cms import clock
from cms.accounts.models import User
from cms.accounts.sessions import LoginSession
from cms.audit.models import AuditEntry
from cms.config import settings
from cms.extensions import db
from cms.jobs import ledger, selections
from cms.jobs.models import Job, JobState, SelectedThing
from cms.mail.models import MailMessage, MailState
from cms.media import files
from cms.notifications import services as notifications
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from cms.tasks.mail import post
from cms.tasks.upkeep import Pruned, clear_incoming, prune, prune_ended
from cms.tasks.webhooks import announce
from cms.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from tests.factories import make_user
from tests.toy_tasks import write_toy

DAYS = 90
LONG = timedelta(days=DAYS, hours=1)


@pytest.fixture
def after(moment):
    """Let that much time pass, and prune."""

    def go(passed=LONG):
        with clock.stopped_at(moment + passed):
            pruned = prune_ended(DAYS)
        db.session.expire_all()
        return pruned

    return go


def end(job, moment, *, well=True):
    """Let a job end as its last attempt would."""
    job.attempts_allowed, job.due_at = 1, moment
    db.session.flush()
    with clock.stopped_at(moment):
        ledger.claim(job.id, huey.holder())
        if well:
            ledger.succeed(job.id, 1)
        else:
            huey.record_failure(job.id, 1, RuntimeError("broken"))
    db.session.commit()
    return job


def mail(moment, state):
    """A mail that is sent, failed or still waits, with its job."""
    with clock.stopped_at(moment):
        message = post("ada@example.com", "test")
    job = db.session.query(Job).filter_by(subject_kind="mail", subject_id=str(message.id)).one()
    if state != MailState.WAITING:
        end(job, moment, well=state == MailState.SENT)
    message.state = state
    db.session.commit()
    return message


def test_what_ended_long_ago_goes_and_what_ended_lately_stays(each_ctx, after, moment):
    end(write_toy.submit("bear"), moment)
    mail(moment, MailState.SENT)
    assert after(timedelta(days=DAYS)) == Pruned(jobs=0, mails=0, calls=0, selections=0)

    assert after() == Pruned(jobs=2, mails=1, calls=0, selections=0)
    assert db.session.query(Job).count() == db.session.query(MailMessage).count() == 0


def test_what_waits_stays_however_old(each_ctx, after, moment):
    waiting = mail(moment, MailState.WAITING)
    assert after() == Pruned(jobs=0, mails=0, calls=0, selections=0)
    assert db.session.get(MailMessage, waiting.id)


def test_a_failed_job_and_its_mail_stay_while_a_notification_of_it_is_open(each_ctx, after, moment):
    mail(moment, MailState.FAILED)
    assert after() == Pruned(jobs=0, mails=0, calls=0, selections=0)

    notifications.resolve(db.session.query(AdminNotification).one())
    db.session.commit()
    assert after() == Pruned(jobs=1, mails=1, calls=0, selections=0)
    assert db.session.query(MailMessage).count() == 0


def test_a_mail_that_was_sent_at_last_stays_as_long_as_its_last_job(each_ctx, after, moment):
    message = mail(moment, MailState.SENT)
    again = write_toy.submit("again")
    again.subject_kind, again.subject_id = "mail", str(message.id)
    end(again, moment + timedelta(days=10))

    assert after() == Pruned(jobs=1, mails=0, calls=0, selections=0)
    assert after(LONG + timedelta(days=10)) == Pruned(jobs=1, mails=1, calls=0, selections=0)


def test_calls_go_like_mail(each_ctx, after, moment):
    db.session.add(WebhookEndpoint(name="Shop", url="https://a.example/", events=["picture.ready"]))
    db.session.flush()
    with clock.stopped_at(moment):
        announce("picture.ready", {"id": 1})
        announce("picture.ready", {"id": 2})
    delivered, waiting = db.session.query(WebhookDelivery).order_by(WebhookDelivery.id)
    end(db.session.query(Job).filter_by(subject_id=str(delivered.id)).one(), moment)
    delivered.state = DeliveryState.DELIVERED
    db.session.commit()

    assert after() == Pruned(jobs=1, mails=0, calls=1, selections=0)
    assert db.session.query(WebhookDelivery).all() == [waiting]


def test_what_somebody_selected_goes_with_its_things(each_ctx, after, moment):
    resolve = selections.find("notification", "resolve")
    with clock.stopped_at(moment):
        selections.choose(resolve, select(User.id), make_user("administrator"))
    db.session.commit()
    assert db.session.query(SelectedThing).count() == 1

    assert after() == Pruned(jobs=0, mails=0, calls=0, selections=1)
    assert db.session.query(SelectedThing).count() == 0


def test_more_than_one_batch_goes(ctx, after, moment, monkeypatch):
    monkeypatch.setattr(ledger, "PRUNED_AT_ONCE", 2)
    for _ in range(5):
        mail(moment, MailState.SENT)
    kept = mail(moment, MailState.FAILED)

    assert after() == Pruned(jobs=5, mails=5, calls=0, selections=0)
    assert db.session.query(MailMessage).all() == [kept]


def test_the_job_prunes_by_the_setting_and_keeps_itself(ctx, run_jobs, moment):
    end(write_toy.submit("bear"), moment)
    with clock.stopped_at(moment + LONG):
        job = prune.submit()
        db.session.commit()
        run_jobs()

    assert [(left.id, left.state) for left in db.session.query(Job)] == [
        (job.id, JobState.SUCCEEDED)
    ]


def test_log_ins_that_are_over_go_with_the_job(ctx, client, log_in, run_jobs, moment):
    unused = timedelta(days=settings().session_days)
    with clock.stopped_at(moment):
        log_in()
    client.post("/logout")
    with clock.stopped_at(moment):
        log_in()
    client.delete_cookie("session")  # as a browser does that is closed
    with clock.stopped_at(moment + unused):
        kept = log_in()
    assert db.session.query(LoginSession).count() == 2, "a log-out ends its own"
    with clock.stopped_at(moment + unused + timedelta(days=1)):
        prune.submit()
        db.session.commit()
        run_jobs()

    assert db.session.query(LoginSession).one().user_id == kept.id


def test_what_an_upload_left_behind_a_day_ago_is_removed_and_one_under_way_is_not(ctx, run_jobs):
    with files.storage().incoming() as broken, files.storage().incoming() as arriving:
        yesterday = time.time() - timedelta(days=1, minutes=1).total_seconds()
        os.utime(broken.path, (yesterday, yesterday))
        clear_incoming.submit()
        db.session.commit()
        run_jobs()

        assert not broken.path.exists()
        assert arriving.path.exists()


def test_the_command_does_the_same(runner, moment):
    mail(moment, MailState.SENT)
    done = runner.invoke(args=["cms", "jobs", "prune", "--days", "1"])

    assert done.output == "Deleted: 1 jobs, 1 mails, 0 webhook calls, 0 selections.\n"
    entry = db.session.query(AuditEntry).one()
    assert (entry.action, entry.thing_kind, entry.face) == ("prune", "job", "command")
    assert entry.changes == {"days": 1, "jobs": 1, "mails": 1, "calls": 0, "selections": 0}
