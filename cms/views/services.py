"""Finding saved views and choices, and the rules that a view obeys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, and_, bindparam, func, or_, select
from sqlalchemy.orm import joinedload

from cms.accounts.models import User
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.trash import NO_TRASH
from cms.views.models import ListChoice, SavedView

MOST_OF_ONE = 50
MOST_SHARED = 100
LONGEST_QUERY = 8_000


class BadName(CmsError):
    """A name that is empty, or longer than the column."""

    sentence = N_("Give the view a name of at most %(limit)s characters.")


class TakenName(CmsError):
    """The person has another view of that name on that list."""

    sentence = N_("You have a view “%(name)s” of this list already.")


class TooMany(CmsError):
    """There is no more room."""

    sentence = N_("There are %(limit)s views of this list already. Delete one first.")


class TooLong(CmsError):
    """More is searched for than a view holds."""

    sentence = N_("This is more than a view can hold. Take some of the filters away.")


def of_list(user: User, name: str) -> tuple[ListChoice, Sequence[SavedView]]:
    """Return how a person has the list `name` shown, and the views of it: first their own,
    then those that are shared."""
    rows = db.session.execute(_of_list(), {"me": user.id, "name": name}).all()
    choice = next((row[1] for row in rows if row[1]), None)
    views = [view for _id, _choice, view in rows if view]
    return choice or ListChoice(user_id=user.id, list=name), views


@cache
def _of_list() -> Select[int, ListChoice, SavedView]:
    me, name = bindparam("me", type_=Integer), bindparam("name", type_=String)
    mine = and_(ListChoice.user_id == User.id, ListChoice.list == name)
    visible = and_(SavedView.list == name, _is_visible(User.id))
    return (
        select(User.id, ListChoice, SavedView)
        .outerjoin(ListChoice, mine)
        .outerjoin(SavedView, visible)
        .where(User.id == me)
        .options(joinedload(SavedView.owner))
        .order_by(SavedView.owner_id != User.id, func.lower(SavedView.name), SavedView.id)
        .execution_options(**NO_TRASH)
    )


def find(view_id: int, user: User, *, for_update: bool = False) -> SavedView | None:
    """Return a view if it is the person's own or shared."""
    query = select(SavedView).where(SavedView.id == view_id, _is_visible(user.id))
    return db.session.scalars(query.with_for_update() if for_update else query).one_or_none()


def choice_of(user: User, name: str) -> ListChoice:
    """Return how a person has the list `name` shown; one in no session if nothing is kept."""
    found = db.session.get(ListChoice, (user.id, name))
    return found or ListChoice(user_id=user.id, list=name)


def check(view: SavedView) -> None:
    """Raise what is wrong with a view that is new or was changed: `BadName`, `TakenName`,
    `TooLong` or `TooMany`."""
    limit = SavedView.name.type.length
    if not view.name or len(view.name) > limit:
        raise BadName(limit=limit)
    if len(str(view.query)) > LONGEST_QUERY:
        raise TooLong
    columns = (SavedView.name, SavedView.owner_id, SavedView.shared)
    others = select(*columns).where(SavedView.list == view.list, SavedView.id != (view.id or 0))
    with db.session.no_autoflush:
        rows = db.session.execute(others).all()
    own = [name for name, owner_id, _shared in rows if owner_id == view.owner_id]
    if view.name.casefold() in {name.casefold() for name in own}:
        raise TakenName(name=view.name)
    if len(own) >= MOST_OF_ONE:
        raise TooMany(limit=MOST_OF_ONE)
    if view.shared and sum(shared for _name, _owner_id, shared in rows) >= MOST_SHARED:
        raise TooMany(limit=MOST_SHARED)


def _is_visible(user_id: Any) -> ColumnElement[bool]:
    return or_(SavedView.owner_id == user_id, SavedView.shared)
