"""Whole sites, in and out, from a shell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from cms import clock
from cms.accounts import services
from cms.audit import services as trail
from cms.editorial import moving
from cms.errors import CmsError
from cms.extensions import db
from cms.moving import archive, items, reading
from cms.moving.models import ItemState, Origin, SiteImport, SiteImportState
from cms.tasks.site_imports import continue_site_import, work_on

imports = AppGroup("import", help="Take in a whole site.")
site = AppGroup("site", help="Write this site into one file, or restore it from one.")

_MOST_NOTES = 1_000_000
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WHO = click.option("--as", "mail", required=True, metavar="MAIL",
                    help="The account that imports, and owns what nobody else does.")  # fmt: skip
_LANGUAGE = click.option("--language", metavar="NAME", help="What says no language is in this one.")
_DRY = click.option("--dry-run", is_flag=True, help="Say what is in it, and import nothing.")
_FETCH = click.option("--fetch/--no-fetch", "fetches", default=True, show_default=True,
                      help="Fetch pictures from where they are on the web.")  # fmt: skip


@imports.command()
@click.argument("file", type=_FILE)
@click.option("--media", type=click.Path(exists=True, path_type=Path), metavar="PATH",
              help="The folder wp-content/uploads, or a ZIP of it.")  # fmt: skip
@_WHO
@_LANGUAGE
@_FETCH
@_DRY
def wordpress(  # noqa: PLR0913 - each is an option
    file: Path, media: Path | None, mail: str, language: str | None, *, fetches: bool, dry_run: bool
) -> None:
    """Import a WordPress export (WXR)."""
    _import(Origin.WORDPRESS, mail, file, media, dry_run=dry_run, language=language,
            fetches=fetches)  # fmt: skip


@imports.command()
@click.argument("file", type=_FILE)
@_WHO
@_LANGUAGE
@_FETCH
@_DRY
def markdown(file: Path, mail: str, language: str | None, *, fetches: bool, dry_run: bool) -> None:
    """Import a ZIP of Markdown files with their pictures."""
    _import(Origin.MARKDOWN, mail, file, None, dry_run=dry_run, language=language, fetches=fetches)


@site.command()
@click.argument("file", type=click.Path(path_type=Path))
def export(file: Path) -> None:
    """Write the whole site into a ZIP file."""
    if file.exists():
        raise click.ClickException(f"{file} is there already.")
    partial = file.with_name(f"{file.name}.partial")
    try:
        with closing(archive.write(partial)) as writing:
            for done in writing:
                written = done
        partial.rename(file)
        told = {"file": str(file.resolve()), "rows": written.rows, "files": written.files}
        trail.note("export", trail.INSTALLATION, "", **told)
        db.session.commit()
    finally:
        partial.unlink(missing_ok=True)
    for key in written.missing:
        click.echo(f"Missing: {key}", err=True)
    click.echo(f"{written.rows:,} rows and {written.files:,} files are in {file}.")


@site.command()
@click.argument("file", type=_FILE)
def restore(file: Path) -> None:
    """Restore a site from its archive into this one, which must be empty."""
    with _told():
        counts = moving.restore_site(file)
        told = {"file": str(file.resolve()), "rows": sum(counts.values())}
        trail.note("restore site", trail.INSTALLATION, "", **told)
        db.session.commit()
    for name, count in counts.items():
        if count:
            click.echo(f"{count:>9,}  {name}")
    click.echo("Jobs make the renditions of the pictures now.")


def _import(
    origin: Origin, mail: str, file: Path, media: Path | None, *, dry_run: bool, **more: Any
) -> None:
    by = services.find(mail)
    if by is None:
        raise click.ClickException(f"Nobody has an account with the address {mail}.")
    with _told():
        job = moving.begin_from_path(origin, by, file, media, **more)
        db.session.commit()
        try:
            _go_through(job, dry_run=dry_run)
        except CmsError:
            db.session.rollback()
            moving.forget(job)
            db.session.commit()
            raise


def _go_through(job: SiteImport, *, dry_run: bool) -> None:
    for found in reading.read(job):
        db.session.commit()
        click.echo(f"\r{found:,} things found", nl=False, err=True)
    click.echo(err=True)
    if dry_run:
        _report(job)
        moving.forget(job)
        db.session.commit()
        return
    job.state, job.read_at = SiteImportState.RUNNING, clock.now()
    db.session.commit()
    waits = work_on(job, lambda: False)
    _report(job)
    if job.state is SiteImportState.RUNNING:
        continue_site_import.submit(job.id)
        click.echo(f"{waits:,} texts are published by jobs as soon as their pictures are ready.")
    elif job.state is SiteImportState.FAILED:
        raise click.ClickException((job.sentence or "") % (job.facts or {}))
    db.session.commit()


def _report(job: SiteImport) -> None:
    for note in items.notes(job, _MOST_NOTES):
        words = note.sentence % note.facts
        click.echo(f"{note.title}: {words}" if note.title else words)
    for what, states in items.count(job).items():
        click.echo(
            f"{what.value:>9}: {items.new(states):,} new, {states[ItemState.HERE]:,} here before, "
            f"{states[ItemState.LEFT]:,} not taken"
        )


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except CmsError as error:
        raise click.ClickException(str(error)) from None
