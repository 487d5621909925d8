"""The one policy: who may do what to which thing."""

from types import SimpleNamespace

import pytest

from cms.accounts.policy import ROLES, known, may

EDITORS = {"editor": "all", "administrator": "all"}

# Everything that anybody may do. "own" is granted for one's own things alone.
TABLE = {
    ("admin", "enter"): {"viewer": "all", "author": "all", "editor": "all", "administrator": "all"},
    ("image", "view"): {"viewer": "all", "author": "all", "editor": "all", "administrator": "all"},
    ("image", "create"): {"author": "all", "editor": "all", "administrator": "all"},
    ("image", "edit"): {"author": "own", "editor": "all", "administrator": "all"},
    ("image", "retry"): {"author": "own", "editor": "all", "administrator": "all"},
    ("image", "delete"): {"editor": "all", "administrator": "all"},
    ("image", "restore"): {"editor": "all", "administrator": "all"},
    ("image", "purge"): {"administrator": "all"},
    ("library", "view"): {"editor": "all", "administrator": "all"},
    ("library", "edit"): {"editor": "all", "administrator": "all"},
    ("library", "delete"): {"administrator": "all"},
    ("image", "regenerate"): {"editor": "all", "administrator": "all"},
    ("image", "export"): {"editor": "all", "administrator": "all"},
    ("export", "view"): {"editor": "own", "administrator": "own"},
    ("export", "create"): {"editor": "all", "administrator": "all"},
    ("export", "delete"): {"editor": "own", "administrator": "own"},
    ("import", "view"): {"author": "own", "editor": "own", "administrator": "own"},
    ("import", "create"): {"author": "all", "editor": "all", "administrator": "all"},
    ("import", "edit"): {"author": "own", "editor": "own", "administrator": "own"},
    ("import", "delete"): {"author": "own", "editor": "own", "administrator": "own"},
    ("image_preset", "view"): {"editor": "all", "administrator": "all"},
    ("image_preset", "create"): {"administrator": "all"},
    ("image_preset", "edit"): {"administrator": "all"},
    ("image_preset", "delete"): {"administrator": "all"},
    ("image_preset", "regenerate"): {"administrator": "all"},
    ("audit_entry", "view"): {"administrator": "all"},
    ("audit_entry", "export"): {"administrator": "all"},
    ("saved_view", "create"): {
        "viewer": "all", "author": "all", "editor": "all", "administrator": "all"
    },
    ("saved_view", "edit"): {
        "viewer": "own", "author": "own", "editor": "own", "administrator": "all"
    },
    ("saved_view", "share"): {"editor": "all", "administrator": "all"},
    ("api_token", "view"): {
        "viewer": "own", "author": "own", "editor": "own", "administrator": "own"
    },
    ("api_token", "create"): {
        "viewer": "all", "author": "all", "editor": "all", "administrator": "all"
    },
    ("api_token", "delete"): {
        "viewer": "own", "author": "own", "editor": "own", "administrator": "own"
    },
    **{("login_session", act): {
        "viewer": "own", "author": "own", "editor": "own", "administrator": "all"
    } for act in ("view", "delete")},
    **{("user", act): {"administrator": "all"} for act in ("view", "create", "edit")},
    ("role", "view"): {"administrator": "all"},
    ("job", "view"): {"editor": "all", "administrator": "all"},
    ("job", "retry"): {"administrator": "all"},
    ("job", "inspect"): {"administrator": "all"},
    ("notification", "view"): {"administrator": "all"},
    ("notification", "edit"): {"administrator": "all"},
    ("mail", "view"): {"administrator": "all"},
    ("mail", "retry"): {"administrator": "all"},
    ("webhook", "view"): {"administrator": "all"},
    ("webhook", "create"): {"administrator": "all"},
    ("webhook", "edit"): {"administrator": "all"},
    ("webhook", "delete"): {"administrator": "all"},
    ("webhook_delivery", "view"): {"administrator": "all"},
    ("webhook_delivery", "retry"): {"administrator": "all"},
    ("category", "view"): {"author": "all", "editor": "all", "administrator": "all"},
    **{("category", act): EDITORS for act in ("create", "edit", "delete")},
    **{("menu", act): EDITORS for act in ("view", "edit")},
    **{("redirect", act): EDITORS for act in ("view", "create", "edit", "delete", "export")},
    ("link", "view"): {"author": "all", **EDITORS},
    ("link", "edit"): EDITORS,
    **{
        (kind, act): {"administrator": "all"}
        for kind, acts in {
            "site_setting": ("view", "edit"),
            "schedule": ("view", "edit"),
            "queue": ("view", "edit"),
            "worker": ("view",),
            "site_archive": ("create",),
            "document": ("purge",),
            "job": ("discard", "run"),
        }.items()
        for act in acts
    },
    **{("tag", act): EDITORS for act in ("edit", "delete")},
    ("tag", "view"): {"author": "all", **EDITORS},
    **{
        ("document", act): {"author": "own", **EDITORS}
        for act in ("view", "edit", "delete", "retry")
    },
    ("document", "read"): {"viewer": "all", "author": "all", **EDITORS},
    ("document", "create"): {"author": "all", **EDITORS},
    ("document", "restore"): EDITORS,
    **{
        ("selection", act): {"author": "own", "editor": "own", "administrator": "all"}
        for act in ("view", "stop")
    },
    ("export", "stop"): {"editor": "own", "administrator": "own"},
    **{
        ("site_import", act): {"editor": "own", "administrator": "own"}
        for act in ("view", "edit", "delete")
    },
    ("site_import", "create"): EDITORS,
    **{
        (kind, act): who
        for kind in ("article", "page")
        for act, who in {
            "read": {"viewer": "all", "author": "all", **EDITORS},
            "view": {"author": "own", **EDITORS},
            "create": {"author": "all", **EDITORS},
            "edit": {"author": "own", **EDITORS},
            "submit": {"author": "own", **EDITORS},
            "delete": {"author": "own", **EDITORS},
            "review": EDITORS,
            "schedule": EDITORS,
            "publish": EDITORS,
            "archive": EDITORS,
            "restore": EDITORS,
            "export": EDITORS,
            "purge": {"administrator": "all"},
        }.items()
    },
}  # fmt: skip
KINDS = {kind for kind, _action in TABLE} | {"user", "audit_entry", ""}
ACTIONS = {action for _kind, action in TABLE} | {"export", ""}


def person(*roles, number=1, active=True, known=True):
    named = [SimpleNamespace(name=role) for role in roles]
    return SimpleNamespace(id=number, roles=named, active=active, is_authenticated=known)


MINE = SimpleNamespace(owner_id=1)
OTHERS = SimpleNamespace(owner_id=2)
NOBODYS = SimpleNamespace(owner_id=None)


def test_the_table_speaks_of_all_that_anybody_may_do():
    granted = {(kind, action) for kind, actions in known().items() for action in actions}
    assert set(TABLE) == granted


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_table_says_and_nothing_else(role):
    for kind in KINDS:
        for action in ACTIONS:
            granted = TABLE.get((kind, action), {}).get(role)
            user = person(role)
            assert may(user, action, kind) == (granted is not None), (kind, action)
            assert may(user, action, kind, MINE) == (granted is not None), (kind, action)
            assert may(user, action, kind, OTHERS) == (granted == "all"), (kind, action)
            assert may(user, action, kind, NOBODYS) == (granted == "all"), (kind, action)


def test_who_has_two_roles_may_do_what_either_may():
    both = person("viewer", "editor")
    assert may(both, "delete", "image", OTHERS)
    assert may(person("author", "editor"), "edit", "image", OTHERS)


@pytest.mark.parametrize(
    "user",
    [
        person("administrator", active=False),
        person("administrator", known=False),
        person(),
        person("stranger"),
    ],
    ids=["switched off", "anonymous", "no role", "unknown role"],
)
def test_everybody_else_may_do_nothing(user):
    assert not any(may(user, action, kind) for kind in KINDS for action in ACTIONS)
