"""Categories: the shelves that articles stand in. Callers commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select

from cms.content import languages, redirects, signs, trees
from cms.content.errors import NoTitle, TooLong
from cms.content.models import Article, Category
from cms.extensions import db

LONGEST_TITLE = 255


def create(
    title: str,
    *,
    language: str | None = None,
    parent: Category | None = None,
    slug: str | None = None,
) -> Category:
    """Add a category below another, or at the root. Raises errors that name their field."""
    category = Category(
        title=_checked(title), language=languages.check(language or languages.first())
    )
    trees.place(category, slug=slug, parent=parent)
    return category


def save(
    category: Category,
    *,
    title: str,
    slug: str,
    parent: Category | None,
    position: int | None = None,
) -> None:
    """Rename or move a category, with those below it; its old address leads on."""
    with db.session.begin_nested():
        category.title = _checked(title)
        db.session.flush()
        trees.place(category, slug=slug, parent=parent, position=position)


def in_order(language: str) -> Sequence[Category]:
    """Return all categories of a language in the order of their tree."""
    query = select(Category).where(Category.language == language)
    below: dict[int | None, list[Category]] = {}
    for one in db.session.scalars(query.order_by(Category.position, Category.id)):
        below.setdefault(one.parent_id, []).append(one)

    def walk(parent_id: int | None) -> list[Category]:
        return [it for one in below.get(parent_id, ()) for it in (one, *walk(one.id))]

    return walk(None)


def count_articles(ids: Collection[int]) -> Mapping[int, int]:
    """Return how many articles stand in each of these categories, whatever their state."""
    query = select(Article.category_id, func.count()).where(
        Article.category_id.in_(ids), Article.deleted_at.is_(None)
    )
    found = db.session.execute(query.group_by(Article.category_id)).all() if ids else ()
    return {key: count for key, count in found if key is not None}


def remove(category: Category) -> None:
    """Delete a category; its articles stay, in none. Raises `HasChildren`."""
    trees.refuse_parent(category)
    redirects.gone(category)
    db.session.delete(category)
    db.session.flush()


def _checked(title: str) -> str:
    title = signs.in_a_line(title)
    if not title:
        raise NoTitle
    if len(title) > LONGEST_TITLE:
        raise TooLong("title", LONGEST_TITLE)
    return title
