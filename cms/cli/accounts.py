"""Accounts from the shell. A password is never an argument: arguments are seen by all."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from cms.accounts import services
from cms.accounts.policy import ROLES
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
    db.session.commit()
    click.echo(f"{user.email} has a new password.")


def _create(email: str, roles: list[str]) -> None:
    try:
        user = services.create_user(email, _read_password(), roles)
    except CmsError as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"{user.email} can log in as {roles[0]}.")


def _read_password() -> str:
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\n")
