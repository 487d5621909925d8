"""What became of one thing: the newest entries of the audit trail about it, in words.

The pages of a thing draw it by `admin/history.html`, for whoever may read the trail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from cms.accounts.policy import may
from cms.admin import columns
from cms.admin.columns import State
from cms.audit.models import AuditEntry, Face
from cms.audit.services import history_of
from cms.look import has_page
from cms.look import lazy as _l

SHOWN = 20
MOST_CHANGES = 8
LONGEST_VALUE = 300
TRAIL = "audit_entry"

FACES = {
    Face.ADMIN.value: State(_l("Admin"), "off", "settings"),
    Face.API.value: State(_l("API"), "off", "webhook"),
    Face.SITE.value: State(_l("Site"), "off", "language"),
    Face.JOB.value: State(_l("Job"), "off", "briefcase"),
    Face.COMMAND.value: State(_l("Command"), "off", "keyboard"),
    None: State("–", "off", "dots"),
}

# What is not here is shown as the code has it.
ACTS: Mapping[str, Any] = {
    "create": _l("Create"),
    "edit": _l("Edit"),
    "delete": _l("Delete"),
    "upload": _l("Upload"),
    "replace": _l("Replace"),
    "restore": _l("Restore"),
    "remove version": _l("Remove an older version"),
    "render": _l("Make the renditions again"),
    "regenerate": _l("Make files again"),
    "share": _l("Make a link"),
    "move": _l("Move"),
    "merge": _l("Merge"),
    "hand over": _l("Hand over"),
    "submit": _l("Send to review"),
    "withdraw": _l("Take back from review"),
    "return": _l("Return to the author"),
    "schedule": _l("Schedule"),
    "unschedule": _l("Do not publish"),
    "publish": _l("Publish"),
    "publish changes": _l("Publish the changes"),
    "discard changes": _l("Discard the changes"),
    "hold": _l("Not published: something is missing"),
    "end": _l("Change the end"),
    "expire": _l("Ended as set"),
    "unpublish": _l("Take off the site"),
    "archive": _l("Archive"),
    "revive": _l("Make a draft again"),
    "restore from trash": _l("Restore from the trash"),
    "purge": _l("Delete for ever"),
    "export": _l("Export"),
    "import": _l("Import"),
    "begin": _l("Begin"),
    "apply": _l("Apply"),
    "run": _l("Run"),
    "run now": _l("Run now"),
    "retry": _l("Retry"),
    "discard": _l("Give up"),
    "stop": _l("Stop"),
    "pause": _l("Pause"),
    "resume": _l("Resume"),
    "resolve": _l("Mark as resolved"),
    "reopen": _l("Opened again: its time in the archive is over"),
    "regress": _l("Happened again"),
    "retry one": _l("One was retried"),
    "retry the rest": _l("The rest was retried"),
    "assign": _l("Assign"),
    "note": _l("Add a note"),
    "try": _l("Send a test"),
    "send again": _l("Send again"),
    "check again": _l("Check again"),
    "switch": _l("Switch on or off"),
    "reset": _l("Reset"),
    "survey": _l("Look through the library"),
    "remove_strays": _l("Remove stray files"),
    "revoke": _l("Revoke"),
    "refuse": _l("Not allowed"),
    "refuse token": _l("API token refused"),
    "refuse form": _l("Form refused"),
    "refuse thing": _l("Not theirs to see"),
    "limit": _l("Stopped by a limit"),
    "log in": _l("Log in"),
    "log out": _l("Log out"),
    "log in refused": _l("Log-in refused"),
    "password refused": _l("Password refused"),
    "change password": _l("Change the password"),
    "forgot password": _l("Ask for a link to a new password"),
    "reset password": _l("Choose a password by a link"),
    "invite": _l("Invite"),
    "send link": _l("Send a link"),
    "enable": _l("Switch on"),
    "disable": _l("Switch off"),
    "end log-in": _l("End a log-in"),
    "log out everywhere": _l("Log out everywhere"),
    "set password": _l("Set a new password"),
    "set up second factor": _l("Set up a second factor"),
    "remove second factor": _l("Remove a second factor"),
    "reset second factor": _l("Reset the second factor"),
    "second factor refused": _l("Second factor refused"),
    "make recovery codes": _l("Make recovery codes"),
    "use recovery code": _l("Use a recovery code"),
    "dismiss_hint": _l("Put the hint away"),
    "rewrap second factors": _l("Encrypt second factors anew"),
    "back up": _l("Back up"),
    "restore backup": _l("Restore a backup"),
    "restore site": _l("Restore a site"),
    "replace head": _l("Replace the head of the trail"),
    "comment": _l("Comment"),
    "prune": _l("Delete old entries"),
    "accept": _l("Accept the trail as it is"),
}


@dataclass(frozen=True)
class Change:
    """One value that differs; `before` is None where it is only told what came of it."""

    name: str
    before: Any
    after: Any
    is_pair: bool


def page_of(entry: AuditEntry) -> str | None:
    """Return the address of an entry's own page; None where there is no such screen."""
    page = f"{TRAIL}.details_view"
    return url_for(page, id=entry.id) if has_page(page) else None


def act(entry: AuditEntry) -> str:
    """Return what was done."""
    return str(ACTS.get(entry.action, entry.action))


def who(entry: AuditEntry) -> Markup | str:
    """Draw who did it; what comes from an address is of somebody, be they known or not."""
    if entry.user_email:
        return columns.breakable(entry.user_email)
    return _("a stranger") if entry.address else _("by itself")


def face(entry: AuditEntry) -> Markup:
    """Draw by what it was done."""
    return columns.badge(FACES.get(entry.face, FACES[None]))


def differences(entry: AuditEntry) -> list[Change]:
    """Return each value that differs, before and after."""
    return [
        Change(name, change[0], change[1], is_pair=True)
        if is_pair(change)
        else Change(name, None, change, is_pair=False)
        for name, change in entry.changes.items()
    ]


def is_pair(change: Any) -> bool:
    """Tell whether it is a value before and after."""
    return isinstance(change, list) and len(change) == 2  # noqa: PLR2004 - old and new


def in_words(value: Any) -> str:
    """Return a value of an entry as people read it: lists line by line."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list) and not any(isinstance(it, list | dict) for it in value):
        return "\n".join(map(str, value)) or "–"
    if value in (None, "", {}):
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def compared(entry: AuditEntry) -> str | None:
    """Return the page that shows word by word what a revision has changed."""
    number = entry.changes.get("revision")
    if entry.thing_kind not in ("article", "page") or not isinstance(number, int):
        return None
    return url_for(f"{entry.thing_kind}.revisions", id=entry.thing_id, later=number)


@dataclass(frozen=True)
class History:
    """The newest entries about a thing, as `view`, the screen of it, calls what changed.

    `whole` leads to all entries about it, if there is a screen of them.
    """

    view: Any
    entries: Sequence[AuditEntry]
    whole: str | None

    def changes(self, entry: AuditEntry) -> list[Change]:
        """Return what an entry tells of, in words; of many values the first."""
        return [self._in_words(it) for it in differences(entry)[:MOST_CHANGES]]

    @staticmethod
    def left_out(entry: AuditEntry) -> int:
        """Return how many values of an entry `changes` leaves out."""
        return max(len(entry.changes) - MOST_CHANGES, 0)

    def _in_words(self, it: Change) -> Change:
        label = getattr(self.view, "get_column_name", str)(it.name)
        return Change(str(label), self._said(it.name, it.before), self._said(it.name, it.after),
                      it.is_pair)  # fmt: skip

    def _said(self, name: str, value: Any) -> str:
        drawn = (getattr(self.view, "column_formatters", None) or {}).get(name)
        words = {str(key): said for key, said in getattr(drawn, "options", ())}
        text = str(words.get(str(value)) or in_words(value))
        return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE].rstrip() + "…"

    act = staticmethod(act)
    who = staticmethod(who)
    face = staticmethod(face)
    page = staticmethod(page_of)
    moment = staticmethod(columns.time_tag)


def of(view: Any, thing: Any) -> History | None:
    """Return what became of a thing; None where nothing is known of it, or the person may not
    read the trail. That is one query, or none."""
    kept = getattr(thing, "id", None) is not None and view.kind != TRAIL
    if not (kept and may(current_user, "view", TRAIL)):
        return None
    entries = history_of(thing, SHOWN)
    whole = address(thing.__tablename__, str(thing.id))
    return History(view, entries, whole) if entries else None


def address(kind: str, thing_id: str) -> str | None:
    """Return the address of the trail narrowed to one thing; None where there is no such screen."""
    if not has_page(f"{TRAIL}.index_view"):
        return None
    asked = {"flt0_thing_kind_is": kind, "flt1_thing_id_is": thing_id}
    return url_for(f"{TRAIL}.index_view", **asked)  # type: ignore[arg-type]
