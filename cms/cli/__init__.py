"""`flask cms …`: what operators do from a shell."""

from flask import Flask
from flask.cli import AppGroup

from cms.cli import accounts, doctor, images, jobs, mail, schedules, setup

group = AppGroup("cms", help="Manage this QsCMS.")
group.add_command(accounts.create_admin)
group.add_command(accounts.create_user)
group.add_command(mail.send_test_mail)
group.add_command(accounts.set_password)
group.add_command(setup.setup)
group.add_command(setup.demo)
group.add_command(jobs.jobs)
group.add_command(images.images)
group.add_command(schedules.schedules)
group.add_command(doctor.doctor)


def init_app(app: Flask) -> None:
    app.cli.add_command(group)
