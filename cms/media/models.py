"""Pictures, and the renditions made of them; documents."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    false,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, enum_type
from cms.imaging.presets import Motion, Shape
from cms.trash import Trashable

# As a literal, so that the index of the pictures without alternative text is found.
NO_TEXT: Any = literal_column("''", String)

# Where presets stand that nobody has moved, after the shipped ones.
LAST = 1_000_000


class ImageStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Orientation(StrEnum):
    """Whether a picture is wider than tall; one whose sides differ by less than a tenth
    is as good as square."""

    WIDE = "wide"
    TALL = "tall"
    SQUARE = "square"

    @classmethod
    def of(cls, width: int, height: int) -> Orientation:
        """Return that of a picture of so many pixels."""
        if width * 10 >= height * 11:
            return cls.WIDE
        return cls.TALL if height * 10 >= width * 11 else cls.SQUARE


class Image(Trashable, Base):
    """A picture as uploaded. `width` and `height` are pixels as displayed, after
    turning; `size` is bytes; `key` is the file's name in the storage.

    `sentence` and `facts` say in words why a failed picture failed. `focal_x` and
    `focal_y` say what matters in it, and `crop` (left, top, right, bottom) what an
    editor left of it: all are parts of the displayed width and height, 0 to 1.
    `placeholder` is a tiny picture as a data address, `phash` 16 hex digits that are
    alike for pictures that look alike, and `look_id` a number that these share: see
    `cms.media.lookalikes`. `findings` is what was found and done, for the verdict. Each
    file that was put in place of another makes `version` one more.
    """

    __tablename__ = "image"
    __table_args__ = (
        # Of the trash alone: SQLite would look for all that is not in it by this index.
        Index(
            None,
            "deleted_at",
            "id",
            sqlite_where=text("deleted_at IS NOT NULL"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        # `deleted_at` in each, so that to leave out the trash needs no look at the rows.
        Index(None, "status", "id", "deleted_at"),
        Index(None, "owner_id", "id", "deleted_at"),
        Index(None, "sha256"),
        Index(None, "phash"),
        Index(None, "look_id", "id", "deleted_at"),
        Index(None, "mime", "id", "deleted_at"),
        Index(None, "size", "id", "deleted_at"),
        Index(None, "orientation", "id", "deleted_at"),
        Index(None, "animated", "id", "deleted_at"),
        # Keys are counted by it, where the table's own key leads through all its rows.
        Index(None, "id", "deleted_at").ddl_if(
            dialect=("sqlite", "postgresql"),  # type: ignore[arg-type]  # as it is documented
        ),
        Index(None, "title", "id", "deleted_at"),
        Index(None, "created_at", "id", "deleted_at"),
        # Only those without are ever looked for by it.
        Index(
            None,
            "alt_text",
            "id",
            "deleted_at",
            sqlite_where=text("alt_text = ''"),
            postgresql_where=text("alt_text = ''"),
            mysql_length={"alt_text": 1},
            mariadb_length={"alt_text": 1},
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    alt_text: Mapped[str] = mapped_column(String(500), default="")
    filename: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(100), unique=True)
    mime: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    orientation: Mapped[Orientation] = mapped_column(enum_type(Orientation))
    status: Mapped[ImageStatus] = mapped_column(enum_type(ImageStatus), default=ImageStatus.PENDING)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    animated: Mapped[bool] = mapped_column(default=False, server_default=false())
    focal_x: Mapped[float] = mapped_column(Double, default=0.5, server_default="0.5")
    focal_y: Mapped[float] = mapped_column(Double, default=0.5, server_default="0.5")
    crop: Mapped[list[float] | None] = mapped_column(JSON)
    placeholder: Mapped[str | None] = mapped_column(Text)
    phash: Mapped[str | None] = mapped_column(String(16))
    look_id: Mapped[int | None]
    findings: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    processed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    renditions: Mapped[list[Rendition]] = relationship(
        back_populates="image", cascade="all, delete-orphan", order_by="Rendition.id"
    )

    def __str__(self) -> str:
        return self.title

    versions: Mapped[list[ImageVersion]] = relationship(
        back_populates="image", cascade="all, delete-orphan", order_by="ImageVersion.number.desc()"
    )

    @validates("width", "height")
    def _measured(self, name: str, pixels: int) -> int:
        sides = {"width": self.width, "height": self.height, name: pixels}
        if all(sides.values()):
            self.orientation = Orientation.of(**sides)
        return pixels

    def rendition(self, preset: str) -> Rendition | None:
        """Return the first rendition of a preset, such as `thumbnail`."""
        return next((r for r in self.renditions if r.preset == preset), None)


class Rendition(Base):
    """A file made of a picture: one preset in one format. `recipe` marks how it was made,
    from which version, with which focal point and crop: see `cms.media.recipes`."""

    __tablename__ = "rendition"
    __table_args__ = (
        Index(None, "image_id", "preset", "format", unique=True),
        Index(None, "preset", "format", "recipe"),  # how many are up to date
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"))
    preset: Mapped[str] = mapped_column(String(60))
    format: Mapped[str] = mapped_column(String(10))
    recipe: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(100), unique=True)
    mime: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    image: Mapped[Image] = relationship(back_populates="renditions")


class ImageVersion(Base):
    """A file that a picture had before another was put in its place."""

    __tablename__ = "image_version"
    __table_args__ = (Index(None, "image_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"))
    number: Mapped[int]
    filename: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(100), unique=True)
    mime: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    image: Mapped[Image] = relationship(back_populates="versions")
    replaced_by: Mapped[User | None] = relationship()


class ImageHashPart(Base):
    """A quarter of a picture's `phash`, by which pictures that look alike are found."""

    __tablename__ = "image_hash_part"
    __table_args__ = (Index(None, "image_id"),)

    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    image_id: Mapped[int] = mapped_column(
        ForeignKey("image.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class LibrarySurvey(Base):
    """What was counted when all pictures and all stored files were last gone through."""

    __tablename__ = "library_survey"

    id: Mapped[int] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)


class DocumentStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Document(Trashable, Base):
    """A file to be read or kept: a PDF, a table, an archive. It is only ever given as an
    attachment, and a `private` one only to whom the policy lets.

    `sentence` and `facts` say in words why one failed; it can be fetched all the same.
    `preview_key` is a picture of the first page of a PDF; `findings` is what was found in
    it. Each file that was put in place of another makes `version` one more.
    """

    __tablename__ = "document"
    __table_args__ = (
        Index(None, "deleted_at", "id"),
        Index(None, "status", "id", "deleted_at"),
        Index(None, "owner_id", "id", "deleted_at"),
        Index(None, "title", "id", "deleted_at"),
        Index(None, "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(String(1000), default="")
    filename: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(100), unique=True)
    mime: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    private: Mapped[bool] = mapped_column(default=False, server_default=false())
    status: Mapped[DocumentStatus] = mapped_column(
        enum_type(DocumentStatus), default=DocumentStatus.PENDING
    )
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    findings: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    preview_key: Mapped[str | None] = mapped_column(String(100))
    preview_width: Mapped[int | None]
    preview_height: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    processed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])

    def __str__(self) -> str:
        return self.title


class ImagePreset(Base):
    """A preset as an administrator has it: `cms.imaging.presets.Preset`, in a row."""

    __tablename__ = "image_preset"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    shape: Mapped[Shape] = mapped_column(enum_type(Shape))
    width: Mapped[int]
    height: Mapped[int | None]
    formats: Mapped[list[str]] = mapped_column(JSON)
    quality: Mapped[int] = mapped_column(default=85)
    matte: Mapped[str] = mapped_column(String(7), default="#ffffff")
    motion: Mapped[Motion] = mapped_column(enum_type(Motion), default=Motion.STILL)
    enabled: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=LAST, server_default=str(LAST))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    def __str__(self) -> str:
        return self.name
