"""What an editor does to a picture that is there."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import FileStorage

from cms.accounts.models import User
from cms.audit.services import record
from cms.audit.values import gone
from cms.editorial.uploads import inspected, sent
from cms.errors import N_, CmsError
from cms.jobs.models import Job
from cms.media import services, survey, versions
from cms.media.models import Image, ImageVersion
from cms.tasks.images import process_image
from cms.tasks.webhooks import announce


class SameFile(CmsError):
    """Another file was asked for."""

    sentence = N_("This is the file that the picture has already.")


def remake(image: Image, **options: Any) -> None:
    """Make files of a picture again, and tell other systems where the new ones are.

    For `options`, and what is raised, see `cms.media.services.remake`.
    """
    if services.remake(image, **options):
        announce("picture.ready", services.in_brief(image))


def keep_focal_point(image: Image) -> None:
    """Bring a focal point that was cropped away to the nearest place that is left."""
    if image.crop:
        left, top, right, bottom = image.crop
        image.focal_x = min(max(image.focal_x, left), right)
        image.focal_y = min(max(image.focal_y, top), bottom)


def make_again(image: Image) -> Job:
    """Let the renditions be made again; the old ones serve until the new are whole."""
    services.await_processing(image)
    return process_image.submit(image.id)


def replace_file(image: Image, upload: FileStorage | None, by: User | None) -> Job:
    """Put another file in the place of a picture's own, which is kept as an older version.

    Title, alternative text and all that refers to the picture stay; the old renditions
    serve until the new ones are whole. Raises `NoFile`, `SameFile`, and for a file that
    cannot be taken what an upload raises; nothing is changed then.
    """
    name, incoming = sent(upload)
    found = inspected(incoming)
    if incoming.sha256 == image.sha256:
        raise SameFile
    old = versions.replace(image, name, incoming, found, by)
    _note("replace", image, old)
    return make_again(image)


def restore_version(image: Image, version: ImageVersion, by: User | None) -> Job:
    """Put an older file back in its place. What was there becomes an older version."""
    old = versions.restore(image, version, by)
    _note("restore", image, old)
    return make_again(image)


def remove_version(image: Image, version: ImageVersion) -> None:
    """Remove an older file for good, after the commit."""
    record("remove version", image, version=version.number, **gone(version))
    versions.remove(image, version)


def _note(act: str, image: Image, old: ImageVersion) -> None:
    changes = {
        "version": [old.number, image.version],
        "filename": [old.filename, image.filename],
        "size": [old.size, image.size],
    }
    record(act, image, **changes)


def render_again(image: Image) -> Job:
    """Submit the job that makes a picture's renditions; those whose file is lost are gone."""
    survey.drop_lost_renditions(image)
    record("render", image)
    return process_image.submit(image.id)
