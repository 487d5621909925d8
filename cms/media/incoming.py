"""Uploads as they arrive: each file goes straight into the storage's own folder,
hashed and measured on the way, and never past the limit."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Request, current_app

from cms.config import settings
from cms.storage.base import Incoming, Storage


class IncomingFile:
    """A file-like target for one uploaded file.

    Bytes past `limit` are counted but not kept, so that one file that is too
    large does not cost the others of the same request. Closing removes the
    file, unless `adopt` has taken it into the storage.
    """

    def __init__(self, storage: Storage, limit: int) -> None:
        self._storage = storage
        self._limit = limit
        self._file: Incoming = storage.incoming()
        self._hash = hashlib.sha256()
        self._closed = False
        self.size = 0

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def too_large(self) -> bool:
        return self.size > self._limit

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        if not self.too_large:
            self._file.write(data)
            self._hash.update(data)
        return len(data)

    def adopt(self, key: str) -> None:
        """Take the file into the storage under `key`, whole and on disk."""
        self._closed = True
        self._storage.adopt(self._file, key)

    def flush(self) -> None:
        self._file.flush()

    def sync(self) -> None:
        self._file.sync()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._file.close()


class UploadRequest(Request):
    """A request whose uploaded files are `IncomingFile`s, closed when it ends.

    Also those of a body that was cut off, or went over the limit, in the middle.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arrived: list[IncomingFile] = []

    def close(self) -> None:
        super().close()
        for file in self._arrived:
            file.close()

    def _get_file_stream(self, *_args: Any, **_kwargs: Any) -> Any:
        of_documents = "document" in (self.endpoint or "")
        limit = settings().document_max_bytes if of_documents else settings().upload_max_bytes
        file = IncomingFile(current_app.extensions["cms.storage"], limit)
        self._arrived.append(file)
        return file
