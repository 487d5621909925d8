"""From the setting to the storage it names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from cms.errors import BadSetting
from cms.storage.base import Storage
from cms.storage.local import LocalStorage

if TYPE_CHECKING:
    from cms.storage.s3 import S3Storage

SETTING = "CMS_STORAGE_URL"
_S3_OPTIONS = {"region", "scheme"}


def from_url(url: str, scratch: Path, address: str = "") -> Storage:
    """Return the storage at `url`: a folder of this machine, `file:///a/folder`, or a bucket,
    `s3://key:secret@host:port/bucket`.

    Where files are kept elsewhere, those on their way lie in `scratch`, and `address` is
    where browsers reach them, if they may. Raises `BadSetting` for an address that names
    no storage.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "s3":
        return _bucket(urlsplit(url), scratch, address)
    if scheme != "file":
        raise _bad(f"there is no storage of the kind {scheme!r}")
    folder = Path(unquote(rest))
    if not folder.is_absolute():
        raise _bad("a folder is written file:///absolute/path")
    return LocalStorage(folder)


def _bucket(parts: SplitResult, scratch: Path, address: str) -> S3Storage:
    # For those alone who use it: it takes a third of a second to load, and 37 MB.
    from cms.storage.s3 import Bucket, S3Storage  # noqa: PLC0415

    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := options.keys() - _S3_OPTIONS:
        raise _bad(f"there is no option {min(unknown)!r}")
    name = parts.path.strip("/")
    if not name or "/" in name:
        raise _bad("a bucket is written s3://key:secret@host:port/bucket")
    if (scheme := options.get("scheme", "https")) not in ("http", "https"):
        raise _bad("the scheme is http or https")
    host = parts.netloc.rpartition("@")[2]
    bucket = Bucket(
        name,
        endpoint=f"{scheme}://{host}" if host else None,
        region=options.get("region", "us-east-1"),
        key=unquote(parts.username) if parts.username else None,
        secret=unquote(parts.password) if parts.password else None,
        address=address or None,
    )
    try:
        return S3Storage(bucket, scratch)
    except ValueError as error:  # as botocore says that a host or a region cannot be
        raise _bad(str(error)) from None


def _bad(problem: str) -> BadSetting:
    return BadSetting(name=SETTING, problem=problem)
