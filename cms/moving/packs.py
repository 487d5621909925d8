"""ZIP files of others: what is in them is read by name, and never unpacked."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_END
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cms.errors import N_, CmsError

try:
    from lzma import LZMAError
except ImportError:  # a Python that was built without it unpacks none
    LZMAError = zlib.error  # type: ignore[assignment, misc]

MOST_FILES = 200_000
# Text shrinks to a tenth, pictures not at all.
MOST_GROWTH = 100
MOST_BYTES_OF_SMALL = 100_000_000
AT_ONCE = 1_000_000
# What `zipfile` raises of one that is damaged, some of it by what unpacks for it.
DAMAGE = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError)
_UTF8, _ENCRYPTED = 0x800, 0x1
_UNWANTED = ("__MACOSX/", ".DS_Store", "Thumbs.db")


class BrokenZip(CmsError):
    """It was cut off, or is something else."""

    sentence = N_("This is not a whole ZIP file. Make it, or download it, once more.")
    hopeless = True


class LockedZip(CmsError):
    """Nobody here knows its password."""

    sentence = N_("This ZIP file has a password. Make one without.")
    hopeless = True


class ZipBomb(CmsError):
    """It would fill the disk."""

    sentence = N_(
        "What is in this ZIP file would take %(size)s MB, over %(growth)s times as much as it "
        "does. It is not read."
    )
    hopeless = True


class TooManyFiles(CmsError):
    """More than a site has."""

    sentence = N_("This ZIP file holds more than %(most)s files.")
    hopeless = True


class Pack:
    """The files of a ZIP by name. `unsafe` are names that lead out of it; they are left out."""

    def __init__(self, file: zipfile.ZipFile, size: int) -> None:
        self._file = file
        members = [info for info in file.infolist() if not info.is_dir()]
        if len(members) > MOST_FILES:
            raise TooManyFiles(most=MOST_FILES)
        total = sum(info.file_size for info in members)
        if total > max(MOST_GROWTH * size, MOST_BYTES_OF_SMALL):
            raise ZipBomb(size=total // 1_000_000, growth=MOST_GROWTH)
        if any(info.flag_bits & _ENCRYPTED for info in members):
            raise LockedZip
        named = {_readable(info): info for info in members}
        self.unsafe = sorted(name for name in named if not is_safe(name))
        self._members = {
            name: info
            for name, info in named.items()
            if is_safe(name) and not any(part in name for part in _UNWANTED)
        }

    def names(self) -> list[str]:
        """Return the names of all files, in order."""
        return sorted(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def blocks(self, name: str, at_most: int) -> Iterator[bytes]:
        """Yield the bytes of a file, one more than `at_most` at the most. Raises `BrokenZip`."""
        try:
            with self._file.open(self._members[name]) as file:
                left = at_most + 1
                while left > 0 and (block := file.read(min(AT_ONCE, left))):
                    left -= len(block)
                    yield block
        except (*DAMAGE, OSError, ValueError):
            raise BrokenZip from None


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[Pack]:
    """Open a ZIP file; an open one can seek, and stays open. Raises what says why it is not
    read."""
    try:
        size = source.stat().st_size if isinstance(source, Path) else source.seek(0, SEEK_END)
        file = zipfile.ZipFile(source)
    except (*DAMAGE, OSError, ValueError):
        raise BrokenZip from None
    with file:
        yield Pack(file, size)


def is_safe(name: str) -> bool:
    """Tell whether a name stays in its folder, wherever it would be unpacked."""
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and not name.startswith("/")
        and ".." not in parts
        and "\\" not in name
        and ":" not in parts[0]
        and name.isprintable()
    )


def _readable(info: zipfile.ZipInfo) -> str:
    """Return the name of a file; where none is said, in the encoding that it is likely in."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename
