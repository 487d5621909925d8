"""Sending mail."""

from __future__ import annotations

from typing import Any

from cms.errors import N_
from cms.jobs.task import Moot
from cms.mail import services as mail
from cms.mail.models import MailMessage
from cms.tasks.queue import huey


@huey.task(
    retries=5,
    retry_delay=60,
    retry_backoff=4,  # 1, 4, 16 and 64 minutes, then 4 hours: greylisting and a night's outage
    name="send_email",
    subject="mail",
    words=N_("Send a mail"),
    meaning=N_("The people to whom these mails were addressed have not got them."),
)
def send_email(message_id: int) -> None:
    """Send a mail. Its text stays with the mail, and never comes to the job.

    If the worker dies between the server's yes and the commit, the mail is
    sent again, under the same Message-ID.
    """
    message = mail.waiting(message_id)
    if message is None:
        raise Moot
    mail.deliver(message)


@send_email.on_failure
def _tell_the_mail(message_id: int, *, error: BaseException, final: bool) -> None:
    mail.attempt_failed(message_id, error, final=final)


@send_email.on_retry
def _send_again(message_id: int) -> None:
    if message := mail.waiting(message_id):
        mail.await_sending(message)


def post(recipient: str, template: str, **options: Any) -> MailMessage:
    """Write a mail and submit the job that sends it, in the caller's transaction.

    `options` are those of `cms.mail.services.compose`, which also names what
    is raised.
    """
    message = mail.compose(recipient, template, **options)
    send_email.submit(message.id)
    return message
