"""`flask cms …`: what operators do from a shell."""

from flask import Flask
from flask.cli import AppGroup

from cms.cli import (
    accounts,
    audit,
    backup,
    doctor,
    images,
    jobs,
    mail,
    moving,
    permissions,
    schedules,
    setup,
)

group = AppGroup("cms", help="Manage this QsCMS.")
group.add_command(accounts.create_admin)
group.add_command(accounts.create_user)
group.add_command(mail.send_test_mail)
group.add_command(accounts.set_password)
group.add_command(accounts.reset_second_factor)
group.add_command(accounts.rewrap_second_factors)
group.add_command(permissions.permissions)
group.add_command(setup.setup)
group.add_command(setup.demo)
group.add_command(jobs.jobs)
group.add_command(images.images)
group.add_command(schedules.schedules)
group.add_command(doctor.doctor)
group.add_command(moving.imports)
group.add_command(moving.site)
group.add_command(audit.audit)
group.add_command(backup.backup)
group.add_command(backup.restore)


def init_app(app: Flask) -> None:
    app.cli.add_command(group)
