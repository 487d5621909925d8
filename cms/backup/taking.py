"""Taking a backup while the site runs.

Files are never changed, only added and deleted. So most are copied first, then the rows are
read as they were at one moment, then the files that came in between. Where one of those was
deleted meanwhile, the rows are read once more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from cms import clock
from cms.audit import head
from cms.audit.head import Seal
from cms.backup import archive, rows
from cms.database import snapshot
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.media import files
from cms.storage.base import MissingFile

TRIES = 5


class TooBusy(CmsError):
    """Files were deleted faster than they could be copied."""

    sentence = N_("Too many files were deleted meanwhile. Try again when less is going on.")


@dataclass
class Taken:
    """What a backup holds. `lost` are the keys of files that rows name and the storage lacks."""

    tables: dict[str, int] = field(default_factory=dict)
    copied: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    unneeded: list[str] = field(default_factory=list)
    revision: str = ""
    database: str = ""
    trail_begin: Seal | None = None


def take(target: Path) -> Taken:
    """Write a backup of rows and files to `target`, which must not be there yet."""
    if target.exists():
        raise FileExistsError(target)
    taken = Taken()
    with (
        archive.Writer(target) as writer,
        TemporaryDirectory(dir=target.parent, prefix=".backup-") as name,
    ):
        folder = Path(name)
        _copy(_keys_now(), writer, taken)
        _read_until_whole(folder, writer, taken)
        for table in taken.tables:
            writer.add(f"rows/{table}.jsonl.gz", folder / table)
        writer.finish(_manifest(taken), folder)
    return taken


def _read_until_whole(folder: Path, writer: archive.Writer, taken: Taken) -> None:
    for _ in range(TRIES):
        with snapshot(db.engine) as connection:
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            taken.revision, taken.database = found.scalar_one(), connection.dialect.name
            for table in rows.tables():
                taken.tables[table.name] = rows.dump(connection, table, folder / table.name)
            named = rows.keys(connection)
        known = head.read()  # after the rows: what is pruned before is in none of both
        taken.trail_begin = known.begin if known else None
        missing = _copy(named, writer, taken)
        if not missing - _keys_now():  # none was deleted since the rows were read
            taken.lost = sorted(missing)
            taken.unneeded = sorted(taken.copied - named)
            return
    raise TooBusy


def _keys_now() -> set[str]:
    with snapshot(db.engine) as connection:
        return rows.keys(connection)


def _copy(keys: set[str], writer: archive.Writer, taken: Taken) -> set[str]:
    """Copy the files that have not been; return the keys of those that are not there."""
    missing = set()
    for key in sorted(keys - taken.copied):
        try:
            with files.storage().path(key) as path:
                writer.add(f"files/{key}", path)
        except (MissingFile, FileNotFoundError):
            missing.add(key)
        else:
            taken.copied.add(key)
    return missing


def _manifest(taken: Taken) -> dict[str, object]:
    return {
        "made_at": clock.now().isoformat(),
        "revision": taken.revision,
        "database": taken.database,
        "tables": taken.tables,
        "files": len(taken.copied),
        "lost": taken.lost,
        "unneeded": taken.unneeded,
        "trail_begin": taken.trail_begin and asdict(taken.trail_begin),
    }
