"""What narrows a list, as chips above it: each in words, with a link that takes it away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_admin.model.base import ViewArgs
from flask_babel import format_date
from flask_babel import gettext as _

from cms.admin import filters
from cms.look import labelled


@dataclass(frozen=True)
class Chip:
    """One filter, or the search."""

    words: str
    url: str


def of(view: Any, args: ViewArgs) -> list[Chip]:
    """Return the chips of the page of `view` that `args` ask for."""
    found = []
    if args.search:
        words = _("Search: %(words)s", words=args.search)
        found.append(Chip(words, view._get_list_url(args.clone(page=0, search=None))))  # noqa: SLF001 - Flask-Admin's
    for it in args.filters or ():
        others = [other for other in args.filters if other != it]
        flt, value = view._filters[it[0]], it[2]  # noqa: SLF001 - Flask-Admin's
        words = labelled(label(flt), in_words(view, flt, value))
        found.append(Chip(words, view._get_list_url(args.clone(page=0, filters=others))))  # noqa: SLF001 - Flask-Admin's
    return found


def label(flt: Any) -> str:
    """Return what a search item is called."""
    if isinstance(flt, filters.Since):
        return _("%(name)s from", name=flt.name)
    if isinstance(flt, filters.Until):
        return _("%(name)s to", name=flt.name)
    return str(flt.name) if isinstance(flt, filters.Filter) else f"{flt.name} {flt.operation()}"


def in_words(view: Any, flt: Any, value: str) -> str:
    """Return the value of a search item as its control shows it."""
    if say := getattr(flt, "in_words", None):
        return str(say(value))
    options = {str(key): str(words) for key, words in flt.get_options(view) or ()}
    if value in options:
        return options[value]
    if isinstance(flt, filters.Since | filters.Until):
        return format_date(date.fromisoformat(value))
    return value
