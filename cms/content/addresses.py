"""Where on the site each thing is, and what is at an address.

/en/articles/harbour-at-dawn    /zh-Hans-CN/关于/团队    /en/categories/travel/asia
/en/tags/sea
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import select

from cms.content import languages
from cms.content.models import Article, Category, Page, Tag
from cms.extensions import db

Addressed = Article | Page | Category | Tag

KINDS: dict[str, type[Any]] = {model.kind: model for model in (Article, Page, Category, Tag)}
_FOLDERS: dict[type[Any], tuple[str, Any]] = {
    Article: ("articles/", Article.slug),
    Category: ("categories/", Category.path),
    Tag: ("tags/", Tag.slug),
    Page: ("", Page.path),
}


def of(thing: Addressed) -> str:
    """Return the address of a thing, as people read it: see `quoted`."""
    folder, column = _FOLDERS[type(thing)]
    return f"/{languages.tag(thing.language)}/{folder}{getattr(thing, column.key)}"


def quoted(address: str) -> str:
    """Return an address as it is sent, every other sign than ASCII by its number."""
    return quote(address)


def find(address: str) -> Addressed | None:
    """Return what is at an address, in whichever state it is; None if nothing is.

    What is in the trash is at no address.
    """
    tag, _slash, rest = unquote(address).strip("/").partition("/")
    language = languages.of_tag(tag)
    if language is None or not rest or not rest.isprintable():  # PostgreSQL takes no NUL
        return None
    for model, (folder, column) in _FOLDERS.items():
        if rest.startswith(folder):
            name = rest.removeprefix(folder)
            found = select(model).where(model.language == language, column == name)
            return db.session.scalar(found)
    return None
