"""Categories: the shelves that articles stand in. Callers commit."""

from __future__ import annotations

from cms.content import languages, redirects, trees
from cms.content.errors import NoTitle, TooLong
from cms.content.models import Category
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


def remove(category: Category) -> None:
    """Delete a category; its articles stay, in none. Raises `HasChildren`."""
    trees.refuse_parent(category)
    redirects.gone(category)
    db.session.delete(category)
    db.session.flush()


def _checked(title: str) -> str:
    title = " ".join(title.replace("\x00", "").split())
    if not title:
        raise NoTitle
    if len(title) > LONGEST_TITLE:
        raise TooLong("title", LONGEST_TITLE)
    return title
