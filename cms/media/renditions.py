"""Making the renditions of a picture, and keeping them. Callers commit.

Rendering takes long and writes no row, so that no other writer waits for it. What it
made is recorded in the end, while the picture's row is held: of two jobs that work on
one picture at the same time the second sees what the first has recorded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import select

from cms.config import settings
from cms.errors import NotFound
from cms.extensions import db
from cms.imaging.presets import Preset
from cms.imaging.render import Look, Rendered, Rendering
from cms.imaging.workshop import Limits, render
from cms.media import files, presets, recipes
from cms.media.models import Image, Rendition
from cms.storage.keys import new_key


def complete(image: Image, names: Collection[str] | None = None, *, anew: bool = False) -> bool:
    """Make what a picture lacks of the presets of these names, or of all; remove what no
    preset asks for any more. Return whether anything was made.

    With `anew`, what is up to date is made again too. Raises what `make` does.
    """
    enabled = presets.all_enabled()
    wanted = [preset for preset in enabled if names is None or preset.name in names]
    lacking = wanted if anew else recipes.missing(image, wanted)
    if lacking:
        make(image, lacking)
    _remove_unasked(image, enabled)
    return bool(lacking)


def make(image: Image, wanted: Sequence[Preset]) -> None:
    """Make these presets' renditions, one row each, whatever there is.

    Where another file was put in the picture's place meanwhile, or another part of it
    chosen, nothing is kept: a job for that comes after this one. Raises `cms.imaging`
    errors for a broken file, `cms.storage` errors when it is missing, and `NotFound`
    when the picture was deleted meanwhile.
    """
    begun_with = _source(image)
    with tempfile.TemporaryDirectory(prefix="cms-render-") as folder:
        made = _render(image, wanted, Path(folder))
        with db.session.begin_nested():
            _hold(image)
            if _source(image) == begun_with:
                _keep(image, made)


def _render(image: Image, wanted: Sequence[Preset], folder: Path) -> Rendering:
    with files.storage().path(image.key) as source:
        look = Look((image.focal_x, image.focal_y), tuple(image.crop) if image.crop else None)
        return render(
            source,
            wanted,
            folder,
            max_pixels=settings().image_max_pixels,
            look=look,
            limits=limits(),
        )


def limits() -> Limits:
    """Return what a child may take for one file."""
    asked = settings()
    return Limits(asked.image_memory_mb, asked.image_seconds, asked.image_processes)


def _source(image: Image) -> tuple[object, ...]:
    return image.key, image.version, image.focal_x, image.focal_y, image.crop


def _hold(image: Image) -> None:
    """Lock the picture's row until the commit, and read it and its renditions anew."""
    row = select(Image).where(Image.id == image.id).with_for_update()
    if db.session.scalars(row.execution_options(populate_existing=True)).one_or_none() is None:
        raise NotFound
    of_it = select(Rendition).where(Rendition.image_id == image.id)
    db.session.scalars(of_it.execution_options(populate_existing=True)).all()
    db.session.expire(image, ["renditions"])


def _keep(image: Image, made: Rendering) -> None:
    known = (image.findings or {}) if any(map(_is_of_its_file, image.renditions)) else {}
    for rendered in made.files:
        _record(image, rendered)
    image.placeholder = made.placeholder or image.placeholder
    image.phash = made.phash  # none where all is of one colour
    image.findings = {**known, **made.findings} or None


def _record(image: Image, rendered: Rendered) -> None:
    key = new_key("renditions", rendered.format.extension)
    files.storage().save(key, rendered.path)
    files.written(key)
    made = {"preset": rendered.preset.name, "format": rendered.asked}
    rendition = next(
        (r for r in image.renditions if (r.preset, r.format) == tuple(made.values())), None
    )
    if rendition is None:
        rendition = Rendition(**made)
        image.renditions.append(rendition)
    else:
        files.replaced(rendition.key)
    rendition.key, rendition.recipe = key, recipes.recipe(image, rendered.preset)
    rendition.mime = rendered.format.mime
    rendition.width, rendition.height = rendered.width, rendered.height
    rendition.size = rendered.size


def _remove_unasked(image: Image, enabled: Sequence[Preset]) -> None:
    """Remove the renditions of presets and formats that are gone; those that operations have
    made stay while they are of the same file."""
    asked = {(preset.name, name) for preset in enabled for name in preset.formats}
    for rendition in list(image.renditions):
        kept = presets.is_of_operations(rendition.preset) and _is_of_its_file(rendition)
        if (rendition.preset, rendition.format) not in asked and not kept:
            files.replaced(rendition.key)
            image.renditions.remove(rendition)
    db.session.flush()


def _is_of_its_file(rendition: Rendition) -> bool:
    return recipes.version_of(rendition) == str(rendition.image.version)
