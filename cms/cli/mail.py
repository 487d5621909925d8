"""Mail from the shell, to see whether the settings work."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from cms.errors import CmsError
from cms.extensions import db
from cms.mail import services as mail


@click.command("send-test-mail")
@click.argument("email")
@with_appcontext
def send_test_mail(email: str) -> None:
    """Send a mail to EMAIL at once, without a job, and say how that went."""
    try:
        mail.deliver(mail.compose(email, "test", address=email))
    except CmsError as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"The mail server has taken a mail to {email}.")
