"""The forms of articles and pages. What their values must be, `cms.content` says itself.

The names of the fields are those that its errors name.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_admin.form import BaseForm
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import DateTimeLocalInput, HiddenInput

from cms.admin import languages, subjects
from cms.admin.access import person, whole_number
from cms.content import bodies, pages
from cms.content.life import NoTime
from cms.content.models import Article, Category, Page
from cms.editorial import content
from cms.extensions import db
from cms.look import lazy as _l

IN_A_LEVEL = "\N{EM SPACE}"


class BodyField(TextAreaField):
    """HTML, for which `editor.js` puts an editor in the place of the field."""

    def in_words(self, value: Any) -> str:
        """Return the text as people read it, a line for each block and picture."""
        found = bodies.blocks(str(value or ""))
        return "\n".join(
            block if isinstance(block, str) else _("[Picture %(number)s]", number=block.image_id)
            for block in found
        )


class IdField(SelectField):
    """A choice among rows of the database, by id; a dash for none."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, coerce=whole_number, validate_choice=False, choices=(), **kwargs)

    def offer(self, found: Iterable[tuple[int | str, str]]) -> None:
        """Set what can be chosen."""
        self.choices = [SelectChoice("", "–"), *(SelectChoice(*one) for one in found)]


class IdInput(Field):
    """The id of a picture, which `writing.js` lets one choose."""

    widget = HiddenInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take a number, or nothing."""
        if valuelist:
            self.data = whole_number(valuelist[0])

    @staticmethod
    def in_words(value: Any) -> str:
        """Return which picture it is."""
        return _("[Picture %(number)s]", number=value) if value else ""


class MomentField(StringField):
    """What a clock on the wall says; without a zone, which stands beside it."""

    widget = DateTimeLocalInput()

    def moment(self) -> datetime | None:
        """Return the time, None without. Raises `NoTime` for what is none."""
        text = (self.data or "").strip()
        if not text:
            return None
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            error = NoTime()
            error.field = self.short_name
            raise error from None


class LifeForm(BaseForm):
    """What a step may need beside the text."""

    publish_at = MomentField(_l("Publish at"))
    expire_at = MomentField(_l("Ends at"), description=_l("Without one it stays."))
    zone = StringField(_l("Time zone"))
    comment = TextAreaField(_l("Comment"))
    owner = IdField(_l("Author"))


class TextForm(LifeForm):
    """What articles and pages have both."""

    title = StringField(_l("Title"))
    body = BodyField(_l("Text"))
    summary = TextAreaField(
        _l("Summary"), description=_l("One or two sentences, for lists and for search engines.")
    )
    slug = StringField(
        _l("Slug"), description=_l("The last part of the address. Made of the title if empty.")
    )
    seo_title = StringField(_l("Title for search engines"), description=_l("Otherwise the title."))
    seo_description = TextAreaField(
        _l("Description for search engines"), description=_l("Otherwise the summary.")
    )

    fields = {
        name: name for name in ("title", "body", "summary", "slug", "seo_title", "seo_description")
    }

    def values(self) -> dict[str, Any]:
        """Return what was written, by the names of `cms.content`."""
        given = {name: self[field].data for name, field in self.fields.items()}
        return given | {
            name: value or "" for name, value in given.items() if not name.endswith("_id")
        }


class ArticleForm(TextForm):
    """The form of an article."""

    cover = IdInput(_l("Cover"))
    category = IdField(_l("Category"))
    tags = StringField(_l("Tags"), description=_l("Parted by commas. New ones are made."))

    fields = {
        **TextForm.fields, "cover_id": "cover", "category_id": "category", "tags": "tags"
    }  # fmt: skip

    def values(self) -> dict[str, Any]:
        """Return what was written, the tags one by one."""
        given = super().values()
        parts = given["tags"].replace("，", ",").replace("、", ",").split(",")
        return given | {"tags": [part.strip() for part in parts if part.strip()]}

    def offer(self, language: str, _thing: Any) -> None:
        """Set which categories can be chosen."""
        self.category.offer(_tree(Category, language))


class PageForm(TextForm):
    """The form of a page."""

    parent = IdField(_l("Stands below"))
    template = SelectField(_l("Template"), validate_choice=False, choices=())

    fields = {**TextForm.fields, "parent_id": "parent", "template": "template"}

    def offer(self, language: str, thing: Any) -> None:
        """Set where the page may stand, and which templates there are."""
        offered = _tree(Page, language, content.visible(Page, person()), without=thing)
        stands_below = getattr(thing, "parent_id", None)
        if stands_below is not None and stands_below not in dict(offered):
            # Not the person's to see; it stays offered, or saving would move the page.
            offered.append((stands_below, subjects.name_of("page", str(stands_below))))
        self.parent.offer(offered)
        self.template.choices = [SelectChoice(*one) for one in templates()]


def templates() -> list[tuple[str, str]]:
    """Return the templates of the theme, in words."""
    return [(name, _(words)) for name, words in pages.TEMPLATES.items()]


class BeginForm(BaseForm):
    """What one is asked before one begins to write."""

    title = StringField(_l("Title"))
    language = SelectField(_l("Language"), validate_choice=False, choices=())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = [SelectChoice(*one) for one in languages.choices()]

    def values(self) -> dict[str, Any]:
        """Return what was written, by the names of `cms.content`."""
        return {"title": self.title.data or "", "language": self.language.data or None}


def as_field_values(thing: Article | Page, content: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a text as the fields of its form hold them."""
    form = ArticleForm if isinstance(thing, Article) else PageForm
    held = {field: content.get(name) for name, field in form.fields.items()}
    if "tags" in held:
        held["tags"] = ", ".join(content["tags"])
    return held


def _tree(
    model: Any, language: str, *seen: ColumnElement[bool], without: Any = None
) -> list[tuple[int, str]]:
    """Return the rows of a tree by id, each as far in as its level says."""
    query = select(model.id, model.title, model.path).where(model.language == language, *seen)
    rows = db.session.execute(query.order_by(model.path)).all()
    path = getattr(without, "path", None)
    return [
        (key, IN_A_LEVEL * at.count("/") + title)
        for key, title, at in rows
        if path is None or not f"{at}/".startswith(f"{path}/")
    ]
