"""Pictures from a shell."""

from __future__ import annotations

import math

import click
from flask.cli import AppGroup

from cms.editorial import regeneration
from cms.editorial.bulk import NothingChosen
from cms.editorial.regeneration import Estimate, Scope
from cms.errors import CmsError
from cms.extensions import db
from cms.jobs import ledger

images = AppGroup("images", help="Work on all pictures at once.")

_MEGABYTE = 1_000_000


@images.command()
@click.option("--preset", metavar="NAME", help="Only the files of this preset.")
@click.option("--missing", is_flag=True, help="Only what is missing or out of date.")
@click.option("--dry-run", is_flag=True, help="Say what it would cost, and do nothing.")
def regenerate(preset: str | None, *, missing: bool, dry_run: bool) -> None:
    """Make the files of pictures again, by a job.

    Old files serve until the new ones are whole.
    """
    scope = Scope(preset, missing=missing)
    try:
        click.echo(_in_words(regeneration.estimate(scope)))
        if dry_run:
            return
        selection, _count = regeneration.begin(scope)
    except NothingChosen:
        click.echo("Nothing is to be done.")
        return
    except CmsError as error:
        raise click.ClickException(str(error)) from None
    (job,) = ledger.for_subject("selection", selection.id, limit=1)
    db.session.commit()
    click.echo(f"Submitted as {job.id}.")


def _in_words(cost: Estimate) -> str:
    bytes_ = "an unknown size" if cost.size is None else f"about {cost.size / _MEGABYTE:,.1f} MB"
    minutes = None if cost.seconds is None else math.ceil(cost.seconds / 60)
    took = "nobody knows how long" if minutes is None else f"about {minutes:,} min"
    return f"{cost.pictures:,} pictures, {cost.files:,} files, {bytes_}, {took} in one thread."
