"""Buttons of a list: above it, and at the end of each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class RowButton:
    """A button at the end of a row: a link, or a form if `post`.

    `endpoint` is a page of this view, such as `.retry`; who may not use that
    page on this row does not see the button. `address`, given the row, leads
    elsewhere instead. `shown` adds a condition on the row. `confirm` is asked
    first; `%(name)s` in it is the row's own name. A form posts `id` and `url`,
    the address of this list.
    """

    label: Any
    icon: str
    endpoint: str = ""
    post: bool = False
    confirm: Any = None
    danger: bool = False
    shown: Callable[[Any], bool] = lambda _row: True
    address: Callable[[Any], str | None] | None = None

    def visible(self, view: Any, row: Any) -> bool:
        """Tell whether the person sees this button on `row`."""
        if not self.shown(row):
            return False
        if self.address is not None:
            return bool(self.address(row))
        return bool(view.offers(self.endpoint.lstrip("."), row))

    def target(self, view: Any, row: Any, return_url: str) -> str:
        """Return where the button leads."""
        if self.address is not None:
            return self.address(row) or ""
        if self.post:
            return str(view.get_url(self.endpoint))
        return str(view.get_url(self.endpoint, id=view.get_pk_value(row), url=return_url))

    def question(self, view: Any, row: Any) -> str:
        """Return what is asked before it acts, or nothing."""
        return str(self.confirm) % {"name": view.name_of(row)} if self.confirm else ""


@dataclass(frozen=True)
class TopButton:
    """A button above the list: a link to a page of this view, or to `address()`."""

    label: Any
    icon: str
    endpoint: str = ""
    primary: bool = False
    address: Callable[[], str | None] | None = None

    def visible(self, view: Any) -> bool:
        """Tell whether the person sees this button."""
        if self.address is not None:
            return bool(self.address())
        return bool(view.offers(self.endpoint.lstrip(".")))

    def target(self, view: Any, return_url: str) -> str:
        """Return where the button leads."""
        if self.address is not None:
            return self.address() or ""
        return str(view.get_url(self.endpoint, url=return_url))


VIEW = RowButton(_l("View"), "eye", ".details_view")
EDIT = RowButton(_l("Edit"), "edit", ".edit_view")
DELETE = RowButton(
    _l("Delete"),
    "trash",
    ".delete_view",
    post=True,
    danger=True,
    confirm=_l("Delete “%(name)s”? This cannot be undone."),
)
ADD = TopButton(_l("Add"), "plus", ".create_view", primary=True)
