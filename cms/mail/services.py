"""What can be done with mail. Callers commit."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from sqlalchemy import and_

from cms import clock
from cms.config import settings
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs import ledger
from cms.mail import letters
from cms.mail.models import LONGEST_SUBJECT, MailMessage, MailState
from cms.mail.transport import Transport


class UnusableAddress(CmsError):
    """The recipient is no mail address."""

    sentence = N_("“%(address)s” is not a mail address.")
    hopeless = True


class UnusableSubject(CmsError):
    """The subject is empty, or would add lines of its own to the head of the mail."""

    sentence = N_("The subject of a mail must be one line of text.")
    hopeless = True


class ContentErased(CmsError):
    """The text was confidential and is gone."""

    sentence = N_("The text of this mail was confidential and has been erased. Ask for a new one.")


def compose(
    recipient: str,
    template: str,
    *,
    locale: str | None = None,
    confidential: bool = False,
    **context: Any,
) -> MailMessage:
    """Write a mail that waits to be sent, in the language `locale`.

    Raises `UnusableAddress` and `UnusableSubject`: a line end in either would
    let whoever wrote it add heads, and recipients, of their own.
    """
    locale = locale or settings().locale
    letter = letters.render(template, locale, context)
    message = MailMessage(
        recipient=_checked_address(recipient),
        subject=_checked_subject(letter.subject),
        template=template,
        locale=locale,
        confidential=confidential,
        text=letter.text,
        html=letter.html,
    )
    db.session.add(message)
    db.session.flush()
    return message


def waiting(message_id: int) -> MailMessage | None:
    """Return a mail that is to be sent; None when it is sent already, or gone."""
    message = db.session.get(MailMessage, message_id)
    return message if message is not None and message.state != MailState.SENT else None


def deliver(message: MailMessage) -> None:
    """Hand a mail over, and record that. Raises errors of `cms.mail.transport`."""
    _transport().send(_as_mail(message))
    message.state = MailState.SENT
    message.sent_at = clock.now()
    message.sentence = message.facts = None
    _erase_if_confidential(message)
    db.session.flush()


def attempt_failed(message_id: int, error: BaseException, *, final: bool) -> None:
    """Say on the mail why it was not sent, or that it waits for the next attempt."""
    message = db.session.get(MailMessage, message_id)
    if message is None or message.state == MailState.SENT:
        return
    message.state = MailState.FAILED if final else MailState.WAITING
    message.sentence, message.facts = ledger.in_words(error)
    if final:
        _erase_if_confidential(message)
    db.session.flush()


def await_sending(message: MailMessage) -> None:
    """Put a mail back to waiting, because its job was submitted again.

    Raises `ContentErased` when there is nothing left to send.
    """
    if message.text is None:
        raise ContentErased
    message.state = MailState.WAITING
    message.sentence = message.facts = None
    db.session.flush()


def prune(before: datetime) -> int:
    """Delete mail of before that moment that waits no more, and return how many.

    Not while a job of it is left. Commits after each batch.
    """
    old = and_(MailMessage.created_at < before, MailMessage.state != MailState.WAITING)
    return ledger.prune_things(MailMessage, "mail", old)


def _as_mail(message: MailMessage) -> EmailMessage:
    if message.text is None:
        raise ContentErased
    return letters.envelope(message, settings().mail_from)


def _transport() -> Transport:
    found: Transport = current_app.extensions["cms.mail"]
    return found


def _erase_if_confidential(message: MailMessage) -> None:
    if message.confidential:
        message.text = message.html = None


def _checked_address(address: str) -> str:
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise UnusableAddress(address=_in_one_line(address)) from None
    return found.ascii_email or found.normalized


def _checked_subject(subject: str) -> str:
    if not subject.strip() or len(subject.splitlines()) > 1 or "\x00" in subject:
        raise UnusableSubject
    return subject.strip()[:LONGEST_SUBJECT]


def _in_one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else "␤" for sign in text)[:200]
