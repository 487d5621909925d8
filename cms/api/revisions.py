"""What a text was, save by save, for a part of the API; and to have it back."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import NotFound

from cms.api import texts
from cms.api.access import LARGEST_KEY, person, telling
from cms.api.life import known
from cms.api.lists import NEXT, Listed, page_of
from cms.api.part import Part, one
from cms.api.words import PersonSchema, told, when
from cms.content import revisions
from cms.content.models import Revision
from cms.editorial import content
from cms.errors import NotFound as NothingThere


class RevisionSchema(Schema):
    """One save of a text."""

    number = told("Which of the text's saves it is, from 1.", fields.Integer)
    changed = told(
        "The fields that differ from the revision before.",
        fields.List,
        cls_or_instance=fields.String(),
    )
    restored_from = told("The revision that it brought back.", fields.Integer, allow_none=True)
    at = when("When it was saved.")
    by = fields.Nested(PersonSchema, allow_none=True)
    content = told(
        "What the text was, field by field.",
        fields.Dict,
        keys=fields.String(),
        values=fields.Raw(allow_none=True),
    )


_PAGE = page_of(RevisionSchema)
LIST = Listed(
    Revision,
    RevisionSchema,
    sorts={"number": Revision.number},
    usual="-number",
    filters={},
    loads=(selectinload(Revision.by),),
    expands=("content",),
)


def offer(part: Part, model: Any, schema: type[Schema]) -> None:
    """Offer the revisions of the texts of a part."""
    kind = model.kind

    def list_revisions(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
        """List the revisions of a text, the newest first."""
        thing = known(model, id)
        return LIST.page(asked, Revision.kind == kind, Revision.thing_id == thing.id)

    def read_revision(id: int, number: int) -> Response:  # noqa: A002
        """Tell what a text was in one revision."""
        thing = known(model, id)
        found = revisions.find(thing, number) if number <= LARGEST_KEY else None
        if found is None:
            raise telling(NotFound(), NothingThere())
        return one(RevisionSchema, found)

    def restore(id: int, number: int) -> Response:  # noqa: A002
        """Let a text be what it was in a revision, as a revision of its own.

        Its address and its place stay as they are. Of what is live this makes changes that
        wait to be published.
        """
        thing = texts.find(model, id, lock=True)
        if number > LARGEST_KEY:
            raise telling(NotFound(), NothingThere())
        content.restore(thing, person(), number)
        return texts.tell(part, schema, thing)

    list_revisions.__name__ = f"list_revisions_of_{kind}"
    read_revision.__name__ = f"read_revision_of_{kind}"
    restore.__name__ = f"restore_revision_of_{kind}"
    part.offer(
        "GET",
        "/<int:id>/revisions",
        may="view",
        answers=_PAGE,
        query=LIST.query,
        headers=NEXT,
    )(list_revisions)
    part.offer("GET", "/<int:id>/revisions/<int:number>", may="view", answers=RevisionSchema)(
        read_revision
    )
    part.offer(
        "POST",
        "/<int:id>/revisions/<int:number>/restore",
        may="edit",
        answers=schema,
        tagged=True,
    )(restore)
