"""What presets there are: the shipped ones, as an administrator has changed them, and others.

A row with a shipped name stands in place of the shipped preset; without one it is
as it came. Callers commit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select

from cms import clock
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.imaging.operations import LARGEST_SIDE, SHAPES, AbsurdSize
from cms.imaging.presets import FORMATS, SHIPPED, Preset, Shape
from cms.media.models import LAST, ImagePreset

HIGHEST_QUALITY = 100
# Between two shipped presets, so that others can be moved there.
GAP = 1024

_SHIPPED = {preset.name: preset for preset in SHIPPED}
_SHIPPED_AT = {preset.name: place * GAP for place, preset in enumerate(SHIPPED, 1)}
# Renditions keep the name for good, and templates ask for it.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OF_OPERATIONS = re.compile(rf"({'|'.join(SHAPES)})-\d+x\d+")
_MATTE = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


class BadName(CmsError):
    """A name that is no slug, or too long."""

    sentence = N_("A name has small letters, digits and single hyphens, and begins with a letter.")


class TakenName(CmsError):
    """A name that a preset has, or that operations give."""

    sentence = N_("The name “%(name)s” is taken.")


class NoFormat(CmsError):
    """No format, or one that is not among `FORMATS`."""

    sentence = N_("Choose at least one format.")


class BadQuality(CmsError):
    """A quality that is no whole number from 1 to 100."""

    sentence = N_("The quality must be a whole number from 1 to %(limit)s.")


class BadMatte(CmsError):
    """A colour that is not written as `#ffffff`."""

    sentence = N_("Write the colour as # and six digits, such as #ffffff.")


class NoHeight(CmsError):
    """A shape that needs a height, without one."""

    sentence = N_("This shape needs a height.")


class OwnPreset(CmsError):
    """One that somebody made here, and that can be as it came no more than that."""

    sentence = N_("This one was made here: there is nothing that it came as.")


class ShippedPreset(CmsError):
    """A preset that came with QsCMS: it can be switched off, not deleted."""

    sentence = N_("“%(name)s” came with QsCMS. It can be switched off or reset, not deleted.")


def all_enabled() -> tuple[Preset, ...]:
    """Return what is to be made of every picture, in the order that people have given them."""
    return tuple(as_preset(row) for row in every() if row.enabled)


def every() -> Sequence[ImagePreset]:
    """Return all presets as rows in their order, those that are switched off too: shipped
    ones first, then by name, unless they were moved.

    What is as it came has no row in the database: such ones are not in the session.
    """
    rows = {row.name: row for row in db.session.scalars(select(ImagePreset))}
    shipped = [rows.get(name) or as_row(preset) for name, preset in _SHIPPED.items()]
    others = [rows[name] for name in sorted(rows.keys() - _SHIPPED.keys())]
    return sorted([*shipped, *others], key=lambda row: row.position)


def last_position() -> int:
    """Return the position of a preset that is to stand after all others."""
    return max(LAST, *(row.position + GAP for row in every()))


def find(name: str) -> ImagePreset | None:
    """Return a preset by its name, as `every` does; None if there is none."""
    row = db.session.scalars(select(ImagePreset).where(ImagePreset.name == name)).one_or_none()
    if row is None and name in _SHIPPED:
        return as_row(_SHIPPED[name])
    return row


def is_shipped(name: str) -> bool:
    """Tell whether a preset of that name came with QsCMS."""
    return name in _SHIPPED


def is_as_shipped(row: ImagePreset) -> bool:
    """Tell whether nobody has changed a shipped preset."""
    return row.enabled and as_preset(row) == _SHIPPED.get(row.name)


def as_preset(row: ImagePreset) -> Preset:
    """Return the preset that a row says."""
    return Preset(
        row.name,
        row.shape,
        row.width,
        None if row.shape == Shape.WIDTH else row.height,
        tuple(name for name in FORMATS if name in row.formats),
        row.quality,
        row.matte,
        row.motion,
    )


def as_row(preset: Preset) -> ImagePreset:
    """Return a row that says the same, in no session."""
    return ImagePreset(
        name=preset.name,
        shape=preset.shape,
        width=preset.width,
        height=preset.height,
        formats=list(preset.formats),
        quality=preset.quality,
        matte=preset.matte,
        motion=preset.motion,
        enabled=True,
        position=_SHIPPED_AT.get(preset.name, LAST),
    )


def keep(row: ImagePreset) -> None:
    """Give a shipped preset a row, to be changed; hold the row until the commit."""
    db.session.add(row)
    db.session.flush()
    db.session.refresh(row, with_for_update=True)


def tidy(row: ImagePreset) -> None:
    """Check a preset that was added or changed, and note the time. Raises what `check` does."""
    check(row)
    row.matte = row.matte.lower()
    row.height = None if row.shape == Shape.WIDTH else row.height
    row.changed_at = clock.now()


def reset(row: ImagePreset) -> None:
    """Let a shipped preset be as it came; one that was moved stays where it was put.

    Raises `OwnPreset` for one that was made here.
    """
    if row.name not in _SHIPPED:
        raise OwnPreset
    if row not in db.session:
        return
    shipped, moved = as_row(_SHIPPED[row.name]), row.position != _SHIPPED_AT[row.name]
    db.session.delete(row)
    db.session.flush()
    if moved:
        shipped.position = row.position
        db.session.add(shipped)
        db.session.flush()


def check(row: ImagePreset) -> None:
    """Raise what is wrong with a preset: `BadName`, `TakenName`, `AbsurdSize`, `NoHeight`,
    `NoFormat`, `BadQuality` or `BadMatte`."""
    check_name(row.name)
    check_side(row.width)
    if row.shape != Shape.WIDTH:
        if row.height is None:
            raise NoHeight
        check_side(row.height)
    check_formats(row.formats)
    check_quality(row.quality)
    check_matte(row.matte)


def check_deletable(row: ImagePreset) -> None:
    """Raise `ShippedPreset`."""
    if is_shipped(row.name):
        raise ShippedPreset(name=row.name)


def check_name(name: str) -> None:
    """Raise `BadName`, or `TakenName` for one such as `resize-400x300`: it is a job's."""
    if len(name) > ImagePreset.name.type.length or not _NAME.fullmatch(name):
        raise BadName
    if is_of_operations(name):
        raise TakenName(name=name)


def is_of_operations(name: str) -> bool:
    """Tell whether a rendition's name is one that `cms.imaging.operations` gives."""
    return bool(_OF_OPERATIONS.fullmatch(name))


def check_side(pixels: int | None) -> None:
    """Raise `AbsurdSize`."""
    if pixels is None or not 1 <= pixels <= LARGEST_SIDE:
        raise AbsurdSize(limit=LARGEST_SIDE)


def check_formats(names: Sequence[str]) -> None:
    """Raise `NoFormat`."""
    if not names or not set(names) <= {*FORMATS}:
        raise NoFormat


def check_quality(quality: int | None) -> None:
    """Raise `BadQuality`."""
    if quality is None or not 1 <= quality <= HIGHEST_QUALITY:
        raise BadQuality(limit=HIGHEST_QUALITY)


def check_matte(colour: str) -> None:
    """Raise `BadMatte`."""
    if not _MATTE.fullmatch(colour):
        raise BadMatte
