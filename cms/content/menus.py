"""Menus: ordered trees of ways into the site. Callers commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from cms.content import addresses, languages, redirects
from cms.content.errors import AtField, TooLong
from cms.content.models import Menu, MenuItem
from cms.errors import N_
from cms.extensions import db

DEEPEST = 3
LONGEST_LABEL = 100
_TARGETS = ("article", "page", "category")


class NoTarget(AtField):
    """It leads nowhere, or in two directions."""

    sentence = N_(
        "Choose one thing that this leads to: an article, a page, a category or an address."
    )
    field = "address"


class NoLabel(AtField):
    """An address has no title of its own."""

    sentence = N_("Say what this is called in the menu.")
    field = "label"


class MenuTooDeep(AtField):
    """More than a menu can show."""

    sentence = N_("A menu has at most %(limit)s levels.")


@dataclass(frozen=True)
class Entry:
    """A line of a menu, as the site shows it."""

    label: str
    address: str
    below: list[Entry] = field(default_factory=list)


def get(name: str, language: str) -> Menu:
    """Return a menu; it is made when it is first asked for. Raises `UnknownLanguage`."""
    query = select(Menu).where(Menu.name == name, Menu.language == languages.check(language))
    found = db.session.scalar(query)
    if found is None:
        found = Menu(name=name, language=language)
        db.session.add(found)
        db.session.flush()
    return found


def put(menu: Menu, items: Sequence[Mapping[str, Any]]) -> None:
    """Let a menu have these items, and no others, in their order.

    Each says `label`, one of `article_id`, `page_id`, `category_id` and `address`, and
    `items`, those below it. Raises `NoTarget`, `NoLabel`, `NotAnAddress`, `TooLong` and
    `MenuTooDeep`; nothing is changed then.
    """
    with db.session.begin_nested():
        db.session.execute(delete(MenuItem).where(MenuItem.menu_id == menu.id))
        _add(menu, items, None, 1)


def _add(
    menu: Menu, items: Sequence[Mapping[str, Any]], parent: MenuItem | None, level: int
) -> None:
    if items and level > DEEPEST:
        raise MenuTooDeep(limit=DEEPEST)
    for position, given in enumerate(items, 1):
        item = _checked(given)
        item.menu_id, item.parent_id = menu.id, parent.id if parent else None
        item.position = position
        db.session.add(item)
        db.session.flush()
        _add(menu, given.get("items", ()), item, level + 1)


def _checked(given: Mapping[str, Any]) -> MenuItem:
    label, address = given.get("label", "").strip(), given.get("address")
    targets = {f"{name}_id": given.get(f"{name}_id") for name in _TARGETS}
    if len([target for target in (address, *targets.values()) if target]) != 1:
        raise NoTarget
    if address and not (redirects.is_local(address) or redirects.is_foreign(address)):
        raise redirects.NotAnAddress
    if address and not label:
        raise NoLabel
    if len(label) > LONGEST_LABEL:
        raise TooLong("label", LONGEST_LABEL)
    return MenuItem(label=label, address=address, **targets)


def shown(menu: Menu) -> list[Entry]:
    """Return a menu as everybody may see it: without what is not live, nor what is below that."""
    things = [selectinload(getattr(MenuItem, name)) for name in _TARGETS]
    query = select(MenuItem).where(MenuItem.menu_id == menu.id).options(*things)
    items = db.session.scalars(query.order_by(MenuItem.position, MenuItem.id)).all()
    return _entries(items, None)


def _entries(items: Sequence[MenuItem], parent_id: int | None) -> list[Entry]:
    found = []
    for item in items:
        if item.parent_id == parent_id and (address := _address(item)):
            label = item.label or str(_thing(item))
            found.append(Entry(label, address, _entries(items, item.id)))
    return found


def _thing(item: MenuItem) -> Any:
    return item.article or item.page or item.category


def _address(item: MenuItem) -> str | None:
    if item.address:
        return item.address
    thing = _thing(item)
    if thing is None or getattr(thing, "in_trash", False) or not getattr(thing, "is_live", True):
        return None
    return addresses.of(thing)
