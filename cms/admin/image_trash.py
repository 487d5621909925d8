"""The trash of the pictures. Their files are shown to nobody but those who may restore them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import Response, abort, request, send_file, url_for
from sqlalchemy.orm import selectinload

from cms.admin import columns
from cms.admin.base import expose, needs
from cms.admin.images import ImageView
from cms.admin.trash import TrashView
from cms.media import files
from cms.media.models import Image
from cms.storage.base import MissingFile


def _preview(image: Image) -> str | None:
    return url_for("image_trash.preview", id=image.id) if image.rendition("thumbnail") else None


class ImageTrash(TrashView):
    """The pictures that were deleted."""

    kind, whence = "image", "image"
    column_list = ("thumbnail", "title", "size", "deleted_by.email", "deleted_at", "purged_at")
    column_labels: ClassVar[dict[str, Any]] = {
        **ImageView.column_labels,
        **TrashView.column_labels,
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        **TrashView.column_formatters,
        "thumbnail": columns.picture(_preview),
        "size": columns.file_size,
    }
    column_sortable_list: ClassVar[Sequence[Any]] = ("title", "size", "deleted_at")
    column_searchable_list: ClassVar[Sequence[str]] = ("title", "alt_text", "filename")
    loads = (selectinload(Image.renditions),)

    @expose("/preview")
    @needs("restore")
    def preview(self) -> Response:
        """Send the thumbnail of a picture that is in the trash."""
        rendition = self.get_one(request.args.get("id", "")).rendition("thumbnail")
        if rendition is None:
            abort(404)
        try:
            file = files.storage().open(rendition.key)
        except MissingFile:
            abort(404)
        response = send_file(file, mimetype=rendition.mime, etag=rendition.key, max_age=0)
        response.cache_control.private = True
        return response
