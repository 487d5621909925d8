"""The articles: their list, and the page on which one is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import defer, selectinload

from cms.accounts.models import User
from cms.admin import columns
from cms.admin import languages as language_names
from cms.admin.images import SHOWN_PRESETS, large_url, thumbnail_url
from cms.admin.search_items import Relation
from cms.admin.trash import TrashView
from cms.admin.writing import STATES, Life, WritingView, tabs_of
from cms.admin.writing_forms import ArticleForm
from cms.content.models import Article, Category, Tag
from cms.extensions import db
from cms.look import lazy as _l
from cms.media.models import Image, Rendition
from cms.paging import Page

LABELS = {
    "cover": _l("Cover"),
    "title": _l("Title"),
    "state": _l("Status"),
    "owner.email": _l("Author"),
    "category.title": _l("Category"),
    "tags": _l("Tags"),
    "language": _l("Language"),
    "changed_at": _l("Last changed"),
    "published_at": _l("Went live"),
    "publish_at": _l("Publish at"),
    "slug": _l("Slug"),
    "summary": _l("Summary"),
    "path": _l("Address"),
    "template": _l("Template"),
}


def _cover(article: Article) -> Image | None:
    found: Image | None = g.get("covers", {}).get(article.cover_id)
    return found


def _small(article: Article) -> str | None:
    cover = _cover(article)
    return thumbnail_url(cover) if cover else None


def _large(article: Article) -> str | None:
    cover = _cover(article)
    return large_url(cover) if cover else None


def language(_view: Any, _context: Any, row: Any, _name: str) -> str:
    """Draw the language, in the reader's."""
    return language_names.in_words(row.language)


class ArticleView(WritingView):
    """The list of articles."""

    kind, icon = "article", "news"
    form = ArticleForm
    column_list = (
        "cover", "title", "state", "owner.email", "category.title", "language", "changed_at"
    )  # fmt: skip
    more_columns = ("tags", "published_at", "publish_at", "slug")
    column_export_list = (
        "id", "title", "slug", "language", "state", "summary", "category.title", "owner.email",
        "published_at", "changed_at",
    )  # fmt: skip
    column_labels = LABELS
    column_formatters: ClassVar[dict[str, Any]] = {
        "cover": columns.picture(_small, large=_large),
        "state": Life(STATES),
        "tags": columns.tags(lambda row: row.tags),
        "language": language,
        "changed_at": columns.moment,
        "published_at": columns.moment,
        "publish_at": columns.moment,
    }
    column_sortable_list = ("title", "changed_at", "published_at")
    column_searchable_list = ("title", "summary", "plain")
    column_filters = (
        Relation(Article.owner, _l("Author"), User.email),
        Relation(Article.category, _l("Category"), Category.title),
        Relation(Article.tags, _l("Tag"), Tag.title),
        "language",
        "changed_at",
    )
    tabs = tabs_of(Article)
    loads = (defer(Article.body), defer(Article.plain))

    def _page(self, *args: Any) -> Page:
        """Find the covers of a page at once."""
        page = super()._page(*args)
        ids = {row.cover_id for row in page.rows if row.cover_id}
        small = selectinload(Image.renditions.and_(Rendition.preset.in_(SHOWN_PRESETS)))
        query = select(Image).where(Image.id.in_(ids)).options(small)
        g.covers = {image.id: image for image in db.session.scalars(query)} if ids else {}
        return page

    def to_translate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return what a translation begins with: the cover, too."""
        return super().to_translate(values) | {"cover_id": values["cover_id"]}


class WritingTrash(TrashView):
    """What was deleted of articles or pages."""

    column_list: ClassVar[Sequence[str]] = (
        "title", "language", "deleted_by.email", "deleted_at", "purged_at"
    )  # fmt: skip
    column_labels: ClassVar[dict[str, Any]] = {**LABELS, **TrashView.column_labels}
    column_formatters: ClassVar[dict[str, Any]] = {
        **TrashView.column_formatters, "language": language
    }  # fmt: skip


class ArticleTrash(WritingTrash):
    """The articles that were deleted."""

    kind, whence = "article", "article"
