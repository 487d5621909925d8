"""Column types of a list: how a value is drawn. Use them in `column_formatters`.

    column_formatters = {
        "thumbnail": picture(lambda row: row.thumbnail_url, large=lambda row: row.url),
        "gallery": pictures(lambda row: [Shot(it.small, it.large, it.words) for it in row.gallery]),
        "title": tree(Page.parent_id, Page.position),
        "status": status(STATES),
        "kind": select({"news": _l("News"), "offer": _l("Offer")}),
        "listed": switch(),
        "tags": tags(lambda row: row.tags),
        "size": file_size,
        "price": number,
        "created_at": moment,
        "due": day,
        "album": link(lambda row: url_for("album.details_view", id=row.album_id)),
        "check": button(RowButton(_l("Check"), "refresh", ".check", post=True)),
        "note": clipped(80),
        "score": own(lambda row: f"{row.up} / {row.down}"),
    }

What names no type is drawn by the type of its value: text as it is, a `bool` as yes
or no, a `date` and a `datetime` in the reader's way, a list with commas. Everything
that a row says is escaped; only `Markup` is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any

from flask import g
from flask_babel import format_date, format_decimal, format_timedelta
from markupsafe import Markup, escape

from cms import clock
from cms.admin.buttons import Offered, RowButton
from cms.admin.picture_columns import Picture, Pictures, Shot, picture, pictures
from cms.admin.trees import Tree, tree
from cms.edge import inner_target
from cms.extensions import locale
from cms.look import html, icon, listed
from cms.look import lazy as _l
from cms.media.sizes import size_in_words

__all__ = [
    "BY_TYPE",
    "EMPTY",
    "Picture",
    "Pictures",
    "Shot",
    "State",
    "Status",
    "Tree",
    "as_cell",
    "badge",
    "breakable",
    "button",
    "clipped",
    "day",
    "file_size",
    "link",
    "moment",
    "number",
    "own",
    "picture",
    "pictures",
    "select",
    "status",
    "switch",
    "tags",
    "time_tag",
    "tree",
    "with_reason",
]

Formatter = Callable[[Any, Any, Any, str], Any]

EMPTY = Markup('<span class="is-empty" aria-hidden="true">–</span>')
RECENT_DAYS = 7
MOST_TAGS = 5


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

    @cached_property
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
    drawn, key = g.setdefault("badges", {}), (id(state), locale())
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
    in_utc = value.astimezone(UTC)
    words = format_timedelta(age, add_direction=True) if recent else _day(in_utc.date(), locale())
    # Put together by hand: `format` would take as long as all the rest.
    stamp = value.isoformat(timespec="seconds")
    tip = in_utc.isoformat(" ", timespec="seconds")[:19]
    tag = f'<time datetime="{stamp}" title="{tip} UTC" data-moment>{html(words)}</time>'
    return Markup(tag)  # noqa: S704 - numbers, and words that are escaped


@lru_cache(maxsize=1_000)
def _day(day: date, _locale: Any) -> str:
    """Return a day in the reader's way; the rows of a page share few."""
    return format_date(day)


def file_size(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Draw a number of bytes as people say it: 1.4 MB."""
    value = getattr(row, name)
    return EMPTY if value is None else size_in_words(value)


def number(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Draw a number with the reader's separators."""
    value = getattr(row, name)
    return EMPTY if value is None else format_decimal(value)


def link(address: Callable[[Any], str | None], words: Callable[[Any], Any] = str) -> Formatter:
    """Return a formatter that links to a page of this site; plain words where there is none."""

    def draw(_view: Any, _context: Any, row: Any, _name: str) -> Any:
        target = inner_target(address(row))
        return Markup('<a href="{}">{}</a>').format(target, words(row)) if target else words(row)

    return draw


def lines(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Draw a longer text: the first lines of it, in full as a tip."""
    value = getattr(row, name)
    if not value:
        return EMPTY
    words = html(value)
    return Markup(f'<div class="lines" title="{words}">{words}</div>')  # noqa: S704 - escaped


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


class Select:
    """Formatter of a choice: the words of the value, which are also those of its search item."""

    cell = "select"

    def __init__(self, words: Mapping[Any, Any]) -> None:
        self.words = {_plain(value): said for value, said in words.items()}

    def __call__(self, _view: Any, _context: Any, row: Any, name: str) -> Any:
        """Draw the choice of `row`."""
        value = getattr(row, name)
        return EMPTY if value is None else self.words.get(_plain(value), _plain(value))

    @property
    def options(self) -> list[tuple[str, Any]]:
        """The choices as options of a search item."""
        return list(self.words.items())


def select(words: Mapping[Any, Any]) -> Select:
    """Return a formatter for a column whose values are the keys of `words`."""
    return Select(words)


class Switch:
    """Formatter of what is on or off: a small switch, and what it says in words."""

    cell = "switch"

    def __init__(self, on: Any, off: Any) -> None:
        self.on, self.off = on, off

    def __call__(self, _view: Any, _context: Any, row: Any, name: str) -> Markup:
        """Draw whether `row` is on."""
        is_on = bool(getattr(row, name))
        return Markup('<span class="switch{}"><span class="switch-knob"></span>{}</span>').format(
            " is-on" if is_on else "", self.on if is_on else self.off
        )

    @property
    def options(self) -> list[tuple[str, Any]]:
        """Both as options of a search item."""
        return [("1", self.on), ("0", self.off)]


def switch(on: Any = None, off: Any = None) -> Switch:
    """Return a formatter for a column that is true or false: `on` and `off` are its words."""
    return Switch(on or _l("On"), off or _l("Off"))


def tags(
    of: Callable[[Any], Iterable[Any]], address: Callable[[Any], str | None] | None = None
) -> Formatter:
    """Return a formatter that draws the tags of a row, the first `MOST_TAGS` of them.

    `of` gives the tags of a row; where `address` gives a page of this site for a tag,
    such as the list narrowed to it, the tag leads there.
    """

    def draw(_view: Any, _context: Any, row: Any, _name: str) -> Markup:
        found = list(of(row))
        if not found:
            return EMPTY
        shown = Markup().join(_tag(it, address and address(it)) for it in found[:MOST_TAGS])
        rest = listed(found[MOST_TAGS:])
        more = Markup(
            '<span class="more-count" title="{0}"><span aria-hidden="true">+{1}</span>'
            '<span class="visually-hidden">{0}</span></span>'
        ).format(rest, len(found) - MOST_TAGS)
        return Markup('<span class="tags">{}{}</span>').format(shown, more if rest else "")

    return as_cell("tags", draw)


def _tag(words: Any, address: str | None) -> Markup:
    target = inner_target(address)
    if not target:
        return Markup('<span class="tag-pill">{}</span>').format(words)
    return Markup('<a class="tag-pill" href="{}">{}</a>').format(target, words)


def button(declared: RowButton) -> Formatter:
    """Return a formatter that draws a row's button with its words in a cell of its own.

    Who may not use it on the row sees an empty cell.
    """

    def draw(view: Any, context: Any, row: Any, _name: str) -> Any:
        offered = Offered(view, declared, (context or {}).get("return_url") or "")
        if not offered.visible(row):
            return EMPTY
        if not offered.post:
            return Markup('<a class="btn btn-sm" href="{}">{}{}</a>').format(
                offered.target(row), offered.icon, offered.label
            )
        return Markup(
            '<button class="btn btn-sm" form="row-form" formaction="{}" name="id" value="{}"{}>'
            "{}{}</button>"
        ).format(
            offered.target(row),
            view.get_pk_value(row),
            offered.asks(row, view.name_of(row)),
            offered.icon,
            offered.label,
        )

    return as_cell("button", draw)


def own(draw: Callable[[Any], Any], cell: str = "") -> Formatter:
    """Return a formatter of your own: `draw(row)` gives text, or `Markup` that you vouch for.

    `cell` gives it a look, see `as_cell`.
    """

    def drawn(_view: Any, _context: Any, row: Any, _name: str) -> Any:
        value = draw(row)
        return EMPTY if value is None or value == "" else value

    return as_cell(cell, drawn)


def day(_view: Any, _context: Any, row: Any, name: str) -> Any:
    """Draw a date, or the day of a moment, in the reader's way."""
    value = getattr(row, name)
    return EMPTY if value is None else format_date(value)


for _kind, _draw in (
    ("moment", moment),
    ("moment", day),
    ("lines", lines),
    ("number", file_size),
    ("number", number),
):
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
    list: lambda _view, value, _name: listed(value),
}
