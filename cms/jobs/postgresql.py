"""PostgreSQL as the queue: Huey's storage, made to fit a web server that must not wait."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg
from huey.storage import PostgresStorage
from psycopg.abc import PQGen

from cms.database import has_hung_up

# A PostgreSQL that is away must not hold a request for long; the job is in the ledger anyway.
CONNECT_SECONDS = 2
ANSWER_SECONDS = 3

# Any number, as long as all who make the tables take the same.
_TABLES_LOCK = 0x71736D73


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that is given up when the server does not answer in time."""

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is not None:  # for a message to come, which may well be in vain
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, ANSWER_SECONDS)
        except psycopg.OperationalError:  # what was asked may yet be answered: no more of it
            self.pgconn.finish()
            raise


class PostgresQueue(PostgresStorage):
    """Huey's tables in a PostgreSQL that may be away when this is made, and restart."""

    _conn: Any

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, dsn=address, connection=self._open, create_tables=False)
        self._has_tables = False

    @property
    def conn(self) -> Any:
        if self._conn is not None and has_hung_up(self._conn):
            with suppress(psycopg.Error):
                self._conn.close()
            self._conn = None
        return super().conn

    def _open(self) -> ImpatientConnection:
        connection = ImpatientConnection.connect(
            self.dsn, connect_timeout=CONNECT_SECONDS, autocommit=True
        )
        if not self._has_tables:
            self._make_tables(connection)
            self._has_tables = True
        return connection

    def _make_tables(self, connection: ImpatientConnection) -> None:
        # PostgreSQL's IF NOT EXISTS fails for one of two that come at the same time.
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TABLES_LOCK,))
            for statement in self.ddl:
                connection.execute(statement)
