"""Telling endpoints of events: signed, once, and again when it fails."""

import json
import logging
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial import retries
from cms.editorial import webhooks as editorial
from cms.extensions import db
from cms.jobs.models import Job, JobAttempt, JobState
from cms.media.models import ImageStatus
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from cms.tasks.mail import post
from cms.tasks.webhooks import announce, call_webhook
from cms.webhooks import services
from cms.webhooks.calls import Gone, NoAnswer
from cms.webhooks.models import DeliveryState, WebhookDelivery
from tests import receivers
from tests.factories import make_picture
from tests.toy_tasks import break_toy


@pytest.fixture
def told(endpoint, receiver):
    """A delivery that waits, with its job."""
    endpoint(receiver.url)
    announce("picture.ready", {"id": 7, "title": "群山"})
    db.session.commit()
    return db.session.query(WebhookDelivery).one()


def job_of(delivery):
    query = db.session.query(Job).filter_by(task="call_webhook", subject_id=str(delivery.id))
    return query.order_by(Job.created_at.desc()).first()


def test_a_receiver_can_check_what_it_gets(told, receiver, run_jobs):
    run_jobs()

    ((path, headers, body),) = receiver.calls
    assert path == "/hook"
    assert headers["webhook-id"] == told.uid
    checked = Webhook(told.endpoint.secret).verify(body, headers)
    assert checked["type"] == "picture.ready"
    assert checked["data"] == {"id": 7, "title": "群山"}
    assert told.state == DeliveryState.DELIVERED
    assert (told.response_code, told.sentence) == (200, None)
    assert told.duration_ms >= 0
    assert told.finished_at >= told.created_at
    assert job_of(told).state == JobState.SUCCEEDED


def test_nobody_else_can_sign(told, receiver, run_jobs):
    run_jobs()

    ((_path, headers, body),) = receiver.calls
    for secret, content in (("whsec_" + "A" * 44, body), (told.endpoint.secret, body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(content, headers)


def test_only_who_wants_an_event_is_told(ctx, endpoint):
    wanted = endpoint("https://a.example.com/", events=["job.failed"])
    endpoint("https://b.example.com/", events=["picture.ready"])
    endpoint("https://c.example.com/", enabled=False)
    announce("job.failed", {})

    assert [d.endpoint for d in db.session.query(WebhookDelivery)] == [wanted]


def test_what_is_rolled_back_is_not_told(ctx, endpoint):
    endpoint("https://a.example.com/")
    announce("picture.ready", {"id": 1})
    db.session.rollback()
    db.session.commit()

    assert db.session.query(WebhookDelivery).count() == 0
    assert len(huey) == 0


def test_a_failure_is_tried_again_later_under_the_same_number(told, receiver, run_jobs):
    receiver.answer = receivers.in_turn(receivers.reply(503, b"later"), receivers.reply(204))
    now = clock.now()
    with clock.stopped_at(now):
        run_jobs()
    assert told.state == DeliveryState.WAITING
    assert (told.response_code, told.response_excerpt) == (503, "later")
    assert told.sentence % told.facts == "127.0.0.1 answered with an error (503)."
    assert job_of(told).due_at == now + timedelta(seconds=60)

    run_jobs(hours=24)
    assert told.state == DeliveryState.DELIVERED
    assert (told.response_code, told.response_excerpt, told.sentence) == (204, None, None)
    assert [headers["webhook-id"] for _p, headers, _b in receiver.calls] == [told.uid] * 2


def test_after_seven_attempts_it_fails_and_an_administrator_is_told(told, receiver, run_jobs):
    receiver.answer = receivers.reply(500)
    run_jobs(hours=24)

    assert len(receiver.calls) == 7
    assert told.state == DeliveryState.FAILED
    assert told.finished_at is not None
    (notification,) = db.session.query(AdminNotification)
    assert notification.message == "127.0.0.1 answered with an error (500)."


def test_a_retry_by_hand_closes_the_notification(told, receiver, run_jobs):
    receiver.answer = receivers.reply(500)
    run_jobs(hours=24)
    receiver.answer = receivers.reply(200)
    retries.retry_newest("webhook_delivery", told.id)
    db.session.commit()
    assert told.state == DeliveryState.WAITING
    run_jobs()

    assert told.state == DeliveryState.DELIVERED
    assert db.session.query(AdminNotification).one().resolved_at is not None


@pytest.mark.case(41)
@pytest.mark.parametrize(
    "host", ["127.1", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0", "localhost"]
)
def test_a_private_address_fails_at_once_in_words(endpoint, forbidden, run_jobs, host):
    endpoint(f"http://{host}:{forbidden.port}/")
    announce("picture.ready", {"id": 1})
    db.session.commit()
    run_jobs()

    delivery = db.session.query(WebhookDelivery).one()
    job = job_of(delivery)
    place = "is on this machine or in a private network"
    words = f"{host.strip('[]')} {place}, which webhooks may not call."
    assert (job.state, job.attempts_made) == (JobState.FAILED, 1)
    assert delivery.sentence % delivery.facts == words
    assert db.session.query(AdminNotification).one().message == words
    assert forbidden.calls == []


@pytest.mark.case(41)
def test_a_redirect_to_this_machine_fails_in_words(told, receiver, forbidden_target, run_jobs):
    receiver.answer = receivers.reply(302, Location=forbidden_target.url)
    run_jobs(hours=24)

    assert forbidden_target.calls == []
    assert job_of(told).state == JobState.FAILED
    assert "redirects to another address (302)" in told.sentence % told.facts


@pytest.fixture
def forbidden_target():
    with receivers.http_receiver() as target:
        yield target


@pytest.mark.case(41)
@pytest.mark.parametrize("manner", [receivers.endless_body, receivers.dripping_body])
def test_an_endless_answer_fails_in_words(told, receiver, run_jobs, set_setting, manner):
    set_setting(webhook_timeout=0.1)
    receiver.answer = manner
    run_jobs(hours=24)

    assert job_of(told).state == JobState.FAILED
    assert len(receiver.calls) == 7
    assert told.sentence % told.facts in (
        "127.0.0.1 answered more than 64 kB, and was cut off.",
        "127.0.0.1 did not finish its answer within 0 seconds.",
    )


def test_a_receiver_that_is_gone_is_switched_off(told, receiver, run_jobs):
    receiver.answer = receivers.reply(410)
    run_jobs()

    assert told.state == DeliveryState.FAILED
    assert not told.endpoint.enabled
    assert len(receiver.calls) == 1
    (entry,) = db.session.query(AuditEntry).filter_by(thing_kind="webhook_endpoint")
    assert (entry.action, entry.face, entry.changes) == (
        "edit", "job", {"enabled": [True, False], "delivery": told.id, "answer": 410},
    )  # fmt: skip


def test_what_waits_for_one_that_was_switched_off_is_dropped(told, receiver, run_jobs):
    editorial.switch(told.endpoint, on=False)
    db.session.commit()
    run_jobs()

    assert receiver.calls == []
    assert told.state == DeliveryState.DROPPED
    assert job_of(told).state == JobState.SUCCEEDED


def test_what_waits_for_one_that_was_deleted_is_moot(told, receiver, run_jobs):
    job = job_of(told)
    db.session.delete(told.endpoint)
    db.session.commit()
    run_jobs()

    assert db.session.query(WebhookDelivery).count() == 0
    assert job.state == JobState.MOOT


def test_a_second_job_for_a_call_that_was_made_is_moot(told, receiver, run_jobs):
    run_jobs()
    again = call_webhook.submit(told.id)
    db.session.commit()
    run_jobs()

    assert again.state == JobState.MOOT
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("error", [NoAnswer(host="127.0.0.1"), Gone(host="127.0.0.1")])
def test_a_call_that_was_made_stays_made_when_another_job_for_it_fails(told, run_jobs, error):
    run_jobs()
    services.attempt_failed(told.id, error, final=True)
    db.session.commit()

    assert (told.state, told.response_code, told.sentence) == (DeliveryState.DELIVERED, 200, None)
    assert told.endpoint.enabled is not isinstance(error, Gone)


def test_it_can_be_sent_again_by_hand_once_however_often_it_is_pressed(told, receiver, run_jobs):
    run_jobs()
    for _ in range(3):
        editorial.send_again(told)
    db.session.commit()
    run_jobs()

    assert [headers["webhook-id"] for _p, headers, _b in receiver.calls] == [told.uid] * 2


def test_one_that_is_switched_off_can_be_tried_out(endpoint, receiver, run_jobs):
    quiet = endpoint(receiver.url, enabled=False)
    delivery = editorial.try_out(quiet)
    db.session.commit()
    run_jobs()

    assert json.loads(receiver.calls[0][2])["type"] == "test"
    assert delivery.state == DeliveryState.DELIVERED


def test_a_new_secret_counts_at_once(told, receiver, run_jobs):
    old = told.endpoint.secret
    editorial.change_secret(told.endpoint)
    db.session.commit()
    run_jobs()

    ((_path, headers, body),) = receiver.calls
    assert told.endpoint.secret != old
    Webhook(told.endpoint.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


# What is told


def test_a_picture_that_is_ready_is_told(endpoint, receiver, run_jobs):
    endpoint(receiver.url)
    image = make_picture(filename="群山.jpg")
    db.session.commit()
    run_jobs()

    assert image.status == ImageStatus.READY
    (told,) = [json.loads(body) for _path, _headers, body in receiver.calls]
    assert told["type"] == "picture.ready"
    assert (told["data"]["id"], told["data"]["filename"]) == (image.id, "群山.jpg")
    assert {r["key"] for r in told["data"]["renditions"]} == {r.key for r in image.renditions}


def test_a_job_that_failed_for_good_is_told_once(endpoint, receiver, run_jobs):
    endpoint(receiver.url)
    job = break_toy.submit("bear")
    db.session.commit()
    run_jobs(hours=24)

    (told,) = [json.loads(body) for _path, _headers, body in receiver.calls]
    assert told["type"] == "job.failed"
    assert told["data"] == {
        "id": job.id,
        "task": "toy_break",
        "subject": {"kind": "toy", "id": "bear"},
        "attempts": 4,
        "message": "The toy bear broke.",
    }


def test_that_a_call_failed_is_told_to_no_endpoint(told, receiver, run_jobs):
    receiver.answer = receivers.reply(500)
    run_jobs(hours=24)

    assert db.session.query(WebhookDelivery).count() == 1


# What is kept to ourselves


@pytest.mark.case(40)
def test_secrets_are_in_no_job_no_audit_row_and_no_log(endpoint, receiver, run_jobs, caplog):
    caplog.set_level(logging.INFO)
    ours = endpoint(f"{receiver.url}?token=hunter2")
    receiver.answer = receivers.in_turn(receivers.hang_up, receivers.reply(410))
    announce("picture.ready", {"id": 1})
    post("ada@example.com", "test", address="x")
    editorial.change_secret(ours)
    db.session.commit()
    run_jobs(hours=24)

    rows = [
        *db.session.query(Job),
        *db.session.query(JobAttempt),
        *db.session.query(AuditEntry),
        *db.session.query(AdminNotification),
        *db.session.query(WebhookDelivery),
    ]
    assert len(receiver.calls) == 2
    kept = str([{k: v for k, v in vars(row).items() if k != "endpoint"} for row in rows])
    for secret in ("hunter2", ours.secret, ours.secret.removeprefix("whsec_")):
        assert secret not in kept + caplog.text
