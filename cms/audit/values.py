"""What entries of the audit trail say of values: each before and after, in JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from sqlalchemy import inspect

LONGEST = 1_000
MASK = "•••"
_SECRET_WORDS = ("password", "secret", "token")

Changes = dict[str, list[Any]]


def is_secret(name: str) -> bool:
    """Tell whether what is called so may open doors."""
    return any(word in name for word in _SECRET_WORDS)


def shown(name: str, value: Any) -> Any:
    """Return what is noted of the value of a field: a secret masked, a long text cut.

    What is cut says the SHA-256 of the whole in UTF-8, to be compared with what a revision
    or a backup has.
    """
    if value is not None and is_secret(name):
        return MASK
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool | int | float | None):
        return value
    told = _as_json(value) if isinstance(value, dict | list) else str(value)
    if len(told) > LONGEST:
        return f"{told[:LONGEST]}… (SHA-256 {hashlib.sha256(told.encode()).hexdigest()})"
    return json.loads(told) if isinstance(value, dict | list) else told


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Return the fields of either that differ, old and new; an empty text is as good as none."""
    return {
        name: [shown(name, before.get(name)), shown(name, after.get(name))]
        for name in [*before, *(after.keys() - before.keys())]
        if _filled(before.get(name)) != _filled(after.get(name))
    }


def made(values: Mapping[str, Any]) -> Changes:
    """Return what a new thing has that is not empty."""
    return differences({}, values)


def gone(row: Any) -> Changes:
    """Return what a row says that is to be deleted."""
    return differences(columns(row), {})


def columns(row: Any) -> dict[str, Any]:
    """Return the values of the columns of a row, but for its key, which its entries name."""
    mapper = inspect(row).mapper
    return {
        column.key: getattr(row, column.key)
        for column in mapper.column_attrs
        if not column.columns[0].primary_key
    }


def unsaved(row: Any) -> Changes:
    """Return the columns of a row that were changed but not yet flushed."""
    state = inspect(row)
    found = {}
    for column in state.mapper.column_attrs:
        history = state.attrs[column.key].history
        if history.has_changes():
            sides = (history.deleted, history.added)
            found[column.key] = [shown(column.key, side[0] if side else None) for side in sides]
    return found


def _filled(value: Any) -> Any:
    return None if value in ("", [], {}) else value


def _as_json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
