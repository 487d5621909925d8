"""What every table has in common: names of constraints, and times in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from select import POLLIN, poll
from time import monotonic
from typing import Any

from sqlalchemy import Connection, DateTime, Engine, Enum, MetaData, event, literal, select
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from cms.errors import BadSetting

LIVES_FOR = 1.0  # seconds

# Connections are made when they are needed, and a process needs one for each of its threads at
# the most: nobody waits for one, and those of a busy process are not closed after each request.
_POOL: dict[str, Any] = {"pool_size": 32, "max_overflow": -1}

# A server that is cut off says nothing, and nobody is to wait for it for long: five seconds to
# connect, thirty for bytes that were sent, or for a sign of life of what was asked.
_SOON = 5
_WIRES = {
    "connect_timeout": _SOON,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}

# The second engine of each application: see `writing_at_once`.
AT_ONCE = "at_once"

_KINDS = ("sqlite", "postgresql", "mysql", "mariadb")

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mariadb+pymysql",
    "mariadb": "mariadb+pymysql",
}


class Base(DeclarativeBase):
    """Base of all models. Named constraints can be altered by a migration."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment to the microsecond, stored in UTC, always aware in Python.

    Raises `ValueError` for a time without a zone: nobody can know what it means.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_type(kind: type[StrEnum]) -> Enum:
    """Return a column type that stores the values of `kind` as plain text."""
    return Enum(
        kind,
        native_enum=False,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


def storable(text: str) -> bool:
    """Tell whether every database keeps `text`: no NUL, no half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def is_made_on(dialect: Dialect, thing: Any) -> bool:
    """Tell whether an index of a model is there on such a database: see `Index.ddl_if`."""
    limit = getattr(thing, "_ddl_if", None)
    return limit is None or limit.dialect == dialect.name


def with_driver(address: str) -> URL:
    """Return the URL with the driver we install, so that operators need not name one.

    Raises `BadSetting` for an address of no database that we know.
    """
    try:
        url = make_url(address)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        usable = url.get_backend_name() in _KINDS and url.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        usable = None
    if not usable:
        raise BadSetting(
            name="CMS_DATABASE_URL",
            problem="it must begin with sqlite://, postgresql:// or mariadb://",
        )
    if url.get_backend_name() in ("mysql", "mariadb"):
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL lets readers and a writer work side by side; a busy writer is waited for."""
    if not type(connection).__module__.startswith("sqlite3"):
        return
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "busy_timeout = 10000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "checkin")
def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = monotonic()


@event.listens_for(Engine, "checkout")
def _stop_dead(connection: Any, record: Any, _fairy: Any) -> None:
    """Let no connection out whose server has hung up, or does not answer after some idle
    time. To ask it each time would cost every job and request a way to the server."""
    if type(connection).__module__.startswith("sqlite3"):
        return
    if hasattr(connection, "fileno") and has_hung_up(connection):
        raise DisconnectionError
    if monotonic() - record.info.get("used_at", monotonic()) < LIVES_FOR:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error  # the pool makes another


def has_hung_up(connection: Any) -> bool:
    """Tell whether PostgreSQL has closed a connection, without asking it: where nothing was
    asked, nothing else can be read."""
    if connection.closed:
        return True
    line = poll()
    line.register(connection.fileno(), POLLIN)
    return bool(line.poll(0))


@event.listens_for(Engine, "savepoint")
def _begin_before_savepoint(connection: Any, _name: str) -> None:
    """Python's SQLite begins no transaction before a SAVEPOINT, and then its RELEASE commits.

    Begun at once for writing: one that has read, and writes after another has
    written, is refused without waiting.
    """
    if connection.dialect.name != "sqlite":
        return
    if not connection.connection.dbapi_connection.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def writing_at_once(url: URL) -> dict[str, Any]:
    """Return what to open the database with for statements that are a transaction each:
    there is nothing to begin, and nothing to take back."""
    options = {"url": url, "hide_parameters": True, "isolation_level": "AUTOCOMMIT"}
    return options | {"pool_reset_on_return": None} | _connections(url)


def engine_options(url: URL) -> dict[str, Any]:
    """Return what to open the database with.

    READ COMMITTED on every server, so that a row that another transaction has just
    committed is seen. Errors do not say with what values a statement was executed:
    passwords and letters are among them, and errors are logged.
    """
    if url.get_backend_name() == "sqlite":
        return {"hide_parameters": True}
    return {"hide_parameters": True, "isolation_level": "READ COMMITTED"} | _connections(url)


def _connections(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {}
    wires = _WIRES if url.get_backend_name() == "postgresql" else {"connect_timeout": _SOON}
    return _POOL | {"connect_args": {k: v for k, v in wires.items() if k not in url.query}}


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees the database as it was at one moment, and hinders nobody."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")  # it changes itself
        # The moment is that of the first look.
        first = Base.metadata.sorted_tables[0]
        connection.execute(select(literal(1)).select_from(first).limit(1)).all()
        try:
            yield connection
        finally:
            connection.rollback()
