"""Where one is logged in: each log-in with its device, to be ended one by one or all at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Query
from ua_parser import parse

from cms.accounts import sessions
from cms.accounts.sessions import LoginSession
from cms.admin import columns
from cms.admin.access import person
from cms.admin.base import expose, needs
from cms.admin.columns import State
from cms.admin.lists import QsListView, RowButton, TopButton
from cms.editorial import accounts
from cms.look import lazy as _l

_HERE = State(_l("This one"), "ok", "circle-check")


@lru_cache(maxsize=500)
def _known(browser: str) -> tuple[str | None, str | None]:
    """Return which browser and which system call themselves so; to find out takes a while."""
    found = parse(browser)
    return (
        found.user_agent.family if found.user_agent else None,
        found.os.family if found.os else None,
    )


def device_in_words(browser: str) -> str:
    """Return what somebody is logged in with, as far as it says of itself."""
    program, system = _known(browser)
    if program and system:
        return _("%(browser)s on %(system)s", browser=program, system=system)
    return program or system or _("An unknown device")


def is_here(log_in: LoginSession) -> bool:
    """Tell whether it is the log-in of this request."""
    here = sessions.here()
    return here is not None and here.id == log_in.id


def device(_view: Any, _context: Any, log_in: LoginSession, _name: str) -> Markup:
    """Draw what somebody is logged in with, and mark where they ask from."""
    words = Markup('<span title="{}">{}</span>').format(
        log_in.browser, device_in_words(log_in.browser)
    )
    return words + (" " + columns.badge(_HERE) if is_here(log_in) else "")


def others() -> int:
    """Count the log-ins of the person beside this one."""
    return sum(not is_here(log_in) for log_in in sessions.of(person()))


class LogInView(QsListView):
    """The log-ins of the person who looks, and of nobody else."""

    kind, icon = "login_session", "device-desktop"
    can_create = can_edit = can_delete = False
    remembers = False
    state_column = None
    name_column = "browser"

    column_list = ("browser", "address", "seen_at", "created_at")
    column_labels: ClassVar[dict[str, Any]] = {
        "browser": _l("Device"),
        "address": _l("Address"),
        "seen_at": _l("Last seen"),
        "created_at": _l("Logged in"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "browser": device,
        "seen_at": columns.moment,
        "created_at": columns.moment,
    }
    column_sortable_list = ("seen_at", "created_at")
    column_default_sort = ("seen_at", True)
    top_buttons = (
        TopButton(
            _l("End all others"),
            "logout",
            ".end_others",
            post=True,
            count=others,
            confirm=_l("End all log-ins but this one? What is not saved there is lost."),
        ),
    )
    row_buttons = (
        RowButton(
            _l("End"),
            "logout",
            ".end",
            post=True,
            confirm=_l("End this log-in? What is not saved there is lost."),
            shown=lambda log_in: not is_here(log_in),
        ),
    )

    def is_visible(self) -> bool:
        """Tell that the menu does not offer it: that of the account does."""
        return False

    def get_query(self) -> Query[Any]:
        """Return the log-ins of the person."""
        return super().get_query().filter(LoginSession.user_id == person().id)

    def name_of(self, row: LoginSession) -> str:
        """Return with what it was."""
        return device_in_words(row.browser)

    @expose("/end", methods=("POST",))
    @needs("delete")
    def end(self) -> ResponseReturnValue:
        """End one."""
        return self.do_to_posted(accounts.end_log_in, _("That log-in has ended."))

    @expose("/end-others", methods=("POST",))
    @needs("delete")
    def end_others(self) -> ResponseReturnValue:
        """End all but the one that asks."""
        accounts.end_log_ins(person(), but=sessions.here())
        return self.told(_("All other log-ins have ended."))
