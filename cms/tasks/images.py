"""Slow work on pictures."""

from __future__ import annotations

from cms.errors import N_, CmsError, NotFound
from cms.extensions import db
from cms.jobs.task import Moot, checkpoint
from cms.media import services as media
from cms.media.models import Image, ImageStatus
from cms.tasks.queue import huey
from cms.tasks.webhooks import announce


@huey.task(
    retries=3,
    retry_delay=60,
    name="process_image",
    subject="image",
    words=N_("Process a picture"),
    meaning=N_("These pictures cannot be shown yet. The uploaded files are kept."),
)
def process_image(image_id: int, operations: media.Operations | None = None) -> None:
    """Make the renditions of a picture: of all presets what is missing or out of date.

    With `operations`, such as `[{"type": "resize", "width": 800, "height": 600}]`,
    what those say. The job of a picture that is gone is moot, and so is one that was
    overtaken: the file was replaced or the focal point moved meanwhile, for which there
    is a newer job.
    """
    image = media.begin_processing(image_id)
    if image is None:
        raise Moot
    checkpoint()  # the list shows now that the picture is being worked on
    aim = media.aim_of(image)
    try:
        media.make_renditions(image, operations)
    except CmsError as error:
        if isinstance(error, NotFound) or media.has_moved_on(image, aim):
            raise Moot from error
        raise
    if media.has_moved_on(image, aim):
        raise Moot
    announce("picture.ready", media.in_brief(image))


@process_image.on_failure
def _tell_the_picture(
    image_id: int,
    operations: media.Operations | None = None,
    *,
    error: BaseException,
    final: bool,
) -> None:
    del operations
    media.attempt_failed(image_id, error, final=final)


@process_image.on_retry
def _process_again(image_id: int, operations: media.Operations | None = None) -> None:
    del operations
    image = db.session.get(Image, image_id)
    if image is not None and image.status != ImageStatus.READY:
        media.await_processing(image)
