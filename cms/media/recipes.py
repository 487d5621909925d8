"""How renditions are made, as a mark on each: another mark, another file.

A mark is `<preset>-<version>-<look>`: the preset's own recipe, the number of the
picture's file, and the focal point and crop where the preset's shape depends on them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from cms.extensions import db
from cms.imaging.presets import Preset, Shape
from cms.media.models import Image, Rendition

_MIDDLE = (0.5, 0.5)
_HEIGHT_OF_MOST = 2 / 3  # of the width


def recipe(image: Image, preset: Preset) -> str:
    """Return the mark that a rendition of `preset` has while it is up to date."""
    return f"{preset.recipe}-{image.version}-{_look(image, preset)}"


def version_of(rendition: Rendition) -> str:
    """Return the number of the file that a rendition was made from; empty if nobody knows."""
    return rendition.recipe.partition("-")[2].partition("-")[0]


def missing(image: Image, presets: Sequence[Preset]) -> tuple[Preset, ...]:
    """Return those presets, narrowed to the formats that are not there or out of date."""
    there = {(r.preset, r.format): r.recipe for r in image.renditions}
    lacking = []
    for preset in presets:
        mark = recipe(image, preset)
        formats = tuple(f for f in preset.formats if there.get((preset.name, f)) != mark)
        if formats:
            lacking.append(replace(preset, formats=formats))
    return tuple(lacking)


def is_incomplete(presets: Sequence[Preset]) -> ColumnElement[bool]:
    """Return the condition, for a statement on `Image`, that a file is missing or out of
    date. Of focal point and crop it knows nothing: who moves them submits a job."""
    current = (
        select(func.count())
        .select_from(Rendition)
        .where(Rendition.image_id == Image.id, _is_current(presets))
        .correlate(Image)
        .scalar_subquery()
    )
    return current < sum(len(preset.formats) for preset in presets)


def count_current(
    presets: Sequence[Preset], at_most: int | None = None
) -> dict[tuple[str, str], int]:
    """Count, for each preset and format, the files that are made as the preset says now.

    Of `at_most` no more are counted than that many of each.
    """
    wanted = [(preset, name) for preset in presets for name in preset.formats]
    if not wanted:
        return {}
    counts = []
    for preset, name in wanted:
        rows: Any = select(literal_column("1")).where(
            Rendition.preset == preset.name,
            Rendition.format == name,
            Rendition.recipe.startswith(f"{preset.recipe}-"),
        )
        capped = rows.select_from(Rendition).limit(at_most).subquery()
        counts.append(select(func.count()).select_from(capped).scalar_subquery())
    found = db.session.execute(select(*counts)).one()
    keys = [(preset.name, name) for preset, name in wanted]
    return dict(zip(keys, found, strict=True))


def newest_files(name: str) -> list[Rendition]:
    """Return the renditions of the preset `name` that the newest picture with any has."""
    there = select(func.max(Rendition.image_id)).join(Rendition.image)
    newest = there.where(Rendition.preset == name)
    query = select(Rendition).where(
        Rendition.preset == name, Rendition.image_id == newest.scalar_subquery()
    )
    return list(db.session.scalars(query.order_by(Rendition.id)))


def mean_size(preset: Preset, name: str, samples: int) -> float | None:
    """Return how many bytes a file of a preset in the format `name` has, from so many that
    there are; else from others by the number of pixels. None if there are none at all."""
    of_it = select(Rendition.size).where(Rendition.preset == preset.name, Rendition.format == name)
    sizes = db.session.scalars(of_it.limit(samples)).all()
    if sizes:
        return sum(sizes) / len(sizes)
    newest = select(Rendition.size, Rendition.width * Rendition.height)
    others = db.session.execute(newest.order_by(Rendition.id.desc()).limit(samples)).all()
    if not others:
        return None
    height = preset.height or preset.width * _HEIGHT_OF_MOST
    return sum(size for size, _ in others) / sum(area for _, area in others) * preset.width * height


def _is_current(presets: Sequence[Preset]) -> ColumnElement[bool]:
    version = cast(Image.version, String(12))
    return or_(
        false(),
        *(
            and_(
                Rendition.preset == preset.name,
                Rendition.format.in_(preset.formats),
                Rendition.recipe.startswith(
                    literal(f"{preset.recipe}-", String).concat(version).concat("-")
                ),
            )
            for preset in presets
        ),
    )


def _look(image: Image, preset: Preset) -> str:
    focal = (image.focal_x, image.focal_y) if preset.shape == Shape.CROP else _MIDDLE
    if focal == _MIDDLE and not image.crop:
        return ""
    parts = [*map(float, (*focal, *(image.crop or ())))]
    return sha256(json.dumps(parts).encode()).hexdigest()[:8]
