"""Who may open what: every admin page is closed until it says what it needs.

A page names the action it needs by `@needs`; a view names its kind of thing.
`cms.accounts.policy` decides. A page that names nothing stops the start of
the program rather than standing open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import time
from typing import Any, ClassVar, TypeVar

from flask import abort, flash, jsonify, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_admin.helpers import is_safe_url
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from cms.accounts import sessions
from cms.accounts.policy import may
from cms.audit.services import acting
from cms.database import storable
from cms.edge import ask_again, ask_to_log_in, inner_target
from cms.errors import CmsError
from cms.extensions import db
from cms.refusals import wants_json

Page = TypeVar("Page", bound=Callable[..., Any])

# What Flask-Admin's own pages and bulk actions need; any one of several is enough.
_FLASK_ADMIN_NEEDS = {
    "index": ("enter",),
    "index_view": ("view",),
    "details_view": ("view",),
    "create_view": ("create",),
    "edit_view": ("edit",),
    "delete_view": ("delete",),
    "ajax_update": ("edit",),
    "ajax_lookup": ("create", "edit"),
    "action_view": ("view",),  # and then what the chosen action needs
    "export": ("export",),
    "action_delete": ("delete",),
}

# A page of a screen that has no such ability is not there at all.
_ABILITIES = {
    "create_view": "can_create",
    "edit_view": "can_edit",
    "ajax_update": "can_edit",
    "details_view": "can_view_details",
    "delete_view": "can_delete",
    "action_edit": "bulk_edit_fields",
    "move": "sortable",
    "enable": "switchable",
    "disable": "switchable",
    "action_enable": "switchable",
    "action_disable": "switchable",
    "action_delete": "can_delete",
    "export": "can_export_at_once",
    "action_export": "can_export",
}


# Forms that are shown again with what was typed, and a word on why they were not saved.
_KEEP_THEIR_TEXT = ("create_view", "edit_view")


def needs(*actions: str) -> Callable[[Page], Page]:
    """Say which action, or which one of several, a page or a bulk action needs.

    `@expose("/retry", methods=("POST",))` above `@needs("retry")`.
    """

    def mark(page: Page) -> Page:
        page._needs = actions  # type: ignore[attr-defined]  # noqa: SLF001 - our own mark
        return page

    return mark


class Guarded(BaseView):
    """A view that is closed to everybody whom the policy does not let in.

    Subclasses set `kind`, the policy's word for what they show, and may set
    `icon`, a drawing for the side menu. `menu_badge` may return a count. Where changes are
    `sensitive`, their pages open only to who has given the password in the last half hour.
    """

    kind: ClassVar[str]
    icon: ClassVar[str] = "file"
    sensitive: ClassVar[bool] = False
    palette_acts: ClassVar[Sequence[Any]] = ()  # `cms.admin.palette.Act`

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for page in self._guarded_names():
            if not self.needed(page):
                raise TypeError(f"{type(self).__name__}.{page} names no permission: add @needs")

    @property
    def db_session(self) -> Any:
        """The session of this request."""
        return db.session

    def menu_badge(self) -> int | None:
        """Return a count to show in the side menu, or None."""
        return None

    def needed(self, page: str) -> tuple[str, ...]:
        """Return the actions, any one of which opens `page`; empty means nobody may."""
        marked: tuple[str, ...] | None = getattr(getattr(type(self), page, None), "_needs", None)
        return marked or _FLASK_ADMIN_NEEDS.get(page, ())

    def allowed(self, action: str, thing: Any = None) -> bool:
        """Tell whether the person may do `action` to such things, or to this `thing`."""
        return may(person(), action, self.kind, thing)

    def has(self, page: str) -> bool:
        """Tell whether `page` exists on this screen."""
        return bool(getattr(self, _ABILITIES.get(page, ""), True))

    def offers(self, page: str, thing: Any = None) -> bool:
        """Tell whether `page` exists on this screen and the person may use it."""
        return self.has(page) and any(self.allowed(action, thing) for action in self.needed(page))

    def is_accessible(self) -> bool:
        """Tell whether the menu offers this view."""
        return may(person(), "enter", "admin") and self.offers(self._default_view)

    def require(self, thing: Any, page: str | None = None) -> None:
        """Stop with 403 unless the person may use `page`, this one by default, on `thing`."""
        if not self.offers(page or this_page(), thing):
            abort(403)

    def _handle_view(self, name: str, **_kwargs: Any) -> ResponseReturnValue | None:
        if not current_user.is_authenticated:
            return ask_to_log_in()
        if not self.has(name):
            abort(404)
        if not (may(current_user, "enter", "admin") and self.offers(name)):
            return _refuse()
        if self.is_stale(name) and not (request.method == "POST" and name in _KEEP_THEIR_TEXT):
            return ask_again()
        _stop_unstorable_text()
        if request.method == "POST":  # whatever it does will be done within a second
            session["acted_at"] = time() + 1
        return None

    def is_stale(self, page: str) -> bool:
        """Tell whether `page` is one that wants the password, given too long ago."""
        if not self.sensitive or (request.method == "GET" and self.needed(page) == ("view",)):
            return False
        return not sessions.is_fresh()

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        _stop_unreadable_target()
        # Flask-Admin's own calls twice on a TypeError, which hides where it came from.
        answer = fn(self, *args, **kwargs)
        if isinstance(answer, Response) and answer.location:
            answer.location = inner_target(answer.location) or self._home()
        return answer

    def render(self, template: str, **kwargs: Any) -> str:
        """Render `template`; a `return_url` that leads elsewhere is replaced."""
        if "return_url" in kwargs:
            kwargs["return_url"] = inner_target(kwargs["return_url"]) or self._home()
        return super().render(template, **kwargs)

    def back(self) -> ResponseReturnValue:
        """Return a redirect to the page that a form was posted from, or to this view's first."""
        return redirect(inner_target(request.form.get("url")) or self._home())

    def refuse(self, error: CmsError, tone: str = "warning") -> None:
        """Take back what was begun, which the edge would commit, and say why it is refused."""
        self.db_session.rollback()
        flash(_(error.sentence, **error.facts), tone)

    def told(self, done: str) -> ResponseReturnValue:
        """Say what was done, and go back."""
        flash(done, "success")
        return self.back()

    def _home(self) -> str:
        return self.get_url(f".{self._default_view}")

    def _guarded_names(self) -> Iterator[str]:
        for _url, name, _methods in self._urls:
            yield name
        for handler, _text, _confirmation in getattr(self, "_actions_data", {}).values():
            yield handler.__name__


def whole_number(value: Any) -> int | None:
    """Return an id that a form sends, None for nothing and for what can be none."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004 - fits every INTEGER


def person() -> Any:
    """Return the account of who is asking, no stand-in for it; in a job, for whom that acts."""
    asking = current_user._get_current_object()  # noqa: SLF001 - the way Werkzeug gives
    return acting() if asking is None else asking


def acted_at() -> float:
    """Return when, in seconds, the person last did something here, as their browser knows."""
    return float(session.get("acted_at", 0))


def this_page() -> str:
    """Return the name of the view's method that answers this request."""
    return (request.endpoint or "").rpartition(".")[2]


def _stop_unstorable_text() -> None:
    # The address only: reading a form here would swallow an upload before its limits.
    if not all(storable(part) for pair in request.args.items(multi=True) for part in pair):
        abort(400)


def _stop_unreadable_target() -> None:
    try:
        is_safe_url(request.values.get("url", ""))  # as Flask-Admin looks, which breaks on it
    except ValueError:
        abort(400)


def _refuse() -> ResponseReturnValue:
    if not wants_json():
        abort(403)
    return jsonify(error=_("You are not allowed to do this.")), 403
