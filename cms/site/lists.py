"""Lists of articles that are live, the newest first, quick however many there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Query, joinedload, load_only

from cms import fulltext
from cms.content.models import Article, Category, Page, State, Tag, article_tag
from cms.extensions import db
from cms.paging import Pages

# Of fewer, each is looked at and sorted; of more, the articles are gone through by date,
# since the next that belongs to the list is near then.
FEW = 1_000
FARTHEST = 10_000  # pages
# Words too short for the index are looked for among so many of the newest.
NEWEST_READ = 3_000

_SHOWN = load_only(
    Article.title, Article.slug, Article.language, Article.summary, Article.published_at,
    Article.changed_at, Article.cover_id, Article.category_id, Article.state, Article.deleted_at,
)  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A page of a list, counted from 1."""

    articles: Sequence[Article]
    number: int
    has_more: bool


def newest(language: str, number: int, size: int) -> Listed:
    """Return all articles of a language."""
    return _page(_live(language), number, size)


def of_category(category: Category, number: int, size: int) -> Listed:
    """Return the articles of a category and of those below it."""
    below = Category.path.startswith(f"{category.path}/", autoescape=True)
    ids = [category.id, *db.session.scalars(
        select(Category.id).where(Category.language == category.language, below)
    )]  # fmt: skip
    query = _live(category.language)
    if len(ids) == 1:
        return _page(query.filter(Article.category_id == category.id), number, size)
    few = _few(select(Article.id).where(Article.category_id.in_(ids), *_is_live()))
    if few is not None:
        return _page(query.filter(Article.id.in_(few)), number, size)
    return _page(query.filter(_unindexed(Article.category_id).in_(ids)), number, size)


def _unindexed(column: Any) -> Any:
    """Return a column so that SQLite, which does not know how many rows have which value,
    reads by the date instead of by this column."""
    return column + 0 if db.engine.dialect.name == "sqlite" else column


def of_tag(tag: Tag, number: int, size: int) -> Listed:
    """Return the articles with a tag."""
    query = _live(tag.language)
    column = article_tag.c
    few = _few(select(column.article_id).where(column.tag_id == tag.id))
    if few is not None:
        return _page(query.filter(Article.id.in_(few)), number, size)
    # Said so that no database gathers all that have the tag first.
    tags_of_it = select(column.tag_id).where(column.article_id == Article.id)
    return _page(query.filter(literal(tag.id).in_(tags_of_it)), number, size)


def search(language: str, words: Sequence[str], number: int, size: int) -> Listed:
    """Return the articles whose title, summary or text holds all words."""
    query = _live(language)
    keys = fulltext.keys(db.session, "article", words, FEW)
    if keys is not None and len(keys) < FEW:
        query = query.filter(Article.id.in_(keys))
    elif keys is None:
        newest = _live(language).with_entities(Article.id).limit(NEWEST_READ).subquery()
        query = query.filter(Article.id.in_(select(newest.c.id)))
    return _page(query.filter(*(_holds(Article, word) for word in words)), number, size)


def search_pages(language: str, words: Sequence[str], most: int) -> Sequence[Page]:
    """Return the pages that hold all words, at most so many."""
    query = select(Page).where(Page.language == language, Page.state == State.PUBLISHED)
    query = query.where(*(_holds(Page, word) for word in words)).order_by(Page.path).limit(most)
    shown = load_only(Page.title, Page.path, Page.language, Page.summary)
    return db.session.scalars(query.options(shown)).all()


def _holds(model: Any, word: str) -> Any:
    found = [fulltext.holds(model, column, word) for column in fulltext.TEXTS[model.kind]]
    return found[0] | found[1] | found[2]


def _is_live() -> tuple[Any, ...]:
    return Article.state == State.PUBLISHED, Article.deleted_at.is_(None)


def _live(language: str) -> Query[Any]:
    return (
        db.session.query(Article)
        .filter(Article.language == language, Article.state == State.PUBLISHED)
        .order_by(Article.published_at.desc(), Article.id.desc())
    )


def _few(query: Any) -> Collection[int] | None:
    """Return the keys that a query finds; None if they are many."""
    found = db.session.scalars(query.limit(FEW)).all()
    return found if len(found) < FEW else None


def _page(query: Query[Any], number: int, size: int) -> Listed:
    pages = Pages(query, Article.id, size, [_SHOWN, joinedload(Article.category)])
    page = pages.page(min(number, FARTHEST) - 1)
    return Listed(page.rows, number, not page.ends)


def parts(size: int) -> Sequence[int]:
    """Return the numbers of those parts of the sitemap, each of `size` ids, that are not empty."""
    part = (Article.id // size).label("part")
    return sorted(db.session.scalars(select(part).where(*_is_live()).group_by("part")))


def of_part(part: int, size: int) -> Sequence[Any]:
    """Return language, slug and time of change of each article of such a part."""
    between = Article.id >= part * size, Article.id < (part + 1) * size
    query = select(Article.language, Article.slug, Article.changed_at)
    return db.session.execute(query.where(*between, *_is_live()).order_by(Article.id)).all()
