"""Composing: what a mail says, to whom, and what is refused."""

import email
import email.policy

import jinja2
import pytest

from cms.errors import CmsError
from cms.extensions import db
from cms.mail import services as mail
from cms.mail.models import MailMessage, MailState
from cms.tasks.mail import post


def test_a_mail_has_a_plain_and_a_laid_out_part(ctx, run_jobs, written):
    post("ada@example.com", "test", address="ada@example.com")
    db.session.commit()
    run_jobs()

    (sent,) = written()
    assert sent["To"] == "ada@example.com"
    assert sent["From"] == "QsCMS <qscms@localhost>"
    assert sent["Subject"] == "QsCMS can send mail"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    assert "QsCMS can send mail to ada@example.com." in sent.get_body(("plain",)).get_content()
    assert "<p>This is a test." in sent.get_body(("html",)).get_content()


def test_it_is_in_the_language_of_who_reads_it(ctx, run_jobs, written):
    message = mail.compose("ada@example.com", "test", locale="zh_Hans_CN", address="x")

    assert message.locale == "zh_Hans_CN"
    assert '<html lang="zh-Hans-CN">' in message.html


def test_any_script_passes_a_server_that_knows_seven_bits(ctx, run_jobs, written):
    post("ada@example.com", "test", address="照片 🌄" + "长" * 2000)
    db.session.commit()
    run_jobs()

    (sent,) = written()
    assert "照片 🌄" in sent.get_body(("plain",)).get_content()
    assert max(len(line) for line in sent.as_bytes(policy=email.policy.SMTP).splitlines()) < 999
    assert sent.as_bytes().isascii()


@pytest.mark.case(36)
def test_markup_in_a_value_is_text(ctx):
    message = mail.compose("ada@example.com", "test", address="<img src=x onerror=alert(1)>")

    assert "&lt;img src=x onerror=alert(1)&gt;" in message.html
    assert "<img" not in message.html
    assert "<img src=x onerror=alert(1)>" in message.text


@pytest.mark.case(42)
@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com\nBcc: eve@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\r\n@example.com",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        "ada",
        "",
        "ada@exa\x00mple.com",
        "@",
    ],
)
def test_what_is_no_address_is_refused(ctx, address):
    with pytest.raises(mail.UnusableAddress) as caught:
        mail.compose(address, "test", address="x")

    assert "\n" not in str(caught.value)
    assert db.session.query(MailMessage).count() == 0


@pytest.fixture
def subject_template(ctx, monkeypatch):
    """A mail whose subject is whatever it is given, as a title would be."""
    ours = {
        "mail/said.txt": "{% set subject = said %}Hello",
        "mail/said.html": "<p>Hello</p>",
    }
    loader = jinja2.ChoiceLoader([jinja2.DictLoader(ours), ctx.jinja_env.loader])
    monkeypatch.setattr(ctx.jinja_env, "loader", loader)


@pytest.mark.case(42)
@pytest.mark.parametrize(
    "subject",
    [
        "News\nBcc: eve@example.com",
        "News\r\nBcc: eve@example.com",
        "News\rBcc: eve@example.com",
        "News\u2028more",
        "News\x00",
        "",
        "  ",
    ],
)
def test_a_subject_of_more_or_less_than_a_line_is_refused(subject_template, subject):
    with pytest.raises(mail.UnusableSubject):
        mail.compose("ada@example.com", "said", said=subject)


def test_a_long_subject_is_cut(subject_template):
    message = mail.compose("ada@example.com", "said", said="长" * 300)
    assert len(message.subject) == 255


def test_an_unknown_template_is_the_programmers_mistake(ctx):
    with pytest.raises(jinja2.TemplateNotFound):
        mail.compose("ada@example.com", "no_such")


def test_an_international_domain_is_written_as_servers_know_it(ctx):
    message = mail.compose("ada@bücher.example.com", "test", address="x")
    assert message.recipient == "ada@xn--bcher-kva.example.com"


# What is confidential


def test_confidential_text_is_gone_once_it_is_sent(ctx, run_jobs, written):
    message = post("ada@example.com", "test", address="token-4711", confidential=True)
    db.session.commit()
    assert "token-4711" in message.text
    run_jobs()

    (sent,) = written()
    assert "token-4711" in sent.get_body(("plain",)).get_content()
    assert (message.state, message.text, message.html) == (MailState.SENT, None, None)


def test_other_text_is_kept(ctx, run_jobs):
    message = post("ada@example.com", "test", address="ada@example.com")
    db.session.commit()
    run_jobs()

    assert "This is a test" in message.text


def test_what_is_erased_cannot_be_sent_again(ctx):
    message = mail.compose("ada@example.com", "test", address="x", confidential=True)
    mail.attempt_failed(message.id, RuntimeError("no"), final=True)

    with pytest.raises(CmsError, match="has been erased"):
        mail.await_sending(message)
