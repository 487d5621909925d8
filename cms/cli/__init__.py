"""`flask cms …`: what operators do from a shell."""

from flask import Flask
from flask.cli import AppGroup

from cms.cli import accounts, setup

group = AppGroup("cms", help="Manage this QsCMS.")
group.add_command(accounts.create_admin)
group.add_command(accounts.create_user)
group.add_command(accounts.set_password)
group.add_command(setup.setup)
group.add_command(setup.demo)


def init_app(app: Flask) -> None:
    app.cli.add_command(group)
