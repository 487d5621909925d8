"""The languages of texts, as the admin says them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel import Locale, UnknownLocaleError
from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _

from cms.admin.listing import Tab
from cms.config import settings
from cms.look import LANGUAGES


def in_words(language: str) -> str:
    """Return what a language is called: by its own name where the admin speaks it."""
    if language in (own := dict(LANGUAGES)):
        return own[language]
    try:
        return str(Locale.parse(language).get_display_name(get_locale() or "en") or language)
    except (UnknownLocaleError, ValueError):  # of a row that is older than the settings
        return language


def with_language(name: str, language: str) -> str:
    """Return what something is called, and in which language it is."""
    return _("%(name)s (%(language)s)", name=name, language=in_words(language))


def choices() -> list[tuple[str, str]]:
    """Return the languages of this site, the first one first, as choices of a field."""
    return [(language, in_words(language)) for language in settings().content_languages]


def tabs(column: Any, empty: Any = None) -> Sequence[Tab]:
    """Return a tab of a list for each language, by the column that holds it.

    The same ones all through a request: a criterion is not equal to its like.
    """
    made: dict[str, Sequence[Tab]] = g.setdefault("tabs_of_languages", {})
    if str(column) not in made:
        made[str(column)] = [Tab(name, words, column == name, empty) for name, words in choices()]
    return made[str(column)]
