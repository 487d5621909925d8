"""Marks that change with what the site shows, so that nobody has to draw a page to know
whether it is still the same.

    marks = stamps.read([stamps.SITE, stamps.ARTICLES])

Three kinds: `SITE` for what every page shows or may show, that is menus, settings, pages,
categories and tags; `ARTICLES` for all lists of articles; `article:7` for one article, its
translations and its pictures. A mark is random: one that has been is never again, also not
after a backup was restored. It changes within the transaction that makes the change, as
the last thing before its commit, so that nobody waits long for anybody.

Nothing needs to be called: the session is watched. What is changed past its objects, by an
UPDATE or a DELETE, is not known row by row, and changes the mark of the site.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import bindparam, event, select, text
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction

from cms.content.models import (
    Article,
    Category,
    MenuItem,
    Page,
    SiteSetting,
    Stamp,
    Tag,
    article_picture,
    page_picture,
)
from cms.extensions import db

SITE, ARTICLES = "site", "articles"

_CHANGED = "cms.content.stamps"
_OF_THE_SITE = (Category, MenuItem, SiteSetting)
# What pages are made of, as far as others change it than by objects.
_TABLES = {"article", "article_tag", "page", "category", "tag", "menu", "menu_item",
           "site_setting"}  # fmt: skip
# Made once: to make it takes as long as to ask it, and each request of a reader asks.
_READ = select(Stamp.name, Stamp.mark).where(Stamp.name.in_(bindparam("names", expanding=True)))
_UPSERT = {
    "sqlite": "ON CONFLICT (name) DO UPDATE SET mark = excluded.mark",
    "postgresql": "ON CONFLICT (name) DO UPDATE SET mark = excluded.mark",
    "mysql": "ON DUPLICATE KEY UPDATE mark = VALUES(mark)",
    "mariadb": "ON DUPLICATE KEY UPDATE mark = VALUES(mark)",
}


def of(article_id: int) -> str:
    """Return the name of an article's own stamp."""
    return f"article:{article_id}"


def read(names: Collection[str]) -> tuple[str, ...]:
    """Return the marks of these names, in their order."""
    rows = db.session.connection().execute(_READ, {"names": list(names)})
    found = {name: mark for name, mark in rows}  # noqa: C416 - rows are no pairs to mypy
    return tuple(found.get(name, "") for name in names)


def change(*names: str) -> None:
    """Change marks with the commit of what the session is about."""
    _note(db.session(), names)


def _note(session: Session, names: Iterable[str]) -> None:
    session.info.setdefault(_CHANGED, set()).update(names)


# Watching the session


@event.listens_for(db.session, "after_flush")
def _note_flushed(session: Session, _context: UOWTransaction) -> None:
    differs = (thing for thing in session.dirty if session.is_modified(thing))
    _note(session, set(_names(session, [*session.new, *session.deleted, *differs])))


def _names(session: Session, changed: Iterable[Any]) -> Iterator[str]:
    pictures = set()
    for thing in changed:
        if isinstance(thing, _OF_THE_SITE) or _is_of_the_site(session, thing):
            yield SITE
        elif isinstance(thing, Article) and thing.published_at:
            yield from _of_article(session, thing)
        elif getattr(thing, "__tablename__", "") == "rendition":
            pictures.add(thing.image_id)
        elif getattr(thing, "__tablename__", "") == "image" and thing not in session.new:
            pictures.add(thing.id)
    if pictures:
        yield from _showing(session, pictures)


def _is_of_the_site(session: Session, thing: Any) -> bool:
    if isinstance(thing, Tag):
        return thing not in session.new  # a new one is seen with its first article
    return isinstance(thing, Page) and thing.published_at is not None


def _of_article(session: Session, article: Article) -> Iterator[str]:
    yield ARTICLES
    group = select(Article.id).where(Article.translation_group == article.translation_group)
    yield from map(of, {article.id, *session.scalars(group)})
    in_menu = select(MenuItem.id).where(MenuItem.article_id == article.id).limit(1)
    if session.scalar(in_menu) is not None:
        yield SITE


def _showing(session: Session, pictures: Collection[int]) -> Iterator[str]:
    """Yield the names of what shows these pictures."""
    shown = article_picture.c
    covered = select(Article.id).where(Article.cover_id.in_(pictures))
    inside = select(shown.article_id).where(shown.image_id.in_(pictures))
    if covers := session.scalars(covered).all():
        yield ARTICLES
    yield from map(of, {*covers, *session.scalars(inside)})
    page = select(page_picture.c.page_id).where(page_picture.c.image_id.in_(pictures)).limit(1)
    if session.scalar(page) is not None:
        yield SITE


@event.listens_for(db.session, "do_orm_execute")
def _note_executed(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete or state.is_insert):
        return
    if getattr(getattr(state.statement, "table", None), "name", None) in _TABLES:
        _note(state.session, (SITE, ARTICLES))


@event.listens_for(db.session, "before_commit")
def _change_marks(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    names = session.info.pop(_CHANGED, None)
    if not names:
        return
    connection = session.connection()
    upsert = (
        f"INSERT INTO stamp (name, mark) VALUES (:name, :mark) {_UPSERT[connection.dialect.name]}"  # noqa: S608 - our own words
    )
    # In one order, so that two who change the same ones never wait for each other.
    rows = [{"name": name, "mark": secrets.token_hex(8)} for name in sorted(names)]
    connection.execute(text(upsert), rows)


@event.listens_for(db.session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_CHANGED, None)
