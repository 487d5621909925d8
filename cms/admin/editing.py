"""Editing without leaving a list: in place, many rows at once, their order; and coming back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from cms.admin.bulk_edit import BulkEdit
from cms.admin.inline import Cells, InlineEdit
from cms.admin.listing import Listing
from cms.admin.sorting import Sortable
from cms.admin.switching import Switching


class Editing(InlineEdit, BulkEdit, Switching, Sortable):
    """What `QsListView` can do beside showing a list."""

    def create_blueprint(self, admin: Any) -> Any:
        """Leave out the pages of what this list does not declare."""
        declared = {"move": self.sortable, "enable": self.switchable, "disable": self.switchable}
        pages: list[Any] = self._urls  # type: ignore[has-type]
        self._urls = [page for page in pages if declared.get(page[1], True)]
        return super().create_blueprint(admin)

    def editing(self, listing: Listing) -> dict[str, Any]:
        """Return what the template of a list needs for it."""
        return {"cells": Cells(self), "movable": self.can_be_moved(listing)}

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:  # noqa: FBT001, FBT002 - Flask-Admin's signature
        """Return where one came from, at the row that was saved: the browser marks it."""
        url = super().get_save_return_url(model, is_created)
        return f"{url.partition('#')[0]}#row-{quote(str(self.get_pk_value(model)))}"
