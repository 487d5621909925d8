"""Writing rows of a list into a file. Callers commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import may
from cms.errors import N_, CmsError
from cms.exchange import sources
from cms.exchange.models import KEPT_FOR, Export, ExportState
from cms.exchange.sources import Column, Scope, Source
from cms.exchange.writing import WRITERS
from cms.extensions import db
from cms.media import files
from cms.storage.base import Incoming
from cms.storage.keys import new_key

AT_ONCE = 2_000
PREFIXES = ("exports", "imports")


class NoLongerAllowed(CmsError):
    """The person may not export this list any more, or not one of the columns."""

    sentence = N_("You may not export this any more.")


def headings(columns: Sequence[Column]) -> list[str]:
    """Return what stands above the columns, in the language of now."""
    return [
        _("%(name)s (UTC)", name=column.label) if column.moment else str(column.label)
        for column in columns
    ]


def write(export: Export, file: Incoming) -> Iterator[int]:
    """Write an export's rows to `file`; yield how many are written, after each batch.

    The whole file is there when this is exhausted. Asked for as the person may see it now.
    Raises `NoLongerAllowed`, `UnknownList` or `ListChanged`.
    """
    source, person = sources.find(export.source), export.user
    if person is None or not may(person, "export", source.kind):
        raise NoLongerAllowed
    columns = _columns(export, source, person)
    rows = source.rows_out(person, Scope(**export.scope), export.columns)
    with force_locale(export.locale):
        heads = headings(columns)
    writer = WRITERS[export.format](file, heads, export.columns)
    try:
        written, last = 0, None
        while batch := _after(rows, last):
            writer.write(row[1:] for row in batch)
            written, last = written + len(batch), batch[-1][0]
            if export.total is None:
                export.total = written if len(batch) < AT_ONCE else _count(rows)
            export.cut = writer.cut
            yield written
    except BaseException:
        writer.drop()
        raise
    writer.close()


def keep(export: Export, file: Incoming, size: int) -> bool:
    """Keep what was written, for a day. False if its owner has stopped it, maybe while it was
    being stored: it is for the caller to roll back, which deletes the file."""
    key = new_key("exports", export.format.value)
    files.storage().adopt(file, key)
    files.written(key)
    if not hold(export):
        return False
    export.key, export.size, export.total = key, size, export.rows
    export.state, export.ends_at = ExportState.READY, clock.now() + KEPT_FOR
    db.session.flush()
    return True


def hold(export: Export) -> bool:
    """Lock an export until the commit, and tell whether its owner has not stopped it."""
    query = select(Export).where(Export.id == export.id).with_for_update()
    with db.session.begin_nested():  # where SQLite waits for who else writes
        found = db.session.scalar(query.execution_options(populate_existing=True))
    return found is not None and found.state is not ExportState.STOPPED


def remove(export: Export) -> None:
    """Delete an export now and its file once that is committed."""
    if export.key:
        files.replaced(export.key)
    db.session.delete(export)
    db.session.flush()


def remove_old() -> int:
    """Remove the exports made, or finished, more than a day ago; return how many."""
    limit = clock.now() - KEPT_FOR
    old = db.session.scalars(select(Export).where(Export.created_at < limit)).all()
    gone = [export for export in old if (export.ends_at or limit) <= clock.now()]
    for export in gone:
        remove(export)
    return len(gone)


def remove_strays() -> int:
    """Remove files that a job had kept when it died before it could say so.

    A day after their export or import is gone no file of either is of any use.
    """
    limit, storage = clock.now() - 2 * KEPT_FOR, files.storage()
    old = [f.key for prefix in PREFIXES for f in storage.walk(prefix) if f.modified_at < limit]
    for key in old:
        storage.delete(key)
    return len(old)


def _columns(export: Export, source: Source, person: User) -> list[Column]:
    known = {column.name: column for column in source.columns_out(person)}
    if not known.keys() >= set(export.columns):
        raise NoLongerAllowed
    return [known[name] for name in export.columns]


def _after(rows: Any, last: Any) -> Sequence[Any]:
    """Return the next rows behind the key `last`, the newest first.

    Found by the key rather than by their number, each batch takes as long as the first.
    """
    key = rows.selected_columns[0]
    if last is not None:
        rows = rows.where(key < last)
    return db.session.execute(rows.order_by(key.desc()).limit(AT_ONCE)).all()


def _count(rows: Any) -> int:
    keys = rows.with_only_columns(rows.selected_columns[0], maintain_column_froms=True)
    return db.session.scalar(select(func.count()).select_from(keys.subquery())) or 0
