"""The letters about an account: the link that lets somebody choose a password, and the news
that somebody has.

Flask-Security asks for them by `Letters`; they go out as any other mail, by a job.
"""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import get_locale
from flask_security import MailUtil, url_for_security
from flask_security.recoverable import generate_reset_password_token

from cms.accounts.models import User
from cms.config import settings
from cms.extensions import db
from cms.tasks.mail import post

INVITATION = "invitation"
RESET = "reset_password"
CHANGED = "password_changed"


class Letters(MailUtil):
    """Sends what Flask-Security has to say, whose names for it are ours."""

    def send_mail(self, template: str, *_written: Any, **context: Any) -> None:
        """Write to the person; to nobody with the same effort, so that the time that it takes
        tells no stranger whether there is such an account."""
        user = context["user"]
        locale = user.locale or str(get_locale())
        if template == CHANGED:
            post(user.email, CHANGED, locale=locale, address=user.email)
        elif isinstance(user, User):
            _post_link(user, context["reset_token"], locale)
        else:
            with db.session.begin_nested() as work:
                _post_link(user, context["reset_token"], locale)
                work.rollback()


def send_link(user: User) -> None:
    """Write to a person by which link they choose a password, their first or another."""
    locale = user.locale or settings().locale
    _post_link(user, generate_reset_password_token(user), locale)


def _post_link(user: Any, token: str, locale: str) -> None:
    path = url_for_security("reset_password", token=token)
    link = (settings().site_url or request.host_url.rstrip("/")) + path
    letter = RESET if user.password else INVITATION
    post(user.email, letter, locale=locale, confidential=True, link=link, address=user.email)
