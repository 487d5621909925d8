"""The audit trail: who did what to what, when, from where and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask_babel import gettext as _

from cms.admin import columns, subjects
from cms.admin.columns import State
from cms.admin.listing import Listing
from cms.admin.lists import VIEW, QsListView, RowButton, Tab
from cms.audit.models import AuditEntry, Face
from cms.look import lazy as _l

COMING_AND_GOING = (
    "log in", "log out", "log in refused", "change password", "forgot password", "reset password",
    "end log-in", "log out everywhere", "set up second factor", "remove second factor",
    "reset second factor", "second factor refused", "make recovery codes", "use recovery code",
)  # fmt: skip
REFUSALS = ("refuse", "log in refused", "second factor refused")

FACES = {
    Face.ADMIN.value: State(_l("Admin"), "off", "settings"),
    Face.API.value: State(_l("API"), "off", "webhook"),
    Face.SITE.value: State(_l("Site"), "off", "language"),
    Face.JOB.value: State(_l("Job"), "off", "briefcase"),
    Face.COMMAND.value: State(_l("Command"), "off", "keyboard"),
    None: State("–", "off", "dots"),
}

# What is not here is shown as the code has it.
ACTS = {
    "create": _l("Create"),
    "edit": _l("Edit"),
    "delete": _l("Delete"),
    "upload": _l("Upload"),
    "publish": _l("Publish"),
    "export": _l("Export"),
    "restore from trash": _l("Restore"),
    "purge": _l("Delete for ever"),
    "retry": _l("Retry"),
    "stop": _l("Stop"),
    "pause": _l("Pause"),
    "resume": _l("Resume"),
    "refuse": _l("Not allowed"),
    "log in": _l("Log in"),
    "log out": _l("Log out"),
    "log in refused": _l("Log-in refused"),
    "change password": _l("Change the password"),
    "forgot password": _l("Ask for a link to a new password"),
    "reset password": _l("Choose a password by a link"),
    "invite": _l("Invite"),
    "send link": _l("Send a link"),
    "enable": _l("Switch on"),
    "disable": _l("Switch off"),
    "end log-in": _l("End a log-in"),
    "log out everywhere": _l("Log out everywhere"),
    "set up second factor": _l("Set up a second factor"),
    "remove second factor": _l("Remove a second factor"),
    "reset second factor": _l("Reset the second factor"),
    "second factor refused": _l("Second factor refused"),
    "make recovery codes": _l("Make recovery codes"),
    "use recovery code": _l("Use a recovery code"),
    "prune": _l("Delete old entries"),
}


@dataclass(frozen=True)
class Change:
    """One value that differs; `before` is None where it is only told what came of it."""

    name: str
    before: Any
    after: Any


def who(_view: Any, _context: Any, entry: AuditEntry, _name: str) -> Any:
    """Draw who did it."""
    return columns.breakable(entry.user_email) if entry.user_email else _("by itself")


def act(_view: Any, _context: Any, entry: AuditEntry, _name: str) -> str:
    """Return what was done."""
    return str(ACTS.get(entry.action, entry.action))


def thing(_view: Any, _context: Any, entry: AuditEntry, _name: str) -> Any:
    """Draw what it was done to, as a link where it has a page."""
    if entry.thing_kind in subjects.KINDS:
        return subjects.link(entry.thing_kind, entry.thing_id)
    named = next((c for c in ("email", "name", "title") if c in entry.changes), None)
    words = _final(entry.changes[named]) if named else entry.thing_id
    return columns.breakable(f"{entry.thing_kind} {words}")


def _final(change: Any) -> Any:
    return change[1] if _is_pair(change) else change


def _is_pair(change: Any) -> bool:
    return isinstance(change, list) and len(change) == 2  # noqa: PLR2004 - old and new


class AuditView(QsListView):
    """The trail, to be read and exported; nobody changes it."""

    kind, icon = "audit_entry", "list-check"
    can_create = can_edit = can_delete = False
    can_view_details = can_export = True
    details_template = "admin/audit/details.html"
    state_column = None
    name_column = "action"
    empty_words = _l("Nothing has been done yet.")

    column_list = ("at", "user_email", "action", "thing_id", "face", "address")
    column_labels: ClassVar[dict[str, Any]] = {
        "at": _l("When"),
        "user_email": _l("Who"),
        "action": _l("What was done"),
        "thing_id": _l("To what"),
        "thing_kind": _l("Kind"),
        "face": _l("By"),
        "address": _l("From"),
        "request": _l("Request or job"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "at": columns.moment,
        "user_email": columns.as_cell("words", who),
        "action": act,
        "thing_id": columns.as_cell("words", thing),
        "face": columns.status(FACES),
    }
    column_sortable_list = ()
    column_default_sort = ("id", True)
    column_searchable_list = ("user_email", "thing_id", "address", "request")
    column_filters = ("action", "thing_kind", "thing_id", "at")
    column_export_list = (
        "at", "user_email", "action", "thing_kind", "thing_id", "face", "address", "request",
        "changes", "seal_number", "seal",
    )  # fmt: skip
    row_buttons: ClassVar[Sequence[RowButton]] = (VIEW,)
    top_buttons = ()
    tabs = (
        Tab("all", _l("All")),
        Tab("people", _l("Coming and going"), AuditEntry.action.in_(COMING_AND_GOING)),
        Tab("refusals", _l("Refusals"), AuditEntry.action.in_(REFUSALS)),
    )

    def listing(self, args: Any) -> Listing:
        """Look up the names of all things of a page at once."""
        found = super().listing(args)
        subjects.look_up((row.thing_kind, row.thing_id) for row in found.rows)
        return found

    def name_of(self, row: AuditEntry) -> str:
        """Return what was done."""
        return act(self, None, row, "action")

    @staticmethod
    def changes_of(entry: AuditEntry) -> list[Change]:
        """Return each value that differs, before and after."""
        return [
            Change(name, *change) if _is_pair(change) else Change(name, None, change)
            for name, change in entry.changes.items()
        ]
