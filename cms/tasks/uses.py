"""Where texts use pictures and documents, be it by what is in the trash: it may come back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    select,
    true,
    union,
)

from cms.content.models import Article, Page, State
from cms.extensions import db
from cms.media import usage
from cms.media.models import Document, Image

HIGHEST = 2**31 - 1  # of an id

Way = tuple[Column[int], Column[int]]


def _used_by(model: type[Any]) -> None:
    shows, texts = model.pictures.c, model.__table__.c
    ways = [(shows.image_id, shows[f"{model.kind}_id"])]
    all_used = [select(shows.image_id)]
    if hasattr(model, "cover_id"):
        ways.append((texts.cover_id, texts.id))
        all_used.append(select(texts.cover_id).where(texts.cover_id.is_not(None)))

    def keys() -> Select[Any]:
        return select(union(*all_used).subquery()) if len(all_used) > 1 else all_used[0]

    usage.of(model.kind, keys=keys)(_finder(Image, model, ways))


def _links_to_documents(model: type[Any]) -> None:
    links = model.documents.c
    ways = [(links.document_id, links[f"{model.kind}_id"])]
    keys = select(links.document_id)
    usage.documents.of(model.kind, keys=lambda: keys)(_finder(Document, model, ways))


def _finder(owner: type[Any], model: type[Any], ways: Sequence[Way]) -> usage.Finder:
    """Return who finds, of each of some things, the first texts that use it; each way is a
    column of what is used and one of who uses it, of one table, which has an index of both."""
    # Made once, since each list asks.
    by_last = union(*(_up_to_the_last(owner, model, *way) for way in ways))
    by_each = union(*(_for_each(owner, model, *way) for way in ways))

    def find(ids: Collection[int], most: int) -> list[tuple[int, int, str, int | None, bool]]:
        query = by_each if db.engine.dialect.name == "postgresql" else by_last
        asked = {"some": list(ids), "most": most, "before_last": most - 1}
        return [
            (used, user, title, owner, bool(live))
            for used, user, title, owner, live in sorted(db.session.execute(query, asked))
        ]

    return find


def _for_each(owner: type[Any], model: type[Any], used: Column[int], user: Column[int]) -> Any:
    """Ask as PostgreSQL, and only it, answers without reading every use."""
    things, texts = owner.__table__, model.__table__
    first = _in_order(things, used, user).limit(bindparam("most", type_=Integer)).lateral()
    found = things.join(first, true()).join(texts, texts.c.id == first.c.id)
    return _named(things, texts, found)


def _up_to_the_last(
    owner: type[Any], model: type[Any], used: Column[int], user: Column[int]
) -> Any:
    """Ask as SQLite and MariaDB answer without reading every use: up to the last that counts."""
    things, texts = owner.__table__, model.__table__
    in_order = _in_order(things, used, user).limit(1)
    last = in_order.offset(bindparam("before_last", type_=Integer)).scalar_subquery()
    found = things.join(used.table, used == things.c.id)
    if used.table is not texts:
        found = found.join(texts, texts.c.id == user)
    return _named(things, texts, found).where(user <= func.coalesce(last, HIGHEST))


def _in_order(things: FromClause, used: Column[int], user: Column[int]) -> Select[Any]:
    again = used.table.alias()
    one = again.c[user.name].label("id")
    return select(one).where(again.c[used.name] == things.c.id).order_by(one)


def _named(things: FromClause, texts: FromClause, found: FromClause) -> Select[Any]:
    live = and_(texts.c.state == State.PUBLISHED, texts.c.deleted_at.is_(None))
    shown = select(things.c.id, texts.c.id, texts.c.title, texts.c.owner_id, live)
    return shown.select_from(found).where(things.c.id.in_(bindparam("some", expanding=True)))


for _model in (Article, Page):
    _used_by(_model)
    _links_to_documents(_model)
