"""Jobs that come again, from a shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

from cms.config import settings
from cms.editorial import schedules as acts
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs import schedules as domain
from cms.jobs.models import Schedule

schedules = AppGroup("schedules", help="Look at jobs that come again; pause and run them.")


@schedules.command("list")
def list_schedules() -> None:
    """List what comes again, when, and what became of the last job."""
    zone = ZoneInfo(settings().time_zone)
    for name, task in sorted(domain.declared().items()):
        schedule = domain.find(name)
        comes = "paused" if schedule.paused_at else f"{schedule.due_at.astimezone(zone):%F %H:%M}"
        last = schedule.last_job.state.value if schedule.last_job else ""
        click.echo(f"{name:20}  {task.schedule:15}  {comes:16}  {zone.key}  {last}".rstrip())
    db.session.commit()


@schedules.command()
@click.argument("name")
def run(name: str) -> None:
    """Submit the job NAME at once; the next one comes when it would."""
    job = _do(name, acts.run_now)
    click.echo(f"Submitted as {job.id}.")


@schedules.command()
@click.argument("name")
def pause(name: str) -> None:
    """Let NAME come no more until it is resumed."""
    _do(name, acts.pause)
    click.echo("Paused.")


@schedules.command()
@click.argument("name")
def resume(name: str) -> None:
    """Let NAME come again, beginning with its next time."""
    _do(name, acts.resume)
    click.echo("Resumed.")


def _do(name: str, act: Callable[[Schedule], Any]) -> Any:
    try:
        done = act(acts.find(name))
    except CmsError as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    return done
