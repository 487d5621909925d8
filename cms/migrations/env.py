"""Alembic's entry: run migrations on the application's own database."""

from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Enum

from cms import fulltext
from cms.database import Base, UtcDateTime, is_made_on


def render_item(kind, item, autogen_context):
    """Write our own types as the database keeps them, not as the code of that day."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen_context.imports.add("from cms.database import UtcDateTime")
        return "UtcDateTime()"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String({item.length})"
    return False


def include_name(name, kind, _parents):
    """Leave alone what a queue in the same database, or the search, has made for itself."""
    if kind in ("table", "index") and fulltext.is_ours(name):
        return False
    return kind != "table" or not name.startswith("huey_")


@contextmanager
def tables_can_be_copied(connection):
    """Let SQLite alter a table as it does, by copying it, without the rows that refer to it:
    with the old table they would go, or forget it. In the end each must refer to a row."""
    if connection.dialect.name != "sqlite":
        yield
        return
    outside(connection, "PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        outside(connection, "PRAGMA foreign_keys = ON")


def outside(connection, pragma):
    """Execute what SQLite passes over in a transaction."""
    connection.rollback()
    connection.exec_driver_sql(pragma)
    connection.rollback()


def check_references(connection):
    """Raise `RuntimeError` for a row that refers to none, so that nothing is committed."""
    if connection.dialect.name == "sqlite":
        lost = {row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
        if lost:
            raise RuntimeError(f"rows refer to what is not there, in: {', '.join(sorted(lost))}")


def run_migrations():
    connectable = current_app.extensions["migrate"].db.engine
    with connectable.connect() as connection, tables_can_be_copied(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,  # SQLite alters a table by copying it
            render_item=render_item,
            include_name=include_name,
            include_object=lambda thing, *_rest: is_made_on(connection.dialect, thing),
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            check_references(connection)
        # No revision of its own: a table that was copied to be altered has lost its triggers.
        if context.get_context().get_current_revision() == context.get_head_revision():
            fulltext.install(connection)
            connection.commit()


if context.is_offline_mode():
    raise SystemExit("Migrations run on a live database only.")
run_migrations()
