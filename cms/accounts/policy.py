"""One policy: may this person do this to that thing? Everything asks here."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

ADMINISTRATOR = "administrator"
ROLES = ("viewer", "author", "editor", ADMINISTRATOR)

# What nobody owns: who may touch it may touch any.
NOBODYS = SimpleNamespace(owner_id=None)

# What is published anybody may `read`; to `view` is to see it in whichever state it is.
_AUTHORS = frozenset({"read", "view:own", "create", "edit:own", "submit:own", "delete:own"})
_EDITORS = frozenset(
    {
        "read",
        "view",
        "create",
        "edit",
        "submit",
        "review",
        "schedule",
        "publish",
        "archive",
        "delete",
        "restore",
        "export",
    }
)

# A document that is private is seen by who may `view` it; the others anybody may `read`.
_DOCUMENTS = frozenset({"read", "view", "create", "edit", "delete", "restore", "retry"})

# What each role may do to each kind of thing. What is not listed is denied.
_GRANTS: dict[str, dict[str, frozenset[str]]] = {
    "viewer": {
        "admin": frozenset({"enter"}),
        "api_token": frozenset({"view:own", "create", "delete:own"}),
        "login_session": frozenset({"view:own", "delete:own"}),
        "image": frozenset({"view"}),
        "saved_view": frozenset({"create", "edit:own"}),
        "article": frozenset({"read"}),
        "page": frozenset({"read"}),
        "document": frozenset({"read"}),
    },
    "author": {
        "admin": frozenset({"enter"}),
        "api_token": frozenset({"view:own", "create", "delete:own"}),
        "login_session": frozenset({"view:own", "delete:own"}),
        "saved_view": frozenset({"create", "edit:own"}),
        "image": frozenset({"view", "create", "edit:own", "retry:own"}),
        "import": frozenset({"view:own", "create", "edit:own", "delete:own"}),
        "selection": frozenset({"view:own", "stop:own"}),
        "article": _AUTHORS,
        "page": _AUTHORS,
        "category": frozenset({"view"}),
        "tag": frozenset({"view"}),
        "document": _AUTHORS - {"submit:own"} | {"retry:own"},
        "link": frozenset({"view"}),
    },
    "editor": {
        "admin": frozenset({"enter"}),
        "api_token": frozenset({"view:own", "create", "delete:own"}),
        "login_session": frozenset({"view:own", "delete:own"}),
        "saved_view": frozenset({"create", "edit:own", "share"}),
        "image": frozenset(
            {"view", "create", "edit", "delete", "restore", "retry", "regenerate", "export"}
        ),
        "export": frozenset({"view:own", "create", "stop:own", "delete:own"}),
        "import": frozenset({"view:own", "create", "edit:own", "delete:own"}),
        "site_import": frozenset({"view:own", "create", "edit:own", "delete:own"}),
        "image_preset": frozenset({"view"}),
        "library": frozenset({"view", "edit"}),
        "job": frozenset({"view"}),
        "selection": frozenset({"view:own", "stop:own"}),
        "article": _EDITORS,
        "page": _EDITORS,
        "category": frozenset({"view", "create", "edit", "delete"}),
        "tag": frozenset({"view", "edit", "delete"}),
        "menu": frozenset({"view", "edit"}),
        "redirect": frozenset({"view", "create", "edit", "delete", "export"}),
        "document": _DOCUMENTS,
        "link": frozenset({"view", "edit"}),
    },
    "administrator": {
        "admin": frozenset({"enter"}),
        "api_token": frozenset({"view:own", "create", "delete:own"}),
        "login_session": frozenset({"view", "delete"}),
        "user": frozenset({"view", "create", "edit"}),
        "role": frozenset({"view"}),
        "saved_view": frozenset({"create", "edit", "share"}),
        "image": frozenset(
            {
                "view",
                "create",
                "edit",
                "delete",
                "restore",
                "purge",
                "retry",
                "regenerate",
                "export",
            }
        ),
        "export": frozenset({"view:own", "create", "stop:own", "delete:own"}),
        "import": frozenset({"view:own", "create", "edit:own", "delete:own"}),
        "site_import": frozenset({"view:own", "create", "edit:own", "delete:own"}),
        "image_preset": frozenset({"view", "create", "edit", "delete", "regenerate"}),
        "library": frozenset({"view", "edit", "delete"}),
        "schedule": frozenset({"view", "edit"}),
        "job": frozenset({"view", "retry", "discard", "run", "inspect"}),
        "selection": frozenset({"view", "stop"}),
        "queue": frozenset({"view", "edit"}),
        "worker": frozenset({"view"}),
        "notification": frozenset({"view", "edit"}),
        "mail": frozenset({"view", "retry"}),
        "webhook": frozenset({"view", "create", "edit", "delete"}),
        "webhook_delivery": frozenset({"view", "retry"}),
        "article": _EDITORS | {"purge"},
        "page": _EDITORS | {"purge"},
        "category": frozenset({"view", "create", "edit", "delete"}),
        "tag": frozenset({"view", "edit", "delete"}),
        "menu": frozenset({"view", "edit"}),
        "redirect": frozenset({"view", "create", "edit", "delete", "export"}),
        "document": _DOCUMENTS | {"purge"},
        "link": frozenset({"view", "edit"}),
        "site_archive": frozenset({"create"}),
        "site_setting": frozenset({"view", "edit"}),
        "audit_entry": frozenset({"view", "export"}),
    },
}


def grants(role: str) -> Mapping[str, frozenset[str]]:
    """Return what a role may do to each kind of thing."""
    return _GRANTS[role]


def known() -> dict[str, set[str]]:
    """Return what somebody may do, by the kind of thing; nobody may anything else."""
    found: dict[str, set[str]] = {}
    for kinds in _GRANTS.values():
        for kind, granted in kinds.items():
            found.setdefault(kind, set()).update(it.removesuffix(":own") for it in granted)
    return found


def scope(role: str, action: str, kind: str) -> str | None:
    """Tell of which things of `kind` a role may do `action` to: `all`, `own`, or None."""
    granted = _GRANTS.get(role, {}).get(kind, frozenset())
    if action in granted:
        return "all"
    return "own" if f"{action}:own" in granted else None


def may(user: Any, action: str, kind: str, thing: Any = None) -> bool:
    """Tell whether `user` may do `action` to things of `kind`, or to this `thing`.

    An action granted only for one's own things needs the `thing`, whose
    `owner_id` is compared; without it the answer is whether it could be granted.
    """
    if not user.is_authenticated or not user.active:
        return False
    scopes = {scope(role.name, action, kind) for role in user.roles}
    if "all" in scopes:
        return True
    return "own" in scopes and (thing is None or thing.owner_id == user.id)
