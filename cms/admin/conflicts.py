"""Two editors, one row: the second to save sees what the first one changed."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from sqlalchemy import inspect
from wtforms import Form


class Conflicts:
    """Refuses a save over values that changed since the form was shown.

    The form carries a digest of the values it was filled with. Where the row
    no longer has them, the form comes back with the editor's text kept and
    each differing field's saved value beside it; saving again then overwrites,
    knowingly.
    """

    SEEN = "_seen"

    def edit_form(self, obj: Any = None) -> Any:
        """Make the form, filled from `obj`, and remember what it was filled with."""
        form = super().edit_form(obj)  # type: ignore[misc]
        form.seen = digest(self._saved_values(form, obj))
        form.conflicts = {}
        return form

    def update_model(self, form: Form, model: Any) -> bool:
        """Save, unless somebody else saved first."""
        given, seen = request.form.get(self.SEEN), getattr(form, "seen", None)
        if given is None or seen is None or hmac.compare_digest(given.encode(), seen.encode()):
            saved: bool = super().update_model(form, model)  # type: ignore[misc]
            return saved
        form.conflicts = self._differences(form, model)
        flash(_("Somebody else saved this in the meantime. Compare, then save again."), "warning")
        return False

    def _saved_values(self, form: Form, model: Any) -> dict[str, str]:
        return {
            field.short_name: _as_text(getattr(model, field.short_name))
            for field in form
            if model is not None and field.short_name in _comparable(model)
        }

    def _differences(self, form: Form, model: Any) -> dict[str, str]:
        return {
            name: saved
            for name, saved in self._saved_values(form, model).items()
            if saved != _as_text(form[name].data)
        }


def _comparable(model: Any) -> set[str]:
    """Return the columns and single relations; rows of a related kind have forms of their own."""
    mapper = inspect(model).mapper
    single = {relation.key for relation in mapper.relationships if not relation.uselist}
    return single | {column.key for column in mapper.column_attrs}


def digest(values: dict[str, str]) -> str:
    """Return a short fingerprint of a row's values."""
    return hashlib.sha256(repr(sorted(values.items())).encode("utf-8", "replace")).hexdigest()[:32]


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)
