"""The pages: their tree, moved by hand, and the page on which one is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import String, cast
from sqlalchemy.orm import defer
from wtforms import Form

from cms.accounts.models import User
from cms.admin import columns, trees
from cms.admin.access import person
from cms.admin.articles import LABELS, WritingTrash, language
from cms.admin.base import expose, needs
from cms.admin.search_items import Relation
from cms.admin.writing import STATES, Life, WritingView, tabs_of
from cms.admin.writing_forms import BeginForm, IdField, PageForm, templates
from cms.content.models import Page
from cms.content.trees import place_of
from cms.editorial import content
from cms.editorial.order import MovedMeanwhile
from cms.errors import CmsError
from cms.extensions import db
from cms.look import lazy as _l
from cms.refusals import wants_json

# Languages are trees of their own, one below the other.
_ORDER = Page.language.concat(cast(Page.position + 10_000_000, String(8)))


class BeginPageForm(BeginForm):
    """What one is asked before one begins a page."""

    parent = IdField(_l("Stands below"), description=_l("What it stands below gives its language."))

    def values(self) -> dict[str, Any]:
        """Return what was written; a page below another is in its language."""
        given = super().values() | {"parent_id": self.parent.data}
        parent = db.session.get(Page, self.parent.data or 0)
        return given | ({"language": parent.language} if parent else {})


class PageView(WritingView):
    """The tree of pages."""

    kind, icon = "page", "file-text"
    form = PageForm
    sortable = "position"
    column_list = ("title", "state", "path", "owner.email", "language", "changed_at")
    more_columns = ("template", "published_at", "publish_at")
    column_export_list = (
        "id", "title", "path", "language", "state", "summary", "template", "owner.email",
        "published_at", "changed_at",
    )  # fmt: skip
    column_labels = LABELS
    column_formatters: ClassVar[dict[str, Any]] = {
        "title": columns.tree(Page.parent_id, _ORDER),
        "state": Life(STATES),
        "template": columns.own(lambda row: dict(templates()).get(row.template, row.template)),
        "language": language,
        "changed_at": columns.moment,
        "published_at": columns.moment,
        "publish_at": columns.moment,
    }
    column_sortable_list = ("title", "changed_at", "published_at")
    column_searchable_list = ("title", "summary", "plain")
    column_filters = (
        Relation(Page.owner, _l("Author"), User.email),
        "language",
        "changed_at",
    )
    tabs = tabs_of(Page)
    loads = (defer(Page.body), defer(Page.plain))

    def get_create_form(self) -> type[Form]:
        """Return what one is asked before one begins."""
        return BeginPageForm

    def create_form(self, obj: Any = None) -> Any:
        """Make the form that begins a page, with what it can stand below."""
        form = super().create_form(obj)
        form.parent.offer((row.id, f"{row.title} ({row.language})") for row in self.in_order())
        return form

    def in_order(self) -> Sequence[Page]:
        """Return all pages in the order of their trees."""
        tree: trees.Tree = self.column_formatters["title"]
        return tree.arrange(self.get_query().options(*self.loads), Page.id).all()

    @expose("/move", methods=("POST",))
    @needs("edit")
    def move(self) -> ResponseReturnValue:
        """Put the page `id` elsewhere: between the rows `above` and `below`, into the tree that
        these stand in, or `to` a place among those of its own parent."""
        page = self.get_one(request.form.get("id", ""))
        try:
            if request.form.get("seen") != str(page.position):
                raise MovedMeanwhile
            parent_id, position = self._aim(page)
            content.move(page, person(), parent_id, position)
        except CmsError as error:
            return self._not_moved(error)
        words = _("“%(name)s” stands at %(path)s now.", name=page.title, path=page.path)
        flash(words, "success")
        return jsonify(words=words, again=True, seen={}) if wants_json() else self.back()

    def _aim(self, page: Page) -> tuple[int | None, int | None]:
        """Return what a page is to stand below, and where there: None is where it stands.

        People say it by the rows that they see; the trash and the drafts of others count, too.
        """
        given, rows = request.form, self.in_order()
        if given.get("to"):
            beside = [one for one in rows if self._beside(one, page)]
            here = beside.index(page)
            at = self._asked(here, len(beside) - 1)
            if at == here:
                return page.parent_id, None
            # What stood behind it moves up, as soon as it leaves.
            return page.parent_id, place_of(beside[at], page) + (at > here)
        by_key = {str(one.id): one for one in rows if one is not page}
        above, below = by_key.get(given.get("above", "")), by_key.get(given.get("below", ""))
        if below is not None and (above is None or below.parent_id == above.id):
            return below.parent_id, place_of(below, page)
        if above is None:
            raise MovedMeanwhile
        return above.parent_id, place_of(above, page) + 1

    @staticmethod
    def _asked(here: int, last: int) -> int:
        """Return the place from 0 that is asked for, of something that stands `here`."""
        to, text = request.form["to"], request.form.get("place", "").strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0  # noqa: PLR2004
        named = {"top": 0, "bottom": last, "up": here - 1, "down": here + 1, "place": number - 1}
        return min(max(named.get(to, here), 0), last)

    @staticmethod
    def _beside(one: Page, page: Page) -> bool:
        return (one.parent_id, one.language) == (page.parent_id, page.language)


class PageTrash(WritingTrash):
    """The pages that were deleted."""

    kind, whence = "page", "page"
