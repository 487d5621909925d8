"""What the site says: articles and pages, and what orders them, leads to them and keeps
what they were.

Pictures belong to a neighbouring domain: they are known by their ids alone, and whether
they can be shown is asked in `cms.tasks.content`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import uuid_utils
from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, enum_type
from cms.trash import Trashable

LONGEST_SLUG = 100
DEEPEST = 5
LONGEST_PATH = DEEPEST * (LONGEST_SLUG + 1)
LONGEST_ADDRESS = 600  # of this site; MariaDB keeps no index of more than 768 signs

# MariaDB's own TEXT ends after 64 kB, which is no more than 20,000 Chinese signs.
LongText = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


class State(StrEnum):
    """Where in its life a text is: see `cms.content.life`."""

    DRAFT = "draft"
    REVIEW = "review"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    ARCHIVED = "archived"


def _new_group() -> str:
    return str(uuid_utils.uuid7())


class Written:
    """Text in one language, and who wrote it.

    `body` is HTML that `cms.content.bodies` has cleaned, `plain` the same without tags, to
    be searched. Texts that share a `translation_group` say the same in different
    languages. `version` is one more after each save.
    """

    title: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(LONGEST_SLUG))
    language: Mapped[str] = mapped_column(String(20))
    translation_group: Mapped[str] = mapped_column(String(36), default=_new_group)
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(LongText, default="")
    plain: Mapped[str] = mapped_column(LongText, default="")
    seo_title: Mapped[str] = mapped_column(String(255), default="")
    seo_description: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    @declared_attr
    def owner_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy gives the class
        return mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    @declared_attr
    def owner(cls) -> Mapped[User | None]:  # noqa: N805
        return relationship(foreign_keys=f"{cls.__name__}.owner_id")  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return self.title


class Living:
    """A text with a life. `zone` is the time zone in which `publish_at` and `expire_at`
    were said.

    One that should be live and cannot be is held: since `held_at`, for the reason that
    `held_sentence` and `held_facts` give; `held_told` says that its author knows.

    Changes to what is live may wait to be published, in the revision of the number
    `waiting`, since `waiting_at`: see `cms.content.waiting`.
    """

    state: Mapped[State] = mapped_column(enum_type(State), default=State.DRAFT)
    publish_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expire_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    zone: Mapped[str | None] = mapped_column(String(60))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_sentence: Mapped[str | None] = mapped_column(Text)
    held_facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    held_told: Mapped[bool] = mapped_column(default=False, server_default=false())
    waiting: Mapped[int | None]
    waiting_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_live(self) -> bool:
        """Whether everybody may read it."""
        return self.state is State.PUBLISHED


class Placed:
    """A row of a tree. `path` are the slugs from the root down to it, joined by slashes;
    `position` counts from 1 among those of the same parent. `cms.content.trees` keeps both."""

    position: Mapped[int] = mapped_column(default=1)
    path: Mapped[str] = mapped_column(String(LONGEST_PATH))


article_tag = Table(
    "article_tag",
    Base.metadata,
    Column("article_id", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True),
)


def _shows(kind: str) -> Table:
    """Return the table of the pictures that are in the bodies of a kind."""
    return Table(
        f"{kind}_picture",
        Base.metadata,
        Column(f"{kind}_id", ForeignKey(f"{kind}.id", ondelete="CASCADE"), primary_key=True),
        Column("image_id", ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
        Index(None, "image_id", f"{kind}_id"),
    )


def _links(kind: str) -> Table:
    """Return the table of the documents that bodies of a kind link to."""
    return Table(
        f"{kind}_document",
        Base.metadata,
        Column(f"{kind}_id", ForeignKey(f"{kind}.id", ondelete="CASCADE"), primary_key=True),
        Column("document_id", ForeignKey("document.id", ondelete="CASCADE"), primary_key=True),
        Index(None, "document_id", f"{kind}_id"),
    )


article_document = _links("article")
page_document = _links("page")
article_picture = _shows("article")
page_picture = _shows("page")


class Category(Placed, Base):
    """A shelf of a tree that articles stand in."""

    __tablename__ = "category"
    __table_args__ = (UniqueConstraint("language", "path"),)

    kind: ClassVar[str] = "category"
    is_live: ClassVar[bool] = True  # as a text that is published
    in_trash: ClassVar[bool] = False

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(LONGEST_SLUG))
    language: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)

    parent: Mapped[Category | None] = relationship(remote_side="Category.id")

    def __str__(self) -> str:
        return self.title


class Tag(Base):
    """A word that articles are found by."""

    __tablename__ = "tag"
    __table_args__ = (UniqueConstraint("language", "slug"),)

    kind: ClassVar[str] = "tag"
    is_live: ClassVar[bool] = True  # as a text that is published
    in_trash: ClassVar[bool] = False

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(LONGEST_SLUG))
    language: Mapped[str] = mapped_column(String(20))

    def __str__(self) -> str:
        return self.title


def _of_few(column: str, *others: str) -> Index:
    """Return an index of the rows that have something in `column`, as few have: of them alone
    where the database can, or SQLite takes it for all that have nothing there."""
    there = text(f"{column} IS NOT NULL")
    return Index(None, column, *others, sqlite_where=there, postgresql_where=there)


class Article(Written, Living, Trashable, Base):
    """Something that is told once, and has a date."""

    __tablename__ = "article"
    __table_args__ = (
        UniqueConstraint("language", "slug"),
        UniqueConstraint("translation_group", "language"),
        _of_few("deleted_at", "id"),
        # `deleted_at` in each, so that to leave out the trash needs no look at the rows.
        Index(None, "id", "deleted_at").ddl_if(
            dialect=("sqlite", "postgresql"),  # type: ignore[arg-type]  # as it is documented
        ),
        Index(None, "state", "id", "deleted_at"),
        Index(None, "owner_id", "id", "deleted_at"),
        Index(None, "title", "id", "deleted_at"),
        Index(None, "changed_at", "id", "deleted_at"),
        Index(None, "published_at", "id", "deleted_at"),
        _of_few("held_at", "id", "deleted_at"),
        _of_few("waiting", "id", "deleted_at"),
        # What the site lists, `deleted_at` last so that to skip rows needs no look at them.
        Index(None, "language", "state", "published_at", "id", "deleted_at"),
        Index(None, "category_id", "state", "published_at", "id", "deleted_at"),
        Index(None, "state", "publish_at"),  # what is due
        Index(None, "state", "expire_at"),
        Index(None, "cover_id", "id"),
    )

    kind: ClassVar[str] = "article"
    pictures: ClassVar[Table] = article_picture
    documents: ClassVar[Table] = article_document

    id: Mapped[int] = mapped_column(primary_key=True)
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="SET NULL"))

    category: Mapped[Category | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=article_tag, order_by=Tag.title)


class Page(Written, Living, Placed, Trashable, Base):
    """A place of the site that is always there. `template` is one that the theme declares."""

    __tablename__ = "page"
    __table_args__ = (
        UniqueConstraint("language", "path"),
        UniqueConstraint("translation_group", "language"),
        Index(None, "deleted_at", "id"),
        Index(None, "parent_id", "position"),
        Index(None, "state", "publish_at"),
        Index(None, "state", "expire_at"),
        Index(None, "owner_id", "id", "deleted_at"),
    )

    kind: ClassVar[str] = "page"
    pictures: ClassVar[Table] = page_picture
    documents: ClassVar[Table] = page_document

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("page.id"))
    template: Mapped[str] = mapped_column(String(40), default="page")

    parent: Mapped[Page | None] = relationship(remote_side="Page.id")


class Revision(Base):
    """What a text was after one save. `content` holds the values of its fields, `changed`
    the names of those that differ from the revision before. One that is `open` was saved
    while somebody writes, and takes in what the same person saves next."""

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("kind", "thing_id", "number"), Index(None, "open", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[int]
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed: Mapped[list[str]] = mapped_column(JSON)
    restored_from: Mapped[int | None]
    open: Mapped[bool] = mapped_column(default=False, server_default=false())
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    by: Mapped[User | None] = relationship()

    grew = False  # whether it took in the save that was just made


class ReviewComment(Base):
    """What somebody said of a text, as it was in that version."""

    __tablename__ = "review_comment"
    __table_args__ = (Index(None, "kind", "thing_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[int]
    version: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    by: Mapped[User | None] = relationship()


class Redirect(Base):
    """An address of this site where nothing is, and what to show in its stead: the thing of
    `kind` and `thing_id`, wherever that is then, or what is at `target`.

    `uses` and `used_at` say how often it led on, and when last: see `cms.site.uses`."""

    __tablename__ = "redirect"
    __table_args__ = (
        Index(None, "kind", "thing_id"),
        Index(None, "target"),
        Index(None, "uses", "id"),
        Index(None, "used_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(LONGEST_ADDRESS), unique=True)
    kind: Mapped[str | None] = mapped_column(String(40))
    thing_id: Mapped[int | None]
    target: Mapped[str | None] = mapped_column(String(LONGEST_ADDRESS))
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=false())
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.source


class Menu(Base):
    """A list of ways into the site, such as that at the top, in one language."""

    __tablename__ = "menu"
    __table_args__ = (UniqueConstraint("name", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(20))


class MenuItem(Base):
    """A line of a menu. It leads to an article, a page, a category or an address; `label`
    is empty where the title of what it leads to will do."""

    __tablename__ = "menu_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    menu_id: Mapped[int] = mapped_column(ForeignKey("menu.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("menu_item.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int] = mapped_column(default=1)
    label: Mapped[str] = mapped_column(String(100), default="")
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("page.id", ondelete="CASCADE"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"))
    address: Mapped[str | None] = mapped_column(String(LONGEST_ADDRESS))

    article: Mapped[Article | None] = relationship()
    page: Mapped[Page | None] = relationship()
    category: Mapped[Category | None] = relationship()


class SiteSetting(Base):
    """A value of a key that `cms.content.site_settings` declares."""

    __tablename__ = "site_setting"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    @property
    def id(self) -> str:
        """What the audit trail calls it by."""
        return self.key


class Stamp(Base):
    """A mark that changes with what the site shows of something: see `cms.content.stamps`."""

    __tablename__ = "stamp"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    mark: Mapped[str] = mapped_column(String(16))


Writing = Article | Page
