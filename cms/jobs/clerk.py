"""Who writes what a worker claims and ends: each statement committed at once.

Every job passes here, so it is done as the driver does it: SQLAlchemy compiles a
statement once, and is not asked again. A worker's thread keeps one connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Engine, Insert, PoolProxiedConnection, Select, Update

Statement = Insert | Update | Select[Any]
Processor = Callable[[Any], Any]

# SQLite lets one write at a time, and who has to wait sleeps for milliseconds at a time.
# The threads of a worker wait for each other here, without.
_sqlite_writer = Lock()


class Written(NamedTuple):
    """How many rows a statement has changed, and the first that it returned."""

    rowcount: int
    row: Any


class Clerk:
    """A connection on which each statement is a transaction. Close it in the end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._turn = _sqlite_writer if engine.dialect.name == "sqlite" else nullcontext()

    def write(self, statement: Statement, values: Mapping[str, Any]) -> Written:
        """Execute one statement, and commit it. Raises what the driver raises.

        Once more if the connection turns out to be dead, as it does after a
        restart of the database. The first may have been done all the same, its
        answer lost: then the second finds nothing to do.
        """
        prepared = prepare(statement, self._engine.dialect)
        with self._turn:
            try:
                return self._execute(prepared, values)
            except self._engine.dialect.loaded_dbapi.Error as error:
                connection, self._connection = self._connection, None
                if connection is None or not self._engine.dialect.is_disconnect(
                    error, connection, None
                ):
                    raise
                connection.invalidate(error)
                return self._execute(prepared, values)

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _execute(self, prepared: Prepared, values: Mapping[str, Any]) -> Written:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(prepared.sql, prepared.arguments(values))
            rows = cursor.fetchall() if prepared.returns else ()
            return Written(cursor.rowcount, rows[0] if rows else None)


class Prepared:
    """A statement in the words of one driver, and how it wants values."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self.returns = statement.is_select or bool(compiled.effective_returning)
        self._order = compiled.positiontup if compiled.positional else None
        self._fixed: dict[str, Any] = {}
        self._given: dict[str, Processor | None] = {}
        for bind, name in compiled.bind_names.items():
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                self._given[name] = process
            else:
                self._fixed[name] = process(bind.value) if process else bind.value

    def arguments(self, values: Mapping[str, Any]) -> Any:
        """Return `values`, with those that the statement itself has, for the driver."""
        all_values = dict(self._fixed)
        for name, process in self._given.items():
            all_values[name] = process(values[name]) if process else values[name]
        return all_values if self._order is None else tuple(all_values[n] for n in self._order)


prepare = lru_cache(maxsize=100)(Prepared)
