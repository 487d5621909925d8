"""Column types of a list: how a value is drawn. Use them in `column_formatters`.

column_formatters = {
    "thumbnail": picture(lambda row: row.thumbnail_url),
    "status": status(STATES),
    "size": file_size,
    "created_at": moment,
}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import g
from flask_babel import format_date, format_decimal, format_timedelta, get_locale
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from cms import clock
from cms.edge import inner_target
from cms.look import icon
from cms.media.sizes import size_in_words

Formatter = Callable[[Any, Any, Any, str], Any]

EMPTY = Markup('<span class="is-empty" aria-hidden="true">–</span>')
RECENT_DAYS = 7


@dataclass(frozen=True)
class State:
    """How a state looks: words, tone (ok, wait, busy, bad, off), drawing.

    `moving` states change by themselves; while one is on the page, the list asks for news.
    """

    words: Any
    tone: str = "off"
    drawing: str = "info-circle"
    moving: bool = False


class Status:
    """Formatter of a state: a badge that says by words and drawing what colour repeats."""

    cell = "status"

    def __init__(self, states: Mapping[Any, State]) -> None:
        self.states = states

    def __call__(self, _view: Any, _context: Any, row: Any, name: str) -> Markup:
        """Draw the state of `row`."""
        value = _plain(getattr(row, name))
        return badge(self.states.get(value) or State(value))

    @property
    def moving(self) -> frozenset[str]:
        """The states that change by themselves."""
        return frozenset(value for value, state in self.states.items() if state.moving)

    @property
    def options(self) -> list[tuple[str, Any]]:
        """The states as options of a search item."""
        return [(value, state.words) for value, state in self.states.items()]


def status(states: Mapping[Any, State]) -> Status:
    """Return a formatter for a column whose values are the keys of `states`."""
    return Status(states)


def badge(state: State) -> Markup:
    """Draw a state. Its words are looked up once for all rows of a page."""
    drawn, key = g.setdefault("badges", {}), (id(state), get_locale())
    if key not in drawn:  # with the state, or another could be in its place in memory
        drawn[key] = state, _drawn(state)
    found: Markup = drawn[key][1]
    return found


def _drawn(state: State) -> Markup:
    spin = "icon-spin" if state.moving and state.tone == "busy" else ""
    return Markup('<span class="state state-{}">{}<span data-live-words>{}</span></span>').format(
        state.tone, icon(state.drawing, spin), state.words
    )


def breakable(text: str) -> Markup:
    """Draw text so that a mail address in it breaks where people would break it."""
    return escape(text).replace("@", Markup("<wbr>@"))


def with_reason(shown: Markup, words: str) -> Markup:
    """Draw a state and why: a list cuts the words after three lines, in full as a tip."""
    return Markup('{0}<div class="reason" title="{1}">{1}</div>').format(shown, words)


def as_cell(kind: str, draw: Formatter) -> Formatter:
    """Give the cells that `draw` fills a look: name, words, picture, number, moment or status."""
    draw.cell = kind  # type: ignore[attr-defined]
    return draw


def moment(_view: Any, _context: Any, row: Any, name: str) -> Markup:
    """Draw a date and time: how long ago while recent, in full as a tip."""
    value = getattr(row, name)
    return EMPTY if value is None else time_tag(value)


def time_tag(value: datetime) -> Markup:
    """Draw a moment. The browser puts it into the reader's own zone, where it has a script.

    Without one it is a day, and a tip in UTC: a list draws fifty of them.
    """
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    age = value - clock.now()
    recent = abs(age.days) < RECENT_DAYS
    words = format_timedelta(age, add_direction=True) if recent else format_date(value)
    # Put together by hand: `format` would take as long as all the rest.
    stamp = value.isoformat(timespec="seconds")
    tip = value.astimezone(UTC).isoformat(" ", timespec="seconds")[:19]
    tag = f'<time datetime="{stamp}" title="{tip} UTC" data-moment>{escape(words)}</time>'
    return Markup(tag)  # noqa: S704 - numbers, and words that are escaped


def file_size(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Draw a number of bytes as people say it: 1.4 MB."""
    value = getattr(row, name)
    return EMPTY if value is None else size_in_words(value)


def number(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Draw a number with the reader's separators."""
    value = getattr(row, name)
    return EMPTY if value is None else format_decimal(value)


def picture(
    address: Callable[[Any], str | None], alt: Callable[[Any], str] = lambda _row: ""
) -> Formatter:
    """Return a formatter that draws a small picture in a fixed box, or an empty frame.

    `address` gives the picture's URL or None; `alt` is empty where the title
    stands beside it.
    """

    def draw(_view: Any, _context: Any, row: Any, _name: str) -> Markup:
        found = address(row)
        if not found:
            return Markup(f'<span class="thumb">{icon("photo")}</span>')  # noqa: S704 - a drawing
        return Markup(  # noqa: S704 - both are escaped
            f'<span class="thumb"><img src="{escape(found)}" alt="{escape(alt(row))}" width="48"'
            ' height="48" loading="lazy" decoding="async"></span>'
        )

    return as_cell("picture", draw)


def link(address: Callable[[Any], str | None], words: Callable[[Any], Any] = str) -> Formatter:
    """Return a formatter that links to a page of this site; plain words where there is none."""

    def draw(_view: Any, _context: Any, row: Any, _name: str) -> Any:
        target = inner_target(address(row))
        return Markup('<a href="{}">{}</a>').format(target, words(row)) if target else words(row)

    return draw


def clipped(longest: int) -> Formatter:
    """Return a formatter for text that is cut with an ellipsis, in full as a tip."""

    def draw(_view: Any, _context: Any, row: Any, name: str) -> Any:
        value = getattr(row, name)
        if not value:
            return EMPTY
        if len(value) <= longest:
            return value
        return Markup('<span title="{}">{}…</span>').format(value, value[:longest].rstrip())

    return draw


for _kind, _draw in (("moment", moment), ("number", file_size), ("number", number)):
    as_cell(_kind, _draw)


def _plain(value: Any) -> str:
    return str(getattr(value, "value", value))


def _bool(_view: Any, value: Any, _name: str) -> Markup:
    return badge(State(_l("Yes"), "ok", "check") if value else State(_l("No"), "off", "x"))


# How values are drawn where a column names no formatter.
BY_TYPE: dict[type, Callable[[Any, Any, str], Any]] = {
    type(None): lambda _view, _value, _name: EMPTY,
    bool: _bool,
    datetime: lambda _view, value, _name: time_tag(value),
    date: lambda _view, value, _name: format_date(value),
    list: lambda _view, value, _name: escape(", ").join(value),
}
