"""Making accounts. Log in, log out and passwords are Flask-Security's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from flask import Flask, current_app
from flask_login import user_logged_out
from flask_security import SQLAlchemyUserDatastore, hash_password

from cms.accounts.models import Role, User
from cms.accounts.policy import ROLES
from cms.errors import N_, CmsError
from cms.extensions import db

datastore = SQLAlchemyUserDatastore(db, User, Role)


@user_logged_out.connect
def _end_sessions(_app: Flask, user: User) -> None:
    """Make a cookie that was copied before the log-out useless, with all others of the account."""
    datastore.set_uniquifier(user)


class UnusableEmail(CmsError):
    """The address is malformed, or somebody has it already."""

    sentence = N_("%(email)s cannot be used: %(problem)s")


class UnknownAccount(CmsError):
    """Nobody has this address."""

    sentence = N_("Nobody has an account with the address %(email)s.")


class UnusablePassword(CmsError):
    """The password breaks a rule."""

    sentence = N_("This password cannot be used: %(problem)s")


def create_user(email: str, password: str, roles: Sequence[str]) -> User:
    """Make an account with `roles`; the caller commits.

    Raises `UnusableEmail` or `UnusablePassword`, and `KeyError` for a role
    that the policy does not know.
    """
    email = _checked_email(email)
    user = datastore.create_user(
        email=email,
        password=hash_password(_checked_password(password, email)),
        roles=[_role(name) for name in roles],
    )
    db.session.flush()
    return cast("User", user)


def set_password(email: str, password: str) -> User:
    """Give an account a new password and end its sessions; the caller commits.

    Raises `UnknownAccount` or `UnusablePassword`.
    """
    user = datastore.find_user(case_insensitive=True, email=email)
    if user is None:
        raise UnknownAccount(email=email)
    user.password = hash_password(_checked_password(password, email))
    datastore.set_uniquifier(user)
    db.session.flush()
    return cast("User", user)


def _checked_email(email: str) -> str:
    try:
        email = _security().mail_util.validate(email)
    except ValueError as error:  # of email_validator, or of Flask-Security that wraps it
        raise UnusableEmail(email=email, problem=str(error)) from None
    if datastore.find_user(case_insensitive=True, email=email):
        raise UnusableEmail(email=email, problem="it has an account already")
    return email


def _checked_password(password: str, email: str) -> str:
    problems, password = _security().password_util.validate(password, is_register=True, email=email)
    if problems:
        raise UnusablePassword(problem=" ".join(str(problem) for problem in problems))
    return password


def _role(name: str) -> Role:
    if name not in ROLES:
        raise KeyError(name)
    return cast("Role", datastore.find_or_create_role(name))


def _security() -> Any:
    return current_app.extensions["security"]
