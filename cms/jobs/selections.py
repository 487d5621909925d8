"""One thing done to everything that somebody chose at once. Callers commit.

Acts are registered from above: what they do is not known here. Each thing is
dealt with for the person who asked, who must be allowed to when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Select, String, delete, func, insert, literal, select, update
from sqlalchemy import cast as sql_cast

from cms import clock, trash
from cms.accounts.models import User
from cms.accounts.policy import may
from cms.audit.services import acting_for
from cms.errors import N_, CmsError, NotAllowed, NotFound
from cms.extensions import db
from cms.jobs.models import SelectedThing, Selection

PRUNED_AT_ONCE = 1_000
STOPPED = N_("It was stopped before this one’s turn.")


@dataclass(frozen=True)
class Act:
    """Something that can be done to many things of a kind, one by one.

    `do(thing, by, **options)` does it, with the selection's options; a `CmsError` that it
    raises is its refusal. `needs` is what the policy must allow for the thing, `words` a
    button's. What is `slow` takes long for each thing, and each is a transaction of its
    own: `do` does not write before it has done what takes long. It can be begun by nobody,
    from a shell, and does no harm: the policy is asked only when it is begun. One that is
    `of_trash` is for what is in the trash.
    """

    kind: str
    name: str
    model: type[Any]
    needs: str
    words: str
    do: Callable[..., object]
    slow: bool = False
    of_trash: bool = False

    def perform(self, thing: Any, by: User | None, **options: Any) -> None:
        """Do it to one thing. Raises `NotFound`, `NotAllowed` or what refuses."""
        if thing is None:
            raise NotFound
        if not self.slow and (by is None or not may(by, self.needs, self.kind, thing)):
            raise NotAllowed
        self.do(thing, by, **options)

    def find(self, thing_id: str) -> Any:
        """Return the thing of that id, or None."""
        key = self.model.__mapper__.primary_key[0].type.python_type(thing_id)
        with trash.included() if self.of_trash else nullcontext():
            return db.session.get(self.model, key)


_acts: dict[tuple[str, str], Act] = {}


def register(act: Act) -> None:
    """Let an act be done to everything that a list shows."""
    _acts[act.kind, act.name] = act


def find(kind: str, name: str) -> Act | None:
    """Return an act by the kind of thing and its name; None if there is none."""
    return _acts.get((kind, name))


@dataclass(frozen=True)
class Standing:
    """How many things a selection has, and what became of them."""

    total: int
    left: int
    refused: int

    @property
    def dealt_with(self) -> int:
        """Done or refused."""
        return self.total - self.left

    @property
    def done(self) -> int:
        """Done."""
        return self.dealt_with - self.refused


def choose(
    act: Act, keys: Select[Any], by: User | None, options: dict[str, Any] | None = None
) -> tuple[Selection, int]:
    """Keep which things `keys`, a query for their primary keys, finds now.

    Return the selection and how many there are; however many, it is one statement.
    """
    by_id = by.id if by else None
    selection = Selection(kind=act.kind, act=act.name, options=options or {}, user_id=by_id)
    db.session.add(selection)
    db.session.flush()
    (key,) = keys.subquery().c
    chosen = select(literal(selection.id), sql_cast(key, String(40))).order_by(key)
    statement = insert(SelectedThing).from_select(["selection_id", "thing_id"], chosen)
    counted = statement.execution_options(preserve_rowcount=True)
    return selection, cast("CursorResult[Any]", db.session.execute(counted)).rowcount


def left_after(selection: Selection, last: int, limit: int) -> Sequence[SelectedThing]:
    """Return the next things after number `last` that are still to be dealt with."""
    query = (
        select(SelectedThing)
        .where(
            SelectedThing.selection_id == selection.id,
            SelectedThing.done_at.is_(None),
            SelectedThing.id > last,
        )
        .order_by(SelectedThing.id)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def deal_with(chosen: SelectedThing, act: Act, by: User | None, options: dict[str, Any]) -> None:
    """Do the act to one chosen thing, or keep why it refuses.

    What the act raises otherwise goes up, and nothing is done. Of a slow act it is the
    whole transaction that is taken back: a savepoint would keep other writers waiting.
    """
    try:
        with nullcontext() if act.slow else db.session.begin_nested(), acting_for(by):
            act.perform(act.find(chosen.thing_id), by, **options)
    except CmsError as error:
        if act.slow:
            db.session.rollback()
        chosen.sentence, chosen.facts = error.sentence, error.facts
    chosen.done_at = clock.now()


def leave_rest(selection: Selection) -> int:
    """Let what is still to be done be left alone; return how many things those are.

    A job that runs notices before the next thing.
    """
    statement = (
        update(SelectedThing)
        .where(SelectedThing.selection_id == selection.id, SelectedThing.done_at.is_(None))
        .values(done_at=clock.now(), sentence=STOPPED, facts={})
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", db.session.execute(statement)).rowcount


def standing(selection: Selection) -> Standing:
    """Count what became of a selection's things."""
    of_it = SelectedThing.selection_id == selection.id
    count = select(func.count()).select_from(SelectedThing)
    total, left, refused = db.session.execute(
        select(
            count.where(of_it).scalar_subquery(),
            count.where(of_it, SelectedThing.done_at.is_(None)).scalar_subquery(),
            count.where(of_it, SelectedThing.sentence.is_not(None)).scalar_subquery(),
        )
    ).one()
    return Standing(total, left, refused)


def refused(selection: Selection, limit: int) -> Sequence[SelectedThing]:
    """Return the first things that refused, with their reasons."""
    query = (
        select(SelectedThing)
        .where(SelectedThing.selection_id == selection.id, SelectedThing.sentence.is_not(None))
        .order_by(SelectedThing.id)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def prune(before: datetime) -> int:
    """Delete selections made before that moment, with their things; return how many.

    Commits after each batch of things, so that nothing is locked for long.
    """
    old = db.session.scalars(select(Selection.id).where(Selection.created_at < before)).all()
    for number in old:
        of_it = select(SelectedThing.id).where(SelectedThing.selection_id == number)
        while ids := db.session.scalars(of_it.limit(PRUNED_AT_ONCE)).all():
            db.session.execute(delete(SelectedThing).where(SelectedThing.id.in_(ids)))
            db.session.commit()
        db.session.execute(delete(Selection).where(Selection.id == number))
        db.session.commit()
    return len(old)
