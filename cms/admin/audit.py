"""The audit trail: who did what to what, when, from where and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from cms.admin import columns, history, subjects
from cms.admin.filters import Exactly, OneOf
from cms.admin.history import ACTS, FACES
from cms.admin.listing import Listing
from cms.admin.lists import VIEW, QsListView, RowButton, Tab
from cms.audit.models import AuditEntry
from cms.look import labelled
from cms.look import lazy as _l

REFUSALS = (
    "refuse", "refuse token", "refuse form", "refuse thing", "limit", "log in refused",
    "password refused", "second factor refused",
)  # fmt: skip
COMING_AND_GOING = (
    "log in", "log out", "log in refused", "password refused", "change password",
    "forgot password", "reset password", "end log-in", "log out everywhere",
    "set up second factor", "remove second factor", "reset second factor",
    "second factor refused", "make recovery codes", "use recovery code",
)  # fmt: skip

# What the trail calls otherwise than everything else does.
_SUBJECTS: Mapping[str, str] = {
    "admin_notification": "notification",
    "data_export": "export",
    "data_import": "import",
    "mail_message": "mail",
    "webhook_endpoint": "webhook",
}
# What has no page of its own.
_OTHERS: dict[str, Any] = {
    "address": _l("Address"),
    "api_token": _l("API token"),
    "audit_entry": _l("Audit trail"),
    "link": _l("Link"),
    "login_session": _l("Log-in"),
    "paused_task": _l("Paused kind of job"),
    "saved_view": _l("Saved view"),
    "schedule": _l("Job schedule"),
    "site_setting": _l("Site setting"),
}
_FACES = [(face, it.words) for face, it in FACES.items() if face]
LONGEST_NAME = 100
# By which an entry names a thing that is gone, or has no page.
_NAMES = ("email", "name", "title", "preset", "filename", "source")


def kinds() -> list[tuple[str, Any]]:
    """Return each kind of thing as the trail has it, and in words."""
    names = {kind: name for name, kind in _SUBJECTS.items()}
    found = {names.get(kind, kind): it.word for kind, it in subjects.KINDS.items()} | _OTHERS
    return sorted(found.items(), key=lambda one: str(one[1]))


def subject_of(entry: AuditEntry) -> tuple[str, str]:
    """Return kind and id of what something was done to, as `subjects` has them."""
    return _SUBJECTS.get(entry.thing_kind, entry.thing_kind), entry.thing_id


def thing(_view: Any, _context: Any, entry: AuditEntry, _name: str) -> Any:
    """Draw what it was done to, as a link where that is there and the person may see it."""
    kind, thing_id = subject_of(entry)
    if subjects.is_there(kind, thing_id):
        return subjects.link(kind, thing_id)
    word = subjects.KINDS[kind].word if kind in subjects.KINDS else _OTHERS.get(kind, kind)
    named = next((name for name in _NAMES if name in entry.changes), None)
    if named is None:
        return columns.breakable(f"{word} {thing_id}")
    return columns.breakable(labelled(word, str(_final(entry.changes[named]))[:LONGEST_NAME]))


def _final(change: Any) -> Any:
    pair = history.is_pair(change)
    return (change[0] if change[1] is None else change[1]) if pair else change


class AuditView(QsListView):
    """The trail, to be read and exported; nobody changes it."""

    kind, icon = history.TRAIL, "list-check"
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
        "face": _l("By way of"),
        "address": _l("From address"),
        "request": _l("Request or job"),
    }
    column_formatters: ClassVar[dict[str, Any]] = {
        "at": columns.moment,
        "user_email": columns.as_cell("words", lambda _v, _c, entry, _n: history.who(entry)),
        "action": lambda _v, _c, entry, _n: history.act(entry),
        "thing_id": columns.as_cell("words", thing),
        "face": columns.status(FACES),
    }
    column_sortable_list = ()
    column_default_sort = ("id", True)
    column_searchable_list = ("user_email", "thing_id", "address", "request")
    column_filters = (
        "user_email",
        OneOf(AuditEntry.action, _l("What was done"), list(ACTS.items())),
        OneOf(AuditEntry.thing_kind, _l("Kind"), kinds),
        Exactly(AuditEntry.thing_id, _l("Number")),
        OneOf(AuditEntry.face, _l("By way of"), _FACES),
        "address",
        "at",
    )
    column_export_list = (
        "at", "user_id", "user_email", "action", "thing_kind", "thing_id", "face", "address",
        "request", "changes", "seal_number", "seal",
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
        subjects.look_up(map(subject_of, found.rows))
        return found

    def name_of(self, row: AuditEntry) -> str:
        """Return what was done."""
        return history.act(row)

    @staticmethod
    def more_of(entry: AuditEntry) -> str | None:
        """Return the address of all that was done to the same thing."""
        return history.address(entry.thing_kind, entry.thing_id)

    changes_of = staticmethod(history.differences)
    in_words = staticmethod(history.in_words)
    compared = staticmethod(history.compared)
