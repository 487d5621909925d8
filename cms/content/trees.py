"""Trees of pages and of categories: who stands below whom, in which order, at which path.

The rows of one language are a tree of their own. Whoever changes one holds all its rows
until the transaction ends, so that two who move at once cannot make a loop together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import defer

from cms import trash
from cms.content import addresses, redirects, slugs
from cms.content.errors import AtField
from cms.content.models import DEEPEST, Category, Page
from cms.errors import N_
from cms.extensions import db

Node = Page | Category
AnyNode = TypeVar("AnyNode", Page, Category)


class BelowItself(AtField):
    """It would be its own ancestor."""

    sentence = N_("“%(title)s” cannot stand below itself.")
    field = "parent"


class TooDeep(AtField):
    """More levels than a reader finds the way in."""

    sentence = N_("A tree has at most %(limit)s levels.")
    field = "parent"


class OtherLanguage(AtField):
    """A tree is in one language."""

    sentence = N_("What stands below another is in its language.")
    field = "parent"


class ParentGone(AtField):
    """It was deleted meanwhile, or is in the trash."""

    sentence = N_("What it is to stand below is not there any more.")
    field = "parent"


class NoWay(AtField):
    """It is the first, the last, or has nothing to stand below."""

    sentence = N_("“%(title)s” cannot be moved further in this direction.")


class HasChildren(AtField):
    """They would hang in the air."""

    sentence = N_("“%(title)s” has others below it. Move or delete those first.")


def place(
    node: Node, *, slug: str | None, parent: Node | None, position: int | None = None
) -> None:
    """Put a node below `parent`, or at the root, with a slug that is free there.

    A `slug` of None is made of the title. `position` counts from 1; None is last, or where
    it is if its parent stays. What stands below comes along, and what the public knew by
    another address leaves a redirect there. Raises `BelowItself`, `TooDeep`,
    `OtherLanguage`, `ParentGone`, `SlugTaken` and `SlugInvalid`; nothing is changed then.
    """
    tree = _held(node)
    below = list(_below(tree, node))
    _check_parent(tree, node, below, parent)
    prefix = f"{parent.path}/" if parent else ""
    paths = {other.path for other in tree if other is not node}

    def taken(candidates: Sequence[str]) -> list[str]:
        reserved = slugs.RESERVED if isinstance(node, Page) and not prefix else ()
        return [slug for slug in candidates if slug in reserved or prefix + slug in paths]

    before = {one: addresses.of(one) for one in (node, *below) if one.path is not None}
    node.slug = (
        slugs.choose(node.title, node.kind, taken)
        if slug is None
        else slugs.check(slug, node.kind, taken)
    )
    stays = node.id is not None and node.parent_id == (parent.id if parent else None)
    node.parent, node.parent_id = parent, parent.id if parent else None
    _renew_paths(node, below, prefix)
    _arrange(tree, node, position or (None if stays else len(tree) + 1))
    _write(node, taken)
    for one, address in before.items():
        redirects.moved(one, address)
    if isinstance(node, Category):  # there is no draft of one
        redirects.arrived(node)


def step(node: Node, to: str) -> tuple[Node | None, int]:
    """Return the parent and the position that are one step from where a node stands: `up` or
    `down` among those beside it, `in` below the one before it, `out` behind its parent.

    Raises `NoWay`.
    """
    parent = node.parent
    beside = _beside(node)
    place = beside.index(node)
    if to == "up" and place:
        return parent, place
    if to == "down" and place + 1 < len(beside):
        return parent, place + 2
    if to == "in" and place:
        return beside[place - 1], len(children(beside[place - 1])) + 1
    if to == "out" and parent is not None:
        return parent.parent, _beside(parent).index(parent) + 2
    raise NoWay(title=node.title)


def place_of(node: Node, leaving: Node) -> int:
    """Return the position of a node once another has left those beside it, as `place` counts:
    also what is in the trash."""
    model: Any = type(node)
    query = select(model.id).where(
        model.language == node.language,
        model.parent_id == node.parent_id,
        model.id != leaving.id,
    )
    with trash.included():
        ids = db.session.scalars(query.order_by(model.position, model.id)).all()
    return ids.index(node.id) + 1


def _beside(node: Node) -> Sequence[Node]:
    """Return what stands below the same parent, the node among them, in order."""
    model: Any = type(node)
    query = select(model).where(model.language == node.language, model.parent_id == node.parent_id)
    return db.session.scalars(query.order_by(model.position, model.id)).all()


def children(node: Node) -> Sequence[Node]:
    """Return what stands right below a node, in order."""
    model: Any = type(node)
    query = select(model).where(model.parent_id == node.id).order_by(model.position, model.id)
    return db.session.scalars(query).all()


def below(node: AnyNode) -> Sequence[AnyNode]:
    """Return all that stands below a node, at whichever level."""
    model: Any = type(node)
    inside = model.path.startswith(f"{node.path}/", autoescape=True)
    query = select(model).where(model.language == node.language, inside)
    return db.session.scalars(query.order_by(model.path)).all()


def ancestors(node: Node) -> Sequence[Node]:
    """Return what a node stands below, from the root on."""
    model: Any = type(node)
    parts = node.path.split("/")
    paths = ["/".join(parts[:length]) for length in range(1, len(parts))]
    query = select(model).where(model.language == node.language, model.path.in_(paths))
    return sorted(db.session.scalars(query), key=lambda one: len(one.path))


def refuse_parent(node: Node) -> None:
    """Raise `HasChildren` for what others stand below, be it in the trash."""
    if next(_below(_held(node), node), None) is not None:
        raise HasChildren(title=node.title)


def _write(node: Node, taken: slugs.Taken) -> None:
    """Write a node and what moved with it. Raises `SlugTaken` if another came first."""
    slug = node.slug
    try:
        with db.session.begin_nested():
            db.session.add(node)
    except IntegrityError:
        free = slugs.choose(slug, node.kind, lambda names: [slug, *taken(names)])
        raise slugs.SlugTaken(slug=slug, free=free) from None


def _held(node: Node) -> Sequence[Node]:
    """Return the whole tree of a node's language, locked, also what is in the trash."""
    model: Any = type(node)
    query = select(model).where(model.language == node.language).with_for_update()
    if model is Page:
        query = query.options(defer(Page.body), defer(Page.plain))  # of a thousand pages
    with trash.included():
        return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _below(tree: Sequence[Node], node: Node) -> Iterator[Node]:
    """Yield what stands below a node, each after its parent."""
    for other in tree:
        if node.id is not None and other.parent_id == node.id:
            yield other
            yield from _below(tree, other)


def _check_parent(
    tree: Sequence[Node], node: Node, below: Sequence[Node], parent: Node | None
) -> None:
    if parent is None:
        return
    if parent.language != node.language:
        raise OtherLanguage
    if parent not in tree or parent.in_trash:
        raise ParentGone
    if parent is node or parent in below:
        raise BelowItself(title=node.title)
    deepest = max((_level(one) for one in below), default=_level(node)) - _level(node) + 1
    if _level(parent) + deepest > DEEPEST:
        raise TooDeep(limit=DEEPEST)


def _level(node: Node) -> int:
    """Return 1 for a node at the root, 2 below it, and so on."""
    return (node.path or "").count("/") + 1


def _renew_paths(node: Node, below: Sequence[Node], prefix: str) -> None:
    node.path = prefix + node.slug
    paths: dict[int | None, str] = {node.id: node.path}
    for one in below:
        one.path = paths[one.id] = f"{paths[one.parent_id]}/{one.slug}"


def _arrange(tree: Sequence[Node], node: Node, position: int | None) -> None:
    """Give new numbers to the children of one parent, with `node` at its position among them:
    None is where it is. Where others have left, the numbers have gaps."""
    beside = [one for one in tree if one.parent_id == node.parent_id]
    beside.sort(key=lambda one: (one.position, one.id))
    if position is not None:
        beside = [one for one in beside if one is not node]
        beside.insert(max(position, 1) - 1, node)
    for number, one in enumerate(beside, 1):
        one.position = number
