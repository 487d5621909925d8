"""Menus: the ways into the site, as everybody may see them."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from cms.api.access import person, there
from cms.api.lists import NEXT, Listed, fields_of, page_of
from cms.api.part import Part, one
from cms.api.texts import SHELVES, line, number
from cms.api.words import told
from cms.content import menus as menus_of
from cms.content.errors import Conflict
from cms.content.models import LONGEST_ADDRESS, Menu
from cms.editorial import shelves

menus = Part("menus", "menu", "The ways into the site, without what is not live.", scope="content")


class EntrySchema(Schema):
    """A line of a menu, with those below it: two levels more at most."""

    label = told("What it is called.", fields.String, example="About us")
    address = told("Where it leads.", fields.String, example="/en/about")
    below = fields.List(fields.Nested(lambda: EntrySchema()))  # noqa: PLW0108 - it is not there yet


class MenuSchema(Schema):
    """A menu in one language."""

    id = told("Its number.", fields.Integer, example=1)
    name = told("What the theme calls it.", fields.String, example="main")
    language = told("Its language.", fields.String, example="en")


class WholeMenuSchema(MenuSchema):
    """A menu with its lines."""

    items = fields.List(fields.Nested(EntrySchema), attribute="shown")


LIST = Listed(
    Menu,
    MenuSchema,
    sorts={"name": Menu.name, "id": Menu.id},
    usual="name",
    filters={
        "name": (line(40, "What the theme calls it."), lambda it: Menu.name == it),
        "language": (line(20, "Such as `zh_Hans_CN`."), lambda it: Menu.language == it),
    },
)


@menus.offer(
    "GET", "", may="view", answers=page_of(MenuSchema), query=LIST.query, headers=NEXT, public=True
)
def list_menus(asked: Any) -> Response:
    """List menus, without their lines."""
    return LIST.page(asked)


@menus.offer(
    "GET",
    "/<int:id>",
    may="view",
    answers=WholeMenuSchema,
    query=fields_of(WholeMenuSchema),
    public=True,
)
def read_menu(asked: Any, id: int) -> Response:  # noqa: A002 - its name in the address
    """Tell a menu, line by line."""
    menu = there(Menu, id)
    told_menu = {
        "id": menu.id,
        "name": menu.name,
        "language": menu.language,
        "shown": menus_of.shown(menu),
    }
    return one(WholeMenuSchema, told_menu, only=asked.get("fields"))


class _LineSchema(Schema):
    """A line of a menu as it is kept. It leads to one thing; where that is an address, it
    has a `label`."""

    label = line(menus_of.LONGEST_LABEL, "What it is called, if not as what it leads to.")
    address = line(LONGEST_ADDRESS, "An address of this site, or of another.", allow_none=True)
    article_id = number("The article that it leads to.", allow_none=True)
    page_id = number("The page that it leads to.", allow_none=True)
    category_id = number("The category that it leads to.", allow_none=True)


class LowestItemSchema(_LineSchema):
    """A line of the third level."""


class LowerItemSchema(_LineSchema):
    """A line of the second level."""

    items = fields.List(fields.Nested(LowestItemSchema))


class ItemSchema(_LineSchema):
    """A line of the first level."""

    items = fields.List(fields.Nested(LowerItemSchema))


class ItemsSchema(Schema):
    """All lines of a menu in their order, also of what is not live."""

    items = fields.List(fields.Nested(ItemSchema), required=True)


@menus.offer("GET", "/<int:id>/items", may="view", answers=ItemsSchema, tagged=True)
def read_items(id: int) -> Response:  # noqa: A002
    """Tell the lines of a menu as they are kept, to be changed."""
    return _kept(there(Menu, id))


@menus.offer(
    "PUT",
    "/<int:id>/items",
    may="edit",
    answers=ItemsSchema,
    body=ItemsSchema,
    tagged=True,
    conflicts=[Conflict],
    scope=SHELVES,
)
def put_items(given: Any, id: int) -> Response:  # noqa: A002
    """Let a menu have these lines, and no others.

    `If-Match` says which state is changed, so that nobody's change is lost; `*` is any.
    """
    menu = there(Menu, id)
    seen = menus_of.digest(menu)
    menus.check_etag(_nested(menu), ItemsSchema)
    shelves.put_menu(menu.name, menu.language, person(), given["items"], seen=seen)
    return _kept(menu)


def _kept(menu: Menu) -> Response:
    nested = _nested(menu)
    menus.set_etag(nested, ItemsSchema)
    return one(ItemsSchema, nested)


def _nested(menu: Menu) -> dict[str, Any]:
    """Return the lines of a menu, each with those below it."""
    top: dict[str, Any] = {"items": []}
    way = [top]
    names = _LineSchema().fields
    for found in menus_of.lines(menu):
        told_line = {name: getattr(found.item, name) for name in names} | {"items": []}
        del way[found.level :]
        way[-1]["items"].append(told_line)
        way.append(told_line)
    return top
