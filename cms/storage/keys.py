"""Keys: names of stored files that nobody can guess and nothing can abuse.

A key is a prefix, two letters that spread files over folders, 160 random bits
and an extension: `originals/ab/abcdefghijklmnopqrstuvwxyz234567.jpg`.
"""

from __future__ import annotations

import base64
import re
import secrets

from cms.errors import N_, CmsError

RANDOM_BYTES = 20

_KEY = re.compile(r"[a-z]{1,20}/([a-z2-7]{2})/\1[a-z2-7]{30}\.[a-z0-9]{1,8}", re.ASCII)


class BadKey(CmsError):
    """A name that no stored file has, because no file is ever stored under one like it."""

    sentence = N_("This is not the name of a stored file.")


def new_key(prefix: str, extension: str, folder: str = "") -> str:
    """Return a key that was never used before, such as `originals/ab/ab….jpg`.

    `extension` is taken with or without its dot. `folder` is two letters, for what is so
    little that it need not be spread. Raises `BadKey` for a prefix or an extension that
    cannot be part of a key.
    """
    name = base64.b32encode(secrets.token_bytes(RANDOM_BYTES)).decode().lower()
    name = folder + name[len(folder) :]
    return check(f"{prefix}/{name[:2]}/{name}.{extension.removeprefix('.')}")


def check(key: str) -> str:
    """Return `key` if it is formed as `new_key` forms them; else raise `BadKey`.

    What is not on the pattern is refused, so there is nothing to escape: no
    `..`, no leading slash, no backslash, no NUL, no name in another script.
    """
    if not _KEY.fullmatch(key):
        raise BadKey
    return key
