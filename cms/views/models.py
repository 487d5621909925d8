"""What people keep of the lists they work with: named views, and how each list is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime

LONGEST_LIST = 40


class SavedView(Base):
    """A list as somebody wants to find it again, for themselves or shared with all who may
    see the list.

    `query` holds `tab`, `search`, `filters` by the name in their argument, `sort`, `desc`,
    `columns`, `size` and `look`: names only, so that it outlives the order of columns and
    search items. Whoever reads it leaves out what is no more.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("owner_id", "list", "name"),
        Index(None, "list", "shared"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list: Mapped[str] = mapped_column(String(LONGEST_LIST))
    name: Mapped[str] = mapped_column(String(60))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    shared: Mapped[bool] = mapped_column(default=False)
    query: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    owner: Mapped[User] = relationship()

    def __str__(self) -> str:
        return self.name


class ListChoice(Base):
    """How one person has one list shown: what is None is as the list declares it.

    `view_id` is the view that opens with the list.
    """

    __tablename__ = "list_choice"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    list: Mapped[str] = mapped_column(String(LONGEST_LIST), primary_key=True)
    columns: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    size: Mapped[int | None]
    look: Mapped[str | None] = mapped_column(String(10))
    view_id: Mapped[int | None] = mapped_column(
        ForeignKey("saved_view.id", ondelete="SET NULL"), index=True
    )
