"""The command palette: go to a screen or a thing, or do something, from anywhere.

A view declares what it offers: its name always, `palette_acts` what can be done, and
a list with `palette_rows` also its rows, found as its own search finds them. People are
offered what they may open or do, by the words of either language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_admin import Admin
from flask_babel import force_locale

from cms.look import LANGUAGES, icon
from cms.look import lazy as _l

LONGEST = 100
LEAST = 2
MOST_SCREENS = 8
MOST_ACTS = 6
MOST_ROWS = 5


@dataclass(frozen=True)
class Act:
    """Something to do: `endpoint` is a page of its view, such as `.mend`.

    With `fields` it is a form that is posted there, else a link, with `anchor` at its
    end. Who may not use `page`, by default that of `endpoint`, is not offered it.
    """

    label: Any
    icon: str
    endpoint: str
    fields: Mapping[str, str] | None = None
    page: str | None = None
    anchor: str | None = None

    def offered(self, view: Any) -> bool:
        """Tell whether the person may do this."""
        return bool(view.offers(self.page or self.endpoint.lstrip(".")))


@dataclass(frozen=True)
class Entry:
    """One line: what it is called, the words beside that, and what happens when it is chosen."""

    group: Any
    labels: Sequence[Any]
    icon: str
    url: str
    hint: str = ""
    fields: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the line as `palette.js` draws it."""
        *before, last = map(str, self.labels)
        return {
            "group": str(self.group),
            "words": last,
            "before": before,
            "hint": self.hint,
            "icon": icon(self.icon),
            "url": self.url,
            "fields": self.fields,
        }


def entries(admin: Admin, asked: str) -> list[dict[str, Any]]:
    """Return what the person is offered for the words `asked`, the best of each group first.

    Without words: every screen, and what can be done.
    """
    words = asked[:LONGEST].casefold().split()
    views = [item for item in admin._views if item.is_accessible()]  # noqa: SLF001 - no other way
    screens, acts = list(_screens(views)), list(_acts(views))
    if not words:
        return [entry.as_json() for entry in [*screens, *acts]]
    found = _matching([*screens, *_tabs(views)], words)[:MOST_SCREENS]
    found += _matching(acts, words)[:MOST_ACTS]
    found += _rows(views, asked[:LONGEST])
    return [entry.as_json() for entry in found]


def _screens(views: Iterable[Any]) -> Iterator[Entry]:
    for view in views:
        yield Entry(_l("Go to"), (view.name,), view.icon, _address(view))
    yield Entry(_l("Go to"), (_l("Front page"),), "external-link", url_for("site.home"))


def _tabs(views: Iterable[Any]) -> Iterator[Entry]:
    for view in views:
        for tab in getattr(view, "tabs", ())[1:]:
            address = view.get_url(f"{view.endpoint}.index_view", tab=tab.key)
            yield Entry(_l("Go to"), (view.name, tab.label), view.icon, address)


def _acts(views: Iterable[Any]) -> Iterator[Entry]:
    group = _l("Do")
    for view in views:
        for act in view.palette_acts:
            if act.offered(view):
                address = url_for(f"{view.endpoint}{act.endpoint}", _anchor=act.anchor)
                yield Entry(group, (act.label,), act.icon, address, fields=act.fields)
        for button in getattr(view, "top_buttons", ()):
            if button.endpoint and not button.confirm and button.visible(view):
                address = url_for(f"{view.endpoint}{button.endpoint}")
                fields: dict[str, str] | None = {} if button.post else None
                yield Entry(group, (view.name, button.label), button.icon, address, fields=fields)
    address = url_for("security.change_password")
    yield Entry(group, (_l("Change password"),), "key", address)


def _rows(views: Iterable[Any], asked: str) -> Iterator[Entry]:
    """Find rows as each list's own search does. One sign would be in nearly all of them."""
    asked = asked.strip()
    for view in views if len(asked) >= LEAST else ():
        if not getattr(view, "palette_rows", False):
            continue
        for row in view.best_of(asked, MOST_ROWS):
            if address := _page_of(view, row):
                words = view.state_words(row)
                yield Entry(view.name, (view.name_of(row),), view.icon, address, hint=words)


def _page_of(view: Any, row: Any) -> str | None:
    pages = (page for page in ("edit_view", "details_view") if view.offers(page, row))
    page = next(pages, None)
    return page and url_for(f"{view.endpoint}.{page}", id=view.get_pk_value(row))


def _matching(entries: Sequence[Entry], words: Sequence[str]) -> list[Entry]:
    """Return the entries that hold all words in some language, those first that begin so."""
    texts = [""] * len(entries)
    for language, _name in LANGUAGES:
        with force_locale(language):
            for place, entry in enumerate(entries):
                texts[place] += " ".join(map(str, entry.labels)).casefold() + "\n"
    kept = [
        (not any(line.startswith(words[0]) for line in text.splitlines()), place)
        for place, text in enumerate(texts)
        if all(word in text for word in words)
    ]
    return [entries[place] for _later, place in sorted(kept)]


def _address(view: Any) -> str:
    return str(view.get_url(f"{view.endpoint}.{view._default_view}"))  # noqa: SLF001 - as the menu asks
