"""The trash: rows that are deleted, can be restored, and go for good after a while.

    class Article(Trashable, Base): …

    @trash.purges(Article)
    def purge(article): …

What is in the trash is left out of every query of the session, here and nowhere else:
also of `session.get`, of counts, of relations that are loaded, and of what an INSERT
takes from a query. What means it says `with trash.included():`. Rows that a session
holds already are found by `session.get` all the same, and an UPDATE changes what it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, event
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    declared_attr,
    mapped_column,
    relationship,
    with_loader_criteria,
)

from cms import clock
from cms.config import settings
from cms.database import UtcDateTime
from cms.extensions import db

_included: ContextVar[bool] = ContextVar("trash_included", default=False)

Purge = Callable[[Any], None]
_purges: dict[type[Any], Purge] = {}


class Trashable:
    """A row that is deleted in two steps: moved to the trash, by whom and when, then for good."""

    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @declared_attr
    def deleted_by_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy gives the class
        return mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    @declared_attr
    def deleted_by(cls) -> Mapped[Any]:  # noqa: N805
        name = cls.__name__  # type: ignore[attr-defined]
        return relationship("User", foreign_keys=f"{name}.deleted_by_id")

    @property
    def in_trash(self) -> bool:
        """Whether it is in the trash."""
        return self.deleted_at is not None

    @property
    def purged_at(self) -> datetime | None:
        """When it goes for good: at the first tidying up after this."""
        return self.deleted_at and self.deleted_at + timedelta(days=settings().trash_days)

    def put_in_trash(self, by: Any) -> None:
        """Move it to the trash."""
        self.deleted_at, self.deleted_by = clock.now(), by
        db.session.flush()

    def take_out_of_trash(self) -> None:
        """Let it be as if it had never been deleted."""
        self.deleted_at = self.deleted_by = None
        db.session.flush()


def purges(model: type[Any]) -> Callable[[Purge], Purge]:
    """Register who deletes a row of `model` for good when its time has come. A `CmsError`
    that it raises is its refusal: the row stays until the next night."""

    def register(purge: Purge) -> Purge:
        _purges[model] = purge
        return purge

    return register


def kinds() -> Mapping[type[Any], Purge]:
    """Return the models that have a trash, each with who deletes its rows for good."""
    return _purges


@contextmanager
def included() -> Iterator[None]:
    """Let queries inside find also what is in the trash."""
    before = _included.set(True)
    try:
        yield
    finally:
        _included.reset(before)


# What a statement says that is on nothing that has a trash. Made once and asked for each
# page, it stays as it is, and SQLAlchemy knows it again.
NO_TRASH = {"no_trash": True}

# Made once: SQLAlchemy keeps what it makes of a lambda for as long as that lives.
_IS_THERE = with_loader_criteria(
    Trashable, lambda model: model.deleted_at.is_(None), include_aliases=True
)


@event.listens_for(db.session, "do_orm_execute")
def _leave_out(state: ORMExecuteState) -> None:
    if state.execution_options.get("no_trash"):
        return
    if _included.get() or state.is_column_load or state.is_relationship_load:
        return
    if state.is_select or getattr(state.statement, "select", None) is not None:
        state.statement = state.statement.options(_IS_THERE)
