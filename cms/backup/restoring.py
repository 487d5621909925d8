"""Putting a backup back, into an installation that holds nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import IO, Any

import flask_migrate
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app

from cms import clock
from cms.audit import chain, head
from cms.audit.head import Head, Seal
from cms.audit.models import AuditEntry
from cms.audit.services import note
from cms.backup import archive, rows
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs.models import Job, JobState
from cms.media import files
from cms.storage.base import KeyTaken

# An installation with none of these is not in use.
_IN_USE = ("user", "image", "article", "page", "document")


class NotEmpty(CmsError):
    """The database holds what a restore would mix with."""

    sentence = N_("This installation is in use: a backup is restored only into an empty one.")


class Newer(CmsError):
    """The backup comes from a schema that this version does not know."""

    sentence = N_("This backup was made by another version, with the schema %(revision)s.")


class OtherFile(CmsError):
    """The storage holds something else under the key of a file of the backup."""

    sentence = N_("Another file is stored as %(key)s already: restore into an empty storage.")


def restore(source: Path) -> dict[str, Any]:
    """Verify a backup, and put back its files and rows; return its manifest.

    Rows are put back in one transaction, after the files: what is cut off is begun anew.
    Raises `BadBackup`, `NotEmpty`, `Newer` and `OtherFile`.
    """
    manifest = archive.verify(source)
    _refuse_unknown(manifest["revision"])
    _refuse_in_use()
    _keep_files(source, set(manifest["unneeded"]))
    db.session.remove()
    _make_schema(manifest["revision"])
    with db.engine.begin() as connection:
        for about, file in archive.members(source):
            if about.name.startswith("rows/"):
                rows.load(connection, file)
        rows.set_sequences(connection)
    flask_migrate.upgrade()
    _queue_again()
    db.session.commit()
    _begin_trail(manifest.get("trail_begin"))
    return manifest


def _refuse_unknown(revision: str) -> None:
    config = current_app.extensions["migrate"].migrate.get_config()
    try:
        known = ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError:
        known = None
    if known is None:
        raise Newer(revision=revision)


def _refuse_in_use() -> None:
    there = set(sa.inspect(db.engine).get_table_names())
    with db.engine.connect() as connection:
        for name in _IN_USE:
            rows_of = sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)
            if name in there and connection.execute(rows_of).first():
                raise NotEmpty


def _make_schema(revision: str) -> None:
    """Make the tables as they were. Those of a database that holds nothing go first."""
    if sa.inspect(db.engine).has_table("user"):
        flask_migrate.downgrade(revision="base")
    flask_migrate.upgrade(revision=revision)
    with db.engine.begin() as connection:  # what migrations have put there is in the backup too
        ours = {table.name for table in rows.tables()}
        found = sa.MetaData()
        found.reflect(connection, only=lambda name, _found: name in ours)
        for table in reversed(found.sorted_tables):
            connection.execute(table.delete())


def _keep_files(source: Path, unneeded: set[str]) -> None:
    for about, file in archive.members(source):
        kind, _, key = about.name.partition("/")
        if kind == "files" and key not in unneeded:
            _keep(key, file, about.pax_headers[archive.SUM])


def _keep(key: str, file: IO[bytes], digest: str) -> None:
    storage = files.storage()
    with storage.incoming() as incoming:
        shutil.copyfileobj(file, incoming)
        try:
            storage.adopt(incoming, key)
        except KeyTaken:  # by a restore that was cut off
            with storage.open(key) as there:
                if archive.digest_of(there) != digest:
                    raise OtherFile(key=key) from None


def _begin_trail(begin: dict[str, Any] | None) -> None:
    """Make the head of the audit trail. One that is there already, of a database that is gone,
    makes way, which the trail tells."""
    restored = Head(chain.newest(), Seal(**begin) if begin else chain.pruned())
    try:
        old = head.read()
    except head.BadHead:
        old = None
    if old and not chain.holds(old.newest):
        told = [str(old.newest), str(restored.newest)]
        note("replace head", AuditEntry.__tablename__, str(restored.newest.number), head=told)
    head.replace(restored)


def _queue_again() -> None:
    """Let jobs that ran at that moment begin anew, as if they had not."""
    ran = sa.update(Job).where(Job.state == JobState.RUNNING)
    none = {"worker_id": None, "holder": None, "lease_until": None, "started_at": None}
    values = {"state": JobState.QUEUED, "attempts_made": Job.attempts_made - 1}
    db.session.execute(ran.values(values | none | {"due_at": clock.now()}))
    db.session.flush()
