"""Backups from a shell: everything of this installation in one file, and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from cms import clock
from cms.audit.services import INSTALLATION, note
from cms.backup import archive, restoring, taking
from cms.errors import CmsError
from cms.extensions import db


def _target(_context: object, _argument: object, given: str) -> Path:
    target = Path(given)
    if given.endswith("/") and not target.is_dir():
        raise click.ClickException(f"There is no folder {target}.")
    return target


@click.command()
@click.argument("target", callback=_target)
@with_appcontext
def backup(target: Path) -> None:
    """Write rows and files to TARGET, a new file or a folder, and read it again.

    The site may run meanwhile. Settings and their secrets are not in it.
    """
    if target.is_dir():
        target /= f"qscms-{clock.now():%Y%m%dT%H%M%SZ}.tar"
    with _in_words():
        taken = taking.take(target)
        manifest = archive.verify(target)
        _note("back up", target, manifest)
        db.session.commit()
    click.echo(f"{target}: {_told(manifest)}")
    for key in taken.lost:
        click.echo(f"Missing from the storage, so not in the backup: {key}", err=True)


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only read it, and say whether it is whole.")
@with_appcontext
def restore(source: Path, *, dry_run: bool) -> None:
    """Put the backup SOURCE back, into an installation that holds nothing.

    The database may be of another kind than the one it was made from.
    """
    with _in_words():
        manifest = archive.verify(source) if dry_run else restoring.restore(source)
        if not dry_run:  # into the trail as it was, as its last row
            _note("restore backup", source, manifest)
        db.session.commit()
    click.echo(f"{'Whole' if dry_run else 'Restored'}: {_told(manifest)}")


def _note(action: str, file: Path, manifest: dict[str, Any]) -> None:
    said = {name: manifest[name] for name in ("files", "made_at", "database", "revision")}
    number = sum(manifest["tables"].values())
    note(action, INSTALLATION, "", file=str(file.resolve()), rows=number, **said)


def _told(manifest: dict[str, Any]) -> str:
    number = sum(manifest["tables"].values())
    return (
        f"{number} rows of {len(manifest['tables'])} tables, {manifest['files']} files, made at "
        f"{manifest['made_at']} from {manifest['database']}, schema {manifest['revision']}."
    )


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise click.ClickException(f"{error} is there already.") from None
    except (CmsError, OSError) as error:
        raise click.ClickException(str(error)) from None
