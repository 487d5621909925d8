"""The chain that holds the audit trail together, so that what is altered or removed shows.

Each entry is sealed with a digest of what it says and of the seal before it, by the
consumer on duty, a few seconds after it was written: sealed as they are written, any two
people who do something would wait for each other. Nobody can put a seal on an altered
entry without making all later ones anew, and nobody can cut off the end, without that the
head, which `cms.audit.head` keeps where the files are, tells so.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, delete, func, select
from sqlalchemy.exc import IntegrityError

from cms import clock
from cms.audit import head
from cms.audit.head import Head, Seal
from cms.audit.models import AuditEntry
from cms.audit.services import note
from cms.errors import N_, CmsError
from cms.extensions import db

logger = logging.getLogger(__name__)

AT_ONCE = 1_000
PRUNED, ACCEPTED = "prune", "accept"
MOST_TOLD = 100
LATE = timedelta(minutes=5)

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
_SEALS = ("seal_number", "seal", "seal_before")


@dataclass(frozen=True)
class Fault:
    """What is wrong at a place of the chain, in English, as commands speak."""

    number: int
    words: str

    def __str__(self) -> str:
        return f"entry {self.number}: {self.words}"


@dataclass(frozen=True)
class Unsealed:
    """How many entries wait for their seal, and of when the oldest is."""

    count: int
    oldest: datetime | None

    @property
    def minutes(self) -> int:
        """Return for how long the oldest waits."""
        return (clock.now() - self.oldest) // timedelta(minutes=1) if self.oldest else 0

    @property
    def is_late(self) -> bool:
        """Tell whether nobody seals: that takes seconds."""
        return self.oldest is not None and clock.now() - self.oldest > LATE


class Parted(CmsError):
    """The database lacks what the head tells of."""

    sentence = N_(
        "The audit trail is not the one that its head in the storage tells of: entry %(number)s "
        "is missing, or is another."
    )
    hopeless = True


class NotWhole(CmsError):
    """Something is wrong with entries that are still needed to prove it."""

    sentence = N_(
        "Entries of the audit trail were altered or removed, so no old ones are deleted. Run "
        "“flask cms audit verify” on the server."
    )
    hopeless = True


REMOVED = "one or more entries before this one were removed"
ALTERED = "this entry was altered"
ENDS_EARLY = (
    "the entries up to this one are missing, though its seal was kept elsewhere: they were "
    "removed, or an older database was put back"
)
ANOTHER = (
    "this entry has another seal than was kept elsewhere: the trail was made anew, or goes on "
    "from an older database"
)


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
    return Seal(*row) if row else Seal()  # type: ignore[arg-type]


def unsealed() -> Unsealed:
    """Return what waits for the consumer on duty."""
    query = select(func.count(), func.min(AuditEntry.at)).where(AuditEntry.seal_number.is_(None))
    return Unsealed(*db.session.execute(query).one())


def holds(known: Seal) -> bool:
    """Tell whether the chain has a seal that was kept elsewhere."""
    there = db.session.scalar(select(AuditEntry.seal).where(AuditEntry.seal_number == known.number))
    return there == known.digest or known == Seal()


def lags(known: Head) -> bool:
    """Tell whether the head has not followed for a while."""
    next_one = select(AuditEntry.at).where(AuditEntry.seal_number == known.newest.number + 1)
    written = db.session.scalar(next_one)
    return written is not None and clock.now() - written > LATE


def follow() -> Head:
    """Let the head in the storage tell of the newest seal, and return it. The first one
    begins where the database says that the chain does.

    Raises `Parted` rather than to let it tell of a trail that lacks what it told of, and as
    storages do.
    """
    known = head.read()
    first = known is None
    if known is None:
        known = Head(begin=pruned())
    elif not holds(known.newest):
        raise Parted(number=known.newest.number)
    made = Head(newest(), known.begin)
    if made != known:
        head.advance(made)
    if first:
        grade = logging.INFO if _is_young() else logging.WARNING  # or somebody removed it
        logger.log(grade, "no head of the audit trail was there: one is made, %s", made)
    return made


def _is_young() -> bool:
    began = db.session.scalar(select(func.min(AuditEntry.at)))
    return began is None or clock.now() - began < LATE


def faults(known: Head | None = None, kept: Seal | None = None) -> Iterator[Fault]:
    """Go through the whole chain, and yield what is wrong with it.

    `known` is the head; without it the chain begins where the database says. `kept` is a
    seal that was kept elsewhere: the chain must have it still, unless it begins later.
    """
    before = known.begin if known else pruned()
    seals = {it for it in (known and known.newest, kept) if it and it.number > before.number}
    columns = (getattr(AuditEntry, name) for name in (*_SAYS, *_SEALS))
    query = select(*columns).where(AuditEntry.seal_number > before.number)
    query = query.order_by(AuditEntry.seal_number).execution_options(yield_per=AT_ONCE)
    with db.session.execute(query) as rows:
        for entry in rows:
            number = entry.seal_number
            if (number - 1, entry.seal_before) != (before.number, before.digest):
                yield Fault(number, REMOVED)
            if entry.seal != _digest(entry):
                yield Fault(number, ALTERED)
            before = Seal(number, entry.seal)
            if any(number == it.number and before != it for it in seals):
                yield Fault(number, ANOTHER)
    if missing := [it.number for it in seals if it.number > before.number]:
        yield Fault(max(missing), ENDS_EARLY)


def prune(before: datetime) -> int:
    """Delete the oldest entries, of before that time, and return how many there were.

    What is kept is still a chain: its head says where it begins now, before anything is
    deleted, and an entry says so, too. Commits. Raises `NotWhole`, since a wrong date would
    have an entry deleted that proves something, and as storages do.
    """
    known, cut = head.read(), _last_before(before)
    if cut is None:
        return 0
    if any(faults(known)):
        raise NotWhole
    db.session.commit()  # the look was long
    head.advance(Head(newest(), cut))
    gone = delete(AuditEntry).where(AuditEntry.seal_number <= cut.number)
    deleted = cast("CursorResult[Any]", db.session.execute(gone)).rowcount
    note(PRUNED, AuditEntry.__tablename__, str(cut.number), seal=cut.digest)
    db.session.commit()
    return deleted


def accept() -> Head:
    """Let the trail hold as it is now, whatever its head says or is wrong with it; return
    the new head. An entry tells that it was so. Commits.

    Where entries are altered or missing, the chain begins after the last of them.
    """
    try:
        known = head.read()
    except head.BadHead:
        known = None
    found = [str(fault) for fault in faults(known)]
    begin = known.begin if known and known.begin.number <= newest().number else pruned()
    if wrong := [fault.number for fault in faults(Head(begin=begin))]:
        begin = _seal_of(max(wrong))
    told = {"head": str(known.newest) if known else None, "faults": found[:MOST_TOLD]}
    note(ACCEPTED, AuditEntry.__tablename__, str(newest().number), **told)
    db.session.commit()
    try:
        seal()
    except IntegrityError:  # the worker on duty does the same at this moment
        db.session.rollback()
    accepted = Head(newest(), begin)
    head.replace(accepted)
    return accepted


def pruned() -> Seal:
    """Return up to where the trail was pruned, as the database says: good where no head is."""
    query = select(AuditEntry).where(
        AuditEntry.action == PRUNED, AuditEntry.thing_kind == AuditEntry.__tablename__
    )
    entry = db.session.scalar(query.order_by(AuditEntry.id.desc()).limit(1))
    return Seal(int(entry.thing_id), entry.changes["seal"]) if entry else Seal()


def _last_before(moment: datetime) -> Seal | None:
    """Return the seal of the last entry before the first one that is as young as that; the
    newest of all stays."""
    kept = select(func.min(AuditEntry.seal_number)).where(_is_sealed(), AuditEntry.at >= moment)
    end = db.session.scalar(kept)
    row = db.session.execute(
        select(AuditEntry.seal_number, AuditEntry.seal)
        .where(AuditEntry.seal_number < (newest().number if end is None else end))
        .order_by(AuditEntry.seal_number.desc())
        .limit(1)
    ).first()
    return Seal(*row) if row else None  # type: ignore[arg-type]


def _seal_of(number: int) -> Seal:
    found = select(AuditEntry.seal).where(AuditEntry.seal_number == number)
    return Seal(number, db.session.scalar(found) or "")


def _unsealed() -> Select[AuditEntry]:
    return (
        select(AuditEntry)
        .where(AuditEntry.seal_number.is_(None))
        .order_by(AuditEntry.id)
        .limit(AT_ONCE)
    )


def _is_sealed() -> ColumnElement[bool]:
    return AuditEntry.seal_number.is_not(None)


def _digest(entry: Any) -> str:
    says = [getattr(entry, name) for name in _SAYS]
    told = json.dumps([entry.seal_before, *says], default=str, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()
