"""The settings of the site: a form made of the keys that `cms.content.site_settings` declares."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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

from cms.admin import languages
from cms.admin.access import Guarded, person
from cms.admin.base import expose, keepable, needs, told_at_field
from cms.config import settings
from cms.content import site_settings
from cms.content.errors import AtField, Conflict
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
        return self._page(_form()())

    @expose("/save", methods=("POST",))
    @needs("edit")
    def save(self) -> ResponseReturnValue:
        """Set what was changed."""
        form = _form()(request.form)
        valid = form.validate()
        if not (keepable(form) and valid):
            return self._page(form), 422
        try:
            if request.form.get("seen") != _digest():
                raise Conflict
            with db.session.begin_nested():
                content.set_site(person(), **dict(_values(form)))
        except AtField as error:
            if not told_at_field(form, error):
                flash(_(error.sentence, **error.facts), "error")
            return self._page(form), 422
        flash(_("Saved."), "success")
        return redirect(self.get_url(".index"))

    def _page(self, form: Any) -> str:
        if request.method == "GET":
            _fill(form)
        return self.render("admin/site_settings.html", keys=list(_keys(form)), seen=_digest())


@cache
def _form_of(names: tuple[str, ...]) -> type[BaseForm]:
    fields = {}
    for key, info in SiteSettings.model_fields.items():
        for name in _names(key, info, names):
            fields[name] = _field(info)
    return type("SiteSettingsForm", (BaseForm,), fields)


def _form() -> type[BaseForm]:
    return _form_of(settings().content_languages)


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


def _fill(form: Any) -> None:
    for key, value in site_settings.read().model_dump().items():
        if isinstance(value, dict):
            for language in settings().content_languages:
                form[f"{key}-{language}"].data = value.get(language, "")
        else:
            form[key].data = value


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
        title = _(info.title or key)
        for field in fields:
            language = field.short_name.partition("-")[2]
            field.label.text = languages.with_language(title, language) if language else title
        yield Key(
            key, title, _(info.description) if info.description else "", fields, _default(info)
        )


def _default(info: FieldInfo) -> str:
    if isinstance(info.default, bool):
        return _("Yes") if info.default else _("No")
    return str(info.default) if info.default else ""


def _digest() -> str:
    return hashlib.sha256(site_settings.read().model_dump_json().encode()).hexdigest()[:32]
