"""What articles and pages have in common while they are written. Callers commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.exc import IntegrityError

from cms import clock, trash
from cms.accounts.models import User
from cms.content import bodies, redirects, reviews, revisions, slugs
from cms.content.errors import AtField, Conflict, NoTitle, TooLong
from cms.content.models import Revision, Writing
from cms.errors import N_, NotFound
from cms.extensions import db

LINES = {"title": 255, "seo_title": 255, "seo_description": 500}
LONGEST_SUMMARY = 2_000


class Translated(AtField):
    """A text says the same in each language once."""

    sentence = N_("There is a translation into that language already.")
    field = "language"


def hold(thing: Writing, seen: int | None = None) -> None:
    """Lock a text and see it as it is now.

    Raises `NotFound` for one that is gone, and `Conflict` if its version is not the one
    that the person had `seen`.
    """
    model: Any = type(thing)
    query = select(model).where(model.id == thing.id).with_for_update()
    held = db.session.scalar(query.execution_options(populate_existing=True))
    if held is None:
        raise NotFound
    if seen is not None and held.version != seen:
        raise Conflict


def set_texts(thing: Writing, given: Mapping[str, Any]) -> None:
    """Set the fields that both kinds have, tidied and cleaned. Raises `NoTitle`, `TooLong`."""
    for name, value in given.items():
        setattr(thing, name, _tidy(name, value))
    if not thing.title:
        raise NoTitle
    if "body" in given:
        thing.plain = bodies.text(thing.body)


def _tidy(name: str, value: str) -> str:
    if name == "body":
        return bodies.clean(value)
    value = value.replace("\x00", "")
    value = value.strip() if name == "summary" else " ".join(value.split())
    limit = LINES.get(name, LONGEST_SUMMARY)
    if len(value) > limit:
        raise TooLong(name, limit)
    return value


def join_translations(thing: Writing, other: Writing) -> None:
    """Let a text say the same as another does in its language. Raises `Translated`."""
    model = type(other)
    query = select(model.id).where(
        model.translation_group == other.translation_group,
        model.language == thing.language,
        model.id != (thing.id or 0),
    )
    with trash.included():
        if db.session.scalar(query) is not None:
            raise Translated
    thing.translation_group = other.translation_group


def translations_of(thing: Writing) -> dict[str, Writing]:
    """Return what says the same as a text in other languages, by language."""
    model: Any = type(thing)
    others = (model.translation_group == thing.translation_group, model.id != thing.id)
    found = db.session.scalars(select(model).where(*others).order_by(model.language))
    return {other.language: other for other in found}


@contextmanager
def one_of_a_kind(thing: Writing, is_taken: Callable[[str], bool]) -> Iterator[None]:
    """Set the fields of a text inside; where another has taken its slug meanwhile, raise
    `SlugTaken`."""
    slug = ""
    try:
        with db.session.begin_nested():
            yield
            slug = thing.slug
    except IntegrityError:
        if not is_taken(slug):
            raise
        raise slugs.SlugTaken(slug=slug, free=slugs.choose(slug, thing.kind, is_taken)) from None


def finish(thing: Writing, by: User | None, restored_from: int | None = None) -> Revision | None:
    """End a save: note the pictures that the text shows, and keep a revision.

    None if nothing has changed; then the version stays what it is, too.
    """
    db.session.flush()
    made = revisions.keep(thing, by, restored_from)
    if made is None:
        return None
    if "body" in made.changed:
        _note_pictures(thing)
    if made.number > 1:
        thing.version += 1
    thing.changed_at = clock.now()
    db.session.flush()
    return made


def forget(thing: Writing) -> None:
    """Delete a text for good, with all that is kept of it."""
    revisions.forget(thing)
    reviews.forget(thing)
    redirects.gone(thing)
    db.session.delete(thing)
    db.session.flush()


def picture_ids(thing: Writing) -> set[int]:
    """Return the ids of all pictures that a text shows."""
    cover = getattr(thing, "cover_id", None)
    return bodies.picture_ids(thing.body) | ({cover} if cover else set())


def _note_pictures(thing: Writing) -> None:
    """Keep which pictures of the library are in the body. One that is not there is not
    noted, and keeps the text from being published."""
    table = type(thing).pictures
    mine, image = table.c[f"{thing.kind}_id"], table.c.image_id
    db.session.execute(delete(table).where(mine == thing.id))
    (key,) = image.foreign_keys
    there = select(literal(thing.id), key.column).where(
        key.column.in_(bodies.picture_ids(thing.body))
    )
    db.session.execute(insert(table).from_select([mine, image], there))
