"""What articles and pages have in common while they are written. Callers commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, insert, literal, select
from sqlalchemy.exc import IntegrityError

from cms import clock, trash
from cms.accounts.models import User
from cms.content import bodies, redirects, reviews, revisions, signs, slugs
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
    value = signs.kept(value).strip() if name == "summary" else signs.in_a_line(value)
    limit = LINES.get(name, LONGEST_SUMMARY)
    if len(value) > limit:
        raise TooLong(name, limit)
    return value


def join_translations(thing: Writing, other: Writing) -> None:
    """Let a text say the same as another does in its language. Raises `Translated`."""
    thing.translation_group = other.translation_group
    refuse_translated(thing)


def refuse_translated(thing: Writing) -> None:
    """Raise `Translated` where another text says the same in its language, be it in the trash."""
    model: Any = type(thing)
    query = select(model.id).where(
        model.translation_group == thing.translation_group,
        model.language == thing.language,
        model.id != (thing.id or 0),
    )
    with trash.included(), db.session.no_autoflush:
        if db.session.scalar(query) is not None:
            raise Translated


def translations_of(thing: Writing) -> dict[str, Writing]:
    """Return what says the same as a text in other languages, by language."""
    model: Any = type(thing)
    others = (model.translation_group == thing.translation_group, model.id != thing.id)
    found = db.session.scalars(select(model).where(*others).order_by(model.language))
    return {other.language: other for other in found}


@contextmanager
def one_of_a_kind(thing: Writing, taken: slugs.Taken) -> Iterator[None]:
    """Set the fields of a text inside; where another has taken its slug meanwhile, or its
    place among the translations, raise `SlugTaken` or `Translated`."""
    slug = ""
    try:
        with db.session.begin_nested():
            yield
            slug = thing.slug
    except IntegrityError:
        refuse_translated(thing)
        if not list(taken([slug])):
            raise
        raise slugs.SlugTaken(slug=slug, free=slugs.choose(slug, thing.kind, taken)) from None


def finish(
    thing: Writing,
    by: User | None,
    restored_from: int | None = None,
    *,
    by_the_way: bool = False,
) -> Revision | None:
    """End a save: note the pictures and documents of the text, and keep a revision.

    None if nothing has changed; then the version stays what it is, too. What waited is
    written now, or overwritten.
    """
    db.session.flush()
    waited = thing.waiting is not None
    made = revisions.keep(thing, by, restored_from, by_the_way=by_the_way)
    if made is None and not waited:
        return None
    thing.waiting = thing.waiting_at = None
    if made is None or waited or "body" in made.changed:
        note_uses(thing)
    if made is None or made.number > 1:
        thing.version += 1
    thing.changed_at = clock.now()
    db.session.flush()
    return made or revisions.latest(thing)


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


def note_uses(thing: Writing, waiting: Mapping[str, Any] | None = None) -> None:
    """Keep which pictures and documents are in the body, and in changes that wait."""
    written = waiting or {"body": ""}
    cover = written.get("cover_id")
    pictures = bodies.picture_ids(thing.body) | bodies.picture_ids(written["body"])
    documents = bodies.document_ids(thing.body) | bodies.document_ids(written["body"])
    table = type(thing).pictures
    _note(thing, table, table.c.image_id, pictures | ({cover} if cover else set()))
    table = type(thing).documents
    _note(thing, table, table.c.document_id, documents)


def _note(thing: Writing, table: Table, used: ColumnElement[Any], ids: set[int]) -> None:
    """Keep which pictures, or documents, are in the body. One that is not there is not noted;
    a picture that is not keeps the text from being published."""
    mine = table.c[f"{thing.kind}_id"]
    db.session.execute(delete(table).where(mine == thing.id))
    (key,) = used.foreign_keys
    there = select(literal(thing.id), key.column).where(key.column.in_(ids))
    db.session.execute(insert(table).from_select([mine, used], there))
