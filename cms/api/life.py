"""The life of a text, for a part of the API: its steps, its times, what is said of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import selectinload

from cms.accounts.policy import may
from cms.api import texts
from cms.api.access import person, want_scope
from cms.api.lists import NEXT, Listed, Text, page_of
from cms.api.part import Part, one, refused
from cms.api.words import PersonSchema, told, when
from cms.content.errors import AtField, Conflict
from cms.content.life import STEPS, NotNow
from cms.content.models import ReviewComment
from cms.content.reviews import LONGEST as LONGEST_COMMENT
from cms.editorial import content
from cms.errors import NotAllowed

PLACE = {"Location": {"description": "Its address here.", "schema": {"type": "string"}}}
PUBLISH = "content:publish"
# What an author does; all other steps want a scope of their own. `schedule` has a time.
_OF_AUTHORS = ("submit", "withdraw")
_NAMES = [name for name in STEPS if name != "schedule"]
_FIRST, _LAST = datetime(1900, 1, 1), datetime(9000, 1, 1)  # noqa: DTZ001 - of a wall clock


class WallClock(fields.NaiveDateTime):
    """What a clock on the wall says, no further away than time zones are known."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> datetime:
        return min(max(super()._deserialize(*args, **kwargs), _FIRST), _LAST)


def _wall_clock(words: str, **options: Any) -> WallClock:
    return WallClock(
        metadata={"description": words, "examples": ["2026-03-01T12:00:00"]}, **options
    )


class StepSchema(Schema):
    """A step, and what is said to it."""

    comment = Text(
        load_default="",
        validate=validate.Length(0, LONGEST_COMMENT),
        metadata={"description": "What to say to it, for the author and the editors."},
    )
    version = texts.number("The version that was read: another is refused.", load_default=None)


class TimesSchema(Schema):
    """When a text goes live by itself, and ends: what a clock on the wall says in `zone`."""

    at = _wall_clock("When it goes live.", required=True)
    until = _wall_clock("When it ends; null is never.", load_default=None, allow_none=True)
    zone = texts.line(60, "The time zone, such as `Asia/Shanghai`.", required=True)
    version = texts.number("The version that was read: another is refused.", load_default=None)


class CommentSchema(Schema):
    """What somebody said of a text, as it was in that version."""

    id = told("Its number.", fields.Integer)
    comment = told("What was said.", fields.String, attribute="words")
    version = told("The version of the text.", fields.Integer)
    at = when("When it was said.")
    by = fields.Nested(PersonSchema, allow_none=True)


class NewCommentSchema(Schema):
    """Something to say of a text."""

    comment = Text(
        required=True,
        validate=[validate.Length(1, LONGEST_COMMENT), validate.Regexp(r"\s*\S")],
        metadata={"description": "What to say of it."},
    )


_PAGE = page_of(CommentSchema)
COMMENTS = Listed(
    ReviewComment,
    CommentSchema,
    sorts={"id": ReviewComment.id},
    usual="id",
    filters={},
    loads=(selectinload(ReviewComment.by),),
)


def offer(part: Part, model: Any, schema: type[Schema]) -> None:
    """Offer what belongs to the life of the texts of a part."""
    _offer_steps(part, model, schema)
    _offer_comments(part, model)


def _offer_steps(part: Part, model: Any, schema: type[Schema]) -> None:
    kind, names = model.kind, ",".join(_NAMES)

    def take(given: Any, id: int, step: str) -> Response:  # noqa: A002 - its name in the address
        """Let a text take a step of its life.

        `submit` and `withdraw` are good for `content:write`, the others want
        `content:publish`. All that keeps it from the step is told at once.
        """
        if step not in _OF_AUTHORS:
            want_scope(PUBLISH)
        thing = texts.find(model, id, lock=True)
        try:
            content.take(thing, step, person(), seen=given["version"], comment=given["comment"])
        except Conflict:
            raise
        except AtField as error:
            raise refused(content.problems(thing, step) or [error]) from error
        return texts.tell(part, schema, thing)

    def schedule(given: Any, id: int) -> Response:  # noqa: A002
        """Let a text go live by itself, and end."""
        thing = texts.find(model, id, lock=True)
        content.schedule(
            thing,
            person(),
            given["at"],
            given["zone"],
            until=given["until"],
            seen=given["version"],
        )
        return texts.tell(part, schema, thing)

    take.__name__, schedule.__name__ = f"take_step_of_{kind}", f"schedule_{kind}"
    same: dict[str, Any] = {"answers": schema, "tagged": True, "conflicts": [NotNow, Conflict]}
    part.offer(
        "POST", f"/<int:id>/steps/<any({names}):step>", may="submit", body=StepSchema, **same
    )(take)
    part.offer(
        "POST", "/<int:id>/schedule", may="schedule", scope=PUBLISH, body=TimesSchema, **same
    )(schedule)


def _offer_comments(part: Part, model: Any) -> None:
    kind = model.kind

    def list_comments(asked: Any, id: int) -> Response:  # noqa: A002
        """List what was said of a text, the first first."""
        thing = known(model, id)
        mine = (ReviewComment.kind == kind, ReviewComment.thing_id == thing.id)
        return COMMENTS.page(asked, *mine)

    def comment(given: Any, id: int) -> Response:  # noqa: A002
        """Say something of a text as it is now."""
        said = content.comment(texts.find(model, id), person(), given["comment"])
        answer = one(CommentSchema, said)
        answer.status_code = 201
        return answer

    list_comments.__name__, comment.__name__ = f"list_comments_on_{kind}", f"comment_on_{kind}"
    part.offer(
        "GET",
        "/<int:id>/comments",
        may="view",
        answers=_PAGE,
        query=COMMENTS.query,
        headers=NEXT,
    )(list_comments)
    part.offer(
        "POST",
        "/<int:id>/comments",
        may="view",
        answers=CommentSchema,
        code=201,
        body=NewCommentSchema,
    )(comment)


def known(model: Any, key: int) -> Any:
    """Return a text that whoever asks may see in whichever state it is, with what it was."""
    thing = texts.find(model, key)
    if not may(person(), "view", thing.kind, thing):
        raise NotAllowed
    return thing
