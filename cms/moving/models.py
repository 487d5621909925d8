"""A site that is taken in, what is in it, what is said of that, and where things came from."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, enum_type

LONGEST_NAME = 600  # MariaDB keeps no index of more than 768 signs
LONGEST_SOURCE = 255


class Origin(StrEnum):
    """What a site is taken from."""

    WORDPRESS = "wordpress"
    MARKDOWN = "markdown"


class SiteImportState(StrEnum):
    """`reading → read → running → done`; `failed` says why, `stopped` was by a person.

    What is stopped or has failed can go on from where it was.
    """

    READING = "reading"
    READ = "read"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


MOVING = (SiteImportState.READING, SiteImportState.RUNNING)


class SiteImport(Base):
    """A site on its way in, for who asked. `key` is its file in the storage, `media_key` a
    ZIP of pictures that came with it; both are gone when it is done.

    `source` is the site that it is, by which it is known again. What says no language is
    in `language`. With `fetches`, pictures that no file holds are fetched from the web.
    """

    __tablename__ = "site_import"
    __table_args__ = (Index(None, "user_id", "id"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[Origin] = mapped_column(enum_type(Origin))
    filename: Mapped[str] = mapped_column(String(255))
    source: Mapped[str] = mapped_column(String(LONGEST_SOURCE), default="")
    key: Mapped[str | None] = mapped_column(String(100), unique=True)
    media_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    language: Mapped[str] = mapped_column(String(20))
    fetches: Mapped[bool] = mapped_column(default=True)
    state: Mapped[SiteImportState] = mapped_column(
        enum_type(SiteImportState), default=SiteImportState.READING
    )
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User | None] = relationship()

    @property
    def owner_id(self) -> int | None:
        """Whose it is, for the policy."""
        return self.user_id

    @property
    def site(self) -> str:
        """The address of the site, without a scheme; a folder has none."""
        return self.source.removeprefix("wordpress ") if self.origin is Origin.WORDPRESS else ""

    def __str__(self) -> str:
        return self.filename


class What(StrEnum):
    """What a thing of a site becomes here, in the order in which they are made."""

    CATEGORY = "category"
    PICTURE = "picture"
    DOCUMENT = "document"
    PAGE = "page"
    ARTICLE = "article"


class ItemState(StrEnum):
    """`waiting → made → written → done`; `here` was here before, `left` is not taken.

    A text is made first, so that others can link to it; then written; then, if it is to
    be live, published as soon as its pictures are ready.
    """

    WAITING = "waiting"
    MADE = "made"
    WRITTEN = "written"
    DONE = "done"
    HERE = "here"
    LEFT = "left"


class ImportItem(Base):
    """A thing of a site that is taken in.

    `ref` names it for good, `local` is what others of the same file call it, `address`
    where it was: how bodies link to it. `data` is what the file says of it, until it is
    done; `thing_id` is what it became.
    """

    __tablename__ = "site_import_item"
    __table_args__ = (
        Index(None, "import_id", "state", "what", "id"),
        Index(None, "import_id", "ref"),
        Index(None, "import_id", "local"),
        Index(None, "import_id", "address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("site_import.id", ondelete="CASCADE"))
    what: Mapped[What] = mapped_column(enum_type(What))
    ref: Mapped[str] = mapped_column(String(LONGEST_NAME))
    local: Mapped[str] = mapped_column(String(LONGEST_NAME))
    address: Mapped[str | None] = mapped_column(String(LONGEST_NAME))
    title: Mapped[str] = mapped_column(String(255))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[ItemState] = mapped_column(enum_type(ItemState), default=ItemState.WAITING)
    thing_id: Mapped[int | None]


class ImportNote(Base):
    """What is to be known of a thing that is taken in: not as it was, or not at all."""

    __tablename__ = "site_import_note"
    __table_args__ = (Index(None, "import_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("site_import.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255), default="")
    sentence: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)


class ImportOrigin(Base):
    """Where a thing came from, so that it comes once. `key` is made of `source` and `ref`.

    One that is not `whole` was left before it was written, or published: the next import
    goes on with it.
    """

    __tablename__ = "import_origin"
    __table_args__ = (Index(None, "kind", "thing_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    source: Mapped[str] = mapped_column(String(LONGEST_SOURCE))
    ref: Mapped[str] = mapped_column(String(LONGEST_NAME))
    kind: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[int]
    whole: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


def origin_key(source: str, what: What, ref: str) -> str:
    """Return what a thing of a site is known by."""
    return hashlib.sha256(f"{source}\n{what.value}\n{ref}".encode()).hexdigest()
