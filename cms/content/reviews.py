"""What is said of a text before it goes live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from cms.accounts.models import User
from cms.content import signs
from cms.content.errors import AtField, TooLong
from cms.content.models import ReviewComment, Writing
from cms.errors import N_
from cms.extensions import db

LONGEST = 5_000


class NoWords(AtField):
    """An empty comment."""

    sentence = N_("Say something.")
    field = "comment"


def comment(thing: Writing, by: User | None, words: str) -> ReviewComment:
    """Say something of a text as it is now. Raises `NoWords` and `TooLong`."""
    words = signs.kept(words).strip()
    if not words:
        raise NoWords
    if len(words) > LONGEST:
        raise TooLong("comment", LONGEST)
    made = ReviewComment(
        kind=thing.kind, thing_id=thing.id, version=thing.version, words=words, by=by
    )
    db.session.add(made)
    db.session.flush()
    return made


def of(thing: Writing) -> Sequence[ReviewComment]:
    """Return what was said of a text, in order."""
    return db.session.scalars(
        select(ReviewComment).where(*_mine(thing)).order_by(ReviewComment.id)
    ).all()


def forget(thing: Writing) -> None:
    """Delete what was said of a text that is deleted for good."""
    db.session.execute(delete(ReviewComment).where(*_mine(thing)))


def _mine(thing: Writing) -> tuple[Any, Any]:
    return ReviewComment.kind == thing.kind, ReviewComment.thing_id == thing.id
