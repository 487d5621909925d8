"""From the setting to the storage it names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from cms.errors import BadSetting
from cms.storage.base import Storage
from cms.storage.local import LocalStorage

SETTING = "CMS_STORAGE_URL"


def from_url(url: str) -> Storage:
    """Return the storage at `url`; `file:///a/folder` is a folder of this machine.

    Raises `BadSetting` for an address that names no storage.
    """
    scheme, _, rest = url.partition("://")
    if scheme != "file":
        raise BadSetting(name=SETTING, problem=f"there is no storage of the kind {scheme!r}")
    folder = Path(unquote(rest))
    if not folder.is_absolute():
        raise BadSetting(name=SETTING, problem="a folder is written file:///absolute/path")
    return LocalStorage(folder)
