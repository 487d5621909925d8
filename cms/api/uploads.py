"""What parts that take files have in common: how files come, and what is said of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import Schema, fields
from werkzeug.exceptions import RequestEntityTooLarge, UnprocessableEntity

from cms.accounts.policy import may
from cms.api.jobs import JobSchema
from cms.api.part import one
from cms.editorial.uploads import FileTooLarge, Refusal
from cms.errors import CmsError
from cms.jobs.models import Job

FILES = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "contentMediaType": "application/octet-stream"},
            }
        },
    }
}
PLACE = {"Location": {"description": "Where the work is watched.", "schema": {"type": "string"}}}


class UploadQuerySchema(Schema):
    """How files are taken."""

    again = fields.Boolean(
        load_default=False,
        metadata={"description": "Take files also that are in the library already."},
    )


class RefusedSchema(Schema):
    """A file that was not taken, and why."""

    filename = fields.String()
    error = fields.String()


def _place(reader: str, thing: Any, job: Job) -> str:
    """Return where the work on a thing is watched: its job, for those who may see that."""
    if may(current_user, "view", "job", job):
        return url_for("jobs.read_job", id=job.id)
    return url_for(reader, id=thing.id)


def under_way(reader: str, thing: Any, job: Job) -> Response:
    """Answer the job that works on a thing again."""
    answer = one(JobSchema, job)
    answer.status_code, answer.location = 202, _place(reader, thing, job)
    return answer


def taken_in(reader: str, schema: type[Schema], result: Any, told: Any) -> Response:
    """Answer an upload as `told`: 202 and where the first file is worked on, if any was taken.

    Raises the error of the first file if all were refused.
    """
    if result.refused and not (result.taken or result.duplicates):
        raise _all_refused(result.refused)
    answer = one(schema, told)
    if result.taken:
        answer.status_code, answer.location = 202, _place(reader, *result.taken[0])
    return answer


def in_words(error: CmsError) -> str:
    """Return what an error says, in the language of who asks."""
    return _(error.sentence, **error.facts)


def of_refused(refused: Sequence[Refusal]) -> list[dict[str, str]]:
    """Return each file that was not taken, as `RefusedSchema` tells it."""
    return [{"filename": it.filename, "error": in_words(it.error)} for it in refused]


def _all_refused(refused: Sequence[Refusal]) -> Any:
    """Return the error of an upload of which nothing was taken."""
    too_large = all(isinstance(it.error, FileTooLarge) for it in refused)
    error: Any = RequestEntityTooLarge() if too_large else UnprocessableEntity()
    error.told = refused[0].error
    error.more = {
        "errors": [
            {"in": "body", "name": it.filename, "detail": in_words(it.error)} for it in refused
        ]
    }
    return error
