"""Setting fields of a thing to values that a form has checked, one by one or by a job."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import Date, DateTime, inspect
from sqlalchemy import Enum as EnumType

from cms.accounts.models import User
from cms.audit.services import record


def write(thing: Any, _by: User | None, **values: Any) -> None:
    """Set columns of a thing, JSON values as `as_json` gives them, and note what changed.

    It is what `Act("page", "edit", Page, "edit", N_("Edit"), edits.write)` does to each.
    """
    changes = {}
    for name, given in values.items():
        value, before = _of_column(type(thing), name, given), getattr(thing, name)
        if value != before:
            setattr(thing, name, value)
            changes[name] = [as_json(before), as_json(value)]
    if changes:
        record("edit", thing, **changes)


def as_json(value: Any) -> Any:
    """Return what stands for a value in JSON."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date | datetime) else value


def _of_column(model: type[Any], name: str, given: Any) -> Any:
    kind = inspect(model).column_attrs[name].columns[0].type
    kind = getattr(kind, "impl_instance", kind)
    if given is None:
        return None
    if isinstance(kind, EnumType) and kind.enum_class:
        return kind.enum_class(given)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(given)
    return date.fromisoformat(given) if isinstance(kind, Date) else given
