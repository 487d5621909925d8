"""What an installation on the embedded default holds, copied from folder to folder."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

_DATABASES = ("cms.db", "queue.db")
_FOLDERS = ("files", "mail")


def copy(source: Path, target: Path) -> None:
    """Let `target` hold what `source` does. Its databases may be open; nobody writes now."""
    for name in _DATABASES:
        with (
            closing(sqlite3.connect(source / name)) as given,
            closing(sqlite3.connect(target / name)) as taken,
        ):
            given.backup(taken)
    for name in _FOLDERS:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
