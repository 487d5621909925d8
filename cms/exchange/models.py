"""What somebody has exported, and what somebody imports."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.accounts.models import User
from cms.database import Base, UtcDateTime, enum_type

KEPT_FOR = timedelta(days=1)
LONGEST_FILENAME = 255


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "jsonl"
    ZIP = "zip"  # of a whole site, not of rows: see `cms.moving.archive`


class ExportState(StrEnum):
    """`waiting → running → ready`, or why not: `stopped` by its owner, `failed`."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    STOPPED = "stopped"
    FAILED = "failed"


class Export(Base):
    """Rows of a list on their way into a file, for who asked, and until `ends_at`.

    `source` is the list, `scope` which of its rows (see `cms.exchange.sources.Scope`), and
    `columns` their names. `rows` and `size`, in bytes, are what is written so far; `total`
    rows there will be about. `sentence` and `facts` say why it failed; `cut` is how many
    texts were longer than a cell can be.
    """

    __tablename__ = "data_export"
    __table_args__ = (Index(None, "user_id", "id"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(60))
    scope: Mapped[dict[str, Any]] = mapped_column(JSON)
    columns: Mapped[list[str]] = mapped_column(JSON)
    format: Mapped[Format] = mapped_column(enum_type(Format))
    locale: Mapped[str] = mapped_column(String(20))
    filename: Mapped[str] = mapped_column(String(LONGEST_FILENAME))
    state: Mapped[ExportState] = mapped_column(enum_type(ExportState), default=ExportState.WAITING)
    rows: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    cut: Mapped[int] = mapped_column(default=0)
    key: Mapped[str | None] = mapped_column(String(100), unique=True)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User | None] = relationship()

    @property
    def owner_id(self) -> int | None:
        """Whose it is, for the policy."""
        return self.user_id

    def __str__(self) -> str:
        return self.filename


class ImportState(StrEnum):
    """`uploaded → checking → checked → applying → applied`.

    `refused` is one that could not be applied as it had been checked, `ended` one that
    nobody applied for a day.
    """

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    REFUSED = "refused"
    FAILED = "failed"
    ENDED = "ended"


class Import(Base):
    """A file whose rows are to become rows of a list.

    `headings` are the file's, in their order; `mapping` says which column of the list each
    of them is, by its place in the file as text; `creates` whether a row without a key
    becomes a new one. The figures are those of the last check.
    """

    __tablename__ = "data_import"
    __table_args__ = (Index(None, "user_id", "source", "id"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(60))
    filename: Mapped[str] = mapped_column(String(LONGEST_FILENAME))
    key: Mapped[str | None] = mapped_column(String(100), unique=True)
    locale: Mapped[str] = mapped_column(String(20))
    headings: Mapped[list[str]] = mapped_column(JSON)
    samples: Mapped[list[list[str]]] = mapped_column(JSON)
    mapping: Mapped[dict[str, str]] = mapped_column(JSON)
    creates: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ImportState] = mapped_column(enum_type(ImportState), default=ImportState.UPLOADED)
    rows: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    sentence: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    user: Mapped[User | None] = relationship()

    @property
    def owner_id(self) -> int | None:
        """Whose it is, for the policy."""
        return self.user_id

    def __str__(self) -> str:
        return self.filename


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    BAD = "bad"


class ImportRow(Base):
    """A row of an imported file that would change something, or that cannot be taken.

    `line` is its number in the file, the headings being 1. `changes` are the columns with
    `[old, new]` as text, `problems` pairs of a column, or nothing, and the reason in words.
    """

    __tablename__ = "data_import_row"
    __table_args__ = (Index(None, "import_id", "outcome", "line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("data_import.id", ondelete="CASCADE"))
    line: Mapped[int]
    thing_id: Mapped[str | None] = mapped_column(String(200))
    outcome: Mapped[Outcome] = mapped_column(enum_type(Outcome))
    changes: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    problems: Mapped[list[list[str]]] = mapped_column(JSON)
