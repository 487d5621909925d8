"""What stands around every page of a language: the site's name and its menus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from babel import Locale
from flask import Flask, current_app

from cms.config import settings
from cms.content import languages, menus, site_settings, stamps
from cms.content.menus import Entry
from cms.look import LANGUAGES

MENUS = ("main", "footer")
_STANDS = "cms.site.furniture"
_UNNAMED = "QsCMS"


@dataclass(frozen=True)
class Furniture:
    """Name of the site, menus by name, and how long its lists are."""

    title: str
    tagline: str
    menus: dict[str, Sequence[Entry]]
    per_page: int


def init_app(app: Flask) -> None:
    app.extensions[_STANDS] = {}
    app.jinja_env.globals["site_languages"] = language_names


def of(language: str) -> Furniture:
    """Return that of a language, anew only when something of it has changed."""
    stands: dict[str, Any] = current_app.extensions[_STANDS]
    mark = stamps.read([stamps.SITE])
    known, found = stands.get(language, (None, None))
    if found is None or known != mark:
        found = _made(language)
        stands[language] = mark, found
    return found


def _made(language: str) -> Furniture:
    given = site_settings.read()
    return Furniture(
        title=given.title.get(language) or given.title.get(languages.first()) or _UNNAMED,
        tagline=given.tagline.get(language, ""),
        menus={name: menus.named(name, language) for name in MENUS},
        per_page=given.articles_per_page,
    )


def language_names() -> dict[str, str]:
    """Return the languages of the site, each by its own name."""
    ours = dict(LANGUAGES)
    return {
        code: ours.get(code) or (Locale.parse(code).get_display_name() or code).capitalize()
        for code in settings().content_languages
    }
