"""Pictures: list, upload, describe, move to the trash, try again."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from marshmallow import Schema, fields, validate
from sqlalchemy import or_
from sqlalchemy.orm import selectinload

from cms.api.access import find, person
from cms.api.jobs import JobSchema
from cms.api.lists import NEXT, Listed, Text, any_holds, fields_of, moment, page_of
from cms.api.part import Part, nothing, one
from cms.api.uploads import (
    FILES,
    PLACE,
    RefusedSchema,
    UploadQuerySchema,
    of_refused,
    taken_in,
    under_way,
)
from cms.api.words import PersonSchema, Said, reason, told, when
from cms.editorial import edits, retries, trash
from cms.editorial.uploads import UploadResult, upload_pictures
from cms.imaging.formats import FORMATS
from cms.media.models import NO_TEXT, Image, ImageStatus, Orientation
from cms.media.usage import StillUsed

KIND, READER = "image", "pictures.read_picture"
pictures = Part("pictures", KIND, "The pictures of the library, with the files made of them.")


def _file(rendition: Any) -> str:
    return url_for("site.media", key=rendition.key)


class RenditionSchema(Schema):
    """A file made of a picture."""

    name = told("The preset.", fields.String, attribute="preset", example="thumbnail")
    url = told("Where it is.", Said, say=_file)
    mime = told("Its kind.", fields.String, example="image/webp")
    width = told("In pixels.", fields.Integer)
    height = told("In pixels.", fields.Integer)
    size = told("In bytes.", fields.Integer)


class PictureSchema(Schema):
    """A picture. Width and height are those displayed, after turning."""

    id = told("Its number.", fields.Integer, example=7)
    title = told("For editors.", fields.String, example="Harbour at dawn")
    alt_text = told("What it shows, for people who cannot see it.", fields.String)
    filename = told("What the file was called.", fields.String, example="harbour.jpg")
    status = told("Where it stands.", fields.Enum, enum=ImageStatus, by_value=True)
    error = told(
        "Why it failed, in the language asked for.",
        Said,
        say=reason,
        allow_none=True,
    )
    mime = told("Kind of the original.", fields.String, example="image/jpeg")
    size = told("Bytes of the original.", fields.Integer)
    width = told("In pixels.", fields.Integer)
    height = told("In pixels.", fields.Integer)
    orientation = told("Its shape.", fields.Enum, enum=Orientation, by_value=True)
    animated = told("Whether it moves.", fields.Boolean)
    version = told("How often its file was replaced, and one.", fields.Integer)
    focal_x = told("What matters in it, from the left, 0 to 1.", fields.Float)
    focal_y = told("What matters in it, from the top, 0 to 1.", fields.Float)
    renditions = fields.List(fields.Nested(RenditionSchema))
    owner = fields.Nested(PersonSchema, allow_none=True)
    created_at = when("When it was uploaded.")
    processed_at = when("When its files were last made.", allow_none=True)


class PictureChangeSchema(Schema):
    """What of a picture is changed; the rest stays."""

    title = Text(validate=[validate.Length(1, 255), validate.Regexp(r"\s*\S")])
    alt_text = Text(validate=validate.Length(0, 500))


class TakenSchema(Schema):
    """A file that was taken, and the job that makes its renditions."""

    id = fields.Integer()
    status = fields.Enum(ImageStatus, by_value=True)
    job_id = fields.String()


class KnownSchema(Schema):
    """A file that is here already, and as which picture."""

    filename = fields.String()
    id = fields.Integer()
    title = fields.String()
    in_trash = fields.Boolean()


class UploadSchema(Schema):
    """What became of each file."""

    images = fields.List(fields.Nested(TakenSchema))
    errors = fields.List(fields.Nested(RefusedSchema))
    duplicates = fields.List(fields.Nested(KnownSchema))


def _is_mine() -> Any:
    return Image.owner_id == person().id


LIST = Listed(
    Image,
    PictureSchema,
    sorts={
        "id": Image.id,
        "title": Image.title,
        "status": Image.status,
        "size": Image.size,
        "created_at": Image.created_at,
    },
    usual="-id",
    filters={
        "status": (fields.Enum(ImageStatus, by_value=True), lambda it: Image.status == it),
        "mime": (
            fields.String(validate=validate.OneOf([it.mime for it in FORMATS])),
            lambda it: Image.mime == it,
        ),
        "orientation": (
            fields.Enum(Orientation, by_value=True),
            lambda it: Image.orientation == it,
        ),
        "animated": (fields.Boolean(), Image.animated.is_),
        "has_text": (
            fields.Boolean(metadata={"description": "Whether it has an alternative text."}),
            lambda it: Image.alt_text != NO_TEXT if it else Image.alt_text == NO_TEXT,
        ),
        "mine": (
            fields.Boolean(metadata={"description": "Whether one has uploaded it oneself."}),
            lambda it: _is_mine() if it else or_(Image.owner_id.is_(None), ~_is_mine()),
        ),
        "created_since": (moment("Uploaded then or later."), lambda it: Image.created_at >= it),
        "created_before": (moment("Uploaded earlier."), lambda it: Image.created_at < it),
    },
    search=any_holds(Image, "title", "alt_text", "filename"),
    loads=(selectinload(Image.renditions), selectinload(Image.owner)),
)


@pictures.offer(
    "GET", "", may="view", answers=page_of(PictureSchema), query=LIST.query, headers=NEXT
)
def list_pictures(asked: Any) -> Response:
    """List pictures."""
    return LIST.page(asked)


@pictures.offer(
    "GET",
    "/<int:id>",
    may="view",
    answers=PictureSchema,
    query=fields_of(PictureSchema),
    tagged=True,
)
def read_picture(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one picture."""
    image = _one(id, "view")
    pictures.set_etag(image, PictureSchema)
    return one(PictureSchema, image, only=asked.get("fields"))


@pictures.offer(
    "POST",
    "",
    may="create",
    answers=UploadSchema,
    code=202,
    query=UploadQuerySchema,
    form=FILES,
    headers=PLACE,
    also={200: ("All of them are here already.", UploadSchema)},
)
def upload_files(asked: Any) -> Response:
    """Upload pictures.

    Each good file of the field `file` is taken, whatever the others are. The answer comes
    before the files are processed: `Location` is the job's address or, for those who may
    not see jobs, the picture's. Files that are here already are not taken a second time.
    """
    result = upload_pictures(request.files.getlist("file"), person(), again=asked["again"])
    return taken_in(READER, UploadSchema, result, _as_answer(result))


@pictures.offer(
    "PATCH", "/<int:id>", may="edit", answers=PictureSchema, body=PictureChangeSchema, tagged=True
)
def change_picture(changes: Any, id: int) -> Response:  # noqa: A002
    """Change title or alternative text.

    `If-Match` says which state is changed, so that nobody's change is lost; `*` is any.
    """
    image = _one(id, "edit", lock=True)
    pictures.check_etag(image, PictureSchema)
    edits.write(image, person(), **changes)
    pictures.set_etag(image, PictureSchema)
    return one(PictureSchema, image)


@pictures.offer("DELETE", "/<int:id>", may="delete", answers=None, code=204, conflicts=[StillUsed])
def delete_picture(id: int) -> Response:  # noqa: A002
    """Move a picture to the trash, if nothing uses it."""
    trash.delete_picture(_one(id, "delete", lock=True), person())
    return nothing()


@pictures.offer(
    "POST",
    "/<int:id>/retry",
    may="retry",
    answers=JobSchema,
    code=202,
    headers=PLACE,
    conflicts=[retries.NothingToRetry],
)
def retry_picture(id: int) -> Response:  # noqa: A002
    """Try a failed picture again."""
    image = _one(id, "retry")
    return under_way(READER, image, retries.retry_picture(image))


def _one(number: int, action: str, *, lock: bool = False) -> Image:
    found: Image = find(Image, number, action, KIND, lock=lock)
    return found


def _as_answer(result: UploadResult) -> dict[str, Any]:
    return {
        "images": [
            {"id": image.id, "status": image.status, "job_id": job.id}
            for image, job in result.taken
        ],
        "errors": of_refused(result.refused),
        "duplicates": [
            {
                "filename": it.filename,
                "id": it.image.id,
                "title": it.image.title,
                "in_trash": it.image.in_trash,
            }
            for it in result.duplicates
        ],
    }
