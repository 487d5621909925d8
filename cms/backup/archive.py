"""The file of a backup: a tar whose members carry their checksums.

files/originals/ab/….jpg   the stored files, by their keys
rows/article.jsonl.gz      the rows of a table
manifest.json              the last: what is in it, and one checksum over all of them
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from cms.errors import N_, CmsError
from cms.storage.local import give_name

MANIFEST = "manifest.json"
FORMAT = 1
SUM = "QSCMS.sha256"


class BadBackup(CmsError):
    """A file that is no backup, or not as it was written."""

    sentence = N_("This is no whole backup: %(why)s.")


class Writer:
    """A backup being written. It gets its name when it is whole, and replaces no file."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self._part = target.with_name(f"{target.name}.part")
        # Password hashes are in it.
        descriptor = os.open(self._part, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by finish or __exit__
        self._all = hashlib.sha256()
        self._members = 0

    def add(self, name: str, source: Path) -> None:
        """Add a file that nobody writes to."""
        with source.open("rb") as file:
            digest = digest_of(file)
            about = tarfile.TarInfo(name)
            about.size, about.mode = file.tell(), 0o600
            about.pax_headers = {SUM: digest}
            file.seek(0)
            self._tar.addfile(about, file)
        self._all.update(f"{name} {digest}\n".encode())
        self._members += 1

    def finish(self, manifest: dict[str, Any], folder: Path) -> None:
        """Write the manifest, and give the backup its name."""
        whole = {"format": FORMAT, "members": self._members, "sha256": self._all.hexdigest()}
        path = folder / MANIFEST
        path.write_text(json.dumps(manifest | whole, ensure_ascii=False, indent=1))
        self.add(MANIFEST, path)
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        give_name(self._part, self.target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise BadBackup(why=str(error)) from error


@_told()
def verify(source: Path) -> dict[str, Any]:
    """Read all of a backup, and return its manifest. Raises `BadBackup`."""
    together, number = hashlib.sha256(), 0
    for about, file in members(source):
        digest = digest_of(file)
        if digest != about.pax_headers.get(SUM):
            raise BadBackup(why=f"{about.name} is damaged")
        if about.name == MANIFEST:
            break
        together.update(f"{about.name} {digest}\n".encode())
        number += 1
    else:
        raise BadBackup(why="its end is missing")
    manifest = manifest_of(source)
    if (manifest["members"], manifest["sha256"]) != (number, together.hexdigest()):
        raise BadBackup(why="files are missing, or in another order")
    return manifest


def manifest_of(source: Path) -> dict[str, Any]:
    """Return what a backup says of itself."""
    found: dict[str, Any] = {}
    for about, file in members(source):
        if about.name == MANIFEST:
            found = json.load(file)
    if found.get("format") != FORMAT:
        raise BadBackup(why="it is of another version")
    return found


def members(source: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Go through the members, each to be read before the next."""
    with tarfile.open(source, "r:") as tar:
        for about in tar:
            file = tar.extractfile(about) if about.isreg() else None
            if file is None:
                raise BadBackup(why=f"{about.name} is no file")
            yield about, file
            tar.members = []  # type: ignore[attr-defined]  # else it keeps each of them


def digest_of(file: IO[bytes]) -> str:
    """Return the checksum of what is left to read of a file."""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
