"""The whole site in one ZIP: a line of JSON for each row, the originals of pictures, and a
manifest that says how many and which.

    manifest.json            what it is, of which version, each file with its checksum
    rows/article.jsonl       one row a line
    files/originals/ab/…     the stored files that rows name by their keys

Accounts are known by their addresses alone. What can be made again is left out: renditions,
and what is only of this installation, such as jobs, tokens and the audit trail.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, Table, select

from cms import clock
from cms.database import Base, snapshot
from cms.extensions import db
from cms.media import files
from cms.storage.base import MissingFile

VERSION = 1
AT_ONCE = 500
BLOCK = 1_000_000
MANIFEST = "manifest.json"

TABLES = (
    "image_preset", "image", "image_version", "document",
    "category", "tag", "article", "article_tag", "article_picture", "article_document",
    "page", "page_picture", "page_document",
    "menu", "menu_item", "redirect", "site_setting", "revision", "review_comment",
    "import_origin",
)  # fmt: skip
# What is of this installation, of a person, secret, or made again of the rest.
LEFT_OUT = frozenset({
    "admin_notification", "api_token", "audit_entry", "data_export", "data_import",
    "data_import_row", "dismissed_hint", "duty", "image_hash_part", "job", "job_attempt",
    "job_tally", "library_survey", "link", "link_use", "list_choice", "login_session",
    "mail_message", "notification_note", "notification_occurrence", "passkey", "paused_task",
    "presence", "recovery_code", "rendition", "role", "saved_view", "schedule", "selected_thing",
    "selection", "site_import", "site_import_item", "site_import_note", "stamp", "undo_step",
    "user", "user_role", "webhook_delivery", "webhook_endpoint", "worker",
})  # fmt: skip
# The stored files that a row of a table names.
KEYS = {"image": "key", "image_version": "key", "document": "key"}


@dataclass
class Written:
    """How much is written so far."""

    rows: int = 0
    files: int = 0
    missing: list[str] = field(default_factory=list)


def tables() -> list[Table]:
    """Return the tables of a site, those first that others name."""
    return [table for table in Base.metadata.sorted_tables if table.name in TABLES]


def is_of_person(column: Column[Any]) -> bool:
    """Tell whether a column says whose something is."""
    return any(key.column.table.name == "user" for key in column.foreign_keys)


def write(path: Path) -> Generator[Written]:
    """Write the site into a file; yield now and then how much is written.

    All is of one moment, whatever is saved meanwhile. Nothing is held in memory but a few
    rows and a block of a file.
    """
    done, said = Written(), dict[str, dict[str, Any]]()
    with (
        snapshot(db.engine) as connection,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack,
    ):
        mails = _mails(connection)
        for table in tables():
            name = f"rows/{table.name}.jsonl"
            with pack.open(name, "w", force_zip64=True) as entry:
                noted = _Noted(entry.write)
                for lines in _lines(connection, table, mails):
                    noted.write("".join(lines).encode())
                    done.rows += len(lines)
                    noted.rows += len(lines)
                    yield done
            said[name] = noted.told()
        for key in _keys(connection):
            name = f"files/{key}"
            try:
                said[name] = _copy(pack, name, key)
            except MissingFile:
                done.missing.append(key)
            done.files += 1
            yield done
        pack.writestr(MANIFEST, json.dumps(_manifest(said, done), indent=1, ensure_ascii=False))
    yield done


class _Noted:
    """Writes, and knows afterwards what was written."""

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        self._write, self._hash = write, hashlib.sha256()
        self.size = self.rows = 0

    def write(self, data: bytes) -> None:
        self._write(data)
        self._hash.update(data)
        self.size += len(data)

    def told(self) -> dict[str, Any]:
        rows = {"rows": self.rows} if self.rows else {}
        return {"sha256": self._hash.hexdigest(), "size": self.size, **rows}


def _manifest(said: dict[str, Any], done: Written) -> dict[str, Any]:
    return {
        "format": "qscms-site",
        "version": VERSION,
        "schema": revision(),
        "written_at": clock.now().isoformat(),
        "missing": done.missing,
        "files": said,
    }


def revision() -> str:
    """Return the version of the tables."""
    return MigrationContext.configure(db.session.connection()).get_current_revision() or ""


def _lines(connection: Connection, table: Table, mails: dict[int, str]) -> Iterator[list[str]]:
    """Yield the rows of a table as lines, batch by batch, in the order of their keys."""
    keys = list(table.primary_key.columns)
    query = select(table).order_by(*keys)
    last: Any = None
    while True:
        batch = connection.execute(_after(query, keys, last).limit(AT_ONCE)).mappings().all()
        if not batch:
            return
        last = tuple(batch[-1][key.name] for key in keys)
        yield [_line(table, row, mails) for row in batch]


def _after(query: Any, keys: list[Any], last: Any) -> Any:
    if last is None:
        return query
    if len(keys) == 1:
        return query.where(keys[0] > last[0])
    first, second = keys
    return query.where((first > last[0]) | ((first == last[0]) & (second > last[1])))


def _line(table: Table, row: Any, mails: dict[int, str]) -> str:
    said = {
        column.name: mails.get(row[column.name]) if is_of_person(column) else row[column.name]
        for column in table.columns
    }
    return json.dumps(said, ensure_ascii=False, default=_as_text) + "\n"


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _mails(connection: Connection) -> dict[int, str]:
    user = Base.metadata.tables["user"]
    rows = connection.execute(select(user.c.id, user.c.email)).all()
    return {row.id: row.email for row in rows}


def _keys(connection: Connection) -> Iterator[str]:
    for name, column in KEYS.items():
        table = Base.metadata.tables[name]
        query = select(table.c[column]).order_by(table.c.id)
        yield from connection.scalars(query.execution_options(yield_per=AT_ONCE))


def _copy(pack: zipfile.ZipFile, name: str, key: str) -> dict[str, Any]:
    """Put a stored file into the archive as it is: pictures shrink no further."""
    with files.storage().open(key) as source:
        info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        with pack.open(info, "w", force_zip64=True) as entry:
            noted = _Noted(entry.write)
            while block := source.read(BLOCK):
                noted.write(block)
    return noted.told()
