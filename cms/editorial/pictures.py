"""What an editor does to a picture that is there."""

from __future__ import annotations

from typing import Any

from cms.audit.services import record
from cms.media import services
from cms.media.models import Image
from cms.notifications import services as notifications
from cms.tasks.webhooks import announce


def remake(image: Image, **options: Any) -> None:
    """Make files of a picture again, and tell other systems where the new ones are.

    For `options`, and what is raised, see `cms.media.services.remake`.
    """
    if services.remake(image, **options):
        announce("picture.ready", services.in_brief(image))


def delete_picture(image: Image) -> None:
    """Delete a picture with its renditions; the files go after the commit.

    What administrators were told of it is closed: nothing is left to mend.
    """
    record("delete", image, title=image.title, filename=image.filename)
    notifications.close_subject("image", image.id)
    services.delete_picture(image)
