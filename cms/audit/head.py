"""The head of the chain, kept where the files are: whoever can write to the database alone
can neither cut off its end nor make it anew unseen.

Stored files are never overwritten. So each head is a file of its own, and what holds is the
most that they say together: whoever is slower, or does so at the same time, takes nothing
back. Those that a new one covers are deleted once it is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app

from cms.errors import N_, CmsError
from cms.storage.base import MissingFile, Storage, StorageAway
from cms.storage.keys import new_key

PREFIX = "trail"  # none of those that are looked through for strays
TRIES = 5

_FIRST = "0" * 64  # what stands for the seal before the first


class BadHead(CmsError):
    """A file among the heads that says nothing."""

    sentence = N_("The head of the audit trail in the storage cannot be read: %(key)s.")


@dataclass(frozen=True, order=True)
class Seal:
    """A place of the chain: the number of an entry in it, and the digest."""

    number: int = 0
    digest: str = _FIRST

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


@dataclass(frozen=True)
class Head:
    """How far the chain goes: from the entry after `begin` to `newest`. What is before was
    deleted for its age, or accepted as it is."""

    newest: Seal = Seal()
    begin: Seal = Seal()

    def __str__(self) -> str:
        return f"from entry {self.begin.number + 1} up to {self.newest}"

    def covers(self, other: Head) -> bool:
        """Tell whether this says all that another says."""
        return other.newest <= self.newest and other.begin <= self.begin


def read() -> Head | None:
    """Return what the heads in the storage say together; None where there is none.

    Raises `BadHead`, and as storages do.
    """
    return _together(_found().values())


def advance(head: Head) -> None:
    """Write how far the chain goes now. It never says less than before."""
    found = _found()
    known = _together(found.values())
    if known is None or not known.covers(head):
        _write(head)
        _delete(key for key, other in found.items() if head.covers(other))


def replace(head: Head) -> None:
    """Let a head hold in place of all that are there, whatever they say."""
    there = [file.key for file in _storage().walk(PREFIX)]
    _write(head)
    _delete(there)


def _together(heads: Iterable[Head]) -> Head | None:
    all_of_them = [*heads]
    if not all_of_them:
        return None
    return Head(max(it.newest for it in all_of_them), max(it.begin for it in all_of_them))


def _found() -> Mapping[str, Head]:
    for _ in range(TRIES):
        keys = [file.key for file in _storage().walk(PREFIX)]
        found = {}
        for key in keys:
            with suppress(MissingFile), _storage().open(key) as file:
                found[key] = _parsed(key, file.read())
        if found or not keys:
            return found
        # each was covered by a newer one between the list and the look
    raise StorageAway


def _parsed(key: str, data: bytes) -> Head:
    try:
        told = json.loads(data)
        return Head(_seal(told["newest"]), _seal(told["begin"]))
    except (ValueError, TypeError, LookupError):
        raise BadHead(key=key) from None


def _seal(told: dict[str, Any]) -> Seal:
    return Seal(int(told["number"]), str(told["digest"]))


def _write(head: Head) -> None:
    with _storage().incoming() as file:
        file.write(json.dumps(asdict(head)).encode())
        _storage().adopt(file, new_key(PREFIX, "json", folder="aa"))


def _delete(keys: Iterable[str]) -> None:
    for key in keys:
        _storage().delete(key)


def _storage() -> Storage:
    found: Storage = current_app.extensions["cms.storage"]
    return found
