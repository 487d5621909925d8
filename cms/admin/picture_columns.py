"""Pictures in a list, small; where there is a larger one, a press on it opens the viewer.

The viewer is a dialog of the page (`templates/admin/viewer.html`, `viewer.js`). It
turns through the pictures of the list, or of the one cell that holds several.
Without a script the larger picture is a link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from cms.edge import inner_target
from cms.look import html, icon
from cms.look import lazy as _l

Address = Callable[[Any], str | None]

MOST_SHOWN = 4
_LOOK_AT = _l("Look at: %(name)s")


@dataclass(frozen=True)
class Shot:
    """One picture: the address of the small one, of the large one, and what is in it."""

    small: str
    large: str | None = None
    words: str = ""


class Picture:
    """Formatter of one picture in a fixed box, or an empty frame."""

    cell = "picture"

    def __init__(self, small: Address, alt: Callable[[Any], str], large: Address | None) -> None:
        self.small, self.alt, self.large = small, alt, large

    def __call__(self, view: Any, _context: Any, row: Any, _name: str) -> Markup:
        """Draw the picture of `row`."""
        small = self.small(row)
        if not small:
            return Markup('<span class="thumb">{}</span>').format(icon("photo"))
        large = self.large(row) if self.large else None
        if not large:
            return _frame(Shot(small, words=self.alt(row)))
        return _frame(Shot(small, large, self.alt(row) or view.name_of(row)))


class Pictures:
    """Formatter of several pictures in one cell: the first ones, and how many more there are."""

    cell = "pictures"

    def __init__(self, shots: Callable[[Any], Sequence[Shot]]) -> None:
        self.shots = shots

    def __call__(self, _view: Any, _context: Any, row: Any, _name: str) -> Markup:
        """Draw the pictures of `row`. The viewer also shows those that the cell does not."""
        shots = self.shots(row)
        if not shots:
            return Markup('<span class="is-empty" aria-hidden="true">–</span>')
        shown = Markup().join(_frame(shot) for shot in shots[:MOST_SHOWN])
        more = Markup().join(_unseen(shot) for shot in shots[MOST_SHOWN:])
        if more:
            words = _("%(number)s more", number=len(shots) - MOST_SHOWN)
            more = Markup('<span class="more-count" title="{}">+{}</span>{}').format(
                words, len(shots) - MOST_SHOWN, more
            )
        return Markup('<span class="thumbs" data-view-set>{}{}</span>').format(shown, more)


def picture(
    address: Address, alt: Callable[[Any], str] = lambda _row: "", large: Address | None = None
) -> Picture:
    """Return a formatter that draws a small picture in a fixed box, or an empty frame.

    `address` gives the picture's URL or None; `alt` is empty where the title stands
    beside it. `large` gives the URL of what the viewer shows.
    """
    return Picture(address, alt, large)


def pictures(shots: Callable[[Any], Sequence[Shot]]) -> Pictures:
    """Return a formatter that draws several pictures; `shots` gives those of a row."""
    return Pictures(shots)


def _frame(shot: Shot) -> Markup:
    # Put together by hand: a list draws a hundred of them, and `format` is slow.
    large = inner_target(shot.large)
    alt = "" if large else html(shot.words)
    drawn = (
        f'<img src="{html(shot.small)}" alt="{alt}"'
        ' width="48" height="48" loading="lazy" decoding="async">'
    )
    if not large:
        return Markup(f'<span class="thumb">{drawn}</span>')  # noqa: S704 - each part is escaped
    label = html(str(_LOOK_AT) % {"name": shot.words})
    leads = f'href="{html(large)}" data-view="{html(shot.words)}"'
    return Markup(f'<a class="thumb" {leads} aria-label="{label}">{drawn}</a>')  # noqa: S704


def _unseen(shot: Shot) -> Markup:
    large = inner_target(shot.large)
    if not large:
        return Markup()
    return Markup('<a href="{}" data-view="{}" hidden></a>').format(large, shot.words)
