"""What a person does who takes rows out as a file, or in from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from flask_babel import get_locale, get_timezone
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import may
from cms.audit import values
from cms.audit.services import record
from cms.config import settings
from cms.editorial.uploads import display_name, refuse_unfit, sent
from cms.errors import N_, CmsError, NotAllowed
from cms.exchange import exports, imports, mapping
from cms.exchange.models import Export, ExportState, Format, Import, ImportState
from cms.exchange.sources import Scope, Source
from cms.extensions import db
from cms.jobs import ledger
from cms.media import files
from cms.storage.keys import new_key
from cms.tasks.exports import make_export
from cms.tasks.imports import apply_import, check_import
from cms.tasks.retries import give_up

LONGEST_LIST_NAME = 80
MOVING = (ExportState.WAITING, ExportState.RUNNING)


class NoColumns(CmsError):
    """A file without columns."""

    sentence = N_("Choose at least one column.")


class NothingToStop(CmsError):
    """The file is written."""

    sentence = N_("Nothing is left to be stopped.")


class StillWritten(CmsError):
    """A job works on the file."""

    sentence = N_("A job still works on this.")


class NotToBeApplied(CmsError):
    """It was not looked at, has bad rows, or changes nothing."""

    sentence = N_("This import cannot be applied as it is.")


class NoKey(CmsError):
    """Nothing says which row is meant."""

    sentence = N_("Choose the column that holds the ID.")


class TwiceTheSame(CmsError):
    """Two columns of the file are the same one of the list."""

    sentence = N_("Choose each column once.")


class NothingToRead(CmsError):
    """Only the key was chosen."""

    sentence = N_("Choose at least one column to import.")


# Taking out


def last_export(by: User, source: str) -> Export | None:
    """Return what the person exported last of a list, to propose the same again."""
    query = select(Export).where(Export.user_id == by.id, Export.source == source)
    return db.session.scalar(query.order_by(Export.id.desc()).limit(1))


def begin_export(
    source: Source, by: User, scope: Scope, names: Sequence[str], form: Format
) -> Export:
    """Submit the job that writes these columns into a file.

    Raises `NotAllowed` or `NoColumns`. Columns that the person may not take out are left out.
    """
    if not may(by, "export", source.kind):
        raise NotAllowed
    chosen = [column.name for column in source.columns_out(by) if column.name in names]
    if not chosen:
        raise NoColumns
    asked = replace(scope, zone=str(get_timezone()))  # the job has no reader to ask
    export = Export(
        source=source.endpoint,
        scope=asdict(asked),
        columns=chosen,
        format=form,
        locale=str(get_locale()),
        filename=_filename(str(source.name), form),
        user_id=by.id,
    )
    db.session.add(export)
    record("export", export, source=source.endpoint, scope=scope.which, columns=[None, chosen])
    make_export.submit(export.id)
    return export


def _filename(name: str, form: Format) -> str:
    name = display_name(name)[:LONGEST_LIST_NAME]
    return f"{name} {clock.now():%Y-%m-%d %H-%M}.{form.value}"


def stop_export(export: Export) -> None:
    """Let an export be written no further. Raises `NothingToStop`."""
    if export.state not in MOVING:
        raise NothingToStop
    export.state = ExportState.STOPPED
    for job in ledger.for_subject("export", export.id):
        give_up(job.id)
    record("stop", export)


def remove_export(export: Export) -> None:
    """Delete an export and its file. Raises `StillWritten`."""
    if export.state in MOVING:
        raise StillWritten
    record("delete", export, **values.gone(export))
    exports.remove(export)


# Taking in


def begin_import(source: Source, by: User, upload: FileStorage | None) -> Import:
    """Keep an uploaded file, and propose what its columns are.

    Raises `NotAllowed`, `NoFile`, `FileTooLarge`, `EmptyFile`, or what says why the file
    cannot be read; nothing is kept then.
    """
    if not may(by, "edit", source.kind):
        raise NotAllowed
    name, incoming = sent(upload)
    refuse_unfit(incoming, settings().upload_max_mb)
    incoming.flush()
    headings, samples = imports.look(incoming.path)
    key = new_key("imports", "xlsx" if Path(name).suffix.lower() == ".xlsx" else "csv")
    incoming.adopt(key)
    files.written(key)
    job = Import(
        source=source.endpoint,
        filename=name,
        key=key,
        locale=str(get_locale()),
        headings=headings,
        samples=samples,
        mapping=mapping.guessed(source, by, headings),
        user_id=by.id,
    )
    db.session.add(job)
    record("upload", job, filename=name)
    return job


def check(job: Import, source: Source, chosen: Mapping[str, str], *, creates: bool) -> None:
    """Submit the job that looks what an import would change.

    `chosen` is what each column of the file is, by its place. Raises `NoKey`,
    `TwiceTheSame`, `NothingToRead`, or `NotToBeApplied` while another job works on it.
    """
    if job.key is None or job.state in (ImportState.CHECKING, ImportState.APPLYING):
        raise NotToBeApplied
    known = {source.key_name, *(column.name for column in source.columns_in())}
    places = {str(place) for place in range(len(job.headings))}
    taken = {at: name for at, name in chosen.items() if at in places and name in known}
    if len(set(taken.values())) < len(taken):
        raise TwiceTheSame
    if source.key_name not in taken.values() and not creates:
        raise NoKey
    if not set(taken.values()) - {source.key_name}:
        raise NothingToRead
    job.mapping, job.creates, job.state = taken, creates, ImportState.CHECKING
    job.sentence = job.facts = None
    job.locale = str(get_locale())
    check_import.submit(job.id)


def apply(job: Import) -> None:
    """Submit the job that saves what an import changes. Raises `NotToBeApplied`."""
    if job.state is not ImportState.CHECKED or job.bad or not job.new + job.changed:
        raise NotToBeApplied
    job.state = ImportState.APPLYING
    apply_import.submit(job.id)


def remove_import(job: Import) -> None:
    """Delete an import, its file and what was kept of its rows. What it changed stays.

    Raises `StillWritten`.
    """
    if job.state in (ImportState.CHECKING, ImportState.APPLYING):
        raise StillWritten
    record("delete", job, **values.gone(job))
    if job.key:
        files.replaced(job.key)
    imports.forget_rows(job)
    db.session.delete(job)
    db.session.flush()


def columns_of(source: Source) -> list[Any]:
    """Return what a column of a file can be."""
    return [mapping.key_column(source), *source.columns_in()]
