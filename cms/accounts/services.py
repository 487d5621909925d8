"""Making accounts. Log in, log out and passwords are Flask-Security's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from flask import Flask, current_app
from flask_security import SQLAlchemyUserDatastore, hash_password
from flask_security.signals import password_changed, password_reset

from cms.accounts import sessions
from cms.accounts.models import Passkey, Role, User
from cms.accounts.policy import ROLES
from cms.accounts.tokens import revoke_all
from cms.errors import N_, CmsError
from cms.extensions import db

FIRST_ADMIN = "admin@example.com"  # whom `flask cms setup` makes, to try it out

datastore = SQLAlchemyUserDatastore(db, User, Role, Passkey)


@password_changed.connect
@password_reset.connect
def _end_tokens(_app: Flask, user: User, **_more: Any) -> None:
    """Close every other way in: who changes a password may have lost more than that."""
    revoke_all(user)


class UnusableEmail(CmsError):
    """The address is malformed."""

    sentence = N_("%(email)s cannot be used: %(problem)s")
    field = "email"


class TakenEmail(UnusableEmail):
    """Somebody has it already."""

    sentence = N_("%(email)s cannot be used: it has an account already")


class UnknownAccount(CmsError):
    """Nobody has this address."""

    sentence = N_("Nobody has an account with the address %(email)s.")


class UnknownRole(CmsError):
    """The policy knows no such role."""

    sentence = N_("There is no role “%(name)s”.")
    field = "roles"


class UnusablePassword(CmsError):
    """The password breaks a rule."""

    sentence = N_("This password cannot be used: %(problem)s")


def find(email: str) -> User | None:
    """Return the account of a mail address, whatever its case; None without."""
    return cast("User | None", datastore.find_user(case_insensitive=True, email=email))


def create_user(email: str, password: str, roles: Sequence[str]) -> User:
    """Make an account with `roles`; the caller commits. One without password and role, as a
    restored site has for its authors, is given them.

    Raises `UnusableEmail`, `UnusablePassword` or `UnknownRole`.
    """
    email, found = _checked_email(email)
    hashed = hash_password(_checked_password(password, email))
    user = _opened(email, found, roles)
    user.password = hashed
    db.session.flush()
    return user


def open_account(email: str, roles: Sequence[str]) -> User:
    """Make an account with `roles` that waits for its first password; the caller commits.

    Raises `UnusableEmail` or `UnknownRole`.
    """
    user = _opened(*_checked_email(email), roles)
    db.session.flush()
    return user


def _opened(email: str, found: User | None, roles: Sequence[str]) -> User:
    given = roles_of(roles)
    user = found or cast("User", datastore.create_user(email=email))
    user.roles, user.active = given, True
    return user


def set_password(email: str, password: str) -> User:
    """Give an account a new password and end its sessions; the caller commits.

    Raises `UnknownAccount` or `UnusablePassword`.
    """
    user = find(email)
    if user is None:
        raise UnknownAccount(email=email)
    user.password = hash_password(_checked_password(password, email))
    end_sessions(user)
    return user


def end_sessions(user: User) -> None:
    """End every log-in and token of an account, and every link that was mailed to it; the
    caller commits."""
    sessions.end_all(user)
    datastore.set_uniquifier(user)
    revoke_all(user)
    db.session.flush()


def _checked_email(email: str) -> tuple[str, User | None]:
    """Return the address, and the account that waits for its first password, if one does."""
    try:
        email = _security().mail_util.validate(email)
    except ValueError as error:  # of email_validator, or of Flask-Security that wraps it
        raise UnusableEmail(email=email, problem=str(error)) from None
    found = find(email)
    if found is not None and (found.password or found.roles):
        raise TakenEmail(email=email)
    return email, found


def _checked_password(password: str, email: str) -> str:
    problems, password = _security().password_util.validate(password, is_register=True, email=email)
    if problems:
        raise UnusablePassword(problem=" ".join(str(problem) for problem in problems))
    return password


def roles_of(names: Sequence[str]) -> list[Role]:
    """Return the roles of these names. Raises `UnknownRole`."""
    if unknown := next((name for name in names if name not in ROLES), None):
        raise UnknownRole(name=unknown)
    return [cast("Role", datastore.find_or_create_role(name)) for name in names]


def _security() -> Any:
    return current_app.extensions["security"]
