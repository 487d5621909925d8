"""Documents: files to be read or kept, not shown."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import Forbidden

from cms.accounts.policy import may
from cms.api.access import person, there
from cms.api.jobs import JobSchema
from cms.api.lists import NEXT, Listed, Text, any_holds, fields_of, page_of
from cms.api.part import Part, nothing, one
from cms.api.texts import title
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
from cms.editorial import documents as acts
from cms.editorial import edits, retries
from cms.media import documents as files
from cms.media.document_types import KINDS
from cms.media.models import Document, DocumentStatus
from cms.media.usage import StillUsed

KIND, READER = "document", "documents.read_document"
documents = Part("documents", KIND, "Files to be read or kept: PDF, tables, archives.")


def _address(document: Document) -> str:
    return url_for("site.document", document_id=document.id, name=files.shown_name(document))


class DocumentSchema(Schema):
    """A document. A private one is opened by a link that ends."""

    id = told("Its number.", fields.Integer, example=7)
    title = told("What it is called.", fields.String, example="Timetable")
    description = told("What is in it.", fields.String)
    filename = told("What the file was called.", fields.String, example="timetable.pdf")
    url = told("Where the public fetches it.", Said, say=_address)
    private = told("Whether the public may not.", fields.Boolean)
    mime = told("Its kind, by its content.", fields.String, example="application/pdf")
    size = told("In bytes.", fields.Integer)
    status = told("Where it stands.", fields.Enum, enum=DocumentStatus, by_value=True)
    error = told("Why it failed; it can be fetched all the same.", Said, say=reason,
                 allow_none=True)  # fmt: skip
    version = told("How often its file was replaced, and one.", fields.Integer)
    owner = fields.Nested(PersonSchema, allow_none=True)
    created_at = when("When it was uploaded.")
    changed_at = when("When its file was last replaced.")


class DocumentChangeSchema(Schema):
    """What of a document is changed; the rest stays."""

    title = title()
    description = Text(validate=validate.Length(0, 1000))
    private = fields.Boolean(truthy={True}, falsy={False})


class DocumentQuerySchema(UploadQuerySchema):
    """How documents are taken."""

    private = fields.Boolean(
        load_default=False, metadata={"description": "Whether the public may not have them."}
    )


class TakenDocumentSchema(Schema):
    """A file that was taken, and the job that looks at it."""

    id = fields.Integer()
    status = fields.Enum(DocumentStatus, by_value=True)
    job_id = fields.String()


class KnownDocumentSchema(Schema):
    """A file that is here already, and as which document."""

    filename = fields.String()
    id = fields.Integer()
    title = fields.String()


class DocumentsTakenSchema(Schema):
    """What became of each file."""

    documents = fields.List(fields.Nested(TakenDocumentSchema))
    errors = fields.List(fields.Nested(RefusedSchema))
    duplicates = fields.List(fields.Nested(KnownDocumentSchema))


class DocumentLinkSchema(Schema):
    """What opens a private document to whoever has it."""

    url = told("The address.", fields.String)
    until = when("When it ends.")


LIST = Listed(
    Document,
    DocumentSchema,
    sorts={
        "id": Document.id,
        "title": Document.title,
        "size": Document.size,
        "created_at": Document.created_at,
    },
    usual="-id",
    filters={
        "status": (fields.Enum(DocumentStatus, by_value=True), lambda it: Document.status == it),
        "mime": (
            fields.String(validate=validate.OneOf(sorted({it.mime for it in KINDS.values()}))),
            lambda it: Document.mime == it,
        ),
        "private": (fields.Boolean(), Document.private.is_),
    },
    search=any_holds(Document, "title", "description", "filename"),
    loads=(selectinload(Document.owner),),
)


@documents.offer(
    "GET", "", may="read", answers=page_of(DocumentSchema), query=LIST.query, headers=NEXT
)
def list_documents(asked: Any) -> Response:
    """List documents."""
    return LIST.page(asked, acts.visible(person()))


@documents.offer(
    "GET",
    "/<int:id>",
    may="read",
    answers=DocumentSchema,
    query=fields_of(DocumentSchema),
    tagged=True,
)
def read_document(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell of one document."""
    document = _one(id, "read")
    documents.set_etag(document, DocumentSchema)
    return one(DocumentSchema, document, only=asked.get("fields"))


@documents.offer(
    "POST",
    "",
    may="create",
    answers=DocumentsTakenSchema,
    code=202,
    query=DocumentQuerySchema,
    form=FILES,
    headers=PLACE,
    also={200: ("All of them are here already.", DocumentsTakenSchema)},
)
def upload_documents(asked: Any) -> Response:
    """Upload documents.

    Each good file of the field `file` is taken, whatever the others are, and looked at by a
    job. Files that are here already are not taken a second time.
    """
    result = acts.upload(request.files.getlist("file"), person(), **asked)
    return taken_in(READER, DocumentsTakenSchema, result, _as_answer(result))


@documents.offer(
    "PATCH", "/<int:id>", may="edit", answers=DocumentSchema, body=DocumentChangeSchema, tagged=True
)
def change_document(changes: Any, id: int) -> Response:  # noqa: A002
    """Change what a document is called, what is said of it, and who may have it.

    `If-Match` says which state is changed, so that nobody's change is lost; `*` is any.
    """
    document = _one(id, "edit", lock=True)
    documents.check_etag(document, DocumentSchema)
    edits.write(document, person(), **changes)
    documents.set_etag(document, DocumentSchema)
    return one(DocumentSchema, document)


@documents.offer("DELETE", "/<int:id>", may="delete", answers=None, code=204, conflicts=[StillUsed])
def delete_document(id: int) -> Response:  # noqa: A002
    """Move a document to the trash, if nothing leads to it."""
    acts.delete(_one(id, "delete", lock=True), person())
    return nothing()


@documents.offer(
    "POST",
    "/<int:id>/retry",
    may="retry",
    answers=JobSchema,
    code=202,
    headers=PLACE,
    conflicts=[retries.NothingToRetry],
)
def retry_document(id: int) -> Response:  # noqa: A002
    """Look at a document again that has failed."""
    document = _one(id, "retry")
    return under_way(READER, document, retries.retry_newest(KIND, document.id))


@documents.offer(
    "POST",
    "/<int:id>/link",
    may="edit",
    answers=DocumentLinkSchema,
    conflicts=[acts.NothingPrivate],
)
def link_document(id: int) -> Response:  # noqa: A002
    """Make a link that opens a private document to whoever has it, until it ends."""
    document = _one(id, "edit")
    token, until = acts.link_token(document, person())
    return one(DocumentLinkSchema, {"url": f"{_address(document)}?link={token}", "until": until})


def _one(key: int, action: str, *, lock: bool = False) -> Document:
    """Return a document that whoever asks sees, to do `action` to it: else 404, or 403."""
    found: Document = there(Document, key, acts.visible(person()), lock=lock)
    if action != "read" and not may(person(), action, KIND, found):
        raise Forbidden
    return found


def _as_answer(result: acts.DocumentsTaken) -> dict[str, Any]:
    return {
        "documents": [
            {"id": document.id, "status": document.status, "job_id": job.id}
            for document, job in result.taken
        ],
        "errors": of_refused(result.refused),
        "duplicates": [
            {"filename": it.filename, "id": it.document.id, "title": it.document.title}
            for it in result.duplicates
        ],
    }
