"""The languages that texts are written in: `CMS_CONTENT_LANGUAGES`, the first one first."""

from __future__ import annotations

from cms.config import settings
from cms.content.errors import UnknownLanguage


def check(language: str) -> str:
    """Return a language as it is. Raises `UnknownLanguage`."""
    if language not in settings().content_languages:
        raise UnknownLanguage
    return language


def first() -> str:
    """Return the language of what says of itself none."""
    return settings().content_languages[0]


def tag(language: str) -> str:
    """Return a language as addresses and the `lang` attribute have it: `zh-Hans-CN`."""
    return language.replace("_", "-")


def of_tag(given: str) -> str | None:
    """Return the language of such a tag; None for one that this site is not in."""
    return next((name for name in settings().content_languages if tag(name) == given), None)
