"""What every page may call, whichever face it belongs to: icons and languages.

The admin, the public pages and the error pages share one look, and none of
them may import another; so these Jinja globals live below them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, current_app
from flask_babel import gettext
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from cms.extensions import locale

_SAID = "cms.said"  # the extension that remembers translations
_SPECIAL = re.compile("[&<>\"']").search
LANGUAGES = (("en", "English"), ("zh_Hans_CN", "简体中文"))


def init_app(app: Flask) -> None:
    """Give the templates of `app` the globals that every page may call, and a `_` that
    remembers what it has said in each language."""
    said = app.extensions[_SAID] = lru_cache(maxsize=4096)(_translated)

    @pass_eval_context
    def words(context: EvalContext, text: str, /, **facts: Any) -> str:
        found = said(text, locale(), escaped=context.autoescape)
        # Jinja's own fills in always, so that a template writes `%%` for `%`.
        return found % facts if facts or "%" in found else found

    app.jinja_env.globals.update(
        icon=icon,
        language=language,
        languages=LANGUAGES,
        has_page=has_page,
        labelled=labelled,
        listed=listed,
        csrf_field=csrf_field,
    )
    # A page has two hundred words, and Flask-Babel finds its way to the catalogue for each.
    app.jinja_env.globals.update(_=words, gettext=words)


def lazy(text: str) -> LazyString:
    """Return a text that is in the reader's language where it is shown, and remembered in it."""
    return LazyString(_remembered, text)


def _remembered(text: str) -> str:
    said = current_app.extensions.get(_SAID, _translated) if current_app else _translated
    return str(said(text, locale(), escaped=False))


def _translated(text: str, _locale: Locale | None, *, escaped: bool = False) -> str:
    """Return what `text` is in the language of this page, which is that of `_locale`."""
    return Markup(gettext(text)) if escaped else gettext(text)  # noqa: S704 - our catalogues


def icon(name: str, extra_class: str = "") -> Markup:
    """Return the drawing called `name`, hidden from screen readers.

    The words beside it carry the meaning. A name without a drawing gives an
    empty square of the same size, so that a missing file breaks no page.
    """
    return _icon(str(current_app.static_folder), name, extra_class)


def csrf_field() -> Markup:
    """Return what a form carries against forgery; nothing where nobody asks for it."""
    token = current_app.jinja_env.globals.get("csrf_token")
    field = Markup('<input type="hidden" name="csrf_token" value="{}">')
    return field.format(token()) if callable(token) else Markup()


def html(value: Any) -> str:
    """Return `value` as HTML: escaped, unless it is `Markup`.

    For what is put together by hand, a thousand times a page: nearly no text needs it.
    """
    if type(value) is Markup or (type(value) is str and not _SPECIAL(value)):
        return value
    return escape(value)


def language() -> str:
    """Return the language of this page as the `lang` attribute wants it: `zh-Hans-CN`."""
    return str(locale() or "en").replace("_", "-")


def labelled(name: Any, value: Any) -> str:
    """Join a name and what it says; not every language has this colon and this space."""
    return str(_("%(name)s: %(value)s", name=name, value=value))


def listed(words: Iterable[Any]) -> str:
    """Join some words to a list, as the reader's language does."""
    return reduce(_listed, map(str, words), "")


def _listed(before: str, word: str) -> str:
    return str(_("%(list)s, %(next)s", list=before, next=word)) if before else word


def labels(name: Any) -> Callable[[Any], str]:
    """Return what joins `name` to any value, as HTML: `labelled` for all rows of a page."""
    before, after = map(html, labelled(name, "\0").split("\0"))
    return lambda value: f"{before}{html(value)}{after}"


def has_page(endpoint: str) -> bool:
    """Tell whether the application has such an endpoint; a part may be switched off."""
    return endpoint in current_app.view_functions


@lru_cache(maxsize=512)
def _icon(folder: str, name: str, extra_class: str) -> Markup:
    start = Markup('<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true">').format(
        extra_class
    )
    return start + _drawing(folder, name) + Markup("</svg>")


def _drawing(folder: str, name: str) -> Markup:
    file = Path(folder, "vendor", "icons", f"{name}.svg")
    if not name.replace("-", "").isalnum() or not file.is_file():
        return Markup()
    inner = file.read_text(encoding="utf-8").partition("<svg")[2].partition(">")[2]
    lines = inner.rpartition("</svg>")[0].split("\n")
    shapes = [line.strip() for line in lines if 'stroke="none"' not in line]  # the empty frame
    return Markup("".join(shapes))  # noqa: S704 - a pinned package's file
