"""People who come, go, or are turned away: what the audit trail is told of them, how often
they may try, and what somebody is sent who has forgotten a password."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, request, session
from flask_babel import lazy_gettext as _l
from flask_login import current_user, user_logged_out
from flask_security import (
    ChangePasswordForm,
    ForgotPasswordForm,
    password_changed,
    password_reset,
    user_authenticated,
)
from flask_security.forms import EmailValidation
from flask_security.tf_plugin import tf_clean_session
from flask_security.utils import get_message
from sqlalchemy import select
from wtforms import EmailField
from wtforms.validators import InputRequired

from cms import clock
from cms.accounts import sessions
from cms.accounts.factors import SETTING_UP, WAITS, begin_to_wait
from cms.accounts.models import User
from cms.accounts.services import find
from cms.audit.models import AuditEntry
from cms.audit.services import note, record
from cms.database import storable
from cms.extensions import db

CAME = "log in"
NOBODY = "0"  # stands for an account that does not exist
# Who has logged in from an address within it is not locked out there by strangers elsewhere.
KNOWN_FOR = timedelta(days=30)

# What is told of the second factor, by the page that it was asked for on.
_SECOND = {
    "security.two_factor_token_validation": "app",
    "security.mf_recovery": "recovery code",
    "security.wan_signin_response": "passkey",
}


@user_authenticated.connect
def _came(_app: Flask, user: User, **_more: Any) -> None:
    user.last_login_at = clock.now()
    second = _SECOND.get(request.endpoint or "")
    if session.get("tf_state") == SETTING_UP:
        record("set up second factor", user, email=user.email, by="app")
    record(CAME, user, **({"second_factor": second} if second else {}))


@user_logged_out.connect
def _went(_app: Flask, user: User) -> None:
    record("log out", user)


@password_changed.connect
def _changed(_app: Flask, user: User, **_more: Any) -> None:
    sessions.end_all(user, but=sessions.here())  # it is logged in anew by now
    record("change password", user)


@password_reset.connect
def _reset(_app: Flask, user: User, **_more: Any) -> None:
    sessions.end_all(user)
    record("reset password", user, email=user.email)


# How often somebody may try


def tried_account() -> str:
    """Return what tries are counted by, beside the address that they come from: the account
    that they are for, whether there is one or not.

    Where that account has logged in lately, its own tries are counted apart: strangers can
    use up nobody's but those from addresses that are strange to it, too.
    """
    user = _found(_asked())
    number = user.id if user else int(NOBODY)
    came = select(AuditEntry.id).where(
        # Found by what is noted of the account, which is less than what it has done.
        AuditEntry.thing_kind == User.__tablename__,
        AuditEntry.thing_id == str(number),
        AuditEntry.user_id == number,
        AuditEntry.action == CAME,
        AuditEntry.address == request.remote_addr,
        AuditEntry.at > clock.now() - KNOWN_FOR,
    )
    known = db.session.scalar(came.limit(1)) is not None
    return f"{asked_account()} {request.remote_addr if known else ''}"


def asked_account() -> str:
    """Return what letters to an account are counted by, whether there is one or not."""
    return hashlib.sha256(_asked().casefold().encode("utf-8", "replace")).hexdigest()


def _asked() -> str:
    # First who is logged in, or they could name another account at each try.
    return str(getattr(current_user, "email", "")) or _typed()


def _typed() -> str:
    return request.form.get("email", "").strip()


def _found(email: str) -> User | None:
    return find(email) if storable(email) else None


def was_refused(answer: Response) -> bool:
    """Tell whether a form came back: a password that was right leads on."""
    return answer.status_code == 200  # noqa: PLR2004 - not a redirect


# Who is turned away


def with_refusals(login: Callable[[], Any]) -> Callable[[], Any]:
    """Return the view of the log-in that notes who was turned away.

    What was typed is not kept, unless it is the address of an account: it may well be a
    password, typed into the wrong field. An address that nobody has is noted too, since
    the time that it takes would tell strangers which addresses are known.
    """

    @wraps(login)
    def noted() -> Any:
        if request.method == "POST" and not current_user.is_authenticated:
            tf_clean_session()  # who gave a password before this one begins anew
        answer = login()
        waits = WAITS in session  # for a second factor: the password was right
        if request.method == "POST":
            begin_to_wait()
        if request.method == "POST" and not (current_user.is_authenticated or waits):
            _note_of_typed("log in refused")
        return answer

    return noted


def with_askers(forgot: Callable[[], Any]) -> Callable[[], Any]:
    """Return the view that sends links to those who forgot their password, and notes for whom
    it was asked, as that of the log-in does."""

    @wraps(forgot)
    def noted() -> Any:
        answer = forgot()
        if request.method == "POST":
            _note_of_typed("forgot password")
        return answer

    return noted


class ChangeForm(ChangePasswordForm):
    """Asks for the current password too, and notes one that is wrong."""

    def validate(self, **kwargs: Any) -> bool:
        """Tell whether it may be changed."""
        valid: bool = super().validate(**kwargs)
        if get_message("INVALID_PASSWORD")[0] in self.password.errors:
            email = current_user.email
            record("password refused", current_user, email=email, page=request.endpoint)
        return valid


def _note_of_typed(action: str) -> None:
    user = _found(_typed())
    known = {"email": user.email} if user else {}
    note(action, User.__tablename__, str(user.id) if user else NOBODY, **known)


class ForgotForm(ForgotPasswordForm):
    """Takes every address for that of somebody, so that no stranger learns whose it is."""

    email = EmailField(
        _l("Email"),
        [InputRequired(), EmailValidation(verify=True)],
        filters=[lambda typed: typed and typed.strip()],
    )

    def validate(self, **kwargs: Any) -> bool:
        """Look for the account; where there is none that may log in, make one up."""
        if not super(ForgotPasswordForm, self).validate(**kwargs):
            return False
        user = find(self.email.data or "")
        self.user = user if user and user.active else _stranger(self.email.data or "")
        return True


def _stranger(email: str) -> Any:
    nobodys = {"password": "", "fs_uniquifier": "0" * 32, "locale": None}
    return SimpleNamespace(email=email, **nobodys)
