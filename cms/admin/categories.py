"""The categories: the tree of shelves that articles stand in, for each language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin.form import BaseForm
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, Length, NumberRange
from wtforms.validators import Optional as MayBeEmpty

from cms.admin import columns, languages
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.lists import ADD, EDIT, RowButton, Tab, TopButton
from cms.admin.placing import HANDLE_LABEL, Placed, handle
from cms.config import settings
from cms.content import addresses, categories, menus
from cms.content.models import LONGEST_SLUG, Category, Tag
from cms.edge import inner_target
from cms.editorial import shelves
from cms.errors import CmsError
from cms.look import lazy as _l
from cms.paging import Page

# What narrows the list of articles to those of one, in its address.
_NARROWED_BY = {Category.kind: "flt0_category_of", Tag.kind: "flt0_tags_of"}


def _key(given: Any) -> int | None:
    return int(given) if given not in (None, "", "None") else None


class CategoryForm(BaseForm):
    """One category."""

    title = StringField(_l("Title"), [DataRequired(), Length(max=categories.LONGEST_TITLE)])
    language = SelectField(_l("Language"))
    parent_id = SelectField(_l("Below"), coerce=_key)
    slug = StringField(
        _l("Slug"),
        [Length(max=LONGEST_SLUG)],
        description=_l("Its part of the address. Left empty, it is made of the title."),
    )
    position = IntegerField(
        _l("Place"),
        [MayBeEmpty(), NumberRange(min=1, max=9_999)],
        description=_l("Counted from 1 among those beside it. Left empty, it is the last."),
    )


def address(_view: Any, _context: Any, row: Category, _name: str) -> Markup:
    """Draw where the site shows it."""
    return Markup("<code>{}</code>").format(columns.breakable(addresses.of(row)))


def articles(_view: Any, _context: Any, row: Category | Tag, _name: str) -> Any:
    """Draw how many articles are in a category, or have a tag, with a link to them."""
    count = g.get("articles_in", {}).get(row.id, 0)
    if not count:
        return format_decimal(count)
    narrowed: dict[str, Any] = {_NARROWED_BY[row.kind]: row.id}
    found = url_for("article.index_view", **narrowed)
    return Markup('<a href="{}">{}</a>').format(found, format_decimal(count))


class CategoryView(Placed):
    """Each tree on a tab of its own; what is dragged is saved at once."""

    kind, icon = "category", "folders"
    form = CategoryForm
    state_column = None
    palette_rows = True
    can_delete = True
    column_list = ("place", "title", "path", "articles")
    column_labels: ClassVar[dict[str, Any]] = {
        "place": HANDLE_LABEL,
        "title": _l("Title"),
        "path": _l("Address"),
        "articles": _l("Articles"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "place": handle,
        "title": columns.tree(Category.parent_id, Category.position),
        "path": address,
        "articles": columns.as_cell("number", articles),
    }
    column_editable_list = ("title",)
    column_sortable_list = ("title",)
    column_searchable_list = ("title", "slug")
    action_disallowed_list = ("delete",)
    top_buttons: ClassVar[Sequence[TopButton]] = ()
    row_buttons: ClassVar[Sequence[RowButton]] = (
        EDIT,
        RowButton(
            _l("Add below"),
            "plus",
            ".create_view",
            address=lambda row: url_for(
                "category.create_view", parent_id=row.id, language=row.language
            ),
            needs="create",
        ),
        RowButton(_l("Delete"), "trash", ".remove", danger=True),
    )
    empty_words = _l("No category yet. Articles can stand in categories, and those in others.")

    @property
    def tabs(self) -> Sequence[Tab]:  # type: ignore[override]  # they are those of the site
        """Return a tab for each language."""
        return languages.tabs(Category.language)

    def buttons_on_top(self) -> list[TopButton]:
        """Return the buttons above the list; what is added is in the language that it shows."""
        tab = self.current_tab()
        here = self.get_url(".create_view", language=tab.key if tab else None)
        add = TopButton(ADD.label, ADD.icon, primary=True, address=lambda: here, needs="create")
        return [*super().buttons_on_top(), *([add] if add.visible(self) else [])]

    def _page(self, *args: Any) -> Page:
        page = super()._page(*args)
        g.articles_in = categories.count_articles([row.id for row in page.rows])
        return page

    # The form

    def create_form(self, obj: Any = None) -> Any:
        """Make the form; the address may say the language, and what it is to stand below."""
        form = super().create_form(obj)
        form.language.choices = languages.choices()
        asked = settings().content_languages
        if request.method == "GET":
            given = request.args.get("language")
            form.language.data = given if given in asked else asked[0]
            form.parent_id.data = request.args.get("parent_id", type=int)
        form.parent_id.choices = _parents(asked)
        return form

    def edit_form(self, obj: Any = None) -> Any:
        """Make the form; the language stays."""
        form = super().edit_form(obj)
        del form.language
        form.parent_id.choices = _parents([obj.language], without=obj)
        return form

    def make(self, form: Any) -> Category:
        """Add a category."""
        return shelves.create_category(person(), **form.data)

    def change(self, form: Any, model: Category) -> None:
        """Rename it, or move it."""
        given = form.data
        if given.get("parent_id", model.parent_id) != model.parent_id and (
            given.get("position") == model.position
        ):
            given["position"] = None  # a place among others says nothing
        shelves.save_category(model, person(), **given)

    def put(self, row: Category, **where: Any) -> None:
        """Move a row one step, or below another."""
        if "to" in where:
            shelves.step_category(row, person(), where["to"])
        else:
            shelves.save_category(row, person(), **where)

    # Deleting

    @expose("/remove")
    @needs("delete")
    def remove(self) -> str:
        """Show what depends on a category, and ask."""
        category = self.get_one(request.args.get("id", ""))
        below = categories.in_order(category.language)
        return self.render(
            "admin/shelf/remove.html",
            model=category,
            articles=categories.count_articles([category.id]).get(category.id, 0),
            below=[one for one in below if one.parent_id == category.id],
            menus=menus.leading_to("category", [category.id]).get(category.id, ()),
            menu_in_words=menu_in_words,
            return_url=inner_target(request.args.get("url")) or self.get_url(".index_view"),
        )

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        """Delete a category, or say why not."""
        category = self.get_one(request.form.get("id", ""))
        try:
            shelves.remove_category(category, person())
        except CmsError as error:
            self.refuse(error)
            return self.back()
        flash(_("“%(name)s” was deleted.", name=category.title), "success")
        return redirect(self.get_url(".index_view", tab=category.language))

    def delete_model(self, model: Any) -> bool:
        """Stop: deleting is asked about on a page of its own."""
        del model
        abort(404)


def menu_in_words(menu: Any) -> str:
    """Return what a menu is called, with its language."""
    words = menus.MENUS.get(menu.name, menu.name)
    return languages.with_language(_(words), menu.language)


def _parents(of: Sequence[str], without: Category | None = None) -> list[tuple[Any, str]]:
    """Return what a category can stand below, as choices, each as far in as it stands."""
    found: list[tuple[Any, str]] = [("", f"– {_('At the top')} –")]
    for language in of:
        for one in categories.in_order(language):
            if without is not None and f"{one.path}/".startswith(f"{without.path}/"):
                continue
            words = "\N{EM DASH}\N{NO-BREAK SPACE}" * one.path.count("/") + one.title
            if len(of) > 1:
                words = languages.with_language(words, language)
            found.append((one.id, words))
    return found
