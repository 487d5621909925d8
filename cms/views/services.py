"""Finding saved views and choices, and the rules that a view obeys."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from cms.accounts.models import User
from cms.errors import N_, CmsError
from cms.extensions import db
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


def visible_to(user: User, name: str) -> Sequence[SavedView]:
    """Return a person's own views of the list `name`, then those that are shared."""
    query = (
        select(SavedView)
        .where(SavedView.list == name, _is_visible(user))
        .options(joinedload(SavedView.owner))
        .order_by((SavedView.owner_id != user.id), func.lower(SavedView.name), SavedView.id)
    )
    return db.session.scalars(query).all()


def find(view_id: int, user: User, *, for_update: bool = False) -> SavedView | None:
    """Return a view if it is the person's own or shared."""
    query = select(SavedView).where(SavedView.id == view_id, _is_visible(user))
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


def _is_visible(user: User) -> ColumnElement[bool]:
    return or_(SavedView.owner_id == user.id, SavedView.shared)
