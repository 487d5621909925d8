"""Files in a bucket of S3, or of another server that speaks as S3 does."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cms.storage.base import (
    ADDRESS_LASTS,
    Incoming,
    KeyTaken,
    MissingFile,
    StorageAway,
    StorageFull,
    StoredFile,
)
from cms.storage.keys import BadKey, check
from cms.storage.local import LocalIncoming, clear

CONNECT_SECONDS = 5
READ_SECONDS = 30
TRIES = 3
CONNECTIONS = 50
LISTED_AT_ONCE = 1000
READ_AT_ONCE = 256 * 1024

_MISSING = {"404", "NoSuchKey", "NotFound"}
_TAKEN = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}
_NO_ROOM = {"507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "EntityTooLarge"}


@dataclass(frozen=True)
class Bucket:
    """A bucket and how to reach it.

    Without `endpoint` it is one of AWS. Without `key` and `secret` both come from where the
    tools of AWS look for them. `address` is the endpoint as browsers reach it, if they may.
    """

    name: str
    endpoint: str | None = None
    region: str = "us-east-1"
    key: str | None = None
    secret: str | None = None
    address: str | None = None


class S3Storage:
    """Keys are the names of objects. An object is there whole, or not at all.

    What is on its way in lies in `scratch`, a folder of this machine, and goes to the
    bucket when it is adopted. Nothing waits for ever: each request is tried `TRIES` times,
    for `READ_SECONDS` without a byte.
    """

    listed_at_once = LISTED_AT_ONCE

    def __init__(self, bucket: Bucket, scratch: Path) -> None:
        self.bucket = bucket
        self.scratch = scratch
        self._client = _client(bucket, bucket.endpoint)
        self._public = _client(bucket, bucket.address) if bucket.address else None

    def incoming(self) -> LocalIncoming:
        return LocalIncoming(self.scratch)

    def adopt(self, temporary: Incoming, key: str) -> None:
        if not isinstance(temporary, LocalIncoming):
            raise TypeError(f"{temporary!r} does not come from this storage")
        with temporary:
            temporary.flush()
            self.save(key, temporary.path)

    def save(self, key: str, source: Path) -> None:
        if self.exists(key):  # not every server knows IfNoneMatch
            raise KeyTaken
        with source.open("rb") as file, _told():
            try:
                self._client.put_object(**self._named(key), Body=file, IfNoneMatch="*")
            except ClientError as error:
                if not self._was_ours(error, key, source):
                    raise

    def open(self, key: str) -> BinaryIO:
        def get(position: int, etag: str | None) -> Any:
            asked = {"Range": f"bytes={position}-"} if position else {}
            if etag:
                asked["IfMatch"] = etag
            with _told():
                return self._client.get_object(**named, **asked)

        named = self._named(key)
        file = io.BufferedReader(_Object(get), READ_AT_ONCE)
        file.peek()  # a server may look for its file as late as for the first byte
        return file

    @contextmanager
    def path(self, key: str) -> Iterator[Path]:
        with self.open(key) as file, LocalIncoming(self.scratch) as copy:
            shutil.copyfileobj(file, copy)
            copy.flush()
            yield copy.path

    def address(self, key: str, *, mime: str, name: str) -> str | None:
        named = self._named(key)
        if self._public is None:
            return None
        told = {
            "ResponseContentType": mime,
            "ResponseContentDisposition": f"inline; filename*=UTF-8''{quote(name, safe='')}",
        }
        with _told():
            address: str = self._public.generate_presigned_url(
                "get_object",
                Params=named | told,
                ExpiresIn=int(ADDRESS_LASTS.total_seconds()),
            )
        return address

    def place(self, key: str) -> None:
        """Return None: a bucket is no folder."""
        if not self.exists(key):
            raise MissingFile(key=key)

    def delete(self, key: str) -> None:
        with suppress(MissingFile), _told():
            self._client.delete_object(**self._named(key))

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except MissingFile:
            return False
        return True

    def size(self, key: str) -> int:
        with _told():
            return int(self._client.head_object(**self._named(key))["ContentLength"])

    def walk(self, prefix: str) -> Iterator[StoredFile]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket.name,
            Prefix=f"{prefix}/",
            PaginationConfig={"PageSize": self.listed_at_once},
        )
        with _told():
            for page in pages:
                for found in page.get("Contents", ()):
                    with suppress(BadKey):  # not one of ours
                        yield StoredFile(check(found["Key"]), found["Size"], found["LastModified"])

    def clear_incoming(self, older_than: timedelta) -> int:
        return clear(self.scratch, older_than)

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket.name, "Key": check(key)}

    def _was_ours(self, error: ClientError, key: str, source: Path) -> bool:
        """Tell whether the object that is in the way is what an earlier try has put there,
        whose answer was lost."""
        tried_again = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
        return (
            tried_again
            and error.response["Error"]["Code"] in _TAKEN
            and self.size(key) == source.stat().st_size
        )


class _Object(io.RawIOBase):
    """An object, read from wherever one is. A connection that breaks is made anew there."""

    def __init__(self, get: Callable[[int, str | None], Any]) -> None:
        answer = get(0, None)
        self._get = get
        self._etag: str = answer["ETag"]
        self._size: int = answer["ContentLength"]
        self._body: Any = answer["Body"]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if begin + offset != self._at:
            self._hang_up()
            self._at = max(0, begin + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        data = self._next(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._hang_up()
        super().close()

    def _next(self, most: int) -> bytes:
        for _ in range(TRIES):
            if self._at >= self._size:
                return b""
            try:
                self._body = self._body or self._get(self._at, self._etag)["Body"]
                data: bytes = self._body.read(most)
            except (BotoCoreError, OSError):
                data = b""
            if data:
                return data
            self._hang_up()
        raise StorageAway

    def _hang_up(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


def _client(bucket: Bucket, endpoint: str | None) -> Any:
    return botocore.session.get_session().create_client(
        "s3",
        region_name=bucket.region,
        endpoint_url=endpoint,
        aws_access_key_id=bucket.key,
        aws_secret_access_key=bucket.secret,
        config=Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            max_pool_connections=CONNECTIONS,
            # Only AWS has a host for each bucket for certain.
            s3={"addressing_style": "path" if endpoint else "auto"},
            # Other servers know no trailing checksums; TLS and signatures guard the bytes.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def _told() -> Iterator[None]:
    """Say in our words what the server says in its own."""
    try:
        yield
    except ClientError as error:
        raise _meant(str(error.response.get("Error", {}).get("Code"))) from error
    except BotoCoreError as error:
        raise StorageAway from error


def _meant(code: str) -> Exception:
    for codes, kind in ((_MISSING, MissingFile), (_TAKEN, KeyTaken), (_NO_ROOM, StorageFull)):
        if code in codes:
            return kind()
    return StorageAway()
