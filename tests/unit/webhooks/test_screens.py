"""The administrator's screens: webhooks, their calls, and the mail."""

import html
import re

import pytest

from cms.audit.models import AuditEntry
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.mail import transport
from cms.mail.models import MailState
from cms.tasks.mail import post
from cms.tasks.webhooks import announce
from cms.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import receivers
from tests.processes import PASSWORD

FORM = {"name": "CRM", "url": "https://crm.example.com/hook?token=hunter2", "enabled": "y"}
PAGES = ("/admin/mail/", "/admin/webhook/", "/admin/webhook_delivery/")


@pytest.fixture
def administrator(log_in):
    return log_in("administrator")


@pytest.fixture
def failed_call(endpoint, receiver, run_jobs):
    """A call that was refused for good, on an endpoint that was switched off by it."""
    receiver.answer = receivers.reply(410, b"<b>gone</b>")
    endpoint(receiver.url)
    announce("picture.ready", {"id": 1, "title": "<img src=x onerror=alert(1)>"})
    db.session.commit()
    run_jobs()
    return db.session.query(WebhookDelivery).one()


def only_endpoint():
    db.session.expire_all()
    return db.session.query(WebhookEndpoint).one()


@pytest.mark.case(32)
@pytest.mark.parametrize("role", ["viewer", "author", "editor"])
def test_they_are_the_administrators_alone(client, log_in, endpoint, role):
    made = endpoint("https://a.example.com/")
    log_in(role)

    for page in PAGES:
        assert client.get(page).status_code == 403
        assert client.get(f"{page}details/?id={made.id}").status_code == 403
    for page in ("try", "disable", "secret", "delete/"):
        assert client.post(f"/admin/webhook/{page}", data={"id": made.id}).status_code == 403
    menu = client.get("/admin/").text
    assert not [page for page in PAGES if f'href="{page}"' in menu]


def test_every_list_is_there_when_it_is_empty(client, administrator):
    for page in PAGES:
        assert client.get(page).status_code == 200


def test_a_webhook_is_added_shown_and_changed(client, administrator):
    assert client.get("/admin/webhook/new/").status_code == 200
    answer = client.post("/admin/webhook/new/", data={**FORM, "events": ["job.failed"]})
    assert answer.status_code == 302
    made = only_endpoint()
    assert (made.name, made.events, made.enabled) == ("CRM", ["job.failed"], True)

    listed = client.get("/admin/webhook/").text
    assert "crm.example.com" in listed
    assert "A job has failed for good" in listed
    assert made.secret not in listed
    assert made.secret in client.get(f"/admin/webhook/details/?id={made.id}").text

    page = client.get(f"/admin/webhook/edit/?id={made.id}").text
    assert '<option selected value="job.failed">' in page
    changed = {**FORM, "events": ["job.failed", "picture.ready"], "name": "ERP"}
    client.post(f"/admin/webhook/edit/?id={made.id}", data=changed)
    assert only_endpoint().events == ["job.failed", "picture.ready"]


def test_the_secret_is_shown_after_the_password_alone(client, administrator, endpoint):
    made = endpoint("https://a.example.com/")
    page = f"/admin/webhook/details/?id={made.id}"
    with client.session_transaction() as session:
        session["fs_paa"] -= 3600
    shown = client.get(page).text
    assert made.secret not in shown
    to_verify = html.unescape(re.search(r'href="([^"]*verify[^"]*)"', shown)[1])
    assert "Enter your password to show the secret" in shown
    assert client.post(to_verify, data={"password": PASSWORD}).location == page
    assert made.secret in client.get(page).text


@pytest.mark.case(40)
def test_the_audit_trail_keeps_neither_secret_nor_token(client, administrator):
    client.post("/admin/webhook/new/", data={**FORM, "events": ["job.failed"]})
    made = only_endpoint()
    first = made.secret
    client.post("/admin/webhook/secret", data={"id": made.id})
    second = only_endpoint().secret
    client.post("/admin/webhook/delete/", data={"id": made.id})

    gone = db.session.query(AuditEntry).filter_by(action="delete").one().changes
    assert (gone["name"], gone["events"], gone["secret"]) == (
        ["CRM", None], [["job.failed"], None], ["•••", None],
    )  # fmt: skip
    trail = str([entry.changes for entry in db.session.query(AuditEntry)])
    assert "https://crm.example.com/…" in trail
    for secret in ("hunter2", first, second):
        assert secret not in trail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", "ftp://crm.example.com/"),
        ("url", "javascript:alert(1)"),
        ("url", "http://user:password@crm.example.com/"),
        ("url", ""),
        ("name", ""),
        ("events", []),
        ("events", ["no.such"]),
    ],
)
def test_a_wrong_field_is_told_beside_it(client, administrator, name, value):
    form = {**FORM, "events": ["job.failed"], name: value}
    answer = client.post("/admin/webhook/new/", data=form)

    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert db.session.query(WebhookEndpoint).count() == 0


def test_it_is_switched_off_and_on(client, administrator, endpoint):
    made = endpoint("https://a.example.com/")
    for act, expected in (("disable", False), ("enable", True)):
        client.post(f"/admin/webhook/{act}", data={"id": made.id})
        assert only_endpoint().enabled is expected


def test_a_test_shows_its_call(client, administrator, endpoint, receiver, run_jobs):
    made = endpoint(receiver.url)
    answer = client.post("/admin/webhook/try", data={"id": made.id})
    run_jobs()

    page = client.get(answer.location).text
    assert "Delivered" in page
    assert "Call a webhook" in page


def test_a_webhook_is_deleted_with_its_calls(client, administrator, failed_call):
    client.post("/admin/webhook/delete/", data={"id": failed_call.endpoint_id})

    assert db.session.query(WebhookDelivery).count() == 0
    assert client.get("/admin/webhook_delivery/").status_code == 200


@pytest.mark.case(36)
def test_a_failed_call_says_why_and_is_retried(client, administrator, failed_call, run_jobs):
    page = client.get(f"/admin/webhook_delivery/details/?id={failed_call.id}").text
    assert "127.0.0.1 wants no more calls (410), and was switched off." in page
    assert "&lt;b&gt;gone&lt;/b&gt;" in page
    assert "<img src=x" not in page
    listed = client.get("/admin/webhook_delivery/?tab=failed").text
    assert "A picture is ready" in listed
    assert "410" in listed

    client.post("/admin/webhook_delivery/retry", data={"id": failed_call.id})
    newest = db.session.query(Job).order_by(Job.created_at.desc()).first()
    assert (newest.task, newest.state) == ("call_webhook", JobState.QUEUED)


def test_the_jobs_and_the_call_lead_to_each_other(client, administrator, failed_call):
    job = db.session.query(Job).filter_by(task="call_webhook").one()
    assert f"/admin/job/details/?id={job.id}" in (
        client.get(f"/admin/webhook_delivery/details/?id={failed_call.id}").text
    )
    assert f"/admin/webhook_delivery/details/?id={failed_call.id}" in client.get("/admin/job/").text


def test_an_editor_sees_of_a_job_no_link_to_what_is_not_theirs(client, log_in, failed_call):
    log_in("editor")
    page = client.get("/admin/job/").text

    assert f"Webhook call {failed_call.id}" in page
    assert "/admin/webhook_delivery/" not in page


@pytest.mark.parametrize("page", PAGES[::2])
def test_the_list_can_ask_where_things_stand(client, administrator, failed_call, page):
    asked = post("ada@example.com", "test", address="x").id if "mail" in page else failed_call.id
    db.session.commit()
    rows = client.get(f"{page}status?ids={asked},999").json["rows"]

    assert [row["status"] for row in rows] in (["failed"], ["waiting"])
    assert client.get(f"{page}status?ids=x").status_code == 404


def test_mail_is_listed_and_read_but_not_what_is_confidential(client, administrator):
    plain = post("ada@example.com", "test", address="token-1")
    secret = post("ada@example.com", "test", address="token-2", confidential=True)
    db.session.commit()

    listed = client.get("/admin/mail/?tab=waiting").text
    assert listed.count("QsCMS can send mail") >= 2
    assert "token-1" in client.get(f"/admin/mail/details/?id={plain.id}").text
    page = client.get(f"/admin/mail/details/?id={secret.id}").text
    assert "token-2" not in page
    assert "Confidential" in page


def test_a_mail_that_failed_is_retried(client, administrator, monkeypatch, ctx, run_jobs):
    with receivers.mail_receiver() as server:
        url = f"smtp://{server.address}?starttls=no"
        monkeypatch.setitem(ctx.extensions, "cms.mail", transport.from_url(url))
        server.data_answers = ["554 <script>alert(1)</script>"]
        message = post("ada@example.com", "test", address="x")
        db.session.commit()
        run_jobs()
        page = client.get("/admin/mail/?tab=failed").text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page

        client.post("/admin/mail/retry", data={"id": message.id})
        run_jobs()
        assert message.state == MailState.SENT
