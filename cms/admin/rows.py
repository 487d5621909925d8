"""The rows of one page of a list. What is the same for each row is worked out once.

Cells and buttons are put together by hand: a list draws a thousand of them, and what a
template asks for each costs more than the cell. Each part is escaped, or is `Markup`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from cms.admin.buttons import EDIT, VIEW, Offered
from cms.admin.inline import Cells


class RowKit:
    """What draws the rows: their cells, their buttons, and where their names lead.

    `columns` are those shown: name, heading and class of each.
    """

    def __init__(
        self, view: Any, return_url: str, columns: Sequence[tuple[str, str, str]], cells: Cells
    ) -> None:
        self._view = view
        self._inline = cells
        self._tick = escape(_("Tick"))
        self._buttons = [Offered(view, button, return_url) for button in view.row_buttons]
        self._pages = [Offered(view, page, return_url) for page in (EDIT, VIEW)]
        start = Markup('<td role="cell" class="{}" data-words="{}"><div class="cell-value">').format
        self._starts = [(name, start(look, words)) for name, words, look in columns]

    def start(self, row: Any, key: Any, row_name: str) -> Markup:
        """Begin `row`, with what scripts ask of it."""
        state, mark = map(escape, (self._view.state_of(row), self._view.mark_of(row)))
        moving, key = " data-moving" if self._view.is_moving(row) else "", escape(key)
        marks = f'data-id="{key}" id="row-{key}" data-state="{state}" data-mark="{mark}"{moving}'
        return Markup(f'<tr role="row" {marks} data-name="{escape(row_name)}">')  # noqa: S704

    def tick(self, row: Any, key: Any, row_name: str) -> Markup:
        """Draw the cell that ticks `row`, dead where it may not be."""
        label, refusal = f"{self._tick}: {escape(row_name)}", self._view.tick_refusal(row)
        does = f'name="rowid" value="{escape(key)}" form="bulk" aria-label="{label}"'
        if refusal:
            does = f'disabled title="{escape(refusal)}" aria-label="{label}. {escape(refusal)}"'
        box = f'<input class="form-check-input" type="checkbox" {does}>'
        return Markup(f'<td role="cell" class="cell-tick">{box}</td>')  # noqa: S704

    def address(self, row: Any) -> str | None:
        """Return where the name of a row leads: to its form, else to its details, if allowed."""
        return next((page.target(row) for page in self._pages if page.visible(row)), None)

    def buttons(self, row: Any, key: Any, row_name: str) -> Markup:
        """Draw the buttons that the person sees on `row`."""
        seen = (button for button in self._buttons if button.visible(row))
        return Markup("".join(button.drawn(row, key, row_name) for button in seen))  # noqa: S704

    def cells(self, row: Any, row_name: str) -> Markup:
        """Draw the cells of `row`, and what edits them in place."""
        texts = self._inline.of(row)
        drawn = []
        for name, start in self._starts:
            value: str = escape(self._view.get_list_value(None, row, name))
            if name in texts and name in self._inline.switches:
                value = f"<noscript>{value}</noscript>"
            elif name == self._view.name_column and (target := self.address(row)):
                value = f'<a class="row-name" href="{escape(target)}">{value}</a>'
            begun = self._inline.control(name, texts[name], row_name) if name in texts else ""
            drawn.append(f"{start}{value}{begun}</div></td>")
        return Markup("".join(drawn))  # noqa: S704 - each part is escaped
