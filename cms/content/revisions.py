"""What a text was, save by save: who changed what, in words, and how to have it back.

The audit trail has a row for each save on purpose, with every value before and after. What
is saved by the way, every few seconds while somebody writes, is noted as one sitting: when
its revision begins, and, for all that went into it since, when it takes in no more. That is
at the next save on purpose, when anybody else saves, at each step in the text's life, or
half an hour after the last word (see `end_sittings`). Each row compares with the revision
before the one that it names: of two about one revision, the later says the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Any, Literal

from sqlalchemy import delete, select

from cms import clock
from cms.accounts.models import User
from cms.audit import values
from cms.audit.models import AuditEntry
from cms.audit.services import note
from cms.content import bodies
from cms.content.models import Article, Revision, Writing
from cms.extensions import db

_OF_BOTH = ("title", "slug", "summary", "body", "seo_title", "seo_description")

# Words with the space behind them; signs where there is none between words.
_PIECES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|\s+|[^\w\s]")
# To compare longer texts piece by piece would take seconds.
_MOST_COMPARED = 1_000_000

# What somebody writes without a longer pause, and saves by the way, is one revision.
SITTING = timedelta(minutes=30)
AT_ONCE = 100
# Among so many rows of the trail is that of the newest revision: the others are of its place.
MOST_LOOKED_AT = 20

Kind = Literal["same", "added", "removed"]


@dataclass(frozen=True)
class Part:
    """A piece of a text that is in both revisions, or only in the later or the earlier."""

    kind: Kind
    words: str


@dataclass(frozen=True)
class Line:
    """A line of a text, or a picture of it by `image_id`, in its parts."""

    parts: tuple[Part, ...]
    image_id: int | None = None

    @property
    def changed(self) -> bool:
        """Whether it differs."""
        return any(part.kind != "same" for part in self.parts)


@dataclass(frozen=True)
class Change:
    """A field that differs, line by line."""

    field: str
    lines: tuple[Line, ...]


def content_of(thing: Writing) -> dict[str, Any]:
    """Return the values of a text that a revision keeps."""
    found = {name: getattr(thing, name) for name in _OF_BOTH}
    if isinstance(thing, Article):
        tags = sorted(tag.title for tag in thing.tags)  # their order says nothing
        return found | {"cover_id": thing.cover_id, "category_id": thing.category_id, "tags": tags}
    return found | {"template": thing.template, "parent_id": thing.parent_id}


def keep(
    thing: Writing,
    by: User | None,
    restored_from: int | None = None,
    *,
    content: dict[str, Any] | None = None,
    by_the_way: bool = False,
) -> Revision | None:
    """Keep what a text is now, or `content`; None if that is what the last revision has.

    What is saved `by_the_way`, while somebody writes, leaves its revision open: what the
    same person saves within the sitting goes into it, until they save it on purpose.
    """
    content, last = content or content_of(thing), latest(thing)
    if last and not _changed(last.content, content):
        if not by_the_way:
            _end(last)
        return None
    if last and _takes_in(last, by, restored_from):
        last.content, last.changed = content, _changed(_before(last), content)
        last.open, last.at, last.grew = by_the_way, clock.now(), True
        db.session.flush()
        return last
    if last:
        _end(last)
    made = Revision(
        kind=thing.kind,
        thing_id=thing.id,
        number=last.number + 1 if last else 1,
        content=content,
        changed=_changed(last.content if last else {}, content),
        restored_from=restored_from,
        open=by_the_way,
        by=by,
    )
    db.session.add(made)
    db.session.flush()
    return made


def close(thing: Writing) -> None:
    """Let nothing more go into the newest revision."""
    last = latest(thing)
    if last is not None:
        _end(last)


def end_sittings(before: datetime) -> int:
    """Close the revisions into which nothing went since `before`; return how many."""
    over = Revision.open, Revision.at < before
    ids = db.session.scalars(select(Revision.id).where(*over).limit(AT_ONCE)).all()
    for number in ids:
        held = select(Revision).where(Revision.id == number, *over).with_for_update()
        if revision := db.session.scalar(held.execution_options(populate_existing=True)):
            _end(revision)
    return len(ids)


def changes_in(revision: Revision) -> values.Changes:
    """Return what the audit trail says of a revision: its fields that differ from the one
    before, old and new."""
    return values.differences(_before(revision), revision.content)


def changes_of(thing: Writing) -> values.Changes:
    """Return what the audit trail says of the newest revision of a text."""
    last = latest(thing)
    return changes_in(last) if last else {}


def _end(revision: Revision) -> None:
    """Let nothing more go into a revision, and note what did since it was noted last.

    That was done by who began the sitting, and from where they began it.
    """
    if not revision.open:
        return
    revision.open = False
    changes, begun = changes_in(revision), _noted(revision)
    told = begun.changes if begun else {}
    if changes == {name: told[name] for name in told if name in revision.content}:
        return
    entry = note("edit", revision.kind, str(revision.thing_id), revision=revision.number, **changes)
    entry.user_id, entry.user_email = revision.by_id, revision.by.email if revision.by else None
    if begun:
        entry.face, entry.address, entry.request = begun.face, begun.address, begun.request


def _noted(revision: Revision) -> AuditEntry | None:
    """Return the newest row of the trail about a revision; None without."""
    query = (
        select(AuditEntry)
        .where(
            AuditEntry.thing_kind == revision.kind,
            AuditEntry.thing_id == str(revision.thing_id),
            AuditEntry.action == "edit",
        )
        .order_by(AuditEntry.id.desc())
        .limit(MOST_LOOKED_AT)
    )
    found = db.session.scalars(query)
    return next((it for it in found if it.changes.get("revision") == revision.number), None)


def _before(revision: Revision) -> dict[str, Any]:
    query = select(Revision.content).where(
        Revision.kind == revision.kind,
        Revision.thing_id == revision.thing_id,
        Revision.number == revision.number - 1,
    )
    return db.session.scalar(query) or {}


def _changed(before: dict[str, Any], content: dict[str, Any]) -> list[str]:
    return [
        name for name, value in content.items() if (before.get(name) or None) != (value or None)
    ]


def _takes_in(last: Revision, by: User | None, restored_from: int | None) -> bool:
    mine = last.open and by is not None and last.by_id == by.id and restored_from is None
    return mine and clock.now() - last.at < SITTING


def latest(thing: Writing) -> Revision | None:
    """Return the newest revision of a text."""
    return next(iter(of(thing, limit=1)), None)


def of(thing: Writing, limit: int) -> Sequence[Revision]:
    """Return the newest revisions of a text, the newest first."""
    query = select(Revision).where(*_mine(thing)).order_by(Revision.number.desc()).limit(limit)
    return db.session.scalars(query).all()


def find(thing: Writing, number: int) -> Revision | None:
    """Return one revision of a text."""
    return db.session.scalar(select(Revision).where(*_mine(thing), Revision.number == number))


def forget(thing: Writing) -> None:
    """Delete the revisions of a text that is deleted for good."""
    db.session.execute(delete(Revision).where(*_mine(thing)))


def difference(earlier: Revision, later: Revision) -> list[Change]:
    """Return what differs between two revisions of a text, field by field."""
    return [
        Change(name, tuple(_lines_of(name, earlier.content.get(name), value)))
        for name, value in later.content.items()
        if earlier.content.get(name) != value
    ]


def _mine(thing: Writing) -> tuple[Any, Any]:
    return Revision.kind == thing.kind, Revision.thing_id == thing.id


def _lines_of(field: str, earlier: Any, later: Any) -> Iterator[Line]:
    if field == "body":
        return _compare(list(bodies.blocks(earlier or "")), list(bodies.blocks(later)))
    if isinstance(later, list):
        return _compare(list(earlier or []), later)
    return _compare(_split(earlier), _split(later))


def _split(value: Any) -> list[str | bodies.Picture]:
    return [] if value is None else list(str(value).split("\n"))


def _compare(
    a: Sequence[str | bodies.Picture], b: Sequence[str | bodies.Picture]
) -> Iterator[Line]:
    """Match whole lines first, then compare by words what stands in the place of another."""
    # Lines that come very often are no landmarks, or a page of nothing else took minutes.
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, a, b).get_opcodes():
        if kind == "equal":
            yield from (_whole("same", block) for block in b[b1:b2])
            continue
        gone, new = list(a[a1:a2]), list(b[b1:b2])
        while gone and new and isinstance(gone[0], str) and isinstance(new[0], str):
            yield Line(tuple(_parts(gone.pop(0), new.pop(0))))  # type: ignore[arg-type]
        yield from (_whole("removed", block) for block in gone)
        yield from (_whole("added", block) for block in new)


def _whole(kind: Kind, block: str | bodies.Picture) -> Line:
    if isinstance(block, str):
        return Line((Part(kind, block),))
    return Line((Part(kind, block.alt or ""),), block.image_id)


def _parts(earlier: str, later: str) -> Iterator[Part]:
    a, b = _PIECES.findall(earlier), _PIECES.findall(later)
    if len(a) * len(b) > _MOST_COMPARED:
        yield from (Part("removed", earlier), Part("added", later))
        return
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Part("same", "".join(b[b1:b2]))
            continue
        sides: tuple[tuple[Kind, str], ...] = (
            ("removed", "".join(a[a1:a2])),
            ("added", "".join(b[b1:b2])),
        )
        yield from (Part(side, words) for side, words in sides if words)
