"""What an administrator does with accounts, and each person with their own log-ins."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from cms.accounts import services, sessions
from cms.accounts.models import LONGEST_NAME, Role, User, user_roles
from cms.accounts.policy import ADMINISTRATOR
from cms.accounts.sessions import LoginSession
from cms.accounts.tokens import revoke_all
from cms.audit.services import record
from cms.database import storable
from cms.editorial import account_letters
from cms.errors import N_, CmsError
from cms.extensions import db


class UnusableName(CmsError):
    """It is shown beside the address, in one line."""

    sentence = N_("A name is one line of up to %(limit)s characters.")
    field = "name"


class NotOneself(CmsError):
    """Who takes their own rights away cannot give them back."""

    sentence = N_(
        "You cannot take the role of an administrator from yourself, nor switch yourself off:"
        " another administrator can."
    )


class LastAdministrator(CmsError):
    """Nobody would be left who can let others in."""

    sentence = N_("This is the last administrator: make another one first.")


class SwitchedOff(CmsError):
    """No link lets somebody in who may not log in."""

    sentence = N_("%(email)s is switched off: switch the account on first.")


def invite(email: str, name: str, roles: Sequence[str]) -> User:
    """Make an account without a password, and send it the link to choose one.

    Raises `UnusableEmail`, `UnusableName` and `UnknownRole`.
    """
    name = _checked_name(name)
    user = services.open_account(email.strip(), roles)
    user.name = name
    record("invite", user, email=user.email, name=name, roles=[None, _names(user)])
    account_letters.send_link(user)
    return user


def send_link(user: User) -> None:
    """Send somebody the link to choose a password. Raises `SwitchedOff`."""
    if not user.active:
        raise SwitchedOff(email=user.email)
    account_letters.send_link(user)
    record("send link", user, email=user.email)


def change(by: User, user: User, name: str, roles: Sequence[str]) -> None:
    """Give an account another name and other roles.

    Raises `UnusableName`, `UnknownRole`, `NotOneself` and `LastAdministrator`.
    """
    before = user.name, _names(user)
    name, given = _checked_name(name), services.roles_of(roles)
    if ADMINISTRATOR not in roles:
        _require_another(by, user)
    user.name, user.roles = name, given
    after = user.name, _names(user)
    changes = {
        key: [old, new]
        for key, old, new in zip(("name", "roles"), before, after, strict=True)
        if old != new
    }
    if changes:
        record("edit", user, email=user.email, **changes)


def switch_on(user: User) -> None:
    """Let somebody log in again, with the password they had."""
    if not user.active:
        user.active = True
        record("enable", user, email=user.email)


def switch_off(by: User, user: User) -> None:
    """Let somebody in no more: every log-in, link and token ends.

    Raises `NotOneself` and `LastAdministrator`.
    """
    if not user.active:
        return
    _require_another(by, user)
    user.active = False
    services.end_sessions(user)
    record("disable", user, email=user.email)


def log_out_everywhere(user: User, *, but: LoginSession | None = None) -> None:
    """End every log-in of an account, or every `but` one, and its tokens: who may have got in
    may have made some."""
    revoke_all(user)
    end_log_ins(user, but=but)


def end_log_ins(user: User, *, but: LoginSession | None = None) -> None:
    """End every log-in of an account, or every `but` one; programs go on."""
    sessions.end_all(user, but=but)
    record("log out everywhere", user, email=user.email)


def end_log_in(log_in: LoginSession) -> None:
    """End one log-in: its cookie is good for nothing from now on."""
    record("end log-in", log_in.user, email=log_in.user.email, address=log_in.address or "")
    db.session.delete(log_in)
    db.session.flush()


def _require_another(by: User, user: User) -> None:
    """Stop unless there is an administrator who can log in beside `user`, if that is one.

    Of two who do this to each other at once, each of whom holds the other's account, the
    second waits here for the role, and then sees what the first has done.
    """
    role = select(Role.id).where(Role.name == ADMINISTRATOR).with_for_update()
    with db.session.begin_nested():  # where SQLite waits for who else writes
        role_id = db.session.scalar(role)
    able = (
        select(User.id)
        .join(user_roles, user_roles.c.user_id == User.id)
        .where(user_roles.c.role_id == role_id, User.active, User.password.is_not(None))
    )
    left = set(db.session.scalars(able))
    if user.id not in left:
        return
    if user.id == by.id:
        raise NotOneself
    if left == {user.id}:
        raise LastAdministrator


def _names(user: User) -> list[str]:
    return [role.name for role in user.roles]


def _checked_name(name: str) -> str:
    name = name.strip()
    if len(name) > LONGEST_NAME or not storable(name) or len(name.splitlines()) > 1:
        raise UnusableName(limit=LONGEST_NAME)
    return name
