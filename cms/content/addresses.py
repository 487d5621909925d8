"""Where on the site each thing is, and what is at an address.

/en/articles/harbour-at-dawn    /zh-Hans-CN/关于/团队    /en/categories/travel/asia
/en/tags/sea
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import Select, bindparam, select

from cms.content import languages
from cms.content.models import Article, Category, Page, Tag
from cms.extensions import db
from cms.trash import Trashable

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
    model, there = _place(address)
    if model is None:
        return None
    found: Addressed | None = db.session.scalar(select(model).where(*_there(model)), there)
    return found


def key(address: str) -> tuple[str, int] | None:
    """Return the kind and the id of what is at an address, without loading it."""
    model, there = _place(address)
    if model is None:
        return None
    found = db.session.connection().execute(_KEY_QUERIES[model], there).scalar()
    return None if found is None else (model.kind, found)


def things(keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Any]:
    """Return what there is of some things, by kind and id. One query for each kind."""
    wanted: dict[str, set[int]] = {}
    for kind, thing_id in keys:
        wanted.setdefault(kind, set()).add(thing_id)
    return {
        (kind, thing.id): thing
        for kind, ids in wanted.items()
        for thing in db.session.scalars(select(KINDS[kind]).where(KINDS[kind].id.in_(ids)))
    }


def _there(model: type[Any]) -> tuple[Any, ...]:
    _folder, column = _FOLDERS[model]
    return model.language == bindparam("language"), column == bindparam("name")


def _place(address: str) -> tuple[type[Any] | None, dict[str, str]]:
    """Return of which model the thing at an address would be, its language and its name."""
    tag, _slash, rest = unquote(address).strip("/").partition("/")
    language = languages.of_tag(tag)
    if language is None or not rest or not rest.isprintable():  # PostgreSQL takes no NUL
        return None, {}
    model, folder = next((m, f) for m, (f, _column) in _FOLDERS.items() if rest.startswith(f))
    return model, {"language": language, "name": rest.removeprefix(folder)}


def _key_query(model: type[Any]) -> Select[Any]:
    query = select(model.id).where(*_there(model))
    return query.where(model.deleted_at.is_(None)) if issubclass(model, Trashable) else query


# Made once: to make one takes as long as to ask it, and each request of a reader asks.
_KEY_QUERIES = {model: _key_query(model) for model in _FOLDERS}
