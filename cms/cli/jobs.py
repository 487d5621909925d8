"""The ledger from a shell."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup
from sqlalchemy import select

from cms.audit.services import note
from cms.config import settings
from cms.editorial import retries
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.jobs.sweep import sweep as sweep_ledger
from cms.tasks import huey, upkeep

jobs = AppGroup("jobs", help="Look at jobs, and mend them.")


@jobs.command("list")
@click.option("--state", type=click.Choice([state.value for state in JobState]))
@click.option("--limit", default=20, show_default=True)
def list_jobs(state: str | None, limit: int) -> None:
    """List the newest jobs."""
    query = select(Job).order_by(Job.created_at.desc()).limit(limit)
    if state:
        query = query.where(Job.state == JobState(state))
    for job in db.session.scalars(query):
        click.echo(
            f"{job.id}  {job.state.value:9}  {job.attempts_made}/{job.attempts_allowed}  "
            f"{job.created_at:%Y-%m-%d %H:%M:%S}  {job.task}  {_words(job)}".rstrip()
        )


@jobs.command()
@click.argument("job_id")
def show(job_id: str) -> None:
    """Show a job with each of its attempts."""
    job = _find(job_id)
    args, kwargs = huey.shown_arguments(job)
    given = ", ".join([*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())])
    click.echo(f"{job.id}\n{job.task}({given}){_subject(job)}")
    click.echo(f"{job.state.value}, due {job.due_at:%Y-%m-%d %H:%M:%S}  {_words(job)}".rstrip())
    for attempt in job.attempts:
        click.echo(
            f"  {attempt.number}. {attempt.outcome or 'running'}  "
            f"{attempt.started_at:%Y-%m-%d %H:%M:%S}  {attempt.worker}  "
            f"{attempt.error_message or ''}".rstrip()
        )


@jobs.command()
@click.argument("job_id")
def retry(job_id: str) -> None:
    """Try a failed job again, as a new job."""
    try:
        again = retries.retry_job(_find(job_id))
    except CmsError as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo(f"Submitted as {again.id}.")


@jobs.command()
@click.argument("job_id")
def discard(job_id: str) -> None:
    """Give up a job that waits or has failed."""
    try:
        retries.discard_job(_find(job_id))
    except CmsError as error:
        raise click.ClickException(str(error)) from None
    db.session.commit()
    click.echo("Given up.")


@jobs.command()
def sweep() -> None:
    """Put back what dead workers held, and publish what the queue has lost."""
    found = sweep_ledger(huey)
    click.echo(f"{found.lost} attempts lost, {found.published} messages made anew.")


@jobs.command()
@click.option("--days", type=click.IntRange(1), help="Instead of CMS_JOB_KEEP_DAYS.")
def prune(days: int | None) -> None:
    """Delete jobs, mail, webhook calls and selections of long ago."""
    days = days or settings().job_keep_days
    pruned = upkeep.prune_ended(days)
    note("prune", "job", "", days=days, **asdict(pruned))
    db.session.commit()
    click.echo(
        f"Deleted: {pruned.jobs} jobs, {pruned.mails} mails, {pruned.calls} webhook calls, "
        f"{pruned.selections} selections."
    )


def _find(job_id: str) -> Job:
    job = db.session.get(Job, job_id)
    if job is None:
        raise click.ClickException(f"There is no job {job_id}.")
    return job


def _subject(job: Job) -> str:
    return f" for {job.subject_kind} {job.subject_id}" if job.subject_kind else ""


def _words(job: Job) -> str:
    return job.sentence % (job.facts or {}) if job.sentence else ""
