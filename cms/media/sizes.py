"""Sizes of files as people say them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _

from cms.extensions import locale

_UNITS = ("kB", "MB", "GB", "TB")


def size_in_words(size: float) -> str:
    """Return a number of bytes as people say it, in the reader's language: 1.4 MB."""
    if size < 1000:  # noqa: PLR2004 - kilo
        return str(_("%(size)s bytes", size=format_decimal(size)))
    for unit in _UNITS:
        size /= 1000
        if size < 999.5 or unit == _UNITS[-1]:  # noqa: PLR2004 - what would round to 1000
            break
    number = round(size) if size >= 100 else round(size, 1)  # noqa: PLR2004
    return f"{_decimal(number, locale())} {unit}"


@lru_cache(maxsize=2_000)
def _decimal(number: float, _locale: Any) -> str:
    """Return a number in the reader's way; there are few of so few digits."""
    return str(format_decimal(number, "#,##0.#"))
