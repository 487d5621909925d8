"""Taking rows in: looked at first, then all of them or none. Callers commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import delete, func, insert, select

from cms import clock
from cms.accounts.models import User
from cms.accounts.policy import may
from cms.errors import N_, CmsError
from cms.exchange import reading, sources
from cms.exchange.cells import as_text, same_lines
from cms.exchange.models import KEPT_FOR, Import, ImportRow, ImportState, Outcome
from cms.exchange.reading import Line, NoRows
from cms.exchange.sources import Reading, RowRefused, Source
from cms.extensions import db
from cms.media import files

AT_ONCE = 200
SAMPLES = 3
LONGEST_SAMPLE = 60
LONGEST_KEY = 200
MOST_CHANGES = 5_000  # in SQLite all other writers wait for them, up to ten seconds


class NoLongerAllowed(CmsError):
    """The person may not edit rows of this list any more."""

    sentence = N_("You may not import here any more.")


class TooManyChanges(CmsError):
    """One transaction would hold all others up."""

    sentence = N_("More than %(most)s rows would change at once. Divide the file into several.")


class NotAsChecked(Exception):
    """Raised to take back what was written. `troubles` are the numbers of rows that could
    not be, with their problems."""

    def __init__(self, troubles: list[tuple[int, list[list[str]]]]) -> None:
        super().__init__()
        self.troubles = troubles


def look(path: Any) -> tuple[list[str], list[list[str]]]:
    """Return the headings of a file and its first rows. Raises what `reading.lines` does."""
    with reading.lines(path) as lines:
        found = [cells for _line, cells in islice(lines, SAMPLES + 1)]
    if len(found) < 2:  # noqa: PLR2004 - headings, and a row
        raise NoRows
    headings, *rows = found
    return headings, [[cell[:LONGEST_SAMPLE] for cell in row] for row in rows]


# Looking at each row


def check(job: Import) -> Iterator[int]:
    """Look what each row of the file would do, and keep it; yield how many were looked at.

    Nothing but that is written. Raises `NoLongerAllowed`, `TooManyChanges`, or what says
    why the file cannot be read.
    """
    source, by = _allowed(job)
    forget_rows(job)
    job.rows = job.new = job.changed = job.unchanged = job.bad = 0
    seen: dict[str, int] = {}
    with files.storage().path(job.key or "") as path, reading.lines(path) as lines:
        next(lines, None)
        while batch := list(islice(lines, AT_ONCE)):
            with force_locale(job.locale):
                rows = list(_readings(job, source, by, batch, seen))
            _count(job, rows)
            kept = [row for row in rows if row["outcome"] is not None]
            if kept:
                db.session.execute(insert(ImportRow), kept)
            if job.new + job.changed > MOST_CHANGES:
                raise TooManyChanges(most=MOST_CHANGES)
            yield job.rows


def _allowed(job: Import) -> tuple[Source, User]:
    source, by = sources.find(job.source), job.user
    if by is None or not may(by, "edit", source.kind):
        raise NoLongerAllowed
    return source, by


def _readings(
    job: Import, source: Source, by: User, batch: Sequence[Line], seen: dict[str, int]
) -> Iterator[dict[str, Any]]:
    taken = [(line, cells, _values(job, cells)) for line, cells in batch]
    keys = [values.pop(source.key_name, "").strip() for _line, _cells, values in taken]
    found = source.rows_in(by, [key for key in keys if key], lock=False)
    for (line, cells, values), key in zip(taken, keys, strict=True):
        words = _misplaced(job, source, by, cells, key, found.get(key), seen)
        seen.setdefault(key, line)
        if words:
            result = Reading({}, [[source.key_name if key else "", words]])
        else:
            result = source.read_row(found.get(key), values)
        yield {
            "import_id": job.id,
            "line": line,
            "thing_id": key[:LONGEST_KEY] or None,
            "outcome": _outcome(result, is_new=not key),
            "changes": result.changes,
            "problems": result.problems,
        }


def _values(job: Import, cells: Sequence[str]) -> dict[str, str]:
    return {
        name: cells[int(place)] if int(place) < len(cells) else ""
        for place, name in job.mapping.items()
    }


def _misplaced(  # noqa: PLR0913, PLR0917 - all that can be wrong before the values are
    job: Import,
    source: Source,
    by: User,
    cells: Sequence[str],
    key: str,
    row: Any,
    seen: dict[str, int],
) -> str:
    """Return why a row cannot be looked at, or nothing."""
    if len(cells) > len(job.headings):
        return str(_("This row has more cells than there are headings."))
    if not key:
        creates = job.creates and source.may_create(by)
        return "" if creates else str(_("The ID is missing."))
    if key in seen:
        return str(_("Row %(line)s has the same ID.", line=seen[key]))
    if row is None:
        return str(_("There is none with the ID “%(key)s”.", key=key[:50]))
    if not may(by, "edit", source.kind, row):
        return str(_("You are not allowed to do this."))
    return ""


def _outcome(result: Reading, *, is_new: bool) -> Outcome | None:
    if result.problems:
        return Outcome.BAD
    if is_new:
        return Outcome.NEW
    return Outcome.CHANGED if result.changes else None


def _count(job: Import, rows: Sequence[dict[str, Any]]) -> None:
    outcomes = [row["outcome"] for row in rows]
    job.rows += len(rows)
    job.new += outcomes.count(Outcome.NEW)
    job.changed += outcomes.count(Outcome.CHANGED)
    job.unchanged += outcomes.count(None)
    job.bad += outcomes.count(Outcome.BAD)


# Applying


def apply(job: Import) -> None:
    """Write every row that was checked, in the transaction of the caller.

    Raises `NotAsChecked` with the rows that cannot be written as they were checked; the
    caller takes everything back. Raises `NoLongerAllowed`.
    """
    source, by = _allowed(job)
    troubles: list[tuple[int, list[list[str]]]] = []
    with force_locale(job.locale):
        for batch in _batches(job):
            keys = [row.thing_id for row in batch if row.thing_id]
            found = source.rows_in(by, keys, lock=True)
            troubles += [
                (row.id, problems) for row in batch if (problems := _write(source, by, row, found))
            ]
    if troubles:
        raise NotAsChecked(troubles)


def _batches(job: Import) -> Iterator[Sequence[ImportRow]]:
    last = 0
    following = select(ImportRow).where(ImportRow.import_id == job.id).order_by(ImportRow.id)
    while rows := db.session.scalars(following.where(ImportRow.id > last).limit(AT_ONCE)).all():
        last = rows[-1].id
        yield rows


def _write(source: Source, by: User, row: ImportRow, found: Any) -> list[list[str]]:
    thing = found.get(row.thing_id) if row.thing_id else None
    if row.thing_id and thing is None:
        return [["", _("It has been deleted meanwhile.")]]
    if thing is not None and not may(by, "edit", source.kind, thing):
        return [["", _("You are not allowed to do this.")]]
    if thing is not None and (stale := _stale(thing, row)):
        return stale
    try:
        source.write_row(thing, {name: new for name, (_old, new) in row.changes.items()})
    except RowRefused as error:
        return list(error.problems)
    return []


def _stale(thing: Any, row: ImportRow) -> list[list[str]]:
    return [
        [name, _("Somebody has changed this meanwhile, to “%(now)s”.", now=now[:100])]
        for name, (old, _new) in row.changes.items()
        if (now := same_lines(as_text(getattr(thing, name)))) != old
    ]


def refuse(job: Import, troubles: Sequence[tuple[int, list[list[str]]]]) -> None:
    """Say of each row why it could not be written."""
    for number, problems in troubles:
        row = db.session.get_one(ImportRow, number)
        row.outcome, row.problems = Outcome.BAD, problems
    job.state, job.bad = ImportState.REFUSED, len(troubles)
    db.session.flush()


# What is left


def rows_of(job: Import, outcomes: Sequence[Outcome], limit: int, page: int = 0) -> Any:
    """Return kept rows in the order of the file."""
    query = (
        select(ImportRow)
        .where(ImportRow.import_id == job.id, ImportRow.outcome.in_(outcomes))
        .order_by(ImportRow.line)
    )
    return db.session.scalars(query.limit(limit).offset(page * limit)).all()


def bad_rows(job: Import) -> int:
    """Return how many rows cannot be taken."""
    query = select(func.count()).where(
        ImportRow.import_id == job.id, ImportRow.outcome == Outcome.BAD
    )
    return db.session.scalar(query) or 0


def forget_rows(job: Import) -> None:
    """Delete what was kept of the rows."""
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == job.id))


def end_old(after: Callable[[], None]) -> int:
    """Delete files and rows of imports made more than a day ago; return how many.

    What was chosen is kept, to be proposed again. Calls `after` after each.
    """
    limit = clock.now() - KEPT_FOR
    query = select(Import).where(Import.created_at < limit, Import.key.is_not(None))
    old = db.session.scalars(query).all()
    for job in old:
        files.replaced(job.key or "")
        forget_rows(job)
        job.key, job.samples = None, []
        if job.state is not ImportState.APPLIED:
            job.state = ImportState.ENDED
        after()
    return len(old)
