"""The settings of the site: a form made of the keys that `cms.content.site_settings` declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

from annotated_types import Ge, Le
from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_admin.form import BaseForm
from flask_babel import gettext as _
from pydantic.fields import FieldInfo
from wtforms import BooleanField, Field, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from cms.admin import conflicts, drafts, languages
from cms.admin.access import Guarded, person
from cms.admin.base import expose, keepable, needs, told_at_field
from cms.audit.services import history_of
from cms.config import settings
from cms.content import site_settings
from cms.content.errors import AtField, Conflict
from cms.content.models import SiteSetting
from cms.content.site_settings import SiteSettings
from cms.editorial import content
from cms.extensions import db

LONGEST = 200


@dataclass(frozen=True)
class Key:
    """One key: its words, its fields, one for each language of a text, and its default."""

    name: str
    title: str
    help: str
    fields: list[Field]
    default: str


class SiteSettingsView(Guarded, BaseView):
    """One form; only what differs from its default is kept."""

    kind, icon = "site_setting", "adjustments"

    @expose("/")
    @needs("view")
    def index(self) -> str:
        """Show what is set."""
        form, values = _form(), _by_field()
        for name, value in values.items():
            form[name].data = value
        conflicts.remember(form, _as_texts(values))
        return self._page(form)

    @expose("/save", methods=("POST",))
    @needs("edit")
    def save(self) -> ResponseReturnValue:
        """Set what was changed, unless somebody else did so first."""
        form, values = _form(request.form), _by_field()
        conflicts.take_theirs(form, values)
        valid = form.validate()
        if not (keepable(form) and valid):
            return self._page(form), 422
        if request.form.get(conflicts.SEEN) != conflicts.digest(_as_texts(values)):
            found = conflicts.differences(form, _as_texts(values), values, _changes())
            if found:
                conflicts.remember(form, _as_texts(values))
                form.conflicts = found
                flash(_(Conflict.sentence), "warning")
                return self._page(form), 422
        try:
            with db.session.begin_nested():
                content.set_site(person(), **dict(_values(form)))
        except AtField as error:
            if not told_at_field(form, error):
                flash(_(error.sentence, **error.facts), "error")
            return self._page(form), 422
        flash(_("Saved."), "success")
        answer = redirect(self.get_url(".index"))
        drafts.note_saved(answer)
        return answer

    def _page(self, form: Any) -> str:
        return self.render("admin/site_settings.html", form=form, keys=list(_keys(form)))


@cache
def _form_of(names: tuple[str, ...]) -> type[BaseForm]:
    fields = {}
    for key, info in SiteSettings.model_fields.items():
        for name in _names(key, info, names):
            fields[name] = _field(info)
    return type("SiteSettingsForm", (BaseForm,), fields)


def _form(given: Any = None) -> Any:
    """Return the form, which remembers what it was sent with, its fields called in words."""
    form: Any = _form_of(settings().content_languages)(given)
    form.seen = request.form.get(conflicts.SEEN, "")
    form.seen_fields = request.form.get(conflicts.SEEN_FIELDS, "")
    form.conflicts = {}
    for field in form:
        key, _dash, language = field.short_name.partition("-")
        title = _(SiteSettings.model_fields[key].title or key)
        field.label.text = languages.with_language(title, language) if language else title
    return form


def _names(key: str, info: FieldInfo, of: tuple[str, ...]) -> list[str]:
    return [f"{key}-{language}" for language in of] if _is_text(info) else [key]


def _is_text(info: FieldInfo) -> bool:
    """Tell whether a key is a text for each language."""
    return info.annotation == dict[str, str]


def _field(info: FieldInfo) -> Any:
    if info.annotation is bool:
        return BooleanField()
    if info.annotation is int:
        limits: dict[str, Any] = {}
        for one in info.metadata:
            if isinstance(one, Ge):
                limits["min"] = one.ge
            if isinstance(one, Le):
                limits["max"] = one.le
        return IntegerField(validators=[InputRequired(), NumberRange(**limits)], render_kw=limits)
    if info.annotation == dict[str, str] or info.annotation is str:
        return StringField(validators=[Length(max=LONGEST)], filters=[_tidy])
    raise TypeError(f"there is no field for {info.annotation}: give it one here")


def _tidy(words: Any) -> Any:
    return " ".join(words.split()) if isinstance(words, str) else words


def _by_field() -> dict[str, Any]:
    """Return what is set, by the fields of the form."""
    found: dict[str, Any] = {}
    for key, value in site_settings.read().model_dump().items():
        if isinstance(value, dict):
            found |= {f"{key}-{one}": value.get(one, "") for one in settings().content_languages}
        else:
            found[key] = value
    return found


def _as_texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: conflicts.as_text(value) for name, value in values.items()}


def _changes() -> list[Any]:
    """Return who set each key last, as the audit trail knows."""
    found = []
    for key, info in SiteSettings.model_fields.items():
        for entry in history_of(SiteSetting(key=key), 1):
            names = _names(key, info, settings().content_languages)
            found.append(SimpleNamespace(changes=names, user_email=entry.user_email, at=entry.at))
    return found


def _values(form: Any) -> Iterator[tuple[str, Any]]:
    for key, info in SiteSettings.model_fields.items():
        if _is_text(info):
            texts = {one: form[f"{key}-{one}"].data for one in settings().content_languages}
            yield key, {language: words for language, words in texts.items() if words}
        else:
            yield key, form[key].data


def _keys(form: Any) -> Iterator[Key]:
    for key, info in SiteSettings.model_fields.items():
        fields = [form[name] for name in _names(key, info, settings().content_languages)]
        words = _(info.description) if info.description else ""
        yield Key(key, _(info.title or key), words, fields, _default(info))


def _default(info: FieldInfo) -> str:
    if isinstance(info.default, bool):
        return _("Yes") if info.default else _("No")
    return str(info.default) if info.default else ""
