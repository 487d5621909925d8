"""Pictures to be shown: with all their files, and which of these a browser is offered, the
family of a preset, kind by kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from cms.extensions import db
from cms.media.models import Image, Rendition

# Kinds of file that not every browser shows, the smallest first; the others are for all.
_FOR_SOME = ("image/avif", "image/webp")
_INSTEAD = ("resize", "thumbnail")


def family(image: Image, preset: str) -> Sequence[Rendition]:
    """Return the files of a preset, or of all whose names begin with it, such as `width-320`
    and `width-640` for `width`; where there are none, those of `resize` or `thumbnail`."""
    of_preset = [r for r in image.renditions if r.preset == preset]
    begin = f"{preset}-"
    others = [r for r in image.renditions if r.preset.removeprefix(begin).isdigit()]
    instead = ([r for r in image.renditions if r.preset == name] for name in _INSTEAD)
    return next(filter(None, (of_preset, others, *instead)), [])


def by_id(ids: Collection[int]) -> dict[int, Image]:
    """Return these pictures with all their files, loaded at once; none that is in the trash."""
    if not ids:
        return {}
    query = select(Image).where(Image.id.in_(ids)).options(selectinload(Image.renditions))
    return {image.id: image for image in db.session.scalars(query)}


def by_kind(renditions: Iterable[Rendition]) -> list[tuple[str, list[Rendition]]]:
    """Return the files of each kind by width, each width once; what every browser shows last,
    by an empty name."""
    kinds: dict[str, dict[int, Rendition]] = {}
    for rendition in sorted(renditions, key=lambda r: (r.width, len(r.preset), r.preset)):
        mime = rendition.mime
        kinds.setdefault(mime if mime in _FOR_SOME else "", {}).setdefault(
            rendition.width, rendition
        )
    return [(mime, [*kinds[mime].values()]) for mime in (*_FOR_SOME, "") if mime in kinds]
