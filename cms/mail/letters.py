"""From a template to a letter, and from a letter to what goes over the wire.

A mail is two files, `templates/mail/<name>.txt` and `<name>.html`. The first
also names the subject: `{% set subject = _("…") %}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any, cast

from flask import current_app
from flask_babel import force_locale

from cms.mail.models import MailMessage

# Seven bits pass every server, whatever it says that it can do.
_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True)
class Letter:
    """What a template says to one person."""

    subject: str
    text: str
    html: str


def render(template: str, locale: str, context: dict[str, Any]) -> Letter:
    """Write the letter in the language of who gets it.

    Raises `TemplateNotFound` for a name that has no files.
    """
    jinja = current_app.jinja_env
    with force_locale(locale):
        page = jinja.get_template(f"mail/{template}.txt").make_module(context)
        subject = str(cast("Any", page).subject)
        html = jinja.get_template(f"mail/{template}.html").render(
            context, subject=subject, lang=locale.replace("_", "-")
        )
    return Letter(subject, str(page).strip() + "\n", html)


def envelope(message: MailMessage, sender: str) -> EmailMessage:
    """Return the mail as other mail servers read it: the same at each attempt."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = message.recipient
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.uid}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # no holiday notice in return
    mail["Content-Language"] = message.locale.replace("_", "-")
    mail.set_content(message.text or "")
    mail.add_alternative(message.html or "", subtype="html")
    return mail
