"""Which SQL is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from cms.extensions import db


@contextmanager
def statements(engine: Any = None) -> Iterator[list[str]]:
    """Collect the SQL of what is done inside: `with statements() as sql: …`."""
    engine, sql = engine or db.engine, list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sql.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sql
    finally:
        event.remove(engine, "before_cursor_execute", note)
