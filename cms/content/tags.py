"""The words that articles are found by, made as they are first used."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from cms.content import slugs
from cms.content.errors import TooLong
from cms.content.models import Tag
from cms.extensions import db

LONGEST = 100


def named(titles: Iterable[str], language: str) -> list[Tag]:
    """Return the tags of these names, in their order; those that are new are added.

    “Sea” and “sea ” are one tag: the same slug is the same tag. Raises `TooLong`.
    """
    wanted: dict[str, str] = {}
    for title in titles:
        name = " ".join(title.replace("\x00", "").split())
        if len(name) > LONGEST:
            raise TooLong("tags", LONGEST)
        if name:
            wanted.setdefault(slugs.slug_from(name, name.lower()), name)
    known = _known(wanted, language)
    for slug, name in wanted.items():
        if slug not in known:
            known[slug] = _add(Tag(title=name, slug=slug, language=language))
    return [known[slug] for slug in wanted]


def _add(tag: Tag) -> Tag:
    try:
        with db.session.begin_nested():
            db.session.add(tag)
    except IntegrityError:  # another had the same idea; or the database knows no accents
        query = select(Tag).where(Tag.language == tag.language, Tag.slug == tag.slug)
        return db.session.scalars(query).one()
    return tag


def _known(wanted: Iterable[str], language: str) -> dict[str, Tag]:
    query = select(Tag).where(Tag.language == language, Tag.slug.in_(list(wanted)))
    return {tag.slug: tag for tag in db.session.scalars(query)}
