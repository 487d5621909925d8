"""What each role may do, read from the policy: to be looked at, for it is code that decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flask_admin import BaseView

from cms.accounts.policy import ROLES, grants
from cms.admin.access import Guarded
from cms.admin.base import expose, needs
from cms.look import labelled, listed
from cms.look import lazy as _l

NAMES: Mapping[str, Any] = {
    "viewer": _l("Viewer"),
    "author": _l("Author"),
    "editor": _l("Editor"),
    "administrator": _l("Administrator"),
}
MEANINGS: Mapping[str, Any] = {
    "viewer": _l("Looks at pictures, and reads what is published."),
    "author": _l("Writes and uploads, and keeps what is their own."),
    "editor": _l("Keeps everything that readers see, and publishes it."),
    "administrator": _l("Lets people in, and looks after all that runs."),
}
KINDS: Mapping[str, Any] = {
    "admin": _l("The administration"),
    "article": _l("Articles"),
    "page": _l("Pages"),
    "category": _l("Categories"),
    "tag": _l("Tags"),
    "menu": _l("Menus"),
    "redirect": _l("Redirects"),
    "link": _l("Links"),
    "image": _l("Pictures"),
    "document": _l("Documents"),
    "library": _l("Library"),
    "image_preset": _l("Presets"),
    "saved_view": _l("Saved views"),
    "selection": _l("Selections"),
    "export": _l("Exports"),
    "import": _l("Imports"),
    "site_import": _l("Whole sites"),
    "site_archive": _l("The site in one file"),
    "site_setting": _l("Site settings"),
    "job": _l("Jobs"),
    "schedule": _l("Schedules"),
    "queue": _l("Queue"),
    "worker": _l("Workers"),
    "notification": _l("Notifications"),
    "mail": _l("Mail"),
    "webhook": _l("Webhooks"),
    "webhook_delivery": _l("Webhook calls"),
    "user": _l("People"),
    "role": _l("Roles"),
    "login_session": _l("Log-ins"),
    "api_token": _l("API tokens"),
    "audit_entry": _l("Audit trail"),
}
ACTS: Mapping[str, Any] = {
    "enter": _l("enter"),
    "read": _l("read what is published"),
    "view": _l("see"),
    "inspect": _l("look inside"),
    "create": _l("add"),
    "edit": _l("edit"),
    "submit": _l("send to review"),
    "review": _l("review"),
    "schedule": _l("schedule"),
    "publish": _l("publish"),
    "archive": _l("archive"),
    "delete": _l("delete"),
    "restore": _l("restore"),
    "purge": _l("delete for ever"),
    "export": _l("export"),
    "share": _l("share"),
    "retry": _l("retry"),
    "regenerate": _l("make again"),
    "run": _l("run"),
    "stop": _l("stop"),
    "discard": _l("give up"),
}


class Row(NamedTuple):
    """What each role, in the order of `ROLES`, may do to one kind of thing."""

    kind: Any
    cells: list[str]


class RoleView(Guarded, BaseView):
    """A table of kinds of things and roles."""

    kind, icon, whence = "role", "list-check", "user"

    def is_visible(self) -> bool:
        """Tell that the menu does not offer it: the list of people does."""
        return False

    @expose("/")
    @needs("view")
    def index(self) -> str:
        """Show the table."""
        return self.render(
            "admin/user/roles.html", roles=[(NAMES[it], MEANINGS[it]) for it in ROLES],
            rows=list(_rows()),
        )  # fmt: skip


def _rows() -> Iterator[Row]:
    for kind, words in KINDS.items():
        yield Row(words, [_acts(grants(role).get(kind, frozenset())) for role in ROLES])


def _acts(granted: frozenset[str]) -> str:
    """Return in words what is granted, and what of it for one's own things alone."""
    every = listed(words for act, words in ACTS.items() if act in granted)
    own = listed(words for act, words in ACTS.items() if f"{act}:own" in granted)
    return "; ".join(filter(None, (every, own and labelled(_l("one's own"), own))))
