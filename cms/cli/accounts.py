"""Accounts from the shell. A password is never an argument: arguments are seen by all."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from cms.accounts import services
from cms.accounts.policy import ROLES
from cms.audit.services import INSTALLATION, note, record
from cms.editorial import factors
from cms.errors import CmsError
from cms.extensions import db


@click.command("create-admin")
@click.argument("email")
@with_appcontext
def create_admin(email: str) -> None:
    """Make an administrator; the password is asked for, or read from standard input."""
    _create(email, ["administrator"])


@click.command("create-user")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="editor", show_default=True)
@with_appcontext
def create_user(email: str, role: str) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    _create(email, [role])


@click.command("set-password")
@click.argument("email")
@with_appcontext
def set_password(email: str) -> None:
    """Set a new password, asked for or read from standard input, and end all sessions."""
    try:
        user = services.set_password(email, _read_password())
    except CmsError as error:
        raise click.ClickException(str(error)) from None
    record("set password", user, email=user.email)
    db.session.commit()
    click.echo(f"{user.email} has a new password.")


@click.command("reset-second-factor")
@click.argument("email")
@with_appcontext
def reset_second_factor(email: str) -> None:
    """Remove somebody's app, passkeys and recovery codes, and end all sessions and tokens."""
    user = services.find(email)
    if user is None:
        raise click.ClickException(str(services.UnknownAccount(email=email)))
    factors.reset_second_factor(user)
    db.session.commit()
    click.echo(f"{user.email} logs in by the password alone, or sets up a second factor then.")


@click.command("rewrap-second-factors")
@with_appcontext
def rewrap_second_factors() -> None:
    """Encrypt the secrets of all authenticator apps by the first of CMS_SECOND_FACTOR_KEYS."""
    try:
        count = factors.rewrap_second_factors()
    except KeyError:
        raise click.ClickException(
            "A secret is encrypted with a key that CMS_SECOND_FACTOR_KEYS does not have."
        ) from None
    note("rewrap second factors", INSTALLATION, "", accounts=count)
    db.session.commit()
    click.echo(f"{count} second factors were encrypted anew.")


def _create(email: str, roles: list[str]) -> None:
    try:
        user = services.create_user(email, _read_password(), roles)
    except CmsError as error:
        raise click.ClickException(str(error)) from None
    record("create", user, email=[None, user.email], roles=[None, roles])
    db.session.commit()
    click.echo(f"{user.email} can log in as {roles[0]}.")


def _read_password() -> str:
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\n")
