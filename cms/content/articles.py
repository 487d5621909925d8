"""Articles. Callers commit, and have asked the policy: see `cms.editorial.content`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from cms import trash
from cms.accounts.models import User
from cms.content import addresses, languages, redirects, slugs, tags, writing
from cms.content.errors import AtField
from cms.content.models import Article, Category, Revision
from cms.errors import N_
from cms.extensions import db

_TEXTS = ("title", "summary", "body", "seo_title", "seo_description")
FIELDS = frozenset({*_TEXTS, "slug", "cover_id", "category_id", "tags"})


class NoSuchCategory(AtField):
    """It was deleted meanwhile, or is of another language."""

    sentence = N_("There is no such category in this language.")
    field = "category"


def create(
    by: User | None,
    *,
    language: str | None = None,
    translation_of: Article | None = None,
    **fields: Any,
) -> Article:
    """Begin an article, a draft of whoever begins it.

    `fields` are those of `FIELDS`; a title must be among them. Without a `slug` it gets
    one of its title that is free. Raises errors that name their field.
    """
    article = Article(owner=by, language=languages.check(language or languages.first()))
    if translation_of is not None:
        writing.join_translations(article, translation_of)
    _write(article, {"slug": None, **fields})
    with writing.one_of_a_kind(article, _taken_by_others(article)):
        db.session.add(article)
    writing.finish(article, by)
    return article


def save(
    article: Article,
    by: User | None,
    *,
    seen: int | None = None,
    restored_from: int | None = None,
    by_the_way: bool = False,
    **fields: Any,
) -> Revision | None:
    """Change an article, and return the revision that keeps it; None if nothing differs.

    What is saved `by_the_way` goes into one revision for the sitting.
    Raises `Conflict` if its version is not the one that the person had `seen`, and errors
    that name their field.
    """
    writing.hold(article, seen)
    before = addresses.of(article)
    with writing.one_of_a_kind(article, _taken_by_others(article)):
        _write(article, fields)
    redirects.moved(article, before)
    return writing.finish(article, by, restored_from, by_the_way=by_the_way)


def _write(article: Article, fields: Mapping[str, Any]) -> None:
    if unknown := fields.keys() - FIELDS:
        raise TypeError(f"an article has no {sorted(unknown)}")
    with db.session.no_autoflush:
        writing.set_texts(article, {name: fields[name] for name in _TEXTS if name in fields})
        if "cover_id" in fields:
            article.cover_id = fields["cover_id"]
        if "category_id" in fields:
            article.category_id = _category(article, fields["category_id"])
        if "tags" in fields:
            article.tags = tags.named(fields["tags"], article.language)
        if "slug" in fields:  # last: new tags are written at once, and a slug may be lost
            article.slug = _slug(article, fields["slug"])


def _category(article: Article, category_id: int | None) -> int | None:
    if category_id is None:
        return None
    found = db.session.get(Category, category_id)
    if found is None or found.language != article.language:
        raise NoSuchCategory
    return category_id


def _slug(article: Article, given: str | None) -> str:
    taken = _taken_by_others(article)
    if not given:
        return slugs.choose(article.title, article.kind, taken)
    return given if given == article.slug else slugs.check(given, article.kind, taken)


def _taken_by_others(article: Article) -> slugs.Taken:
    """Return what tells which slugs other articles of the language have, be it in the trash:
    from there they can come back."""
    language, key = article.language, article.id

    def taken(candidates: Sequence[str]) -> Sequence[str]:
        query = select(Article.id, Article.slug).where(
            Article.language == language, Article.slug.in_(candidates)
        )
        with trash.included():
            found = db.session.execute(query).all()
        return [slug for other, slug in found if other != key]

    return taken
