"""What a person does with the views of a list, one transaction each.

What others see is audited: views that are shared, and their beginning and end as such.
"""

from __future__ import annotations

from typing import Any

from cms import clock
from cms.accounts.models import User
from cms.audit import values
from cms.audit.services import record
from cms.errors import CmsError
from cms.extensions import db
from cms.views.models import ListChoice, SavedView
from cms.views.services import check, choice_of


def save(owner: User, name: str, title: str, query: dict[str, Any], *, shared: bool) -> SavedView:
    """Keep a view of the list `name` under a title. Raises what `check` does."""
    view = SavedView(list=name, name=title.strip(), owner_id=owner.id, query=query, shared=shared)
    check(view)
    db.session.add(view)
    db.session.flush()
    if shared:
        record("create", view, **values.made(values.columns(view)))
    return view


def change(
    view: SavedView,
    *,
    title: str | None = None,
    query: dict[str, Any] | None = None,
    shared: bool | None = None,
) -> SavedView:
    """Give a view another title or query, or share it or not; return it. Raises what
    `check` does."""
    wanted = {
        "name": None if title is None else title.strip(),
        "query": query,
        "shared": shared,
    }
    changes = {
        key: [getattr(view, key), value]
        for key, value in wanted.items()
        if value is not None and value != getattr(view, key)
    }
    was_shared = view.shared
    with db.session.no_autoflush:
        for key, (_old, new) in changes.items():
            setattr(view, key, new)
        try:
            check(view)
        except CmsError:
            db.session.expire(view)
            raise
    if changes:
        view.changed_at = clock.now()
    if changes and (was_shared or view.shared):
        record("edit", view, **changes)
    return view


def delete(view: SavedView) -> None:
    """Delete a view; whoever opened the list with it sees the whole list again."""
    if view.shared:
        record("delete", view, **values.gone(view))
    db.session.delete(view)
    db.session.flush()


def choose(user: User, name: str, **choices: Any) -> ListChoice:
    """Remember how a person has the list `name` shown: columns, size, look or view_id."""
    choice = choice_of(user, name)
    for key, value in choices.items():
        setattr(choice, key, value)
    db.session.add(choice)
    db.session.flush()
    return choice


def switch_keys(user: User, *, on: bool) -> None:
    """Let the keyboard's shortcuts work for a person, or not."""
    user.shortcuts = on
    db.session.flush()
