"""The files that a picture had before: put aside, put back, removed. Callers commit."""

from __future__ import annotations

from typing import Any

from cms.accounts.models import User
from cms.config import settings
from cms.extensions import db
from cms.imaging.probe import Probe, probe
from cms.media import files
from cms.media.incoming import IncomingFile
from cms.media.models import Image, ImageVersion
from cms.storage.keys import new_key

_OF_THE_FILE = ("filename", "key", "mime", "size", "sha256", "width", "height")
# Shapes that differ by less are the same picture, scaled.
_SAME_SHAPE = 0.01


def replace(
    image: Image, filename: str, file: IncomingFile, found: Probe, by: User | None
) -> ImageVersion:
    """Put an arrived file in the place of a picture's own; return what it was before."""
    key = new_key("originals", found.format.extension)
    file.adopt(key)
    files.written(key)
    about = {"filename": filename, "key": key, "size": file.size, "sha256": file.sha256}
    return _swap(image, about, found, by)


def restore(image: Image, version: ImageVersion, by: User | None) -> ImageVersion:
    """Put the file of an older version back in its place; return what it was before.

    The version's row goes: the file is the picture's own again. Raises `MissingFile`,
    and what `cms.imaging.probe` raises for a file that would not be taken any more.
    """
    with files.storage().path(version.key) as path:
        found = probe(path, max_pixels=settings().image_max_pixels)
    about = {name: getattr(version, name) for name in ("filename", "key", "size", "sha256")}
    image.versions.remove(version)
    return _swap(image, about, found, by)


def remove(image: Image, version: ImageVersion) -> None:
    """Forget an older version; its file goes after the commit."""
    files.replaced(version.key)
    image.versions.remove(version)
    db.session.flush()


def _swap(image: Image, about: dict[str, Any], found: Probe, by: User | None) -> ImageVersion:
    kept = {name: getattr(image, name) for name in _OF_THE_FILE}
    old = ImageVersion(number=image.version, replaced_by=by, **kept)
    image.versions.insert(0, old)
    across, down = image.width * found.height, image.height * found.width
    if abs(across - down) > _SAME_SHAPE * across:  # what was set on it makes no sense now
        image.focal_x = image.focal_y = 0.5
        image.crop = None
    for name, value in about.items():
        setattr(image, name, value)
    image.mime, image.animated = found.format.mime, found.animated
    image.width, image.height = found.width, found.height
    image.version += 1
    db.session.flush()
    return old
