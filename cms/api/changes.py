"""Changes to a text that is live, which the public does not see before they are published."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema
from werkzeug.exceptions import NotFound

from cms.api import texts
from cms.api.access import person, telling
from cms.api.life import PUBLISH, known
from cms.api.part import Part, nothing, one
from cms.api.revisions import RevisionSchema
from cms.content import waiting
from cms.content.waiting import NothingWaits
from cms.editorial import content


def offer(part: Part, model: Any, schema: type[Schema], body: type[Schema]) -> None:
    """Offer the changes that wait to the texts of a part."""
    kind = model.kind

    def read_changes(id: int) -> Response:  # noqa: A002 - its name in the address
        """Tell what a text will be once the changes that wait are published."""
        thing = known(model, id)
        waits = waiting.revision(thing)
        if waits is None:
            raise telling(NotFound(), NothingWaits(title=thing.title))
        return one(RevisionSchema, waits)

    def prepare_changes(changes: Any, id: int) -> Response:  # noqa: A002
        """Write changes to a text that is live, for the public to see once they are published.

        They stand on those that wait already. `If-Match` is that of the text.
        """
        thing = texts.find(model, id, lock=True)
        texts.check(part, schema, thing)
        content.prepare(thing, person(), **changes)
        return texts.tell(part, schema, thing)

    def publish_changes(id: int) -> Response:  # noqa: A002
        """Let the public see the changes that wait."""
        thing = texts.find(model, id, lock=True)
        content.publish_changes(thing, person())
        return texts.tell(part, schema, thing)

    def discard_changes(id: int) -> Response:  # noqa: A002
        """Go back to what is live; what waited stays among the revisions."""
        content.discard_changes(texts.find(model, id, lock=True), person())
        return nothing()

    for view in (read_changes, prepare_changes, publish_changes, discard_changes):
        view.__name__ = f"{view.__name__}_of_{kind}"
    rule = "/<int:id>/changes"
    part.offer("GET", rule, may="view", answers=RevisionSchema)(read_changes)
    part.offer("PATCH", rule, may="edit", answers=schema, body=body, tagged=True)(prepare_changes)
    part.offer("DELETE", rule, may="edit", answers=None, code=204, conflicts=[NothingWaits])(
        discard_changes
    )
    part.offer(
        "POST",
        f"{rule}/publish",
        may="publish",
        answers=schema,
        conflicts=[NothingWaits],
        tagged=True,
        scope=PUBLISH,
    )(publish_changes)
