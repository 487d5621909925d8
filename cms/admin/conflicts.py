"""Two editors, one row: the second to save sees both sides, and chooses field by field."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import inspect
from wtforms import Field, Form

from cms.admin import columns
from cms.admin.sides import Sides, sides
from cms.audit.models import AuditEntry
from cms.audit.services import history_of
from cms.look import listed

MOST_ENTRIES = 50
THEIRS, MINE = "theirs", "mine"
SEEN, SEEN_FIELDS, CHOICE = "_seen", "_seen_fields", "_choice-"


@dataclass(frozen=True)
class Conflict:
    """A field that others have saved with another value than the form has.

    `chosen` says which is taken unless the editor says otherwise: theirs, where only they
    changed it. `value` is theirs as it would be typed. `who` saved it, and `at` is when, if
    the audit trail knows.
    """

    name: str
    label: str
    sides: Sides
    value: str
    chosen: str
    who: str | None
    at: Markup | None

    @property
    def by_both(self) -> bool:
        """Whether the editor changed it as well."""
        return self.chosen == MINE


class Conflicts:
    """Refuses a save over values that changed since the form was shown.

    The form carries a digest of the values it was filled with, whole and by field. Where
    the row no longer has them, the form comes back with the editor's text kept, and with
    what others saved beside it. Of each such field the editor chooses a side; saving again
    then overwrites, knowingly.
    """

    def edit_form(self, obj: Any = None) -> Any:
        """Make the form, filled from `obj`, and remember what it was filled with."""
        form = super().edit_form(obj)  # type: ignore[misc]
        saved = self._saved_values(form, obj)
        remember(form, saved)
        take_theirs(form, {name: getattr(obj, name) for name in saved})
        return form

    def validate_form(self, form: Any) -> bool:
        """Validate `form`; one that comes back for a mistake is still what it was filled with."""
        valid: bool = super().validate_form(form)  # type: ignore[misc]
        if not valid and hasattr(form, "seen"):
            form.seen = request.form.get(SEEN, form.seen)
            form.seen_fields = request.form.get(SEEN_FIELDS, form.seen_fields)
        return valid

    def update_model(self, form: Form, model: Any) -> bool:
        """Save, unless somebody else saved first."""
        given, seen = request.form.get(SEEN), getattr(form, "seen", None)
        if given is not None and seen is not None:
            if not hmac.compare_digest(given.encode(), seen.encode()):
                form.conflicts = self._differences(form, model)
            if form.conflicts:
                words = _("Somebody else saved this in the meantime. Compare, then save again.")
                flash(words, "warning")
                return False
        saved: bool = super().update_model(form, model)  # type: ignore[misc]
        return saved

    def changes_to(self, model: Any) -> Sequence[AuditEntry]:
        """Return what the audit trail knows of a row, the newest first."""
        return history_of(model, MOST_ENTRIES)

    def _saved_values(self, form: Form, model: Any) -> dict[str, str]:
        return {
            field.short_name: as_text(getattr(model, field.short_name))
            for field in form
            if model is not None and field.short_name in _comparable(model)
        }

    def _differences(self, form: Form, model: Any) -> dict[str, Conflict]:
        """Return what others changed, and the form has otherwise."""
        saved = self._saved_values(form, model)
        values = {name: getattr(model, name) for name in saved}
        return differences(form, saved, values, self.changes_to(model))


def remember(form: Any, saved: Mapping[str, str]) -> None:
    """Let a form remember the values that it was filled with, whole and by field."""
    form.seen = digest(saved)
    form.seen_fields = " ".join(f"{name}:{digest({name: saved[name]})}" for name in saved)
    form.conflicts = {}


def take_theirs(form: Any, values: Mapping[str, Any]) -> None:
    """Take what is saved now, `values`, where the editor has chosen it."""
    for name, value in values.items():
        if request.form.get(CHOICE + name) == THEIRS:
            form[name].process_errors = []
            form[name].process_data(value)


def differences(
    form: Any, saved: Mapping[str, str], values: Mapping[str, Any], history: Sequence[Any]
) -> dict[str, Conflict]:
    """Return what others changed, and the form has otherwise: of what is `saved` now, as text,
    and its `values`. `history` says who changed which fields, the newest first."""
    given = dict(
        part.split(":", 1) for part in request.form.get(SEEN_FIELDS, "").split() if ":" in part
    )
    found = {}
    for name, theirs in saved.items():
        mine, before = as_text(form[name].data), given.get(name)
        untouched = before == digest({name: theirs})
        if theirs != mine and not untouched:
            chosen = THEIRS if before == digest({name: mine}) else MINE
            found[name] = _conflict(form[name], values[name], chosen, history)
    return found


def _conflict(field: Field, theirs: Any, chosen: str, history: Sequence[AuditEntry]) -> Conflict:
    name = field.short_name
    entry = next((entry for entry in history if name in entry.changes), None)
    return Conflict(
        name=name,
        label=str(field.label.text),
        sides=sides(_in_words(field, theirs), _in_words(field, field.data)),
        value=as_text(theirs),
        chosen=chosen,
        who=entry.user_email if entry else None,
        at=columns.time_tag(entry.at) if entry else None,
    )


def _in_words(field: Field, value: Any) -> str:
    """Return a value as people read it in that field."""
    if hasattr(field, "in_words"):
        return str(field.in_words(value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if hasattr(field, "in_percent"):
        kept, field.data = field.data, value
        shown = field.in_percent()
        field.data = kept
        parts = [shown] if isinstance(shown, str) else shown
        return listed(f"{part} %" for part in parts if part)
    words = _choices(field)
    if isinstance(value, list | tuple):
        return listed(words.get(as_text(one), as_text(one)) for one in value)
    return words.get(as_text(value), as_text(value))


def _choices(field: Field) -> Mapping[str, str]:
    choices = getattr(field, "choices", None)
    if not isinstance(choices, list | tuple):
        return {}
    pairs = (choice for choice in choices if not isinstance(choice, str))
    return {as_text(value): str(words) for value, words, *_rest in pairs}


def _comparable(model: Any) -> set[str]:
    """Return the columns and relations; but rows that are a row's own have forms of their own."""
    mapper = inspect(model).mapper
    others = {it.key for it in mapper.relationships if not it.uselist or it.secondary is not None}
    return others | {column.key for column in mapper.column_attrs}


def digest(values: Mapping[str, str]) -> str:
    """Return a short fingerprint of a row's values."""
    return hashlib.sha256(repr(sorted(values.items())).encode("utf-8", "replace")).hexdigest()[:32]


def as_text(value: Any) -> str:
    """Return a value as it is compared, and as it would be typed."""
    if isinstance(value, list) and not any(isinstance(one, float) for one in value):
        return "\n".join(sorted(map(str, value)))  # rows, or what a form calls them
    return "" if value is None else str(value)
