"""Sizes of files as people say them."""

from __future__ import annotations

from flask_babel import format_decimal
from flask_babel import gettext as _

_UNITS = ("kB", "MB", "GB", "TB")


def size_in_words(size: float) -> str:
    """Return a number of bytes as people say it, in the reader's language: 1.4 MB."""
    if size < 1000:  # noqa: PLR2004 - kilo
        return str(_("%(size)s bytes", size=format_decimal(size)))
    for unit in _UNITS:
        size /= 1000
        if size < 999.5 or unit == _UNITS[-1]:  # noqa: PLR2004 - what would round to 1000
            break
    return f"{format_decimal(size, '#,##0' if size >= 100 else '#,##0.#')} {unit}"  # noqa: PLR2004
