"""What every storage can do, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from cms.errors import N_, CmsError

# How long what `Storage.address` returns is good for.
ADDRESS_LASTS = timedelta(hours=1)


class MissingFile(CmsError):
    """The storage holds no file of this key. `key` is a fact, for the log."""

    sentence = N_("The stored file is missing.")


class StorageAway(CmsError):
    """What keeps the files does not answer, or refuses us. Trying again later may help."""

    sentence = N_("The place where files are kept does not answer. Try again in a while.")


class StorageFull(CmsError):
    """There is no room left; what was being written is gone, the rest is whole."""

    sentence = N_("There is no space left to store this file.")


class KeyTaken(CmsError):
    """A file of this key is there already. Files are never overwritten."""

    sentence = N_("A file is stored under this name already.")


@dataclass(frozen=True)
class StoredFile:
    """A file of a storage: `size` in bytes, `modified_at` by the storage's own clock."""

    key: str
    size: int
    modified_at: datetime


class Incoming(Protocol):
    """A file on its way in. Closed without `Storage.adopt`, it leaves nothing behind."""

    @property
    def path(self) -> Path:
        """Where the bytes are, for readers that want a file's path. `flush` first."""

    def write(self, data: bytes, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...

    def flush(self) -> None: ...

    def sync(self) -> None:
        """Have the bytes on the disk, so that `Storage.adopt` need not wait for it."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_error: object) -> None: ...


class Storage(Protocol):
    """Files by key. Each is written whole, once, and read by many.

    Every method that takes a key raises `BadKey` for one that `new_key` cannot
    have made. Those that write raise `StorageFull` when there is no room and
    `KeyTaken` rather than overwrite; those that read raise `MissingFile`. All may raise
    `StorageAway` where files are kept on another machine.
    """

    def incoming(self) -> Incoming:
        """Return a file to stream an upload into, near where it will be kept."""

    def adopt(self, temporary: Incoming, key: str) -> None:
        """Keep what was written to `temporary` under `key`, whole and on disk.

        `temporary` is closed by this. On any error nothing is kept.
        """

    def save(self, key: str, source: Path) -> None:
        """Keep a copy of the file at `source` under `key`, whole and on disk."""

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading. The caller closes it."""

    def path(self, key: str) -> AbstractContextManager[Path]:
        """Give a local path to read the file from, good until the context ends."""

    def address(self, key: str, *, mime: str, name: str) -> str | None:
        """Return an address that gives the file to anybody, for `ADDRESS_LASTS` at least,
        as a file of this type and name. None if this storage has no addresses."""

    def place(self, key: str) -> Path | None:
        """Return where the file lies, as long as it is kept, for a proxy on this machine
        to send. None if it lies elsewhere."""

    def delete(self, key: str) -> None:
        """Delete a file. One that is missing is no error."""

    def exists(self, key: str) -> bool:
        """Tell whether there is a file of this key."""

    def size(self, key: str) -> int:
        """Return the size of a file in bytes."""

    def walk(self, prefix: str) -> Iterator[StoredFile]:
        """Go through the files whose keys begin with `prefix`, such as `originals`, in the
        order of their keys.

        One that comes or goes meanwhile may be among them or not.
        """

    def clear_incoming(self, older_than: timedelta) -> int:
        """Remove what uploads that died left behind; return how many files."""
