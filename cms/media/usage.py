"""Where pictures are used: whoever shows pictures says here where.

    @usage.of("article", keys=lambda: select(Article.cover_id))
    def _covers(image_ids):
        for article in …:
            yield article.cover_id, article.id, article.title

A picture that is used is not deleted, and its page says where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_

from cms.errors import N_, CmsError
from cms.media.models import Image

MOST_USES_NAMED = 3

# Given ids of pictures, yields the picture's id, the user's id and its title.
Finder = Callable[[Collection[int]], Iterable[tuple[int, int | str, str]]]
Keys = Callable[[], Select[Any]]


@dataclass(frozen=True)
class Use:
    """One thing that shows a picture: its kind, such as `article`, its id, its title."""

    kind: str
    id: int | str
    title: str


class StillUsed(CmsError):
    """The picture is shown somewhere; deleting it would leave a hole."""

    sentence = N_("“%(title)s” is used in %(where)s, and cannot be deleted.")

    @classmethod
    def of(cls, image: Image, uses: Sequence[Use]) -> StillUsed:
        """Make the error that says of a picture where it is used; not of too many places."""
        named = [f"“{use.title}”" for use in uses[:MOST_USES_NAMED]]
        where = ", ".join([*named, "…"] if len(uses) > MOST_USES_NAMED else named)
        return cls(title=image.title, where=where)


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


def refuse_used(image: Image) -> None:
    """Raise `StillUsed` for a picture that is used."""
    if uses := uses_of([image.id]).get(image.id):
        raise StillUsed.of(image, uses)


def is_used() -> ColumnElement[bool]:
    """Return what a query of pictures is narrowed by to those that are used."""
    return or_(false(), *(Image.id.in_(keys()) for _finder, keys in _finders.values()))
