"""The chain that holds the audit trail together, so that what is altered or removed shows.

Each entry is sealed with a digest of what it says and of the seal before it, by the
consumer on duty, a few seconds after it was written: sealed as they are written, any two
people who do something would wait for each other. Nobody can put a seal on an altered
entry without making all later ones anew; whoever keeps the newest seal elsewhere, as the
log does, sees that too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, delete, func, select

from cms.audit.models import AuditEntry
from cms.audit.services import note
from cms.extensions import db

AT_ONCE = 1_000
PRUNED = "prune"

_FIRST = "0" * 64  # what stands for the seal before the first
_SAYS = (
    "id",
    "at",
    "user_id",
    "user_email",
    "address",
    "face",
    "request",
    "action",
    "thing_kind",
    "thing_id",
    "changes",
)


@dataclass(frozen=True)
class Seal:
    """Where the chain is: the number of an entry in it, and the digest."""

    number: int = 0
    digest: str = _FIRST


@dataclass(frozen=True)
class Fault:
    """What is wrong at a place of the chain, in English, as commands speak."""

    number: int
    words: str


REMOVED = "one or more entries before this one were removed"
ALTERED = "this entry was altered"
ENDS_EARLY = "the entries up to this one were removed"
ANOTHER = "this entry has another seal than the one that you give: the trail was made anew"


def seal() -> Seal | None:
    """Seal the entries that are not yet, in the order they were written; return the newest
    seal, None where there was nothing to seal. Commits after each `AT_ONCE`.

    Raises `IntegrityError` where another does the same at this moment, and wins.
    """
    last, found = newest(), None
    while waiting := db.session.scalars(_unsealed()).all():
        for entry in waiting:
            entry.seal_before, entry.seal_number = last.digest, last.number + 1
            entry.seal = _digest(entry)
            last = found = Seal(entry.seal_number, entry.seal)
        db.session.commit()
    return found


def newest() -> Seal:
    """Return the seal that the next entry is linked to."""
    query = select(AuditEntry.seal_number, AuditEntry.seal).where(_is_sealed())
    row = db.session.execute(query.order_by(AuditEntry.seal_number.desc()).limit(1)).first()
    return Seal(*row) if row else _pruned()  # type: ignore[arg-type]


def faults(known: Seal | None = None) -> Iterator[Fault]:
    """Go through the whole chain, and yield what is wrong with it.

    `known` is a seal that was kept elsewhere: the chain must have it still, unless it has
    been pruned since.
    """
    before = _pruned()
    query = select(AuditEntry).where(_is_sealed()).order_by(AuditEntry.seal_number)
    for entry in db.session.scalars(query.execution_options(yield_per=AT_ONCE)):
        number = entry.seal_number or 0
        if (number - 1, entry.seal_before) != (before.number, before.digest):
            yield Fault(number, REMOVED)
        if entry.seal != _digest(entry):
            yield Fault(number, ALTERED)
        if known and number == known.number and entry.seal != known.digest:
            yield Fault(number, ANOTHER)
        before = Seal(number, entry.seal or "")
    if known and known.number > before.number:
        yield Fault(known.number, ENDS_EARLY)


def prune(before: datetime) -> int:
    """Delete the oldest entries, of before that time, and return how many there were.

    What is kept is still a chain: an entry says up to where it was cut. Commits.
    """
    kept = select(func.min(AuditEntry.seal_number)).where(_is_sealed(), AuditEntry.at >= before)
    end = db.session.scalar(kept)
    old = db.session.execute(
        select(AuditEntry.seal_number, AuditEntry.seal)
        .where(_is_sealed(), AuditEntry.seal_number < (newest().number if end is None else end))
        .order_by(AuditEntry.seal_number.desc())
        .limit(1)
    ).first()
    if old is None:
        return 0
    number, digest = old
    gone = delete(AuditEntry).where(AuditEntry.seal_number <= number)
    deleted = cast("CursorResult[Any]", db.session.execute(gone)).rowcount
    note(PRUNED, AuditEntry.__tablename__, str(number), seal=digest)
    db.session.commit()
    return deleted


def _pruned() -> Seal:
    query = select(AuditEntry).where(
        AuditEntry.action == PRUNED, AuditEntry.thing_kind == AuditEntry.__tablename__
    )
    entry = db.session.scalar(query.order_by(AuditEntry.id.desc()).limit(1))
    return Seal(int(entry.thing_id), entry.changes["seal"]) if entry else Seal()


def _unsealed() -> Select[AuditEntry]:
    return (
        select(AuditEntry)
        .where(AuditEntry.seal_number.is_(None))
        .order_by(AuditEntry.id)
        .limit(AT_ONCE)
    )


def _is_sealed() -> ColumnElement[bool]:
    return AuditEntry.seal_number.is_not(None)


def _digest(entry: AuditEntry) -> str:
    says = [getattr(entry, name) for name in _SAYS]
    told = json.dumps([entry.seal_before, *says], default=str, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()
