"""Where pictures and documents are used: whoever shows them says here where.

    @usage.of("article", keys=lambda: select(Article.cover_id))
    def _covers(image_ids, most):
        for article in …:
            yield article.cover_id, article.id, article.title, article.owner_id, article.is_live

A picture that is used is not deleted, and its page says where it is. Of documents, who
links to them says so by `usage.documents.of`. Nobody is told the title of what they may
not see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import ngettext
from sqlalchemy import ColumnElement, Select, false, or_

from cms.accounts.policy import may
from cms.errors import N_, CmsError
from cms.media.models import Document, Image

MOST_USES_NAMED = 3
MOST_USES_SHOWN = 100

# Given ids, yields the id of what is used, and of what uses it the id, the title, who owns it,
# and whether everybody may read it; of each id as many as the second number says are enough.
Finder = Callable[[Collection[int], int], Iterable[tuple[int, int | str, str, int | None, bool]]]
Keys = Callable[[], Select[Any]]


@dataclass(frozen=True)
class Use:
    """One thing that uses another: its kind, such as `article`, its id, its title, whose it
    is, and whether everybody may read it."""

    kind: str
    id: int | str
    title: str
    owner_id: int | None = None
    live: bool = False

    def shown_to(self, person: Any) -> bool:
        """Tell whether a person may know its title; without one, only what everybody reads."""
        return self.live or (person is not None and may(person, "view", self.kind, self))


class StillUsed(CmsError):
    """It is shown, or linked to, somewhere; deleting it would leave a hole."""

    sentence = N_("“%(title)s” is used in %(where)s, and cannot be deleted.")

    @classmethod
    def of(cls, thing: Any, uses: Sequence[Use], by: Any) -> StillUsed:
        """Make the error that says to a person where a thing is used; not of too many places,
        and of those that they may not see only how many there are."""
        first = uses[:MOST_USES_NAMED]
        said = [f"“{use.title}”" for use in first if use.shown_to(by)]
        if unseen := len(first) - len(said):
            said.append(_of_unseen(unseen, more=bool(said)))
        where = ", ".join([*said, "…"] if len(uses) > MOST_USES_NAMED else said)
        return cls(title=thing.title, where=where)


def _of_unseen(count: int, *, more: bool) -> str:
    if more:
        words = ngettext(
            "%(num)d more place that you may not see",
            "%(num)d more places that you may not see",
            count,
        )
    else:
        words = ngettext(
            "%(num)d place that you may not see", "%(num)d places that you may not see", count
        )
    return str(words)


class Usage:
    """Who uses the things of one model."""

    def __init__(self, model: type[Any]) -> None:
        self._model = model
        self._finders: dict[str, tuple[Finder, Keys]] = {}

    def of(self, kind: str, *, keys: Keys) -> Callable[[Finder], Finder]:
        """Register who knows which things of `kind` use such things.

        `keys` gives a query of the ids of all that are used, without NULL.
        """

        def register(finder: Finder) -> Finder:
            self._finders[kind] = finder, keys
            return finder

        return register

    def forget(self, kind: str) -> None:
        """Undo `of`."""
        self._finders.pop(kind, None)

    def uses_of(
        self, ids: Collection[int], most: int = MOST_USES_NAMED + 1
    ) -> dict[int, list[Use]]:
        """Return where each of these is used, but no more than `most` places; one that is not
        used is left out."""
        found: dict[int, list[Use]] = {}
        for kind, (finder, _keys) in self._finders.items() if ids else ():
            for used_id, thing_id, title, owner_id, live in finder(ids, most):
                use = Use(kind, thing_id, title, owner_id, live)
                found.setdefault(used_id, []).append(use)
        return {used_id: uses[:most] for used_id, uses in found.items()}

    def refuse_used(self, thing: Any, by: Any) -> None:
        """Raise `StillUsed` for one that is used, in words for the person who would delete it."""
        if uses := self.uses_of([thing.id]).get(thing.id):
            raise StillUsed.of(thing, uses, by)

    def is_used(self) -> ColumnElement[bool]:
        """Return what a query is narrowed by to what is used."""
        every = (self._model.id.in_(keys()) for _finder, keys in self._finders.values())
        return or_(false(), *every)


pictures, documents = Usage(Image), Usage(Document)

# Of pictures, since they are what is used most.
of, forget, uses_of = pictures.of, pictures.forget, pictures.uses_of
refuse_used, is_used = pictures.refuse_used, pictures.is_used
