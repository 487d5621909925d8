"""Sending: through a real server, and what each of its answers comes to."""

import logging
from datetime import timedelta

import pytest

from cms import clock
from cms.audit.models import AuditEntry
from cms.editorial import retries
from cms.errors import BadSetting
from cms.extensions import db
from cms.jobs.models import Job, JobAttempt, JobState
from cms.mail import services as mail
from cms.mail import transport
from cms.mail.models import MailMessage, MailState
from cms.notifications.models import AdminNotification
from cms.tasks import huey
from cms.tasks.mail import post, send_email
from tests import receivers
from tests.processes import free_port
from tests.unit.mail.conftest import parsed


@pytest.fixture
def waiting(ctx):
    """A mail that waits to be sent, with its job."""
    message = post("ada@example.com", "test", address="ada@example.com")
    db.session.commit()
    return message


def job_of(message):
    return db.session.query(Job).filter_by(task="send_email", subject_id=str(message.id)).one()


def test_a_mail_is_sent_once(server, waiting, run_jobs):
    run_jobs()

    ((sender, recipients, content),) = server.taken
    assert (sender, recipients) == ("qscms@localhost", ["ada@example.com"])
    assert parsed(content)["Subject"] == "QsCMS can send mail"
    assert waiting.state == MailState.SENT
    assert waiting.sent_at >= waiting.created_at
    assert job_of(waiting).state == JobState.SUCCEEDED


def test_a_second_job_for_a_mail_that_is_sent_is_moot(server, waiting, run_jobs):
    run_jobs()
    again = send_email.submit(waiting.id)
    db.session.commit()
    run_jobs()

    assert len(server.taken) == 1
    assert again.state == JobState.MOOT


def test_a_mail_that_is_gone_is_moot(server, waiting, run_jobs):
    job = job_of(waiting)
    db.session.delete(waiting)
    db.session.commit()
    run_jobs()

    assert job.state == JobState.MOOT


def test_what_the_server_refuses_for_now_is_tried_again_under_the_same_number(
    server, waiting, run_jobs
):
    server.data_answers = ["451 4.7.1 Greylisted, come back later"]
    run_jobs()
    assert waiting.state == MailState.WAITING
    assert waiting.sentence == transport.RefusedForNow.sentence
    assert waiting.facts["answer"] == "451 4.7.1 Greylisted, come back later"

    run_jobs(hours=1)
    assert waiting.state == MailState.SENT
    assert waiting.sentence is None
    ((_sender, _recipients, content),) = server.taken
    assert parsed(content)["Message-ID"] == f"<{waiting.uid}@localhost>"


@pytest.mark.parametrize("step", ["rcpt_answers", "data_answers"])
def test_what_the_server_refuses_for_good_fails_at_once_in_words(server, waiting, run_jobs, step):
    setattr(server, step, ["550 5.1.1 No such user here"])
    run_jobs()

    job = job_of(waiting)
    words = "The mail server 127.0.0.1 will not take this: 550 5.1.1 No such user here"
    assert (job.state, job.attempts_made) == (JobState.FAILED, 1)
    assert waiting.state == MailState.FAILED
    assert waiting.sentence % waiting.facts == words
    assert db.session.query(AdminNotification).one().message == words


def test_a_server_that_is_away_is_tried_six_times_ever_further_apart(use_mail, waiting, run_jobs):
    use_mail(f"smtp://127.0.0.1:{free_port()}")
    now = clock.now()
    with clock.stopped_at(now):
        run_jobs()
    job = job_of(waiting)
    assert job.due_at == now + timedelta(minutes=1)
    run_jobs(hours=24)

    assert (job.state, job.attempts_made) == (JobState.FAILED, 6)
    assert waiting.state == MailState.FAILED
    assert waiting.sentence % waiting.facts == "The mail server 127.0.0.1 does not answer."


def test_a_retry_sends_nothing_twice(use_mail, server, waiting, run_jobs):
    job = job_of(waiting)
    job.state, waiting.state = JobState.FAILED, MailState.SENT  # by another way, meanwhile
    huey.storage.flush_queue()
    db.session.commit()
    retries.retry_newest("mail", waiting.id)
    db.session.commit()
    run_jobs()

    assert (waiting.state, server.taken) == (MailState.SENT, [])


def test_a_retry_by_hand_sends_it_and_closes_the_notification(use_mail, server, waiting, run_jobs):
    server.data_answers = ["554 No"]
    run_jobs()
    retries.retry_newest("mail", waiting.id)
    db.session.commit()
    assert waiting.state == MailState.WAITING
    run_jobs()

    assert waiting.state == MailState.SENT
    assert db.session.query(AdminNotification).one().resolved_at is not None


def test_a_confidential_mail_that_failed_cannot_be_retried(server, run_jobs):
    server.data_answers = ["554 No"]
    message = post("ada@example.com", "test", address="token-4711", confidential=True)
    db.session.commit()
    run_jobs()

    with pytest.raises(mail.ContentErased):
        retries.retry_newest("mail", message.id)
    db.session.commit()
    assert db.session.query(Job).count() == 1
    assert message.text is None


# Encryption and log-in


def test_starttls_and_a_login(certificate, use_mail, waiting, run_jobs):
    options = {"tls_context": certificate, "require_starttls": True}
    with receivers.mail_receiver(b"cms", b"p@ss/word", **options) as server:
        use_mail(f"smtp://cms:p%40ss%2Fword@{server.address}")
        run_jobs()

        assert len(server.taken) == 1


def test_tls_from_the_first_byte(certificate, use_mail, waiting, run_jobs):
    with receivers.mail_receiver(ssl_context=certificate) as server:
        use_mail(f"smtps://{server.address}")
        run_jobs()

        assert len(server.taken) == 1


@pytest.fixture
def our_log(caplog):
    """What this side has logged, down to the last detail; the server's own log is another's."""
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join(
        caplog.handler.format(record) for record in caplog.records if record.name != "mail.log"
    )


def reason(waiting, run_jobs):
    run_jobs()
    assert waiting.state == MailState.WAITING
    return waiting.sentence % waiting.facts


def test_without_encryption_nothing_is_sent(use_mail, waiting, run_jobs):
    with receivers.mail_receiver() as server:
        use_mail(f"smtp://cms:hunter2@{server.address}")

        assert "offers no encryption" in reason(waiting, run_jobs)
        assert server.taken == []


def test_a_certificate_of_somebody_else_is_not_trusted(
    certificate, monkeypatch, use_mail, waiting, run_jobs
):
    monkeypatch.delenv("SSL_CERT_FILE")
    with receivers.mail_receiver(ssl_context=certificate) as server:
        use_mail(f"smtps://{server.address}")

        assert "could not prove" in reason(waiting, run_jobs)


@pytest.mark.case(40)
def test_a_wrong_password_is_told_but_not_repeated(
    certificate, use_mail, waiting, run_jobs, our_log
):
    with receivers.mail_receiver(b"cms", b"right", tls_context=certificate) as server:
        use_mail(f"smtp://cms:hunter2@{server.address}")

        assert "does not accept the user and password" in reason(waiting, run_jobs)
    attempt = db.session.query(JobAttempt).one()
    assert "hunter2" not in attempt.traceback + attempt.error_message + our_log()


def test_a_server_that_knows_no_login_is_told(server, use_mail, waiting, run_jobs):
    use_mail(f"smtp://cms:hunter2@{server.address}?starttls=no")
    assert "does not accept the user and password" in reason(waiting, run_jobs)


def test_an_address_that_the_server_cannot_write_to(use_mail, run_jobs):
    with receivers.mail_receiver(enable_SMTPUTF8=False) as server:
        use_mail(f"smtp://{server.address}?starttls=no")
        message = post("用户@example.com", "test", address="x")
        db.session.commit()
        run_jobs()

    assert message.state == MailState.FAILED
    assert "cannot write to an address with such characters" in message.sentence


@pytest.mark.case(40)
def test_what_is_confidential_is_in_no_job_no_audit_row_and_no_log(server, run_jobs, our_log):
    server.data_answers = ["451 Later", "554 No"]
    post("ada@example.com", "test", address="token-4711", confidential=True)
    db.session.commit()
    run_jobs(hours=24)

    rows = [
        *db.session.query(Job),
        *db.session.query(JobAttempt),
        *db.session.query(AuditEntry),
        *db.session.query(AdminNotification),
        *db.session.query(MailMessage),
    ]
    assert len(rows) >= 4
    assert "token-4711" not in str([vars(row) for row in rows]) + our_log()


# The setting


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://host", transport.SmtpTransport("host", 587)),
        ("smtps://host", transport.SmtpTransport("host", 465, implicit_tls=True)),
        ("smtp://a%40b:c%3Ad@host:25", transport.SmtpTransport("host", 25, "a@b", "c:d")),
        ("smtp://host?starttls=no", transport.SmtpTransport("host", 587, plain=True)),
    ],
)
def test_a_server_by_its_url(url, found):
    assert transport.from_url(url) == found


def test_a_password_is_not_printed():
    assert "hunter2" not in repr(transport.from_url("smtp://cms:hunter2@host"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        "http://host",
        "smtp://",
        "smtp://host:port",
        "smtp://host?starttls=maybe&x=1",
        "smtp://host/path",
        "smtp://user:stra%C3%9Fe@host",
        "smtp://[host",
        "file://relative",
    ],
)
def test_a_wrong_url_names_the_setting(url):
    with pytest.raises(BadSetting, match=r"^CMS_MAIL_URL: "):
        transport.from_url(url)
