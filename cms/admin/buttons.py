"""Buttons of a list: above it, and at the end of each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from markupsafe import Markup

from cms.accounts.policy import NOBODYS
from cms.look import html, icon, labels
from cms.look import lazy as _l


@dataclass(frozen=True)
class RowButton:
    """A button at the end of a row: a link, or a form if `post`.

    `endpoint` is a page of this view, such as `.retry`; who may not use that
    page on this row does not see the button. `address`, given the row, leads
    elsewhere instead. `shown` adds a condition on the row. `confirm` is asked
    first; `%(name)s` in it is the row's own name. `needs` names an act that the person
    must be allowed to do to the row, beside what the page needs. Where `refusal` returns why the
    act cannot be done to a row, that is said instead, and there is nothing to confirm.
    A form posts `id` and `url`, the address of this list. `key` presses it on the row that
    the keyboard is at.
    """

    label: Any
    icon: str
    endpoint: str = ""
    post: bool = False
    confirm: Any = None
    danger: bool = False
    shown: Callable[[Any], bool] = lambda _row: True
    address: Callable[[Any], str | None] | None = None
    refusal: Callable[[Any], str | None] = lambda _row: None
    needs: str | None = None
    key: str = ""


class Offered:
    """A button as somebody sees it on the rows of one page.

    What is the same for each row is worked out once: words, drawing, address,
    and, unless only one's own may be touched, the permission.
    """

    def __init__(self, view: Any, button: RowButton, return_url: str) -> None:
        self.label = str(button.label)
        self.icon = icon(button.icon)
        self.post = button.post
        self.danger = button.danger
        self.key = button.key
        self._view = view
        self._button = button
        self._page = button.endpoint.lstrip(".")
        self._question = str(button.confirm) if button.confirm else ""
        self._class = f' class="row-button{" is-danger" if self.danger else ""}"'
        key = f' data-row-key="{html(self.key)}"' if self.key else ""
        self._asks = f' data-confirm-words="{html(self.label)}"'
        self._asks += " data-confirm-danger" if self.danger else ""
        self._words = f'{key} title="{html(self.label)}" aria-label="'
        self._named = labels(self.label)
        if button.address is None:
            self._ever = view.offers(self._page)
            self._always = view.offers(self._page, NOBODYS)
            self._start = view.get_url(button.endpoint) if self._ever else ""
            self._end = f"&{urlencode({'url': return_url})}"

    def visible(self, row: Any) -> bool:
        """Tell whether the person sees this button on `row`."""
        if not self._button.shown(row):
            return False
        if self._button.needs and not self._view.allowed(self._button.needs, row):
            return False
        if self._button.address is not None:
            return bool(self._button.address(row))
        return self._always or (self._ever and bool(self._view.offers(self._page, row)))

    def target(self, row: Any) -> str:
        """Return where the button leads."""
        if self._button.address is not None:
            return self._button.address(row) or ""
        if self.post:
            return str(self._start)
        return f"{self._start}?id={quote_plus(str(self._view.get_pk_value(row)))}{self._end}"

    def refusal(self, row: Any) -> str | None:
        """Return why it cannot be done to `row`, None if it can."""
        return self._button.refusal(row)

    def question(self, name: str) -> str:
        """Return what is asked before it acts on a row of that name, or nothing."""
        return self._question % {"name": name} if self._question else ""

    def asks(self, row: Any, name: str) -> Markup:
        """Return what lets a button ask first, dead until a script can ask."""
        refusal = self.refusal(row)
        question = refusal or self.question(name)
        if not question:
            return Markup()
        refused = " data-confirm-refused" if refusal else ""
        asked = f' data-confirm="{html(question)}"{self._asks}{refused} disabled'
        return Markup(asked)  # noqa: S704 - each part is escaped

    def drawn(self, row: Any, key: Any, name: str) -> str:
        """Draw it, as HTML, at the end of the row of this key and name, by its drawing alone."""
        target, words = html(self.target(row)), f'{self._words}{self._named(name)}"'
        # Put together by hand: a list draws a hundred of them, and `format` is slow.
        if not self.post:
            return f'<a{self._class} href="{target}"{words}>{self.icon}</a>'
        posts = f'form="row-form" formaction="{target}" name="id" value="{html(key)}"'
        return f"<button{self._class} {posts}{words}{self.asks(row, name)}>{self.icon}</button>"


@dataclass(frozen=True)
class TopButton:
    """A button above the list: a link to a page of this view, or to `address()`.

    With `post=True` it is a form, which asks `confirm` first, and posts `url`, the
    address of this list. `count()` is shown in the button; at 0 a form is dead. `shown()`
    adds a condition; `needs` names an act that the person must be allowed to do.
    """

    label: Any
    icon: str
    endpoint: str = ""
    primary: bool = False
    address: Callable[[], str | None] | None = None
    post: bool = False
    confirm: Any = None
    danger: bool = False
    count: Callable[[], int] | None = None
    shown: Callable[[], bool] = lambda: True
    needs: str | None = None

    def visible(self, view: Any) -> bool:
        """Tell whether the person sees this button."""
        if self.needs and not view.allowed(self.needs):
            return False
        if not self.shown():
            return False
        if self.address is not None:
            return bool(self.address())
        return bool(view.offers(self.endpoint.lstrip(".")))

    def target(self, view: Any, return_url: str) -> str:
        """Return where the button leads."""
        if self.address is not None:
            return self.address() or ""
        if self.post:
            return str(view.get_url(self.endpoint))
        return str(view.get_url(self.endpoint, url=return_url))


VIEW = RowButton(_l("View"), "eye", ".details_view")
EDIT = RowButton(_l("Edit"), "edit", ".edit_view", key="e")
DELETE = RowButton(
    _l("Delete"),
    "trash",
    ".delete_view",
    post=True,
    danger=True,
    confirm=_l("Delete “%(name)s”? This cannot be undone."),
)
ADD = TopButton(_l("Add"), "plus", ".create_view", primary=True)
