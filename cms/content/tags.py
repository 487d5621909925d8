"""The words that articles are found by, made as they are first used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import func, insert, literal, select
from sqlalchemy.exc import IntegrityError

from cms.content import addresses, redirects, signs, slugs
from cms.content.errors import AtField, NoTitle, TooLong
from cms.content.models import Article, Tag, article_tag
from cms.errors import N_
from cms.extensions import db

LONGEST = 100


class TagThere(AtField):
    """Two tags of one slug would be one."""

    sentence = N_("There is a tag “%(title)s” already. Merge the two instead.")
    field = "title"


class NotToMerge(AtField):
    """It is the same tag, or one of another language."""

    sentence = N_("Choose another tag of the same language.")
    field = "into"


def named(titles: Iterable[str], language: str) -> list[Tag]:
    """Return the tags of these names, in their order; those that are new are added.

    “Sea” and “sea ” are one tag: the same slug is the same tag. Raises `TooLong`.
    """
    wanted = _by_slug(titles)
    known = _known(wanted, language)
    for slug, name in wanted.items():
        if slug not in known:
            known[slug] = _add(Tag(title=name, slug=slug, language=language))
    return [known[slug] for slug in wanted]


def as_if_named(titles: Iterable[str], language: str) -> list[Tag]:
    """Return the tags of these names; those that are new are not added."""
    wanted = _by_slug(titles)
    known = _known(wanted, language)
    return [
        known.get(slug) or Tag(title=name, slug=slug, language=language)
        for slug, name in wanted.items()
    ]


def _by_slug(titles: Iterable[str]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for title in titles:
        if name := _tidy(title, "tags"):
            wanted.setdefault(slugs.slug_from(name, name.lower()), name)
    return wanted


def rename(tag: Tag, title: str) -> None:
    """Call a tag otherwise; its old address leads on. Raises `NoTitle`, `TooLong`, `TagThere`."""
    name, before = _tidy(title, "title"), addresses.of(tag)
    if not name:
        raise NoTitle
    slug = slugs.slug_from(name, name.lower())
    with db.session.no_autoflush:
        twin = _known([slug], tag.language).get(slug)
    if twin is not None and twin is not tag:
        raise TagThere(title=twin.title)
    try:
        with db.session.begin_nested():
            tag.title, tag.slug = name, slug
    except IntegrityError:  # another had the same idea
        raise TagThere(title=name) from None
    redirects.moved(tag, before)


def merge(tag: Tag, into: Tag) -> None:
    """Let the articles of a tag have another one in its stead, to which its address leads.

    Raises `NotToMerge`.
    """
    if tag is into or tag.language != into.language:
        raise NotToMerge
    mine, theirs = article_tag.c.article_id, article_tag.alias()
    have = select(theirs.c.article_id).where(theirs.c.tag_id == into.id)
    moved = select(mine, literal(into.id)).where(article_tag.c.tag_id == tag.id, mine.not_in(have))
    db.session.execute(insert(article_tag).from_select([mine, article_tag.c.tag_id], moved))
    redirects.merged(tag, into)
    db.session.delete(tag)
    db.session.flush()
    db.session.expire_all()  # the tags of articles that are loaded


def remove(tag: Tag) -> None:
    """Take a tag off its articles, and delete it."""
    redirects.gone(tag)
    db.session.delete(tag)
    db.session.flush()
    db.session.expire_all()


def count_articles(ids: Collection[int]) -> Mapping[int, int]:
    """Return how many articles have each of these tags, whatever their state."""
    if not ids:
        return {}
    tag, article = article_tag.c.tag_id, Article.__table__.c
    tagged = select(tag, func.count()).where(tag.in_(ids)).group_by(tag)
    # Few are in the trash, so these are counted: each of 100,000 would be looked at for it.
    thrown_away = select(article.id).where(article.deleted_at.is_not(None))
    of_trash = tagged.where(article_tag.c.article_id.in_(thrown_away))
    gone: dict[int, int] = dict(db.session.execute(of_trash).all())
    return {key: count - gone.get(key, 0) for key, count in db.session.execute(tagged)}


def _tidy(title: str, field: str) -> str:
    name = signs.in_a_line(title)
    if len(name) > LONGEST:
        raise TooLong(field, LONGEST)
    return name


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
