"""Jobs, mail, calls and alarms of the last days, written as workers would have left them.

No worker runs meanwhile, and nothing leaves this machine: each attempt is claimed and ended
at a moment that is said, with the error that such an attempt has.
"""

from __future__ import annotations

import math
import random
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from cms import clock
from cms.editorial import notifications as editorial
from cms.editorial.retries import NothingToRetry, retry_job
from cms.exchange.models import Export, ExportState, Format
from cms.extensions import db
from cms.jobs import ledger, schedules, selections, tallies
from cms.jobs.ledger import Holder
from cms.jobs.models import Duty, Job, JobState, JobTally, Schedule, SelectedThing, Worker
from cms.mail.models import MailMessage, MailState
from cms.mail.transport import ServerAway
from cms.notifications import alarms
from cms.notifications.models import AdminNotification, NotificationOccurrence
from cms.tasks import huey
from cms.tasks.images import process_image
from cms.tasks.mail import send_email
from cms.tasks.selections import act_on_selection
from cms.tasks.webhooks import call_webhook
from cms.webhooks.calls import Answer, Refused, TooSlow
from cms.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from tests.screenshots.album import person

HOLDER = Holder("cms-1", "cms-1:2140:Worker-1", timedelta(hours=1))
HOOKS = (
    ("Archive", "https://archive.example.org/hooks/pictures", True, ["picture.ready"], 25),
    ("Intranet, old", "https://intranet.example.org/in", False, ["picture.ready"], 62),
    ("On-call chat", "https://chat.example.org/T0/B7", True, ["job.failed"], 50),
    ("Shop", "https://shop.example.org/cms", True, ["picture.ready"], 42),
)
READERS = ("events", "studio", "school", "library", "museum", "sales")
LETTERS, CALLS = 60, 17


def furnish(site):
    with site.inside():
        hooks = _webhooks()
        _mails()
        _schedules()
        _calls(hooks)
        _exports()
        _selection()
        _busy_day()


def ago(**given):
    return clock.now() - timedelta(**given)


def submitted(moment, task, *args):
    """The job that was submitted then."""
    with clock.stopped_at(moment):
        job = task.submit(*args)
        db.session.commit()
    return job


def failed(job, error, seconds=0.4):
    """Let each attempt of a job fail, at the moment when it was due."""
    while job.state != JobState.FAILED:
        began = job.due_at + timedelta(seconds=0.3)
        with clock.stopped_at(began):
            claim = ledger.claim(job.id, HOLDER)
        db.session.commit()
        with clock.stopped_at(began + timedelta(seconds=seconds)):
            huey.record_failure(job.id, claim.attempts_made, error)
            db.session.commit()
        db.session.refresh(job)
    return job


def done(job, seconds=0.2):
    """Let a job end well, at the moment when it was due."""
    began = job.due_at + timedelta(seconds=0.3)
    with clock.stopped_at(began):
        claim = ledger.claim(job.id, HOLDER)
        db.session.commit()
    with clock.stopped_at(began + timedelta(seconds=seconds)):
        if job.task == send_email.name:
            letter = db.session.get_one(MailMessage, job.args[0])
            letter.state, letter.sent_at = MailState.SENT, clock.now()
        if job.task == call_webhook.name:
            call = db.session.get_one(WebhookDelivery, job.args[0])
            call.state, call.finished_at = DeliveryState.DELIVERED, clock.now()
            call.response_code, call.duration_ms = 200, round(1000 * seconds)
        ledger.succeed(job.id, claim.attempts_made)
        if claim.retry_of_id:
            huey.tell_retry_done(job.id)
        db.session.commit()


def raised(error):
    """The error as it is once it was raised."""
    try:
        raise error
    except type(error) as caught:
        return caught


def _webhooks():
    hooks = {
        name: WebhookEndpoint(
            name=name, url=url, enabled=on, events=events, created_at=ago(days=days)
        )
        for name, url, on, events, days in HOOKS
    }
    db.session.add_all(hooks.values())
    db.session.commit()
    return hooks


def _mails():
    """Some that went out, and a morning on which the mail server did not answer."""
    away = raised(ServerAway(host="mail.example.org"))
    for number in range(LETTERS):
        reader = READERS[number % len(READERS)]
        moment = ago(hours=30 if number < LETTERS / 4 else 9, minutes=-number)
        letter = MailMessage(
            recipient=f"{reader}{number // len(READERS) + 1}@example.com",
            subject="Your pictures are online",
            template="digest",
            locale="en",
            text="Your pictures are online.",
            created_at=moment,
        )
        db.session.add(letter)
        db.session.flush()
        job = submitted(moment, send_email, letter.id)
        if number < LETTERS / 4:
            done(job)
        else:
            failed(job, away)
    _the_rest()


def _calls(hooks):
    """An archive that was away, and a shop that was too slow, twice."""
    for number in range(CALLS):
        moment = ago(hours=32, minutes=-3 * number)
        job = _called(hooks["Archive"], moment)
        error = Refused(host="archive.example.org", code=503)
        error.answer = Answer(503, "down for maintenance", 98 + 7 * number)
        failed(job, raised(error))
    away = db.session.scalars(
        select(AdminNotification).order_by(AdminNotification.id.desc()).limit(1)
    ).one()
    with clock.stopped_at(ago(minutes=50)):
        editorial.assign(away, person("administrator"))
        editorial.add_note(
            away, person("administrator"), "The archive was moved; it answers again."
        )
        canary = editorial.retry_one(away)
        db.session.commit()
    done(canary)

    slow = TooSlow(host="shop.example.org", seconds=20)
    slow.answer = Answer(None, "", 20_003)
    slow = raised(slow)
    first = failed(_called(hooks["Shop"], ago(hours=47)), slow, seconds=20.2)
    with clock.stopped_at(ago(hours=23)):
        again = retry_job(first)
        db.session.commit()
    failed(again, slow, seconds=20.2)
    for number, name in enumerate(("Shop", "Archive", "Shop", "Archive")):
        done(_called(hooks[name], ago(minutes=40 - 7 * number)), 0.11 + 0.04 * number)
    _the_rest()


def _called(hook, moment):
    call = WebhookDelivery(endpoint=hook, event="picture.ready", payload={}, created_at=moment)
    db.session.add(call)
    db.session.flush()
    return submitted(moment, call_webhook, call.id)


def _the_rest():
    """End well what the failures gave rise to: mail to administrators, calls of a chat."""
    waiting = select(Job).where(
        Job.state == JobState.QUEUED, Job.task.in_(("send_email", "call_webhook"))
    )
    for job in db.session.scalars(waiting).all():
        done(job)
    for letter in db.session.scalars(select(MailMessage)):
        letter.created_at = min(letter.created_at, letter.sent_at or letter.created_at)
    for seen in db.session.scalars(select(NotificationOccurrence)):
        db.session.execute(
            update(NotificationOccurrence)
            .where(NotificationOccurrence.id == seen.id)
            .values(created_at=seen.job.finished_at if seen.job else seen.created_at)
        )
    db.session.commit()


def _schedules():
    """Each came whenever it was due, for a week."""
    with clock.stopped_at(ago(days=7, minutes=1)):
        schedules.submit_due(huey)
    while (due := db.session.scalar(select(func.min(Schedule.due_at)))) < clock.now():
        with clock.stopped_at(due + timedelta(seconds=2)):
            schedules.submit_due(huey)
        kinds = select(Job).where(Job.state == JobState.QUEUED, Job.task.in_(schedules.declared()))
        for job in db.session.scalars(kinds).all():
            done(job, seconds=1.4)


def _exports():
    """What an editor took out yesterday."""
    for hours, form, rows, size in ((20, Format.JSON, 1, 812), (21, Format.CSV, 14, 3_204)):
        began = ago(hours=hours)
        db.session.add(
            Export(
                source="image",
                scope={},
                columns=["title"],
                format=form,
                locale="en",
                filename=f"Pictures {began:%Y-%m-%d %H-%M}.{form.value}",
                state=ExportState.READY,
                rows=rows,
                total=rows,
                size=size,
                user_id=person("editor").id,
                created_at=began,
                ends_at=began + timedelta(days=1),
            )
        )
    db.session.commit()


def _selection():
    """All failed mails, tried again by a job that is in the midst of it."""
    admin = person("administrator")
    with clock.stopped_at(ago(seconds=24)):
        keys = select(Job.id).where(Job.task == send_email.name, Job.state == JobState.FAILED)
        selection, count = selections.choose(selections.find("job", "retry"), keys, admin)
        job = act_on_selection.submit(selection.id)
        db.session.commit()
        attempt = ledger.claim(job.id, HOLDER).attempts_made
        ledger.set_progress(job.id, attempt, round(count * 0.6), count)
    things = select(SelectedThing).where(SelectedThing.selection_id == selection.id)
    for number, thing in enumerate(db.session.scalars(things.limit(round(count * 0.6)))):
        thing.done_at = clock.now()
        if number % 12 == 5:
            thing.sentence, thing.facts = NothingToRetry.sentence, {}
    db.session.commit()


def _busy_day():
    """A day of pictures, with a bad hour in it."""
    db.session.execute(delete(JobTally))
    chance = random.Random(1)
    end = tallies.last_closed()
    for minutes in range(2, 24 * 60, 3):
        much = 1.2 + math.sin(minutes / 170) * 0.8 + chance.random() * 0.6
        bad = 600 < minutes < 660
        db.session.add(
            JobTally(
                begins_at=end - timedelta(minutes=minutes),
                task="process_image",
                succeeded=round((2 if bad else 6) * much),
                failed=9 if bad else int(minutes % 97 == 0),
                waited=(80 if bad else 6) * much,
                ran=8 * much,
                waited_longest=(14 if bad else 2) * much,
            )
        )
    db.session.commit()


def silence(site):
    """Let the last worker have been heard of eight minutes ago, and raise the alarm."""
    with site.inside():
        long_ago = ago(minutes=8)
        process_image.submit_many([(number,) for number in range(1, 13)], at=long_ago)
        db.session.execute(delete(Worker))
        db.session.execute(update(Duty).values(taken_until=long_ago))
        db.session.commit()
        with clock.stopped_at(ago(minutes=6)):
            (alarm,) = alarms.look()
        db.session.commit()
        return alarm.id
