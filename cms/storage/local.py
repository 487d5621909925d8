"""Files in a folder of this machine."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Self

from cms.storage.base import (
    Incoming,
    KeyTaken,
    MissingFile,
    StorageAway,
    StorageFull,
    StoredFile,
)
from cms.storage.keys import BadKey, check

INCOMING = ".incoming"

_FOR_THE_PROXY = 0o640  # whose user is of our group, where it sends files itself
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull from error
        if error.errno == errno.EROFS:  # as Linux makes a disk that has failed
            raise StorageAway from error
        raise


class LocalIncoming:
    """A temporary file in the storage's own folder, so that keeping it is a rename."""

    def __init__(self, folder: Path) -> None:
        with _told():
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder)
            os.fchmod(descriptor, _FOR_THE_PROXY)
        self.path = Path(name)
        self._file = os.fdopen(descriptor, "w+b")

    def write(self, data: bytes, /) -> int:
        with _told():
            return self._file.write(data)

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        with _told():
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        with _told():
            self._file.flush()

    def sync(self) -> None:
        """Have the bytes on the disk, not only on their way to it."""
        self.flush()
        with _told():
            os.fsync(self._file.fileno())

    def close(self) -> None:
        self.path.unlink(missing_ok=True)
        with suppress(OSError):  # what a full disk did not take is no longer wanted
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def clear(folder: Path, older_than: timedelta) -> int:
    """Remove the incoming files of a folder that died uploads left; return how many."""
    # Files carry the file system's time, so this asks the system, not cms.clock.
    limit = time.time() - older_than.total_seconds()
    cleared = 0
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):  # its upload ended just now
            if path.stat().st_mtime < limit:
                path.unlink()
                cleared += 1
    return cleared


class LocalStorage:
    """Keys are paths below `folder`. A file appears whole, or not at all.

    It is written under `.incoming`, synced, then linked to its name, and the
    folder that holds the name is synced: after a power cut the file is there
    with all its bytes, or its name is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def incoming(self) -> LocalIncoming:
        return LocalIncoming(self.folder / INCOMING)

    def adopt(self, temporary: Incoming, key: str) -> None:
        if not isinstance(temporary, LocalIncoming):
            raise TypeError(f"{temporary!r} does not come from this storage")
        with temporary:
            target = self._target(key)
            temporary.sync()
            with _told():
                self._make_folder(target.parent)
                give_name(temporary.path, target)
                _sync_folder(target.parent)

    def save(self, key: str, source: Path) -> None:
        with self.incoming() as temporary, source.open("rb") as file:
            shutil.copyfileobj(file, temporary)
            self.adopt(temporary, key)

    def open(self, key: str) -> BinaryIO:
        try:
            return self._target(key).open("rb")
        except FileNotFoundError:
            raise MissingFile(key=key) from None

    @contextmanager
    def path(self, key: str) -> Iterator[Path]:
        yield self.place(key)

    def address(self, key: str, *, mime: str, name: str) -> None:
        """Return None: a folder has no addresses."""

    def place(self, key: str) -> Path:
        if not self.exists(key):
            raise MissingFile(key=key)
        return self._target(key)

    def delete(self, key: str) -> None:
        self._target(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        return self._target(key).is_file()

    def size(self, key: str) -> int:
        try:
            return self._target(key).stat().st_size
        except FileNotFoundError:
            raise MissingFile(key=key) from None

    def walk(self, prefix: str) -> Iterator[StoredFile]:
        for path in _files_below(self.folder / prefix):
            with suppress(BadKey, FileNotFoundError):  # not one of ours, or gone just now
                key = check(path.relative_to(self.folder).as_posix())
                about = path.stat()
                yield StoredFile(key, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))

    def clear_incoming(self, older_than: timedelta) -> int:
        return clear(self.folder / INCOMING, older_than)

    def _target(self, key: str) -> Path:
        return self.folder / check(key)

    def _make_folder(self, folder: Path) -> None:
        """Make the folder and sync each parent that gained a name by it."""
        missing = [f for f in (folder, *folder.parents) if not f.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for made in reversed(missing):
            _sync_folder(made.parent)


def _files_below(folder: Path) -> Iterator[Path]:
    """Return the files two folders down, without reading more than one folder at once."""
    for branch in sorted(folder.glob("*")):
        if branch.is_dir():
            yield from sorted(branch.iterdir())


def give_name(source: Path, target: Path) -> None:
    """Give a file its name. A link, unlike a rename, cannot replace another file; where there
    are none, as on many a share, it is renamed. Raises `KeyTaken`."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise KeyTaken from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            raise KeyTaken from None
        source.rename(target)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
