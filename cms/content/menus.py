"""Menus: ordered trees of ways into the site. Callers commit."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from cms import trash
from cms.content import addresses, languages, redirects
from cms.content.errors import AtField, TooLong
from cms.content.models import Menu, MenuItem
from cms.errors import N_
from cms.extensions import db

DEEPEST = 3
LONGEST_LABEL = 100
_TARGETS = ("article", "page", "category")
_SAID = ("label", "address", *(f"{name}_id" for name in _TARGETS))


# The menus that the theme shows, by name, in words: a theme may declare others.
MENUS = {"main": N_("Main menu of the site"), "footer": N_("Foot of the page")}


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


class NoSuchMenu(AtField):
    """The theme has none of that name, or none any more."""

    sentence = N_("The theme has no such menu.")


def declare(name: str, words: str) -> None:
    """Let the site have another menu, which the theme shows."""
    MENUS[name] = words


@dataclass(frozen=True)
class Entry:
    """A line of a menu, as the site shows it."""

    label: str
    address: str
    below: list[Entry] = field(default_factory=list)


def get(name: str, language: str) -> Menu:
    """Return a menu; it is made when it is first asked for. Raises `UnknownLanguage`."""
    found = find(name, language)
    if found.id is None:
        db.session.add(found)
        db.session.flush()
    return found


def find(name: str, language: str) -> Menu:
    """Return a menu to be shown; one that nobody has put together yet is empty, and not kept.
    Raises `UnknownLanguage`."""
    query = select(Menu).where(Menu.name == name, Menu.language == languages.check(language))
    return db.session.scalar(query) or Menu(name=name, language=language)


def put(menu: Menu, items: Sequence[Mapping[str, Any]]) -> None:
    """Let a menu have these items, and no others, in their order.

    Each says `label`, one of `article_id`, `page_id`, `category_id` and `address`, and
    `items`, those below it. Raises `NoTarget`, `NoLabel`, `NotAnAddress`, `TooLong` and
    `MenuTooDeep`; nothing is changed then.
    """
    with db.session.begin_nested():
        db.session.execute(delete(MenuItem).where(MenuItem.menu_id == menu.id))
        if len(things(wanted := set(_targets_in(items)))) < len(wanted):
            raise NoTarget
        _add(menu, items, None, 1)


def things(keys: Iterable[tuple[str, int] | None]) -> Mapping[tuple[str, int], Any]:
    """Return what menus can lead to by kind and id, be it in the trash, where it can come
    back from. One query for each kind."""
    with trash.included():
        return addresses.things(filter(None, keys))


def _targets_in(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    for item in items:
        yield from ((kind, key) for kind in _TARGETS if (key := item.get(f"{kind}_id")))
        yield from _targets_in(item.get("items", ()))


@dataclass(frozen=True)
class Line:
    """An item of a menu as it is edited: how deep it stands, and what it leads to."""

    level: int
    item: MenuItem
    thing: Any

    @property
    def is_live(self) -> bool:
        """Whether the public is shown it, as far as it goes by itself."""
        return _address(self.item) is not None


def lines(menu: Menu) -> Sequence[Line]:
    """Return all items of a menu, each after that which it stands below."""
    below: dict[int | None, list[MenuItem]] = {}
    for item in _items(menu):
        below.setdefault(item.parent_id, []).append(item)

    def walk(parent_id: int | None, level: int) -> Iterator[Line]:
        for item in below.get(parent_id, ()):
            yield Line(level, item, _thing(item))
            yield from walk(item.id, level + 1)

    return list(walk(None, 1))


def digest(menu: Menu) -> str:
    """Return what differs once somebody has changed the menu."""
    said = [(line.level, *(getattr(line.item, name) for name in _SAID)) for line in lines(menu)]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def leading_to(kind: str, ids: Collection[int]) -> Mapping[int, Sequence[Menu]]:
    """Return the menus that lead to things of a kind, by the ids of these."""
    key = getattr(MenuItem, f"{kind}_id")
    query = select(key, Menu).join(Menu, Menu.id == MenuItem.menu_id).where(key.in_(ids))
    found: dict[int, list[Menu]] = {}
    for thing_id, menu in db.session.execute(query.order_by(Menu.id).distinct()):
        found.setdefault(thing_id, []).append(menu)
    return found


def _add(
    menu: Menu, items: Sequence[Mapping[str, Any]], parent: MenuItem | None, level: int
) -> None:
    if items and level > DEEPEST:
        raise MenuTooDeep(limit=DEEPEST)
    for position, given in enumerate(items, 1):
        item = check(given)
        item.menu_id, item.parent_id = menu.id, parent.id if parent else None
        item.position = position
        db.session.add(item)
        db.session.flush()
        _add(menu, given.get("items", ()), item, level + 1)


def check(given: Mapping[str, Any]) -> MenuItem:
    """Return the item that is meant. Raises what `put` raises of a single one, but does not
    look whether what it leads to is there: see `things`."""
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


def named(name: str, language: str) -> list[Entry]:
    """Return what a menu shows; nothing if nobody has made it yet."""
    query = select(Menu).where(Menu.name == name, Menu.language == language)
    found = db.session.scalar(query)
    return [] if found is None else shown(found)


def shown(menu: Menu) -> list[Entry]:
    """Return a menu as everybody may see it: without what is not live, nor what is below that."""
    return _entries(_items(menu), None)


def _items(menu: Menu) -> Sequence[MenuItem]:
    things = [selectinload(getattr(MenuItem, name)) for name in _TARGETS]
    query = select(MenuItem).where(MenuItem.menu_id == menu.id).options(*things)
    return db.session.scalars(query.order_by(MenuItem.position, MenuItem.id)).all()


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
    if thing is None or thing.in_trash or not thing.is_live:
        return None
    return addresses.of(thing)
