"""Who writes what a worker claims and ends: each statement committed at once.

Most of what a small job costs is a connection fetched, a transaction begun and
a connection given back. A worker's thread keeps one connection for its claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.exc import DBAPIError


class Clerk:
    """A connection on which each statement is a transaction. Close it in the end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def write(self, statement: Executable, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute one statement, and commit it.

        Once more if the connection turns out to be dead, as it does after a
        restart of the database. The first may have been done all the same, its
        answer lost: then the second finds nothing to do.
        """
        try:
            return self._kept().execute(statement, values)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self.close()
            return self._kept().execute(statement, values)

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _kept(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            )
        return self._connection
