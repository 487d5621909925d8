"""What a text was, save by save: who changed what, in words, and how to have it back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from sqlalchemy import delete, select

from cms.accounts.models import User
from cms.content import bodies
from cms.content.models import Article, Revision, Writing
from cms.extensions import db

_OF_BOTH = ("title", "slug", "summary", "body", "seo_title", "seo_description")

# Words with the space behind them; signs where there is none between words.
_PIECES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|\s+|[^\w\s]")
# To compare longer texts piece by piece would take seconds.
_MOST_COMPARED = 1_000_000

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
        tags = [tag.title for tag in thing.tags]
        return found | {"cover_id": thing.cover_id, "category_id": thing.category_id, "tags": tags}
    return found | {"template": thing.template, "parent_id": thing.parent_id}


def keep(thing: Writing, by: User | None, restored_from: int | None = None) -> Revision | None:
    """Keep what a text is now; None if that is what the last revision has."""
    content, last = content_of(thing), latest(thing)
    before = last.content if last else {}
    changed = [
        name for name, value in content.items() if (before.get(name) or None) != (value or None)
    ]
    if last and not changed:
        return None
    made = Revision(
        kind=thing.kind,
        thing_id=thing.id,
        number=last.number + 1 if last else 1,
        content=content,
        changed=changed,
        restored_from=restored_from,
        by=by,
    )
    db.session.add(made)
    db.session.flush()
    return made


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
