"""The tags: the words that articles are found by, renamed, merged and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import flash, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin.form import BaseForm
from flask_babel import gettext as _
from sqlalchemy import and_
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from cms.admin import choices, columns, languages
from cms.admin.access import person, whole_number
from cms.admin.base import expose, needs
from cms.admin.categories import address, articles
from cms.admin.lists import DELETE, EDIT, QsListView, RowButton, Tab, TopButton
from cms.content import tags
from cms.content.models import Tag
from cms.edge import inner_target
from cms.editorial import shelves
from cms.errors import CmsError
from cms.look import lazy as _l
from cms.paging import Page

EVERY = Tab("all", _l("All"))


class TagForm(BaseForm):
    """One tag."""

    title = StringField(
        _l("Title"),
        [DataRequired(), Length(max=tags.LONGEST)],
        description=_l("Its address follows; the old one leads on."),
    )


class TagView(QsListView):
    """All tags. They come with the articles that use them first."""

    kind, icon = "tag", "tags"
    can_create = False
    form = TagForm
    state_column = None
    palette_rows = True
    column_list = ("title", "language", "slug", "articles")
    column_labels: ClassVar[dict[str, Any]] = {
        "title": _l("Title"),
        "language": _l("Language"),
        "slug": _l("Address"),
        "articles": _l("Articles"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "language": lambda _v, _c, row, _n: languages.in_words(row.language),
        "slug": address,
        "articles": columns.as_cell("number", articles),
    }
    column_editable_list = ("title",)
    column_sortable_list = ("title",)
    column_default_sort = "title"
    column_searchable_list = ("title",)
    top_buttons: ClassVar[Sequence[TopButton]] = ()
    row_buttons: ClassVar[Sequence[RowButton]] = (
        EDIT,
        RowButton(_l("Merge into another"), "arrows-join", ".merge"),
        RowButton(
            DELETE.label,
            DELETE.icon,
            DELETE.endpoint,
            post=True,
            danger=True,
            confirm=_l("Delete “%(name)s”? It is taken off its articles."),
        ),
    )
    empty_words = _l("No tag yet. They come with the first article that has one.")

    @property
    def tabs(self) -> Sequence[Tab]:  # type: ignore[override]  # they are those of the site
        """Return all, and a tab for each language."""
        return [EVERY, *languages.tabs(Tag.language)]

    def _page(self, *args: Any) -> Page:
        page = super()._page(*args)
        g.articles_in = tags.count_articles([row.id for row in page.rows])
        return page

    def change(self, form: Any, model: Tag) -> None:
        """Call it otherwise."""
        shelves.rename_tag(model, person(), form.title.data)

    def _delete(self, model: Tag) -> None:
        shelves.remove_tag(model, person())

    @expose("/merge")
    @needs("edit")
    def merge(self) -> str:
        """Ask which tag is to take the place of one."""
        return self._merge_page(self.get_one(request.args.get("id", "")))

    @expose("/merge/do", methods=("POST",))
    @needs("edit")
    def do_merge(self) -> ResponseReturnValue:
        """Let the tag `into` take the place of the tag `id`."""
        tag, title = self.get_one(request.form.get("id", "")), ""
        number = whole_number(request.form.get("into")) or 0
        try:
            title = tag.title
            kept = shelves.merge_tag(tag, person(), number)
        except CmsError as error:
            return self._merge_page(tag, _(error.sentence, **error.facts)), 422
        words = _("“%(name)s” is now “%(into)s”.", name=title, into=kept.title)
        flash(words, "success")
        return redirect(self.get_url(".index_view"))

    @expose("/others")
    @needs("edit")
    def others(self) -> ResponseReturnValue:
        """Answer the search for a tag that can take the place of one."""
        tag = self.get_one(request.args.get("id", ""))
        return jsonify(choices.answer(_others(tag)))

    def _merge_page(self, tag: Tag, problem: str = "") -> str:
        return self.render(
            "admin/shelf/merge.html",
            model=tag,
            problem=problem,
            options=_others(tag).first(),
            articles=tags.count_articles([tag.id]).get(tag.id, 0),
            return_url=inner_target(request.values.get("url")) or self.get_url(".index_view"),
        )


def _others(tag: Tag) -> choices.Lookup:
    criterion = and_(Tag.language == tag.language, Tag.id != tag.id)
    return choices.Lookup("into", Tag, ("title",), criterion=criterion)
