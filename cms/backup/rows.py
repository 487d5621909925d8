"""Rows as lines of JSON, which every database gives and takes alike.

The first line of a table says what its columns are, so that rows are put back without the
models of the day: into the schema that they come from, which is then brought up to date.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from cms.database import Base, UtcDateTime
from cms.storage.keys import BadKey, check

AT_ONCE = 500
# What is of running processes and of open browsers: nobody stays logged in by a restore.
LEFT_OUT = frozenset({"worker", "duty", "presence", "login_session"})

# The more special first: each kind's name in a backup, and what it is put back as.
_KINDS: tuple[tuple[type[Any], str, Any], ...] = (
    (UtcDateTime, "time", UtcDateTime()),
    (sa.JSON, "json", sa.JSON(none_as_null=True)),
    (sa.Boolean, "bool", sa.Boolean()),
    (sa.Integer, "integer", sa.BigInteger()),
    (sa.Float, "number", sa.Double()),
    (sa.String, "text", sa.String()),
    (sa.LargeBinary, "bytes", sa.LargeBinary()),
)
_TYPES = {name: kind for _, name, kind in _KINDS}


def tables() -> list[sa.Table]:
    """Return what is backed up, each table after those that its rows refer to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def dump(connection: sa.Connection, table: sa.Table, path: Path) -> int:
    """Write the rows of a table; return how many."""
    primary = [column.name for column in table.primary_key]
    later = sorted({key.parent.name for key in table.foreign_keys if key.column.table is table})
    columns = {column.name: _kind(column) for column in table.columns}
    head = {"table": table.name, "columns": columns, "primary": primary, "later": later}
    query = sa.select(*map(_read_as, table.columns)).order_by(*table.primary_key)
    number = 0
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=5) as file:
        file.write(json.dumps(head) + "\n")
        rows = connection.execution_options(yield_per=AT_ONCE).execute(query)
        for row in rows:
            file.write(json.dumps([_plain(value) for value in row], ensure_ascii=False) + "\n")
            number += 1
    return number


def load(connection: sa.Connection, file: IO[bytes]) -> int:
    """Put the rows of a table back, and return how many."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        head = json.loads(next(lines))
        table, names = _table(head), list(head["columns"])
        number, linked = 0, []
        while batch := list(islice(lines, AT_ONCE)):
            rows = [_typed(head, dict(zip(names, json.loads(line), strict=True))) for line in batch]
            linked += _taken_off(head, rows)
            connection.execute(table.insert(), rows)
            number += len(rows)
    _link(connection, table, head, linked)
    return number


def keys(connection: sa.Connection) -> set[str]:
    """Return the keys of all stored files that rows name."""
    found: set[str] = set()
    for table in tables():
        for column in table.columns:
            if column.name == "key" or column.name.endswith("_key"):
                values = connection.scalars(sa.select(column).where(column.is_not(None)))
                found.update(filter(_is_key, values))
    return found


def set_sequences(connection: sa.Connection) -> None:
    """Let new rows be numbered after those that were put back; only PostgreSQL must be told."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables():
        (first, *more) = table.primary_key
        if not more and isinstance(first.type, sa.Integer):
            named = connection.dialect.identifier_preparer.format_table(table)
            sequence = sa.func.pg_get_serial_sequence(named, first.name)
            most = sa.func.max(first)
            connection.execute(
                sa.select(
                    sa.func.setval(sequence, sa.func.coalesce(most, 1), most.is_not(None))
                ).select_from(table)
            )


def _kind(column: sa.Column[Any]) -> str:
    for known, name, _ in _KINDS:
        if isinstance(column.type, known):
            return name
    raise TypeError(f"{column} has a type that no backup knows")


def _read_as(column: sa.Column[Any]) -> Any:
    kind = _kind(column)
    if kind == "json":  # its text tells null in JSON from none at all
        return sa.cast(column, sa.Text)
    return sa.type_coerce(column, sa.String) if kind == "text" else column


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(head: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    for name, kind in head["columns"].items():
        value = row[name]
        if value is not None and kind == "time":
            row[name] = datetime.fromisoformat(value)
        elif value is not None and kind == "bytes":
            row[name] = base64.b64decode(value)
        elif value is not None and kind == "json":
            parsed = json.loads(value)
            row[name] = sa.JSON.NULL if parsed is None else parsed
    return row


def _table(head: dict[str, Any]) -> sa.Table:
    columns = [
        sa.Column(name, _TYPES[kind], primary_key=name in head["primary"], autoincrement=False)
        for name, kind in head["columns"].items()
    ]
    return sa.Table(head["table"], sa.MetaData(), *columns)


def _taken_off(head: dict[str, Any], rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take off what refers to rows of the same table, which may come later."""
    names = head["later"]
    found = []
    for row in rows:
        if any(row[name] is not None for name in names):
            key = {f"of_{name}": row[name] for name in head["primary"]}
            found.append(key | {f"to_{name}": row[name] for name in names})
            row.update(dict.fromkeys(names))
    return found


def _link(
    connection: sa.Connection, table: sa.Table, head: dict[str, Any], linked: list[dict[str, Any]]
) -> None:
    if linked:
        of = [table.c[name] == sa.bindparam(f"of_{name}") for name in head["primary"]]
        to: dict[Any, Any] = {name: sa.bindparam(f"to_{name}") for name in head["later"]}
        connection.execute(sa.update(table).where(*of).values(to), linked)


def _is_key(value: str) -> bool:
    try:
        return bool(check(value))
    except BadKey:
        return False
