"""What an editor does to a picture that is there."""

from __future__ import annotations

from cms.audit.services import record
from cms.media import services
from cms.media.models import Image


def delete_picture(image: Image) -> None:
    """Delete a picture with its renditions; the files go after the commit."""
    record("delete", image, title=image.title, filename=image.filename)
    services.delete_picture(image)
