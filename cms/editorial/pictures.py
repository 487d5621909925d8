"""What an editor does to a picture that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from werkzeug.datastructures import FileStorage

from cms.accounts.models import User
from cms.audit.services import record
from cms.editorial.uploads import NoFile, display_name, inspected
from cms.errors import N_, CmsError
from cms.jobs.models import Job
from cms.media import services, survey, usage, versions
from cms.media.incoming import IncomingFile
from cms.media.models import Image, ImageVersion
from cms.media.usage import Use
from cms.notifications import services as notifications
from cms.tasks.images import process_image
from cms.tasks.webhooks import announce

MOST_USES_NAMED = 3


class StillUsed(CmsError):
    """The picture is shown somewhere; deleting it would leave a hole."""

    sentence = N_("“%(title)s” is used in %(where)s, and cannot be deleted.")

    @classmethod
    def of(cls, image: Image, uses: Sequence[Use]) -> StillUsed:
        """Make the error that says of a picture where it is used; not of too many places."""
        named = [f"“{use.title}”" for use in uses[:MOST_USES_NAMED]]
        where = ", ".join([*named, "…"] if len(uses) > MOST_USES_NAMED else named)
        return cls(title=image.title, where=where)


class SameFile(CmsError):
    """Another file was asked for."""

    sentence = N_("This is the file that the picture has already.")


def remake(image: Image, **options: Any) -> None:
    """Make files of a picture again, and tell other systems where the new ones are.

    For `options`, and what is raised, see `cms.media.services.remake`.
    """
    if services.remake(image, **options):
        announce("picture.ready", services.in_brief(image))


def delete_picture(image: Image) -> None:
    """Delete a picture with its renditions and versions; the files go after the commit.

    What administrators were told of it is closed: nothing is left to mend. Raises
    `StillUsed`.
    """
    if uses := usage.uses_of([image.id]).get(image.id):
        raise StillUsed.of(image, uses)
    record("delete", image, title=image.title, filename=image.filename)
    notifications.close_subject("image", image.id)
    services.delete_picture(image)


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
    if upload is None or not upload.filename:
        raise NoFile
    name, incoming = display_name(upload.filename), cast("IncomingFile", upload.stream)
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
    record("remove version", image, version=version.number, filename=version.filename)
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
