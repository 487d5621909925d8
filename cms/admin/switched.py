"""A list whose rows are enabled and disabled, one by one or the ticked ones.

    class PersonView(Switched):
        switch_column = "active"
        row_buttons = (EDIT, enable("active"), disable("active"), DELETE)

Both acts need the permission to edit. Where `cms.editorial.bulk` knows acts `enable` and
`disable` for the kind, those are done instead, and can be done to everything that matches.
"""

from __future__ import annotations

from typing import Any, ClassVar

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from cms.admin.base import action, expose, needs
from cms.admin.buttons import RowButton
from cms.admin.lists import QsListView


def enable(column: str) -> RowButton:
    """Return the button that enables a row whose `column` is false."""
    return RowButton(
        _l("Enable"), "player-play", ".enable", post=True,
        shown=lambda row: not getattr(row, column),
    )  # fmt: skip


def disable(column: str) -> RowButton:
    """Return the button that disables a row whose `column` is true."""
    return RowButton(
        _l("Disable"), "player-pause", ".disable", post=True,
        shown=lambda row: bool(getattr(row, column)),
    )  # fmt: skip


class Switched(QsListView):
    """A list whose `switch_column`, true or false, says whether a row is enabled."""

    switch_column: ClassVar[str] = "active"
    action_icons: ClassVar[dict[str, str]] = {
        **QsListView.action_icons,
        "enable": "player-play",
        "disable": "player-pause",
    }

    @expose("/enable", methods=("POST",))
    @needs("edit")
    def enable(self) -> ResponseReturnValue:
        """Enable one row."""
        return self.do_to_posted(lambda row: self.switch(row, on=True), _("Enabled."))

    @expose("/disable", methods=("POST",))
    @needs("edit")
    def disable(self) -> ResponseReturnValue:
        """Disable one row."""
        return self.do_to_posted(lambda row: self.switch(row, on=False), _("Disabled."))

    @action("enable", _l("Enable"))
    @needs("edit")
    def action_enable(self, ids: list[str]) -> ResponseReturnValue | None:
        """Enable the ticked rows."""
        return self._switch_ticked("enable", ids)

    @action("disable", _l("Disable"))
    @needs("edit")
    def action_disable(self, ids: list[str]) -> ResponseReturnValue | None:
        """Disable the ticked rows."""
        return self._switch_ticked("disable", ids)

    def switch(self, row: Any, *, on: bool) -> None:
        """Enable or disable `row`, and note it in the audit trail."""
        setattr(row, self.switch_column, on)
        self._note("edit", row)

    def _switch_ticked(self, name: str, ids: list[str]) -> ResponseReturnValue | None:
        if self._act(name):
            return self.do_to_ticked(name, ids)
        rows = self.rows_for(ids, "edit")

        def switch() -> None:
            for row in rows:
                self.switch(row, on=name == "enable")

        if self._attempt(switch):
            self.tell_count(len(rows), len(ids))
        return None
