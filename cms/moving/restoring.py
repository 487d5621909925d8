"""A site from its archive, into an installation that has none. Callers commit.

All is checked before anything is written: each file against its checksum, and each row
against the tables of this version. Rows keep their ids, so that all that names another
still does.
"""

from __future__ import annotations

import hashlib
import json
import uuid
import zipfile
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select, text, update

from cms import clock
from cms.database import Base, UtcDateTime
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.media import files
from cms.moving import archive
from cms.moving.packs import DAMAGE, BrokenZip
from cms.storage.keys import BadKey, check

AT_ONCE = 500
BLOCK = 1_000_000


class NotAnArchive(CmsError):
    """Another ZIP."""

    sentence = N_("This is not an archive of a site.")


class OtherVersion(CmsError):
    """Its rows have columns that are not known here, or lack some."""

    sentence = N_(
        "This archive is of another version of QsCMS (%(theirs)s; this one is %(ours)s). Restore "
        "it with that version, then upgrade."
    )


class Damaged(CmsError):
    """A checksum differs, or a file is missing."""

    sentence = N_("“%(name)s” in this archive is damaged or missing. Nothing was restored.")


class NotEmpty(CmsError):
    """There is a site here."""

    sentence = N_("There is content here already (%(name)s). Restore into an empty site.")


def restore(path: Path) -> dict[str, int]:
    """Take the site of an archive, and return how many rows of each table there are.

    Raises `NotEmpty`, `NotAnArchive`, `OtherVersion`, `Damaged`; nothing is changed then.
    """
    _refuse_content()
    try:
        with zipfile.ZipFile(path) as pack:
            manifest = _checked(pack)
            accounts = dict[str, int]()
            counts = {table.name: _fill(pack, table, accounts) for table in archive.tables()}
            for name in manifest["files"]:
                if name.startswith("files/"):
                    _keep(pack, name)
    except DAMAGE:
        raise BrokenZip from None
    return counts


def _refuse_content() -> None:
    for table in archive.tables():
        if db.session.execute(select(table).limit(1)).first() is not None:
            raise NotEmpty(name=table.name)


def _checked(pack: zipfile.ZipFile) -> Any:
    """Return the manifest, once all that it names is whole."""
    try:
        manifest = json.loads(pack.read(archive.MANIFEST))
        is_ours = manifest["format"] == "qscms-site"
    except (KeyError, ValueError, TypeError):
        is_ours = False
    if not is_ours:
        raise NotAnArchive
    if (manifest["version"], manifest["schema"]) != (archive.VERSION, archive.revision()):
        raise OtherVersion(theirs=manifest["schema"], ours=archive.revision())
    rows = {f"rows/{table.name}.jsonl" for table in archive.tables()}
    for name in sorted(rows | manifest["files"].keys()):
        said = manifest["files"].get(name)
        if said is None or said["sha256"] != _checksum(pack, name):
            raise Damaged(name=name)
        if name.startswith("files/"):
            _key(name)
    return manifest


def _checksum(pack: zipfile.ZipFile, name: str) -> str | None:
    try:
        with pack.open(name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    except (*DAMAGE, KeyError, OSError):
        return None


def _key(name: str) -> str:
    try:
        return check(name.removeprefix("files/"))
    except BadKey:
        raise Damaged(name=name) from None


def _fill(pack: zipfile.ZipFile, table: Table, accounts: dict[str, int]) -> int:
    count, parents = 0, dict[int, int]()
    with pack.open(f"rows/{table.name}.jsonl") as lines:
        rows = (_row(table, json.loads(line), accounts, parents) for line in lines)
        while batch := list(islice(rows, AT_ONCE)):
            db.session.execute(insert(table), batch)
            count += len(batch)
    for key, parent in parents.items():
        db.session.execute(update(table).where(table.c.id == key).values(parent_id=parent))
    if count and "id" in table.c and table.c.id.autoincrement and db.engine.name == "postgresql":
        _count_on(table)
    return count


def _row(
    table: Table, said: dict[str, Any], accounts: dict[str, int], parents: dict[int, int]
) -> dict[str, Any]:
    row = dict[str, Any]()
    for column in table.columns:
        value = said[column.name]
        if archive.is_of_person(column):
            value = value and _account(value, accounts)
        elif isinstance(column.type, UtcDateTime):
            value = value and datetime.fromisoformat(value)
        elif value is not None and any(key.column.table is table for key in column.foreign_keys):
            parents[said["id"]], value = value, None
        row[column.name] = value
    if table.name in ("image", "document"):  # whose jobs make again what is not in the archive
        row |= {"status": "pending"} | {name: None for name in row if name.startswith("preview_")}
    return row


def _account(mail: str, accounts: dict[str, int]) -> int:
    """Return the account of an address; where nobody has it, one that cannot log in."""
    if mail not in accounts:
        user = Base.metadata.tables["user"]
        found = db.session.scalar(select(user.c.id).where(func.lower(user.c.email) == mail.lower()))
        if found is None:
            made = {"email": mail, "active": False, "fs_uniquifier": uuid.uuid4().hex,
                    "created_at": clock.now()}  # fmt: skip
            db.session.execute(insert(user), made)
            return _account(mail, accounts)
        accounts[mail] = found
    return accounts[mail]


def _count_on(table: Table) -> None:
    """Let PostgreSQL count on from the last id, where rows have brought their own."""
    db.session.execute(
        text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
        {"name": table.name, "last": db.session.scalar(select(func.max(table.c.id)))},
    )


def _keep(pack: zipfile.ZipFile, name: str) -> None:
    key = _key(name)
    with files.storage().incoming() as file:
        with pack.open(name) as source:
            while block := source.read(BLOCK):
                file.write(block)
        files.storage().adopt(file, key)
    files.written(key)
