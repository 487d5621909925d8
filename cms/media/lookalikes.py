"""Pictures that are the same, and pictures that look alike. Callers commit.

A hash of 64 bits says how a picture looks (`Image.phash`). Two look alike where at
most `MOST_BITS` of these differ. Pictures that look alike share a `look_id`, the
smallest number among them, and so does what looks like one of them.

Each hash is also kept in four parts of 16 bits. Where two hashes differ in at most
seven bits, there is a part in which they differ in one bit or none; so those that
look alike are found by an index, however many pictures there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import selectinload

from cms.extensions import db
from cms.media.models import Image, ImageHashPart, ImageStatus

PARTS, BITS = 4, 16
MOST_BITS = 6
# Pictures of one colour all look alike; to compare with some of them is enough.
MOST_COMPARED = 1_000
MOST_SAME = 10


def same_file(sha256: str) -> Sequence[Image]:
    """Return the first pictures whose file has these bytes, without those that failed.

    Asked with `cms.trash.included`, those in the trash come last.
    """
    query = (
        select(Image)
        .where(Image.sha256 == sha256, Image.status != ImageStatus.FAILED)
        .order_by(Image.deleted_at.is_not(None), Image.id)
        .limit(MOST_SAME)
    )
    return db.session.scalars(query).all()


def like(image: Image, limit: int) -> Sequence[Image]:
    """Return the newest other pictures that look like this one, renditions loaded."""
    if image.look_id is None:
        return []
    query = (
        select(Image)
        .where(Image.look_id == image.look_id, Image.id != image.id)
        .options(selectinload(Image.renditions))
        .order_by(Image.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


def note(image: Image) -> None:
    """Find what looks like a picture, after its hash was made. Twice is as good as once."""
    _keep_parts(image)
    before = image.look_id
    image.look_id = _join(image, others) if (others := _alike(image)) else None
    db.session.flush()
    if before not in (None, image.look_id):
        _dissolve(before)


def forget(image: Image) -> None:
    """Take a picture out from among those that look alike, before it is deleted."""
    before, image.look_id = image.look_id, None
    db.session.flush()
    if before is not None:
        _dissolve(before)


def _parts(phash: str) -> list[int]:
    """Return a hash in parts, each with its place: 18 bits."""
    number = int(phash, 16)
    mask = (1 << BITS) - 1
    return [(place << BITS) | (number >> place * BITS & mask) for place in range(PARTS)]


def _near(phash: str) -> Iterator[int]:
    """Return the parts, and those that differ from one of them in one bit."""
    for part in _parts(phash):
        yield part
        yield from (part ^ (1 << bit) for bit in range(BITS))


def _keep_parts(image: Image) -> None:
    of_it = ImageHashPart.image_id == image.id
    kept = db.session.scalars(select(ImageHashPart.part).where(of_it)).all()
    wanted = _parts(image.phash) if image.phash else []
    if set(kept) == set(wanted):
        return
    db.session.execute(delete(ImageHashPart).where(of_it))
    if wanted:
        rows = [{"part": part, "image_id": image.id} for part in wanted]
        db.session.execute(insert(ImageHashPart), rows)


def _alike(image: Image) -> list[Any]:
    """Return number, hash and look of what looks like a picture."""
    if not image.phash:
        return []
    near = select(ImageHashPart.image_id).where(ImageHashPart.part.in_([*_near(image.phash)]))
    rows = db.session.execute(
        select(Image.id, Image.phash, Image.look_id)
        .where(Image.id.in_(near), Image.id != image.id)
        .order_by(Image.id)
        .limit(MOST_COMPARED)
    )
    here = int(image.phash, 16)
    return [
        row for row in rows if row.phash and (int(row.phash, 16) ^ here).bit_count() <= MOST_BITS
    ]


def _join(image: Image, others: Sequence[Any]) -> int:
    """Let a picture and others have one look, and return it. Nothing is written, and so
    nothing locked, where they have it already."""
    looks = {other.look_id for other in others if other.look_id is not None}
    loose = [other.id for other in others if other.look_id is None]
    look: int = min(looks or {image.id, *loose})
    if loose or looks != {look}:
        members = or_(Image.id.in_(loose), Image.look_id.in_(looks))
        # In one order, so that two who do this at once wait and do not stop each other.
        db.session.execute(select(Image.id).where(members).order_by(Image.id).with_for_update())
        db.session.execute(update(Image).where(members).values(look_id=look))
    return look


def _dissolve(look: int | None) -> None:
    """Let a picture be by itself that looks like no other any more."""
    left = db.session.scalars(select(Image.id).where(Image.look_id == look).limit(2)).all()
    if len(left) == 1:
        db.session.execute(update(Image).where(Image.id == left[0]).values(look_id=None))
