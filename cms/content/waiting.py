"""Changes to what is live that the public does not see yet.

They are a revision like any other, which the text names by its number; the row, and so the
site, stays as it is until they are published. Whoever writes sees what is `newest`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import inspect

from cms import clock
from cms.accounts.models import User
from cms.content import bodies, revisions, tags, writing
from cms.content.models import Article, Category, Revision, Writing
from cms.errors import N_, CmsError
from cms.extensions import db


class ChangesWait(CmsError):
    """To write past them would lose them."""

    sentence = N_("There are changes to “%(title)s” that wait. Publish or discard them first.")


class NothingWaits(CmsError):
    """They were published or discarded meanwhile."""

    sentence = N_("No changes to “%(title)s” wait to be published any more.")


def newest(thing: Writing) -> dict[str, Any]:
    """Return the values of a text as they were written last, published or not."""
    waits = revision(thing)
    return dict(waits.content) if waits else revisions.content_of(thing)


def revision(thing: Writing) -> Revision | None:
    """Return what waits to be published; None if nothing does."""
    return None if thing.waiting is None else revisions.find(thing, thing.waiting)


def keep(
    thing: Writing,
    by: User | None,
    save: Callable[[], Revision | None],
    *,
    restored_from: int | None = None,
    by_the_way: bool = False,
) -> Revision | None:
    """Keep what `save` makes of a text as changes that wait; None if nothing differs.

    It is saved, so that all that is wrong is found, and looked at; then all of that is
    undone, but for the revision.
    """
    content = _tried(thing, save)
    made = revisions.keep(thing, by, restored_from, content=content, by_the_way=by_the_way)
    if made is None:
        return None
    thing.version += 1
    if content == revisions.content_of(thing):  # written back to what is live
        forget(thing)
        return made
    thing.waiting, thing.waiting_at = made.number, clock.now()
    writing.note_uses(thing, content)
    db.session.flush()
    return made


def forget(thing: Writing) -> None:
    """Let nothing wait any more."""
    thing.waiting = thing.waiting_at = None
    writing.note_uses(thing)
    db.session.flush()


def as_written(thing: Writing) -> Writing:
    """Return a copy of a text, not to be saved, that says what was written last.

    A preview shows it as if it were live.
    """
    model: Any = type(thing)
    names = [column.key for column in inspect(model).column_attrs]
    copy: Writing = model(**{name: getattr(thing, name) for name in names})
    content = newest(thing)
    if isinstance(thing, Article):
        content["tags"] = tags.as_if_named(content["tags"], thing.language)
        content["category"] = db.session.get(Category, content["category_id"] or 0)
    for name, value in {**content, "owner": thing.owner}.items():
        setattr(copy, name, value)
    copy.plain = bodies.text(copy.body)
    return copy


def _tried(thing: Writing, save: Callable[[], Revision | None]) -> dict[str, Any]:
    trial = db.session.begin_nested()
    try:
        save()
        return revisions.content_of(thing)
    finally:
        trial.rollback()
        db.session.refresh(thing)
