"""What a person does to what orders the site: categories, tags, menus, redirects.

Everything asks the policy here, and is noted in the audit trail. Callers commit. What is
wrong is raised as an error that names its field: see `cms.content.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from cms.accounts.models import User
from cms.accounts.policy import may
from cms.audit import values
from cms.audit.services import record
from cms.content import categories, menu_changes, menus, redirects, tags, trees
from cms.content.errors import Conflict
from cms.content.models import Category, Menu, Redirect, Tag
from cms.errors import NotAllowed, NotFound
from cms.extensions import db


def _ask(by: User, action: str, kind: str) -> None:
    if not may(by, action, kind):
        raise NotAllowed


# Categories


def create_category(  # noqa: PLR0913 - each is a field of its form
    by: User,
    *,
    title: str,
    language: str | None = None,
    slug: str | None = None,
    parent_id: int | None = None,
    position: int | None = None,
) -> Category:
    """Add a category below another, or at the root. Raises errors that name their field."""
    _ask(by, "create", "category")
    parent = _parent(parent_id)
    category = categories.create(title, language=language, parent=parent, slug=slug or None)
    if position:
        trees.place(category, slug=category.slug, parent=parent, position=position)
    record("create", category, **values.made(values.columns(category)))
    return category


def save_category(category: Category, by: User, **fields: Any) -> None:
    """Rename or move a category: any of `title`, `slug`, `parent_id` and `position`.

    Raises errors that name their field; nothing is changed then.
    """
    _ask(by, "edit", "category")
    before = _of_category(category)
    parent_id = fields.get("parent_id", category.parent_id)
    categories.save(
        category,
        title=fields.get("title", category.title),
        slug=fields.get("slug") or category.slug,
        parent=_parent(parent_id),
        position=fields.get("position"),
    )
    _note_changes(category, before, _of_category(category))


def step_category(category: Category, by: User, to: str) -> None:
    """Move a category one step: `up`, `down`, `in` or `out`. Raises `trees.NoWay`."""
    parent, position = trees.step(category, to)
    parent_id = parent.id if parent else None
    save_category(category, by, parent_id=parent_id, position=position)


def remove_category(category: Category, by: User) -> None:
    """Delete a category. Its articles stay, in none; menus lose it. Raises `HasChildren`."""
    _ask(by, "delete", "category")
    record("delete", category, **values.gone(category))
    categories.remove(category)


def _parent(parent_id: int | None) -> Category | None:
    if parent_id is None:
        return None
    parent = db.session.get(Category, parent_id)
    if parent is None:
        raise trees.ParentGone
    return parent


def _of_category(category: Category) -> dict[str, Any]:
    return {name: getattr(category, name) for name in ("title", "path", "position")}


# Tags


def rename_tag(tag: Tag, by: User, title: str) -> None:
    """Call a tag otherwise. Raises `NoTitle`, `TooLong` and `TagThere`."""
    _ask(by, "edit", "tag")
    before = {"title": tag.title, "slug": tag.slug}
    tags.rename(tag, title)
    _note_changes(tag, before, {"title": tag.title, "slug": tag.slug})


def merge_tag(tag: Tag, by: User, into_id: int | None) -> Tag:
    """Let another tag take the place of this one; return it. Raises `NotToMerge`."""
    _ask(by, "edit", "tag")
    both = select(Tag).where(Tag.id.in_((tag.id, into_id or 0))).order_by(Tag.id)
    found = {one.id: one for one in db.session.scalars(both.with_for_update())}
    if tag.id not in found:
        raise NotFound
    into = found.get(into_id or 0)
    if into is None:
        raise tags.NotToMerge
    record("merge", into, into=into.title, **values.gone(tag))
    tags.merge(tag, into)
    return into


def remove_tag(tag: Tag, by: User) -> None:
    """Take a tag off its articles, and delete it."""
    _ask(by, "delete", "tag")
    record("delete", tag, **values.gone(tag))
    tags.remove(tag)


# Menus


def put_menu(
    name: str, language: str, by: User, items: Sequence[Mapping[str, Any]], *, seen: str | None
) -> Menu:
    """Let a menu have these items: see `cms.content.menus.put`. `seen` is the digest that
    the form was filled from. Raises `NoSuchMenu`, `Conflict`, and what `put` raises."""
    _ask(by, "edit", "menu")
    if name not in menus.MENUS:
        raise menus.NoSuchMenu
    menu = menus.get(name, language)
    held = select(Menu).where(Menu.id == menu.id).with_for_update()
    menu = db.session.scalars(held).one()
    before = menu_changes.places(menu)
    if seen is not None and seen != menus.digest(menu):
        raise Conflict
    menus.put(menu, items)
    db.session.expire_all()  # what the items lead to
    if changes := menu_changes.between(before, menu_changes.places(menu)):
        record("edit", menu, name=name, language=language, **changes)
    return menu


# Redirects


def add_redirect(by: User, source: str, target: str) -> Redirect:
    """Let an address lead to another. Raises `LeadsAlready`, and what `redirects.add` raises."""
    _ask(by, "create", "redirect")
    made = redirects.add_new(source, target)
    record("create", made, source=made.source, target=made.target)
    return made


def turn_redirect(redirect: Redirect, by: User, target: str) -> None:
    """Let the address of a redirect lead elsewhere. Raises `NotAnAddress` and `Loops`."""
    _ask(by, "edit", "redirect")
    before = redirect.target
    redirects.turn(redirect, target)
    _note_changes(redirect, {"target": before}, {"target": redirect.target})


def remove_redirect(redirect: Redirect, by: User) -> None:
    """Let an address lead nowhere any more."""
    _ask(by, "delete", "redirect")
    record("delete", redirect, **values.gone(redirect))
    db.session.delete(redirect)
    db.session.flush()


def _note_changes(thing: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    changes = {key: [before[key], after[key]] for key in before if before[key] != after[key]}
    if changes:
        record("edit", thing, **changes)
