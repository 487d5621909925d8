"""The rows of one page of a list. What is the same for each row is worked out once.

Cells and buttons are put together by hand: a list draws a thousand of them, and what a
template asks for each costs more than the cell. Each part is escaped, or is `Markup`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from cms.admin.buttons import EDIT, VIEW, Offered
from cms.admin.inline import Cells
from cms.look import html, labels


class RowKit:
    """What draws the rows: their cells, their buttons, and where their names lead.

    `columns` are those shown: name, heading and class of each. `ticks` tells whether rows
    can be ticked.
    """

    def __init__(
        self,
        view: Any,
        return_url: str,
        columns: Sequence[tuple[str, str, str]],
        cells: Cells,
        *,
        ticks: bool,
    ) -> None:
        self._view = view
        self._inline = cells
        self._ticks = ticks
        self._tick = labels(_("Tick"))
        self._moving = frozenset(view.moving_states()) if view.live else frozenset()
        self._buttons = [Offered(view, button, return_url) for button in view.row_buttons]
        self._pages = [Offered(view, page, return_url) for page in (EDIT, VIEW)]
        start = '<td role="cell" class="{}" data-words="{}"><div class="cell-value">'.format
        self._starts = [(name, start(html(look), html(words))) for name, words, look in columns]

    def row(self, row: Any, handle: str = "") -> Markup:
        """Draw `row`; its `handle` moves it."""
        key, name = str(self._view.get_pk_value(row)), str(self._view.name_of(row))
        tick = self.tick(row, key, name) if self._ticks else ""
        return Markup(  # noqa: S704 - each part is escaped
            f"{self._start(row, key, name)}{handle}{tick}{self.cells(row, name)}"
            '<td role="cell" class="cell-buttons"><div class="row-buttons">'
            f"{self._drawn(row, key, name)}</div></td></tr>\n"
        )

    def _start(self, row: Any, key: Any, name: str) -> str:
        """Begin `row`, with what scripts ask of it."""
        state, mark, key = self._view.state_of(row), html(self._view.mark_of(row)), html(key)
        moving = " data-moving" if state in self._moving else ""
        marks = f'data-id="{key}" id="row-{key}" data-state="{html(state)}" data-mark="{mark}"'
        return f'<tr role="row" {marks}{moving} data-name="{html(name)}">'

    def tick(self, row: Any, key: Any, name: str) -> str:
        """Draw the cell that ticks `row`."""
        return f'<td role="cell" class="cell-tick">{self.box(row, key, name)}</td>'

    def box(self, row: Any, key: Any, name: str) -> Markup:
        """Draw what ticks `row`, dead where it may not be."""
        label, refusal = self._tick(name), html(self._view.tick_refusal(row) or "")
        does = f'name="rowid" value="{html(key)}" form="bulk" aria-label="{label}"'
        if refusal:
            does = f'disabled title="{refusal}" aria-label="{label}. {refusal}"'
        box = f'<input class="form-check-input" type="checkbox" {does}>'
        return Markup(box)  # noqa: S704 - each part is escaped

    def address(self, row: Any) -> str | None:
        """Return where the name of a row leads: to its form, else to its details, if allowed."""
        return next((page.target(row) for page in self._pages if page.visible(row)), None)

    def buttons(self, row: Any, key: Any, name: str) -> Markup:
        """Draw the buttons that the person sees on `row`."""
        return Markup(self._drawn(row, key, name))  # noqa: S704 - each is escaped

    def _drawn(self, row: Any, key: Any, name: str) -> str:
        seen = (button for button in self._buttons if button.visible(row))
        return "".join([button.drawn(row, key, name) for button in seen])

    def cells(self, row: Any, row_name: str) -> str:
        """Draw the cells of `row`, and what edits them in place."""
        texts = self._inline.of(row)
        drawn = []
        for name, start in self._starts:
            value = html(self._view.get_list_value(None, row, name))
            if name in texts and name in self._inline.switches:
                value = f"<noscript>{value}</noscript>"
            elif name == self._view.name_column and (target := self.address(row)):
                value = f'<a class="row-name" href="{html(target)}">{value}</a>'
            begun = self._inline.control(name, texts[name], row_name) if name in texts else ""
            drawn.append(f"{start}{value}{begun}</div></td>")
        return "".join(drawn)
