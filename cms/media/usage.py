"""Where pictures are used: whoever shows pictures says here where.

    @usage.of("article", keys=lambda: select(Article.cover_id))
    def _covers(image_ids):
        for article in …:
            yield article.cover_id, article.id, article.title

A picture that is used is not deleted, and its page says where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Select, union

# Given ids of pictures, yields the picture's id, the user's id and its title.
Finder = Callable[[Collection[int]], Iterable[tuple[int, int | str, str]]]
Keys = Callable[[], Select[Any]]


@dataclass(frozen=True)
class Use:
    """One thing that shows a picture: its kind, such as `article`, its id, its title."""

    kind: str
    id: int | str
    title: str


_finders: dict[str, tuple[Finder, Keys]] = {}


def of(kind: str, *, keys: Keys) -> Callable[[Finder], Finder]:
    """Register who knows which things of `kind` show pictures.

    `keys` gives a query of the ids of all pictures that are used, without NULL.
    """

    def register(finder: Finder) -> Finder:
        _finders[kind] = finder, keys
        return finder

    return register


def forget(kind: str) -> None:
    """Undo `of`."""
    _finders.pop(kind, None)


def uses_of(image_ids: Collection[int]) -> dict[int, list[Use]]:
    """Return where each of these pictures is used; one that is not used is left out."""
    found: dict[int, list[Use]] = {}
    for kind, (finder, _keys) in _finders.items() if image_ids else ():
        for image_id, thing_id, title in finder(image_ids):
            found.setdefault(image_id, []).append(Use(kind, thing_id, title))
    return found


def used_ids() -> CompoundSelect[Any] | None:
    """Return a query of the ids of all pictures that are used; None where nothing can use
    one."""
    return union(*(keys() for _finder, keys in _finders.values())) if _finders else None
