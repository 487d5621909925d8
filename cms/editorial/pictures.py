"""What an editor does to a picture that is there."""

from __future__ import annotations

from cms.audit.services import record
from cms.imaging.operations import DEFAULT_OPERATIONS
from cms.jobs.models import Job
from cms.media import services, survey
from cms.media.models import Image
from cms.notifications import services as notifications
from cms.tasks.images import process_image


def delete_picture(image: Image) -> None:
    """Delete a picture with its renditions; the files go after the commit.

    What administrators were told of it is closed: nothing is left to mend.
    """
    record("delete", image, title=image.title, filename=image.filename)
    notifications.close_subject("image", image.id)
    services.delete_picture(image)


def render_again(image: Image) -> Job:
    """Submit the job that makes a picture's renditions; those whose file is lost are gone."""
    survey.drop_lost_renditions(image)
    record("render", image)
    return process_image.submit(image.id, DEFAULT_OPERATIONS)
