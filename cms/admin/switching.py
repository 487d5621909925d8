"""Enable and disable: row buttons and bulk buttons for rows that are switched on and off."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request
from flask.typing import ResponseReturnValue

from cms.admin.base import action, expose, needs
from cms.admin.bulk import Bulk
from cms.admin.buttons import RowButton
from cms.look import lazy as _l


def switches(column: str = "enabled", question: Any = None) -> tuple[RowButton, RowButton]:
    """Return the row buttons that enable and disable; `question` is asked before the latter."""

    def on(row: Any) -> bool:
        return bool(getattr(row, column))

    return (
        RowButton(
            _l("Enable"), "circle-check", ".enable", post=True, shown=lambda row: not on(row)
        ),
        RowButton(_l("Disable"), "ban", ".disable", post=True, shown=on, confirm=question),
    )


class Switching(Bulk):
    """A list whose rows are enabled and disabled, one by one or many at once.

    `switchable` names a switch of the row's form, such as `enabled`; `cms.editorial.bulk`
    registers the acts `enable` and `disable`. Put `*switches()` among the row buttons.
    """

    switchable: ClassVar[str | None] = None

    @expose("/enable", methods=("POST",))
    @needs("edit")
    def enable(self) -> ResponseReturnValue:
        """Enable one."""
        return self._switch_one("enable")

    @expose("/disable", methods=("POST",))
    @needs("edit")
    def disable(self) -> ResponseReturnValue:
        """Disable one."""
        return self._switch_one("disable")

    @action("enable", _l("Enable"))
    @needs("edit")
    def action_enable(self, ids: list[str]) -> None:
        """Enable the ticked rows."""
        self._switch("enable", self.rows_for(ids, "edit"), len(ids))

    @action("disable", _l("Disable"))
    @needs("edit")
    def action_disable(self, ids: list[str]) -> None:
        """Disable the ticked rows."""
        self._switch("disable", self.rows_for(ids, "edit"), len(ids))

    def _switch_one(self, name: str) -> ResponseReturnValue:
        self._switch(name, [self.get_one(request.form.get("id", ""))], 1)
        return self.back()

    def _switch(self, name: str, rows: list[Any], asked: int) -> None:
        act = self._act(name)
        if act is None:
            raise LookupError(f"{self.kind} {name} is not registered in cms.editorial.bulk")
        self.do_undoably(act, rows, asked, [str(self.switchable)])
