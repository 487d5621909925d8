"""Pages and their tree. Callers commit, and have asked the policy: see `cms.editorial.content`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cms import trash
from cms.accounts.models import User
from cms.content import languages, slugs, trees, writing
from cms.content.errors import AtField
from cms.content.models import Page, Revision
from cms.errors import N_
from cms.extensions import db

_TEXTS = ("title", "summary", "body", "seo_title", "seo_description")
FIELDS = frozenset({*_TEXTS, "slug", "parent_id", "position", "template"})
_PLACE = frozenset({"slug", "parent_id", "position"})

# What pages may look like, by the name of a file, in words: a theme adds its own.
TEMPLATES = {"page": N_("Page"), "wide": N_("Wide page, for pictures and tables")}


class UnknownTemplate(AtField):
    """The theme has none of that name, or none any more."""

    sentence = N_("The theme has no such template.")
    field = "template"


def declare_template(name: str, words: str) -> None:
    """Let pages have another template of the theme."""
    TEMPLATES[name] = words


def create(
    by: User | None,
    *,
    language: str | None = None,
    translation_of: Page | None = None,
    **fields: Any,
) -> Page:
    """Begin a page, a draft of whoever begins it.

    `fields` are those of `FIELDS`; a title must be among them. Raises errors that name
    their field.
    """
    page = Page(owner=by, language=languages.check(language or languages.first()))
    if translation_of is not None:
        writing.join_translations(page, translation_of)
    _write(page, fields)
    try:
        _place(page, {"slug": None, "parent_id": None, **fields})
    except slugs.SlugTaken:
        writing.refuse_translated(page)  # what the database refused may have been this
        raise
    writing.finish(page, by)
    return page


def save(
    page: Page,
    by: User | None,
    *,
    seen: int | None = None,
    restored_from: int | None = None,
    by_the_way: bool = False,
    **fields: Any,
) -> Revision | None:
    """Change a page, and return the revision that keeps it; None if nothing differs.

    A `slug` or a `parent_id` moves it, with what stands below. Raises `Conflict` if its
    version is not the one that the person had `seen`, and errors that name their field.
    """
    writing.hold(page, seen)
    with db.session.begin_nested():
        _write(page, fields)
        db.session.flush()
        if fields.keys() & _PLACE:
            _place(page, fields)
    return writing.finish(page, by, restored_from, by_the_way=by_the_way)


def _write(page: Page, fields: Mapping[str, Any]) -> None:
    if unknown := fields.keys() - FIELDS:
        raise TypeError(f"a page has no {sorted(unknown)}")
    if "template" in fields:
        if fields["template"] not in TEMPLATES:
            raise UnknownTemplate
        page.template = fields["template"]
    writing.set_texts(page, {name: fields[name] for name in _TEXTS if name in fields})


def _place(page: Page, fields: Mapping[str, Any]) -> None:
    parent_id = fields.get("parent_id", page.parent_id)
    parent = _parent(parent_id)
    slug = fields.get("slug", page.slug)
    trees.place(page, slug=slug or None, parent=parent, position=fields.get("position"))


def _parent(parent_id: int | None) -> Page | None:
    if parent_id is None:
        return None
    with trash.included():
        parent = db.session.get(Page, parent_id)
    if parent is None:
        raise trees.ParentGone
    return parent
